"""Turns from looks at a session, without a server: each message once, in order, wherever the looks fall."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, strategies as st

from heygen_async.api.agents.sessions import AgentMessage, AgentResource, Session
from heygen_async.api.agents.turn_reader import Step, TurnReader
from heygen_async.api.agents.turns import Draft, MessagesMissed, Progress, Question, Remark, Told

WINDOW = 40
WAITS = ("waiting_for_input", "reviewing")


def said(text: str, role: str = "model", at: float = 0.0, shows: tuple[str, ...] | None = None) -> AgentMessage:
    return AgentMessage(role=role, type="text", content=text, resource_ids=shows, created_at=at)


def look(messages: list[AgentMessage], status: str = "thinking", progress: float = 0) -> Session:
    """What HeyGen shows: the last 40, newest first."""
    shown = tuple(reversed(messages[-WINDOW:]))
    return Session(session_id="s", status=status, created_at=0, progress=progress, messages=shown)


def words(steps: list[Step]) -> list[str]:
    return [step.message.content for step in steps if isinstance(step, Told)]


def asked(steps: list[Step]) -> list[str]:
    return [step.message.content for step in steps if isinstance(step, Told) and step.status is not None]


steps_of_looks = st.lists(st.integers(0, WINDOW - 1), max_size=8)
seeds = st.integers(0, 1000)


def history_of(length: int, seed: int, *, dated: bool) -> list[AgentMessage]:
    """Few different words, so that many messages are equal; only their times may tell them apart."""
    draw = random.Random(seed)
    return [
        said(draw.choice(["a", "b", ""]), draw.choice(["model", "model", "user", "director"]), n if dated else 0)
        for n in range(length)
    ]


@given(new=steps_of_looks, seed=seeds, status=st.sampled_from(["thinking", "generating", "dreaming"]))
def test_each_message_has_one_turn_in_order_wherever_the_looks_fall(new: list[int], seed: int, status: str) -> None:
    """As long as two looks have a message in common."""
    history = history_of(sum(new), seed, dated=True)
    reading, steps = TurnReader(), list[Step]()
    for seen in itertools.accumulate(new):
        steps += reading.take(look(history[:seen], status))
    assert words(steps) == [message.content for message in history]
    assert MessagesMissed() not in steps


@given(new=steps_of_looks, seed=seeds)
def test_messages_that_are_all_alike_are_told_apart_while_all_are_shown(new: list[int], seed: int) -> None:
    """HeyGen's times are whole seconds and may be absent: equal messages count all the same."""
    history = history_of(min(WINDOW, sum(new)), seed, dated=False)
    reading, steps = TurnReader(), list[Step]()
    for seen in itertools.accumulate(new):
        steps += reading.take(look(history[:seen]))
    assert words(steps) == [message.content for message in history]


@given(rounds=st.lists(st.integers(1, 4), min_size=1, max_size=12), data=st.data())
def test_each_question_is_asked_once_wherever_the_looks_fall(rounds: list[int], data: st.DataObject) -> None:
    """The agent says a few things and waits; it is answered when it was heard; stale looks ask nothing again."""
    reading, history, steps, number = TurnReader(), [said("prompt", "user")], list[Step](), 0
    reading.transcript.expect("prompt")
    for count in rounds:
        for _ in range(count):
            number += 1
            history.append(said(f"m{number}"))
            if data.draw(st.booleans()):
                steps += reading.take(look(history[:-1], "thinking"))
        for _ in range(data.draw(st.integers(1, 3))):
            steps += reading.take(look(history, data.draw(st.sampled_from(WAITS))))
        assert reading.asks
        reading.transcript.expect("yes")
        reading.answered()
        before = list(history)
        history.append(said("yes", "user", number))
        for _ in range(data.draw(st.integers(0, 2))):  # the status, or all of the look, is older than the answer
            steps += reading.take(look(data.draw(st.sampled_from([before, history])), "waiting_for_input"))
        assert not reading.asks
    assert words(steps) == [f"m{n + 1}" for n in range(number)]
    assert len(asked(steps)) == len(rounds)


@given(gap=st.integers(1, 60))
def test_a_gap_is_told_exactly_when_there_is_one(gap: int) -> None:
    """Or may be one: a window that was filled anew might just adjoin the last. Then what is shown is told."""
    history = [said(f"m{n}", at=n) for n in range(100)]
    reading = TurnReader()
    reading.take(look(history[:40]))
    steps = reading.take(look(history[: 40 + gap]))
    assert (MessagesMissed() in steps) == (gap >= WINDOW)
    assert words(steps) == [f"m{n}" for n in range(40, 40 + gap)][-WINDOW:]


def test_what_was_changed_at_heygen_is_not_told_twice() -> None:
    """A message in the middle, the last one, or both; and a look that is older than the last."""
    first, second, third = said("one", "user"), said("two"), said("three")
    reading = TurnReader()
    assert words(reading.take(look([first, second, third]))) == ["one", "two", "three"]
    assert words(reading.take(look([first, said("two, mended"), third, said("four")]))) == ["four"]
    assert words(reading.take(look([first, second, third, said("four, longer")]))) == []
    assert words(reading.take(look([first, second]))) == []
    assert words(reading.take(look([first, second, third, said("four, longer"), said("five")]))) == ["five"]
    assert words(reading.take(Session(session_id="s", status="thinking", created_at=0))) == []


def test_a_question_that_grows_is_asked_in_its_last_wording() -> None:
    """Seen half while the agent was still thinking, then whole."""
    reading = TurnReader()
    assert asked(reading.take(look([said("p", "user"), said("Shall")]))) == []
    assert asked(reading.take(look([said("p", "user"), said("Shall I go on?")], "reviewing"))) == ["Shall I go on?"]


def test_a_question_may_come_without_new_words() -> None:
    """What it waits with is what was said since a user spoke; an answer it has had is not a question again."""
    history = [said("p", "user"), said("a storyboard")]
    reading = TurnReader()
    assert asked(reading.take(look(history))) == []
    assert asked(reading.take(look(history, "waiting_for_input"))) == ["a storyboard"]
    assert asked(reading.take(look(history, "waiting_for_input"))) == []
    assert asked(reading.take(look(history, "thinking"))) == []
    assert asked(reading.take(look(history, "waiting_for_input"))) == ["a storyboard"]


def test_a_remark_from_before_the_answer_is_no_new_question() -> None:
    """It came between the last look and the answer, which HeyGen's status does not show yet."""
    history = [said("q")]
    reading = TurnReader()
    assert asked(reading.take(look(history, "waiting_for_input"))) == ["q"]
    reading.transcript.expect("yes")
    reading.answered()
    history += [said("by the way"), said("yes", "user")]
    steps = reading.take(look(history, "waiting_for_input"))
    assert (words(steps), asked(steps)) == (["by the way"], [])
    assert reading.thinks
    assert asked(reading.take(look([*history, said("and now?")], "waiting_for_input"))) == ["and now?"]


def test_own_words_are_no_turns_and_those_of_others_are() -> None:
    """Counted: of two equal messages the chat has said one."""
    reading = TurnReader()
    reading.transcript.expect("go ")
    history = [said("go", "user", 1), said("go", "user", 2)]
    assert words(reading.take(look(history))) == ["go"]
    assert reading.transcript.expect("go") == 3
    assert not reading.transcript.has("go", 3, look(history))
    assert reading.transcript.has("go", 3, look([*history, said(" go", "user", 3)]))
    assert not reading.transcript.has("go", 3, look([said(f"m{n}") for n in range(60)]))


def test_joining_tells_nothing_but_what_is_open() -> None:
    """And where the work stands."""
    history = [said("p", "user"), said("a"), said("b")]
    waits, works, ended = TurnReader(), TurnReader(), TurnReader()
    assert asked(waits.join(look(history, "reviewing"))) == ["b"]
    assert waits.join(look(history, "reviewing")) == []
    assert works.join(look(history, "generating", 40)) == [Progress(status="generating", percent=40)]
    assert ended.join(look(history, "completed")) == []


def resource(kind: str) -> AgentResource:
    return AgentResource(resource_id="r", resource_type=kind)


@pytest.mark.parametrize(
    ("status", "kinds", "turn"),
    [
        (None, [], Remark),
        (None, ["image"], Remark),
        (None, ["image", "draft"], Draft),
        (None, ["blueprint"], Draft),
        ("waiting_for_input", [], Question),
        ("waiting_for_input", ["image"], Question),
        ("waiting_for_input", ["draft"], Draft),
        ("reviewing", [], Question),
        ("reviewing", ["storyboard"], Draft),
    ],
)
def test_what_a_message_is(status: str | None, kinds: list[str], turn: type) -> None:
    """A draft is what shows one; a question is what the agent waits with; anything else is a remark."""
    resources = tuple(resource(kind) for kind in kinds)
    message = said("words", shows=tuple(kinds) or None)
    made = Told(message=message, status=status).turn(resources)
    assert type(made) is turn
    assert (made.text, made.resources) == ("words", resources)
    if isinstance(made, Draft):
        assert made.waits == (status is not None)


def test_what_was_said_stays_out_of_logs() -> None:
    """A script is nobody else's business."""
    assert "secret" not in repr(Question(message=said("secret"), status="reviewing"))
