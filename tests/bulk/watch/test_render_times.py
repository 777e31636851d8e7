"""Render times are learnt by mode and length, and little evidence changes an estimate little."""

from __future__ import annotations

import math
import random
import statistics

import pytest
from hypothesis import given, strategies as st

from heygen_async import CinematicAvatar, DirectVideo, ImageVideo
from heygen_async.api.requests.stored import StoredRequest
from heygen_async.bulk.watch.render_times import (
    FIRST_LOOK_SECONDS,
    LEAST_SECONDS,
    MOST_SECONDS,
    RenderTimes,
    TimeDistribution,
    first_look,
    pause_at,
    size_of,
)

LAWS = st.builds(TimeDistribution, mean=st.floats(0, 8), spread=st.floats(0.05, 2))


def drawn(count: int, median: float, spread: float) -> list[float]:
    chance = random.Random(5)
    return [chance.lognormvariate(math.log(median), spread) for _ in range(count)]


def test_before_anything_is_learnt_two_minutes_are_expected() -> None:
    """The first expectation is as measured of HeyGen: half of the renders within 2 min, 95 % within 7."""
    law = RenderTimes().law("avatar", 5)
    assert law.median == pytest.approx(120)
    assert law.quantile(1.645) == pytest.approx(400, rel=0.01)


def test_what_is_seen_often_is_believed() -> None:
    """After 300 renders of half a minute, half a minute is expected."""
    times = RenderTimes()
    for seconds in drawn(300, 30.0, 0.4):
        times.learn("avatar", 8, seconds)
    assert times.law("avatar", 8).median == pytest.approx(30, rel=0.1)
    assert times.law("avatar", 8).spread == pytest.approx(0.4, abs=0.06)
    assert times.law("avatar", 3).median == pytest.approx(30, rel=0.1)
    assert times.law("image", 8).median == pytest.approx(120)


def test_one_render_says_little() -> None:
    """A single render of 20 minutes raises the expected 2 minutes to less than 7."""
    times = RenderTimes()
    times.learn("avatar", 8, 1200.0)
    assert 120 < times.law("avatar", 8).median < 400


def test_lengths_are_told_apart() -> None:
    """Short and long texts have their own estimates when there are enough renders of each."""
    times = RenderTimes()
    for short, long in zip(drawn(60, 30.0, 0.2), drawn(60, 600.0, 0.2), strict=True):
        times.learn("avatar", 5, short)
        times.learn("avatar", 12, long)
    assert times.law("avatar", 5).median < 50
    assert times.law("avatar", 12).median > 400


def test_lessons_are_passed_on_and_fade() -> None:
    """A later run begins with the lessons; ten thousand old renders weigh no more than two hundred."""
    first = RenderTimes()
    for _ in range(10_000):
        first.learn("avatar", 8, 60.0)
    later = RenderTimes(first.lessons())
    assert later.law("avatar", 8).median == pytest.approx(60, rel=0.05)
    for _ in range(200):
        later.learn("avatar", 8, 240.0)
    assert 100 < later.law("avatar", 8).median < 140


def test_no_time_at_all_is_no_lesson() -> None:
    """A render time of zero, from a clock that stood still, is not learnt."""
    times = RenderTimes()
    times.learn("avatar", 8, 0.0)
    assert times.lessons() == []


@given(LAWS, st.floats(0.01, 1e5))
def test_what_is_left_is_never_negative(law: TimeDistribution, age: float) -> None:
    """The remaining time is never negative, however long a render has been running."""
    assert law.left(age) >= -1e-6 * age - 1e-6
    assert law.hazard(age) >= 0


def test_what_is_left_is_the_mean_of_what_is_left() -> None:
    """The remaining time agrees with the mean over 200,000 drawn renders."""
    law, seen = TimeDistribution(), drawn(200_000, 120.0, 0.73)
    for age in (1.0, 60.0, 200.0, 500.0):
        left = statistics.fmean(seconds - age for seconds in seen if seconds > age)
        assert law.left(age) == pytest.approx(left, rel=0.05)
    assert law.expected == pytest.approx(statistics.fmean(seen), rel=0.02)


@given(LAWS, st.floats(0, 1e5))
def test_the_next_look_is_within_bounds(law: TimeDistribution, age: float) -> None:
    """Neither at once nor too late."""
    assert LEAST_SECONDS <= pause_at(law, age) <= MOST_SECONDS


def test_looks_are_closer_where_more_end() -> None:
    """Renders that take two minutes are looked at more often after two minutes than after ten seconds."""
    law = TimeDistribution(spread=0.3)
    assert pause_at(law, 120.0) < pause_at(law, 10.0) / 2


def test_the_first_look_comes_sooner_where_that_was_learnt() -> None:
    """The first look comes sooner after short render times, and never later than by default."""
    assert first_look(TimeDistribution()) == FIRST_LOOK_SECONDS
    assert first_look(TimeDistribution(mean=math.log(10), spread=0.2)) < 10


def test_lengths_have_classes() -> None:
    """A request has a length class by its text, and a stored request by its JSON."""
    request = DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="x" * 100)
    assert size_of(request) == 7
    assert size_of(CinematicAvatar(prompt="x" * 300, avatar_id="look_anna")) == 9
    assert size_of(StoredRequest(kind="avatar", text="{" + " " * 600 + "}")) == 10
    spoken = ImageVideo(image="https://example.com/a.png", audio_url="https://example.com/a.mp3")
    assert size_of(spoken) == 0
