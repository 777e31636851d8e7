"""The group of commands, and what it says when one ends in an error: one line, and how to mend it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import cyclopts
from cyclopts import App, Parameter

from heygen_async.cli.exits import Exit, InterruptedRunError, code_of
from heygen_async.cli.help_layout import Layout
from heygen_async.cli.registry import ABOUT, COMMANDS, COMPLETION, GROUPS, where
from heygen_async.errors import HeyGenError


def _shown(default: object) -> str | None:
    """Return a default as help shows it: what is off or absent goes without saying."""
    return None if default in {None, False, ()} else str(default)


def make_app() -> App:
    """Return the command line: commands are imported when they are called."""
    made = _app("heygen-async", ABOUT)
    groups = {name: _app(name, says) for name, says in GROUPS.items()}
    for app in groups.values():
        made.command(app)
    for name in COMMANDS:
        group, _, word = name.rpartition(" ")
        groups.get(group, made).command(where(name), name=word)
    made.register_install_completion_command(COMPLETION)
    return made


def _app(name: str, says: str) -> App:
    return App(
        name=name,
        help=says,
        help_format="plaintext",
        help_formatter=Layout(),
        version_flags=[],
        result_action="return_value",
        exit_on_error=False,
        print_error=False,
        suppress_keyboard_interrupt=False,
        default_parameter=Parameter(negative=(), show_default=_shown),
    )


def main(words: Sequence[str]) -> Any:
    """Run a command; say what went wrong in plain words and leave with the code for it."""
    try:
        return make_app()(words)
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
    from rich.console import Console

    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print(f"heygen-async: {text}", markup=False)
    for note in notes:
        console.print(f"  {note}", markup=False)
