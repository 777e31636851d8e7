"""The table of commands, one line each. Reading it imports no command, so `--help` answers at once.

A new command is one line here and a function: `"videos get": ("videos:get", "...")` is the function `get` of
`heygen_async/cli/commands/videos.py`; without a colon the function has the command's own name.
"""

from __future__ import annotations

ABOUT = "Personalised videos by HeyGen from a spreadsheet: one for each row, each paid for once."
# For people with a spreadsheet, in the order in which they are typed.
FIRST_STEPS = (
    ("demo", "See it work on this machine: no key, no money."),
    ("auth login", "Store your HeyGen key."),
    ("init campaign.toml leads.csv", "Begin with your list: who speaks, in which voice."),
    ("plan campaign.toml", "See every problem and the price; costs nothing."),
    ("run campaign.toml", "Make the videos. Costs money; asks before."),
    ("report campaign.db", "See all videos on one page."),
)
EXIT_CODES = (
    "Exit codes: 0 done, 1 API or network, 2 usage or bad rows, 3 API key, 4 deadline, 5 some rows failed or are left, "
    "6 out of credit, quota or budget, 7 nothing to do, 8 rows wait for your decision, 130 interrupted."
)

COMPLETION = "--install-completion"

# Groups: the first word of each command that has two.
GROUPS = {
    "agent": "Make a video from a prompt with the Video Agent, and manage its sessions.",
    "assets": "Upload files to HeyGen and list them: images, videos, audio.",
    "auth": "Store a key, and show which one is in use.",
    "avatars": "Show avatars and their looks.",
    "videos": "Manage the account's videos: list, wait, download, delete.",
    "voices": "Show voices.",
}

COMMANDS = {
    "account": ("account", "Show the account of the key: its owner, how it pays, and its balance."),
    "agent chat": ("agent:chat", "Chat with the Video Agent until the video is ready. Costs money."),
    "agent create": (
        "agent:create",
        "Make a video from a prompt with the Video Agent, and print its address. Costs money.",
    ),
    "agent get": ("agent:get", "Show a session as it is now, with its messages."),
    "agent stop": ("agent:stop", "Stop a session."),
    "agent wait": ("agent:wait", "Wait for the video of a session, and print its address."),
    "assets list": ("assets:list_files", "List the account's files at HeyGen."),
    "assets upload": ("assets:upload", "Upload files to HeyGen and print their ids."),
    "approve": ("approve", "Approve of the first rows of a campaign that workers render."),
    "audit": ("audit", "Compare a campaign with HeyGen's list of videos and the balance."),
    "auth login": ("auth:login", "Ask for an API key, try it, and store it for this user."),
    "auth status": ("auth:status", "Show where the key comes from, whether HeyGen accepts it, and what it may do."),
    "avatars get": ("avatars:get", "Show an avatar or a look."),
    "avatars list": ("avatars:list_avatars", "List avatars: people with one or more looks."),
    "avatars looks": ("avatars:looks", "List looks; the id of a look is the `avatar_id` of a request."),
    "decide": ("decide", "Decide about rows whose answer was lost and that HeyGen does not list."),
    "demo": ("demo", "Render the shipped contact list against the embedded simulator."),
    "enqueue": ("enqueue", "Check every row and queue it for workers on any number of machines."),
    "export": ("export", "Write a campaign to OUTPUT: .csv, .xlsx or .jsonl."),
    "guide": ("guide", "Show a guide, or list all of them."),
    "init": ("init", "Write a first campaign file, with comments."),
    "pause": ("pause", "Stop workers from starting new renders; running ones are finished."),
    "plan": ("plan", "Check every row and price the list. Renders nothing, costs nothing."),
    "preview": ("preview", "Show what would be sent for a row, word by word. Sends nothing."),
    "report": ("report", "Write a campaign as one HTML page that needs no network."),
    "resume": ("resume", "Continue a campaign after any interruption."),
    "retry": ("retry", "Plan failed rows again, each under a new key."),
    "run": ("run", "Render one personalised video for each row of a contact list."),
    "schema": ("schema", "Print the JSON Schema of campaign files, for editors."),
    "serve": ("serve", "Serve a campaign as a page that follows it, for people who approve and decide."),
    "simulate": ("simulate", "Serve the HeyGen simulator on this machine until Ctrl-C."),
    "status": ("status", "Show the progress of a campaign and what to do next."),
    "videos delete": ("videos:delete", "Delete a video at HeyGen permanently."),
    "videos download": ("videos:download", "Download the files of a video."),
    "videos get": ("videos:get", "Show a video as it is now."),
    "videos list": ("videos:list_videos", "List the account's videos, newest first."),
    "videos wait": ("videos:wait", "Wait until a video is ready, and print its address."),
    "voices get": ("voices:get", "Show a voice."),
    "voices list": ("voices:list_voices", "List voices; the id of a voice is the `voice_id` of a request."),
    "worker": ("worker", "Render queued rows, alongside any number of other workers. Costs money."),
}


def import_path(name: str) -> str:
    """Return the function of a command as `module:function`."""
    module, _, function = COMMANDS[name][0].partition(":")
    return f"heygen_async.cli.commands.{module}:{function or name}"
