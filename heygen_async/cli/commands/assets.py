"""`heygen-async assets`: files that you have at HeyGen."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from heygen_async.cli.exits import Exit
from heygen_async.cli.terminal.option_types import BaseUrl
from heygen_async.cli.terminal.tables import ROWS, InJson, Rows, show_list, show_one, tell

if TYPE_CHECKING:
    from heygen_async import UploadProgressed
    from heygen_async.api.uploads.upload import OnProgress

_COLUMNS = {"id": "id", "type": "type", "uploaded_at": "uploaded", "name": "name"}


async def upload(
    *files: Annotated[Path, Parameter(help="Pictures, films, sound, PDFs: of any size that HeyGen takes.")],
    purpose: Annotated[
        Literal["any", "videos"],
        Parameter(help="videos: they go into videos, which take 50 MB of images and sound, 100 MB of film."),
    ] = "any",
    in_json: InJson = False,
    base_url: BaseUrl = None,
) -> None:
    """Bring files to HeyGen, and print their ids, one a line, in their order. Costs nothing.

    An id goes where a request takes an asset. Exit code 5 if some file could not be uploaded; the others are there.

        heygen-async assets upload logo.png intro.mp4
    """
    from heygen_async import HeyGen, InvalidInputError, NotUploaded, Upload

    if not files:
        raise InvalidInputError("assets upload: no file is named; say which: heygen-async assets upload logo.png")
    failed = 0
    async with HeyGen(base_url=base_url) as heygen:
        with _bars(files) as show:
            given = [Upload(file, purpose=purpose) for file in files]
            done = await heygen.assets.upload_many(given, on_progress=show)
    for file, one in zip(files, done, strict=True):
        if isinstance(one, NotUploaded):
            failed += 1
            tell(f"heygen-async: {file}: {one.error}")
        elif in_json:
            show_one(one, in_json=True)
        else:
            print(one.asset_id)
    sys.exit(Exit.SOME_FAILED if failed else Exit.DONE)


async def show(*, limit: Rows = ROWS, in_json: InJson = False, base_url: BaseUrl = None) -> None:
    """List your files at HeyGen. Costs nothing."""
    from heygen_async import HeyGen

    async with HeyGen(base_url=base_url) as heygen:
        whose = (await heygen.users.me()).username
        await show_list(heygen.assets.list(whose, limit=min(100, limit + 1)), _COLUMNS, limit=limit, in_json=in_json)


@contextmanager
def _bars(files: tuple[Path, ...]) -> Iterator[OnProgress]:
    """Show a bar for each file, on a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bars:
        tasks = [bars.add_task(file.name, total=None) for file in files]

        def note(event: UploadProgressed) -> None:
            bars.update(tasks[event.index], completed=event.sent_bytes, total=event.total_bytes)

        yield note
