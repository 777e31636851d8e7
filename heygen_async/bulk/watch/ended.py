"""Renders that have ended by their statuses: each is read once for its details, together where that is cheaper."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from heygen_async.bulk.jobs.in_flight import InFlight
from heygen_async.bulk.watch.detail_reader import DetailReader
from heygen_async.bulk.watch.newest import NewestVideos, video_of
from heygen_async.bulk.watch.watchlist import Watchlist
from heygen_async.errors import AuthenticationError, HeyGenError

GATHERED_SECONDS = 50.0  # for which ends are gathered in a large run, to be read together

logger: logging.Logger = logging.getLogger("heygen_async")


class EndedRenders:
    """The renders of one sweep that have ended and whose details are still to be read."""

    def __init__(self, watchlist: Watchlist, reader: DetailReader, newest: NewestVideos | None) -> None:
        """Have single renders read by *reader*, and several by *newest*; None if no list has their details."""
        self._list = watchlist
        self._reader = reader
        self._newest = newest
        self._rows: list[InFlight] = []
        self._since = 0.0

    def add(self, row: InFlight) -> None:
        """Take a render whose slot is free already."""
        self._since = self._since if self._rows else self._list.clock.now()
        self._rows.append(row)

    @property
    def are_due(self) -> bool:
        """True if renders wait that have been gathered for long enough."""
        return bool(self._rows) and self._list.clock.now() - self._since >= GATHERED_SECONDS

    async def read(self, *, may_wait: bool) -> None:
        """Have the renders read: together where that takes fewer requests.

        Of a few renders under way, the newest videos show all. Of many they do not, so ends are gathered meanwhile.

        Args:
            may_wait: True if many renders are under way, so that further ends are to be expected soon.
        """
        if self._newest is None or not self._newest.is_usable:
            self.read_singly()
        elif self._rows and (self.are_due or not may_wait):
            await self.read_together()

    async def read_together(self) -> Mapping[str, Mapping[str, Any]]:
        """Have the renders read, and return what the list tells of all videos on the way, by id, if it is trusted."""
        rows, newest = self._rows, self._newest
        entries: Mapping[str, Mapping[str, Any]] = {}
        if newest is not None:
            entries = await self._listed(newest, rows)
            newest.compare(rows, entries)
        for row in rows:
            entry = entries.get(str(row.video_id))
            if entry is not None and (video := video_of(entry)) is not None:
                self._reader.end(row, video)
        self.read_singly()
        return entries if newest is not None and newest.is_trusted else {}

    async def _listed(self, newest: NewestVideos, rows: Sequence[InFlight]) -> Mapping[str, Mapping[str, Any]]:
        try:
            if newest.may_tell_of_ends(rows):
                return await newest.read(rows)
            if newest.is_usable and all(row.number is not None for row in rows):
                return await newest.read_pages(rows)
        except AuthenticationError:
            raise
        except HeyGenError as exc:
            logger.info("the list of videos failed: %s; reading one by one", exc.gist)
        return {}

    def read_singly(self) -> None:
        """Have each row read by itself that has ended, unless its end is being reported."""
        rows, self._rows = self._rows, []
        for row in rows:
            self._reader.start(row)
