"""Kinds of jobs: each has its own endpoints and its own words, all share slots, render times, faults and books."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class JobKind:
    """One kind of job.

    Attributes:
        name: Of the family: `Render.family`.
        path: Where it is created and listed.
        id_name: Of a job's id in paths.
        running: The status word of a job that is being rendered.
        event: Beginning of its webhook events.
        listed: True if `event` is in the contract's list of event types. What is not listed goes to no registered
            endpoint and not into the log, only to the request's own `callback_url`, under a name that is a guess.
        missing: Error code of a job that is not there.
    """

    name: str
    path: str
    id_name: str
    running: str = "running"
    event: str
    listed: bool = True
    missing: str = "not_found"

    @property
    def one(self) -> str:
        """Template of the path of one job."""
        return f"{self.path}/{{{self.id_name}}}"

    def word(self, status: str) -> str:
        """Return *status*, as `Render.status` says it, in the words of the family."""
        return self.running if status == "processing" else status


VIDEO = JobKind(
    name="video",
    path="/v3/videos",
    id_name="video_id",
    running="processing",
    event="avatar_video",
    missing="video_not_found",
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
    missing="video_not_found",
)

JOB_KINDS = {family.name: family for family in (VIDEO, LIPSYNC, TRANSLATION, CLIPPING, BACKGROUND, FILLER, MODEL_VIDEO)}
