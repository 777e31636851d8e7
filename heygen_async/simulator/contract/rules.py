"""Rules between fields, which a schema cannot express: each `x-rule` of the contract that the request alone decides.

`look_problems` has the rules that also depend on the type of the look and its engines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from heygen_async.simulator.account.catalog import CatalogLook
from heygen_async.simulator.contract.schema import is_web_address
from heygen_async.simulator.http.replies import FieldError

Body = dict[str, Any]
SPEECH = ("script", "audio_url", "audio_asset_id")
V3_STABILITY = (0, 0.5, 1)
MOST_VIDEOS = 3
MOST_IMAGES = 9
MOST_MODEL_REFERENCES = 12
VIDEO_ENDINGS = (".mp4", ".webm", ".mov")
LARGE_RESOLUTIONS = frozenset({"1080p", "2k"})
LARGE_ASPECT_RATIOS = ("16:9", "9:16")


def broken_rules(template: str, body: Body) -> Iterator[FieldError]:
    """Yield the rules that *body* breaks; it must fit the schema of POST *template*."""
    if template == "/v3/videos":
        yield from video_problems(body)
    elif template == "/v3/videos/batches":
        for index, item in enumerate(body["videos"]):
            yield from video_problems(item, f"videos[{index}].")
    else:
        yield from url_problems(body)
        if template in _RULES_OF_TEMPLATE:
            yield from _RULES_OF_TEMPLATE[template](body)


def video_problems(body: Body, path: str = "") -> Iterator[FieldError]:
    """Yield the rules that one video breaks; it must fit the schema of POST /v3/videos.

    Args:
        body: Body of the request, or an item of a batch.
        path: Prefix of the paths of its fields, with a dot at the end; "" for the body of a request.
    """
    return _RULES_OF_TYPE[body["type"]](body, path)


def look_problems(body: Body, look: CatalogLook) -> Iterator[FieldError]:
    """Yield the rules that *body*, a video of type avatar, breaks because of its look."""
    engine = _engine(body)
    photo = look.avatar_type == "photo_avatar"
    if engine not in look.engines:
        yield FieldError(path="engine", message=f"Engine {engine} is not supported by look {look.id}.")
    if body.get("expressiveness") and not photo:
        yield FieldError(path="expressiveness", message="Only photo avatars have expressiveness.")
    if body.get("motion_prompt") and engine == "avatar_iv" and not photo:
        yield FieldError(path="motion_prompt", message="On avatar_iv only photo avatars take a motion_prompt.")


def url_problems(value: Any, path: str = "") -> Iterator[FieldError]:
    """Yield the invalid URLs of files anywhere in *value*."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from url_problems(item, f"{path}[{index}]")
    elif isinstance(value, dict):
        if value.get("type") == "url" and isinstance(value.get("url"), str):
            yield from _asset(value, path)
        for name, member in value.items():
            yield from url_problems(member, f"{path}.{name}" if path else name)


def _avatar(body: Body, path: str) -> Iterator[FieldError]:
    yield from _exactly_one_speech(body, path)
    yield from _engine_rules(body, path)
    yield from _voice_settings(body, path)
    yield from _picture(body, path)


def _image(body: Body, path: str) -> Iterator[FieldError]:
    yield from _exactly_one_speech(body, path)
    yield from _voice_with_script(body, path)
    yield from _voice_settings(body, path)
    yield from _picture(body, path)
    yield from _asset(body["image"], f"{path}image")


def _cinematic(body: Body, path: str) -> Iterator[FieldError]:
    if body.get("auto_duration") and body.get("duration") is not None:
        yield FieldError(path=f"{path}duration", message="'duration' must be omitted when auto_duration is true.")
    references = body.get("references") or []
    for index, reference in enumerate(references):
        yield from _asset(reference, f"{path}references[{index}]")
    kinds = [_media(reference) for reference in references]
    videos = kinds.count("video")
    images = kinds.count("image") + len(body["avatar_id"])
    unknown = kinds.count("unknown")  # an asset id does not tell the media type: it may count as either
    room = MOST_VIDEOS - min(videos, MOST_VIDEOS) + MOST_IMAGES - min(images, MOST_IMAGES)
    if videos > MOST_VIDEOS or images > MOST_IMAGES or unknown > room:
        message = f"avatar_id and references together: at most {MOST_VIDEOS} videos and {MOST_IMAGES} images."
        yield FieldError(path=f"{path}references", message=message)


def _studio(body: Body, path: str) -> Iterator[FieldError]:
    for index, scene in enumerate(body["scenes"]):
        at = f"{path}scenes[{index}]."
        if scene["type"] == "avatar_video":
            yield from _studio_avatar(scene["input"], f"{at}input.")
        else:
            yield from _scene(scene, at)


def _studio_avatar(body: Body, path: str) -> Iterator[FieldError]:
    yield from _exactly_one_speech(body, path)
    yield from _engine_rules(body, path)
    yield from _voice_settings(body, path)


def _scene(scene: Body, path: str) -> Iterator[FieldError]:
    yield from _asset(scene["source"], f"{path}source")
    yield from _voice_settings(scene, path)
    yield from _voice_with_script(scene, path)
    sources = _speech_sources(scene)
    if len(sources) > 1:
        yield FieldError(path=f"{path}{sources[1]}", message=f"At most one of: {', '.join(SPEECH)}.")
    silent = scene.get("duration") is not None
    if scene["type"] == "image" and silent == bool(sources):
        yield FieldError(
            path=f"{path}duration", message="Give either 'duration' or narration, not both and not neither."
        )
    if (scene.get("playback") or {}).get("mode") and not sources:
        yield FieldError(path=f"{path}playback.mode", message="'mode' needs a voiceover on the scene.")


def _speech_sources(body: Body) -> list[str]:
    return [name for name in SPEECH if body.get(name) is not None]


def _exactly_one_speech(body: Body, path: str) -> Iterator[FieldError]:
    sources = _speech_sources(body)
    if len(sources) != 1:
        message = f"Exactly one of: {', '.join(SPEECH)}; got {len(sources)}."
        yield FieldError(path=f"{path}{sources[1] if sources else 'script'}", message=message)


def _voice_with_script(body: Body, path: str) -> Iterator[FieldError]:
    if body.get("script") is not None and not body.get("voice_id"):
        yield FieldError(path=f"{path}voice_id", message="'voice_id' is required with 'script'.")


def _engine(body: Body) -> str:
    return str((body.get("engine") or {}).get("type", "avatar_iv"))


def _engine_rules(body: Body, path: str) -> Iterator[FieldError]:
    engine = _engine(body)
    if body.get("expressiveness") and engine != "avatar_iv":
        yield FieldError(path=f"{path}expressiveness", message=f"Not supported by engine {engine}.")
    if body.get("motion_prompt") and engine == "avatar_iii":
        yield FieldError(path=f"{path}motion_prompt", message=f"Not supported by engine {engine}.")


def _voice_settings(body: Body, path: str) -> Iterator[FieldError]:
    settings = (body.get("voice_settings") or {}).get("engine_settings") or {}
    stability = settings.get("stability")
    if settings.get("model") == "eleven_v3" and stability is not None and stability not in V3_STABILITY:
        where = f"{path}voice_settings.engine_settings.stability"
        yield FieldError(path=where, message="With model eleven_v3 stability is one of 0, 0.5, 1.")


def _picture(body: Body, path: str) -> Iterator[FieldError]:
    background = body.get("background")
    if background is None:
        return
    if body.get("output_format") == "webm":
        yield FieldError(
            path=f"{path}background", message="Not with output_format webm: its background is transparent."
        )
    yield from _background(background, f"{path}background.")


def _background(background: Body, path: str) -> Iterator[FieldError]:
    given = [name for name in ("url", "asset_id") if background.get(name) is not None]
    if background["type"] == "color" and background.get("value") is None:
        yield FieldError(path=f"{path}value", message="'value' is required when type is color.")
    if background["type"] == "image" and len(given) != 1:
        yield FieldError(path=f"{path}url", message="Exactly one of: url, asset_id, when type is image.")


def _asset(asset: Body, path: str) -> Iterator[FieldError]:
    if asset["type"] == "url" and not is_web_address(asset["url"]):
        yield FieldError(path=f"{path}.url", message="Input should be an http or https URL.")


def _media(asset: Body) -> str:
    if asset["type"] == "base64":
        return "video" if asset["media_type"].startswith("video/") else "image"
    if asset["type"] == "url" and is_web_address(asset["url"]):
        return "video" if urlsplit(asset["url"]).path.lower().endswith(VIDEO_ENDINGS) else "image"
    return "unknown"


def _consent(body: Body) -> Iterator[FieldError]:
    if body.get("consent_video"):
        for name in ("reroute_url", "consent_text"):
            if body.get(name) is not None:
                yield FieldError(path=name, message="Not together with consent_video.")
    if set(body.get("consent_text") or "") & set("<>"):
        yield FieldError(path="consent_text", message="Input should have no < or >.")


def _reply(body: Body) -> Iterator[FieldError]:
    if body.get("message") is None and not body.get("files"):
        yield FieldError(path="message", message="'message' or 'files' is required.")


def _model_video(body: Body) -> Iterator[FieldError]:
    mode = body.get("mode", "reference_to_video")
    if mode == "image_to_video":
        if "aspect_ratio" in body:
            yield FieldError(path="aspect_ratio", message="Not with mode image_to_video, which follows the image.")
    else:
        yield from _large_picture(body, "16:9" if mode == "text_to_video" else "adaptive")
    if mode == "reference_to_video":
        yield from _references(body)
    yield from _https_only(body)


def _large_picture(body: Body, default_ratio: str) -> Iterator[FieldError]:
    large = body.get("resolution") in LARGE_RESOLUTIONS
    if large and body.get("aspect_ratio", default_ratio) not in LARGE_ASPECT_RATIOS:
        message = f"With resolution {body['resolution']} it is one of: {', '.join(LARGE_ASPECT_RATIOS)}."
        yield FieldError(path="aspect_ratio", message=message)


def _references(body: Body) -> Iterator[FieldError]:
    if not body.get("reference_images") and not body.get("reference_videos"):
        yield FieldError(path="reference_images", message="At least one reference image or video.")
    names = ("reference_images", "reference_videos", "reference_audio")
    if sum(len(body.get(name) or ()) for name in names) > MOST_MODEL_REFERENCES:
        yield FieldError(path="reference_images", message=f"At most {MOST_MODEL_REFERENCES} references in all.")


def _https_only(body: Body) -> Iterator[FieldError]:
    """Yield the files that are not at an https address; HeyGen follows no redirects, so http has no way to one."""
    for name, value in body.items():
        for index, asset in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(asset, dict) and asset.get("type") == "url" and not str(asset["url"]).startswith("https://"):
                path = f"{name}[{index}].url" if isinstance(value, list) else f"{name}.url"
                yield FieldError(path=path, message="Input should be an https URL.")


_RULES_OF_TYPE: dict[str, Callable[[Body, str], Iterator[FieldError]]] = {
    "avatar": _avatar,
    "image": _image,
    "cinematic_avatar": _cinematic,
    "studio": _studio,
}
_RULES_OF_TEMPLATE: dict[str, Callable[[Body], Iterator[FieldError]]] = {
    "/v3/avatars/{group_id}/consent": _consent,
    "/v3/models/videos": _model_video,
    "/v3/video-agents/{session_id}": _reply,
}
