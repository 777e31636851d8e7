"""What is remembered of a row, what comes in, and what became of a source."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, cast

import attrs

from heygen_async.errors import Spent

State = Literal["planned", "intended", "submitted", "completed", "failed", "unknown"]


@attrs.frozen(kw_only=True)
class Record:
    """One row of a campaign as the journal has it.

    Attributes:
        id: Its place, from 1.
        row_key: Its identity.
        row: Your row, as JSON keeps it.
        kind: The mode of its request.
        text: The request as it is sent: JSON.
        body_hash: Its identity.
        generation: 0, and one more for each render that failed and was asked for again.
        state: How far it is.
        intended_at: Unix time at which its POST was first about to go out under this key.
        submitted_at: Unix time at which its id came.
        ended_at: Unix time of its end.
        batch: The batch in which it was sent, by the journal's own number; None if it was sent alone.
        item: Its place in the batch, from 0.
        video_id: The video.
        session_id: The agent's session.
        duration: Seconds of video.
        file: Where the video was stored.
        error_code: Why it failed, by code.
        error: The same in words.
        spent: Whether the failure cost money.
    """

    id: int
    row_key: str
    row: Any = attrs.field(repr=False)
    kind: str
    text: str = attrs.field(repr=False)
    body_hash: str
    generation: int
    state: State
    intended_at: float | None
    submitted_at: float | None
    ended_at: float | None
    batch: int | None
    item: int | None
    video_id: str | None
    session_id: str | None
    duration: float | None
    file: str | None
    error_code: str | None
    error: str | None
    spent: Spent | None

    @property
    def body(self) -> dict[str, Any]:
        """The request, read."""
        return cast("dict[str, Any]", json.loads(self.text))


@attrs.frozen(kw_only=True)
class SavedFile:
    """A file of a completed row.

    Attributes:
        file: Where it was stored; None if HeyGen offers no such file of this video.
        size_bytes: Its size.
    """

    file: str | None
    size_bytes: int = 0


@attrs.frozen(kw_only=True)
class BatchRecord:
    """Rows that were asked for in one POST.

    Attributes:
        key: The `Idempotency-Key` of that POST.
        size: How many.
        batch_id: HeyGen's; None until it has answered.
    """

    key: str
    size: int
    batch_id: str | None


@attrs.frozen
class Lesson:
    """What was seen of the render times of requests of one sort.

    Attributes:
        kind: Their mode.
        size: Their length class, see `timing.py`.
        count: How many were seen.
        mean: Of the logarithms of the seconds.
        squares: Sum of the squared distances from that mean.
    """

    kind: str
    size: int
    count: float
    mean: float
    squares: float


@attrs.frozen(kw_only=True)
class Entry:
    """A row on its way into the journal."""

    row_key: str
    row: Any
    kind: str
    body: Mapping[str, Any]


@attrs.define(kw_only=True)
class Merge:
    """What became of the rows of a source when they met the journal.

    Attributes:
        new: Rows that it did not have.
        unchanged: Rows that it had, with the same request.
        changed: Rows whose request is another now: they are rendered again, under a new key.
        busy: Changed rows whose former request is still under way: that one is finished first.
        removed: Rows that it has and the source has no more: left as they are.
        repeated: Rows that stand in the source more than once: rendered once.
    """

    new: int = 0
    unchanged: int = 0
    changed: int = 0
    busy: int = 0
    removed: int = 0
    repeated: int = 0

    def add(self, other: Merge) -> None:
        """Add what became of further rows."""
        for field in attrs.fields(Merge):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))
