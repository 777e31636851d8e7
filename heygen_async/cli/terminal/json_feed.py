"""`--json`: a run as one JSON object a line on stdout, for machines; what people read goes to stderr then."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import NoReturn, Self, TextIO

from heygen_async import Completed, HeyGenError, Result, Summary, Unfinished
from heygen_async.cli.exits import Exit, InterruptedRunError, code_of
from heygen_async.cli.terminal.bill import Bill

Facts = Mapping[str, object]


class JsonFeed:
    """Writes what happens, line by line; without a stream it is silent.

    Attributes:
        is_on: True if it was asked for.
        facts: Tells how far the run is.
    """

    def __init__(self, out: TextIO | None) -> None:
        """Write to *out*."""
        self.is_on: bool = out is not None
        self.facts: Callable[[], Facts] = dict
        self._out = out
        self._summary = Summary()
        self._unfinished = 0
        self._bill = Bill()

    def note(self, ended: Result | Unfinished) -> None:
        """Tell how a row ended, or that it was left under way."""
        if isinstance(ended, Unfinished):
            self._unfinished += 1
        else:
            self._summary.add(ended)
        if isinstance(ended, Completed):
            self._bill.add(ended)
        self._write("row", _row(ended))

    def progress(self) -> None:
        """Tell how far the run is."""
        self._write("progress", self.facts())

    def __enter__(self) -> Self:
        """Nothing to do."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Tell the end, which is how the command leaves."""
        if isinstance(exc, HeyGenError):
            self._end(code_of(exc), _error(exc))
        elif isinstance(exc, KeyboardInterrupt | InterruptedRunError):
            self._end(Exit.INTERRUPTED)
        elif isinstance(exc, SystemExit):
            self._end(exc.code)

    def _end(self, code: object, error: Facts | None = None) -> None:
        summary = self._summary
        facts = {
            "exit_code": code,
            "completed": summary.completed,
            "failed": summary.failed.total(),
            "failed_by_code": dict(summary.failed),
            "not_stored": summary.not_stored,
            "at_stake": summary.at_stake,
            "unfinished": self._unfinished,
            "seconds_of_video": round(summary.seconds_of_video, 3),
            "estimated_usd": [round(self._bill.low, 4), round(self._bill.high, 4)],
            "error": error,
        }
        self._write("summary", {**self.facts(), **facts})

    def _write(self, event: str, facts: Facts) -> None:
        if self._out is None:
            return
        try:
            print(json.dumps({"event": event, **facts}), file=self._out, flush=True)
        except OSError as exc:
            print(f"stdout takes no more lines ({exc.strerror}); the run goes on without them", file=sys.stderr)
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._out.fileno())  # or the last flush would fail once more
            self._out = None


def fed(command: Callable[[JsonFeed], int], *, in_json: bool) -> NoReturn:
    """Leave with the code of *command*; its feed tells its end, whatever that is."""
    with JsonFeed(sys.stdout if in_json else None) as feed:
        sys.exit(command(feed))


def _row(ended: Result | Unfinished) -> Facts:
    facts: dict[str, object] = {"index": ended.index, "resource_id": ended.resource_id, "file": None, "error": None}
    if isinstance(ended, Unfinished):
        return {**facts, "state": "unfinished", "spent": ended.spent}
    error = None if ended.error is None else _error(ended.error)
    if isinstance(ended, Completed):
        file = None if ended.file is None else str(ended.file)
        return {**facts, "state": "completed", "file": file, "error": error, "spent": "yes"}
    return {**facts, "state": "failed", "error": error, "spent": ended.error.spent}


def _error(error: HeyGenError) -> Facts:
    return {
        "type": type(error).__name__,
        "code": error.code,
        "message": error.message,
        "http_status": error.http_status,
        "request_id": error.request_id,
        "notes": list(getattr(error, "__notes__", ())),
    }
