"""`heygen-async videos`: the account's videos."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.prompt import Confirm

from heygen_async.api.handles.polling import DEADLINE_SECONDS
from heygen_async.cli.exits import Exit
from heygen_async.cli.terminal.console import PlainConsole, say
from heygen_async.cli.terminal.option_types import BaseUrl, Seconds, Speed
from heygen_async.cli.terminal.tables import ROWS, InJson, Rows, print_message, show_list, show_one
from heygen_async.plain_text import clean

if TYPE_CHECKING:
    from heygen_async import Video

VideoId = Annotated[str, Parameter(help="Id of the video, as `videos list` shows it.")]

_COLUMNS = {"id": "id", "status": "status", "duration": "seconds", "created_at": "created", "title": "title"}


async def list_videos(
    *,
    title: Annotated[str | None, Parameter(help="Only videos with this in their title.")] = None,
    folder: Annotated[str | None, Parameter(help="Id of a folder: list only its videos.")] = None,
    limit: Rows = ROWS,
    in_json: InJson = False,
    base_url: BaseUrl = None,
) -> None:
    """List the account's videos, newest first. Free."""
    from heygen_async import HeyGen

    async with HeyGen(base_url=base_url) as heygen:
        videos = heygen.videos.list(title=title, folder_id=folder, limit=min(100, limit + 1))
        await show_list(videos, _COLUMNS, limit=limit, in_json=in_json)


async def get(video: VideoId, /, *, in_json: InJson = False, base_url: BaseUrl = None) -> None:
    """Show a video as it is now. Free.

    The addresses in it expire: `videos download` asks for new ones.
    """
    from heygen_async import HeyGen

    async with HeyGen(base_url=base_url) as heygen:
        show_one(await heygen.videos.get(video), in_json=in_json)


def wait(
    video: VideoId,
    /,
    *,
    deadline: Annotated[Seconds, Parameter(help="Seconds to wait; the render is not stopped.")] = DEADLINE_SECONDS,
    in_json: InJson = False,
    base_url: BaseUrl = None,
    speed: Speed = 1.0,
) -> None:
    """Wait until a video is ready, and print its address. Free.

    Ctrl-C does not stop the render. Exit code 1 if it failed, 4 if it has not ended by the deadline.
    """
    from heygen_async import HeyGen
    from heygen_async.cli.rendering import follow_run
    from heygen_async.cli.rendering.wait import wait_for_video

    async def command() -> int:
        async with HeyGen(base_url=base_url) as heygen:
            show_address(await wait_for_video(heygen.videos.job(video), deadline), in_json=in_json)
        return Exit.DONE

    sys.exit(follow_run.run_async(command, speed, base_url))


async def download(
    video: VideoId,
    /,
    *,
    output: Annotated[
        Path, Parameter(name=("--output", "-o"), help="A folder, or a file, which is replaced if it exists.")
    ] = Path(),
    files: Annotated[str, Parameter(help="Kinds of files to store, separated by commas, as for `run`.")] = "video",
    base_url: BaseUrl = None,
) -> None:
    """Download the files of a video. Free.

    An interrupted download continues where it stopped. In a folder, files are named after the video's id.

        heygen-async videos download v_123 --output welcome.mp4
    """
    from heygen_async import HeyGen, ResourceNotReadyError
    from heygen_async.bulk.download.single_video import fetch
    from heygen_async.bulk.download.video_files import checked_kinds

    kinds = checked_kinds(kind.strip() for kind in files.split(","))
    async with HeyGen(base_url=base_url) as heygen:
        current = (await heygen.videos.get(video)).check()
        if not current.ended:
            raise ResourceNotReadyError(
                f"video {video}: it is {current.status}, so there is no file yet; `heygen-async videos wait {video}` "
                "waits for it"
            )
        for file in await fetch(heygen, current, output, kinds):
            say(str(file))


async def delete(
    video: VideoId,
    /,
    *,
    yes: Annotated[bool, Parameter(name=("--yes", "-y"), help="Do not ask.")] = False,
    base_url: BaseUrl = None,
) -> None:
    """Delete a video at HeyGen permanently. Free; the cost of the video is not refunded."""
    from heygen_async import HeyGen

    async with HeyGen(base_url=base_url) as heygen:
        if not yes and not _confirm_deletion(await heygen.videos.get(video)):
            print_message("Nothing was deleted.")
            sys.exit(Exit.NOTHING_TO_DO)
        deleted = await heygen.videos.delete(video)
    say(f"{deleted.id} is deleted")


def _confirm_deletion(video: Video) -> bool:
    from heygen_async import InvalidInputError

    if not sys.stdin.isatty():
        raise InvalidInputError(f"delete {video.id}: without a terminal, nobody can confirm it; use --yes")
    question = clean(f"Delete {video.id}, {video.title or 'without a title'}, permanently?")
    return Confirm.ask(question, console=PlainConsole(stderr=True), default=False)


def show_address(video: Video, *, in_json: bool) -> None:
    """Print a completed video as JSON, or its address alone on stdout and a message for people on stderr."""
    if in_json:
        show_one(video, in_json=True)
        return
    print_message(f"video {video.id} is ready: {video.duration or 0:.1f} seconds")
    say(str(video.video_url))
