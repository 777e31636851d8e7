"""The sweep: one request of `GET /v3/videos/statuses` tells about up to a hundred videos.

A render holds its slot until its end is noticed, so the pause between sweeps is a cost. Each video that has ended is
then read once for its details, by the detail reader.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import anyio

from heygen_async.api.client import Client
from heygen_async.api.handles import polling
from heygen_async.api.handles.status import word_of
from heygen_async.api.handles.video import VIDEO_STATUSES
from heygen_async.api.videos import STATUSES_AT_ONCE
from heygen_async.bulk.jobs.in_flight import InFlight, Stage
from heygen_async.bulk.watch.detail_reader import DetailReader
from heygen_async.bulk.watch.watchlist import Watchlist, is_job
from heygen_async.errors import APIError, AuthenticationError, HeyGenError

TICK_SECONDS = 5.5
JITTER = 0.1  # of the tick, either way: several clients of one account drift apart
SWEEPS_SHARE = 0.2  # of a known request rate, at the most
SIGNALLED_TICK_SECONDS = 30.0  # while nearly every end is signalled, the sweep is only the net
AT_ONCE = 16  # requests of one sweep
LEFT_OUT = 2  # sweeps that may leave a video out before it is asked for by itself

OVER = frozenset({"completed", "failed"})
NOT_BEGUN = frozenset({"waiting", "queued", "pending"})
RUNNING = (VIDEO_STATUSES | NOT_BEGUN) - OVER

logger: logging.Logger = logging.getLogger("heygen_async")


class Sweep:
    """Follows the videos that can be asked for together."""

    def __init__(self, client: Client, watchlist: Watchlist, reader: DetailReader) -> None:
        """Ask through *client*; have ended videos read by *reader*."""
        self._client = client
        self._list = watchlist
        self._reader = reader
        self._places = anyio.Semaphore(AT_ONCE, fast_acquire=True)

    async def run(self) -> None:
        """Sweep every few seconds until everything has ended.

        Raises:
            AuthenticationError: The key is no longer accepted, so nothing can be seen.
        """
        while not self._list.over:
            if not self._list.in_bulk or not self._rows():
                await self._list.changed.wait()
            elif await self._pause():
                await self._look()

    def _rows(self) -> list[InFlight]:
        """Return the videos to sweep; those of a batch that has not named all are seen with their batch."""
        rendering = self._list.registry.at(Stage.RENDERING)
        nameless = {row.batch_id for row in rendering if row.batch_id is not None and row.video_id is None}
        return [
            row
            for row in rendering
            if row.video_id is not None and row.batch_id not in nameless and not row.odd and not is_job(row)
        ]

    async def _pause(self) -> bool:
        """Return True when it is time to look."""
        until = self._list.clock.now() + self._tick()
        while not self._list.is_urgent and self._list.clock.now() < until:
            if not self._rows():
                return False
            with self._list.clock.until(until):
                await self._list.changed.wait()
        return True

    def _tick(self) -> float:
        """Return the seconds until the next look."""
        sweeps = len(self._rows()) / STATUSES_AT_ONCE
        wanted = SIGNALLED_TICK_SECONDS if self._list.signals_are_reliable else TICK_SECONDS
        tick = max(wanted, sweeps / (SWEEPS_SHARE * self._client.requests_per_second))
        return tick * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - not a secret

    async def _look(self) -> None:
        now = self._list.clock.now()
        self._list.is_urgent = False
        due = [row for row in self._rows() if row.due <= now]
        waiting = [0]
        async with anyio.create_task_group() as looks:
            for chunk in chunks(due, STATUSES_AT_ONCE):
                looks.start_soon(self._sweep, {str(row.video_id): row for row in chunk}, waiting)
        self._list.looked.notify()
        if due:
            self._client.pool.observe(waiting=waiting[0], running=len(due) - waiting[0])

    async def _sweep(self, rows: Mapping[str, InFlight], waiting: list[int]) -> None:
        """Ask for the statuses of up to 100 videos, and have those read that have ended."""
        try:
            async with self._places:
                entries = await self._client.videos.entries(rows)
        except AuthenticationError:
            raise
        except HeyGenError as exc:
            self._refused(exc)
            for row in list(rows.values()):
                await self._list.unseen(row, exc)
            return
        self._list.sweep_went(well=True)
        left_out: dict[str, InFlight] = dict(rows)
        for entry in entries:
            name = str(entry.get("video_id"))
            if name in left_out:
                waiting[0] += await self.judge(left_out.pop(name), entry.get("status"))
        for row in left_out.values():
            self.leave_out(row)

    def leave_out(self, row: InFlight) -> None:
        """Note that a bulk answer does not name a video: after two such answers it is asked for by itself."""
        row.left_out += 1
        row.odd = row.odd or row.left_out >= LEFT_OUT
        self._list.changed.notify()

    def _refused(self, error: HeyGenError) -> None:
        for_good = isinstance(error, APIError) and not error.retryable and not self._list.is_faithful
        if for_good:
            self._list.in_bulk = False
        self._list.sweep_went(well=False)
        self._list.changed.notify()
        then = "asking one by one" if for_good else "looking again"
        logger.warning("bulk statuses failed: %s; %s", error.gist, then)

    async def judge(self, row: InFlight, status: Any) -> bool:
        """Heed what a bulk look says of a video, and return True if it waits for its turn at HeyGen."""
        word = word_of(status)
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


def chunks(rows: Sequence[InFlight], size: int) -> Iterator[Sequence[InFlight]]:
    """Yield *rows* in pieces of *size*."""
    for begin in range(0, len(rows), size):
        yield rows[begin : begin + size]
