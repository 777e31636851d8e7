"""Results of rows, and the tally of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeAlias

import attrs

from heygen_async.api.handles.video import Video
from heygen_async.api.renders import SeenAsVideo
from heygen_async.api.requests.stored import StoredRequest
from heygen_async.bulk.jobs.job import Job, R
from heygen_async.bulk.rows.problems import counted
from heygen_async.errors import HeyGenError, Spent
from heygen_async.reprs import ShortRepr, html_table

if TYPE_CHECKING:
    from heygen_async.api.renders import RenderRequest


@attrs.frozen(kw_only=True, repr=False)
class Ended(ShortRepr, Generic[R]):
    """Fields of every result. R is the type of the row.

    Attributes:
        job: The job, with your row in it.
        resource_id: The video's id, or the session's if the session ended without a video; None if no request
            was submitted.
        seconds: Seconds from the submission until the end was noticed.
    """

    job: Job[R]
    resource_id: str | None
    seconds: float = 0.0

    @property
    def row(self) -> R:
        """The row of the job."""
        return self.job.row

    def to_record(self) -> dict[str, Any]:
        """Return the result as a plain dict, for tables: the cells of the row, then the facts of the result.

        The facts are `status` ("completed", "failed" or "unfinished"), `resource_id`, `file`, `duration` (seconds of
        video), `seconds` (until its end), `error_code` and `error`. A cell of the name of a fact is left out, and a row
        that is no mapping is in `row`.
        """
        cells = dict(self.row) if isinstance(self.row, Mapping) else {} if self.row is None else {"row": self.row}
        return {**cells, **self._facts(), "resource_id": self.resource_id, "seconds": round(self.seconds, 1)}

    def _facts(self) -> dict[str, Any]:
        return {"status": "unfinished", "file": None, "duration": None, "error_code": None, "error": None}

    @property
    def request(self) -> RenderRequest | StoredRequest:
        """The request of the job."""
        return self.job.request

    @property
    def index(self) -> int:
        """Place among the jobs of the run, from 0."""
        return self.job.index


@attrs.frozen(kw_only=True, repr=False)
class Completed(Ended[R]):
    """A rendered video.

    Attributes:
        video: The video as HeyGen describes it; its URLs are short-lived. A translation, lipsync or other result that
            is not a plain video is described as one here; `made` has it in its own type.
        file: Path of the stored video; None if no download was asked for or it failed.
        files: Paths of all stored files, by kind: "video", "captioned_video", "captions", "thumbnail", "gif". If a job
            makes several videos, the others are "video_2", "video_3", ...
        error: The reason why a file could not be stored; the video is at HeyGen and paid for. Otherwise None.
    """

    video: Video
    file: Path | None = None
    files: Mapping[str, Path] = attrs.field(factory=dict)
    error: HeyGenError | None = None

    def _facts(self) -> dict[str, Any]:
        return {
            **super()._facts(),
            **_error_facts(self.error),
            "status": "completed",
            "file": None if self.file is None else str(self.file),
            "duration": self.video.duration,
        }

    @property
    def made(self) -> Any:
        """The result in its own type: a `Translation`, `Lipsync`, `ClippedVideo`, ...; for a plain video, a `Video`."""
        return self.video.made if isinstance(self.video, SeenAsVideo) else self.video


@attrs.frozen(kw_only=True, repr=False)
class Failed(Ended[R]):
    """A row without a video.

    Attributes:
        error: The reason; `error.spent` says if the row cost money: "no", "yes" or "unknown".
    """

    error: HeyGenError

    def _facts(self) -> dict[str, Any]:
        return {**super()._facts(), **_error_facts(self.error), "status": "failed"}

    @property
    def code(self) -> str:
        """HeyGen's error code, or the name of the error's class if there is none. Failures are counted by it."""
        return code_of(self.error)


@attrs.frozen(kw_only=True, repr=False)
class Unfinished(Ended[R]):
    """A row that has no result in this run. If it was sent, its render goes on at HeyGen.

    Attributes:
        spent: "yes" if HeyGen's id is known, "unknown" if the POST was cut off, "no" if the row was not sent.
    """

    spent: Spent


def code_of(error: HeyGenError) -> str:
    """Return the code by which an error is counted: HeyGen's, or the name of its class."""
    return error.code or type(error).__name__


def _error_facts(error: HeyGenError | None) -> dict[str, Any]:
    return {} if error is None else {"error_code": code_of(error), "error": error.message}


Result: TypeAlias = Completed[R] | Failed[R]


@attrs.define(kw_only=True)
class Summary:
    """The tally of a run.

    Attributes:
        completed: Number of rows with a video.
        failed: Numbers of rows without a video, by `Failed.code`.
        not_stored: Number of completed rows of which a file could not be stored.
        at_stake: Number of failed rows that were paid for, or may have been.
        seconds_of_video: Total length of the videos in seconds, as HeyGen reports it.
    """

    completed: int = 0
    failed: Counter[str] = attrs.field(factory=Counter)
    not_stored: int = 0
    at_stake: int = 0
    seconds_of_video: float = 0.0

    def _repr_html_(self) -> str:
        """Return the tally as a table, for notebooks."""
        reasons = ", ".join(f"{count} {code}" for code, count in self.failed.most_common())
        rows: list[tuple[object, ...]] = [
            ("completed", self.completed, f"{self.seconds_of_video:.0f} seconds of video"),
            ("failed", self.failed.total(), reasons),
        ]
        rows += [("not stored", self.not_stored, "files that could not be downloaded")] if self.not_stored else []
        rows += [("look at these", self.at_stake, "failed, and perhaps paid for")] if self.at_stake else []
        return html_table(counted(self.completed + self.failed.total(), "row"), (), rows)

    def add(self, result: Result) -> None:
        """Count one result."""
        if isinstance(result, Completed):
            self.completed += 1
            self.not_stored += result.error is not None
            self.seconds_of_video += result.video.duration or 0.0
        else:
            self.failed[result.code] += 1
            self.at_stake += result.error.spent != "no"
