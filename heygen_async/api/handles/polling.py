"""Waiting for the end of one render: when to look, what to forgive, when to give up.

Polling is not retrying: pauses that grow while a render runs only delay the news. The first look comes
at the time when renders begin to end, the others follow steadily.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import anyio
import attrs
from attrs import validators as v

from heygen_async.errors import DeadlineExceededError, HeyGenError

T = TypeVar("T")

DEADLINE_SECONDS = 3600.0  # HeyGen names 45 minutes as the far end of what a render takes

logger: logging.Logger = logging.getLogger("heygen_async")
_reported: set[str] = set()


@attrs.frozen(kw_only=True)
class Pace:
    """When to look: seconds until the first look, and between looks."""

    first: float = attrs.field(validator=v.ge(0))
    every: float = attrs.field(validator=v.gt(0))


DIRECT = Pace(first=20.0, every=5.0)
AGENT = Pace(first=45.0, every=10.0)
RESUMED = Pace(first=0.0, every=5.0)  # nobody knows how long it has been running: look at once


async def looks(look: Callable[[], Awaitable[T]], pace: Pace) -> AsyncIterator[T]:
    """Yield what *look* finds, at the *pace*, for ever. Trouble that may pass does not end it.

    Raises:
        HeyGenError: What *look* raised, if looking again cannot help (401, 404, ...).
    """
    await anyio.sleep(pace.first)
    while True:
        try:
            found = await look()
        except HeyGenError as exc:
            if not exc.retryable:
                raise
            logger.info("looking failed, will look again: %s", exc.gist)
        else:
            yield found
        await anyio.sleep(pace.every)


async def within(deadline: float, subject: str, resource_id: str, work: Callable[[], Awaitable[T]]) -> T:
    """Return what *work* returns, or say at the *deadline* that the render goes on."""
    with anyio.move_on_after(deadline):
        return await work()
    raise DeadlineExceededError(
        f"{subject} {resource_id} has not ended after {deadline:g} s. It goes on and is paid for; "
        f"wait for it again by its id",
        resource_id=resource_id,
        spent="yes",
    )


def note_status(status: str, known: frozenset[str]) -> None:
    """Log a status word that HeyGen has added, once; it counts as still running."""
    if status not in known and status not in _reported:
        _reported.add(status)
        logger.warning("unknown status %.60r counts as still running", status)
