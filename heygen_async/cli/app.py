"""The group of commands, and what it says when one ends in an error: one line, and how to mend it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Any

import cyclopts
from cyclopts import App, Parameter

from heygen_async.cli.exits import Exit, InterruptedRunError, code_of
from heygen_async.errors import HeyGenError

ABOUT = """Render videos with HeyGen: one contact list, one video a row, each paid once.

Exit codes: 0 done, 1 API or network, 2 usage or bad rows, 3 API key,
4 deadline, 5 some rows failed or are left, 6 out of credit, quota or budget,
7 nothing to do, 8 rows wait for your decision, 130 interrupted."""

COMPLETION = "--install-completion"
# A command is imported when it is called: `--help` is instant, and `status` loads no simulator.
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


def _version() -> str:
    import importlib.metadata  # noqa: PLC0415 - a third of the time that `--help` takes

    return f"heygen-async, version {importlib.metadata.version('heygen-async')}"


def _shown(default: object) -> str | None:
    """Return a default as help shows it: what is off or absent goes without saying."""
    return None if default in {None, False, ()} else str(default)


def make_app(called: str | None = None) -> App:
    """Return the command line.

    Args:
        called: The one command that is imported at once, for its own words; the others are when they are called.
    """
    made = App(
        name="heygen-async",
        help=ABOUT,
        help_format="markdown",
        version=_version,
        result_action="return_value",
        exit_on_error=False,
        print_error=False,
        suppress_keyboard_interrupt=False,
        default_parameter=Parameter(negative=(), show_default=_shown),
    )
    for name, (module, says) in COMMANDS.items():
        where = f"heygen_async.cli.{module}"
        if name == called:
            made.command(getattr(importlib.import_module(where), name), name=name)
        else:
            made.command(f"{where}:{name}", name=name, help=says)
    if called is None or called.startswith("-"):
        made.register_install_completion_command(COMPLETION)
    return made


def main(tokens: Sequence[str] | None = None) -> Any:
    """Run a command; say what went wrong in plain words and leave with the code for it."""
    words = sys.argv[1:] if tokens is None else list(tokens)
    try:
        return make_app(next(iter(words), None))(words)
    except cyclopts.CycloptsError as exc:
        _say(_usage(exc))
        sys.exit(Exit.INPUT)
    except HeyGenError as exc:
        _say(str(exc), *getattr(exc, "__notes__", ()))
        sys.exit(code_of(exc))
    except (KeyboardInterrupt, InterruptedRunError):
        sys.exit(Exit.INTERRUPTED)


def _usage(error: cyclopts.CycloptsError) -> str:
    """Say what is wrong with a command line, and where help is."""
    command = " ".join(("heygen-async", *(error.command_chain or ())))
    return f"{' '.join(str(error).split())} ({command} --help)"


def _say(text: str, *notes: str) -> None:
    from rich.console import Console  # noqa: PLC0415 - only for one who has to read

    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print(f"heygen-async: {text}", markup=False)
    for note in notes:
        console.print(f"  {note}", markup=False)
