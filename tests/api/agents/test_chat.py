"""A chat with the Video Agent on the simulator: questions, drafts, ends, deadlines, lost answers."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Sequence
from typing import Any

import anyio
import pytest

from heygen_async import (
    AgentReply,
    BadRequestError,
    Chat,
    ChatFailed,
    DeadlineExceededError,
    Draft,
    HeyGen,
    InvalidInputError,
    MessagesMissed,
    NotFoundError,
    OutcomeUnknownError,
    Progress,
    Question,
    Ready,
    Remark,
    ServerError,
    Turn,
    VideoAgent,
)
from heygen_async.errors import RenderFailedError
from heygen_async.simulator import (
    DropAfterAccept,
    DropBefore,
    ErrorAnswer,
    FailedRender,
    NullVideoUrl,
    RateLimitStorm,
    Slow,
    Stuck,
    UnknownStatus,
    World,
)
from heygen_async.simulator.world.sessions import AgentSession

ASK = VideoAgent(prompt="A 30-second welcome to our shop.", mode="chat")
PLAIN = VideoAgent(prompt="A 30-second welcome to our shop.")
MESSAGE = "/v3/video-agents/*[0-9a-f]"
STOP = "/v3/video-agents/*/stop"


async def follow(chat: Chat, *answers: str) -> list[Turn]:
    """Answer each question with the next of *answers*, and return all turns except progress."""
    left = iter(answers)
    turns: list[Turn] = []
    async for turn in chat:
        if not isinstance(turn, Progress):
            turns.append(turn)
        if isinstance(turn, Question | Draft):
            await chat.answer(next(left))
    return turns


def kinds(turns: Sequence[Turn]) -> list[str]:
    return [type(turn).__name__ for turn in turns]


def session_of(world: World) -> AgentSession:
    (session,) = world.sessions.values()
    return session


def messages_to(world: World) -> list[str]:
    """Return the messages of users in the first session."""
    session = next(iter(world.sessions.values()))
    return [message.content for message in session.messages if message.role == "user"]


# --- to the end


async def test_one_question_is_answered_and_the_video_comes(heygen: HeyGen, world: World) -> None:
    """After one answer the last turn has the video's address, one session is charged, and no question is open."""
    async with heygen.video_agents.chat(ASK) as chat:
        turns = await follow(chat, "Yes, go on")
        assert chat.ended
        assert [turn async for turn in chat] == []
    assert kinds(turns) == ["Question", "Remark", "Remark", "Ready"]
    question, _, _, ready = turns
    assert isinstance(question, Question)
    assert (question.text, question.status, question.resources) == (
        "Here is the storyboard. Shall I go on?",
        "waiting_for_input",
        (),
    )
    assert isinstance(ready, Ready)
    assert ready.video.video_url
    assert messages_to(world) == [ASK.prompt, "Yes, go on"]
    assert len(world.ledger) == 1
    assert chat.question is None


async def test_several_rounds_and_a_draft_with_its_resources(heygen: HeyGen, world: World) -> None:
    """Each question is one turn even if the texts are equal, and a draft has its resources."""
    world.chat_stops = ("waiting_for_input", "waiting_for_input", "reviewing", "waiting_for_input")
    async with heygen.video_agents.chat(ASK) as chat:
        turns = await follow(chat, "one", "two", "three", "four")
    assert kinds(turns) == ["Question", "Question", "Draft", "Question", "Remark", "Remark", "Ready"]
    draft = turns[2]
    assert isinstance(draft, Draft)
    assert [resource.resource_type for resource in draft.resources] == ["draft"]
    assert draft.waits
    film = turns[-2]
    assert isinstance(film, Remark)
    assert film.resources[0].url
    assert messages_to(world) == [ASK.prompt, "one", "two", "three", "four"]


async def test_progress_is_a_turn_when_it_changes(heygen: HeyGen) -> None:
    """No two progress turns in a row are equal, and they rise until the render."""
    seen: list[Progress] = []
    async with heygen.video_agents.chat(PLAIN) as chat:
        turns = [turn async for turn in chat]
    seen = [turn for turn in turns if isinstance(turn, Progress)]
    assert all(before != after for before, after in itertools.pairwise(seen))
    assert [turn.status for turn in seen] == sorted((turn.status for turn in seen), reverse=True)
    assert [turn.percent for turn in seen] == sorted(turn.percent for turn in seen)
    assert (seen[0].video_id, seen[-1].video_id is None) == (None, False)
    assert len(seen) > 5


async def test_generate_mode_asks_no_questions_and_takes_no_messages(heygen: HeyGen, world: World) -> None:
    """A chat in generate mode is followed to its video, and refuses messages before they are sent."""
    async with heygen.video_agents.chat(PLAIN) as chat:
        assert isinstance(await anext(chat), Progress)
        with pytest.raises(InvalidInputError, match="generate mode"):
            await chat.say("faster, please")
        with pytest.raises(InvalidInputError, match="has no open question"):
            await chat.answer("yes")
        turns = await follow(chat)
    assert kinds(turns) == ["Remark", "Remark", "Ready"]
    assert world.request_counts()["POST /v3/video-agents/{session_id}"] == 0


@pytest.mark.parametrize(
    ("thinking", "reason"),
    [(True, "the agent gave up"), (False, "The render failed on purpose.")],
    ids=["thinking", "rendering"],
)
async def test_a_failure_is_the_last_turn(heygen: HeyGen, world: World, thinking: bool, reason: str) -> None:  # noqa: FBT001
    """A failure while thinking or rendering is a ChatFailed turn, whose error can be raised."""
    message = "the agent gave up" if thinking else "The render failed on purpose."
    world.faults.append(FailedRender(while_thinking=thinking, message=message))
    async with heygen.video_agents.chat(PLAIN) as chat:
        turns = await follow(chat)
    failed = turns[-1]
    assert isinstance(failed, ChatFailed)
    assert reason in failed.reason
    assert failed.error.spent == "no"
    with pytest.raises(RenderFailedError):
        raise failed.error
    with pytest.raises(InvalidInputError, match="has ended"):
        await chat.say("again")
    await chat.stop()
    assert world.request_counts()["POST /v3/video-agents/{session_id}/stop"] == 0


async def test_a_session_whose_video_was_deleted_has_failed(heygen: HeyGen, world: World) -> None:
    """A chat whose video is deleted ends with ChatFailed."""
    async with heygen.video_agents.chat(PLAIN) as chat:
        async for turn in chat:
            if isinstance(turn, Progress) and turn.video_id:
                await heygen.videos.delete(turn.video_id)
                break
        assert kinds([turn async for turn in chat if not isinstance(turn, Progress)])[-1] == "ChatFailed"


async def test_a_missing_video_ends_the_chat(heygen: HeyGen, world: World) -> None:
    """A 404 for the video raises NotFoundError if the session has not failed."""
    world.faults.append(ErrorAnswer(method="GET", path="/v3/videos/", status=404, code="video_not_found"))
    with pytest.raises(NotFoundError):
        async with heygen.video_agents.chat(PLAIN) as chat:
            await follow(chat)


@pytest.mark.parametrize(
    "fault",
    [
        NullVideoUrl(polls=3),
        UnknownStatus(word="compositing", polls=3),
        ErrorAnswer(method="GET", status=503, code="service_unavailable", times=12),
        RateLimitStorm(method="GET", times=3),
    ],
    ids=lambda fault: type(fault).__name__,
)
async def test_trouble_on_the_way_does_not_end_a_chat(heygen: HeyGen, world: World, fault: Any) -> None:
    """Unknown statuses, a missing video address, 5xx and 429 do not end a chat."""
    world.faults.append(fault)
    async with heygen.video_agents.chat(ASK) as chat:
        turns = await follow(chat, "yes")
    assert kinds(turns) == ["Question", "Remark", "Remark", "Ready"]


async def test_a_video_that_ends_before_its_session_ends_the_chat(heygen: HeyGen, world: World) -> None:
    """A chat ends with its video, even if the session stays in `generating`."""
    async with heygen.video_agents.chat(PLAIN) as chat:
        async for turn in chat:
            if isinstance(turn, Progress) and turn.video_id:
                break
        await anyio.sleep(3000)
        world.now()
        session_of(world).status = "generating"
        assert kinds(await follow(chat))[-1] == "Ready"


# --- kinds that HeyGen does not document


async def test_a_message_of_an_unknown_kind_is_a_remark(heygen: HeyGen, world: World) -> None:
    """A message with an unknown role or type is a Remark that has them, and the chat goes on."""
    async with heygen.video_agents.chat(ASK) as chat:
        first = await anext(chat)
        session_of(world).add_message("director", "Pick a mood", world.now(), kind="poll")
        session_of(world).add_message("model", "", world.now(), kind="chart")
        turns = await follow(chat, "yes")
    assert isinstance(first, Progress)
    assert kinds(turns) == ["Remark", "Remark", "Question", "Remark", "Remark", "Ready"]
    assert [(turn.message.role, turn.message.type, turn.text) for turn in turns[:2] if isinstance(turn, Remark)] == [
        ("director", "poll", "Pick a mood"),
        ("model", "chart", ""),
    ]


async def test_an_agent_that_waits_without_a_message_can_be_answered(heygen: HeyGen, world: World) -> None:
    """An agent that waits without a message is a Question with blank text."""
    async with heygen.video_agents.chat(ASK) as chat:
        await anext(chat)
        world.agent_farm.stops = lambda: ()
        session_of(world).status = "waiting_for_input"
        question = await anext(chat)
        assert isinstance(question, Question)
        assert question.text == ""
        assert chat.question is question


async def test_a_draft_comes_without_unreadable_resources(
    heygen: HeyGen, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """A draft whose resources cannot be read comes without them, and the log has the error."""
    world.chat_stops = ("reviewing",)
    world.faults.append(ErrorAnswer(path="/v3/video-agents/*/resources/", status=404, code="not_found"))
    world.faults.append(ErrorAnswer(path="/v3/video-agents/*/resources/*", status=404, code="not_found"))
    async with heygen.video_agents.chat(ASK) as chat:
        turns = await follow(chat, "fine")
    draft = turns[0]
    assert isinstance(draft, Draft)
    assert draft.resources == ()
    assert draft.message.resource_ids
    assert "could not be read" in caplog.text


async def test_an_answer_of_another_client_is_a_remark_and_closes_the_question(heygen: HeyGen, world: World) -> None:
    """An answer that another client sends is a Remark of role `user`, and the question is no longer open."""
    async with heygen.video_agents.chat(ASK) as chat:
        async for turn in chat:
            if isinstance(turn, Question):
                break
        await heygen.video_agents.reply(chat.session_id, "I am quicker")
        remark = await anext(chat)
        while isinstance(remark, Progress):
            remark = await anext(chat)
        assert isinstance(remark, Remark)
        assert (remark.message.role, remark.text) == ("user", "I am quicker")
        assert chat.question is None
        assert kinds(await follow(chat))[-1] == "Ready"


async def test_more_than_40_messages_at_once_are_a_gap(heygen: HeyGen, world: World) -> None:
    """If more than 40 messages come between two polls, MessagesMissed comes before the last 40."""
    async with heygen.video_agents.chat(ASK) as chat:
        await anext(chat)
        for number in range(100):
            session_of(world).add_message("model", f"thought {number}", world.now())
        turns = [await anext(chat) for _ in range(42)]
    texts = [turn.text for turn in turns if isinstance(turn, Remark)]
    assert [type(turn) for turn in turns[:2]] == [MessagesMissed, Progress]
    assert texts == [f"thought {number}" for number in range(60, 100)]


@pytest.mark.unmeasured
async def test_a_chat_of_more_than_40_messages(heygen: HeyGen, world: World) -> None:
    """In a long chat each message is one turn, although HeyGen shows the last 40 only and all texts are equal."""
    world.chat_stops = ("waiting_for_input",) * 50
    async with heygen.video_agents.chat(ASK) as chat:
        turns = await follow(chat, *("yes" for _ in range(50)))
    assert kinds(turns) == ["Question"] * 50 + ["Remark", "Remark", "Ready"]
    assert len(session_of(world).messages) == 103


# --- joining


async def test_a_joined_session_starts_with_its_open_question(heygen: HeyGen, world: World) -> None:
    """A joined session starts with its open question, without earlier messages, and joining is free of charge."""
    world.chat_stops = ("waiting_for_input", "waiting_for_input")
    async with heygen.video_agents.chat(ASK) as chat:
        async for turn in chat:
            if isinstance(turn, Question):
                await chat.answer("first answer")
                break
    await anyio.sleep(100)
    async with heygen.video_agents.chat(session_id=chat.session_id) as joined:
        assert joined.session_id == chat.session_id
        turns = await follow(joined, "second answer")
    assert kinds(turns) == ["Question", "Remark", "Remark", "Ready"]
    assert messages_to(world) == [ASK.prompt, "first answer", "second answer"]
    assert len(world.ledger) == 1


async def test_a_replay_starts_with_earlier_messages(heygen: HeyGen) -> None:
    """With `replay` earlier messages of both sides are turns, and the agent's last one is the open question."""
    job = await heygen.video_agents.create(ASK)
    await anyio.sleep(100)
    async with heygen.video_agents.chat(session_id=job.id, replay=True) as chat:
        turns = await follow(chat, "yes")
    assert kinds(turns) == ["Remark", "Question", "Remark", "Remark", "Ready"]
    assert isinstance(turns[0], Remark)
    assert (turns[0].message.role, turns[0].text) == ("user", ASK.prompt)


@pytest.mark.parametrize("failing", [False, True])
async def test_a_session_that_has_ended_has_one_turn_left(heygen: HeyGen, world: World, failing: bool) -> None:  # noqa: FBT001
    """A session that has ended before it is joined has only its last turn."""
    if failing:
        world.faults.append(FailedRender(while_thinking=True, message="gave up"))
    job = await heygen.video_agents.create(PLAIN)
    await anyio.sleep(5000)
    async with heygen.video_agents.chat(session_id=job.id) as chat:
        assert kinds([turn async for turn in chat]) == ["ChatFailed" if failing else "Ready"]


async def test_an_old_answer_does_not_count_as_the_new_one(heygen: HeyGen, world: World) -> None:
    """After a lost POST a message is looked for among new messages only, and so is sent again."""
    world.chat_stops = ("waiting_for_input", "waiting_for_input")
    job = await heygen.video_agents.create(ASK)
    await anyio.sleep(100)
    await heygen.video_agents.reply(job.id, "go on")
    await anyio.sleep(100)
    world.faults.append(DropBefore(method="POST", path=MESSAGE, nth=1))
    async with heygen.video_agents.chat(session_id=job.id) as chat:
        await follow(chat, "go on")
    assert messages_to(world) == [ASK.prompt, "go on", "go on"]


async def test_joining_a_missing_session(heygen: HeyGen) -> None:
    """Entering a chat with the id of no session raises NotFoundError."""
    with pytest.raises(NotFoundError):
        async with heygen.video_agents.chat(session_id="nobody"):
            pass


# --- sending messages


async def test_an_answer_may_have_files(heygen: HeyGen, world: World) -> None:
    """An answer may be an AgentReply with files."""
    async with heygen.video_agents.chat(ASK) as chat:
        async for turn in chat:
            if isinstance(turn, Question):
                await chat.answer(AgentReply(message="with this logo", files=["https://example.com/logo.png"]))
                break
    assert [resource.kind for resource in session_of(world).resources.values()] == ["image"]


async def test_a_question_is_answered_once(heygen: HeyGen, world: World) -> None:
    """A second answer is refused because no question is open; a refused `say` does not end the chat."""
    async with heygen.video_agents.chat(ASK) as chat:
        async for turn in chat:
            if isinstance(turn, Question):
                break
        await chat.answer("yes")
        assert chat.question is None
        with pytest.raises(InvalidInputError, match=f"session {chat.session_id} has no open question"):
            await chat.answer("yes")
        with pytest.raises(BadRequestError):
            await chat.say("yes")
        assert kinds(await follow(chat))[-1] == "Ready"
    assert messages_to(world) == [ASK.prompt, "yes"]


LOST = {
    "lost answer": DropAfterAccept(method="POST", path=MESSAGE, nth=1),
    "error after acceptance": ErrorAnswer(method="POST", path=MESSAGE, status=502, after_accept=True, nth=1),
    "lost request": DropBefore(method="POST", path=MESSAGE, nth=1),
    "error before acceptance": ErrorAnswer(method="POST", path=MESSAGE, status=503, nth=1),
    "two lost requests": DropBefore(method="POST", path=MESSAGE, times=2),
}


@pytest.mark.parametrize("case", LOST)
async def test_a_message_arrives_once_after_a_lost_answer(heygen: HeyGen, world: World, case: str) -> None:
    """After a lost answer a message is sent again only if it has not arrived."""
    world.faults.append(LOST[case])
    async with heygen.video_agents.chat(ASK) as chat:
        turns = await follow(chat, "go on")
    assert kinds(turns) == ["Question", "Remark", "Remark", "Ready"]
    assert messages_to(world) == [ASK.prompt, "go on"]


async def test_a_message_that_appears_late_is_not_repeated(heygen: HeyGen, world: World) -> None:
    """After a lost answer the session is read until the message appears, up to 40 seconds later."""
    world.faults.append(DropBefore(method="POST", path=MESSAGE, nth=1))
    async with heygen.video_agents.chat(ASK) as chat, anyio.create_task_group() as tasks:
        async for turn in chat:
            if isinstance(turn, Question):
                tasks.start_soon(_say_later, world, session_of(world), "go on")
                await chat.answer("go on")
    assert messages_to(world) == [ASK.prompt, "go on"]
    assert world.request_counts()["POST /v3/video-agents/{session_id}"] == 1


async def _say_later(world: World, session: AgentSession, message: str) -> None:
    await anyio.sleep(20)
    world.now()
    world.agent_farm.follow_up(session, {"message": message})


async def test_a_repeated_message_that_is_refused_because_the_first_has_arrived(heygen: HeyGen, world: World) -> None:
    """A refused repetition counts as sent if the first message has arrived meanwhile."""
    world.faults.append(DropBefore(method="POST", path=MESSAGE, nth=1))
    world.faults.append(ErrorAnswer(method="POST", path=MESSAGE, status=400, code="invalid_parameter", nth=1))
    async with heygen.video_agents.chat(ASK) as chat, anyio.create_task_group() as tasks:
        async for turn in chat:
            if isinstance(turn, Question):
                tasks.start_soon(_say_after_the_second_post, world, session_of(world))
                await chat.answer("go on")
    assert messages_to(world) == [ASK.prompt, "go on"]
    assert world.request_counts()["POST /v3/video-agents/{session_id}"] == 2


async def _say_after_the_second_post(world: World, session: AgentSession) -> None:
    while world.request_counts()["POST /v3/video-agents/{session_id}"] < 2:
        await anyio.sleep(1)
    world.now()
    world.agent_farm.follow_up(session, {"message": "go on"})


async def test_a_repeated_message_that_is_refused_for_another_reason(heygen: HeyGen, world: World) -> None:
    """A refused repetition raises HeyGen's error if the first message has not arrived, and can be sent again."""
    world.faults.append(DropBefore(method="POST", path=MESSAGE, nth=1))
    world.faults.append(ErrorAnswer(method="POST", path=MESSAGE, status=400, code="invalid_parameter", nth=1))
    async with heygen.video_agents.chat(ASK) as chat:
        with pytest.raises(BadRequestError):
            await follow(chat, "go on")
        assert chat.question is not None
        await chat.answer("go on")
    assert messages_to(world) == [ASK.prompt, "go on"]


@pytest.mark.parametrize(
    "fault",
    [
        DropBefore(method="POST", path=MESSAGE),
        ErrorAnswer(method="GET", path=MESSAGE, status=404, between=(0, 2000)),
        ErrorAnswer(method="GET", path=MESSAGE, status=503, between=(0, 150)),
    ],
    ids=["never arrives", "unreadable session", "session unreadable for a while"],
)
async def test_a_message_that_cannot_be_found_is_unknown(heygen: HeyGen, world: World, fault: Any) -> None:
    """If the session does not show if a message has arrived, the error is OutcomeUnknownError with the session's id."""
    async with heygen.video_agents.chat(ASK) as chat:
        async for turn in chat:
            if isinstance(turn, Question):
                break
        await anyio.sleep(5)
        world.faults += [fault, DropAfterAccept(method="POST", path=MESSAGE)]
        with pytest.raises(OutcomeUnknownError, match="does not show if it has arrived") as caught:
            await chat.answer("go on")
    assert caught.value.resource_id == chat.session_id
    assert caught.value.spent == "unknown"
    assert messages_to(world) in ([ASK.prompt], [ASK.prompt, "go on"])


async def test_a_message_is_not_repeated_in_a_changed_session(heygen: HeyGen, world: World) -> None:
    """If another client has answered meanwhile, a message without an answer is not repeated but unknown."""
    world.chat_stops = ("waiting_for_input", "waiting_for_input")
    world.faults.append(DropBefore(method="POST", path=MESSAGE, nth=1))
    async with heygen.video_agents.chat(ASK) as chat, anyio.create_task_group() as tasks:
        async for turn in chat:
            if isinstance(turn, Question):
                break
        tasks.start_soon(_say_later, world, session_of(world), "something else")
        with pytest.raises(OutcomeUnknownError):
            await chat.answer("go on")
        await anyio.sleep(100)
        with pytest.raises(OutcomeUnknownError, match="no message was sent"):
            await chat.say("go on")
        await chat.say("go on")
    assert messages_to(world) == [ASK.prompt, "something else", "go on"]


@pytest.mark.parametrize(("again", "arrived"), [("go on", ["go on"]), ("no, wait", ["go on", "no, wait"])])
async def test_a_cancelled_message_is_looked_for_first(
    heygen: HeyGen, world: World, again: str, arrived: list[str]
) -> None:
    """After a cancelled message that arrived, the same text is not sent again, and another text is sent."""
    world.chat_stops = ("waiting_for_input", "waiting_for_input")
    world.faults.append(Slow(method="POST", path=MESSAGE, seconds=60, nth=1))
    async with heygen.video_agents.chat(ASK) as chat:
        async for turn in chat:
            if isinstance(turn, Question):
                break
        with anyio.move_on_after(10):
            await chat.answer("go on")
        await anyio.sleep(100)
        await chat.say(again)
    assert messages_to(world) == [ASK.prompt, *arrived]


async def test_a_cancelled_message_that_did_not_arrive_is_sent(heygen: HeyGen, world: World) -> None:
    """A cancelled message is looked for during 40 seconds, and then sent if it has not arrived."""
    world.faults += [
        Slow(method="POST", path=MESSAGE, seconds=60, nth=1),
        RateLimitStorm(method="POST", path=MESSAGE, nth=1),
    ]
    async with heygen.video_agents.chat(ASK) as chat:
        async for turn in chat:
            if isinstance(turn, Question):
                break
        with anyio.move_on_after(10):
            await chat.answer("go on")
        await chat.answer("go on")
    assert messages_to(world) == [ASK.prompt, "go on"]


async def test_a_session_lost_on_creation_can_be_joined(heygen: HeyGen, world: World) -> None:
    """After a lost answer to the creation no second session is started, and the error says how to join the first."""
    world.faults.append(DropAfterAccept(nth=1))
    with pytest.raises(OutcomeUnknownError) as caught:
        async with heygen.video_agents.chat(ASK):
            pass
    assert "join it" in "".join(caught.value.__notes__)
    (item,) = [item async for item in heygen.video_agents.list()]
    async with heygen.video_agents.chat(session_id=item.session_id) as chat:
        assert kinds(await follow(chat, "yes"))[-1] == "Ready"
    assert len(world.ledger) == 1


# --- stopping and leaving


async def leave_without_error(chat: Chat) -> None:
    await anext(chat)


async def leave_by_an_error(chat: Chat) -> None:
    await anext(chat)
    raise ZeroDivisionError


@pytest.mark.parametrize("on_exit", ["leave", "stop", None])
@pytest.mark.parametrize("leave", [leave_without_error, leave_by_an_error])
async def test_on_exit_decides_about_a_session_left_early(
    heygen: HeyGen, world: World, on_exit: Any, leave: Callable[[Chat], Any]
) -> None:
    """A session that is left early goes on, or with `on_exit="stop"` is stopped and not paid for."""
    options = {} if on_exit is None else {"on_exit": on_exit}
    try:
        async with heygen.video_agents.chat(ASK, **options) as chat:
            await leave(chat)
    except ZeroDivisionError:
        assert leave is leave_by_an_error
    stopped = on_exit == "stop"
    assert session_of(world).status == ("failed" if stopped else "thinking")
    assert world.refunds == ([chat.session_id] if stopped else [])


async def test_a_cancelled_block_stops_its_session(heygen: HeyGen, world: World) -> None:
    """With `on_exit="stop"` a session is stopped even if its block is cancelled."""
    with anyio.move_on_after(20) as scope:
        async with heygen.video_agents.chat(ASK, on_exit="stop") as chat:
            async for _ in chat:
                pass
    assert scope.cancelled_caught
    assert session_of(world).status == "failed"


async def test_cancelling_the_wait_for_a_turn_loses_none(heygen: HeyGen, world: World) -> None:
    """A turn whose wait was cancelled comes at the next iteration."""
    world.chat_stops = ("reviewing", "waiting_for_input")
    turns: list[Turn] = []
    world.faults.append(Slow(method="GET", seconds=1.5))
    async with heygen.video_agents.chat(ASK) as chat:
        while not chat.ended or not isinstance(turns[-1], Ready):
            with anyio.move_on_after(4):
                turns.append(await anext(chat))
                if isinstance(turns[-1], Question | Draft):
                    with anyio.CancelScope(shield=True):
                        await chat.answer("go on")
    without_progress = [turn for turn in turns if not isinstance(turn, Progress)]
    assert kinds(without_progress) == ["Draft", "Question", "Remark", "Remark", "Ready"]
    assert isinstance(without_progress[0], Draft)
    assert len(without_progress[0].resources) == 1


async def test_a_stopped_chat_ends_with_a_failure(heygen: HeyGen, world: World) -> None:
    """After `stop` the session fails, is not billed, and is not stopped again on leaving."""
    async with heygen.video_agents.chat(ASK, on_exit="stop") as chat:
        async for turn in chat:
            if isinstance(turn, Question):
                await chat.stop()
                break
        assert chat.question is None
        turns = [turn async for turn in chat]
    assert kinds(turns) == ["Remark", "ChatFailed"]
    assert world.request_counts()["POST /v3/video-agents/{session_id}/stop"] == 1
    assert world.refunds == [chat.session_id]


async def test_a_render_that_has_begun_is_not_stopped(heygen: HeyGen, world: World) -> None:
    """A session that is stopped while it renders still ends with its video."""
    world.render_seconds = lambda _: 500.0
    async with heygen.video_agents.chat(PLAIN) as chat:
        async for turn in chat:
            if isinstance(turn, Progress) and turn.video_id:
                await chat.stop()
                break
        assert kinds(await follow(chat))[-1] == "Ready"


async def test_a_stopped_session_that_shows_no_end_is_left(heygen: HeyGen, world: World) -> None:
    """A stopped session that shows no end ends the chat after a minute, because HeyGen documents no status for it."""
    world.thinking_seconds = 500.0
    async with heygen.video_agents.chat(ASK) as chat:
        await anext(chat)
        await chat.stop()
        session_of(world).status = "thinking"  # a HeyGen that stops later
        began = anyio.current_time()
        assert {type(turn) for turn in [turn async for turn in chat]} == {Progress, Remark}
    assert 55 <= anyio.current_time() - began <= 70


@pytest.mark.parametrize("times", [1, 3])
async def test_a_lost_stop_is_repeated(heygen: HeyGen, world: World, times: int) -> None:
    """A stop whose answer is an error is repeated."""
    world.faults.append(ErrorAnswer(method="POST", path=STOP, status=503, times=times))
    async with heygen.video_agents.chat(ASK, on_exit="stop"):
        pass
    assert session_of(world).status == "failed"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (ErrorAnswer(method="POST", path=STOP, status=503), DeadlineExceededError),
        (ErrorAnswer(method="POST", path=STOP, status=404, code="not_found"), NotFoundError),
    ],
    ids=["bounded", "refused"],
)
async def test_a_stop_that_fails_is_an_error(heygen: HeyGen, world: World, fault: Any, error: Any) -> None:
    """A failed stop is raised, or added as a note to the error that left the block."""
    world.faults.append(fault)
    with pytest.raises(error):
        async with heygen.video_agents.chat(ASK, on_exit="stop") as chat:
            began = anyio.current_time()
    assert anyio.current_time() - began <= 11
    with pytest.raises(ZeroDivisionError) as caught:
        async with heygen.video_agents.chat(ASK, on_exit="stop") as chat:
            raise ZeroDivisionError
    assert len(caught.value.__notes__) == 1
    with pytest.raises(error):
        await chat.stop()


async def test_leaving_a_session_is_in_the_log(heygen: HeyGen, caplog: pytest.LogCaptureFixture) -> None:
    """Leaving a session is logged with the id, for joining it again."""
    caplog.set_level(logging.INFO, logger="heygen_async")
    async with heygen.video_agents.chat(ASK) as chat:
        pass
    assert f"left session {chat.session_id}" in caplog.text


# --- deadlines


async def test_an_agent_that_thinks_for_too_long(heygen: HeyGen, world: World) -> None:
    """After `thinking_deadline` the error has the call that joins the session, which goes on."""
    world.thinking_seconds = 1000.0
    began = anyio.current_time()
    with pytest.raises(DeadlineExceededError, match="no message for 300 s") as caught:
        async with heygen.video_agents.chat(ASK, thinking_deadline=300) as chat:
            await follow(chat)
    assert anyio.current_time() - began == pytest.approx(300, abs=1)
    assert caught.value.resource_id == chat.session_id
    assert f"chat(session_id='{chat.session_id}')" in str(caught.value)
    world.thinking_seconds = 60.0
    async with heygen.video_agents.chat(session_id=chat.session_id, thinking_deadline=900) as joined:
        assert kinds(await follow(joined, "yes"))[-1] == "Ready"


async def test_thinking_is_counted_from_the_last_message(heygen: HeyGen, world: World) -> None:
    """Each answer restarts the time to think, and neither the user's time nor rendering counts."""
    world.chat_stops = ("waiting_for_input",) * 3
    world.render_seconds = lambda _: 800.0
    async with heygen.video_agents.chat(ASK, thinking_deadline=70) as chat:
        async for turn in chat:
            if isinstance(turn, Question):
                await anyio.sleep(300)
                await chat.answer("go on")
    assert isinstance(turn, Ready)


async def test_a_message_of_the_agent_restarts_its_time(heygen: HeyGen, world: World) -> None:
    """A message of the agent restarts its time to think."""
    world.thinking_seconds = 110.0
    async with heygen.video_agents.chat(ASK, thinking_deadline=70) as chat:
        await anext(chat)
        await anyio.sleep(50)
        session_of(world).add_message("model", "Nearly there.", world.now())
        turns = []
        async for turn in chat:
            turns.append(turn)
            if isinstance(turn, Question):
                break
    assert [type(turn) for turn in turns if not isinstance(turn, Progress)] == [Remark, Question]


async def test_the_thinking_deadline_holds_without_answers(heygen: HeyGen, world: World) -> None:
    """If HeyGen does not answer polls, the thinking deadline passes, at most 10 s late."""
    world.thinking_seconds = 1000.0
    world.faults.append(Slow(method="GET", seconds=100))
    began = anyio.current_time()
    with pytest.raises(DeadlineExceededError, match="no message for 50 s"):
        async with heygen.video_agents.chat(ASK, thinking_deadline=50) as chat:
            await follow(chat)
    assert 50 <= anyio.current_time() - began <= 61


@pytest.mark.parametrize("own", [0.0, 900.0])
async def test_the_deadline_for_the_whole(heygen: HeyGen, world: World, own: float) -> None:
    """`deadline` limits the whole chat, the user's time included."""
    world.faults.append(Stuck())
    began = anyio.current_time()
    with pytest.raises(DeadlineExceededError, match="has not ended after 600 s") as caught:
        async with heygen.video_agents.chat(PLAIN, deadline=600) as chat:
            await anyio.sleep(own)
            await follow(chat)
    assert anyio.current_time() - began == pytest.approx(max(own, 600), abs=1)
    assert (caught.value.resource_id, caught.value.spent) == (chat.session_id, "yes")


async def test_no_message_is_sent_after_the_deadline(heygen: HeyGen, world: World) -> None:
    """After the deadline messages are refused, but the session can be stopped."""
    async with heygen.video_agents.chat(ASK, deadline=200) as chat:
        async for turn in chat:
            if isinstance(turn, Question):
                break
        await anyio.sleep(300)
        with pytest.raises(DeadlineExceededError):
            await chat.answer("too late")
        await chat.stop()
    assert messages_to(world) == [ASK.prompt]
    assert session_of(world).status == "failed"


# --- arguments


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({}, "either a VideoAgent"),
        ({"request": ASK, "session_id": "s1"}, "either a VideoAgent"),
        ({"request": "a prompt"}, "a str; must be a VideoAgent"),
        ({"session_id": "../videos"}, "letters, digits"),
        ({"request": ASK, "on_exit": "run"}, "'run'; must be 'leave' or 'stop'"),
        ({"request": ASK, "deadline": 0}, "deadline: 0; must be seconds above 0"),
        ({"request": ASK, "thinking_deadline": -1.0}, "thinking_deadline: -1.0; must be seconds"),
    ],
)
def test_invalid_arguments_are_refused(given: dict[str, Any], match: str) -> None:
    """Invalid arguments of `chat` are refused before a request is sent."""
    with pytest.raises(InvalidInputError, match=match):
        HeyGen("key").video_agents.chat(**given)


async def test_a_chat_needs_its_block(heygen: HeyGen) -> None:
    """A chat sends no request, and gives no turns, before its block is entered."""
    chat = heygen.video_agents.chat(ASK)
    with pytest.raises(RuntimeError, match="async with"):
        await anext(chat)
    assert not chat.ended
    assert repr(chat) == "Chat(None)"
    async with chat:
        assert repr(chat) == f"Chat('{chat.session_id}')"


async def test_a_server_error_on_creation_is_unknown_too(heygen: HeyGen, world: World) -> None:
    """A 5xx for the creation raises OutcomeUnknownError after one POST."""
    world.faults.append(ErrorAnswer(method="POST", status=500, code="internal_error"))
    with pytest.raises(OutcomeUnknownError) as caught:
        async with heygen.video_agents.chat(ASK):
            pass
    assert isinstance(caught.value.__cause__, ServerError)
    assert world.request_counts()["POST /v3/video-agents"] == 1


async def test_files_alone_are_an_answer(heygen: HeyGen, world: World) -> None:
    """A reply needs a message or files; without words it is found again after a lost answer as any other."""
    with pytest.raises(InvalidInputError, match=r"AgentReply\.message: None; give a message, or files"):
        AgentReply(avatar_id="look_anna")
    picture = AgentReply(files=("https://example.com/a.png",))
    world.faults.append(DropAfterAccept(path="/v3/video-agents/", nth=1))
    async with heygen.video_agents.chat(VideoAgent(prompt="A welcome", mode="chat")) as chat:
        async for turn in chat:
            if isinstance(turn, Question):
                await chat.answer(picture)
    assert isinstance(turn, Ready)
    (session,) = world.sessions.values()
    assert [message.content for message in session.messages if message.role == "user"] == ["A welcome", ""]


@pytest.mark.parametrize("at_once", [False, True])
async def test_a_video_that_is_named_at_once(heygen: HeyGen, world: World, at_once: bool) -> None:  # noqa: FBT001
    """HeyGen names the video with the new session, or when its render starts; the handle follows both to the end."""
    world.agent_video_at_once = at_once
    job = await heygen.video_agents.create(VideoAgent(prompt="A welcome"))
    assert ((await job.look()).video_id is not None) == at_once
    seen = [found.status async for found in job.statuses()]
    assert seen[0] == "thinking"
    assert seen[-1] == "completed"
    assert "generating" in seen


@pytest.mark.parametrize("at_once", [False, True])
async def test_a_session_that_fails_before_its_render(heygen: HeyGen, world: World, at_once: bool) -> None:  # noqa: FBT001
    """Its video has failed too, if it was named at once."""
    world.agent_video_at_once = at_once
    world.faults.append(FailedRender(while_thinking=True, message="No such place."))
    job = await heygen.video_agents.create(VideoAgent(prompt="A welcome"))
    with pytest.raises(RenderFailedError):
        await job.wait()
