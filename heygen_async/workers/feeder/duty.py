"""The duty of the feeder, as one worker has it: DBOS runs the feeder's workflow here, or on another worker."""

from __future__ import annotations

import time

import attrs

from heygen_async.workers.dbos_engine import Dispatcher
from heygen_async.workers.feeder.fleet_feeder import FleetFeeder
from heygen_async.workers.fleet_tables import in_thread

LOOK_SECONDS, LOOKS = 0.25, 20  # real seconds between looks for the feeder to begin, and looks until asked again


@attrs.define(eq=False)
class Duty:
    """Begins and ends the feeder in one worker."""

    _address: str
    _account: str
    _queue: str
    _dispatcher: Dispatcher
    _feeder: FleetFeeder | None = None
    _feeds_as: str | None = None  # name under which this worker last began to be the feeder

    @property
    def is_here(self) -> bool:
        """True while this worker is the feeder."""
        return self._feeder is not None and not self._feeder.is_over

    async def take(self, owner: str) -> None:
        """Have the feeder's workflow run here; asked again, because an earlier run of it may just be ending."""
        while self._feeds_as != owner:
            await in_thread(self._dispatcher.take_duty, self._account, self._queue)
            for _ in range(LOOKS):
                await in_thread(time.sleep, LOOK_SECONDS)
                if self._feeds_as == owner:
                    return

    async def feed(self, owner: str) -> None:
        """Be the feeder until the duty is another worker's. This is the body of a durable workflow."""
        before, self._feeds_as = self._feeder, owner
        self._feeder = await in_thread(FleetFeeder, self._address, self._account, owner, self._dispatcher)
        if before is not None:
            before.stop()
            await in_thread(before.close)
        await self._feeder.run()

    def hurry(self) -> None:
        """Look for rows that have become due at once."""
        if self._feeder is not None:
            self._feeder.hurry()

    def stop(self) -> None:
        """End the feeding."""
        if self._feeder is not None:
            self._feeder.stop()

    def close(self) -> None:
        """Close the feeder's connections."""
        if self._feeder is not None:
            self._feeder.close()
