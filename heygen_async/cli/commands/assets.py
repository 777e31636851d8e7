"""`heygen-async assets`: the account's files at HeyGen."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from heygen_async.cli.exits import Exit
from heygen_async.cli.terminal.console import PlainConsole, say
from heygen_async.cli.terminal.option_types import BaseUrl
from heygen_async.cli.terminal.tables import ROWS, InJson, Rows, print_message, show_list, show_one

if TYPE_CHECKING:
    from heygen_async import UploadProgressed
    from heygen_async.api.uploads.upload import OnProgress

_COLUMNS = {"id": "id", "type": "type", "uploaded_at": "uploaded", "name": "name"}


async def upload(
    *files: Annotated[Path, Parameter(help="Images, videos, audio or PDFs, of any size that HeyGen accepts.")],
    purpose: Annotated[
        Literal["any", "videos"],
        Parameter(help="videos: for use in videos, which accept images and audio up to 50 MB, video up to 100 MB."),
    ] = "any",
    in_json: InJson = False,
    base_url: BaseUrl = None,
) -> None:
    """Upload files to HeyGen and print their ids, one a line, in the order of the files. Free.

    Use an id wherever a request takes an asset. Exit code 5 if a file could not be uploaded; the others were uploaded.
    Exit code 2 if none of them exists.

        heygen-async assets upload logo.png intro.mp4
    """
    from heygen_async import HeyGen, InvalidInputError, NotUploaded, Upload

    if not files:
        raise InvalidInputError("assets upload: no file is given; for example: heygen-async assets upload logo.png")
    if not any(file.exists() for file in files):
        raise InvalidInputError(f"{', '.join(map(str, files))}: there is no such file")
    failed = 0
    async with HeyGen(base_url=base_url) as heygen:
        with _bars(files) as on_progress:
            uploads = [Upload(file, purpose=purpose) for file in files]
            results = await heygen.assets.upload_many(uploads, on_progress=on_progress)
    for file, result in zip(files, results, strict=True):
        if isinstance(result, NotUploaded):
            failed += 1
            print_message(f"heygen-async: {file}: {result.error}")
        elif in_json:
            show_one(result, in_json=True)
        else:
            say(result.asset_id)
    sys.exit(Exit.SOME_FAILED if failed else Exit.DONE)


async def list_files(*, limit: Rows = ROWS, in_json: InJson = False, base_url: BaseUrl = None) -> None:
    """List the account's files at HeyGen. Free."""
    from heygen_async import HeyGen

    async with HeyGen(base_url=base_url) as heygen:
        username = (await heygen.users.me()).username
        assets = heygen.assets.list(username, limit=min(100, limit + 1))
        await show_list(assets, _COLUMNS, limit=limit, in_json=in_json)


@contextmanager
def _bars(files: tuple[Path, ...]) -> Iterator[OnProgress]:
    """Show a progress bar for each file, on a terminal only."""
    console = PlainConsole(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bars:
        tasks = [bars.add_task(file.name, total=None) for file in files]

        def update(event: UploadProgressed) -> None:
            bars.update(tasks[event.index], completed=event.sent_bytes, total=event.total_bytes)

        yield update
