"""Requests stored as JSON, which are sent byte for byte unchanged, so that a repeated one matches its key."""

from __future__ import annotations

import json
from typing import Any

import attrs

from heygen_async.api.fields.rules import sendable
from heygen_async.api.requests.kinds import kind_of
from heygen_async.errors import InvalidInputError
from heygen_async.http import wire
from heygen_async.reprs import ShortRepr


@attrs.frozen(kw_only=True, repr=False)
class StoredRequest(ShortRepr):
    """A request as a journal stores it.

    Attributes:
        kind: Kind of the request: avatar, image, cinematic_avatar, video_agent, translation, ... or `template/<id>`.
        text: JSON object of the POST, as text.
    """

    kind: str
    text: str = attrs.field(validator=sendable, repr=False)

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object of the POST.

        Raises:
            InvalidInputError: The text is something else.
        """
        try:
            found = json.loads(self.text)
        except (ValueError, RecursionError) as exc:
            raise InvalidInputError(f"StoredRequest.text: {exc}; must be a JSON object") from exc
        if not isinstance(found, dict):
            raise InvalidInputError(f"StoredRequest.text: a {type(found).__name__}; must be a JSON object")
        return found

    @property
    def for_agents(self) -> bool:
        """True if the request starts an agent session."""
        return self.kind == "video_agent"

    @property
    def path(self) -> str:
        """Path of the POST."""
        return kind_of(self.kind).path


def body_of(request: Any) -> dict[str, Any]:
    """Return the JSON object of a request's POST."""
    own: dict[str, Any] | None = getattr(request, "body", None)
    return wire.encode(request) if own is None else own


def payload_of(request: Any) -> dict[str, Any]:
    """Return `body` and `headers` of the `Call` for a request. A stored request keeps its bytes."""
    if isinstance(request, StoredRequest):
        return {"body": request.text.encode(), "headers": {"Content-Type": "application/json"}}
    return {"body": body_of(request)}
