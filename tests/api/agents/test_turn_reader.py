"""Turns from polls of a session, without a server: each message once, in order, at any times of the polls."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, strategies as st

from heygen_async.api.agents.sessions import AgentMessage, AgentResource, Session
from heygen_async.api.agents.turn_reader import Step, TurnReader
from heygen_async.api.agents.turns import Draft, MessagesMissed, MessageStep, Progress, Question, Remark

WINDOW = 40
WAITS = ("waiting_for_input", "reviewing")


def message(text: str, role: str = "model", at: float = 0.0, shows: tuple[str, ...] | None = None) -> AgentMessage:
    return AgentMessage(role=role, type="text", content=text, resource_ids=shows, created_at=at)


def look(messages: list[AgentMessage], status: str = "thinking", progress: float = 0) -> Session:
    """Return the session as HeyGen shows it: with the last 40 messages, newest first."""
    shown = tuple(reversed(messages[-WINDOW:]))
    return Session(session_id="s", status=status, created_at=0, progress=progress, messages=shown)


def texts(steps: list[Step]) -> list[str]:
    return [step.message.content for step in steps if isinstance(step, MessageStep)]


def questions(steps: list[Step]) -> list[str]:
    return [step.message.content for step in steps if isinstance(step, MessageStep) and step.status is not None]


new_messages = st.lists(st.integers(0, WINDOW - 1), max_size=8)
seeds = st.integers(0, 1000)


def history_of(length: int, seed: int, *, dated: bool) -> list[AgentMessage]:
    """Return messages of a few texts, so that many are equal except for their times."""
    draw = random.Random(seed)
    return [
        message(draw.choice(["a", "b", ""]), draw.choice(["model", "model", "user", "director"]), n if dated else 0)
        for n in range(length)
    ]


@given(new=new_messages, seed=seeds, status=st.sampled_from(["thinking", "generating", "dreaming"]))
def test_each_message_has_one_turn_at_any_times_of_polls(new: list[int], seed: int, status: str) -> None:
    """Each message is one turn, in order, as long as successive polls have a message in common."""
    history = history_of(sum(new), seed, dated=True)
    reader, steps = TurnReader(), list[Step]()
    for seen in itertools.accumulate(new):
        steps += reader.take(look(history[:seen], status))
    assert texts(steps) == [each.content for each in history]
    assert MessagesMissed() not in steps


@given(new=new_messages, seed=seeds)
def test_equal_messages_are_separate_turns_while_all_are_shown(new: list[int], seed: int) -> None:
    """Equal messages with equal times are separate turns as long as HeyGen shows all of them."""
    history = history_of(min(WINDOW, sum(new)), seed, dated=False)
    reader, steps = TurnReader(), list[Step]()
    for seen in itertools.accumulate(new):
        steps += reader.take(look(history[:seen]))
    assert texts(steps) == [each.content for each in history]


@given(rounds=st.lists(st.integers(1, 4), min_size=1, max_size=12), data=st.data())
def test_each_question_comes_once_at_any_times_of_polls(rounds: list[int], data: st.DataObject) -> None:
    """Each question is one turn; polls that are older than the answer do not repeat it."""
    reader, history, steps, number = TurnReader(), [message("prompt", "user")], list[Step](), 0
    reader.transcript.expect("prompt")
    for count in rounds:
        for _ in range(count):
            number += 1
            history.append(message(f"m{number}"))
            if data.draw(st.booleans()):
                steps += reader.take(look(history[:-1], "thinking"))
        for _ in range(data.draw(st.integers(1, 3))):
            steps += reader.take(look(history, data.draw(st.sampled_from(WAITS))))
        assert reader.has_question
        reader.transcript.expect("yes")
        reader.note_answer()
        before = list(history)
        history.append(message("yes", "user", number))
        for _ in range(data.draw(st.integers(0, 2))):  # the status, or the whole poll, is older than the answer
            steps += reader.take(look(data.draw(st.sampled_from([before, history])), "waiting_for_input"))
        assert not reader.has_question
    assert texts(steps) == [f"m{n + 1}" for n in range(number)]
    assert len(questions(steps)) == len(rounds)


@given(gap=st.integers(1, 60))
def test_a_possible_gap_is_a_step(gap: int) -> None:
    """MessagesMissed comes exactly if two polls have no message in common, and the messages shown follow it."""
    history = [message(f"m{n}", at=n) for n in range(100)]
    reader = TurnReader()
    reader.take(look(history[:40]))
    steps = reader.take(look(history[: 40 + gap]))
    assert (MessagesMissed() in steps) == (gap >= WINDOW)
    assert texts(steps) == [f"m{n}" for n in range(40, 40 + gap)][-WINDOW:]


def test_a_changed_message_is_not_repeated() -> None:
    """A message whose text changes at HeyGen is not a new turn, and neither is one of an older poll."""
    first, second, third = message("one", "user"), message("two"), message("three")
    reader = TurnReader()
    assert texts(reader.take(look([first, second, third]))) == ["one", "two", "three"]
    assert texts(reader.take(look([first, message("two, mended"), third, message("four")]))) == ["four"]
    assert texts(reader.take(look([first, second, third, message("four, longer")]))) == []
    assert texts(reader.take(look([first, second]))) == []
    assert texts(reader.take(look([first, second, third, message("four, longer"), message("five")]))) == ["five"]
    assert texts(reader.take(Session(session_id="s", status="thinking", created_at=0))) == []


def test_a_question_that_grows_comes_in_its_last_form() -> None:
    """A question of which the first poll showed a part comes as a whole when the agent waits."""
    reader = TurnReader()
    assert questions(reader.take(look([message("p", "user"), message("Shall")]))) == []
    assert questions(reader.take(look([message("p", "user"), message("Shall I go on?")], "reviewing"))) == [
        "Shall I go on?"
    ]


def test_a_question_may_come_without_a_new_message() -> None:
    """An agent that starts to wait without a new message asks with its last message since the user's."""
    history = [message("p", "user"), message("a storyboard")]
    reader = TurnReader()
    assert questions(reader.take(look(history))) == []
    assert questions(reader.take(look(history, "waiting_for_input"))) == ["a storyboard"]
    assert questions(reader.take(look(history, "waiting_for_input"))) == []
    assert questions(reader.take(look(history, "thinking"))) == []
    assert questions(reader.take(look(history, "waiting_for_input"))) == ["a storyboard"]


def test_a_remark_from_before_the_answer_is_no_new_question() -> None:
    """A message between the last poll and the answer is a remark, even if HeyGen still shows the session as waiting."""
    history = [message("q")]
    reader = TurnReader()
    assert questions(reader.take(look(history, "waiting_for_input"))) == ["q"]
    reader.transcript.expect("yes")
    reader.note_answer()
    history += [message("by the way"), message("yes", "user")]
    steps = reader.take(look(history, "waiting_for_input"))
    assert (texts(steps), questions(steps)) == (["by the way"], [])
    assert reader.is_thinking
    assert questions(reader.take(look([*history, message("and now?")], "waiting_for_input"))) == ["and now?"]


def test_own_messages_are_no_turns_and_those_of_others_are() -> None:
    """Of two equal messages, one sent by this chat and one by another client, one is a turn."""
    reader = TurnReader()
    reader.transcript.expect("go ")
    history = [message("go", "user", 1), message("go", "user", 2)]
    assert texts(reader.take(look(history))) == ["go"]
    assert reader.transcript.expect("go") == 3
    assert not reader.transcript.has("go", 3, look(history))
    assert reader.transcript.has("go", 3, look([*history, message(" go", "user", 3)]))
    assert not reader.transcript.has("go", 3, look([message(f"m{n}") for n in range(60)]))


def test_joining_gives_the_open_question_or_the_progress() -> None:
    """The steps of a joined session are its open question or its progress, without earlier messages."""
    history = [message("p", "user"), message("a"), message("b")]
    waits, works, ended = TurnReader(), TurnReader(), TurnReader()
    assert questions(waits.join(look(history, "reviewing"))) == ["b"]
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
def test_the_turn_of_a_message(status: str | None, kinds: list[str], turn: type) -> None:
    """A message with a draft is a Draft, one with which the agent waits a Question, any other a Remark."""
    resources = tuple(resource(kind) for kind in kinds)
    step = MessageStep(message=message("text", shows=tuple(kinds) or None), status=status)
    made = step.turn(resources)
    assert type(made) is turn
    assert (made.text, made.resources) == ("text", resources)
    if isinstance(made, Draft):
        assert made.waits == (status is not None)


def test_the_repr_of_a_turn_has_no_text() -> None:
    """The repr of a turn does not contain the message's text, which may be a script."""
    assert "secret" not in repr(Question(message=message("secret"), status="reviewing"))
