"""The clock of an account's server: the seconds in which pauses, polls and deadlines are counted.

At HeyGen these are the seconds of the event loop. A simulator may be faster, and says so in each answer. The client
then keeps step, so that a render of two minutes is over in a moment on both sides.

It knows the date, too, by the `Date` of the answers: the clock of this machine may be wrong by hours.
"""

from __future__ import annotations

import asyncio
import email.utils
import math
import time
from collections.abc import Mapping

import anyio
import attrs

HEADER = "X-Simulator-Speed"
FASTEST = 100_000.0


@attrs.frozen
class Moment:
    """A moment by two clocks, either of which may be wrong.

    Attributes:
        wall: Unix time by the clock of this machine.
        server: Unix time by HeyGen's answers; None if it is not known.
    """

    wall: float
    server: float | None = None

    def most_since(self, then: Moment) -> float:
        """Return the most seconds that may have passed since *then*; negative if this machine's clock was set back."""
        by_wall = self.wall - then.wall
        if by_wall < 0 or self.server is None or then.server is None:
            return by_wall
        return max(by_wall, self.server - then.server)

    def least_since(self, then: Moment) -> float:
        """Return the least seconds that have passed since *then*; 0 if a clock was set back."""
        by_wall = self.wall - then.wall
        by_server = by_wall if self.server is None or then.server is None else self.server - then.server
        return max(0.0, min(by_wall, by_server))


@attrs.define(eq=False)
class ServerClock:
    """Seconds as the server counts them. It starts with the time of the event loop and never runs backwards.

    The time that a request takes on the network is not counted by it.

    Attributes:
        speed: Seconds of the server per second of the event loop.
    """

    speed: float = 1.0
    _then: float = 0.0  # server time at the last change of the speed
    _changed_at: float = 0.0  # loop time at the last change of the speed
    _zero: float | None = None  # Unix time at second 0 of this clock
    _date: str | None = None  # of the last answer, as its header says it

    def now(self) -> float:
        """Return the server's time in seconds."""
        return self.at(asyncio.get_running_loop().time())

    def at(self, loop_time: float) -> float:
        """Return the server's time at *loop_time*, as a thread without an event loop has to ask for it."""
        return self._then + (loop_time - self._changed_at) * self.speed

    def moment(self) -> Moment:
        """Return the present moment, by the clock of this machine and by HeyGen's, if an answer was seen."""
        return Moment(time.time(), None if self._zero is None else self._zero + self.now())

    def loop_time(self, time: float) -> float:
        """Return the time of the event loop at *time*, a time of the server."""
        # At the normal speed without a detour over the difference, which would round the time.
        if self.speed == 1.0 and not self._changed_at:
            return time
        return self._changed_at + (time - self._then) / self.speed

    def real(self, seconds: float) -> float:
        """Return how many seconds of the event loop so many seconds of the server are."""
        return seconds / self.speed

    async def sleep(self, seconds: float) -> None:
        """Sleep for so many seconds of the server."""
        await anyio.sleep(self.real(seconds))

    async def sleep_until(self, time: float) -> None:
        """Sleep until *time*, a time of the server."""
        await self.sleep(max(0.0, time - self.now()))

    def until(self, deadline: float, *, shield: bool = False) -> anyio.CancelScope:
        """Return a cancel scope that ends at *deadline*, a time of the server."""
        return anyio.CancelScope(deadline=self.loop_time(deadline), shield=shield)

    def move_on_after(self, seconds: float) -> anyio.CancelScope:
        """Return a cancel scope that ends after so many seconds of the server."""
        return anyio.CancelScope(deadline=asyncio.get_running_loop().time() + self.real(seconds))

    def read_date(self, headers: Mapping[str, str]) -> None:
        """Note the `Date` of an answer that has just come. Of equal ones, all of one second, the first is the best."""
        text = headers.get("Date", "")
        if text == self._date:
            return
        try:
            date = email.utils.parsedate_to_datetime(text).timestamp()
        except (TypeError, ValueError, OverflowError):
            return
        self._date = text
        self._zero = date - self.now()

    def heed(self, headers: Mapping[str, str]) -> None:
        """Keep step with a simulator, by the headers of its answer. An event loop that is fast itself needs less."""
        text = headers.get(HEADER)
        if text is None:
            return
        try:
            told = float(text)
        except ValueError:
            return
        if not 1.0 <= told <= FASTEST:
            return
        own = getattr(asyncio.get_running_loop(), "speed", 1.0)
        speed = max(1.0, told / own)
        if not math.isclose(speed, self.speed):
            self._then, self._changed_at, self.speed = self.now(), anyio.current_time(), speed
