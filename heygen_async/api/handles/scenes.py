"""Scenes of an edited video: `/v3/videos/{video_id}/scenes`."""

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
