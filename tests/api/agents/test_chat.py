"""A chat with the Video Agent, against the simulator: questions, drafts, ends, deadlines, lost answers."""

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
    """Answer what is asked, and return all turns but those that tell of progress."""
    said = iter(answers)
    turns: list[Turn] = []
    async for turn in chat:
        if not isinstance(turn, Progress):
            turns.append(turn)
        if isinstance(turn, Question | Draft):
            await chat.answer(next(said))
    return turns


def kinds(turns: Sequence[Turn]) -> list[str]:
    return [type(turn).__name__ for turn in turns]


def session_of(world: World) -> AgentSession:
    (session,) = world.sessions.values()
    return session


def said_to(world: World, number: int = 0) -> list[str]:
    """What users have said in a session."""
    session = list(world.sessions.values())[number]
    return [message.content for message in session.messages if message.role == "user"]


# --- to the end


async def test_one_question_is_answered_and_the_video_comes(heygen: HeyGen, world: World) -> None:
    """The last turn has the file's address; one session is charged, and nothing is left to ask."""
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
    assert said_to(world) == [ASK.prompt, "Yes, go on"]
    assert len(world.ledger) == 1
    assert chat.question is None


async def test_several_rounds_and_a_draft_with_its_resources(heygen: HeyGen, world: World) -> None:
    """Each question comes once though the words are the same; a draft brings what it shows."""
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
    assert said_to(world) == [ASK.prompt, "one", "two", "three", "four"]


async def test_progress_is_told_when_it_changes(heygen: HeyGen) -> None:
    """Never twice the same in a row, and it rises to the rendering."""
    seen: list[Progress] = []
    async with heygen.video_agents.chat(PLAIN) as chat:
        turns = [turn async for turn in chat]
    seen = [turn for turn in turns if isinstance(turn, Progress)]
    assert all(before != after for before, after in itertools.pairwise(seen))
    assert [turn.status for turn in seen] == sorted((turn.status for turn in seen), reverse=True)
    assert [turn.percent for turn in seen] == sorted(turn.percent for turn in seen)
    assert (seen[0].video_id, seen[-1].video_id is None) == (None, False)
    assert len(seen) > 5


async def test_generate_mode_asks_nothing_and_takes_no_messages(heygen: HeyGen, world: World) -> None:
    """The same block follows it to its video; words to it are refused here."""
    async with heygen.video_agents.chat(PLAIN) as chat:
        assert isinstance(await anext(chat), Progress)
        with pytest.raises(InvalidInputError, match="generate mode"):
            await chat.say("faster, please")
        with pytest.raises(InvalidInputError, match="asked nothing"):
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
    """Whether there was a video or not; its error can be raised."""
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
    """Its video is not there any more, and it says so."""
    async with heygen.video_agents.chat(PLAIN) as chat:
        async for turn in chat:
            if isinstance(turn, Progress) and turn.video_id:
                await heygen.videos.delete(turn.video_id)
                break
        assert kinds([turn async for turn in chat if not isinstance(turn, Progress)])[-1] == "ChatFailed"


async def test_a_video_that_is_not_there_ends_the_chat(heygen: HeyGen, world: World) -> None:
    """Looking again would not help as long as the session has not failed."""
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
    """Unknown words mean at work, completed without an address means almost, a 5xx means later."""
    world.faults.append(fault)
    async with heygen.video_agents.chat(ASK) as chat:
        turns = await follow(chat, "yes")
    assert kinds(turns) == ["Question", "Remark", "Remark", "Ready"]


async def test_a_video_that_ends_before_its_session_ends_the_chat(heygen: HeyGen, world: World) -> None:
    """Sessions get stuck; the video is what tells."""
    async with heygen.video_agents.chat(PLAIN) as chat:
        async for turn in chat:
            if isinstance(turn, Progress) and turn.video_id:
                break
        await anyio.sleep(3000)
        world.now()
        session_of(world).status = "generating"
        assert kinds(await follow(chat))[-1] == "Ready"


# --- kinds that nobody has documented


async def test_an_unknown_kind_is_a_remark_and_hinders_nothing(heygen: HeyGen, world: World) -> None:
    """Its type is there as HeyGen writes it."""
    async with heygen.video_agents.chat(ASK) as chat:
        first = await anext(chat)
        session_of(world).say("director", "Pick a mood", world.now(), kind="poll")
        session_of(world).say("model", "", world.now(), kind="chart")
        turns = await follow(chat, "yes")
    assert isinstance(first, Progress)
    assert kinds(turns) == ["Remark", "Remark", "Question", "Remark", "Remark", "Ready"]
    assert [(turn.message.role, turn.message.type, turn.text) for turn in turns[:2] if isinstance(turn, Remark)] == [
        ("director", "poll", "Pick a mood"),
        ("model", "chart", ""),
    ]


async def test_an_agent_that_waits_without_a_word_can_be_answered(heygen: HeyGen, world: World) -> None:
    """The question is blank."""
    async with heygen.video_agents.chat(ASK) as chat:
        await anext(chat)
        world.agency.stops = lambda: ()
        session_of(world).status = "waiting_for_input"
        question = await anext(chat)
        assert isinstance(question, Question)
        assert question.text == ""
        assert chat.question is question


async def test_a_resource_that_cannot_be_read_does_not_keep_the_draft_back(
    heygen: HeyGen, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """The words come, with what could be read; the log says what could not."""
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


async def test_what_somebody_else_says_is_a_remark_and_closes_the_question(heygen: HeyGen, world: World) -> None:
    """A colleague answers in HeyGen's app."""
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


async def test_more_than_40_messages_at_once_are_told_as_missed(heygen: HeyGen, world: World) -> None:
    """HeyGen shows no more; those that it shows come in order."""
    async with heygen.video_agents.chat(ASK) as chat:
        await anext(chat)
        for number in range(100):
            session_of(world).say("model", f"thought {number}", world.now())
        turns = [await anext(chat) for _ in range(42)]
    told = [turn.text for turn in turns if isinstance(turn, Remark)]
    assert [type(turn) for turn in turns[:2]] == [MessagesMissed, Progress]
    assert told == [f"thought {number}" for number in range(60, 100)]


async def test_a_long_talk_goes_past_the_window(heygen: HeyGen, world: World) -> None:
    """Each message once, though only the last 40 are shown, and though all have the same words."""
    world.chat_stops = ("waiting_for_input",) * 50
    async with heygen.video_agents.chat(ASK) as chat:
        turns = await follow(chat, *("yes" for _ in range(50)))
    assert kinds(turns) == ["Question"] * 50 + ["Remark", "Remark", "Ready"]
    assert len(session_of(world).messages) == 103


# --- joining


async def test_a_joined_session_replays_nothing_but_its_open_question(heygen: HeyGen, world: World) -> None:
    """And costs nothing more."""
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
    assert said_to(world) == [ASK.prompt, "first answer", "second answer"]
    assert len(world.ledger) == 1


async def test_a_replay_begins_with_what_was_said(heygen: HeyGen) -> None:
    """Both sides of it; the last message of the agent is the open question."""
    job = await heygen.video_agents.create(ASK)
    await anyio.sleep(100)
    async with heygen.video_agents.chat(session_id=job.id, replay=True) as chat:
        turns = await follow(chat, "yes")
    assert kinds(turns) == ["Remark", "Question", "Remark", "Remark", "Ready"]
    assert isinstance(turns[0], Remark)
    assert (turns[0].message.role, turns[0].text) == ("user", ASK.prompt)


@pytest.mark.parametrize("failing", [False, True])
async def test_a_session_that_has_ended_has_one_turn_left(heygen: HeyGen, world: World, failing: bool) -> None:  # noqa: FBT001
    """Whoever joins late gets the end."""
    if failing:
        world.faults.append(FailedRender(while_thinking=True, message="gave up"))
    job = await heygen.video_agents.create(PLAIN)
    await anyio.sleep(5000)
    async with heygen.video_agents.chat(session_id=job.id) as chat:
        assert kinds([turn async for turn in chat]) == ["ChatFailed" if failing else "Ready"]


async def test_an_old_answer_is_no_proof_that_the_new_one_arrived(heygen: HeyGen, world: World) -> None:
    """Who joins and says what was said before has it looked for among the new messages only."""
    world.chat_stops = ("waiting_for_input", "waiting_for_input")
    job = await heygen.video_agents.create(ASK)
    await anyio.sleep(100)
    await heygen.video_agents.reply(job.id, "go on")
    await anyio.sleep(100)
    world.faults.append(DropBefore(method="POST", path=MESSAGE, nth=1))
    async with heygen.video_agents.chat(session_id=job.id) as chat:
        await follow(chat, "go on")
    assert said_to(world) == [ASK.prompt, "go on", "go on"]


async def test_joining_what_is_not_there(heygen: HeyGen) -> None:
    """Is told on entering."""
    with pytest.raises(NotFoundError):
        async with heygen.video_agents.chat(session_id="nobody"):
            pass


# --- speaking


async def test_an_answer_may_bring_files_and_voices(heygen: HeyGen, world: World) -> None:
    """As of `reply`."""
    async with heygen.video_agents.chat(ASK) as chat:
        async for turn in chat:
            if isinstance(turn, Question):
                await chat.answer(AgentReply(message="with this logo", files=["https://example.com/logo.png"]))
                break
    assert [resource.kind for resource in session_of(world).resources.values()] == ["image"]


async def test_a_question_is_answered_once(heygen: HeyGen, world: World) -> None:
    """The second answer has no question; spoken unasked, HeyGen decides, and the chat goes on."""
    async with heygen.video_agents.chat(ASK) as chat:
        async for turn in chat:
            if isinstance(turn, Question):
                break
        await chat.answer("yes")
        assert chat.question is None
        with pytest.raises(InvalidInputError, match=f"asked nothing that is open in session {chat.session_id}"):
            await chat.answer("yes")
        with pytest.raises(BadRequestError):
            await chat.say("yes")
        assert kinds(await follow(chat))[-1] == "Ready"
    assert said_to(world) == [ASK.prompt, "yes"]


LOST = {
    "lost answer": DropAfterAccept(method="POST", path=MESSAGE, nth=1),
    "error after it was taken": ErrorAnswer(method="POST", path=MESSAGE, status=502, after_accept=True, nth=1),
    "lost question": DropBefore(method="POST", path=MESSAGE, nth=1),
    "error before it was taken": ErrorAnswer(method="POST", path=MESSAGE, status=503, nth=1),
    "two lost questions": DropBefore(method="POST", path=MESSAGE, times=2),
}


@pytest.mark.parametrize("case", LOST)
async def test_a_message_is_said_once_whatever_is_lost(heygen: HeyGen, world: World, case: str) -> None:
    """What arrived is not repeated, what did not is."""
    world.faults.append(LOST[case])
    async with heygen.video_agents.chat(ASK) as chat:
        turns = await follow(chat, "go on")
    assert kinds(turns) == ["Question", "Remark", "Remark", "Ready"]
    assert said_to(world) == [ASK.prompt, "go on"]


async def test_a_message_that_shows_up_late_is_not_repeated(heygen: HeyGen, world: World) -> None:
    """HeyGen takes its time; the session is read until it shows."""
    world.faults.append(DropBefore(method="POST", path=MESSAGE, nth=1))
    async with heygen.video_agents.chat(ASK) as chat, anyio.create_task_group() as tasks:
        async for turn in chat:
            if isinstance(turn, Question):
                tasks.start_soon(_later, world, session_of(world), "go on")
                await chat.answer("go on")
    assert said_to(world) == [ASK.prompt, "go on"]
    assert world.request_counts()["POST /v3/video-agents/{session_id}"] == 1


async def _later(world: World, session: AgentSession, message: str) -> None:
    await anyio.sleep(20)
    world.now()
    world.agency.follow_up(session, {"message": message})


async def test_a_repeated_message_that_is_refused_because_the_first_has_arrived(heygen: HeyGen, world: World) -> None:
    """It arrives just after the last look for it."""
    world.faults.append(DropBefore(method="POST", path=MESSAGE, nth=1))
    world.faults.append(ErrorAnswer(method="POST", path=MESSAGE, status=400, code="invalid_parameter", nth=1))
    async with heygen.video_agents.chat(ASK) as chat, anyio.create_task_group() as tasks:
        async for turn in chat:
            if isinstance(turn, Question):
                tasks.start_soon(_after_the_second_post, world, session_of(world))
                await chat.answer("go on")
    assert said_to(world) == [ASK.prompt, "go on"]
    assert world.request_counts()["POST /v3/video-agents/{session_id}"] == 2


async def _after_the_second_post(world: World, session: AgentSession) -> None:
    while world.request_counts()["POST /v3/video-agents/{session_id}"] < 2:
        await anyio.sleep(1)
    world.now()
    world.agency.follow_up(session, {"message": "go on"})


async def test_a_repeated_message_that_is_refused_for_another_reason(heygen: HeyGen, world: World) -> None:
    """The reason is told."""
    world.faults.append(DropBefore(method="POST", path=MESSAGE, nth=1))
    world.faults.append(ErrorAnswer(method="POST", path=MESSAGE, status=400, code="invalid_parameter", nth=1))
    async with heygen.video_agents.chat(ASK) as chat:
        with pytest.raises(BadRequestError):
            await follow(chat, "go on")
        assert chat.question is not None
        await chat.answer("go on")
    assert said_to(world) == [ASK.prompt, "go on"]


@pytest.mark.parametrize(
    "fault",
    [
        DropBefore(method="POST", path=MESSAGE),
        ErrorAnswer(method="GET", path=MESSAGE, status=404, between=(0, 2000)),
        ErrorAnswer(method="GET", path=MESSAGE, status=503, between=(0, 150)),
    ],
    ids=["never arrives", "no look", "no look for a while"],
)
async def test_what_cannot_be_found_out_is_said_to_be_unknown(heygen: HeyGen, world: World, fault: Any) -> None:
    """Never a guess; the error leads to the session."""
    async with heygen.video_agents.chat(ASK) as chat:
        async for turn in chat:
            if isinstance(turn, Question):
                break
        await anyio.sleep(5)
        world.faults += [fault, DropAfterAccept(method="POST", path=MESSAGE)]
        with pytest.raises(OutcomeUnknownError, match="does not tell whether it has arrived") as caught:
            await chat.answer("go on")
    assert caught.value.resource_id == chat.session_id
    assert caught.value.spent == "unknown"
    assert said_to(world) in ([ASK.prompt], [ASK.prompt, "go on"])


async def test_a_session_that_has_moved_on_is_not_spoken_to_again(heygen: HeyGen, world: World) -> None:
    """Somebody else has answered meanwhile: whether ours arrived too cannot be told."""
    world.chat_stops = ("waiting_for_input", "waiting_for_input")
    world.faults.append(DropBefore(method="POST", path=MESSAGE, nth=1))
    async with heygen.video_agents.chat(ASK) as chat, anyio.create_task_group() as tasks:
        async for turn in chat:
            if isinstance(turn, Question):
                break
        tasks.start_soon(_later, world, session_of(world), "something else")
        with pytest.raises(OutcomeUnknownError):
            await chat.answer("go on")
        await anyio.sleep(100)
        with pytest.raises(OutcomeUnknownError, match="nothing was sent"):
            await chat.say("go on")
        await chat.say("go on")
    assert said_to(world) == [ASK.prompt, "something else", "go on"]


@pytest.mark.parametrize(("again", "heard"), [("go on", ["go on"]), ("no, wait", ["go on", "no, wait"])])
async def test_a_message_that_was_cancelled_is_looked_for_first(
    heygen: HeyGen, world: World, again: str, heard: list[str]
) -> None:
    """It arrived: the same words are not said twice, others are said after it."""
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
    assert said_to(world) == [ASK.prompt, *heard]


async def test_a_cancelled_message_that_did_not_arrive_is_said(heygen: HeyGen, world: World) -> None:
    """Looking costs 40 seconds, then it goes out."""
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
    assert said_to(world) == [ASK.prompt, "go on"]


async def test_a_session_that_was_lost_on_creation_is_told_how_to_be_found(heygen: HeyGen, world: World) -> None:
    """Never a second session."""
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


async def leave_quietly(chat: Chat) -> None:
    await anext(chat)


async def leave_by_an_error(chat: Chat) -> None:
    await anext(chat)
    raise ZeroDivisionError


@pytest.mark.parametrize("on_exit", ["leave", "stop", None])
@pytest.mark.parametrize("way", [leave_quietly, leave_by_an_error])
async def test_leaving_early_does_what_was_chosen(
    heygen: HeyGen, world: World, on_exit: Any, way: Callable[[Chat], Any]
) -> None:
    """By default the session goes on, like everything that is left here; one that is stopped is not paid for."""
    chosen = {} if on_exit is None else {"on_exit": on_exit}
    try:
        async with heygen.video_agents.chat(ASK, **chosen) as chat:
            await way(chat)
    except ZeroDivisionError:
        assert way is leave_by_an_error
    stopped = on_exit == "stop"
    assert session_of(world).status == ("failed" if stopped else "thinking")
    assert world.refunds == ([chat.session_id] if stopped else [])


async def test_cancelling_stops_in_a_shield(heygen: HeyGen, world: World) -> None:
    """The block is cancelled, and the session is stopped all the same."""
    with anyio.move_on_after(20) as scope:
        async with heygen.video_agents.chat(ASK, on_exit="stop") as chat:
            async for _ in chat:
                pass
    assert scope.cancelled_caught
    assert session_of(world).status == "failed"


async def test_cancelling_the_wait_for_a_turn_loses_none(heygen: HeyGen, world: World) -> None:
    """A turn that was not handed on comes the next time."""
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
    told = [turn for turn in turns if not isinstance(turn, Progress)]
    assert kinds(told) == ["Draft", "Question", "Remark", "Remark", "Ready"]
    assert isinstance(told[0], Draft)
    assert len(told[0].resources) == 1


async def test_stopping_by_hand_shows_what_becomes_of_it(heygen: HeyGen, world: World) -> None:
    """The session fails, is not billed, and is not stopped again on leaving."""
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


async def test_a_rendering_is_past_the_last_checkpoint(heygen: HeyGen, world: World) -> None:
    """It was stopped, and its video comes."""
    world.render_seconds = lambda _: 500.0
    async with heygen.video_agents.chat(PLAIN) as chat:
        async for turn in chat:
            if isinstance(turn, Progress) and turn.video_id:
                await chat.stop()
                break
        assert kinds(await follow(chat))[-1] == "Ready"


async def test_a_stopped_session_that_shows_no_end_is_left(heygen: HeyGen, world: World) -> None:
    """HeyGen does not say what a stopped session is: after a minute there is nothing to wait for."""
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
    """Stopping twice does no harm."""
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
async def test_a_stop_that_fails_is_told(heygen: HeyGen, world: World, fault: Any, error: Any) -> None:
    """It is raised, or added to what is raised already."""
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
    """With its id, for the way back."""
    caplog.set_level(logging.INFO, logger="heygen_async")
    async with heygen.video_agents.chat(ASK) as chat:
        pass
    assert f"left session {chat.session_id}" in caplog.text


# --- deadlines


async def test_an_agent_that_thinks_for_too_long(heygen: HeyGen, world: World) -> None:
    """Told at the very second, with the way back to the session, which goes on."""
    world.thinking_seconds = 1000.0
    began = anyio.current_time()
    with pytest.raises(DeadlineExceededError, match="thinking for 300 s") as caught:
        async with heygen.video_agents.chat(ASK, thinking_deadline=300) as chat:
            await follow(chat)
    assert anyio.current_time() - began == pytest.approx(300, abs=1)
    assert caught.value.resource_id == chat.session_id
    assert f"chat(session_id='{chat.session_id}')" in str(caught.value)
    world.thinking_seconds = 60.0
    async with heygen.video_agents.chat(session_id=chat.session_id, thinking_deadline=900) as joined:
        assert kinds(await follow(joined, "yes"))[-1] == "Ready"


async def test_thinking_is_counted_from_the_last_word(heygen: HeyGen, world: World) -> None:
    """Each answer begins it anew; neither your own time nor rendering counts."""
    world.chat_stops = ("waiting_for_input",) * 3
    world.render_seconds = lambda _: 800.0
    async with heygen.video_agents.chat(ASK, thinking_deadline=70) as chat:
        async for turn in chat:
            if isinstance(turn, Question):
                await anyio.sleep(300)
                await chat.answer("go on")
    assert isinstance(turn, Ready)


async def test_a_word_of_the_agent_buys_it_time(heygen: HeyGen, world: World) -> None:
    """It thinks on, but not in silence."""
    world.thinking_seconds = 110.0
    async with heygen.video_agents.chat(ASK, thinking_deadline=70) as chat:
        await anext(chat)
        await anyio.sleep(50)
        session_of(world).say("model", "Nearly there.", world.now())
        turns = []
        async for turn in chat:
            turns.append(turn)
            if isinstance(turn, Question):
                break
    assert [type(turn) for turn in turns if not isinstance(turn, Progress)] == [Remark, Question]


async def test_no_look_is_no_thought(heygen: HeyGen, world: World) -> None:
    """While HeyGen does not answer, the agent is silent; one last look is not waited for long."""
    world.thinking_seconds = 1000.0
    world.faults.append(Slow(method="GET", seconds=100))
    began = anyio.current_time()
    with pytest.raises(DeadlineExceededError, match="thinking"):
        async with heygen.video_agents.chat(ASK, thinking_deadline=50) as chat:
            await follow(chat)
    assert 50 <= anyio.current_time() - began <= 61


@pytest.mark.parametrize("own", [0.0, 900.0])
async def test_the_deadline_for_the_whole(heygen: HeyGen, world: World, own: float) -> None:
    """Your own time counts too."""
    world.faults.append(Stuck())
    began = anyio.current_time()
    with pytest.raises(DeadlineExceededError, match="has not ended after 600 s") as caught:
        async with heygen.video_agents.chat(PLAIN, deadline=600) as chat:
            await anyio.sleep(own)
            await follow(chat)
    assert anyio.current_time() - began == pytest.approx(max(own, 600), abs=1)
    assert (caught.value.resource_id, caught.value.spent) == (chat.session_id, "yes")


async def test_nothing_is_said_after_the_deadline(heygen: HeyGen, world: World) -> None:
    """But it can be stopped."""
    async with heygen.video_agents.chat(ASK, deadline=200) as chat:
        async for turn in chat:
            if isinstance(turn, Question):
                break
        await anyio.sleep(300)
        with pytest.raises(DeadlineExceededError):
            await chat.answer("too late")
        await chat.stop()
    assert said_to(world) == [ASK.prompt]
    assert session_of(world).status == "failed"


# --- how it is asked for


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
def test_what_cannot_work_is_refused(given: dict[str, Any], match: str) -> None:
    """Before anything is sent."""
    with pytest.raises(InvalidInputError, match=match):
        HeyGen("key").video_agents.chat(**given)


async def test_a_chat_needs_its_block(heygen: HeyGen) -> None:
    """Nothing is sent before it is entered."""
    chat = heygen.video_agents.chat(ASK)
    with pytest.raises(RuntimeError, match="async with"):
        await anext(chat)
    assert not chat.ended
    assert repr(chat) == "Chat(None)"
    async with chat:
        assert repr(chat) == f"Chat('{chat.session_id}')"


async def test_a_server_error_on_creation_is_unknown_too(heygen: HeyGen, world: World) -> None:
    """One POST, whatever is answered."""
    world.faults.append(ErrorAnswer(method="POST", status=500, code="internal_error"))
    with pytest.raises(OutcomeUnknownError) as caught:
        async with heygen.video_agents.chat(ASK):
            pass
    assert isinstance(caught.value.__cause__, ServerError)
    assert world.request_counts()["POST /v3/video-agents"] == 1
