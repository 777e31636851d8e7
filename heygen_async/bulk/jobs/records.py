"""Records of rows, files, batches and render times as the journal keeps them, and the counts of a merge."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from typing import Any, Literal, cast

import attrs

from heygen_async.errors import Spent

State = Literal["planned", "intended", "submitted", "completed", "failed", "unknown", "dropped"]


@attrs.frozen(kw_only=True)
class Record:
    """One row of a campaign as the journal keeps it. Fields that are not known yet are None.

    Attributes:
        id: Number of the row, from 1.
        identity: Identity of the row in the campaign: a hash of its name, or of its request.
        row: Your row, as JSON keeps it.
        kind: Kind of the request: "avatar", "video_agent", "template/ID", ...
        text: The request body, as JSON.
        body_hash: Identity of the request.
        generation: 0 at first; one more each time a failed render is asked for again.
        state: State of the row; `journal.py` explains them.
        intended_at: Unix time of the first intent to POST under the present key, by the clock of this machine.
        server_at: The same time by HeyGen's clock.
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
        seen: Number of the last list that had the row.
        run: Number of the run that sent the row.
        low_usd: The least that its render costs, in US dollars; estimated when it is sent, exact when it has ended.
        high_usd: The most that its render costs.
    """

    id: int
    identity: str
    row: Any = attrs.field(repr=False)
    kind: str
    text: str = attrs.field(repr=False)
    body_hash: str
    generation: int
    state: State
    intended_at: float | None
    server_at: float | None
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
    seen: int
    run: int | None
    low_usd: float | None
    high_usd: float | None

    @property
    def body(self) -> dict[str, Any]:
        """The request body, parsed."""
        return cast("dict[str, Any]", json.loads(self.text))


@attrs.frozen
class Links:
    """Addresses of a completed video, for people.

    Attributes:
        page: Page of the video in HeyGen's app, to be sent to the person it was made for.
        thumbnail: Address of a still image; it may expire.
        gif: Address of an animated preview; it may expire.
    """

    page: str | None = None
    thumbnail: str | None = None
    gif: str | None = None


NO_LINKS = Links()


@attrs.frozen(kw_only=True)
class SavedFile:
    """A stored file of a completed row.

    Attributes:
        file: Path of the file; None if HeyGen has no file of this kind for the video.
        size_bytes: Size when it was stored.
        machine: Name of the machine that has it, if workers share the campaign; else None.
    """

    file: str | None
    size_bytes: int = 0
    machine: str | None = None

    @property
    def is_elsewhere(self) -> bool:
        """True if another machine has it."""
        return self.machine not in {None, platform.node()}


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
class Expenses:
    """Money of renders, in US dollars: by their real length once they have ended, else by estimate.

    Attributes:
        charged: Number of renders that are paid for.
        low_usd: The least that these cost.
        high_usd: The most that these cost.
        open: Number of renders under way or of unknown outcome.
        at_stake_usd: The most that the open ones may cost.
        lost_usd: The part of it of renders that nobody follows any more, whose outcome is unknown.
    """

    charged: int = 0
    low_usd: float = 0.0
    high_usd: float = 0.0
    open: int = 0
    at_stake_usd: float = 0.0
    lost_usd: float = 0.0

    def with_renders(self, paid: str, count: int, low: float, high: float) -> Expenses:
        """Return this ledger with *count* further renders, which are *paid* for: "yes", "open", "lost" or "no"."""
        if paid == "yes":
            return attrs.evolve(
                self, charged=self.charged + count, low_usd=self.low_usd + low, high_usd=self.high_usd + high
            )
        if paid == "no":
            return self
        lost = high if paid == "lost" else 0.0
        return attrs.evolve(
            self, open=self.open + count, at_stake_usd=self.at_stake_usd + high, lost_usd=self.lost_usd + lost
        )


@attrs.frozen(kw_only=True)
class RowList:
    """A list of rows that was merged into a journal.

    Attributes:
        id: Number of the list, from 1.
        name: Name of the campaign of workers that it belongs to; empty for a journal of one campaign.
        source: Name of the file that the rows come from; None if they come from a program.
        whole: True if the list was taken to its end.
        rows: Number of its rows taken so far.
    """

    id: int
    name: str
    source: str | None
    whole: bool
    rows: int


@attrs.frozen(kw_only=True)
class Entry:
    """A row that is to be merged into the journal.

    Attributes:
        identity: Identity of the row: a hash of its name, or of its request.
        is_named: True if the user chose the identity.
        row: The row, as JSON keeps it.
        row_hash: Hash of all cells; None without cells.
        kind: Kind of the request.
        body: Request body, with its tag.
        body_hash: Hash of the request without the tag.
        again: True if the row comes from a list of failed rows, which are to be sent again.
        line: Number of the row in its list; None if it comes from no list.
    """

    identity: str
    is_named: bool = False
    row: Any = attrs.field(default=None, repr=False)
    row_hash: str | None = None
    kind: str
    body: Mapping[str, Any] = attrs.field(repr=False)
    body_hash: str
    again: bool = False
    line: int | None = None


Match = Literal["new", "unchanged", "replaced", "retried", "changed", "equal", "busy", "repeated"]


@attrs.define(kw_only=True)
class Merge:
    """The outcome of merging a list into the journal: counts of rows.

    Attributes:
        new: Rows that the journal did not have.
        unchanged: Rows that the journal had, with the same request.
        replaced: Rows whose request has changed before it was paid for; the new request is sent.
        retried: Failed rows, fed back in a list of failed rows; they are sent again.
        changed: Rows that have a video, or may have one, made by another request.
        equal: New rows whose request has a video already, of another row.
        again: True if changed and equal rows are rendered, and paid for again; else they keep what they have and wait
            for a decision.
        busy: Changed rows whose former request is still under way; it is finished first.
        dropped: Planned rows that the list no longer has; they are not sent.
        removed: Rows of the journal that the list does not have, without those that were dropped before.
        repeated: Repetitions of rows with one id in the list; each row is rendered once.
        left: Unchanged rows that no run has sent yet; counted by a preview only.
        low_usd: The least that the changed and equal rows would cost, in US dollars.
        high_usd: The most that they would cost.
        due_low_usd: The least that the new, replaced and retried rows cost.
        due_high_usd: The most that they cost.
    """

    new: int = 0
    unchanged: int = 0
    replaced: int = 0
    retried: int = 0
    changed: int = 0
    equal: int = 0
    again: bool = False
    busy: int = 0
    dropped: int = 0
    removed: int = 0
    repeated: int = 0
    left: int = 0
    low_usd: float = 0.0
    high_usd: float = 0.0
    due_low_usd: float = 0.0
    due_high_usd: float = 0.0

    @property
    def due(self) -> int:
        """Number of rows that the list adds to what is to be sent."""
        return self.new + self.replaced + self.retried + (self.changed + self.equal if self.again else 0)

    @property
    def waiting(self) -> int:
        """Number of rows that wait for a decision: to render them again, or to keep what they have."""
        return 0 if self.again else self.changed + self.equal

    def count(self, match: Match) -> None:
        """Count one row."""
        setattr(self, match, getattr(self, match) + 1)
