"""The detail reader: asks for single renders, and reports those that have ended."""

from __future__ import annotations

import logging

import anyio
from anyio.abc import TaskGroup

from heygen_async.api.client import Client
from heygen_async.api.handles.video import Video
from heygen_async.api.renders import look
from heygen_async.bulk.jobs.in_flight import InFlight, Stage
from heygen_async.bulk.watch.watchlist import Watchlist
from heygen_async.errors import AuthenticationError, HeyGenError, JournalError, NotFoundError
from heygen_async.telemetry import for_row

AT_ONCE = 32  # requests of one reader
AGAIN_SECONDS = 5.0  # until the next look at a render that HeyGen's lists call ended and its details do not

logger: logging.Logger = logging.getLogger("heygen_async")


class DetailReader:
    """Reads the details of renders, each in a task of its own; a slow answer delays no other render."""

    def __init__(self, client: Client, watchlist: Watchlist, tasks: TaskGroup) -> None:
        """Read through *client* in *tasks*."""
        self._client = client
        self._list = watchlist
        self._tasks = tasks
        self._places = anyio.Semaphore(AT_ONCE, fast_acquire=True)

    def start(self, row: InFlight) -> None:
        """Read a render, unless that is being done."""
        if not row.being_read:
            row.being_read = True
            self._tasks.start_soon(self._read_until_settled, row)

    def end(self, row: InFlight, video: Video) -> None:
        """Report a render whose details are here already."""
        row.being_read = True
        self._tasks.start_soon(self._list.end, row, video)

    async def _read_until_settled(self, row: InFlight) -> None:
        """Read once; of a render that is said to have ended, until the details say so too."""
        try:
            await self._read(row)
            while row.stage is Stage.READING:
                await self._list.clock.sleep(AGAIN_SECONDS)
                await self._read(row)
        finally:
            row.being_read = False

    async def _read(self, row: InFlight) -> None:
        try:
            async with self._places:
                with for_row(row.run, row.index):
                    video = await look(self._client, row.kind, row.video_id or "")
        except (AuthenticationError, JournalError):
            raise
        except HeyGenError as exc:
            await self._failed(row, exc)
            return
        if video.ended:
            self._list.rendered(row, video.status)
            await self._list.end(row, video)
        else:
            await self._list.seen(row)

    async def _failed(self, row: InFlight, error: HeyGenError) -> None:
        if error.retryable:
            logger.info("looking failed, will look again: %s", error.gist)
            await self._list.unseen(row, error)
        elif not (isinstance(error, NotFoundError) and await self._is_renamed(row)):
            await self._list.missed(row, error)

    async def _is_renamed(self, row: InFlight) -> bool:
        """Ask the batch of an unknown video for its id, which a bulk answer may have told wrong; True if it differs.

        It is asked at the first look that finds nothing, and before such looks are believed.
        """
        if row.batch_id is None or not (row.misses == 0 or self._list.believes_next_miss(row)):
            return False
        try:
            async with self._places:
                batch = await self._client.videos.batch(row.batch_id)
        except (AuthenticationError, JournalError):
            raise
        except HeyGenError as exc:
            logger.info("looking at batch %s failed: %s", row.batch_id, exc.gist)
            return False
        names = {item.item_index: item.video_id for item in batch.items}
        if names.get(row.item or 0, row.video_id) == row.video_id:
            return False
        await self._list.renamed(row, names[row.item or 0])
        return True
