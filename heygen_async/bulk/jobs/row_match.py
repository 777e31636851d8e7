"""The rules by which a row of a list is compared with a row of the journal. Pure: no journal is asked.

A row that has a video, or may have one, is planned again only if the user says so: it would be paid for twice.
"""

from __future__ import annotations

from collections.abc import Collection

import attrs

from heygen_async.bulk.jobs.records import Entry, Match
from heygen_async.errors import Spent

UNDER_WAY = frozenset({"intended", "submitted", "unknown"})


@attrs.frozen
class KnownRow:
    """The facts about a row of the journal that decide what a list does with it."""

    id: int
    identity: str
    row_hash: str | None
    body_hash: str
    state: str
    spent: Spent | None
    seen: int
    generation: int

    @property
    def has_failed_free(self) -> bool:
        """True if the row has failed and cost nothing."""
        return self.state == "failed" and self.spent in {None, "no"}

    def is_same_as(self, entry: Entry) -> bool:
        """Return True if a row of a list has the same name, cells and request, so that there is nothing to write."""
        same = (self.identity, self.row_hash, self.body_hash) == (entry.identity, entry.row_hash, entry.body_hash)
        return same and self.row_hash is not None

    @property
    def may_have_former_video(self) -> bool:
        """True if the row was to be rendered again, and has cost nothing since."""
        return self.generation > 0 and (self.state in {"planned", "dropped"} or self.has_failed_free)


def match_of(entry: Entry, known: KnownRow | None, *, mark: int, is_made: bool, former: Collection[str] = ()) -> Match:
    """Return what a row of a list is to the journal.

    Args:
        entry: The row of the list.
        known: The row of the journal with its identity or, without one, with its cells.
        mark: Number of the list.
        is_made: True if another row had its video of the same request, or may have had one, before this list.
        former: Hashes of the requests by which the known row had its videos, if it is to be rendered again.
    """
    if known is None:
        return "equal" if is_made else "new"
    if known.seen == mark:
        return "repeated"
    if known.body_hash == entry.body_hash and not (former and known.state == "dropped"):
        return _same_request(entry, known)
    if known.state in UNDER_WAY:
        return "busy"
    if former:
        return "unchanged" if entry.body_hash in former else "changed"
    return "replaced" if known.state in {"planned", "dropped"} or known.has_failed_free else "changed"


def _same_request(entry: Entry, known: KnownRow) -> Match:
    if known.state == "dropped":
        return "new"
    return "retried" if entry.again and known.has_failed_free else "unchanged"
