"""A request that was built before and is kept as JSON: sent as it is, byte for byte the same under the same key."""

from __future__ import annotations

import json
from typing import Any, cast

import attrs

from heygen_async.api.requests.kinds import kind_of
from heygen_async.http import wire


@attrs.frozen(kw_only=True)
class StoredRequest:
    """A request as a journal keeps it.

    Attributes:
        kind: avatar, image, cinematic_avatar, video_agent, translation ...; `template/<id>` of a template.
        text: The JSON object of the POST.
    """

    kind: str
    text: str = attrs.field(repr=False)

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object that is sent."""
        return cast("dict[str, Any]", json.loads(self.text))

    @property
    def for_agents(self) -> bool:
        """True if it starts a session."""
        return self.kind == "video_agent"

    @property
    def path(self) -> str:
        """Where it is sent."""
        return kind_of(self.kind).path


def body_of(request: Any) -> dict[str, Any]:
    """Return the JSON object that is sent for a request."""
    own: dict[str, Any] | None = getattr(request, "body", None)
    return wire.encode(request) if own is None else own


def sent_of(request: Any) -> dict[str, Any]:
    """Return how a `Call` sends a request: what was kept goes out as it stands."""
    if isinstance(request, StoredRequest):
        return {"body": request.text.encode(), "headers": {"Content-Type": "application/json"}}
    return {"body": body_of(request)}
