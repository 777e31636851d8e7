"""How many requests an account may make: a bucket of tokens."""

from __future__ import annotations

import math

import attrs


@attrs.define
class RateLimit:
    """So many requests a minute, a few more at once."""

    _tokens: float = math.inf
    _counted_at: float = 0.0

    def take(self, now: float, per_minute: float | None, burst: int) -> float | None:
        """Take a request's token, or return the seconds until there is one.

        Args:
            now: Loop time.
            per_minute: Requests a minute; None is no limit.
            burst: Requests at once after a quiet time.
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
