"""The command line, `heygen-async`. It needs the extra: `pip install "heygen-async[cli]"`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from heygen_async.cli.help_overview import immediate_answer

_EXTRA = {"cyclopts", "docstring_parser", "jinja2", "rich"}


def main(tokens: Sequence[str] | None = None) -> None:
    """Run the command line on *tokens*, by default the arguments of the process, and exit with its code."""
    arguments = sys.argv[1:] if tokens is None else list(tokens)
    if answer := immediate_answer(arguments):
        print(answer.text, end="", file=sys.stderr if answer.exit_code else sys.stdout)
        sys.exit(answer.exit_code)
    try:
        from heygen_async.cli.app import main as run_command

        run_command(arguments)
    except ImportError as exc:
        missing = _missing(exc)
        if missing is None:
            raise
        sys.exit(f'heygen-async: {missing}; the command line needs: pip install "heygen-async[cli]"')


def _missing(error: BaseException | None) -> ImportError | None:
    """Return the error about a library of the extra that is not installed, also if *error* was raised from it."""
    while error is not None:
        if isinstance(error, ImportError) and (error.name or "").partition(".")[0] in _EXTRA:
            return error
        error = error.__cause__
    return None
