"""The application of all commands; an error is reported in one line that says how to correct it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import cyclopts
from cyclopts import App, Parameter

from heygen_async.cli.exits import Exit, InterruptedRunError, code_of
from heygen_async.cli.help_layout import PROXY, Layout
from heygen_async.cli.registry import ABOUT, COMMANDS, COMPLETION, GROUPS, import_path
from heygen_async.errors import HeyGenError


def _help_default(default: object) -> str | None:
    """Return a default as help shows it; None for options that are off or absent by default."""
    return None if default in {None, False, ()} else str(default)


def make_app() -> App:
    """Return the application; the module of a command is imported when the command is called."""
    root = _app("heygen-async", ABOUT)
    groups = {name: _app(name, about) for name, about in GROUPS.items()}
    for app in groups.values():
        root.command(app)
    for name in COMMANDS:
        group, _, word = name.rpartition(" ")
        groups.get(group, root).command(import_path(name), name=word)
    root.register_install_completion_command(COMPLETION)
    return root


def _app(name: str, about: str) -> App:
    return App(
        name=name,
        help=about,
        help_format="plaintext",
        help_formatter=Layout(),
        version_flags=[],
        result_action="return_value",
        exit_on_error=False,
        print_error=False,
        suppress_keyboard_interrupt=False,
        default_parameter=Parameter(negative=(), show_default=_help_default),
    )


def main(arguments: Sequence[str]) -> Any:
    """Run a command; report an error in one line and exit with its code."""
    try:
        if any(argument.startswith(PROXY) for argument in arguments):
            from heygen_async.cli.proxy_option import take_proxy

            arguments = take_proxy(arguments)
        return make_app()(arguments)
    except cyclopts.CycloptsError as exc:
        _print_error(_usage(exc))
        sys.exit(Exit.INPUT)
    except HeyGenError as exc:
        _print_error(str(exc), *getattr(exc, "__notes__", ()))
        sys.exit(code_of(exc))
    except (KeyboardInterrupt, InterruptedRunError):
        sys.exit(Exit.INTERRUPTED)


def _usage(error: cyclopts.CycloptsError) -> str:
    """Return a usage error on one line, with the command that shows help."""
    command = " ".join(("heygen-async", *(error.command_chain or ())))
    return f"{' '.join(str(error).split())} ({command} --help)"


def _print_error(text: str, *notes: str) -> None:
    from heygen_async.cli.terminal.console import PlainConsole
    from heygen_async.plain_text import clean

    console = PlainConsole(stderr=True, soft_wrap=True)
    for line in (f"heygen-async: {text}", *(f"  {note}" for note in notes)):
        console.print(clean(line))
