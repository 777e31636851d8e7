"""`heygen-async videos`: what the account has made, one by one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.prompt import Confirm

from heygen_async.api.handles.polling import DEADLINE_SECONDS
from heygen_async.cli.exits import Exit
from heygen_async.cli.terminal.option_types import BaseUrl, Seconds, Speed
from heygen_async.cli.terminal.tables import ROWS, InJson, Rows, clean, show_list, show_one, tell

if TYPE_CHECKING:
    from heygen_async import Video

VideoId = Annotated[str, Parameter(help="Of the video, as `videos list` shows it.")]

_COLUMNS = {"id": "id", "status": "status", "duration": "seconds", "created_at": "created", "title": "title"}


async def show(
    *,
    title: Annotated[str | None, Parameter(help="Only videos with this in their title.")] = None,
    folder: Annotated[str | None, Parameter(help="Only those in this folder: its id.")] = None,
    limit: Rows = ROWS,
    in_json: InJson = False,
    base_url: BaseUrl = None,
) -> None:
    """List the account's videos, newest first. Costs nothing."""
    from heygen_async import HeyGen

    async with HeyGen(base_url=base_url) as heygen:
        videos = heygen.videos.list(title=title, folder_id=folder, limit=min(100, limit + 1))
        await show_list(videos, _COLUMNS, limit=limit, in_json=in_json)


async def get(video: VideoId, /, *, in_json: InJson = False, base_url: BaseUrl = None) -> None:
    """Show a video as it is now. Costs nothing.

    Its addresses are good for a short while: `videos download` asks for fresh ones.
    """
    from heygen_async import HeyGen

    async with HeyGen(base_url=base_url) as heygen:
        show_one(await heygen.videos.get(video), in_json=in_json)


def wait(
    video: VideoId,
    /,
    *,
    deadline: Annotated[Seconds, Parameter(help="Seconds from now; the render goes on after them.")] = DEADLINE_SECONDS,
    in_json: InJson = False,
    base_url: BaseUrl = None,
    speed: Speed = 1.0,
) -> None:
    """Wait until a video is there, and print its address. Costs nothing.

    Ctrl-C leaves it rendering. Exit code 1 if it failed, 4 if it has not ended by the deadline.
    """
    from heygen_async import HeyGen
    from heygen_async.cli.rendering import follow_run
    from heygen_async.cli.rendering.wait import followed

    async def command() -> int:
        async with HeyGen(base_url=base_url) as heygen:
            show_address(await followed(heygen.videos.job(video), deadline), in_json=in_json)
        return Exit.DONE

    sys.exit(follow_run.start(command, speed, base_url))


async def download(
    video: VideoId,
    /,
    *,
    output: Annotated[
        Path, Parameter(name=("--output", "-o"), help="A folder, or a file, which is written anew if it is there.")
    ] = Path(),
    files: Annotated[str, Parameter(help="What to store of it, with commas, as of `run`.")] = "video",
    base_url: BaseUrl = None,
) -> None:
    """Download the files of a video. Costs nothing.

    A download that broke off goes on where it stopped. In a folder, files are named by the video's id.

        heygen-async videos download v_123 --output welcome.mp4
    """
    from heygen_async import HeyGen, ResourceNotReadyError
    from heygen_async.bulk.download.video_files import checked_kinds
    from heygen_async.cli.rendering.download import fetch

    kinds = checked_kinds(kind.strip() for kind in files.split(","))
    async with HeyGen(base_url=base_url) as heygen:
        found = (await heygen.videos.get(video)).check()
        if not found.ended:
            raise ResourceNotReadyError(
                f"video {video}: it is {found.status}, so there is no file yet; `heygen-async videos wait {video}` "
                "tells when there is"
            )
        for file in await fetch(heygen, found, output, kinds):
            print(file)


async def delete(
    video: VideoId,
    /,
    *,
    yes: Annotated[bool, Parameter(name=("--yes", "-y"), help="Do not ask.")] = False,
    base_url: BaseUrl = None,
) -> None:
    """Delete a video at HeyGen, for good. Costs nothing; what it has cost is not given back."""
    from heygen_async import HeyGen

    async with HeyGen(base_url=base_url) as heygen:
        if not yes and not _may_delete(await heygen.videos.get(video)):
            tell("Nothing was deleted.")
            sys.exit(Exit.NOTHING_TO_DO)
        gone = await heygen.videos.delete(video)
    print(f"{gone.id} is deleted")


def _may_delete(video: Video) -> bool:
    from heygen_async import InvalidInputError

    if not sys.stdin.isatty():
        raise InvalidInputError(f"delete {video.id}: nobody can be asked here, as this is no terminal; say --yes")
    question = clean(f"Delete {video.id}, {video.title or 'without a title'}, for good?")
    return Confirm.ask(question, console=Console(stderr=True, markup=False), default=False)


def show_address(video: Video, *, in_json: bool) -> None:
    """Show a completed video to machines, or its address alone on stdout for people and their scripts."""
    if in_json:
        show_one(video, in_json=True)
        return
    tell(f"video {video.id} is there: {video.duration or 0:.1f} seconds")
    print(video.video_url)
