"""Scenes of an edited video, and what its voices can do: below `/v3/videos/{video_id}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from heygen_async.http.call import Call, data_reader, path_id
from heygen_async.value import Value


@attrs.frozen(kw_only=True, repr=False)
class VideoScenes(Value):
    """The scenes of a video. They cannot be changed.

    Attributes:
        video_id: Id of the video.
        video: Settings of all scenes; HeyGen does not document all fields.
        scenes: Scenes with a background, elements or a script, as HeyGen's JSON objects, because their kinds are an
            open set.

    Source: `VideoScenes`.
    """

    video_id: str
    video: Mapping[str, Any] = attrs.field(repr=False, hash=False)
    scenes: tuple[Mapping[str, Any], ...] | None = attrs.field(default=None, repr=False, hash=False)


def get_scenes(video_id: str) -> Call[VideoScenes]:
    """Return the call that reads the scenes of a video."""
    return Call(
        method="GET",
        path=f"/v3/videos/{path_id(video_id)}/scenes",
        route="/v3/videos/{video_id}/scenes",
        read=data_reader(VideoScenes),
    )


@attrs.frozen(kw_only=True)
class VoiceCapabilities(Value):
    """The abilities of a video's voices.

    Attributes:
        video_id: Id of the video.
        capabilities: Abilities, as HeyGen's JSON object.

    Shape as read on 2026-11-28: not all of it was seen in a schema of HeyGen, so it may differ.

    Source: `VideoVoiceCapabilities`.
    """

    video_id: str
    capabilities: Mapping[str, Any] | None = attrs.field(default=None, repr=False, hash=False)


def get_voice_capabilities(video_id: str) -> Call[VoiceCapabilities]:
    """Return the call that reads the abilities of a video's voices."""
    return Call(
        method="GET",
        path=f"/v3/videos/{path_id(video_id)}/voice-capabilities",
        route="/v3/videos/{video_id}/voice-capabilities",
        read=data_reader(VoiceCapabilities),
    )
