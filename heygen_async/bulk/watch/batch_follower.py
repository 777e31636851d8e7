"""The batch follower: asks for batches as a whole until they have named their videos."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import anyio
from anyio.abc import TaskGroup

from heygen_async.api.client import Client
from heygen_async.api.handles.status import word_of
from heygen_async.bulk.jobs.in_flight import VIDEO, InFlight, Stage
from heygen_async.bulk.watch.sweep import NOT_BEGUN, TICK_SECONDS, Sweep
from heygen_async.bulk.watch.watchlist import Watchlist, failure_of
from heygen_async.errors import APIError, AuthenticationError, ContractError, HeyGenError, JournalError, NotFoundError

AT_ONCE = 8  # batches
QUEUED_SECONDS = 15.0  # between looks at items that wait for their turn at HeyGen: no render is known to be shorter

Entry = Mapping[str, Any]

logger: logging.Logger = logging.getLogger("heygen_async")


class BatchFollower:
    """Follows rows whose batch has not named their videos yet."""

    def __init__(self, client: Client, watchlist: Watchlist, sweep: Sweep, tasks: TaskGroup) -> None:
        """Ask through *client*; *sweep* judges items that have their videos; ends are told in *tasks*."""
        self._client = client
        self._list = watchlist
        self._sweep = sweep
        self._tasks = tasks
        self._places = anyio.Semaphore(AT_ONCE, fast_acquire=True)
        self._in_bulk = True
        self._unclear: set[str] = set()  # batches of which the last bulk answer did not tell everything
        self._asked: set[str] = set()  # batches that are being asked for

    async def run(self) -> None:
        """Look until everything has ended.

        Raises:
            AuthenticationError: The key is no longer accepted.
        """
        while not self._list.over:
            for batch_id in self._due():
                self._asked.add(batch_id)
                self._tasks.start_soon(self._look_at, batch_id)
            await self._list.wait(self._next_time())

    def _nameless(self) -> list[InFlight]:
        rendering = self._list.registry.at(Stage.RENDERING)
        return [
            row
            for row in rendering
            if row.batch_id is not None and row.video_id is None and row.batch_id not in self._asked
        ]

    def _due(self) -> list[str]:
        now = self._list.clock.now()
        return list(dict.fromkeys(str(row.batch_id) for row in self._nameless() if row.due <= now))

    def _next_time(self) -> float:
        return min((row.due for row in self._nameless()), default=math.inf)

    async def _look_at(self, batch_id: str) -> None:
        """Ask for all items of a batch: those whose turn has come have their video ids."""
        rows = {row.item: row for row in self._list.registry.at(Stage.RENDERING) if row.batch_id == batch_id}
        again = self._list.clock.now() + TICK_SECONDS
        for row in rows.values():
            if row.video_id is None:
                row.due = again
        try:
            async with self._places:
                is_clear = batch_id not in self._unclear | self._list.misnamed
                in_bulk = self._in_bulk and self._list.sweeps[VIDEO].in_bulk and is_clear
                entries = await (self._bulk_entries(batch_id) if in_bulk else self._own_entries(batch_id))
            await self._take(batch_id, rows, entries, is_own=not in_bulk)
        except (AuthenticationError, JournalError):
            raise
        except HeyGenError as exc:
            await self._failed(batch_id, rows, exc)
        finally:
            self._asked.discard(batch_id)
            self._list.changed.notify()

    async def _failed(self, batch_id: str, rows: Mapping[int | None, InFlight], error: HeyGenError) -> None:
        for_good = isinstance(error, APIError) and not error.retryable and not isinstance(error, NotFoundError)
        if for_good and self._in_bulk:
            self._in_bulk = False  # the batch itself may still be asked for
        self._unclear.add(batch_id)
        logger.info("looking at batch %s failed, will look again: %s", batch_id, error.gist)
        for row in list(rows.values()):
            if isinstance(error, NotFoundError):
                await self._list.missed(row, error)
            else:
                await self._list.unseen(row, error)

    async def _bulk_entries(self, batch_id: str) -> list[Entry]:
        """Return what HeyGen says of the items in bulk."""
        found = await self._client.videos.entries(batch_ids=[batch_id])
        if found and all(word_of(entry.get("status")) == "not_found" for entry in found):
            raise NotFoundError(f"batch {batch_id}: HeyGen does not know it")
        return list(found)

    async def _own_entries(self, batch_id: str) -> list[Entry]:
        """Return what the batch itself says of its items: the last bulk answer was unclear."""
        self._unclear.discard(batch_id)
        batch = await self._client.videos.batch(batch_id)
        return [
            {"item_index": i.item_index, "status": i.status, "video_id": i.video_id, "error": i.error}
            for i in batch.items
        ]

    async def _take(
        self, batch_id: str, rows: Mapping[int | None, InFlight], entries: list[Entry], *, is_own: bool
    ) -> None:
        """Note what a batch says of its items; all that it names is one write, and so are its ends.

        A name that several items have is believed of none.
        """
        named, waiting = [], 0
        told = {index: entry for entry in entries if (index := _index_of(entry)) in rows}
        names = Counter(str(entry.get("video_id")) for entry in told.values())
        for item, entry in told.items():
            row, video_id = rows[item], entry.get("video_id")
            if row.video_id is None and isinstance(video_id, str) and video_id and names[video_id] == 1:
                self._list.named(row, video_id)
                named.append(row)
        if named:
            await self._list.listener.named(named)
        for item, entry in told.items():
            if rows[item].stage is Stage.RENDERING:
                waiting += await self._judge(rows[item], entry, is_own=is_own)
        self._client.pool.observe(waiting=waiting, running=len(rows) - waiting)
        if any(_is_unclear(rows[item], entry) for item, entry in told.items()):
            self._unclear.add(batch_id)
        for item in rows.keys() - told.keys():
            await self._left_out(batch_id, rows[item])

    async def _left_out(self, batch_id: str, row: InFlight) -> None:
        if row.stage is not Stage.RENDERING:
            return
        if row.video_id is not None:
            self._sweep.leave_out(row)
            return
        self._unclear.add(batch_id)
        await self._list.unseen(row, ContractError(f"batch {batch_id}: the answer leaves item {row.item} out"))

    async def _judge(self, row: InFlight, entry: Entry, *, is_own: bool) -> bool:
        """Heed what is said of an item; that one without a video has failed is believed of the batch itself only."""
        status = entry.get("status")
        if row.video_id is not None:
            return await self._sweep.judge(row, status)
        if word_of(status) == "failed":
            if not is_own:
                self._unclear.add(str(row.batch_id))
                return False
            self._list.rendered(row, "failed")
            self._tasks.start_soon(self._list.end, row, failure_of(row, entry.get("error")))
            return False
        row.due, row.queued = self._list.clock.now() + QUEUED_SECONDS, True
        await self._list.seen(row)
        return True


def _index_of(entry: Entry) -> int | None:
    index = entry.get("item_index")
    return index if type(index) is int else None


def _is_unclear(row: InFlight, entry: Entry) -> bool:
    """Return True if a row has begun, by the word of its status, and has no id that reads."""
    return row.stage is Stage.RENDERING and row.video_id is None and word_of(entry.get("status")) not in NOT_BEGUN
