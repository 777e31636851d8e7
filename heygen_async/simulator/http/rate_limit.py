"""The account's rate limit: a token bucket."""

from __future__ import annotations

import math

import attrs


@attrs.define
class RateLimit:
    """A limit of requests per minute, with a burst."""

    _tokens: float = math.inf
    _counted_at: float = 0.0

    def take(self, now: float, per_minute: float | None, burst: int) -> float | None:
        """Take the token for one request. Return None, or the seconds until the next token if there is none.

        Args:
            now: Loop time.
            per_minute: Requests per minute; None means no limit.
            burst: Capacity of the bucket: requests that are allowed at once after a pause.
        """
        if per_minute is None:
            return None
        earned = (now - self._counted_at) * per_minute / 60
        self._tokens = min(self._tokens + earned, float(burst))
        self._counted_at = now
        if self._tokens < 1:
            return (1 - self._tokens) * 60 / per_minute
        self._tokens -= 1
        return None
