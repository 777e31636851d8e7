"""A chat at a terminal: output, typed lines and Ctrl-C."""

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
    """Output that a person sees."""
    return io.StringIO()


@pytest.fixture
def console(shown: io.StringIO) -> Console:
    """A console that does not break lines."""
    return Console(file=shown, width=200)


def typed(*lines: str) -> TextIO:
    return io.StringIO("".join(f"{line}\n" for line in lines))


def sent_by_user(world: World) -> list[str]:
    (session,) = world.sessions.values()
    return [message.content for message in session.messages[1:] if message.role == "user"]


async def test_a_whole_chat(heygen: HeyGen, world: World, console: Console, shown: io.StringIO) -> None:
    """A chat shows questions, a draft with its resources, progress and the address."""
    world.chat_stops = ("waiting_for_input", "reviewing")
    world.render_seconds = lambda _: 180.0
    code = await chat_at_terminal(heygen, PROMPT, console=console, typed=typed("Warmer, please", "", "Yes"))
    text = re.sub(r"[0-9a-f]{32}", "<id>", re.sub(r"http://\S+", "<address>", shown.getvalue()))
    text = re.sub(r"\d+ %", "<n> %", text)  # depends on the moment of the request
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
    assert sent_by_user(world) == ["Warmer, please", "Yes"]


async def test_a_terminal_shows_a_live_line_of_progress(heygen: HeyGen, shown: io.StringIO) -> None:
    """The line is redrawn in place, and removed while the person types."""
    console = Console(file=shown, width=200, force_terminal=True)
    assert await chat_at_terminal(heygen, PROMPT, console=console, typed=typed("Yes")) == 0
    assert "\x1b[2K" in shown.getvalue()
    assert "generating" in shown.getvalue()


async def test_generate_mode_asks_no_questions(heygen: HeyGen, console: Console, shown: io.StringIO) -> None:
    """A request object is sent as it is, without a switch to chat mode."""
    assert await chat_at_terminal(heygen, VideoAgent(prompt=PROMPT), console=console, typed=typed()) == 0
    assert ">" not in shown.getvalue()


async def test_a_failure_has_its_reason(heygen: HeyGen, world: World, console: Console, shown: io.StringIO) -> None:
    """The reason is shown without its escape sequences; exit code 5."""
    world.faults.append(FailedRender(while_thinking=True, message="gave \x1b[31mup"))
    assert await chat_at_terminal(heygen, PROMPT, console=console, typed=typed()) == 5
    assert "failed: gave [31mup" in shown.getvalue()
    assert "\x1b" not in shown.getvalue()


@pytest.mark.parametrize(
    ("line", "on_exit", "status", "text"),
    [
        ("/stop", "ask", "failed", "Stopped."),
        ("/leave", "ask", "waiting_for_input", "heygen-async agent chat --session-id"),
        ("/leave", "stop", "failed", "the session is stopped"),
        (None, "leave", "waiting_for_input", "goes on without you"),
        (None, "stop", "failed", "the session is stopped"),
    ],
)
async def test_a_line_or_the_end_of_input_ends_a_chat(
    heygen: HeyGen, world: World, console: Console, shown: io.StringIO, line: Any, on_exit: Any, status: str, text: str
) -> None:
    """/stop, /leave and the end of the input end a chat as `on_exit` says."""
    lines = typed(line) if line else typed()
    assert await chat_at_terminal(heygen, PROMPT, on_exit=on_exit, console=console, typed=lines) == 5
    (session,) = world.sessions.values()
    assert session.status == status
    assert text in shown.getvalue()


async def test_a_session_is_continued(heygen: HeyGen, console: Console, shown: io.StringIO) -> None:
    """With replay, the earlier messages are shown first."""
    job = await heygen.video_agents.create(VideoAgent(prompt=PROMPT, mode="chat"))
    await anyio.sleep(100)
    code = await chat_at_terminal(heygen, session_id=job.id, replay=True, console=console, typed=typed("Yes"))
    assert code == 0
    assert f"User: {PROMPT}" in shown.getvalue()


async def test_a_deadline_says_how_to_come_back(
    heygen: HeyGen, world: World, console: Console, shown: io.StringIO
) -> None:
    """The session continues after the deadline, and a note names the command that returns to it."""
    world.thinking_seconds = 10_000.0
    with pytest.raises(DeadlineExceededError) as caught:
        await chat_at_terminal(heygen, PROMPT, thinking_deadline=100, console=console, typed=typed())
    (note,) = caught.value.__notes__
    assert note == f"To come back: heygen-async agent chat --session-id {caught.value.resource_id}"
    assert "Session" in shown.getvalue()


async def test_a_session_that_was_not_created_has_no_hint(heygen: HeyGen, world: World, console: Console) -> None:
    """The error has no note with a command."""
    world.balance_usd = 0.0
    with pytest.raises(InsufficientCreditError) as caught:
        await chat_at_terminal(heygen, PROMPT, console=console, typed=typed())
    assert not hasattr(caught.value, "__notes__")


async def test_missed_messages_are_reported(shown: io.StringIO, heygen: HeyGen, world: World) -> None:
    """HeyGen shows the last 40 messages; a chat that falls behind says so."""
    console = Console(file=shown, width=200)

    async def many_messages() -> None:
        await anyio.sleep(20)
        (session,) = world.sessions.values()
        for number in range(50):
            session.add_message("model", f"thought {number}", world.now())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(many_messages)
        await chat_at_terminal(heygen, PROMPT, console=console, typed=typed("Yes"))
    assert "HeyGen no longer shows them" in shown.getvalue()


@pytest.mark.parametrize(
    ("fault", "received"),
    [
        (ErrorAnswer(method="POST", path=MESSAGE, status=400, code="invalid_parameter", nth=1), ["again"]),
        (DropBefore(method="POST", path=MESSAGE, times=3), ["again"]),
        (DropAfterAccept(method="POST", path=MESSAGE, nth=1), ["go on"]),
    ],
    ids=["refused", "lost three times", "answer lost"],
)
async def test_an_answer_that_did_not_arrive_is_asked_for_again(
    heygen: HeyGen, world: World, console: Console, fault: Any, received: list[str]
) -> None:
    """The person is asked again only if the agent still waits for an answer."""
    world.faults.append(fault)
    assert await chat_at_terminal(heygen, PROMPT, console=console, typed=typed("go on", "again")) == 0
    assert sent_by_user(world) == received


async def test_an_answer_after_another_persons_is_dropped(heygen: HeyGen, world: World, console: Console) -> None:
    """HeyGen refuses an answer that the agent no longer waits for, and the chat continues."""
    lines = _LatePerson(world)
    assert await chat_at_terminal(heygen, PROMPT, console=console, typed=lines) == 0
    assert sent_by_user(world) == ["quicker"]


class _LatePerson:
    """A person who answers after somebody else has."""

    def __init__(self, world: World) -> None:
        self._world = world

    def readline(self) -> str:
        (session,) = self._world.sessions.values()
        if session.waiting:
            self._world.agent_farm.follow_up(session, {"message": "quicker"})
        return "too late\n"


async def test_a_deadline_passes_while_the_person_types(heygen: HeyGen, world: World, console: Console) -> None:
    """A line that is typed after the deadline is not sent."""
    lines = _SlowPerson(anyio.lowlevel.current_token())
    with pytest.raises(DeadlineExceededError):
        await chat_at_terminal(heygen, PROMPT, deadline=300, console=console, typed=lines)
    assert sent_by_user(world) == []


class _SlowPerson:
    """A person who types for ten minutes."""

    def __init__(self, token: Any) -> None:
        self._token = token

    def readline(self) -> str:
        anyio.from_thread.run(anyio.sleep, 600, token=self._token)
        return "at last\n"


# --- Ctrl-C


@contextlib.contextmanager
def pipe() -> Iterator[tuple[TextIO, Callable[[str], None]]]:
    """Yield the input of a chat and a function that types a line into it."""
    reading, writing = os.pipe()
    with os.fdopen(reading) as source, os.fdopen(writing, "w", buffering=1) as keyboard:
        yield source, lambda line: print(line, file=keyboard, flush=True)


async def until(shown: io.StringIO, text: str) -> None:
    """Return when *text* has been shown."""
    while text not in shown.getvalue():
        await anyio.sleep(0.01)


DECISIONS: dict[str, tuple[Any, list[str | None], int, str]] = {
    "stop": ("ask", ["s"], 5, "failed"),
    "leave": ("ask", ["", "what?", "l"], 130, "waiting_for_input"),
    "go on": ("ask", ["t", "Yes"], 0, "completed"),
    "stop unasked": ("stop", [], 130, "failed"),
    "leave unasked": ("leave", [], 130, "waiting_for_input"),
    "twice": ("ask", [None], 130, "waiting_for_input"),
}


@pytest.mark.parametrize("case", DECISIONS)
async def test_ctrl_c_while_the_person_types(
    heygen: HeyGen, world: World, console: Console, shown: io.StringIO, case: str
) -> None:
    """Ctrl-C asks, or does as `on_exit` says; a second one leaves at once. The next line is still read."""
    on_exit, lines, expected, status = DECISIONS[case]
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
    """A person who then continues misses no message."""

    async def person() -> None:
        await until(shown, "thinking")
        signal.raise_signal(signal.SIGINT)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(person)
        assert await chat_at_terminal(heygen, PROMPT, console=console, typed=typed("t", "Yes")) == 0
    assert shown.getvalue().count("Here is the storyboard") == 1
    assert sent_by_user(world) == ["Yes"]


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


def test_a_process_ends_at_ctrl_c_without_enter(simulator: str) -> None:
    """The thread that waits for a line does not keep the process alive."""
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


async def test_a_late_line_is_kept_for_the_next_read() -> None:
    """A cancelled `read` loses no line."""
    with pipe() as (source, say):
        lines = TypedLines(source)
        with anyio.move_on_after(1):
            await lines.read()
        say("one\r")
        say("two")
        assert [await lines.read(), await lines.read()] == ["one", "two"]
        lines.close()


async def test_after_the_last_line_read_returns_none() -> None:
    """Every further `read` returns None as well."""
    lines = TypedLines(typed("one"))
    assert [await lines.read(), await lines.read(), await lines.read()] == ["one", None, None]
    lines.close()
    TypedLines(typed()).close()


def test_square_brackets_are_shown_as_they_are(shown: io.StringIO) -> None:
    """Text is not interpreted as rich markup."""
    screen = Screen(Console(file=shown, width=200))
    screen.show_error("[red]wrong[/red]")
    screen.close()
    assert shown.getvalue() == "[red]wrong[/red]\n"


async def test_stdin_and_stdout_are_the_defaults(
    heygen: HeyGen, server: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without *console* and *typed*, a chat uses stdin and stdout."""
    monkeypatch.setattr(sys, "stdin", typed("Yes"))
    assert await chat_at_terminal(heygen, PROMPT) == 0
    assert server.base_url in capsys.readouterr().out


async def test_a_closed_file_has_no_more_lines() -> None:
    """`read` returns None after the source was closed."""
    source = io.StringIO("one\n")
    lines = TypedLines(source)
    assert await lines.read() == "one"
    source.close()
    assert await lines.read() is None
    lines.close()
