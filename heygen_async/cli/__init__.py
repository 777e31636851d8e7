"""The command line, `heygen-async`. It needs the extra: `pip install "heygen-async[cli]"`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line."""
    try:
        from heygen_async.cli.app import app  # noqa: PLC0415 - its libraries are an extra
    except ImportError as exc:
        sys.exit(f'heygen-async: {exc}; the command line needs: pip install "heygen-async[cli]"')
    app(prog_name="heygen-async")
