"""Scenes: nights in which all comes together that a rare fault needs. By chance it would, in one of many thousands."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import attrs

from heygen_async.simulator import RateLimitStorm
from tests.explore.faults import Delayed
from tests.explore.habits import HOUR, Interruption, Sitting
from tests.explore.night import Lines, Night
from tests.explore.trouble import Trouble

SHARE = 0.1  # of all nights

_SLOW = {"median_seconds": 120.0, "p95_seconds": 144.0, "batches_wait": True, "queueing": False}

Scene = Callable[[random.Random, Night], Night]


def with_a_scene(night: Night) -> Night:
    """Return the night with a scene in place of its rows and habits, or as it is."""
    rng = random.Random(f"scene {night.seed}")
    if rng.random() >= SHARE:
        return night
    calm = attrs.evolve(night, has_journal=True, troubles=night.troubles if rng.random() < 0.5 else ())
    return rng.choice(SCENES)(rng, calm)


def _asked_too_soon(rng: random.Random, night: Night) -> Night:
    """An agent's POST is still on the way to HeyGen when the next process looks for what it has made."""
    count = rng.randint(1, 8)
    slow = Delayed(seconds=rng.choice([40, 100]), method="POST", between=(0.0, 6 * HOUR), probability=0.6)
    crash = Interruption(kind="crash at a moment", at=rng.uniform(1, 60))
    return attrs.evolve(
        night,
        kinds=("agent",) * count,
        options=_kept(night),
        lists=(_list(range(count)),),
        troubles=(Trouble(kind="slow before the work", faults=(slow,)), *night.troubles),
        sittings=(
            Sitting(command="run", habit="the list", interruptions=(crash,), pause=rng.uniform(0, 5)),
            Sitting(
                command="resume", habit="resume, resubmit unknown", options={"on_unknown": "resubmit"}, pause=2 * HOUR
            ),
        ),
    )


def _half_a_batch(rng: random.Random, night: Night) -> Night:
    """The rows of a batch whose answer was lost are settled one after the other, while the list changes."""
    count = rng.randint(3, 8)
    crash = Interruption(kind="crash at an answer", at=rng.choice([1, 1, 2]))
    return attrs.evolve(
        _of_videos(night, count, submit="batch"),
        titled=True,
        untitled=frozenset(rng.sample(range(count), rng.randint(1, count - 1))),
        lists=(_list(range(count)), _list(range(count - 1)), _list(range(count))),
        account={**night.account, **_SLOW, "slots": rng.choice([1, 2])},
        sittings=(
            Sitting(command="run", habit="the list", interruptions=(crash,)),
            Sitting(command="run", habit="list shortened", list=1),
            Sitting(command="run", habit="list grown", list=2),
        ),
    )


def _unknown_looks(rng: random.Random, night: Night) -> Night:
    """Rows name looks that the account does not have: in a batch they fail without a video. Later they are edited."""
    count = rng.randint(3, 12)
    strange = frozenset(rng.sample(range(count), rng.randint(1, count)))
    return attrs.evolve(
        _of_videos(night, count, submit=rng.choice(["batch", "batch", "auto"])),
        strange=strange,
        lists=(_list(range(count)), Lines(lines=tuple((row, int(row in strange)) for row in range(count)))),
        account={**night.account, "unknown_in_batch": "failed"},
        sittings=(
            Sitting(command="run", habit="the list", pause=rng.choice([1.0, HOUR])),
            Sitting(command="run", habit="list edited", list=1),
        ),
    )


def _put_back_in_time(rng: random.Random, night: Night) -> Night:
    """A row that has its video is edited, and edited back before the new text was sent: the video is its own again.

    If it is edited once more instead, it keeps its video until somebody says otherwise.
    """
    count = rng.randint(1, 6)
    crash = Interruption(kind="crash before a commit", at=rng.randint(2, 9))
    edited = Lines(lines=tuple((row, 1) for row in range(count)))
    submit, version = rng.choice(["each", "batch"]), rng.choice([0, 0, 2])
    return attrs.evolve(
        _of_videos(night, count, submit=submit),
        lists=(_list(range(count)), edited, Lines(lines=tuple((row, version) for row in range(count)))),
        sittings=(
            Sitting(command="run", habit="the list", pause=rng.choice([1.0, HOUR])),
            Sitting(command="run", habit="list edited", list=1, options={"again": True}, interruptions=(crash,)),
            Sitting(command="run", habit="list edited" if version else "list put back", list=2),
        ),
    )


def _batch_in_a_storm(rng: random.Random, night: Night) -> Night:
    """A batch that does not fit the account's slots is refused first by a storm, and then because it does not fit."""
    count = rng.randint(2, 8)
    storm = RateLimitStorm(between=(0.0, rng.choice([60.0, 1800.0])), probability=rng.choice([0.9, 1.0]))
    return attrs.evolve(
        _of_videos(night, count, submit="batch"),
        lists=(_list(range(count)),),
        account={**night.account, "slots": 1, "batches_wait": False, "queueing": False},
        troubles=(Trouble(kind="429 storm", faults=(storm,)),),
        sittings=(Sitting(command="run", habit="the list", pause=HOUR),),
    )


def _of_videos(night: Night, count: int, **options: Any) -> Night:
    return attrs.evolve(night, kinds=("direct",) * count, identity="named", options={**_kept(night), **options})


def _kept(night: Night) -> dict[str, Any]:
    """Return the options that hold no row back."""
    return {name: value for name, value in night.options.items() if name in {"deadline", "watch", "download_to"}}


def _list(rows: range) -> Lines:
    return Lines(lines=tuple((row, 0) for row in rows))


SCENES: tuple[Scene, ...] = (_asked_too_soon, _batch_in_a_storm, _half_a_batch, _put_back_in_time, _unknown_looks)
