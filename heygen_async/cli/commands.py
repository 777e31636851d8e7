"""Which commands there are: one line each. Nothing is imported for it, so `--help` is there at once.

A new command is one line here and a function: `"videos get": ("videos:get", "...")` is the function `get` of
`heygen_async/cli/videos.py`; without a colon the function has the command's own name.
"""

from __future__ import annotations

ABOUT = "Render videos with HeyGen: one contact list, one video a row, each paid once."
EXIT_CODES = (
    "Exit codes: 0 done, 1 API or network, 2 usage or bad rows, 3 API key, 4 deadline, 5 some rows failed or are left, "
    "6 out of credit, quota or budget, 7 nothing to do, 8 rows wait for your decision, 130 interrupted."
)

COMPLETION = "--install-completion"

# The first words of commands that have two.
GROUPS: dict[str, str] = {}

COMMANDS = {
    "audit": ("journal", "Compare a campaign with HeyGen's list of videos and the balance."),
    "demo": ("demo", "Render the shipped contact list against the embedded simulator."),
    "export": ("journal", "Write a campaign to OUTPUT, .csv or .jsonl."),
    "init": ("campaign_files", "Write a first campaign file, with comments."),
    "plan": ("plan", "Check every row and price the list. Renders nothing, costs nothing."),
    "report": ("report", "Write a campaign as one HTML page that needs no network."),
    "resume": ("journal", "Go on with a campaign after any interruption."),
    "retry": ("journal", "Plan failed rows again, each under a new key."),
    "run": ("run", "Render one personalised video for each row of a contact list."),
    "schema": ("campaign_files", "Print the JSON Schema of campaign files, for editors."),
    "simulate": ("simulate", "Serve a stand-in of HeyGen on this machine until Ctrl-C."),
    "status": ("journal", "Say how far a campaign is and what to do."),
}


def where(name: str) -> str:
    """Return where the function of a command is, as `module:function`."""
    module, _, function = COMMANDS[name][0].partition(":")
    return f"heygen_async.cli.{module}:{function or name}"
