"""A request that was built before and is kept as JSON: sent as it is, byte for byte the same under the same key."""

from __future__ import annotations

import json
from typing import Any, cast

import attrs

from heygen_async import wire


@attrs.frozen(kw_only=True)
class StoredRequest:
    """A request as a journal keeps it.

    Attributes:
        kind: avatar, image, cinematic_avatar or video_agent.
        text: The JSON object of the POST.
    """

    kind: str
    text: str = attrs.field(repr=False)

    @property
    def body(self) -> dict[str, Any]:
        """The same, read."""
        return cast("dict[str, Any]", json.loads(self.text))

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
    return request.body if isinstance(request, StoredRequest) else wire.encode(request)


def sent_of(request: Any) -> dict[str, Any]:
    """Return how a `Call` sends a request: what was kept goes out as it stands."""
    if isinstance(request, StoredRequest):
        return {"body": request.text.encode(), "headers": {"Content-Type": "application/json"}}
    return {"body": wire.encode(request)}
