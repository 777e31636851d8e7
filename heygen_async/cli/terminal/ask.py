"""Lines that a person types, awaited."""

from __future__ import annotations

import functools
import math
import queue
import threading
from typing import Protocol

import anyio
from anyio import from_thread, lowlevel


class HasLines(Protocol):
    """A file of text, as far as it is needed here."""

    def readline(self) -> str:
        """Return the next line with its end; empty if there are no more."""


class TypedLines:
    """Reads a line when asked for one, in a thread that nobody waits for.

    A thread of anyio's pool would keep the process alive after Ctrl-C until somebody presses Enter. A line that comes
    after its reader was cancelled is kept for the next one.
    """

    def __init__(self, source: HasLines) -> None:
        """Read from *source*; nothing is read before the first `read`. Make it inside the event loop."""
        self._source = source
        self._asked: queue.SimpleQueue[bool] = queue.SimpleQueue()
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
        """Read no more. A line that is being waited for is dropped."""
        self._asked.put(False)
        self._lines.close()
        self._typed.close()

    def _start(self) -> queue.SimpleQueue[bool]:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="typed lines", daemon=True)
            self._thread.start()
        return self._asked

    def _run(self) -> None:
        while self._asked.get():
            try:
                line = self._source.readline()
            except (OSError, ValueError):  # it was closed meanwhile: there are no more
                line = ""
            hand_on = functools.partial(self._lines.send_nowait, line)
            try:
                from_thread.run_sync(hand_on, token=self._token)
            except (RuntimeError, anyio.ClosedResourceError, anyio.BrokenResourceError):  # the loop or the chat is over
                return
