"""Guards hold a run back: a budget, a canary, a breaker. Each says no before a row is sent, and never afterwards."""

from __future__ import annotations

import inspect
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Sequence

from heygen_async.bulk.jobs.in_flight import InFlight, Registry
from heygen_async.bulk.jobs.outcomes import Failed, Result
from heygen_async.bulk.rows.problems import counted
from heygen_async.changed import Changed
from heygen_async.errors import BreakerTrippedError, CanaryFailedError, InvalidInputError

Approve = Callable[[Sequence[Result]], Awaitable[bool] | bool]  # plain or async


class Guard:
    """Holds nothing back; the others are kinds of it."""

    def __init__(self) -> None:
        """Begin without any result."""
        self._changed = Changed()
        self._registry = Registry()

    def watch(self, registry: Registry) -> None:
        """Judge by the rows of *registry*."""
        self._registry = registry

    def admits(self, row: InFlight) -> bool:  # noqa: ARG002 - the others look at it
        """Return True if *row* may be sent now; False: not before something has changed.

        Raises:
            RunPausedError: It may not, and no further one.
        """
        return True

    def problem(self, row: InFlight) -> InvalidInputError | None:  # noqa: ARG002 - the others look at it
        """Return the reason why *row* can never be sent under this guard; None if it can."""
        return None

    async def changed(self) -> None:
        """Return at the next change. Whoever waits here must hold no render slot."""
        await self._changed.wait()

    def wake(self) -> None:
        """Let whoever waits look around."""
        self._changed.notify()

    def adopt(self, row: InFlight) -> None:
        """Note that *row* is under way since an earlier run."""

    def begun_again(self, row: InFlight) -> None:
        """Note that *row* is to be sent under a new key; what its former key made may be paid for all the same."""

    def settled(self, result: Result) -> None:
        """Note that it is known how a row ended and what it cost; its files may still come."""

    def ended(self, result: Result) -> None:
        """Note that a row has its result, files and all."""


class Guards(Guard):
    """Several at once."""

    def __init__(self, guards: Sequence[Guard]) -> None:
        """Ask each of *guards*, in their order."""
        super().__init__()
        self._guards = guards
        self._refused: Guard = self

    def watch(self, registry: Registry) -> None:
        """Tell each."""
        for guard in self._guards:
            guard.watch(registry)

    def admits(self, row: InFlight) -> bool:
        """Ask each; the first that refuses is the one to wait for."""
        for guard in self._guards:
            if not guard.admits(row):
                self._refused = guard
                return False
        return True

    def problem(self, row: InFlight) -> InvalidInputError | None:
        """Ask each for a reason."""
        return next((problem for guard in self._guards if (problem := guard.problem(row)) is not None), None)

    async def changed(self) -> None:
        """Wait for the one that refused."""
        await self._refused.changed()

    def wake(self) -> None:
        """Wake each."""
        for guard in self._guards:
            guard.wake()

    def adopt(self, row: InFlight) -> None:
        """Tell each."""
        for guard in self._guards:
            guard.adopt(row)

    def begun_again(self, row: InFlight) -> None:
        """Tell each."""
        for guard in self._guards:
            guard.begun_again(row)

    def settled(self, result: Result) -> None:
        """Tell each."""
        for guard in self._guards:
            guard.settled(result)
            guard.wake()

    def ended(self, result: Result) -> None:
        """Tell each."""
        for guard in self._guards:
            guard.ended(result)
            guard.wake()


class Pause(Guard):
    """Holds every row back while a person wishes it.

    Attributes:
        is_on: True if no row may be sent.
    """

    is_on: bool = False

    def admits(self, row: InFlight) -> bool:  # noqa: ARG002 - the row does not matter
        """Let rows through unless it is on."""
        return not self.is_on

    def set(self, *, is_on: bool) -> None:
        """Hold rows back, or let them go on."""
        self.is_on = is_on
        self.wake()

    def is_under_way(self, index: int) -> bool:
        """Return True if the run has the row with this index in its hands."""
        return self._registry.get(index) is not None


class Canary(Guard):
    """Sends the first rows alone; the others go when those are there, files and all."""

    def __init__(self, count: int, approve: Approve | None = None, rendered: int = 0) -> None:
        """Hold all but the first *count* rows back until those are good; then ask *approve*, if it is given.

        *rendered* is the number of rows that earlier runs have rendered well: so many fewer go first.
        """
        super().__init__()
        self._count = max(0, count - rendered)
        self._approve = approve
        self._approved = approve is None
        self._admitted = 0
        self._ended: list[Result] = []
        self._passed = False

    def admits(self, row: InFlight) -> bool:
        """Let the first rows through, and the others when those are good."""
        if self._passed or row.is_canary:
            return True
        if self._admitted < self._count:
            self._admitted += 1
            row.is_canary = True
            return True
        if len(self._ended) < self._admitted:
            return False
        bad = [result for result in self._ended if result.error is not None]
        if bad:
            raise CanaryFailedError(
                f"{len(bad)} of the first {counted(len(self._ended), 'row')} failed, so no other was sent; the "
                f"first of them: {bad[0].error}"
            )
        self._passed = self._approved
        return self._passed

    async def changed(self) -> None:
        """Wait for the first rows, then for somebody's approval.

        Raises:
            CanaryFailedError: It was refused.
        """
        if self._approve is None or len(self._ended) < self._admitted:
            await super().changed()
            return
        answer = self._approve(tuple(self._ended))
        self._approved = await answer if inspect.isawaitable(answer) else answer
        if not self._approved:
            first = (
                f"the first {counted(len(self._ended), 'row')}" if self._ended else "the first rows, of an earlier run,"
            )
            raise CanaryFailedError(f"{first} were not approved of, so no other was sent")

    def adopt(self, row: InFlight) -> None:
        """Count a row that an earlier run has sent as one of the first."""
        if not self._passed and self._admitted < self._count:
            self._admitted += 1
            row.is_canary = True

    def ended(self, result: Result) -> None:
        """Take a result in."""
        row = self._registry.get(result.index)
        if not self._passed and row is not None and row.is_canary:
            self._ended.append(result)


class Breaker(Guard):
    """Stops a run whose rows fail alike: one code, so many of the last so many rows."""

    def __init__(self, failures: int, of: int) -> None:
        """Trip when *failures* of the last *of* rows failed with one code."""
        super().__init__()
        self._failures = failures
        self._last: deque[str | None] = deque(maxlen=of)
        self._examples: dict[str, Failed] = {}
        self._tripped: BreakerTrippedError | None = None

    def admits(self, row: InFlight) -> bool:  # noqa: ARG002 - the row does not matter
        """Say no once it has tripped."""
        if self._tripped is not None:
            raise self._tripped
        return True

    def ended(self, result: Result) -> None:
        """Count a row by its code; messages differ where the trouble is the same."""
        code = result.code if isinstance(result, Failed) else None
        self._last.append(code)
        if code is None or self._tripped is not None:
            return
        count = Counter(self._last)[code]
        if count >= self._failures:
            self._tripped = BreakerTrippedError(
                f"{count} of the last {counted(len(self._last), 'row')} failed with {code}, so no other was sent; "
                f"the last: {result.error}",
                code=code,
            )


def guards(
    *,
    pause: Pause | None = None,
    budget: Guard | None = None,
    canary: int | None = None,
    approve: Approve | None = None,
    breaker: tuple[int, int] | None = None,
    rendered: int = 0,
) -> Guard:
    """Return what holds a run back. The budget comes last: what others refuse reserves nothing."""
    chosen: Iterable[Guard | None] = (
        pause,
        None if breaker is None else Breaker(*breaker),
        None if canary is None else Canary(canary, approve, rendered),
        budget,
    )
    return Guards([guard for guard in chosen if guard is not None])
