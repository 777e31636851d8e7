"""How a row ended, and how a run did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from heygen_async.api.handles.video import Video
from heygen_async.api.renders import SeenAsVideo
from heygen_async.api.requests.stored import StoredRequest
from heygen_async.bulk.jobs.job import Job
from heygen_async.errors import HeyGenError, Spent

if TYPE_CHECKING:
    from heygen_async.api.renders import RenderRequest


@attrs.frozen(kw_only=True)
class Ended:
    """What all results have.

    Attributes:
        job: The job, with your row in it.
        resource_id: The video's id, or the session's where a session ended without a video; None if nothing
            was submitted.
        seconds: From the submission to the end as seen here.
    """

    job: Job
    resource_id: str | None
    seconds: float = 0.0

    @property
    def row(self) -> Any:
        """Your row."""
        return self.job.row

    @property
    def request(self) -> RenderRequest | StoredRequest:
        """What was asked."""
        return self.job.request

    @property
    def index(self) -> int:
        """The place among the jobs, from 0."""
        return self.job.index


@attrs.frozen(kw_only=True)
class Completed(Ended):
    """A rendered video.

    Attributes:
        video: As HeyGen describes it; its URLs are short-lived. What is no plain video is seen as one: `made`.
        file: Where it was stored; None if no download was asked for or it failed.
        files: All files that were stored, by kind: "video", "captioned_video", "captions", "thumbnail", "gif"; further
            films of a job that makes several as "video_2", "video_3", ...
        error: Why a file could not be stored. The video is there and paid for all the same.
    """

    video: Video
    file: Path | None = None
    files: Mapping[str, Path] = attrs.field(factory=dict)
    error: HeyGenError | None = None

    @property
    def made(self) -> Any:
        """What was made: a `Translation`, `Lipsync`, `ClippedVideo`, ...; of a video the `Video` itself."""
        return self.video.made if isinstance(self.video, SeenAsVideo) else self.video


@attrs.frozen(kw_only=True)
class Failed(Ended):
    """A row without a video.

    Attributes:
        error: Why; `error.spent` tells whether money is at stake.
    """

    error: HeyGenError

    @property
    def code(self) -> str:
        """HeyGen's code, else the name of the error's class: what to count by."""
        return self.error.code or type(self.error).__name__


@attrs.frozen(kw_only=True)
class Unfinished(Ended):
    """A row that was on its way when the run was left. Its render goes on at HeyGen.

    Attributes:
        spent: "yes" if its id is known, "unknown" if its POST was cut off.
    """

    spent: Spent


Result = Completed | Failed


@attrs.define(kw_only=True)
class Summary:
    """The tally of a run.

    Attributes:
        completed: Rows with a video.
        failed: Rows without one, by code.
        not_stored: Completed rows with a file that could not be stored.
        at_stake: Failed rows that may have been paid for all the same.
        seconds_of_video: Rendered, as HeyGen tells.
    """

    completed: int = 0
    failed: Counter[str] = attrs.field(factory=Counter)
    not_stored: int = 0
    at_stake: int = 0
    seconds_of_video: float = 0.0

    def add(self, result: Result) -> None:
        """Count one result."""
        if isinstance(result, Completed):
            self.completed += 1
            self.not_stored += result.error is not None
            self.seconds_of_video += result.video.duration or 0.0
        else:
            self.failed[result.code] += 1
            self.at_stake += result.error.spent != "no"
