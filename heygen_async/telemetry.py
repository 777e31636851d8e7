"""What happened, as frozen events. An observer is any callable that takes one.

    def show(event: Event) -> None: ...
    HeyGen(observers=[show])

Observers run in the event loop between other work: they must be quick and must not block. One that
raises is logged and changes nothing. No event carries a script, a prompt, a recipient or the API key.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import attrs

logger = logging.getLogger("heygen_async")


@attrs.frozen(kw_only=True)
class Event:
    """The root of all events."""


@attrs.frozen(kw_only=True)
class RequestEnded(Event):
    """One attempt of one HTTP request is over.

    Attributes:
        method: Of the request.
        route: Its path with names for ids: `/v3/videos/{video_id}`.
        status: HTTP status; None where no answer came.
        seconds: From sending to the end.
        error: The class of the error it amounts to; None if it went well.
    """

    method: str
    route: str
    status: int | None
    seconds: float
    error: str | None = None


@attrs.frozen(kw_only=True)
class RetryPlanned(Event):
    """A request will be repeated after *seconds*, because of *error* (a class name)."""

    method: str
    route: str
    error: str
    seconds: float


@attrs.frozen(kw_only=True)
class JobSubmitted(Event):
    """A row's request was accepted: *resource_id* is being made and will be paid for."""

    index: int
    resource_id: str


@attrs.frozen(kw_only=True)
class JobRendered(Event):
    """A row's render ended and its slot is free; its download, if any, is still to come."""

    index: int
    resource_id: str
    status: str


@attrs.frozen(kw_only=True)
class SlotsLearnt(Event):
    """HeyGen refused a render for want of slots.

    Attributes:
        limit: How many renders the account takes at once, as far as that is known now; None if it is not.
        in_use: How many places are taken.
    """

    limit: int | None
    in_use: int


@attrs.frozen(kw_only=True)
class JobEnded(Event):
    """A row has its result. *error* is the class of the error; None if it is completed."""

    index: int
    resource_id: str | None
    error: str | None = None


Observer = Callable[[Event], None]


@attrs.frozen
class Telemetry:
    """The observers of one client."""

    observers: Sequence[Observer] = ()

    def emit(self, event: Event) -> None:
        """Tell every observer."""
        for observer in self.observers:
            try:
                observer(event)
            except Exception:
                logger.exception("the observer %r failed on %s", observer, type(event).__name__)
