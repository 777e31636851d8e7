"""The single follower: asks for renders one by one where no sweep tells of them.

These are jobs of kinds without bulk statuses (clips, cut-outs, ...), renders that a sweep leaves out or names oddly,
and all renders of a kind whose bulk statuses are refused, fail for a while or are not wanted.
"""

from __future__ import annotations

from heygen_async.bulk.jobs.in_flight import InFlight, Stage
from heygen_async.bulk.watch.detail_reader import DetailReader
from heygen_async.bulk.watch.render_times import pause_at
from heygen_async.bulk.watch.watchlist import Watchlist


class SingleFollower:
    """Looks at single renders at the pace that fits how such renders end."""

    def __init__(self, watchlist: Watchlist, reader: DetailReader) -> None:
        """Have *reader* read the renders."""
        self._list = watchlist
        self._reader = reader

    async def run(self) -> None:
        """Look until everything has ended."""
        while not self._list.over:
            now = self._list.clock.now()
            rows = self._rows()
            for row in rows:
                if row.due <= now:
                    row.due = now + pause_at(row.law, now - row.born)
                    self._reader.start(row)
            await self._list.wait(min((row.due for row in rows), default=float("inf")))

    def _rows(self) -> list[InFlight]:
        return [row for row in self._list.registry.at(Stage.RENDERING) if self._list.is_single(row)]
