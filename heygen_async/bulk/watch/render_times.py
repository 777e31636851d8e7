"""Render times, learnt by mode and length of the text. For the pace of looks, and for saying when a run ends.

Render times are close to lognormal, so what is learnt is the mean and the spread of their logarithms.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import attrs

from heygen_async.api.requests.stored import StoredRequest
from heygen_async.bulk.jobs.records import Lesson

# What is expected before anything is learnt: half of the renders within 2 min, 95 % within 7 min.
_MEAN, _SPREAD = math.log(120.0), 0.73
_WEIGHT_OF_PRIOR = 3.0
_WEIGHT_OF_MODE = 5.0  # of what all lengths of a mode say, in renders of one length
_MOST_REMEMBERED = 200.0  # older runs count at most as so many renders, so that a changed HeyGen is noticed


@attrs.frozen
class TimeDistribution:
    """A lognormal law of render times.

    Attributes:
        mean: Of the logarithms of the seconds.
        spread: Their standard deviation.
    """

    mean: float = _MEAN
    spread: float = _SPREAD

    @property
    def median(self) -> float:
        """Seconds that half of the renders need at the most."""
        return math.exp(self.mean)

    @property
    def expected(self) -> float:
        """Seconds that a render takes on average."""
        return math.exp(self.mean + self.spread**2 / 2)

    def quantile(self, sigmas: float) -> float:
        """Return the seconds at so many standard deviations from the median."""
        return math.exp(self.mean + sigmas * self.spread)

    def left(self, age: float) -> float:
        """Return the seconds that a render still takes on average when it has run for *age*."""
        z = self._z(age)
        survives = _tail(z)
        return self.expected * _tail(z - self.spread) / survives - age if survives > _RARE else age

    def hazard(self, age: float) -> float:
        """Return the chance per second that a render which has run for *age* ends now."""
        age = max(age, 1e-9)
        z = (math.log(age) - self.mean) / self.spread
        survives = 0.5 * math.erfc(z * _HALF_ROOT)
        density = _DENSITY * math.exp(-z * z / 2) / (self.spread * age)
        return density / survives if survives > _RARE else 1.0 / max(age, 1.0)

    def _z(self, age: float) -> float:
        return (math.log(max(age, 1e-9)) - self.mean) / self.spread


_RARE = 1e-12
_HALF_ROOT, _DENSITY = 1 / math.sqrt(2), 1 / math.sqrt(2 * math.pi)


def _tail(z: float) -> float:
    return 0.5 * math.erfc(z / math.sqrt(2))


@attrs.define
class _RunningMoments:
    """Count, mean and squared distances, kept up by Welford's method."""

    count: float = 0.0
    mean: float = 0.0
    squares: float = 0.0

    def add(self, value: float) -> None:
        self.count += 1
        distance = value - self.mean
        self.mean += distance / self.count
        self.squares += distance * (value - self.mean)


class RenderTimes:
    """Render times as learnt so far."""

    def __init__(self, lessons: Iterable[Lesson] = ()) -> None:
        """Begin with the *lessons* of earlier runs."""
        self._seen: dict[tuple[str, int], _RunningMoments] = {}
        for lesson in lessons:
            weight = min(1.0, _MOST_REMEMBERED / lesson.count) if lesson.count else 0.0
            kept = _RunningMoments(lesson.count * weight, lesson.mean, lesson.squares * weight)
            self._seen[lesson.kind, lesson.size] = kept

    def learn(self, kind: str, size: int, seconds: float) -> None:
        """Take one finished render into account."""
        if seconds > 0:
            self._seen.setdefault((kind, size), _RunningMoments()).add(math.log(seconds))

    def law(self, kind: str, size: int) -> TimeDistribution:
        """Return what is to be expected of a request of this mode and length class.

        Few renders of one length say little: the less was seen, the more the whole mode counts, and then the prior.
        """
        mode = [seen for (known, _), seen in self._seen.items() if known == kind]
        count = sum(seen.count for seen in mode)
        mean = (_WEIGHT_OF_PRIOR * _MEAN + sum(seen.count * seen.mean for seen in mode)) / (_WEIGHT_OF_PRIOR + count)
        squares = _WEIGHT_OF_PRIOR * _SPREAD**2 + sum(seen.squares for seen in mode)
        own = self._seen.get((kind, size), _RunningMoments())
        return TimeDistribution(
            mean=(_WEIGHT_OF_MODE * mean + own.count * own.mean) / (_WEIGHT_OF_MODE + own.count),
            spread=math.sqrt(squares / (_WEIGHT_OF_PRIOR + count)),
        )

    def lessons(self) -> list[Lesson]:
        """Return what a later run should begin with."""
        return [Lesson(*key, *attrs.astuple(seen)) for key, seen in self._seen.items()]


def size_of(request: Any) -> int:
    """Return the length class of a request: texts of one class differ by no more than a factor of two."""
    text = request.text if isinstance(request, StoredRequest) else _text_of(request)
    return len(text).bit_length()


def _text_of(request: Any) -> str:
    return getattr(request, "script", None) or getattr(request, "prompt", None) or ""


FIRST_LOOK_SECONDS = 20.0  # sooner ends a render only where it was learnt
LOOK_COST = 0.8  # seconds of delay that one request is worth, where every render is asked for by itself
LEAST_SECONDS, MOST_SECONDS = 2.0, 30.0  # between two such looks


def first_look(law: TimeDistribution) -> float:
    """Return the age in seconds at which a render is looked at first: before that, one in a hundred ends."""
    return min(FIRST_LOOK_SECONDS, law.quantile(-2.33))


LEAST_HAZARD = 1e-3  # of a law that is not known for certain: no render is left alone for long


def pause_of(rate: float, price: float, shares: float = 1.0) -> float:
    """Return the seconds between looks at several renders, of which *rate* end in a second.

    A render that has ended holds its slot until it is looked at, which is half of the time between two looks at it. If
    a look tells of all renders, looks t apart cost rate*t/2 and price/t a second: least where both are equal. If it
    takes as many looks as *shares* to see all renders, each is seen so many times more rarely.

    Args:
        rate: Renders that end in a second.
        price: Slot-seconds that a request is worth.
        shares: Looks that it takes to see all renders, at least 1.
    """
    return math.sqrt(2 * price / (rate * shares))


def pause_at(law: TimeDistribution, age: float) -> float:
    """Return the seconds until the next look at a render of this age that is asked for by itself.

    Renders that end at a rate h are noticed d/2 late on average by looks d apart, so delay costs h*d*d/2 a look:
    the next one is due when that is what a look is worth (Keller 1974; inspection at the learnt hazard).
    """
    pause = LEAST_SECONDS
    while pause < MOST_SECONDS and pause * pause * law.hazard(age + pause) < 2 * LOOK_COST:
        pause += 1.0
    return pause
