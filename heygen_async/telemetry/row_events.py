"""Events of rows, slots, downloads and uploads."""

from __future__ import annotations

import attrs

from heygen_async.telemetry.telemetry import Event


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
