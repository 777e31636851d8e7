"""Events for observers, as frozen values. An observer is any callable that takes one.

    def show(event: Event) -> None: ...
    HeyGen(observers=[show])

Observers run in the event loop between other work: they must be quick and must not block. One that
raises is logged and changes nothing. No event carries a script, a prompt, a recipient or the API key.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence

import attrs

logger: logging.Logger = logging.getLogger("heygen_async")


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
        server: Host that was asked; None if not told.
        port: Its port.
        attempt: Which try of the request it was, from 1.
    """

    method: str
    route: str
    status: int | None
    seconds: float
    error: str | None = None
    server: str | None = None
    port: int | None = None
    attempt: int = 1


@attrs.frozen(kw_only=True)
class RetryPlanned(Event):
    """A request will be repeated after *seconds*, because of *error* (a class name)."""

    method: str
    route: str
    error: str
    seconds: float


@attrs.frozen(kw_only=True)
class JobEvent(Event):
    """Something about one row of one run.

    Attributes:
        index: The row's place in its run, from 0.
        run: Which run of this process it is, because each counts its rows from 0.
        mode: What is made: `avatar`, `video_agent`, ...; None if not told.
    """

    index: int
    run: int = 0
    mode: str | None = None


@attrs.frozen(kw_only=True)
class JobSubmitted(JobEvent):
    """A row's request was accepted: *resource_id* is being made and will be paid for.

    Attributes:
        resource_id: Of the video, session or batch.
        age: Seconds since it was submitted, where an earlier run did that.
    """

    resource_id: str
    age: float = 0.0


@attrs.frozen(kw_only=True)
class JobRendered(JobEvent):
    """A row's render ended and its slot is free; its download, if any, is still to come.

    Attributes:
        resource_id: Of the video, session or batch.
        status: HeyGen's word for the end.
        seconds: From the submission, or a batch's turn, until the end was noticed; None if not told.
    """

    resource_id: str
    status: str
    seconds: float | None = None


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
class JobEnded(JobEvent):
    """A row has its result.

    Attributes:
        resource_id: Of the video, or of the session that made none; None if nothing was submitted.
        error: The class of the error; None if it is completed.
        code: HeyGen's word for the error, else its class.
        outcome: `completed`, `not_stored` (completed, but a file is missing) or `failed`; None if not told.
    """

    resource_id: str | None
    error: str | None = None
    code: str | None = None
    outcome: str | None = None


@attrs.frozen(kw_only=True)
class JobLeft(JobEvent):
    """The run was left with this row under way: what was submitted goes on at HeyGen.

    Attributes:
        resource_id: None if its POST was cut off.
        spent: "yes" if its id is known, else "unknown".
    """

    resource_id: str | None
    spent: str


@attrs.frozen(kw_only=True)
class UploadProgressed(Event):
    """Bytes of a file have gone out. An upload that begins anew begins at 0 again.

    Attributes:
        upload: Which upload of this process it is, from 1.
        index: The file's place in `upload_many`, from 0.
        sent_bytes: Handed over to the network so far.
        total_bytes: Of the file.
    """

    upload: int
    index: int
    sent_bytes: int
    total_bytes: int


Observer = Callable[[Event], None]


@attrs.frozen
class Telemetry:
    """The observers of one client."""

    observers: Sequence[Observer] = ()

    def emit(self, event: Event) -> None:
        """Tell every observer."""
        under_way = sys.exception()
        for observer in self.observers:
            try:
                observer(event)
            except Exception as exc:
                _forget(under_way, exc)
                logger.exception("the observer %r failed on %s", observer, type(event).__name__)


def _forget(under_way: BaseException | None, error: BaseException) -> None:
    """Take the error that was being handled anyway out of an observer's: its message is not for a log."""
    one: BaseException | None = error
    while one is not None:
        if one.__context__ is under_way:
            one.__context__ = None
        one = one.__cause__ or one.__context__
