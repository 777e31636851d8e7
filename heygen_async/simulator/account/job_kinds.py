"""Kinds of jobs. Each has its own endpoints and statuses; all share slots, render times, faults and the ledger."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class JobKind:
    """One kind of job.

    Attributes:
        name: Name of the kind, as in `Render.job_kind`.
        path: Path of the endpoints that create and list jobs.
        id_name: Path parameter with the id of a job.
        running: Status of a job that is being rendered.
        event: First part of the types of its webhook events.
        listed: True if `event` is in the contract's list of event types. The events of other kinds go only to the
            `callback_url` of the request, under a type that is a guess; registered endpoints and the event log do not
            get them.
        not_found: Error code for an unknown job.
    """

    name: str
    path: str
    id_name: str
    running: str = "running"
    event: str
    listed: bool = True
    not_found: str = "not_found"

    @property
    def item_path(self) -> str:
        """Path template of one job."""
        return f"{self.path}/{{{self.id_name}}}"

    def api_status(self, status: str) -> str:
        """Return the status in the API for *status* of a render (`Render.status`)."""
        return self.running if status == "processing" else status


VIDEO = JobKind(
    name="video",
    path="/v3/videos",
    id_name="video_id",
    running="processing",
    event="avatar_video",
    not_found="video_not_found",
)
LIPSYNC = JobKind(name="lipsync", path="/v3/lipsyncs", id_name="lipsync_id", event="lipsync", listed=False)
TRANSLATION = JobKind(
    name="video_translation",
    path="/v3/video-translations",
    id_name="video_translation_id",
    event="video_translate",
)
CLIPPING = JobKind(name="ai_clipping", path="/v3/ai-clipping", id_name="job_id", event="ai_clipping")
BACKGROUND = JobKind(
    name="background_removal",
    path="/v3/background-removals",
    id_name="job_id",
    running="processing",
    event="background_removal",
    listed=False,
)
FILLER = JobKind(
    name="filler_word_removal",
    path="/v3/filler-word-removals",
    id_name="filler_word_removal_id",
    event="filler_word_removal",
)
MODEL_VIDEO = JobKind(
    name="model_video",
    path="/v3/models/videos",
    id_name="video_id",
    running="processing",
    event="model_video",
    listed=False,
    not_found="video_not_found",
)

JOB_KINDS = {kind.name: kind for kind in (VIDEO, LIPSYNC, TRANSLATION, CLIPPING, BACKGROUND, FILLER, MODEL_VIDEO)}
