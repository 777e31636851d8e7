"""Which commands there are: one line each. Nothing is imported for it, so `--help` is there at once.

A new command is one line here and a function: `"videos get": ("videos:get", "...")` is the function `get` of
`heygen_async/cli/commands/videos.py`; without a colon the function has the command's own name.
"""

from __future__ import annotations

ABOUT = "Render videos with HeyGen: one contact list, one video a row, each paid once."
EXIT_CODES = (
    "Exit codes: 0 done, 1 API or network, 2 usage or bad rows, 3 API key, 4 deadline, 5 some rows failed or are left, "
    "6 out of credit, quota or budget, 7 nothing to do, 8 rows wait for your decision, 130 interrupted."
)

COMPLETION = "--install-completion"

# The first words of commands that have two.
GROUPS = {
    "agent": "Let the Video Agent make a video of a prompt, and look after its sessions.",
    "assets": "Bring your files to HeyGen: pictures, films, sound.",
    "auth": "See which key is in use.",
    "avatars": "Show whom videos can show: avatars and their looks.",
    "videos": "Look after the account's videos: list, wait, download, delete.",
    "voices": "Show who can speak.",
}

COMMANDS = {
    "account": ("account", "Say whose key this is, how the account pays, and what it has left."),
    "agent chat": ("agent:chat", "Talk with the Video Agent until the video is there. Costs money."),
    "agent create": (
        "agent:create",
        "Let the Video Agent make a video of a prompt, and print its address. Costs money.",
    ),
    "agent get": ("agent:get", "Show a session as it is now, with what was said."),
    "agent stop": ("agent:stop", "Stop a session."),
    "agent wait": ("agent:wait", "Wait for the video of a session, and print its address."),
    "assets list": ("assets:show", "List your files at HeyGen."),
    "assets upload": ("assets:upload", "Bring files to HeyGen, and print their ids."),
    "audit": ("audit", "Compare a campaign with HeyGen's list of videos and the balance."),
    "auth status": ("auth:status", "Say where the key comes from, and whether HeyGen accepts it."),
    "avatars get": ("avatars:get", "Show an avatar or a look."),
    "avatars list": ("avatars:show", "List avatars: people with one or more looks."),
    "avatars looks": ("avatars:looks", "List looks: the id of one is the `avatar_id` of a request."),
    "demo": ("demo", "Render the shipped contact list against the embedded simulator."),
    "enqueue": ("enqueue", "Check every row and queue it for workers on any number of machines."),
    "export": ("export", "Write a campaign to OUTPUT, .csv or .jsonl."),
    "guide": ("guide", "Show a guide, or list all of them."),
    "init": ("init", "Write a first campaign file, with comments."),
    "pause": ("pause", "Let no worker begin anything new; what runs is followed to its end."),
    "plan": ("plan", "Check every row and price the list. Renders nothing, costs nothing."),
    "report": ("report", "Write a campaign as one HTML page that needs no network."),
    "resume": ("resume", "Go on with a campaign after any interruption."),
    "retry": ("retry", "Plan failed rows again, each under a new key."),
    "run": ("run", "Render one personalised video for each row of a contact list."),
    "schema": ("schema", "Print the JSON Schema of campaign files, for editors."),
    "simulate": ("simulate", "Serve a stand-in of HeyGen on this machine until Ctrl-C."),
    "status": ("status", "Say how far a campaign is and what to do."),
    "videos delete": ("videos:delete", "Delete a video at HeyGen, for good."),
    "videos download": ("videos:download", "Download the files of a video."),
    "videos get": ("videos:get", "Show a video as it is now."),
    "videos list": ("videos:show", "List the account's videos, newest first."),
    "videos wait": ("videos:wait", "Wait until a video is there, and print its address."),
    "voices get": ("voices:get", "Show a voice."),
    "voices list": ("voices:show", "List voices: the id of one is the `voice_id` of a request."),
    "worker": ("worker", "Render what is queued, beside any number of other workers. Costs money."),
}


def where(name: str) -> str:
    """Return where the function of a command is, as `module:function`."""
    module, _, function = COMMANDS[name][0].partition(":")
    return f"heygen_async.cli.commands.{module}:{function or name}"
