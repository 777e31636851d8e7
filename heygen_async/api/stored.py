"""A request that was built before and is kept as JSON: sent as it is, byte for byte the same under the same key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from heygen_async import wire


@attrs.frozen(kw_only=True)
class StoredRequest:
    """A request as a journal keeps it.

    Attributes:
        kind: avatar, image, cinematic_avatar or video_agent.
        body: The JSON object of the POST.
    """

    kind: str
    body: Mapping[str, Any] = attrs.field(repr=False)

    @property
    def for_agents(self) -> bool:
        """Whether it starts a session."""
        return self.kind == "video_agent"

    @property
    def path(self) -> str:
        """Where it is sent."""
        return "/v3/video-agents" if self.for_agents else "/v3/videos"


def body_of(request: Any) -> dict[str, Any]:
    """Return the JSON object that is sent for a request."""
    return dict(request.body) if isinstance(request, StoredRequest) else wire.encode(request)
