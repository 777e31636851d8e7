"""Polling of one render until it ends: pace, temporary errors, deadline.

The pauses between polls do not grow, because longer pauses would only delay the notice of the end. The first poll
comes when the fastest renders end.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import attrs
from attrs import validators as v

from heygen_async.account.server_clock import ServerClock
from heygen_async.errors import DeadlineExceededError, HeyGenError, NotFoundError

T = TypeVar("T")
Called = Callable[[T], object]  # a function of the user, plain or async

DEADLINE_SECONDS = 3600.0  # HeyGen names 45 minutes as the longest time of a render

logger: logging.Logger = logging.getLogger("heygen_async")
_reported: set[str] = set()


@attrs.frozen(kw_only=True)
class Pace:
    """The times of polls.

    Attributes:
        first: Seconds until the first poll.
        every: Seconds between polls.
        missing: Seconds for which a 404 is not believed: of a render that was just accepted and is paid for.
    """

    first: float = attrs.field(validator=v.ge(0))
    every: float = attrs.field(validator=v.gt(0))
    missing: float = attrs.field(default=0.0, validator=v.ge(0))


DIRECT = Pace(first=20.0, every=5.0, missing=300.0)
AGENT = Pace(first=45.0, every=10.0, missing=300.0)
RESUMED = Pace(first=0.0, every=5.0)  # the render may have been running for long, so poll at once


async def poll(look: Callable[[], Awaitable[T]], pace: Pace, clock: ServerClock) -> AsyncIterator[T]:
    """Call *look* at the *pace*, by *clock*, without end, and yield each result.

    Retryable errors are logged and passed over.

    Raises:
        NotFoundError: HeyGen has said for `pace.missing` seconds that there is no such render.
        HeyGenError: An error of *look* that is not retryable (401, 403, ...).
    """
    await clock.sleep(pace.first)
    missing_since: float | None = None
    while True:
        try:
            found = await look()
        except NotFoundError as exc:
            now = clock.now()
            missing_since = now if missing_since is None else missing_since
            if now - missing_since >= pace.missing:
                raise
            logger.info("not found, will look again: %s", exc.gist)
        except HeyGenError as exc:
            if not exc.retryable:
                raise
            logger.info("looking failed, will look again: %s", exc.gist)
        else:
            missing_since = None
            yield found
        await clock.sleep(pace.every)


async def wait_for(
    deadline: float, subject: str, resource_id: str, work: Callable[[], Awaitable[T]], clock: ServerClock
) -> T:
    """Return the result of *work*.

    Raises:
        DeadlineExceededError: *work* took longer than *deadline* seconds of *clock*. The render goes on.
    """
    with clock.move_on_after(deadline):
        return await work()
    raise DeadlineExceededError(
        f"{subject} {resource_id} has not ended after {deadline:g} s. It goes on and is paid for; "
        f"wait for it again by its id",
        resource_id=resource_id,
        spent="yes",
    )


async def last_of(statuses: Callable[[], AsyncIterator[T]], called: Called[T] | None) -> T:
    """Return the last of *statuses*, and call *called* with each."""
    seen: list[T] = []
    async for found in statuses():
        seen[:] = [found]
        await call(called, found)
    return seen[0]


async def call(function: Called[T] | None, value: T) -> None:
    """Call a function of the user, plain or async, if there is one."""
    if function is not None and inspect.isawaitable(returned := function(value)):
        await returned


def note_status(status: str, known: frozenset[str]) -> None:
    """Log a status that is not in *known*, once in the process. It counts as still running."""
    if status not in known and status not in _reported:
        _reported.add(status)
        logger.warning("unknown status %.60r counts as still running", status)
