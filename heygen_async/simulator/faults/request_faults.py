"""What may go wrong, as values to put into `World.faults`.

A fault matches if all that it names matches. For each request the faults are asked in the order of the list, and the
first that strikes is the only one, but for `Slow`, which adds to the others. A fault that spoils the answer to what
was executed does not count requests that are refused. Requests to ``/_simulator/`` meet no faults.
"""

from __future__ import annotations

import fnmatch
import random
from typing import Any

import attrs


@attrs.frozen(kw_only=True)
class Fault:
    """How often, and when. Each None means: no matter.

    Attributes:
        nth: Only the nth that matches the rest, counted from 1.
        times: At most so many.
        probability: Of each that matches the rest, 0 to 1, drawn from the world's seed.
        between: From and to, in seconds since the world started.
    """

    nth: int | None = None
    times: int | None = None
    probability: float | None = None
    between: tuple[float, float] | None = None


@attrs.frozen(kw_only=True)
class RequestFault(Fault):
    """A fault of one exchange.

    Attributes:
        method: "GET", "POST", ...
        path: The path's beginning, or a pattern with ``*``, ``?`` or ``[...]`` for all of it.
    """

    method: str | None = None
    path: str | None = None

    @property
    def executed(self) -> bool:
        """True if the request is executed before the fault strikes."""
        return True

    def concerns(self, method: str, path: str, *, costly: bool) -> bool:  # noqa: ARG002 - one kind looks at it
        """True if a request is of the sort that this fault befalls; *costly* means that it is charged for."""
        return self.method in (None, method) and fits(self.path, path)


@attrs.frozen(kw_only=True)
class DropBefore(RequestFault):
    """The connection is closed and nothing was executed."""

    @property
    def executed(self) -> bool:
        """True if the request is executed before the fault strikes: no."""
        return False


@attrs.frozen(kw_only=True)
class DropAfterAccept(RequestFault):
    """Executed and charged, then the connection is closed without an answer.

    Without method and path it befalls POSTs that cost money.
    """

    def concerns(self, method: str, path: str, *, costly: bool) -> bool:
        """True if a request is of the sort that this fault befalls; *costly* means that it is charged for."""
        chosen = self.method is not None or self.path is not None
        return (costly or chosen) and super().concerns(method, path, costly=costly)


@attrs.frozen(kw_only=True)
class ErrorAnswer(RequestFault):
    """An error instead of the answer.

    Attributes:
        status: HTTP status.
        code: Of the error envelope.
        message: Of the error envelope.
        html: An HTML page of a proxy instead of the envelope.
        after_accept: Executed and charged all the same.
        retry_after: The header, word for word.
    """

    status: int = 503
    code: str = "service_unavailable"
    message: str = "Something went wrong on purpose."
    html: bool = False
    after_accept: bool = False
    retry_after: str | None = None

    @property
    def executed(self) -> bool:
        """True if the request is executed before the fault strikes."""
        return self.after_accept


@attrs.frozen(kw_only=True)
class RateLimitStorm(RequestFault):
    """429 rate_limit_exceeded; nothing was executed.

    Attributes:
        retry_after: Seconds; None leaves the header out.
    """

    retry_after: float | None = 5

    @property
    def executed(self) -> bool:
        """True if the request is executed before the fault strikes: no."""
        return False


@attrs.frozen(kw_only=True)
class Slow(RequestFault):
    """Executed at once, answered late; until then the same Idempotency-Key gets a 409.

    Attributes:
        seconds: Between the arrival and the answer.
    """

    seconds: float


@attrs.frozen(kw_only=True)
class Truncated(RequestFault):
    """Executed; half of the answer's body comes, then the connection is closed."""


@attrs.frozen(kw_only=True)
class WrongLength(RequestFault):
    """Executed; the answer's body is its first half, and its headers promise no more."""


@attrs.frozen(kw_only=True)
class Malformed(RequestFault):
    """Executed; 200 with a body that is not JSON."""


@attrs.frozen(kw_only=True)
class Empty(RequestFault):
    """Executed; 200 without a body."""


@attrs.frozen(kw_only=True)
class RenderFault(Fault):
    """A fault of one render, settled when it is accepted.

    Attributes:
        contains: A part of its script, prompt or title.
    """

    contains: str | None = None

    def concerns(self, body: dict[str, Any]) -> bool:
        """True if the render of *body* is of the sort that this fault befalls."""
        texts = [str(body.get(name) or "") for name in ("script", "prompt", "title")]
        return self.contains is None or any(self.contains in text for text in texts)


@attrs.frozen(kw_only=True)
class FailedRender(RenderFault):
    """It fails at the end; for agents the session too.

    Attributes:
        code: ``failure_code``; users see null.
        message: ``failure_message``; users see null.
        while_thinking: An agent session fails before there is a video.
    """

    code: str | None = "rendering_failed"
    message: str | None = "The render failed on purpose."
    while_thinking: bool = False


@attrs.frozen(kw_only=True)
class Stuck(RenderFault):
    """It never ends."""


@attrs.frozen(kw_only=True)
class UnknownStatus(RenderFault):
    """The first looks at it find a status that no documentation names.

    Attributes:
        word: The status.
        polls: How many looks.
    """

    word: str = "compositing"
    polls: int = 2


@attrs.frozen(kw_only=True)
class NullVideoUrl(RenderFault):
    """The first looks at the completed video find no address.

    Attributes:
        polls: How many looks.
    """

    polls: int = 2


@attrs.frozen(kw_only=True)
class ExpiredUrl(RenderFault):
    """The first addresses that are given have expired already. `times` counts addresses of each video."""

    times: int | None = 1


@attrs.define
class _Count:
    fault: Fault  # kept, so that its id stays its own
    matches: int = 0
    hits: int = 0


@attrs.define
class FaultCounter:
    """How often each fault has matched and struck. Faults are values; the counting is the world's."""

    _counts: dict[int, _Count] = attrs.field(factory=dict)

    def count_match(self, fault: Fault, *, since_start: float, rng: random.Random) -> bool:
        """Count one match of *fault* and say whether it strikes.

        Args:
            fault: What concerns the request or render.
            since_start: Seconds since the world started.
            rng: Where a probability comes from.
        """
        if fault.between is not None and not fault.between[0] <= since_start <= fault.between[1]:
            return False
        count = self._counts.setdefault(id(fault), _Count(fault))
        count.matches += 1
        hit = _by_number(fault, count) and (fault.probability is None or rng.random() < fault.probability)
        count.hits += hit
        return hit

    def uncount_match(self, fault: Fault, *, applied: bool) -> None:
        """Count the last match of *fault* no more: there was nothing that it could have spoiled."""
        count = self._counts[id(fault)]
        count.matches -= 1
        count.hits -= applied


def _by_number(fault: Fault, count: _Count) -> bool:
    # The times of an ExpiredUrl are addresses of one video, not videos.
    spent = fault.times is not None and count.hits >= fault.times and not isinstance(fault, ExpiredUrl)
    return not spent and fault.nth in (None, count.matches)


def fits(pattern: str | None, path: str) -> bool:
    """Whether *path* begins with *pattern* or matches it; None matches all."""
    return pattern is None or path.startswith(pattern) or fnmatch.fnmatchcase(path, pattern)
