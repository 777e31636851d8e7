"""JSON views of jobs that are not videos, one for each kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from heygen_async.simulator.account.job_kinds import BACKGROUND, CLIPPING, FILLER, LIPSYNC, MODEL_VIDEO, TRANSLATION
from heygen_async.simulator.views.call import RouteCall
from heygen_async.simulator.views.job_status import JobStatus, addresses, status_of
from heygen_async.simulator.world.renders import Render

View = dict[str, Any]

CLIPS = 3
DEFAULT_LAYERS = ("foreground",)
LAYERS = {"foreground": "-foreground.webm", "mask": "-mask.mp4", "background": "-background.mp4"}
CUT_FRACTION = 0.1
HEIGHTS = {"480p": 480, "768p": 768, "1080p": 1080, "2k": 1440}


def view(call: RouteCall, render: Render, *, polled: bool = False) -> View:
    """Return *render* as an object of its kind in the API.

    Args:
        call: Call that is answered.
        render: The job.
        polled: True if the call counts as a poll for faults that affect the first polls.
    """
    return _VIEWS[render.job_kind](call, render, status_of(call, render, polled=polled))


def _shared(call: RouteCall, render: Render, status: JobStatus) -> View:
    return {
        "id": render.video_id,
        "status": status.status,
        "title": render.title,
        "created_at": int(call.world.unix_time(render.accepted_at)),
        "callback_id": render.body.get("callback_id"),
        "failure_message": status.failure and status.failure.message,
    }


def _lipsync(call: RouteCall, render: Render, status: JobStatus) -> View:
    caption = ".srt" if render.body.get("enable_caption") else None
    return {
        **_shared(call, render, status),
        "duration": render.duration if status.done else None,
        **addresses(call, render, status, {"video_url": ".mp4", "caption_url": caption}),
    }


def _translation(call: RouteCall, render: Render, status: JobStatus) -> View:
    body = render.body
    sound_only = bool(body.get("translate_audio_only"))
    captions = body.get("enable_caption") or body.get("captions")
    endings = {
        "video_url": None if sound_only else ".mp4",
        "audio_url": ".mp3" if sound_only else None,
        "srt_caption_url": ".srt" if captions else None,
        "vtt_caption_url": ".vtt" if captions else None,
    }
    return {
        **_shared(call, render, status),
        "duration": render.duration if status.done else None,
        "input_language": body.get("input_language"),
        "output_language": body["output_language"],
        "translate_audio_only": sound_only,
        **addresses(call, render, status, endings),
    }


def _clipping(call: RouteCall, render: Render, status: JobStatus) -> View:
    return {
        **_shared(call, render, status),
        "progress": _progress(call, render),
        "input_language": render.body.get("input_language"),
        "source_duration": render.duration if status.done else None,
        "output_settings": render.body.get("output_settings"),
        "clips": _clips(call, render, status) if status.done else [],
    }


def _clips(call: RouteCall, render: Render, status: JobStatus) -> list[View]:
    endings = {str(number): f"-clip{number}.mp4" for number in range(1, CLIPS + 1)}
    urls = addresses(call, render, status, endings)
    return [
        {
            "id": f"{render.video_id}-{number}",
            "status": "completed",
            "title": f"Clip {number}",
            "video_url": url,
            "thumbnail_url": None,
            "duration_seconds": render.duration / CLIPS,
            "aspect_ratio": (render.body.get("output_settings") or {}).get("aspect_ratio", "portrait"),
            "virality_score": 100 - 10 * int(number),
            "failure_message": None,
        }
        for number, url in urls.items()
    ]


def _background(call: RouteCall, render: Render, status: JobStatus) -> View:
    layers = render.body.get("layers") or DEFAULT_LAYERS
    urls = addresses(call, render, status, {layer: LAYERS[layer] for layer in layers})
    return {
        "id": render.video_id,
        "status": "deleted" if render.deleted else status.status,
        "created_at": int(call.world.unix_time(render.accepted_at)),
        "completed_at": int(call.world.unix_time(status.ended_at)) if status.ended_at is not None else None,
        "duration": render.duration if status.done else None,
        "error": status.failure and status.failure.message,
        "layers": {layer: url for layer, url in urls.items() if url and not render.deleted},
    }


def _filler(call: RouteCall, render: Render, status: JobStatus) -> View:
    duration = render.duration
    return {
        **_shared(call, render, status),
        "progress": _progress(call, render),
        "num_cuts": 4 if status.done else None,
        "original_duration": duration if status.done else None,
        "output_duration": duration * (1 - CUT_FRACTION) if status.done else None,
        "reduction_pct": 100 * CUT_FRACTION if status.done else None,
        **addresses(call, render, status, {"video_url": ".mp4", "thumbnail_url": ".jpg"}),
    }


def _model_video(call: RouteCall, render: Render, status: JobStatus) -> View:
    body = render.body
    height = HEIGHTS[body.get("resolution", "768p")]
    return {
        "video_id": render.video_id,
        "model": body["model"],
        "status": status.status,
        "created_at": int(call.world.unix_time(render.accepted_at)),
        "duration": int(render.duration),
        "aspect_ratio": body.get("aspect_ratio"),
        "seed": body.get("seed"),
        "width": height * 16 // 9 if status.done else None,
        "height": height if status.done else None,
        "timings": {"inference": render.seconds} if status.done else None,
        "failure_code": "generation_failed" if status.failure else None,
        "failure_message": status.failure and status.failure.message,
        **addresses(call, render, status, {"video_url": ".mp4"}),
    }


def _progress(call: RouteCall, render: Render) -> int:
    if render.ended_at is not None or render.started_at is None:
        return 0 if render.started_at is None or render.faults.failure else 100
    return int(100 * min(0.99, (call.world.now() - render.started_at) / max(render.seconds, 1e-9)))


_VIEWS: dict[str, Callable[[RouteCall, Render, JobStatus], View]] = {
    LIPSYNC.name: _lipsync,
    TRANSLATION.name: _translation,
    CLIPPING.name: _clipping,
    BACKGROUND.name: _background,
    FILLER.name: _filler,
    MODEL_VIDEO.name: _model_video,
}
