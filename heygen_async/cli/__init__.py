"""The command line, `heygen-async`. It needs the extra: `pip install "heygen-async[cli]"`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from heygen_async.cli.help_overview import said_at_once

_EXTRA = {"cyclopts", "docstring_parser", "jinja2", "rich"}


def main(tokens: Sequence[str] | None = None) -> None:
    """Run the command line on *tokens*, else on what was typed, and leave with its exit code."""
    words = sys.argv[1:] if tokens is None else list(tokens)
    if said := said_at_once(words):
        print(said.text, end="", file=sys.stderr if said.exit_code else sys.stdout)
        sys.exit(said.exit_code)
    try:
        from heygen_async.cli.app import main as start

        start(words)
    except ImportError as exc:
        missing = _missing(exc)
        if missing is None:
            raise
        sys.exit(f'heygen-async: {missing}; the command line needs: pip install "heygen-async[cli]"')


def _missing(error: BaseException | None) -> ImportError | None:
    """Return the error of a library of the extra that is not installed, whatever has become of it on its way."""
    while error is not None:
        if isinstance(error, ImportError) and (error.name or "").partition(".")[0] in _EXTRA:
            return error
        error = error.__cause__
    return None
