"""`heygen-async agent`: videos from prompts, by the Video Agent."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

from cyclopts import Parameter

from heygen_async.api.handles.polling import DEADLINE_SECONDS
from heygen_async.cli.commands.videos import show_address
from heygen_async.cli.exits import Exit
from heygen_async.cli.terminal.console import say
from heygen_async.cli.terminal.option_types import BaseUrl, OnInterrupt, Seconds, Speed, Text
from heygen_async.cli.terminal.tables import InJson, print_message, show_one

SessionId = Annotated[str, Parameter(help="Id of the session, as `agent create` shows it.")]
Deadline = Annotated[Seconds, Parameter(help="Seconds to wait; the agent is not stopped.")]


def create(
    prompt: Annotated[Text, Parameter(help="A description of the video.")],
    /,
    *,
    avatar_id: Annotated[str | None, Parameter(help="Id of a look. [default: the agent picks one]")] = None,
    voice_id: Annotated[str | None, Parameter(help="Id of a voice. [default: the agent picks one]")] = None,
    style_id: Annotated[str | None, Parameter(help="Id of one of HeyGen's styles.")] = None,
    orientation: Annotated[
        Literal["landscape", "portrait"] | None, Parameter(help="Shape of the video. [default: the agent picks one]")
    ] = None,
    no_wait: Annotated[bool, Parameter(help="Print the session's id and exit at once.")] = False,
    deadline: Deadline = DEADLINE_SECONDS,
    in_json: InJson = False,
    base_url: BaseUrl = None,
    speed: Speed = 1.0,
) -> None:
    """Make a video from a prompt with the Video Agent, and print its address. Costs money: 0.0333 USD per second.

    HeyGen accepts no idempotency key here, so a prompt whose answer is lost is not sent again. Ctrl-C leaves the agent
    working.

        heygen-async agent create "A short welcome for new customers of a bakery"
    """
    from heygen_async import HeyGen, VideoAgent
    from heygen_async.cli.rendering import follow_run
    from heygen_async.cli.rendering.wait import wait_for_video

    request = VideoAgent(
        prompt=prompt, avatar_id=avatar_id, voice_id=voice_id, style_id=style_id, orientation=orientation
    )

    async def command() -> int:
        async with HeyGen(base_url=base_url) as heygen:
            job = await heygen.video_agents.create(request)
            if no_wait:
                if in_json:
                    show_one(await job.look(), in_json=True)
                else:
                    say(job.id)
                return Exit.DONE
            print_message(f"session {job.id} is at work")
            show_address(await wait_for_video(job, deadline), in_json=in_json)
        return Exit.DONE

    sys.exit(follow_run.run_async(command, speed, base_url))


def chat(
    prompt: Annotated[Text | None, Parameter(help="A description of the video.")] = None,
    /,
    *,
    session_id: Annotated[str | None, Parameter(help="Continue this session instead of starting one.")] = None,
    replay: Annotated[bool, Parameter(help="Show the earlier messages first.")] = False,
    avatar_id: Annotated[str | None, Parameter(help="Id of a look. [default: the agent picks one]")] = None,
    voice_id: Annotated[str | None, Parameter(help="Id of a voice. [default: the agent picks one]")] = None,
    on_exit: Annotated[
        OnInterrupt, Parameter(help="What happens to the session at Ctrl-C, an error or the end of the input.")
    ] = "ask",
    base_url: BaseUrl = None,
    speed: Speed = 1.0,
) -> None:
    """Chat with the Video Agent until the video is ready. Costs money: 0.0333 USD per second of video.

    The agent asks questions and shows drafts; each line that you type is an answer. /stop and /leave end the chat. To
    continue a session that you left, use --session-id, which is free in itself.

        heygen-async agent chat "A short welcome for new customers of a bakery"
    """
    from heygen_async import HeyGen, InvalidInputError, VideoAgent
    from heygen_async.cli.rendering import follow_run
    from heygen_async.cli.rendering.chat_session import chat_at_terminal

    if (prompt is None) == (session_id is None):
        raise InvalidInputError("agent chat: give either a prompt, for a new session, or --session-id, to continue one")
    request = None
    if prompt is not None:
        request = VideoAgent(prompt=prompt, mode="chat", avatar_id=avatar_id, voice_id=voice_id)

    async def command() -> int:
        async with HeyGen(base_url=base_url) as heygen:
            return await chat_at_terminal(heygen, request, session_id=session_id, replay=replay, on_exit=on_exit)

    sys.exit(follow_run.run_async(command, speed, base_url))


def wait(
    session: SessionId,
    /,
    *,
    deadline: Deadline = DEADLINE_SECONDS,
    in_json: InJson = False,
    base_url: BaseUrl = None,
    speed: Speed = 1.0,
) -> None:
    """Wait for the video of a session, and print its address. Free.

    Ctrl-C leaves the agent working. Exit code 1 if the session failed, 4 if it has not ended by the deadline.
    """
    from heygen_async import HeyGen
    from heygen_async.cli.rendering import follow_run
    from heygen_async.cli.rendering.wait import wait_for_video

    async def command() -> int:
        async with HeyGen(base_url=base_url) as heygen:
            show_address(await wait_for_video(heygen.video_agents.job(session), deadline), in_json=in_json)
        return Exit.DONE

    sys.exit(follow_run.run_async(command, speed, base_url))


async def get(session: SessionId, /, *, in_json: InJson = False, base_url: BaseUrl = None) -> None:
    """Show a session as it is now, with its messages. Free."""
    from heygen_async import HeyGen

    async with HeyGen(base_url=base_url) as heygen:
        current = await heygen.video_agents.get(session)
    show_one(current, in_json=in_json)
    if not in_json:
        for message in reversed(current.messages or ()):
            say(f"{message.role}: {message.content}")


async def stop(session: SessionId, /, *, base_url: BaseUrl = None) -> None:
    """Stop a session. Free; costs so far are not refunded."""
    from heygen_async import HeyGen

    async with HeyGen(base_url=base_url) as heygen:
        stopped = await heygen.video_agents.stop(session)
    say(f"{stopped.session_id} is stopped")
