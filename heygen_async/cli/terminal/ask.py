"""Asynchronous reading of the lines that a person types."""

from __future__ import annotations

import functools
import math
import queue
import sys
import threading
from typing import Protocol

import anyio
from anyio import from_thread, lowlevel
from rich.console import Console


class HasLines(Protocol):
    """A text file, of which only `readline` is used."""

    def readline(self) -> str:
        """Return the next line with its end; empty if there are no more."""


class TypedLines:
    """Reader of lines in a daemon thread, one at each request.

    A thread of anyio's pool would keep the process alive after Ctrl-C until somebody presses Enter. A line that arrives
    after its `read` was cancelled is returned by the next `read`.
    """

    def __init__(self, source: HasLines) -> None:
        """Read from *source*, beginning with the first `read`. Only inside an event loop."""
        self._source = source
        self._requests: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._lines, self._typed = anyio.create_memory_object_stream[str](math.inf)
        self._token = lowlevel.current_token()
        self._pending = False
        self._thread: threading.Thread | None = None

    async def read(self) -> str | None:
        """Return the next line, without its end; None if there are no more."""
        if not self._pending:
            self._pending = True
            self._start().put(True)
        line = await self._typed.receive()
        self._pending = False
        return line.rstrip("\r\n") if line else None

    def close(self) -> None:
        """Stop reading. A line that arrives later is dropped."""
        self._requests.put(False)
        self._lines.close()
        self._typed.close()

    def _start(self) -> queue.SimpleQueue[bool]:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="typed lines", daemon=True)
            self._thread.start()
        return self._requests

    def _run(self) -> None:
        while self._requests.get():
            try:
                line = self._source.readline()
            except (OSError, ValueError):  # the source was closed: no more lines
                line = ""
            deliver = functools.partial(self._lines.send_nowait, line)
            try:
                from_thread.run_sync(deliver, token=self._token)
            except (
                RuntimeError,
                anyio.ClosedResourceError,
                anyio.BrokenResourceError,
            ):  # the loop has ended, or the chat
                return


async def says_yes(console: Console, question: str) -> bool:
    """Ask at the terminal and return True after a yes. No more input counts as a no."""
    lines = TypedLines(sys.stdin)
    try:
        console.print(question, end="", markup=False, highlight=False)
        line = await lines.read()
    finally:
        lines.close()
    return line is not None and line.strip().lower() in {"y", "yes"}
