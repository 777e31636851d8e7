"""The command line, `heygen-async`. It needs the extra: `pip install "heygen-async[cli]"`."""

from __future__ import annotations

import sys

_EXTRA = {"cyclopts", "jinja2", "rich"}


def main() -> None:
    """Run the command line."""
    try:
        from heygen_async.cli.app import main as start  # noqa: PLC0415 - its libraries are an extra

        start()
    except ImportError as exc:
        if exc.name is None or exc.name.partition(".")[0] not in _EXTRA:
            raise
        sys.exit(f'heygen-async: {exc}; the command line needs: pip install "heygen-async[cli]"')
