"""The live page of a campaign at the command line: its address is printed and opened."""

from __future__ import annotations

import contextlib
import os
import sys
import webbrowser
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
from rich.console import Console

from heygen_async import Journal
from heygen_async.cli.terminal.progress import wide_console
from heygen_async.live.server import live_page


@contextlib.asynccontextmanager
async def shown_page(console: Console, journal: str, host: str, port: int, *, opens: bool) -> AsyncIterator[None]:
    """Serve the page of a journal while the block runs, print its address, and open it in a browser if *opens*."""
    async with live_page(journal, host=host, port=port) as page:
        console.print(f"Live page: {page.address}", markup=False, highlight=False, soft_wrap=True)
        console.print("Whoever has this address can approve and spend.", highlight=False)
        if opens and can_open():
            webbrowser.open(page.address)
        yield


@contextlib.asynccontextmanager
async def served(console: Console, journal: Path | str | None) -> AsyncIterator[None]:
    """Serve the page of a run while the block has it; without a journal, serve nothing."""
    if journal is None:
        yield
        return
    Journal(journal, create=True).close()
    async with shown_page(console, str(journal), "127.0.0.1", 0, opens=True):
        yield


async def serve_until_stopped(journal: str, host: str, port: int, opens: bool) -> None:
    """Serve the page of a journal until Ctrl-C."""
    console = wide_console()
    async with shown_page(console, journal, host, port, opens=opens):
        console.print("Press Ctrl-C to end; the campaign goes on without the page.", highlight=False)
        await anyio.sleep_forever()


def can_open() -> bool:
    """Return True if a person sits in front of a screen of this machine."""
    has_screen = sys.platform in {"win32", "darwin"} or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    return has_screen and sys.stdout.isatty()
