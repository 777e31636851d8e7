"""Queries of a report: few questions to the journal, all answered as of one moment; none loads every script."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from os import PathLike

import attrs

from heygen_async.api.requests.kinds import base_of
from heygen_async.bulk.journal.queries import JournalReader
from heygen_async.bulk.prices.price_list import UNPUBLISHED
from heygen_async.errors import JournalError

_OF_ROW = "(CAST(? AS INTEGER) IS NULL OR job_id = ?)"


@attrs.frozen
class RenderSpan:
    """When a render was under way.

    Attributes:
        state: How far its row is.
        begun: Unix time at which HeyGen accepted it.
        ended: Unix time at which its end was seen; None if it was not.
        batched: True if it was sent with others in one POST, and so may have waited for its turn.
    """

    state: str
    begun: float
    ended: float | None
    batched: bool


@attrs.frozen
class FailureGroup:
    """The rows that failed with one code.

    Attributes:
        code: As the journal has it.
        count: How many.
        example: The message of the first.
    """

    code: str
    count: int
    example: str


@attrs.define
class Spent:
    """The totals of the completed rows of one kind.

    Attributes:
        kind: The mode of the requests.
        videos: How many.
        seconds: Of video.
        low: US dollars at least; None if HeyGen publishes no price.
        high: US dollars at most.
        unpriced: How many of the videos have no known price, and are not in the amounts.
    """

    kind: str
    videos: int = 0
    seconds: float = 0.0
    low: float | None = 0.0
    high: float | None = 0.0
    unpriced: int = 0

    def add(self, duration: float, price: tuple[float | None, float | None]) -> None:
        """Count one video with the *price* that the journal keeps."""
        self.videos += 1
        self.seconds += duration
        low, high = price
        if self.low is None or self.high is None or base_of(self.kind) in UNPUBLISHED:
            self.low = self.high = None
        elif low is None or high is None:
            self.unpriced += 1
        else:
            self.low, self.high = self.low + low, self.high + high


@attrs.frozen(kw_only=True)
class AtStake:
    """Renders that may have been paid for, or were, and that no row shows.

    Attributes:
        undecided: Rows whose POST was sent and whose fate nobody knows.
        failed: Failed rows that may have cost money all the same.
        given_up: Earlier tries of rows whose fate nobody knows.
        replaced: Videos that were paid for, and whose rows were changed and rendered anew.
        usd: The most that all of them cost, in US dollars.
    """

    undecided: int
    failed: int
    given_up: int
    replaced: int
    usd: float = 0.0

    @property
    def total(self) -> int:
        """All of them."""
        return self.undecided + self.failed + self.given_up + self.replaced


class ReportData(JournalReader):
    """A journal that is looked at, and not changed; a run may be at work on it meanwhile."""

    def __init__(self, path: str | PathLike[str], campaign: str | None = None) -> None:
        """Open the journal at *path*; with *campaign*, only the rows of that campaign of workers are seen."""
        super().__init__(path, read_only=True, campaign=campaign)

    def at_one_moment(self) -> AbstractContextManager[None]:
        """Let all questions of the block see the same rows in the same states."""
        return self._db.at_one_moment()

    @property
    def wants_files(self) -> bool:
        """True if the campaign stores its videos as files."""
        return bool(self._setting("download_to"))

    @property
    def limit(self) -> int | None:
        """The number of renders that may be under way at once; None if the run finds it out."""
        found = self._setting("max_in_flight")
        return found if isinstance(found, int) else None

    def _setting(self, name: str) -> object:
        kept: dict[str, object] = json.loads(self.meta("settings") or "{}")
        return kept.get(name)

    def began_and_changed(self) -> tuple[float, float] | None:
        """Return the Unix times of the first POST and of the last change; None if nothing was ever sent."""
        query = (
            "SELECT min(coalesce(intended_at, submitted_at)), max(intended_at), max(submitted_at), max(ended_at) "
            "FROM jobs"
        )
        ((began, *changes),) = self._rows(query)
        return None if began is None else (began, max(at or 0.0 for at in changes))

    def renders(self) -> list[RenderSpan]:
        """Return when each row's render was under way; rows that HeyGen never accepted are left out."""
        query = "SELECT state, submitted_at, ended_at, batch IS NOT NULL FROM jobs WHERE submitted_at IS NOT NULL"
        return [RenderSpan(state, begun, ended, bool(batched)) for state, begun, ended, batched in self._rows(query)]

    def failure_groups(self) -> list[FailureGroup]:
        """Return the failed rows by code, the most frequent first."""
        query = (
            "SELECT code, rows, coalesce(jobs.error, '') FROM (SELECT coalesce(error_code, '') AS code, "
            "count(*) AS rows, min(id) AS first FROM jobs WHERE state = 'failed' GROUP BY 1) AS groups "
            "JOIN jobs ON jobs.id = groups.first ORDER BY 2 DESC, 1"
        )
        return [FailureGroup(*found) for found in self._rows(query)]

    def spent(self) -> list[Spent]:
        """Return what the completed rows came to, by kind."""
        found: dict[str, Spent] = {}
        query = "SELECT kind, coalesce(duration, 0), low_usd, high_usd FROM jobs WHERE state = 'completed' ORDER BY id"
        for kind, duration, *price in self._rows(query):
            found.setdefault(kind, Spent(kind)).add(duration, tuple(price))
        return list(found.values())

    def pages(self, row: int | None = None) -> dict[int, str]:
        """Return the address of each video's page at HeyGen, by row; journals of older versions have none."""
        query = f"SELECT job_id, page FROM links WHERE page IS NOT NULL AND {_OF_ROW}"  # noqa: S608 - our own words
        try:
            return dict(self._rows(query, row, row))
        except JournalError:
            return {}

    def stills(self, row: int | None = None) -> dict[int, str]:
        """Return the stored still image of each video, by row."""
        query = f"SELECT job_id, file FROM files WHERE kind = 'thumbnail' AND file IS NOT NULL AND {_OF_ROW}"  # noqa: S608 - the same
        return dict(self._rows(query, row, row))

    def stored_file(self, row: int, kind: str) -> str | None:
        """Return the name of a stored file; None if there is none."""
        found = self._rows("SELECT file FROM files WHERE job_id = ? AND kind = ?", row, kind)
        return None if not found else found[0][0]

    def marks(self, shown_rows: int) -> Iterator[tuple[int, tuple[object, ...]]]:
        """Yield what changes when a row does, of the first rows and of those that need a look."""
        query = (
            "SELECT id, state, generation, video_id, error_code, ended_at, file, "
            "(SELECT count(*) FROM files WHERE job_id = id) FROM jobs "
            "WHERE id <= ? OR state IN ('failed', 'unknown') ORDER BY id"
        )
        for row, *mark in self._rows(query, shown_rows):
            yield row, tuple(mark)

    def changed_since(self, at: float) -> list[int]:
        """Return the rows in which something has happened since a Unix time."""
        query = "SELECT id FROM jobs WHERE intended_at >= ? OR submitted_at >= ? OR ended_at >= ? ORDER BY id"
        return [row for (row,) in self._rows(query, at, at, at)]

    def at_stake(self) -> AtStake:
        """Count what may have been paid for without a result."""
        ((undecided, failed, present_usd),) = self._rows(
            "SELECT count(*) FILTER (WHERE state = 'unknown'), "
            "count(*) FILTER (WHERE state = 'failed' AND spent != 'no'), "
            "sum(high_usd) FILTER (WHERE state = 'unknown' OR (state = 'failed' AND spent != 'no')) FROM jobs"
        )
        ((given_up, replaced, former_usd),) = self._rows(
            "SELECT count(*) FILTER (WHERE state IN ('intended', 'unknown') OR spent = 'unknown'), "
            "count(*) FILTER (WHERE state = 'completed'), "
            "sum(high_usd) FILTER (WHERE state IN ('intended', 'unknown', 'completed') OR spent = 'unknown') "
            "FROM former"
        )
        return AtStake(
            undecided=undecided,
            failed=failed,
            given_up=given_up,
            replaced=replaced,
            usd=(present_usd or 0.0) + (former_usd or 0.0),
        )
