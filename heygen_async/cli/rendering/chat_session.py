"""A chat with the Video Agent at a terminal."""

from __future__ import annotations

import math
import signal
import sys
from collections.abc import Awaitable, Callable

import anyio
from anyio.abc import TaskStatus
from rich.console import Console

from heygen_async import (
    Chat,
    ChatFailed,
    DeadlineExceededError,
    Draft,
    HeyGen,
    HeyGenError,
    InvalidInputError,
    Question,
    Ready,
    VideoAgent,
)
from heygen_async.cli.exits import Exit
from heygen_async.cli.terminal.ask import HasLines, TypedLines
from heygen_async.cli.terminal.chat_screen import Screen
from heygen_async.cli.terminal.option_types import OnInterrupt
from heygen_async.cli.terminal.progress import wide_console

THINKING_SECONDS = 600.0
RESUME_COMMAND = "heygen-async agent chat --session-id {}"
WAITING_STATUSES = ("waiting_for_input", "reviewing")


async def chat_at_terminal(
    client: HeyGen,
    request: VideoAgent | str | None = None,
    *,
    session_id: str | None = None,
    replay: bool = False,
    on_exit: OnInterrupt = "ask",
    thinking_deadline: float = THINKING_SECONDS,
    deadline: float = math.inf,
    resume_command: str = RESUME_COMMAND,
    console: Console | None = None,
    typed: HasLines | None = None,
) -> int:
    """Chat with the Video Agent: show its messages and send the lines that a person types. A new session costs money.

    Ctrl-C, `/stop` and `/leave` end the chat; a second Ctrl-C leaves at once. A question also ends it when the input
    has no more lines.

    Args:
        client: Client that sends the requests.
        request: The video to make; a string is a prompt in chat mode. None if *session_id* is given.
        session_id: The session to continue, in place of a new one.
        replay: Show the earlier messages first.
        on_exit: The session's fate at Ctrl-C, an error or the end of the input: "leave" lets it continue, "stop" stops
            it; "ask" asks at Ctrl-C, and otherwise lets it continue.
        thinking_deadline: Seconds that the agent may think without a message.
        deadline: Seconds for the whole chat, including the time that the person takes.
        resume_command: The command that continues a session, with `{}` for its id.
        console: Output; stdout by default.
        typed: Input; stdin by default.

    Returns:
        An exit code: 0 the video is ready, 5 it failed or the person stopped or left the session, 130 left by Ctrl-C.

    Raises:
        HeyGenError: As of `video_agents.chat`.
    """
    chat = client.video_agents.chat(
        VideoAgent(prompt=request, mode="chat") if isinstance(request, str) else request,
        session_id=session_id,
        replay=replay,
        on_exit="stop" if on_exit == "stop" else "leave",
        thinking_deadline=thinking_deadline,
        deadline=deadline,
    )
    lines = TypedLines(typed or sys.stdin)
    screen = Screen(console or wide_console())
    try:
        async with chat:
            screen.show_session(chat.session_id)
            return await ChatSession(client, chat, screen, lines, on_exit, resume_command.format(chat.session_id)).run()
    except HeyGenError as exc:
        if exc.resource_id is not None:
            exc.add_note(f"To come back: {resume_command.format(exc.resource_id)}")
        raise
    finally:
        screen.close()
        lines.close()


class ChatSession:
    """One chat between a person and the agent."""

    def __init__(
        self, client: HeyGen, chat: Chat, screen: Screen, lines: TypedLines, on_exit: OnInterrupt, resume_command: str
    ) -> None:
        self._client = client
        self._chat = chat
        self._screen = screen
        self._lines = lines
        self._on_exit = on_exit
        self._resume_command = resume_command
        self._code: Exit | None = None

    async def run(self) -> int:
        """Chat until the end and return the exit code; at each Ctrl-C decide about the session."""
        while self._code is None:
            if await _run_until_signal(self._chat_on) and self._code is None:
                decided = self._on_exit == "ask" and not await _run_until_signal(self._decide)
                if not decided:
                    self._leave(Exit.INTERRUPTED)
        return self._code

    async def _chat_on(self) -> None:
        async for turn in self._chat:
            self._screen.show(turn)
            if isinstance(turn, Ready | ChatFailed):
                self._code = Exit.DONE if isinstance(turn, Ready) else Exit.SOME_FAILED
            elif self._chat.question is turn and isinstance(turn, Question | Draft):
                await self._answer()
            if self._code is not None:
                return

    async def _answer(self) -> None:
        """Read lines until the agent has an answer or the chat ends."""
        while self._code is None:
            match await self._read_line():
                case None | "/leave":
                    self._leave(Exit.SOME_FAILED)
                case "/stop":
                    await self._stop()
                case answer:
                    if await self._send(answer):
                        return

    async def _read_line(self) -> str | None:
        self._screen.prompt()
        line = await self._lines.read()
        self._screen.echo(line)
        return None if line is None else line.strip()

    async def _send(self, text: str) -> bool:
        """Send *text*; return True if the agent no longer waits for an answer."""
        try:
            await self._chat.answer(text)
        except InvalidInputError as exc:
            self._screen.show_error(str(exc))
            return False
        except DeadlineExceededError:
            raise
        except HeyGenError as exc:
            self._screen.show_error(str(exc))
            return (await self._client.video_agents.get(self._chat.session_id)).status not in WAITING_STATUSES
        return True

    async def _decide(self) -> None:
        """Ask the person to stop, leave or continue the session."""
        self._screen.show_note("[s]top the session, [l]eave it to go on without you, or go on [t]alking?")
        while True:
            line = await self._read_line()
            match "l" if line is None else line.lower()[:1]:
                case "s":
                    return await self._stop()
                case "l":
                    return self._leave(Exit.INTERRUPTED)
                case "t":
                    return await self._answer() if self._chat.question is not None else None
                case _:
                    self._screen.show_note("s, l or t?")

    async def _stop(self) -> None:
        await self._chat.stop()
        self._code = Exit.SOME_FAILED
        self._screen.show_note("Stopped. A render that has begun is finished and costs money.")

    def _leave(self, code: Exit) -> None:
        self._code = code
        if self._on_exit == "stop":
            self._screen.show_note("Leaving; the session is stopped.")
        else:
            self._screen.show_note(
                f"The session goes on without you and may cost money. To come back: {self._resume_command}"
            )


async def _run_until_signal(work: Callable[[], Awaitable[None]]) -> bool:
    """Run *work*; return True if Ctrl-C or SIGTERM ended it."""
    errors: list[HeyGenError] = []
    async with anyio.create_task_group() as tasks:
        signals = await tasks.start(_cancel_on_signal, tasks.cancel_scope)
        try:
            await work()
        except HeyGenError as exc:  # raised below, as the task group would wrap it
            errors.append(exc)
        tasks.cancel_scope.cancel()
    if errors:
        raise errors[0]
    return bool(signals)


async def _cancel_on_signal(scope: anyio.CancelScope, *, task_status: TaskStatus[list[signal.Signals]]) -> None:
    received: list[signal.Signals] = []
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started(received)
        async for number in signals:
            received.append(number)
            scope.cancel()
