"""Records of rows, files, batches and render times as the journal keeps them, and the counts of a merge."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, cast

import attrs

from heygen_async.errors import Spent

State = Literal["planned", "intended", "submitted", "completed", "failed", "unknown"]


@attrs.frozen(kw_only=True)
class Record:
    """One row of a campaign as the journal keeps it. Fields that are not known yet are None.

    Attributes:
        id: Number of the row, from 1.
        row_key: Identity of the row.
        row: Your row, as JSON keeps it.
        kind: Kind of the request: "avatar", "video_agent", "template/ID", ...
        text: The request body, as JSON.
        body_hash: Identity of the request.
        generation: 0 at first; one more each time a failed render is asked for again.
        state: State of the row; `journal.py` explains them.
        intended_at: Unix time of the first intent to POST under the present key.
        submitted_at: Unix time at which HeyGen's id arrived.
        ended_at: Unix time of the end.
        batch: Number of the row's batch in this journal; None if the row was sent alone.
        item: Place in the batch, from 0.
        video_id: HeyGen's id of the video, or of the other result.
        session_id: HeyGen's id of the agent's session.
        duration: Length of the video in seconds.
        file: Path of the stored video.
        error_code: Code of the failure.
        error: Message of the failure.
        spent: If an ended or unknown row cost money: "no", "yes" or "unknown".
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
        """The request body, parsed."""
        return cast("dict[str, Any]", json.loads(self.text))


@attrs.frozen(kw_only=True)
class SavedFile:
    """A stored file of a completed row.

    Attributes:
        file: Path of the file; None if HeyGen has no file of this kind for the video.
        size_bytes: Size when it was stored.
    """

    file: str | None
    size_bytes: int = 0


@attrs.frozen(kw_only=True)
class BatchRecord:
    """Rows that were sent in one POST.

    Attributes:
        key: `Idempotency-Key` of the POST.
        size: Number of rows.
        batch_id: HeyGen's id of the batch; None until HeyGen has answered.
    """

    key: str
    size: int
    batch_id: str | None


@attrs.frozen
class Lesson:
    """Statistics of the render times of requests of one kind and length.

    Attributes:
        kind: Kind of the requests.
        size: Length class of the requests; see `size_of` in `watch/render_times.py`.
        count: Number of renders seen; it is no whole number, since old renders count less.
        mean: Mean of the logarithms of the seconds.
        squares: Sum of the squared distances from the mean.
    """

    kind: str
    size: int
    count: float
    mean: float
    squares: float


@attrs.frozen(kw_only=True)
class Entry:
    """A row that is to be merged into the journal."""

    row_key: str
    row: Any
    kind: str
    body: Mapping[str, Any]


@attrs.define(kw_only=True)
class Merge:
    """The outcome of merging a source into the journal: counts of rows.

    Attributes:
        new: Rows that the journal did not have.
        unchanged: Rows that the journal had, with the same request.
        changed: Rows whose request has changed; they are rendered again, under a new key.
        busy: Changed rows whose former request is still under way; it is finished first.
        removed: Rows of the journal that the source no longer has; they are left as they are.
        repeated: Repetitions of rows in the source; each row is rendered once.
    """

    new: int = 0
    unchanged: int = 0
    changed: int = 0
    busy: int = 0
    removed: int = 0
    repeated: int = 0

    def add(self, other: Merge) -> None:
        """Add the counts of further rows."""
        for field in attrs.fields(Merge):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))
