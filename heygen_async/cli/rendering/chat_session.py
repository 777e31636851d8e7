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
WAY_BACK = "heygen-async agent chat --session-id {}"
WAITS = ("waiting_for_input", "reviewing")


async def chat_at_terminal(
    client: HeyGen,
    request: VideoAgent | str | None = None,
    *,
    session_id: str | None = None,
    replay: bool = False,
    on_exit: OnInterrupt = "ask",
    thinking_deadline: float = THINKING_SECONDS,
    deadline: float = math.inf,
    way_back: str = WAY_BACK,
    console: Console | None = None,
    typed: HasLines | None = None,
) -> int:
    """Talk with the Video Agent: show what it says, and let a person answer. A new session costs money.

    Ctrl-C, `/stop` and `/leave` end the talk; a second Ctrl-C leaves at once. Where there are no more lines to read, a
    question ends it as well.

    Args:
        client: Asks.
        request: What to make; text is a prompt in chat mode. Or
        session_id: the session to join.
        replay: Show first what was said before.
        on_exit: What Ctrl-C, an error or the end of the lines does to the session: "leave" or "stop" it; "ask" asks at
            Ctrl-C, and leaves it where nobody can be asked.
        thinking_deadline: Seconds that the agent may think without a word.
        deadline: Seconds for the whole, the person's own time included.
        way_back: The command that takes a session up again, with `{}` for its id.
        console: Where it is shown; else stdout.
        typed: Where lines come from; else stdin.

    Returns:
        An exit code: 0 the video is there, 5 it failed, was stopped or left, 130 left by Ctrl-C.

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
            screen.begin(chat.session_id)
            return await ChatSession(
                client, chat, screen, lines, on_exit, way_back.format(chat.session_id)
            ).to_the_end()
    except HeyGenError as exc:
        if exc.resource_id is not None:
            exc.add_note(f"To come back: {way_back.format(exc.resource_id)}")
        raise
    finally:
        screen.close()
        lines.close()


class ChatSession:
    """One chat between a person and the agent."""

    def __init__(
        self, client: HeyGen, chat: Chat, screen: Screen, lines: TypedLines, on_exit: OnInterrupt, way_back: str
    ) -> None:
        self._client = client
        self._chat = chat
        self._screen = screen
        self._lines = lines
        self._on_exit = on_exit
        self._way_back = way_back
        self._code: Exit | None = None

    async def to_the_end(self) -> int:
        """Talk, and decide what to do at each Ctrl-C."""
        while self._code is None:
            if await _interrupted(self._talk) and self._code is None:
                decided = self._on_exit == "ask" and not await _interrupted(self._decide)
                if not decided:
                    self._leave(Exit.INTERRUPTED)
        return self._code

    async def _talk(self) -> None:
        async for turn in self._chat:
            self._screen.show(turn)
            if isinstance(turn, Ready | ChatFailed):
                self._code = Exit.DONE if isinstance(turn, Ready) else Exit.SOME_FAILED
            elif self._chat.question is turn and isinstance(turn, Question | Draft):
                await self._answer()
            if self._code is not None:
                return

    async def _answer(self) -> None:
        """Read lines until one is an answer, or ends the talk."""
        while self._code is None:
            match await self._line():
                case None | "/leave":
                    self._leave(Exit.SOME_FAILED)
                case "/stop":
                    await self._stop()
                case said:
                    if await self._said(said):
                        return

    async def _line(self) -> str | None:
        self._screen.prompt()
        line = await self._lines.read()
        self._screen.heard(line)
        return None if line is None else line.strip()

    async def _said(self, text: str) -> bool:
        """Say *text*; tell whether the agent's turn has come."""
        try:
            await self._chat.answer(text)
        except InvalidInputError as exc:
            self._screen.complain(str(exc))
            return False
        except DeadlineExceededError:
            raise
        except HeyGenError as exc:
            self._screen.complain(str(exc))
            return (await self._client.video_agents.get(self._chat.session_id)).status not in WAITS
        return True

    async def _decide(self) -> None:
        """Ask what is to become of the session."""
        self._screen.note("[s]top the session, [l]eave it to go on without you, or go on [t]alking?")
        while True:
            line = await self._line()
            match "l" if line is None else line.lower()[:1]:
                case "s":
                    return await self._stop()
                case "l":
                    return self._leave(Exit.INTERRUPTED)
                case "t":
                    return await self._answer() if self._chat.question is not None else None
                case _:
                    self._screen.note("s, l or t?")

    async def _stop(self) -> None:
        await self._chat.stop()
        self._code = Exit.SOME_FAILED
        self._screen.note("Stopped. What is being rendered already is finished and paid for.")

    def _leave(self, code: Exit) -> None:
        self._code = code
        if self._on_exit == "stop":
            self._screen.note("Leaving; the session is stopped.")
        else:
            self._screen.note(f"The session goes on without you, and may be paid for. To come back: {self._way_back}")


async def _interrupted(work: Callable[[], Awaitable[None]]) -> bool:
    """Do *work*; say whether Ctrl-C or SIGTERM ended it."""
    failed: list[HeyGenError] = []
    async with anyio.create_task_group() as tasks:
        signals = await tasks.start(_signalled, tasks.cancel_scope)
        try:
            await work()
        except HeyGenError as exc:  # raised below: out of the group it would come wrapped
            failed.append(exc)
        tasks.cancel_scope.cancel()
    if failed:
        raise failed[0]
    return bool(signals)


async def _signalled(scope: anyio.CancelScope, *, task_status: TaskStatus[list[signal.Signals]]) -> None:
    heard: list[signal.Signals] = []
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started(heard)
        async for number in signals:
            heard.append(number)
            scope.cancel()
