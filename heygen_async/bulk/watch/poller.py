"""The poller: followers side by side, each with its own pace and its own places. None waits for another."""

from __future__ import annotations

import anyio

from heygen_async.api.client import Client
from heygen_async.bulk.jobs.in_flight import SWEPT, VIDEO
from heygen_async.bulk.watch.batch_follower import BatchFollower
from heygen_async.bulk.watch.detail_reader import DetailReader
from heygen_async.bulk.watch.session_follower import SessionFollower
from heygen_async.bulk.watch.single_follower import SingleFollower
from heygen_async.bulk.watch.sweep import Sweep
from heygen_async.bulk.watch.watchlist import Watchlist


class Poller:
    """Watches renders until they end and reports each once."""

    def __init__(self, client: Client, watchlist: Watchlist) -> None:
        """Ask through *client* about the renders on *watchlist*."""
        self._client = client
        self._list = watchlist

    async def run(self) -> None:
        """Look until everything has ended.

        Raises:
            AuthenticationError: The key is no longer accepted, so nothing can be seen.
        """
        async with anyio.create_task_group() as reading:
            details = DetailReader(self._client, self._list, reading)
            singles = DetailReader(self._client, self._list, reading)
            sweeps = {swept: Sweep(self._client, self._list, details, swept) for swept in SWEPT}
            async with anyio.create_task_group() as followers:
                for sweep in sweeps.values():
                    followers.start_soon(sweep.run)
                followers.start_soon(BatchFollower(self._client, self._list, sweeps[VIDEO], reading).run)
                followers.start_soon(SessionFollower(self._client, self._list, reading).run)
                followers.start_soon(SingleFollower(self._list, singles).run)
