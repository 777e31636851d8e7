"""The newest videos: one request of `GET /v3/videos` has the details of up to a hundred renders.

A look at the list takes the place of a look at the statuses and of a request for the details of each end. It is used
with care. Only renders of this run are looked for, as far down as they are by their number. The list must have agreed
with the statuses about several ends before it is trusted, and is compared again and again; once it lags behind them,
it is used no more. What it does not name is asked for in another way: the list alone never says that a video is gone.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from heygen_async.api.client import Client
from heygen_async.api.handles.status import word_of
from heygen_async.api.handles.video import Video
from heygen_async.api.videos import STATUSES_AT_ONCE
from heygen_async.bulk.jobs.in_flight import InFlight
from heygen_async.bulk.watch.watchlist import Watchlist
from heygen_async.errors import ContractError
from heygen_async.http import wire

OVER = frozenset({"completed", "failed"})
ENDS_TO_READ = 2  # ends in one look, from which on the list takes fewer requests than their details
COMPARED = 16  # every so many looks the statuses are asked for instead
SPARE = 5  # places more than a render should need: others may use the account, and POSTs overtake each other

logger: logging.Logger = logging.getLogger("heygen_async")


class NewestVideos:
    """Reads the list of the newest videos, and judges what it is worth."""

    def __init__(self, client: Client, watchlist: Watchlist) -> None:
        """Read through *client* about renders on *watchlist*."""
        self._client = client
        self._list = watchlist
        self._agreed = False
        self._lags = False
        self._looks = 0
        self._others = 0  # videos of others among the newest

    def may_serve(self, rows: Sequence[InFlight]) -> bool:
        """Return True if the next look at *rows* may be at the list."""
        if not self.is_trusted or not self._shows(rows):
            return False
        self._looks += 1
        return self._looks % COMPARED != 0

    def may_tell_of_ends(self, rows: Sequence[InFlight]) -> bool:
        """Return True if the details of *rows*, which have ended, are better read in the list."""
        return len(rows) >= ENDS_TO_READ and not self._lags and self._shows(rows)

    async def read(self, rows: Sequence[InFlight]) -> Mapping[str, Mapping[str, Any]]:
        """Return the entries of *rows* by id, as far as the list has them. Free of charge."""
        entries, _ = await self._client.videos.newest(min(STATUSES_AT_ONCE, self._depth(rows)))
        places = {str(entry.get("id")): place for place, entry in enumerate(entries, 1)}
        found, others = {}, 0
        for row in rows:
            if place := places.get(name := str(row.video_id)):
                found[name] = entries[place - 1]
                others = max(others, place - self._rank(row))
        self._others = others if len(found) == len(rows) else self._others + 2 * SPARE
        return found

    async def read_pages(self, rows: Sequence[InFlight]) -> Mapping[str, Mapping[str, Any]]:
        """Return entries by id, *rows* among them, of as many pages as take fewer requests than the details would."""
        wanted = {str(row.video_id) for row in rows}
        pages = sorted(math.ceil((self._rank(row) + self._others) / STATUSES_AT_ONCE) for row in rows)
        gains = [(count - page, page) for count, page in enumerate(pages, 1)]
        gain, last = max(gains, default=(0, 0))
        found: dict[str, Mapping[str, Any]] = {}
        token = None
        for _ in range(last if gain > 0 else 0):
            entries, token = await self._client.videos.newest(STATUSES_AT_ONCE, token)
            found |= {str(entry.get("id")): entry for entry in entries}
            if token is None or wanted <= found.keys():
                break
        return found

    @property
    def is_usable(self) -> bool:
        """True unless the list was seen to lag behind the statuses."""
        return not self._lags

    @property
    def is_trusted(self) -> bool:
        """True if the list has agreed with the statuses, and was never seen to lag behind them."""
        return self._agreed and not self._lags

    def compare(self, rows: Iterable[InFlight], entries: Mapping[str, Mapping[str, Any]]) -> None:
        """Note if *entries* tell the same as the statuses, by which *rows* have ended."""
        told = [word_of(entries[name].get("status")) for row in rows if (name := str(row.video_id)) in entries]
        if any(word not in OVER for word in told):
            self._lags = True
            logger.info("the list of videos lags behind their statuses; it is used no more in this run")
        elif len(told) >= ENDS_TO_READ:
            self._agreed = True

    def distrust(self) -> None:
        """Use the list no more until it has agreed with the statuses again: a look at it has failed."""
        self._agreed = False

    def _shows(self, rows: Sequence[InFlight]) -> bool:
        return all(row.number is not None for row in rows) and self._depth(rows) <= STATUSES_AT_ONCE

    def _depth(self, rows: Sequence[InFlight]) -> int:
        first = min([row.number or 0 for row in rows], default=self._list.begun + 1)
        return self._list.begun + 1 - first + self._others + SPARE

    def _rank(self, row: InFlight) -> int:
        return self._list.begun + 1 - (row.number or 0)


def video_of(entry: Mapping[str, Any]) -> Video | None:
    """Return an entry as a completed video, else None. That a video has failed is believed of its detail only."""
    if word_of(entry.get("status")) != "completed":
        return None
    try:
        video: Video = wire.decode(entry, Video, "GET /v3/videos: $.data")
    except ContractError:
        return None
    return video if video.ended else None
