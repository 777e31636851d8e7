"""The live page of a campaign at the command line: its address is printed and opened."""

from __future__ import annotations

import contextlib
import os
import sys
import webbrowser
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import anyio
import attrs
from anyio.abc import TaskGroup
from rich.console import Console

from heygen_async import HeyGenError, Journal
from heygen_async.bulk.journal.database import ADDRESSES
from heygen_async.bulk.run.result_stream import only
from heygen_async.bulk.wishes.wish_box import WishBox
from heygen_async.cli.exits import Exit, InterruptedRunError
from heygen_async.cli.rendering.follow_run import ResumeOptions, resume
from heygen_async.cli.terminal.json_feed import JsonFeed
from heygen_async.cli.terminal.progress import wide_console
from heygen_async.live.server import live_page


@contextlib.asynccontextmanager
async def shown_page(
    console: Console, journal: str, host: str, port: int, *, opens: bool, begin: Callable[[], str] | None = None
) -> AsyncIterator[None]:
    """Serve the page of a journal while the block runs, print its address, and open it in a browser if *opens*."""
    async with live_page(journal, host=host, port=port, begin=begin) as page:
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


@attrs.frozen(kw_only=True)
class ServeOptions:
    """Arguments of `heygen-async serve`."""

    journal: str
    host: str
    port: int
    opens: bool
    base_url: str | None = None


async def serve_until_stopped(options: ServeOptions) -> int:
    """Serve the page of a journal until Ctrl-C, and begin runs when somebody wishes it there; return the exit code.

    During a run that was begun there, the first Ctrl-C stops it from beginning more videos, as in `run`.
    """
    console = wide_console()
    try:
        async with anyio.create_task_group() as tasks:
            begin = _Runs(options, console, tasks).begin
            async with shown_page(
                console, options.journal, options.host, options.port, opens=options.opens, begin=begin
            ):
                console.print("Press Ctrl-C to end the page.", highlight=False)
                await anyio.sleep_forever()
    except BaseExceptionGroup as group:
        raise only(group) from None
    return Exit.INTERRUPTED


@attrs.define
class _Runs:
    """Runs that are begun on the page, one at a time."""

    _options: ServeOptions
    _console: Console
    _tasks: TaskGroup
    _is_busy: bool = False

    def begin(self) -> str:
        """Begin a run, unless one is at work."""
        if self._is_busy:
            return "A run is at work already."
        if self._options.journal.startswith(ADDRESSES):  # no lock tells if a run is at work somewhere
            return f"Nothing begun: end all runs of this database, then: heygen-async resume {self._options.journal}"
        self._is_busy = True
        self._tasks.start_soon(self._run)
        return "A run begins."

    async def _run(self) -> None:
        """Continue the campaign; what goes wrong is said here and on the page, which stays."""
        options = ResumeOptions(
            journal=self._options.journal, on_unknown="hold", budget_usd=None, approve=False, is_served=True
        )
        try:
            await resume(options, self._options.base_url, JsonFeed(None))
        except InterruptedRunError:
            self._tasks.cancel_scope.cancel()
        except HeyGenError as exc:
            self._console.print(f"heygen-async: {exc}", markup=False, highlight=False, soft_wrap=True)
            with WishBox(self._options.journal) as box:
                box.put("go_on")
                box.answer(box.newest(1)[0], exc.message)
        finally:
            self._is_busy = False


def can_open() -> bool:
    """Return True if a person sits in front of a screen of this machine."""
    if not sys.stdout.isatty():
        return False
    return sys.platform in {"win32", "darwin"} or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
