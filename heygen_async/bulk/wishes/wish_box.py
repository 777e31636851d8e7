"""The wishes in a journal: a page puts them in, also from another process, and the run takes them out."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from os import PathLike
from typing import Any

from heygen_async.bulk.journal.database import atomic
from heygen_async.bulk.journal.queries import JournalReader
from heygen_async.bulk.wishes.wish import RunState, Wish, checked_wish

_FIELDS = "id, at, kind, details, answer"


class WishBox(JournalReader):
    """A journal's wishes. It is open beside the run, which writes the journal, and changes only wishes and `state`."""

    def __init__(self, place: str | PathLike[str]) -> None:
        """Open the journal at *place*."""
        super().__init__(place, beside=True)

    def put(self, kind: str, details: Mapping[str, Any] | None = None) -> int:
        """Store a wish, and return its number.

        Raises:
            InvalidInputError: It is none.
        """
        word, kept = checked_wish(kind, details or {})
        return self._put(time.time(), word, json.dumps(kept))

    @atomic
    def _put(self, *values: object) -> int:
        return self._db.insert("INSERT INTO wishes (at, kind, details) VALUES (?, ?, ?)", values)

    def pending(self) -> list[Wish]:
        """Return the wishes that no run has answered, the oldest first."""
        return [_wish(*row) for row in self._rows(f"SELECT {_FIELDS} FROM wishes WHERE answer IS NULL ORDER BY id")]  # noqa: S608 - our own words

    def newest(self, count: int) -> list[Wish]:
        """Return the last wishes, the newest first."""
        query = f"SELECT {_FIELDS} FROM wishes ORDER BY id DESC LIMIT ?"  # noqa: S608 - our own words
        return [_wish(*row) for row in self._rows(query, count)]

    @atomic
    def answer(self, wish: Wish, text: str) -> None:
        """Note what was done about a wish."""
        self._execute("UPDATE wishes SET answer = ? WHERE id = ?", (text, wish.id))

    @property
    def state(self) -> RunState:
        """The state that the last run told of itself."""
        return RunState.from_json(self.meta("run_state"))

    def tell(self, state: RunState) -> None:
        """Store what the run says of itself."""
        self.set_meta(run_state=state.to_json())

    def list_begun(self) -> float:
        """Return the Unix time at which the newest list was taken in; 0 without one."""
        found: float | None = self._rows("SELECT max(begun) FROM lists")[0][0]
        return found or 0.0


def _wish(number: int, at: float, kind: Any, details: str, answer: str | None) -> Wish:
    return Wish(id=number, at=at, kind=kind, details=json.loads(details), answer=answer)
