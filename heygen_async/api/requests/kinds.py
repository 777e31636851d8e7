"""Kinds of requests that render: plain videos, agents, and everything else. One table for all."""

from __future__ import annotations

from typing import Any

import attrs

from heygen_async.errors import InvalidInputError
from heygen_async.http.call import path_id

_SPOKEN = (0.05, 0.0667)  # photo looks, digital twins and studio looks
_DUBBED = (0.0333, 0.0667)  # speed, precision


@attrs.frozen(kw_only=True)
class Kind:
    """A kind of render.

    Attributes:
        name: As in the journal and in telemetry.
        label: For people.
        path: Where its POST goes.
        named: Where the answer has its id.
        has_title: True if it can be given a title.
        takes_key: True if the endpoint honours `Idempotency-Key`.
        once_by: Field of the request that does the same for good: asked again with it, HeyGen makes nothing new.
        resource: The client's attribute whose job it is; None if it is a video or a session.
        follow: The method of that attribute that returns the job.
        usd_per_second: The least and the most that a second of it costs; None if HeyGen publishes no price.

    Source of prices: HeyGen's pricing page as read in September 2026; that of a cinematic shot is flat.
    """

    name: str
    label: str
    path: str
    named: str = "video_id"
    has_title: bool = True
    takes_key: bool = True
    once_by: str | None = None
    resource: str | None = None
    follow: str = "job"
    usd_per_second: tuple[float, float] | None = None


_ALL = (
    Kind(name="avatar", label="Avatar videos", path="/v3/videos", usd_per_second=_SPOKEN),
    Kind(name="image", label="Image videos", path="/v3/videos", usd_per_second=(0.05, 0.05)),
    Kind(name="cinematic_avatar", label="Cinematic shots", path="/v3/videos"),
    Kind(
        name="video_agent",
        label="Agent videos",
        path="/v3/video-agents",
        named="session_id",
        has_title=False,
        takes_key=False,
        usd_per_second=(0.0333, 0.0333),
    ),
    Kind(name="studio", label="Studio videos", path="/v3/videos", usd_per_second=_SPOKEN),
    Kind(name="template", label="Template videos", path="/v3/templates", named="id", usd_per_second=_SPOKEN),
    Kind(
        name="translation",
        label="Translations",
        path="/v3/video-translations",
        named="video_translation_ids",
        resource="translations",
        usd_per_second=_DUBBED,
    ),
    Kind(
        name="lipsync",
        label="Lipsyncs",
        path="/v3/lipsyncs",
        named="lipsync_id",
        resource="lipsyncs",
        usd_per_second=_DUBBED,
    ),
    Kind(name="clipping", label="Clipped films", path="/v3/ai-clipping", named="ai_clipping_id", resource="clipping"),
    Kind(
        name="background_removal",
        label="Background removals",
        path="/v3/background-removals",
        named="id",
        takes_key=False,
        once_by="request_id",
        resource="background_removal",
    ),
    Kind(
        name="filler_word_removal",
        label="Filler word removals",
        path="/v3/filler-word-removals",
        named="filler_word_removal_id",
        resource="filler_words",
    ),
    Kind(
        name="model_video",
        label="Model videos",
        path="/v3/models/videos",
        has_title=False,
        resource="models",
        follow="video_job",
    ),
)
_BY_NAME = {kind.name: kind for kind in _ALL}
CINEMATIC_USD = 7.0


def base_of(kind: str) -> str:
    """Return the kind without what it is of: `template` of `template/tpl_1`."""
    return kind.partition("/")[0]


def kind_of(kind: str) -> Kind:
    """Return what is known of a kind.

    Raises:
        InvalidInputError: There is no such kind.
    """
    found = known(kind)
    if found is None:
        raise InvalidInputError(f"kind {kind!r:.60}: must be one of {', '.join(_BY_NAME)}; a newer heygen-async may do")
    return found


def known(kind: str) -> Kind | None:
    """Return what is known of a kind; None if nothing is: a newer version may have written it."""
    base, _, part = kind.partition("/")
    found = _BY_NAME.get(base)
    return attrs.evolve(found, name=kind, path=f"{found.path}/{path_id(part)}") if found and part else found


def label_of(kind: str) -> str:
    """Return what a kind is called, for people; what is not known is called by its name."""
    base, _, part = kind.partition("/")
    label = _BY_NAME[base].label if base in _BY_NAME else base
    return f"{label} ({part})" if part else label


def is_request(value: Any) -> bool:
    """Whether *value* can be a row: it says its kind, and the kind is known."""
    kind = getattr(value, "kind", None)
    return isinstance(kind, str) and base_of(kind) in _BY_NAME


def usd(kind: str, seconds: float) -> tuple[float, float]:
    """Return the least and the most that so many seconds of a finished video of a kind cost.

    Raises:
        KeyError: HeyGen publishes no price of this kind.
    """
    if kind == "cinematic_avatar":
        return CINEMATIC_USD, CINEMATIC_USD
    known = _BY_NAME[base_of(kind)].usd_per_second
    if known is None:
        raise KeyError(kind)
    return known[0] * seconds, known[1] * seconds
