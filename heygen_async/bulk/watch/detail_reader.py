"""The detail reader: asks for single renders, and reports those that have ended."""

from __future__ import annotations

import logging

import anyio
from anyio.abc import TaskGroup

from heygen_async.api.client import Client
from heygen_async.api.renders import look
from heygen_async.bulk.jobs.in_flight import InFlight, Stage
from heygen_async.bulk.watch.watchlist import Watchlist
from heygen_async.errors import AuthenticationError, HeyGenError, JournalError

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
        else:
            await self._list.missed(row, error)
