"""Idempotency-Key: a repeated key gets the first answer for 24 hours, even if the body differs."""

from __future__ import annotations

import attrs

from heygen_async.simulator.http.replies import RefusalError, Reply

SECONDS_KEPT = 24 * 3600.0

Scope = tuple[str, str, str]
"""Method, path and Idempotency-Key of a request."""


@attrs.define
class _Entry:
    reply: Reply
    since: float
    running: bool = True


@attrs.define
class KeyedReplies:
    """First answers by key. Refusals are not kept."""

    _entries: dict[Scope, _Entry] = attrs.field(factory=dict)

    def recall(self, scope: Scope, now: float) -> Reply | None:
        """Return the first answer under the key; None if there is none or it is too old.

        Raises:
            RefusalError: 409, the first request has not been answered yet.
        """
        entry = self._entries.get(scope)
        if entry is None:
            return None
        if entry.running:
            raise RefusalError(409, "request_in_progress", "A request with this Idempotency-Key is in progress.")
        return entry.reply if now - entry.since < SECONDS_KEPT else None

    def begin(self, scope: Scope, reply: Reply, now: float) -> None:
        """Keep *reply*, which is about to be sent, under the key."""
        self._entries[scope] = _Entry(reply, now)

    def end(self, scope: Scope) -> None:
        """Note that the answer was sent."""
        self._entries[scope].running = False
