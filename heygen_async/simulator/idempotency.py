"""Idempotency-Key: the first answer again, for 24 hours, even if the body differs."""

from __future__ import annotations

import attrs

from heygen_async.simulator.replies import RefusalError, Reply

SECONDS_KEPT = 24 * 3600.0

Scope = tuple[str, str, str]
"""Method, path with its parameters, key."""


@attrs.define
class _Entry:
    since: float
    reply: Reply | None = None


@attrs.define
class KeyedReplies:
    """What was answered under which key."""

    _entries: dict[Scope, _Entry] = attrs.field(factory=dict)

    def recall(self, scope: Scope, now: float) -> Reply | None:
        """Return the first answer under the key, or None if this is the first request.

        Raises:
            RefusalError: 409, the first request is not done.
        """
        entry = self._entries.get(scope)
        if entry is None:
            return None
        if entry.reply is None:
            raise RefusalError(409, "request_in_progress", "A request with this Idempotency-Key is in progress.")
        return entry.reply if now - entry.since < SECONDS_KEPT else None

    def begin(self, scope: Scope, now: float) -> None:
        """Note that the first request under the key runs, from loop time *now*."""
        self._entries[scope] = _Entry(now)

    def end(self, scope: Scope, reply: Reply | None) -> None:
        """Keep *reply* for repetition; without one (an error) the key is free again."""
        if reply is None:
            self._entries.pop(scope, None)
        else:
            self._entries[scope].reply = reply
