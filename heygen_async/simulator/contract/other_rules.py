"""The `x-rule`s of requests that make no videos, as far as the request alone decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from heygen_async.simulator.http.replies import FieldError

Body = dict[str, Any]

MOST_REFERENCES = 12
LARGE = frozenset({"1080p", "2k"})
WIDE_OR_TALL = ("16:9", "9:16")


def _consent(body: Body) -> Iterator[FieldError]:
    if body.get("consent_video"):
        for name in ("reroute_url", "consent_text"):
            if body.get(name) is not None:
                yield FieldError(path=name, message="Not together with consent_video.")
    if set(body.get("consent_text") or "") & set("<>"):
        yield FieldError(path="consent_text", message="Input should have no < or >.")


def _model_video(body: Body) -> Iterator[FieldError]:
    ratio = body.get("aspect_ratio", "16:9" if body["mode"] == "text_to_video" else "adaptive")
    if body["mode"] != "image_to_video" and body.get("resolution") in LARGE and ratio not in WIDE_OR_TALL:
        message = f"With resolution {body['resolution']} it is one of: {', '.join(WIDE_OR_TALL)}."
        yield FieldError(path="aspect_ratio", message=message)
    names = ("reference_images", "reference_videos", "reference_audio")
    if sum(len(body.get(name) or ()) for name in names) > MOST_REFERENCES:
        yield FieldError(path="reference_images", message=f"At most {MOST_REFERENCES} references in all.")


OTHER_RULES: dict[str, Callable[[Body], Iterator[FieldError]]] = {
    "/v3/avatars/{group_id}/consent": _consent,
    "/v3/models/videos": _model_video,
}
