"""`heygen-async agent`: a prompt becomes a video."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

from cyclopts import Parameter

from heygen_async.api.handles.polling import DEADLINE_SECONDS
from heygen_async.cli.commands.videos import show_address
from heygen_async.cli.exits import Exit
from heygen_async.cli.terminal.option_types import BaseUrl, OnInterrupt, Seconds, Speed, Text
from heygen_async.cli.terminal.tables import InJson, clean, show_one, tell

SessionId = Annotated[str, Parameter(help="Of the session, as `agent create` tells it.")]
Deadline = Annotated[Seconds, Parameter(help="Seconds from now; the agent goes on after them.")]


def create(
    prompt: Annotated[Text, Parameter(help="What to show, in your words.")],
    /,
    *,
    avatar_id: Annotated[str | None, Parameter(help="A look; the agent picks one else.")] = None,
    voice_id: Annotated[str | None, Parameter(help="The agent picks one else.")] = None,
    style_id: Annotated[str | None, Parameter(help="A style of HeyGen's.")] = None,
    orientation: Annotated[Literal["landscape", "portrait"] | None, Parameter(help="The agent decides else.")] = None,
    no_wait: Annotated[bool, Parameter(help="Print the session's id, and leave.")] = False,
    deadline: Deadline = DEADLINE_SECONDS,
    in_json: InJson = False,
    base_url: BaseUrl = None,
    speed: Speed = 1.0,
) -> None:
    """Let the Video Agent make a video of a prompt, and print its address. Costs money: 0.0333 USD a second of video.

    HeyGen takes no key against paying twice here, so a prompt whose answer is lost is not sent again. Ctrl-C leaves
    the agent working.

        heygen-async agent create "A short welcome for new customers of a bakery"
    """
    from heygen_async import HeyGen, VideoAgent
    from heygen_async.cli.rendering import follow_run
    from heygen_async.cli.rendering.wait import followed

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
                    print(job.id)
                return Exit.DONE
            tell(f"session {job.id} is at work")
            show_address(await followed(job, deadline), in_json=in_json)
        return Exit.DONE

    sys.exit(follow_run.start(command, speed, base_url))


def chat(
    prompt: Annotated[Text | None, Parameter(help="What to show, in your words.")] = None,
    /,
    *,
    session_id: Annotated[str | None, Parameter(help="Take up a session again, in the place of a new one.")] = None,
    replay: Annotated[bool, Parameter(help="Show first what was said before.")] = False,
    avatar_id: Annotated[str | None, Parameter(help="A look; the agent picks one else.")] = None,
    voice_id: Annotated[str | None, Parameter(help="The agent picks one else.")] = None,
    on_exit: Annotated[
        OnInterrupt, Parameter(help="What Ctrl-C, an error or the end of the input does to the session.")
    ] = "ask",
    base_url: BaseUrl = None,
    speed: Speed = 1.0,
) -> None:
    """Talk with the Video Agent until the video is there. Costs money: 0.0333 USD a second of video.

    It asks back, shows drafts, and goes on by your answers, each on a line; /stop and /leave end the talk. A session
    that you left is taken up again with --session-id, which costs nothing by itself.

        heygen-async agent chat "A short welcome for new customers of a bakery"
    """
    from heygen_async import HeyGen, InvalidInputError, VideoAgent
    from heygen_async.cli.rendering import follow_run
    from heygen_async.cli.rendering.chat_session import chat_at_terminal

    if (prompt is None) == (session_id is None):
        raise InvalidInputError("agent chat: give either a prompt, for a new session, or --session-id of an old one")
    request = None
    if prompt is not None:
        request = VideoAgent(prompt=prompt, mode="chat", avatar_id=avatar_id, voice_id=voice_id)

    async def command() -> int:
        async with HeyGen(base_url=base_url) as heygen:
            return await chat_at_terminal(heygen, request, session_id=session_id, replay=replay, on_exit=on_exit)

    sys.exit(follow_run.start(command, speed, base_url))


def wait(
    session: SessionId,
    /,
    *,
    deadline: Deadline = DEADLINE_SECONDS,
    in_json: InJson = False,
    base_url: BaseUrl = None,
    speed: Speed = 1.0,
) -> None:
    """Wait for the video of a session, and print its address. Costs nothing.

    Ctrl-C leaves the agent working. Exit code 1 if it failed, 4 if it has not ended by the deadline.
    """
    from heygen_async import HeyGen
    from heygen_async.cli.rendering import follow_run
    from heygen_async.cli.rendering.wait import followed

    async def command() -> int:
        async with HeyGen(base_url=base_url) as heygen:
            show_address(await followed(heygen.video_agents.job(session), deadline), in_json=in_json)
        return Exit.DONE

    sys.exit(follow_run.start(command, speed, base_url))


async def get(session: SessionId, /, *, in_json: InJson = False, base_url: BaseUrl = None) -> None:
    """Show a session as it is now, with what was said. Costs nothing."""
    from heygen_async import HeyGen

    async with HeyGen(base_url=base_url) as heygen:
        found = await heygen.video_agents.get(session)
    show_one(found, in_json=in_json)
    if not in_json:
        for message in reversed(found.messages or ()):
            print(clean(f"{message.role}: {message.content}"))


async def stop(session: SessionId, /, *, base_url: BaseUrl = None) -> None:
    """Stop a session. Costs nothing; what it has cost is not given back."""
    from heygen_async import HeyGen

    async with HeyGen(base_url=base_url) as heygen:
        stopped = await heygen.video_agents.stop(session)
    print(f"{stopped.session_id} is stopped")
