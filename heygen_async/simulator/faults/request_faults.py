"""Faults of requests and renders, as values for `World.faults`.

A fault applies to a request if all of its conditions match. Faults are checked in the order of the list. Only the first
that applies takes effect; `Slow` is the exception and combines with others. Faults that replace the answer of an
executed request do not count refused requests. Requests to ``/_simulator/`` have no faults.
"""

from __future__ import annotations

import fnmatch
import json
import random
from collections.abc import Mapping
from typing import Any

import attrs


@attrs.frozen(kw_only=True)
class Fault:
    """Conditions that all faults share. None means no condition.

    Attributes:
        nth: Take effect only on the nth match of the other conditions, counted from 1.
        times: Take effect at most this many times.
        probability: Probability of taking effect at each match, 0 to 1. Random values come from the world's seed.
        between: First and last second, since the start of the world, in which the fault can take effect.
    """

    nth: int | None = None
    times: int | None = None
    probability: float | None = None
    between: tuple[float, float] | None = None


@attrs.frozen(kw_only=True)
class RequestFault(Fault):
    """A fault of one request or its answer.

    Attributes:
        method: HTTP method, such as "GET" or "POST".
        path: Beginning of the path, or a pattern of the whole path with ``*``, ``?`` or ``[...]``.
    """

    method: str | None = None
    path: str | None = None

    @property
    def executed(self) -> bool:
        """True if the request is executed before the fault takes effect."""
        return True

    def concerns(self, method: str, path: str, *, costly: bool) -> bool:  # noqa: ARG002 - one subclass uses it
        """Return True if this fault applies to such a request. *costly* is True for requests that cost money."""
        return self.method in (None, method) and fits(self.path, path)


@attrs.frozen(kw_only=True)
class DropBefore(RequestFault):
    """The connection is closed and the request is not executed."""

    @property
    def executed(self) -> bool:
        """False: the fault takes effect before the request is executed."""
        return False


@attrs.frozen(kw_only=True)
class DropAfterAccept(RequestFault):
    """The request is executed and charged, then the connection is closed without an answer.

    Without method and path, the fault applies to all POSTs that cost money.
    """

    def concerns(self, method: str, path: str, *, costly: bool) -> bool:
        """Return True if this fault applies to such a request. *costly* is True for requests that cost money."""
        chosen = self.method is not None or self.path is not None
        return (costly or chosen) and super().concerns(method, path, costly=costly)


@attrs.frozen(kw_only=True)
class ErrorAnswer(RequestFault):
    """The answer is an error.

    Attributes:
        status: HTTP status.
        code: Code in the error envelope.
        message: Message in the error envelope.
        html: True sends the HTML page of a proxy in place of the envelope.
        after_accept: True executes and charges the request before it is answered with the error.
        retry_after: Text of the Retry-After header.
    """

    status: int = 503
    code: str = "service_unavailable"
    message: str = "Something went wrong on purpose."
    html: bool = False
    after_accept: bool = False
    retry_after: str | None = None

    @property
    def executed(self) -> bool:
        """True if the request is executed before the fault takes effect."""
        return self.after_accept


@attrs.frozen(kw_only=True)
class RateLimitStorm(RequestFault):
    """The answer is a 429 rate_limit_exceeded and the request is not executed.

    Attributes:
        retry_after: Seconds of the Retry-After header; None leaves the header out.
    """

    retry_after: float | None = 5

    @property
    def executed(self) -> bool:
        """False: the fault takes effect before the request is executed."""
        return False


@attrs.frozen(kw_only=True)
class Slow(RequestFault):
    """The request is executed at once and answered late. Until then, its Idempotency-Key gets a 409.

    Attributes:
        seconds: Seconds between the arrival and the answer.
    """

    seconds: float


@attrs.frozen(kw_only=True)
class Truncated(RequestFault):
    """The request is executed. The connection is closed after half of the answer's body."""


@attrs.frozen(kw_only=True)
class WrongLength(RequestFault):
    """The request is executed. The answer has the first half of its body, and a Content-Length that fits this half."""


@attrs.frozen(kw_only=True)
class Malformed(RequestFault):
    """The request is executed. The answer is a 200 with a body that is not JSON."""


@attrs.frozen(kw_only=True)
class Empty(RequestFault):
    """The request is executed. The answer is a 200 without a body."""


@attrs.frozen(kw_only=True)
class AlteredAnswer(RequestFault):
    """The request is executed. Fields of the JSON answer have other values, such as those of another type.

    Attributes:
        fields: Value by place: `data.title`, `data.0.status` for one item of a list, `data.*.status` for all. A place
            that the answer does not have is ignored; a new last name is added. A file keeps its content.
    """

    fields: Mapping[str, Any]

    def alter(self, body: bytes) -> bytes:
        """Return *body* with the other values."""
        try:
            answer = {"": json.loads(body)}
        except ValueError:
            return body
        for place, value in self.fields.items():
            _put([answer], ["", *place.split(".")], value)
        return json.dumps(answer[""]).encode()


def _put(holders: list[Any], place: list[str], value: Any) -> None:
    """Set *value* at *place* inside each of *holders*."""
    name, *rest = place
    for holder in holders:
        if isinstance(holder, list):
            chosen: list[Any] = [*range(len(holder))] if name == "*" else [int(name)] if name.isdecimal() else []
            chosen = [number for number in chosen if number < len(holder)]
        else:
            chosen = [name] if isinstance(holder, dict) and (name in holder or not rest) else []
        if rest:
            _put([holder[each] for each in chosen], rest, value)
            continue
        for each in chosen:
            holder[each] = value


@attrs.frozen(kw_only=True)
class RenderFault(Fault):
    """A fault of one render, chosen when the render is accepted.

    Attributes:
        contains: Text in the script, prompt or title of the request.
    """

    contains: str | None = None

    def concerns(self, body: dict[str, Any]) -> bool:
        """Return True if this fault applies to the render of *body*."""
        texts = [str(body.get(name) or "") for name in ("script", "prompt", "title")]
        return self.contains is None or any(self.contains in text for text in texts)


@attrs.frozen(kw_only=True)
class FailedRender(RenderFault):
    """The render fails at its end. The session of an agent fails with its render.

    Attributes:
        code: ``failure_code``. HeyGen's own are often null.
        message: ``failure_message``. HeyGen's own are often null.
        while_thinking: True lets an agent session fail before it has a video.
    """

    code: str | None = "rendering_failed"
    message: str | None = "The render failed on purpose."
    while_thinking: bool = False


@attrs.frozen(kw_only=True)
class Stuck(RenderFault):
    """The render never ends."""


@attrs.frozen(kw_only=True)
class UnknownStatus(RenderFault):
    """The first polls of the render find an undocumented status.

    Attributes:
        word: The undocumented status.
        polls: Number of polls that find it.
    """

    word: str = "compositing"
    polls: int = 2


@attrs.frozen(kw_only=True)
class NullVideoUrl(RenderFault):
    """The first polls of the completed video find no address.

    Attributes:
        polls: Number of polls that find none.
    """

    polls: int = 2


@attrs.frozen(kw_only=True)
class ExpiredUrl(RenderFault):
    """The first polls of the completed video find expired addresses. `times` counts the polls of each video."""

    times: int | None = 1


@attrs.define
class _Count:
    fault: Fault  # a reference, so that no other object gets its id
    matches: int = 0
    uses: int = 0


@attrs.define
class FaultCounter:
    """Counts how often each fault has matched and taken effect in one world."""

    _counts: dict[int, _Count] = attrs.field(factory=dict)

    def count_match(self, fault: Fault, *, since_start: float, rng: random.Random) -> bool:
        """Count one match of *fault* and return True if it takes effect.

        Args:
            fault: Fault that applies to the request, render or delivery.
            since_start: Seconds since the start of the world.
            rng: Source of random values.
        """
        if not is_its_time(fault, since_start):
            return False
        count = self._counts.setdefault(id(fault), _Count(fault))
        count.matches += 1
        applies = _allowed_by_count(fault, count) and (fault.probability is None or rng.random() < fault.probability)
        count.uses += applies
        return applies

    def uncount_match(self, fault: Fault, *, applied: bool) -> None:
        """Take the last match of *fault* back, since the request was refused. *applied* is True if it took effect."""
        count = self._counts[id(fault)]
        count.matches -= 1
        count.uses -= applied


def is_its_time(fault: Fault, since_start: float) -> bool:
    """Return True if *fault* can take effect so many seconds after the start of the world."""
    return fault.between is None or fault.between[0] <= since_start <= fault.between[1]


def _allowed_by_count(fault: Fault, count: _Count) -> bool:
    # `times` of an ExpiredUrl counts the polls of one video, not videos.
    used_up = fault.times is not None and count.uses >= fault.times and not isinstance(fault, ExpiredUrl)
    return not used_up and fault.nth in (None, count.matches)


def fits(pattern: str | None, path: str) -> bool:
    """Return True if *path* begins with *pattern* or matches it. None matches all paths."""
    return pattern is None or path.startswith(pattern) or fnmatch.fnmatchcase(path, pattern)
