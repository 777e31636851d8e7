"""The account's render slots: how many renders may run at once, learnt from refusals, shared by all runs of a client.

HeyGen does not publish the number of slots, and other programs may use them too. A 429 on a POST while k accepted
renders run shows that k slots exist now, if it is about slots. The limit is set to k, and one more render is tried
soon, and later from time to time.

A 429 may as well be about requests, which are counted by the minute, and HeyGen's answer does not tell. It was about
requests if more renders than k are accepted afterwards. Then the limit is dropped, and requests are sent more slowly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import attrs

from heygen_async.account.rate_limit import LONGEST_PAUSE_SECONDS, pause_after
from heygen_async.account.server_clock import ServerClock
from heygen_async.changed import Changed

InFlight = int | Literal["auto"] | Callable[[], int]
Cause = Literal["slots", "pace", "storm"]

PROBE_SECONDS = 400.0  # between probes of one more render, after several were refused
PROBES = (5.0, 15.0, 60.0, PROBE_SECONDS)  # seconds until the next probe, after none, one, two ... were refused
PROBE_AGAIN_SECONDS = 1.0  # after a probe was accepted: the pool has grown, perhaps by more
SURE_AGAIN_SECONDS = 15.0  # the same, where many probes were refused: a render may have ended unnoticed
ROOM = 4  # renders that a slow start tries at first, beyond those that run
UNSEEN, UNSEEN_SHARE = 2, 0.05  # renders that may have ended at HeyGen and are not noticed yet: number, and share
REPEATS = 3  # refusals at about one number of renders, after which slots are the reason again; twice so many: for sure
WAIT_SECONDS = 5.0  # after a refusal without Retry-After


@attrs.define(eq=False)
class RenderPool:
    """The render slots of one account.

    Attributes:
        limit: Most renders at once, by past refusals; infinite before the first one.
        accepted: Number of running renders that HeyGen has accepted.
        peak: Most renders that ran at once.
        changed: Notified whenever a slot may have become free.
        clock: Counts the pauses.
    """

    limit: float = math.inf
    peak: int = 0
    _accepted: set[object] = attrs.field(factory=set)
    _posting: set[object] = attrs.field(factory=set)
    _refusals: int = 0  # in a row, each of a POST that was sent after the one before
    _closed_until: float = -math.inf
    _trial: object | None = None  # the one POST that may go out after a refusal, until one is accepted
    _trial_until: float = -math.inf  # without an answer, others need not wait any longer
    _slow_start: bool = False
    _probe: object | None = None  # the one POST that may go out above the limit
    _probe_at: float = math.inf
    _refused_probes: int = 0  # at about the present limit; decides the time of the next one
    _refused_at: int = 0  # number of running renders about which refusals came last
    _sure_of: int = -1000  # number of renders at which a whole series of probes was refused
    _repeats: int = 0  # further refusals at about that number
    _refused_with_room: bool = False  # a POST was refused while fewer renders ran than at the refusal before
    _blames_requests: bool = False
    changed: Changed = attrs.field(factory=Changed)
    clock: ServerClock = attrs.field(factory=ServerClock, kw_only=True)

    @property
    def accepted(self) -> int:
        """The number of running renders."""
        return len(self._accepted)

    @property
    def in_use(self) -> int:
        """The number of slots in use, by running renders and by POSTs without an answer yet."""
        return len(self._accepted) + len(self._posting)

    @property
    def is_open(self) -> bool:
        """True if there is room for one more render below the limit."""
        return not self._is_closed and self.in_use < self.limit

    async def enter(self, ticket: object, start: float = math.inf) -> None:
        """Wait until *ticket* may POST. *start* is the limit until the first answer."""
        if self.limit == math.inf and start < math.inf and not self._accepted:
            self.limit = start
            self._slow_start = True
        while not self._may_post(ticket):
            await self.wait()
        self._posting.add(ticket)

    def join(self, tickets: Iterable[object]) -> None:
        """Let *tickets* go out in the POST of another one that may."""
        self._posting.update(tickets)

    def succeeded(self, ticket: object) -> None:
        """Record that HeyGen accepted the render of *ticket*."""
        self._posting.discard(ticket)
        self._accepted.add(ticket)
        self._count_peak()
        has_room = ticket is self._trial and self._refused_with_room
        if ticket is self._trial:
            self._refusals, self._trial, self._closed_until, self._refused_with_room = 0, None, -math.inf, False
        elif self._refusals:  # it was sent before the refusal, and belongs to what runs
            self._refused_at = max(self._refused_at, len(self._accepted))
        if self._slow_start:
            self.limit += 1
        elif ticket is self._probe:
            self.limit += 1
            again = SURE_AGAIN_SECONDS if self._is_sure else PROBE_AGAIN_SECONDS
            self._probe, self._probe_at = None, self.clock.now() + again
        self.limit = max(self.limit, len(self._accepted))
        if not self._slow_start and self.limit < math.inf and (has_room or self._has_grown):
            self._blame_requests()
        self.changed.notify()

    def refused(self, tickets: Sequence[object], wait: float | None, *, crowded: bool) -> Cause:
        """Record that HeyGen refused a POST with a 429, and return the likely cause.

        The cause is "slots" if there is no room for the render, "pace" if requests are sent too fast, and "storm" if
        HeyGen goes on refusing them, however slowly they are sent.

        Args:
            tickets: The tickets of the POST: one, or several for a batch.
            wait: Seconds that HeyGen asked to wait.
            crowded: True if HeyGen refuses reads too: then requests are too many, and the pool may have room.
        """
        self._posting.difference_update(tickets)
        is_news, is_probe = not self._refusals or self._trial in tickets, self._probe in tickets
        if is_probe:
            self._probe = None
        if is_news:
            self._pause(wait)
        if is_news and not crowded:
            self._judge(tickets, is_probe=is_probe)
        self.changed.notify()
        if not crowded and not self._blames_requests:
            return "slots"
        return "pace" if is_news and self._refusals == 1 else "storm"

    def pause(self, seconds: float) -> None:
        """Let no POST pass for so many seconds from now; the limit stays as it is."""
        self._closed_until = max(self._closed_until, self.clock.now() + seconds)

    def leave(self, ticket: object) -> None:
        """Free the slot of *ticket*, if it has one: its render has ended, or was not accepted."""
        if ticket in self._accepted:
            self._accepted.discard(ticket)
            if self._refusals == 1:  # a slot is free for certain; slots are no reason for several refusals in a row
                self._closed_until = -math.inf
        self._posting.discard(ticket)
        if ticket is self._trial:
            self._trial = None
        if ticket is self._probe:
            self._probe = None
        self.changed.notify()

    def observe(self, *, waiting: int, running: int) -> None:
        """Stop growing if more accepted renders wait at HeyGen than run: it queues renders instead of refusing them."""
        if waiting > running and waiting > 1 and self.limit < math.inf:
            self.limit = max(1, min(self.limit, len(self._accepted)))
            self._slow_start = self._blames_requests = False
            self._probe, self._probe_at = None, self.clock.now() + PROBE_SECONDS

    def _count_peak(self) -> None:
        self.peak = max(self.peak, len(self._accepted))

    @property
    def _has_grown(self) -> bool:
        """True if more renders were accepted than ran at a refusal, even if some have ended unnoticed."""
        return len(self._accepted) > self._refused_at + unseen(self._refused_at)

    @property
    def _is_sure(self) -> bool:
        """True if a whole series of probes was refused at about the present number of renders."""
        return abs(len(self._accepted) - self._sure_of) <= unseen(self._sure_of)

    def _judge(self, tickets: Sequence[object], *, is_probe: bool) -> None:
        """Lower the limit after a refusal, unless requests are the likely reason."""
        running, is_sure, is_first = len(self._accepted), self._is_sure, self._refusals == 1
        margin = unseen(self._refused_at)
        self._refused_with_room |= not is_probe and running < self._refused_at - margin
        self._repeats += is_first
        if running > self._refused_at + margin or (is_first and running < self._refused_at - margin):
            self._refused_at, self._repeats = running, 0
        if self._blames_requests and is_first and self._repeats < REPEATS and not is_sure:
            return
        if self._blames_requests:
            self._refused_at, self._repeats = running, 0
        self._blames_requests = False
        self.limit = max(1, running)
        self._plan_probe(is_probe=is_probe, is_sure=is_sure)
        # A refused batch shows that there is no room for all of it; the slow start finds the room for single ones.
        self._slow_start = len(tickets) > 1
        if self._slow_start:
            self._probe_at = math.inf

    def _plan_probe(self, *, is_probe: bool, is_sure: bool) -> None:
        """Set the time of the next probe, by how many were refused, or accepted and found no lasting room."""
        last = len(PROBES) - 1
        if is_probe:
            self._refused_probes = min(self._refused_probes + 1, last)
        elif self._refusals == 1 and self._repeats == 0:
            self._refused_probes = last if is_sure else 0
        elif self._refusals == 1 and self._repeats >= 2 * REPEATS:
            self._refused_probes = last
        if self._refused_probes == last and not self._refused_with_room:
            self._sure_of = len(self._accepted)
        self._probe, self._probe_at = None, self.clock.now() + PROBES[self._refused_probes]

    def _blame_requests(self) -> None:
        """Drop the limit by a slow start, and lower it no more while the number of renders grows."""
        self._blames_requests, self._slow_start = True, True
        self._refused_at, self._repeats = len(self._accepted), 0
        self.limit = max(self.limit, len(self._accepted) + ROOM)
        self._probe, self._probe_at = None, math.inf

    @property
    def _is_closed(self) -> bool:
        now = self.clock.now()
        return now < self._closed_until or (self._trial is not None and now < self._trial_until)

    def _pause(self, wait: float | None) -> None:
        """Close the pool for a while after a refusal, and then let one POST at a time try."""
        self._refusals += 1
        self._trial = None
        asked = WAIT_SECONDS if wait is None else wait
        self._closed_until = max(self._closed_until, self.clock.now() + pause_after(self._refusals, asked))

    def _may_post(self, ticket: object) -> bool:
        has_room = self.is_open
        if not has_room and (self._is_closed or not self._is_time_to_probe):
            return False
        if not has_room:
            self._probe = ticket
        if self._refusals:
            self._trial, self._trial_until = ticket, self.clock.now() + LONGEST_PAUSE_SECONDS
        return True

    @property
    def _is_time_to_probe(self) -> bool:
        return self._probe is None and self._probe_at <= self.clock.now() and not self._posting

    async def wait(self) -> None:
        """Wait for the next change of the pool, or for the end of its pause, or for the time of its next probe."""
        now, due = self.clock.now(), math.inf
        for at in (self._closed_until, self._trial_until, self._probe_at):
            if at > now:
                due = min(due, at)
        await self.changed.wait(self.clock.loop_time(due))


def unseen(count: int) -> float:
    """Return how many of *count* renders may have ended at HeyGen and not been noticed yet."""
    return UNSEEN + UNSEEN_SHARE * count
