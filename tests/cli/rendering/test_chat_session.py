"""A chat at a terminal: what is shown, what is typed, and what Ctrl-C does."""

from __future__ import annotations

import contextlib
import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any, TextIO

import anyio
import pytest
from rich.console import Console

from heygen_async import DeadlineExceededError, HeyGen, InsufficientCreditError, VideoAgent
from heygen_async.cli.rendering.chat_session import chat_at_terminal
from heygen_async.cli.terminal.ask import TypedLines
from heygen_async.cli.terminal.chat_screen import Screen
from heygen_async.simulator import DropAfterAccept, DropBefore, ErrorAnswer, FailedRender, Server, World

PROMPT = "A 30-second welcome to our shop."
MESSAGE = "/v3/video-agents/*[0-9a-f]"


@pytest.fixture
def shown() -> io.StringIO:
    """What a person saw."""
    return io.StringIO()


@pytest.fixture
def console(shown: io.StringIO) -> Console:
    """A console that does not break lines."""
    return Console(file=shown, width=200)


def typed(*lines: str) -> TextIO:
    return io.StringIO("".join(f"{line}\n" for line in lines))


def said_to(world: World) -> list[str]:
    (session,) = world.sessions.values()
    return [message.content for message in session.messages[1:] if message.role == "user"]


async def test_a_chat_to_its_video(heygen: HeyGen, world: World, console: Console, shown: io.StringIO) -> None:
    """Questions, a draft with its resources, progress, the address."""
    world.chat_stops = ("waiting_for_input", "reviewing")
    world.render_seconds = lambda _: 180.0
    code = await chat_at_terminal(heygen, PROMPT, console=console, typed=typed("Warmer, please", "", "Yes"))
    text = re.sub(r"[0-9a-f]{32}", "<id>", re.sub(r"http://\S+", "<address>", shown.getvalue()))
    text = re.sub(r"\d+ %", "<n> %", text)  # how far it is depends on when it is looked at
    assert text.splitlines() == [
        "Session <id>. /stop stops it, /leave or Ctrl-C leaves.",
        "thinking, <n> %",
        "Agent: Here is the storyboard. Shall I go on?",
        "> Warmer, please",
        "thinking 'A 30-Second Welcome To Our', <n> %",
        "Agent: Here is a draft. Shall I render it?",
        "  draft: <id>",
        "> ",
        "AgentReply.message: ''; must have at least 1 character (field message)",
        "> Yes",
        "thinking 'A 30-Second Welcome To Our', <n> %",
        "generating 'A 30-Second Welcome To Our', <n> %",
        "Agent: Rendering the video now.",
        "Agent: Your video is ready.",
        "  video: <address>",
        "The video is ready, 30 s: <address>",
        "In HeyGen's app: <address>",
    ]
    assert code == 0
    assert said_to(world) == ["Warmer, please", "Yes"]


async def test_a_live_line_of_progress(heygen: HeyGen, shown: io.StringIO) -> None:
    """On a terminal it is drawn over and over, and gone while somebody types."""
    console = Console(file=shown, width=200, force_terminal=True)
    assert await chat_at_terminal(heygen, PROMPT, console=console, typed=typed("Yes")) == 0
    assert "\x1b[2K" in shown.getvalue()
    assert "generating" in shown.getvalue()


async def test_generate_mode_asks_nobody(heygen: HeyGen, console: Console, shown: io.StringIO) -> None:
    """A request may be given as it is."""
    assert await chat_at_terminal(heygen, VideoAgent(prompt=PROMPT), console=console, typed=typed()) == 0
    assert ">" not in shown.getvalue()


async def test_a_failure_is_told(heygen: HeyGen, world: World, console: Console, shown: io.StringIO) -> None:
    """With its reason, without what could play tricks on a terminal, and with an exit code of its own."""
    world.faults.append(FailedRender(while_thinking=True, message="gave \x1b[31mup"))
    assert await chat_at_terminal(heygen, PROMPT, console=console, typed=typed()) == 5
    assert "failed: gave [31mup" in shown.getvalue()
    assert "\x1b" not in shown.getvalue()


@pytest.mark.parametrize(
    ("line", "on_exit", "status", "words"),
    [
        ("/stop", "ask", "failed", "Stopped."),
        ("/leave", "ask", "waiting_for_input", "heygen-async agent chat --session-id"),
        ("/leave", "stop", "failed", "the session is stopped"),
        (None, "leave", "waiting_for_input", "goes on without you"),
        (None, "stop", "failed", "the session is stopped"),
    ],
)
async def test_a_talk_can_be_ended_in_words(
    heygen: HeyGen, world: World, console: Console, shown: io.StringIO, line: Any, on_exit: Any, status: str, words: str
) -> None:
    """And where there are no more lines, it ends too."""
    lines = typed(line) if line else typed()
    assert await chat_at_terminal(heygen, PROMPT, on_exit=on_exit, console=console, typed=lines) == 5
    (session,) = world.sessions.values()
    assert session.status == status
    assert words in shown.getvalue()


async def test_a_session_is_joined(heygen: HeyGen, console: Console, shown: io.StringIO) -> None:
    """With what was said before, if it is wanted."""
    job = await heygen.video_agents.create(VideoAgent(prompt=PROMPT, mode="chat"))
    await anyio.sleep(100)
    code = await chat_at_terminal(heygen, session_id=job.id, replay=True, console=console, typed=typed("Yes"))
    assert code == 0
    assert f"User: {PROMPT}" in shown.getvalue()


async def test_a_deadline_says_how_to_come_back(
    heygen: HeyGen, world: World, console: Console, shown: io.StringIO
) -> None:
    """The session goes on."""
    world.thinking_seconds = 10_000.0
    with pytest.raises(DeadlineExceededError) as caught:
        await chat_at_terminal(heygen, PROMPT, thinking_deadline=100, console=console, typed=typed())
    (note,) = caught.value.__notes__
    assert note == f"To come back: heygen-async agent chat --session-id {caught.value.resource_id}"
    assert "Session" in shown.getvalue()


async def test_a_session_that_was_not_begun_has_no_way_back(heygen: HeyGen, world: World, console: Console) -> None:
    """The error is all there is to say."""
    world.balance_usd = 0.0
    with pytest.raises(InsufficientCreditError) as caught:
        await chat_at_terminal(heygen, PROMPT, console=console, typed=typed())
    assert not hasattr(caught.value, "__notes__")


async def test_more_than_40_messages_are_told_as_missed(shown: io.StringIO, heygen: HeyGen, world: World) -> None:
    """In the middle of a talk."""
    console = Console(file=shown, width=200)

    async def chatter() -> None:
        await anyio.sleep(20)
        (session,) = world.sessions.values()
        for number in range(50):
            session.say("model", f"thought {number}", world.now())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(chatter)
        await chat_at_terminal(heygen, PROMPT, console=console, typed=typed("Yes"))
    assert "HeyGen shows no more" in shown.getvalue()


@pytest.mark.parametrize(
    ("fault", "heard"),
    [
        (ErrorAnswer(method="POST", path=MESSAGE, status=400, code="invalid_parameter", nth=1), ["again"]),
        (DropBefore(method="POST", path=MESSAGE, times=3), ["again"]),
        (DropAfterAccept(method="POST", path=MESSAGE, nth=1), ["go on"]),
    ],
    ids=["refused", "lost three times", "answer lost"],
)
async def test_what_was_not_said_is_asked_for_again(
    heygen: HeyGen, world: World, console: Console, fault: Any, heard: list[str]
) -> None:
    """As long as the agent waits."""
    world.faults.append(fault)
    assert await chat_at_terminal(heygen, PROMPT, console=console, typed=typed("go on", "again")) == 0
    assert said_to(world) == heard


async def test_an_answer_after_somebody_elses_goes_on(heygen: HeyGen, world: World, console: Console) -> None:
    """HeyGen refuses it, since the agent does not wait any more, and the talk goes on."""
    lines = _Answered(world)
    assert await chat_at_terminal(heygen, PROMPT, console=console, typed=lines) == 0
    assert said_to(world) == ["quicker"]


class _Answered:
    """A person who thinks while somebody else answers."""

    def __init__(self, world: World) -> None:
        self._world = world

    def readline(self) -> str:
        (session,) = self._world.sessions.values()
        if session.waiting:
            self._world.agency.follow_up(session, {"message": "quicker"})
        return "too late\n"


async def test_a_deadline_passes_while_somebody_types(heygen: HeyGen, world: World, console: Console) -> None:
    """Nothing is said after it."""
    lines = _Slow(anyio.lowlevel.current_token())
    with pytest.raises(DeadlineExceededError):
        await chat_at_terminal(heygen, PROMPT, deadline=300, console=console, typed=lines)
    assert said_to(world) == []


class _Slow:
    """A person who takes ten minutes."""

    def __init__(self, token: Any) -> None:
        self._token = token

    def readline(self) -> str:
        anyio.from_thread.run(anyio.sleep, 600, token=self._token)
        return "at last\n"


# --- Ctrl-C


@contextlib.contextmanager
def pipe() -> Iterator[tuple[TextIO, Callable[[str], None]]]:
    """A keyboard: what is read, and a function that types a line."""
    reading, writing = os.pipe()
    with os.fdopen(reading) as source, os.fdopen(writing, "w", buffering=1) as keyboard:
        yield source, lambda line: print(line, file=keyboard, flush=True)


async def until(shown: io.StringIO, words: str) -> None:
    """Return when *words* have been shown."""
    while words not in shown.getvalue():
        await anyio.sleep(0.01)


DECIDED: dict[str, tuple[Any, list[str | None], int, str]] = {
    "stop": ("ask", ["s"], 5, "failed"),
    "leave": ("ask", ["", "what?", "l"], 130, "waiting_for_input"),
    "go on": ("ask", ["t", "Yes"], 0, "completed"),
    "stop unasked": ("stop", [], 130, "failed"),
    "leave unasked": ("leave", [], 130, "waiting_for_input"),
    "twice": ("ask", [None], 130, "waiting_for_input"),
}


@pytest.mark.parametrize("case", DECIDED)
async def test_ctrl_c_while_somebody_types(
    heygen: HeyGen, world: World, console: Console, shown: io.StringIO, case: str
) -> None:
    """It asks, or does what was chosen; a second one leaves at once. Lines typed afterwards are not lost."""
    on_exit, lines, expected, status = DECIDED[case]
    codes = []

    async def person(say: Callable[[str], None]) -> None:
        await until(shown, "> ")
        signal.raise_signal(signal.SIGINT)
        for line in lines:
            await until(shown, "go on [t]alking?")
            if line is None:
                signal.raise_signal(signal.SIGINT)
            else:
                say(line)

    with pipe() as (source, say):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(person, say)
            codes.append(await chat_at_terminal(heygen, PROMPT, on_exit=on_exit, console=console, typed=source))
        say("a line for a reader that is gone")
    (session,) = world.sessions.values()
    assert (codes, session.status) == ([expected], status)


async def test_ctrl_c_while_the_agent_works(heygen: HeyGen, world: World, console: Console, shown: io.StringIO) -> None:
    """Whoever goes on misses nothing."""

    async def person() -> None:
        await until(shown, "thinking")
        signal.raise_signal(signal.SIGINT)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(person)
        assert await chat_at_terminal(heygen, PROMPT, console=console, typed=typed("t", "Yes")) == 0
    assert shown.getvalue().count("Here is the storyboard") == 1
    assert said_to(world) == ["Yes"]


CHILD = """
import asyncio, sys
from heygen_async import HeyGen
from heygen_async.cli.rendering.chat_session import chat_at_terminal
from heygen_async.simulator import run

async def main():
    async with HeyGen("simulator-key", base_url=sys.argv[1]) as client:
        return await chat_at_terminal(client, "A welcome", on_exit="leave")

sys.exit(run(main, speed=500))
"""


def test_a_process_ends_at_ctrl_c_though_nobody_presses_enter(simulator: str) -> None:
    """The thread that reads a line holds nothing up."""
    command = [sys.executable, "-u", "-c", CHILD, simulator]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        for line in process.stdout:
            if line.startswith("Agent:"):
                break
        assert process.stdout.read(2) == "> "
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 130
        assert "To come back" in process.stdout.read()


# --- parts


async def test_a_line_that_comes_late_is_kept_for_the_next_reader() -> None:
    """A reader that was cancelled loses none."""
    with pipe() as (source, say):
        lines = TypedLines(source)
        with anyio.move_on_after(1):
            await lines.read()
        say("one\r")
        say("two")
        assert [await lines.read(), await lines.read()] == ["one", "two"]
        lines.close()


async def test_lines_end() -> None:
    """None, as often as it is asked for."""
    lines = TypedLines(typed("one"))
    assert [await lines.read(), await lines.read(), await lines.read()] == ["one", None, None]
    lines.close()
    TypedLines(typed()).close()


def test_a_screen_has_words_of_its_own(shown: io.StringIO) -> None:
    """Square brackets are no markup."""
    screen = Screen(Console(file=shown, width=200))
    screen.complain("[red]wrong[/red]")
    screen.close()
    assert shown.getvalue() == "[red]wrong[/red]\n"


async def test_the_real_terminal_is_the_default(
    heygen: HeyGen, server: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stdin and stdout."""
    monkeypatch.setattr(sys, "stdin", typed("Yes"))
    assert await chat_at_terminal(heygen, PROMPT) == 0
    assert server.base_url in capsys.readouterr().out


async def test_a_file_that_is_closed_has_no_more_lines() -> None:
    """Whoever waits for one is told so."""
    source = io.StringIO("one\n")
    lines = TypedLines(source)
    assert await lines.read() == "one"
    source.close()
    assert await lines.read() is None
    lines.close()
