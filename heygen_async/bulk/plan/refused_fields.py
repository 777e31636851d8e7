"""Fields that requests can be built with, and that HeyGen's servers are read to refuse. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from heygen_async.bulk.rows.finding import Finding

_CALLBACKS = ("callback_url", "callback_id")


def refused_findings(kind: str, body: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield the fields of a request that HeyGen refuses, with the whole request.

    Source: the schema `CreateVideoFromCinematicAvatar` of September 2026, which is closed and has no callbacks.
        HeyGen's guide and its examples still show them, so such a request can be built and sent by itself.
    """
    if kind != "cinematic_avatar":
        return
    for name in _CALLBACKS:
        if body.get(name) is not None:
            yield Finding(
                field=name,
                value=str(body[name]),
                reason="HeyGen refuses cinematic requests that have it",
                mend="leave it out, and register a webhook for the account: `heygen.webhooks.create`",
            )
