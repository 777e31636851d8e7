"""`--json`: the events of a run as one JSON object a line on stdout; messages for people go to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import NoReturn, Self, TextIO

from heygen_async import Completed, HeyGenError, Result, Summary, Unfinished
from heygen_async.bulk.output.list_numbers import ListNumbers
from heygen_async.bulk.prices.price_list import AS_OF
from heygen_async.cli.exits import Exit, InterruptedRunError, code_of
from heygen_async.cli.terminal.bill import Bill
from heygen_async.cli.terminal.console import json_line
from heygen_async.plain_text import clean

Facts = Mapping[str, object]


class JsonFeed:
    """Writes the events of a run as JSON lines; without a stream it writes none.

    Attributes:
        is_on: True if there is a stream.
        facts: Function that returns the progress of the run.
        numbers: Tells the number of a row in its list.
    """

    def __init__(self, out: TextIO | None, notify: Callable[[Facts], None] | None = None) -> None:
        """Write to *out*; *notify* is called with the summary at the end."""
        self.is_on: bool = out is not None
        self._notify = notify
        self.facts: Callable[[], Facts] = dict
        self._out = out
        self._summary = Summary()
        self._unfinished = 0
        self.bill: Bill = Bill()
        self.numbers: ListNumbers = ListNumbers()

    def add(self, row: Result | Unfinished) -> None:
        """Write a row that has ended, or that is left under way."""
        if isinstance(row, Unfinished):
            self._unfinished += 1
        else:
            self._summary.add(row)
        if isinstance(row, Completed):
            self.bill.add(row)
        if self.is_on:
            self._write("row", {"row": self.numbers.of(row), **_row_facts(row)})

    def progress(self) -> None:
        """Write the progress of the run."""
        self._write("progress", self.facts())

    def __enter__(self) -> Self:
        """Return the feed itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write the summary with the exit code, which the exception determines; a bug gets no summary."""
        if isinstance(exc, HeyGenError):
            self._write_summary(code_of(exc), _error_facts(exc))
        elif isinstance(exc, KeyboardInterrupt | InterruptedRunError):
            self._write_summary(Exit.INTERRUPTED)
        elif isinstance(exc, SystemExit):
            self._write_summary(exc.code)

    def _write_summary(self, code: object, error: Facts | None = None) -> None:
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
            "prices_as_of": AS_OF,
            "estimated_usd": [round(self.bill.low, 4), round(self.bill.high, 4)],
            "error": error,
        }
        self._write("summary", {**self.facts(), **facts})
        if self._notify is not None:
            self._notify({**self.facts(), **facts})

    def _write(self, event: str, facts: Facts) -> None:
        if self._out is None:
            return
        try:
            print(json_line({"event": event, **facts}), file=self._out, flush=True)
        except OSError as exc:
            message = f"stdout accepts no more lines ({exc.strerror}); the run continues without them"
            print(clean(message), file=sys.stderr)
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._out.fileno())  # or the flush at exit would fail, too
            self._out = None


def exit_with_feed(
    command: Callable[[JsonFeed], int], *, in_json: bool, notify: Callable[[Facts], None] | None = None
) -> NoReturn:
    """Run *command* and exit with its code; its feed ends with a summary, also after an error.

    *notify* is called with the summary.
    """
    with JsonFeed(sys.stdout if in_json else None, notify) as feed:
        sys.exit(command(feed))


def _row_facts(row: Result | Unfinished) -> Facts:
    facts: dict[str, object] = {"index": row.index, "resource_id": row.resource_id, "file": None, "error": None}
    if isinstance(row, Unfinished):
        return {**facts, "state": "unfinished", "spent": row.spent}
    error = None if row.error is None else _error_facts(row.error)
    if isinstance(row, Completed):
        file = None if row.file is None else str(row.file)
        return {**facts, "state": "completed", "file": file, "error": error, "spent": "yes"}
    return {**facts, "state": "failed", "error": error, "spent": row.error.spent}


def _error_facts(error: HeyGenError) -> Facts:
    return {
        "type": type(error).__name__,
        "code": error.code,
        "message": error.message,
        "http_status": error.http_status,
        "request_id": error.request_id,
        "notes": list(getattr(error, "__notes__", ())),
    }
