"""The sweep: one request of `GET .../statuses` tells about up to a hundred renders: videos, translations or lipsyncs.

A render holds its slot until its end is noticed, so the pause between sweeps is a cost, and so is a request. The next
sweep comes when the renders are likely to have held their slots in vain for the price of a request. It is about those
hundred that are the likeliest to have ended. Renders that have ended are then read once for their details: by the
detail reader, or, of videos, together in the list of the newest ones, which may take the place of the statuses, too.
"""

from __future__ import annotations

import logging
import math
import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from heygen_async.api.client import Client
from heygen_async.api.handles import polling
from heygen_async.api.handles.status import word_of
from heygen_async.api.handles.video import VIDEO_STATUSES
from heygen_async.api.status_entries import Entries
from heygen_async.api.videos import STATUSES_AT_ONCE
from heygen_async.bulk.jobs.in_flight import VIDEO, InFlight, Stage
from heygen_async.bulk.watch.detail_reader import DetailReader
from heygen_async.bulk.watch.ended import EndedRenders
from heygen_async.bulk.watch.newest import ENDS_TO_READ, OVER, NewestVideos, video_of
from heygen_async.bulk.watch.render_times import LEAST_HAZARD, pause_of
from heygen_async.bulk.watch.watchlist import Watchlist
from heygen_async.errors import (
    APIError,
    AttemptTimeoutError,
    AuthenticationError,
    ConnectionFailedError,
    ConnectionLostError,
    HeyGenError,
)

TICK_SECONDS = 5.5  # at the most
# The same at the end of a run: a share of the time that the youngest render has taken, and seconds at the most.
TICK_OF_AGE, TICK_AT_END = 0.02, 15.0
LEAST_TICK_SECONDS = 1.0
# Slot-seconds that a request is worth: at least so many; in a small run, so many divided by the number of renders under
# way, which makes about three looks a render; in a large run, which sends many requests, so many for each render.
PRICE, PRICE_IN_ALL, PRICE_OF_RENDER, MANY = 0.53, 7.0, 0.025, 145
JITTER = 0.1  # of the tick, either way: several clients of one account drift apart
SWEEPS_SHARE = 0.2  # of a known request rate, at the most
SIGNALLED_TICK_SECONDS = 30.0  # while nearly every end is signalled, the sweep is only the net
# A share of a render's age for which its chance to end is not reckoned anew, among more than so many renders.
HAZARD_OF_AGE, RECKONED_AT_ONCE = 0.03, 20
FEW = 20  # renders under way in a run that has had more than a hundred, from which on ends are not gathered
LEFT_OUT = 2  # sweeps that may leave a video out before it is asked for by itself

NOT_BEGUN = frozenset({"waiting", "queued", "pending"})
RUNNING = (VIDEO_STATUSES | NOT_BEGUN) - OVER

logger: logging.Logger = logging.getLogger("heygen_async")


class Sweep:
    """Follows the renders that can be asked for together: videos, or jobs of one kind."""

    def __init__(self, client: Client, watchlist: Watchlist, reader: DetailReader, swept: str = VIDEO) -> None:
        """Ask through *client* for renders that are *swept*; have ended ones read by *reader*."""
        self._client = client
        self._list = watchlist
        self._reader = reader
        self._state = watchlist.sweeps[swept]
        self._newest = NewestVideos(client, watchlist) if swept == VIDEO else None
        self._ended = EndedRenders(watchlist, reader, self._newest)
        self._began = -math.inf  # time of the server of the last look

    async def run(self) -> None:
        """Sweep every few seconds until everything has ended.

        Raises:
            AuthenticationError: The key is no longer accepted, so nothing can be seen.
        """
        while not self._list.over:
            rows = self._rows() if self._state.in_bulk else []
            if not rows:
                await self._ended.read(may_wait=False)
                self._state.idles = True
                await self._list.changed.wait()
                self._state.idles = False
            elif await self._pause(rows):
                await self._look()

    def _rows(self) -> list[InFlight]:
        """Return the renders to sweep; those of a batch that has not named all are seen with their batch."""
        if not self._state.begun:
            return []
        rendering, name = self._list.registry.at(Stage.RENDERING), self._state.name
        rows = [row for row in rendering if row.swept_as == name and row.video_id is not None and not row.odd]
        if not self._list.has_batches:
            return rows
        nameless = {row.batch_id for row in rendering if row.batch_id is not None and row.video_id is None}
        return [row for row in rows if row.batch_id not in nameless]

    async def _pause(self, rows: Sequence[InFlight]) -> bool:
        """Return True when it is time to look at *rows*, or at those that have taken their place."""
        until = max(self._began + self._tick(rows), min(row.due for row in rows))
        while self._list.clock.now() < until:
            if not self._rows():
                return False
            if len(self._state.woken) >= ENDS_TO_READ:
                return True
            self._read_woken()
            await self._list.wait(until)
        return True

    def _read_woken(self) -> None:
        """Have a render read at once that a webhook has named: one request tells of its end and its details."""
        woken, self._state.woken = self._state.woken, []
        for row in woken:
            if row.stage is Stage.RENDERING and row.video_id is not None:
                self._reader.start(row)

    def _tick(self, rows: Sequence[InFlight]) -> float:
        """Return the seconds until the next look."""
        wanted = SIGNALLED_TICK_SECONDS if self._list.signals_are_reliable else self._best_pause(rows)
        sweeps = sum(state.begun > 0 and not state.idles for state in self._list.sweeps.values())
        tick = max(wanted, LEAST_TICK_SECONDS, sweeps / (SWEEPS_SHARE * self._client.requests_per_second))
        return tick * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - not a secret

    def _best_pause(self, rows: Sequence[InFlight]) -> float:
        """Return the seconds between looks that cost as many requests as the slots are worth which they free.

        At the end of a run no row waits for a slot. Then only the delay of results counts, which is of less weight the
        longer the renders have taken, and a request is worth as much as before, however few renders are left.
        """
        now, is_end = self._list.clock.now(), self._list.waits_only
        seen = [row for row in rows if row.due <= now] or rows
        price = _price(max(self._state.peak, len(rows)) if is_end else len(rows))
        most = TICK_SECONDS
        if is_end:
            most = max(most, min(TICK_AT_END, TICK_OF_AGE * min(now - row.born for row in rows)))
        _reckon_hazards(seen, now)
        rate = sum([row.hazard for row in seen])
        return min(most, pause_of(rate, price, max(1.0, len(seen) / STATUSES_AT_ONCE)))

    @staticmethod
    def _likeliest(rows: Sequence[InFlight], now: float) -> Sequence[InFlight]:
        """Return those rows, a hundred at most, whose ends are the likeliest to have cost slots since the last look."""
        if len(rows) <= STATUSES_AT_ONCE:
            return rows
        _reckon_hazards(rows, now)
        losses = [row.hazard * (now - row.looked_at) ** 2 for row in rows]
        places = sorted(range(len(rows)), key=losses.__getitem__, reverse=True)
        return [rows[place] for place in places[:STATUSES_AT_ONCE]]

    async def _look(self) -> None:
        now = self._began = self._list.clock.now()
        woken, self._state.woken = self._state.woken, []
        rows = self._rows()
        self._state.peak = max(self._state.peak, len(rows))
        due = [row for row in rows if row.due <= now]
        if self._ended.are_due and not woken and len(rows) > FEW and await self._look_at_pages(due, now):
            self._list.looked.notify()
            return
        named = [row for row in due if row in woken]
        due = [*named, *self._likeliest([row for row in due if row not in woken], now)][:STATUSES_AT_ONCE]
        if due:
            for row in due:
                row.looked_at = now
            newest = self._newest
            rest = await self._look_at_newest(newest, due) if newest is not None and newest.may_serve(due) else due
            waiting = await self._sweep({str(row.video_id): row for row in rest}) if rest else 0
            if self._state.name == VIDEO:
                self._client.pool.observe(waiting=waiting, running=len(due) - waiting)
        await self._ended.read(may_wait=self._state.peak > STATUSES_AT_ONCE and len(self._rows()) > FEW)
        self._list.looked.notify()

    async def _look_at_pages(self, rows: Sequence[InFlight], now: float) -> bool:
        """Have gathered ends read; True if the pages with them tell of *rows*, too, in place of the statuses."""
        entries = await self._ended.read_together()
        told = [row for row in rows if str(row.video_id) in entries]
        for row in told:
            row.looked_at = now
        await self._heed(told, entries)
        return bool(told)

    async def _look_at_newest(self, newest: NewestVideos, rows: Sequence[InFlight]) -> Sequence[InFlight]:
        """Look at the list of the newest videos, and return the rows of which it tells nothing."""
        try:
            entries = await newest.read(rows)
        except AuthenticationError:
            raise
        except HeyGenError as exc:
            logger.info("the list of videos failed: %s; asking for statuses", exc.gist)
            newest.distrust()
            return rows
        return await self._heed(rows, entries)

    async def _heed(self, rows: Sequence[InFlight], entries: Mapping[str, Mapping[str, Any]]) -> Sequence[InFlight]:
        """Heed what the list tells of *rows*, and return those of which it tells nothing."""
        rest, now = [], self._list.clock.now()
        for row in rows:
            entry = entries.get(str(row.video_id))
            if entry is None:
                rest.append(row)
                continue
            word = word_of(entry.get("status"))
            if self._is_at_work(row, word, now):
                continue
            if word != "completed" or (video := video_of(entry)) is None:
                await self._judge(row, word)
            elif row.stage is Stage.RENDERING:
                self._list.rendered(row, video.status)
                self._reader.end(row, video)
        return rest

    async def _sweep(self, rows: Mapping[str, InFlight]) -> int:
        """Ask for the statuses of up to 100 renders, and have those read that have ended; return how many wait."""
        try:
            entries = await self._entries(rows)
        except AuthenticationError:
            raise
        except HeyGenError as exc:
            self._refused(exc)
            for row in list(rows.values()):
                await self._list.unseen(row, exc)
            return 0
        self._state.failing_since = None
        left_out: dict[str, InFlight] = dict(rows)
        waiting, now = 0, self._list.clock.now()
        for entry in entries:
            found = left_out.pop(str(entry.get("video_id")), None)
            if found is None:
                continue
            word = word_of(entry.get("status"))
            if self._is_at_work(found, word, now):
                waiting += word in NOT_BEGUN
            elif word == "completed" and found.stage is Stage.RENDERING:
                self._list.rendered(found, word)
                self._ended.add(found)
            else:
                waiting += await self._judge(found, word)
        for row in left_out.values():
            self.leave_out(row)
        return waiting

    async def _entries(self, ids: Iterable[str]) -> Entries:
        if self._state.name == VIDEO:
            return await self._client.videos.entries(ids)
        return await self._client.job_entries(self._state.name, ids)

    def leave_out(self, row: InFlight) -> None:
        """Note that a bulk answer does not name a render: after two such answers it is asked for by itself."""
        row.left_out += 1
        row.odd = row.odd or row.left_out >= LEFT_OUT
        self._list.changed.notify()

    def _refused(self, error: HeyGenError) -> None:
        state = self._state
        for_good = isinstance(error, APIError) and not error.retryable and not state.is_faithful
        if for_good:
            state.in_bulk = False
        if state.failing_since is None:
            state.failing_since = self._list.clock.now()
        self._list.changed.notify()
        then = "asking one by one" if for_good else "looking again"
        # A server that cannot be reached is told of by whoever shows the progress, once and not at each look.
        is_away = isinstance(error, ConnectionFailedError | ConnectionLostError | AttemptTimeoutError)
        logger.log(logging.INFO if is_away else logging.WARNING, "bulk statuses failed: %s; %s", error.gist, then)

    async def judge(self, row: InFlight, status: Any) -> bool:
        """Heed what a bulk look says of a render, and return True if it waits for its turn at HeyGen."""
        return await self._judge(row, word_of(status))

    def _is_at_work(self, row: InFlight, word: str | None, now: float) -> bool:
        """Return True for a render of which nothing is to be noted, as most looks find them."""
        if word not in RUNNING or self._list.may_be_late(row, now):
            return False
        row.left_out = row.misses = row.late_looks = 0
        return True

    async def _judge(self, row: InFlight, word: str | None) -> bool:
        row.left_out = 0
        if word in OVER:
            self._list.rendered(row, str(word))
            self._reader.start(row)
        elif word in RUNNING:
            await self._list.seen(row)
        else:
            if word is not None and word != "not_found":
                polling.note_status(word, VIDEO_STATUSES)
            row.odd = True
            self._list.changed.notify()
        return word in NOT_BEGUN


def _price(renders: int) -> float:
    return max(PRICE, PRICE_IN_ALL / renders, PRICE_OF_RENDER * min(renders, MANY))


def _reckon_hazards(rows: Sequence[InFlight], now: float) -> None:
    """Reckon the chances per second that renders end; of many, only where the age has changed since the last time."""
    share = HAZARD_OF_AGE if len(rows) > RECKONED_AT_ONCE else 0.0
    for row in rows:
        if now >= row.hazard_until:
            age = now - row.born
            row.hazard = max(LEAST_HAZARD, row.law.hazard(age))
            row.hazard_until = now + share * age
