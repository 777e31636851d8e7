"""The group of commands, and what it says when one ends in an error: one line, and how to mend it."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from heygen_async.cli.exits import Exit, InterruptedRunError, code_of
from heygen_async.errors import HeyGenError

# A command is imported when it is called: `--help` is instant, and `status` loads no simulator.
COMMANDS = {
    "audit": ("journal", "Compare a campaign with HeyGen's list of videos and the balance."),
    "demo": ("demo", "Render the shipped contact list against the embedded simulator."),
    "export": ("journal", "Write a campaign to OUTPUT, .csv or .jsonl."),
    "plan": ("plan", "Check every row and price the list. Sends nothing, costs nothing, needs no key."),
    "report": ("report", "Write a campaign as one HTML page that needs no network."),
    "resume": ("journal", "Go on with a campaign after any interruption."),
    "retry": ("journal", "Plan failed rows again, each under a new key."),
    "run": ("run", "Render one personalised video for each row of CONTACTS."),
    "simulate": ("simulate", "Serve a stand-in of HeyGen on this machine until Ctrl-C."),
    "status": ("journal", "Say how far a campaign is and what to do."),
}


class _App(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the same
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"heygen_async.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - the same
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, says) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; say what went wrong in plain words and leave with the code for it."""
        try:
            return super().invoke(ctx)
        except HeyGenError as exc:
            _tell(exc)
            sys.exit(code_of(exc))
        except (KeyboardInterrupt, InterruptedRunError):
            sys.exit(Exit.INTERRUPTED)


def _tell(error: HeyGenError) -> None:
    from rich.console import Console  # noqa: PLC0415 - only for one who has to read

    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print(f"heygen-async: {error}", markup=False)
    for note in getattr(error, "__notes__", ()):
        console.print(f"  {note}", markup=False)


@click.group(cls=_App, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="heygen-async")
def app() -> None:
    """Render videos with HeyGen: one contact list, one video a row, each paid for once.

    \b
    Exit codes: 0 done, 1 API or network, 2 usage or bad rows, 3 API key, 4 deadline,
    5 some rows failed or are left, 6 out of credit or quota, 7 nothing to do,
    8 rows wait for your decision, 130 interrupted.
    """  # noqa: D301 - click reads the control character
