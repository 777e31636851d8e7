"""`Telemetry`: hands events to observers; and the events of requests."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar

import attrs

logger: logging.Logger = logging.getLogger("heygen_async")


@attrs.frozen(kw_only=True)
class Event:
    """The base class of all events."""


@attrs.frozen(kw_only=True)
class RequestEnded(Event):
    """One attempt of one HTTP request is over.

    Attributes:
        method: HTTP method of the request.
        route: Path of the request with names for ids: `/v3/videos/{video_id}`.
        status: HTTP status; None if no answer came.
        seconds: Duration of the attempt.
        error: Class name of the error that it ended in; None if it succeeded.
        server: Host of the server; None if unknown.
        port: Port of the server; None if unknown.
        attempt: Number of the attempt, from 1.
        request_id: HeyGen's id of the request; None if no answer came.
        url: Address without its query; None if unknown.
        row: The run and the index of the row that it was sent for, as in `JobEvent`; None if for no row or for several.
    """

    method: str
    route: str
    status: int | None
    seconds: float
    error: str | None = None
    server: str | None = None
    port: int | None = None
    attempt: int = 1
    request_id: str | None = None
    url: str | None = None
    row: tuple[int, int] | None = None


@attrs.frozen(kw_only=True)
class RetryPlanned(Event):
    """A request will be repeated after *seconds*, because of *error* (a class name)."""

    method: str
    route: str
    error: str
    seconds: float


Observer = Callable[[Event], None]

_ROW: ContextVar[tuple[int, int] | None] = ContextVar("heygen_async_row", default=None)


@contextlib.contextmanager
def for_row(run: int, index: int) -> Iterator[None]:
    """Mark what this task does meanwhile as work for one row."""
    token = _ROW.set((run, index))
    try:
        yield
    finally:
        _ROW.reset(token)


def current_row() -> tuple[int, int] | None:
    """Return the run and the index of the row that this task works for; None if for none."""
    return _ROW.get()


@attrs.frozen
class Telemetry:
    """The observers of one client."""

    observers: Sequence[Observer] = ()

    def emit(self, event: Event) -> None:
        """Call every observer with *event*."""
        being_handled = sys.exception()
        for observer in self.observers:
            try:
                observer(event)
            except Exception as exc:
                _remove_context(exc, being_handled)
                logger.exception("the observer %r failed on %s", observer, type(event).__name__)


def _remove_context(error: BaseException, being_handled: BaseException | None) -> None:
    """Detach *being_handled* from an observer's *error*: its message may quote a script and must not be logged."""
    link: BaseException | None = error
    while link is not None:
        if link.__context__ is being_handled:
            link.__context__ = None
        link = link.__cause__ or link.__context__
