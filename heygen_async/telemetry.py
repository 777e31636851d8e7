"""Events for observers, as frozen values. An observer is any callable that takes one.

    def show(event: Event) -> None: ...
    HeyGen(observers=[show])

Observers run in the event loop between other work: they must be quick and must not block. An observer's
exception is logged and goes no further. No event carries a script, a prompt, a recipient or the API key.
"""

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


@attrs.frozen(kw_only=True)
class JobEvent(Event):
    """An event of one row of one run.

    Attributes:
        index: The row's place in its run, from 0.
        run: Number of the run in this process, from 1, because each run counts its rows from 0; 0 for a single render.
        mode: Kind of the request: `avatar`, `video_agent`, ...; None if unknown.
    """

    index: int
    run: int = 0
    mode: str | None = None


@attrs.frozen(kw_only=True)
class JobTaken(JobEvent):
    """A row was taken from its list; nothing was sent for it yet in this run.

    Attributes:
        age: Seconds since the submission if an earlier run submitted the row, else 0.
    """

    age: float = 0.0


@attrs.frozen(kw_only=True)
class JobSubmitted(JobEvent):
    """A row's request was accepted: *resource_id* is being made and will be paid for.

    Attributes:
        resource_id: Id of the video, session or batch.
        age: Seconds since the submission if an earlier run submitted the row, else 0.
    """

    resource_id: str
    age: float = 0.0


@attrs.frozen(kw_only=True)
class JobRendered(JobEvent):
    """A row's render ended and its slot is free; its download, if any, is still to come.

    Attributes:
        resource_id: Id of the video, session or batch.
        status: HeyGen's last status: `completed`, `failed`, ...
        seconds: Time from the submission, or from the start of a batch's item, until the end was noticed; None if
            unknown.
    """

    resource_id: str
    status: str
    seconds: float | None = None


@attrs.frozen(kw_only=True)
class SlotsLearnt(Event):
    """HeyGen refused a render because no slot was free.

    Attributes:
        limit: Number of renders that the account takes at once, by the refusals so far; None if unknown.
        in_use: Number of slots in use.
    """

    limit: int | None
    in_use: int


@attrs.frozen(kw_only=True)
class JobEnded(JobEvent):
    """A row has its result.

    Attributes:
        resource_id: Id of the video, or of the session that made no video; None if the row was not submitted.
        error: Class name of the error; None if the row is completed.
        code: HeyGen's error code, else the error's class name.
        outcome: `completed`, `not_stored` (completed, but a file is missing) or `failed`; None if unknown.
    """

    resource_id: str | None
    error: str | None = None
    code: str | None = None
    outcome: str | None = None


@attrs.frozen(kw_only=True)
class JobLeft(JobEvent):
    """The run ended with this row under way: a submitted render goes on at HeyGen.

    Attributes:
        resource_id: Id of the video, session or batch; None if the POST was cut off.
        spent: "yes" if the id is known, "unknown" if the POST was cut off, "no" if the row was not sent.
    """

    resource_id: str | None
    spent: str


@attrs.frozen(kw_only=True)
class DownloadEnded(Event):
    """The download of one file of a video is over, with all its attempts.

    Attributes:
        kind: Kind of the file: `video`, `captions`, ...
        resource_id: Id of the video.
        seconds: Duration, with the waits between attempts.
        size_bytes: Size of the stored file; None if it was not stored.
        error: Class name of the error that it ended in; None if the file is stored.
        url: Address without its query, which has the signature; None if HeyGen gave none.
        row: The run and the index of the video's row, as in `JobEvent`; None outside of a run.
    """

    kind: str
    resource_id: str
    seconds: float
    size_bytes: int | None = None
    error: str | None = None
    url: str | None = None
    row: tuple[int, int] | None = None


@attrs.frozen(kw_only=True)
class UploadProgressed(Event):
    """Bytes of a file were sent. A repeated upload starts at 0 again.

    Attributes:
        upload: Number of the upload in this process, from 1.
        index: The file's place in `upload_many`, from 0.
        sent_bytes: Bytes handed over to the network so far.
        total_bytes: Size of the file.
    """

    upload: int
    index: int
    sent_bytes: int
    total_bytes: int


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
