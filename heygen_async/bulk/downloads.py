"""The file on disk: streamed to a temporary name, checked for length, renamed into place.

The address of a finished video is presigned and short-lived. It is asked for again when it is refused,
never stored, and never sent the API key.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio

from heygen_async.api.videos import Video
from heygen_async.bulk.plan import Job
from heygen_async.bulk.rows import cells_of
from heygen_async.errors import DownloadError, HeyGenError, InvalidInputError
from heygen_async.transport import Download

if TYPE_CHECKING:
    from heygen_async.client import HeyGen

WIDTH = 4  # files at once; more only share the same line
ATTEMPTS = 5
PAUSE_SECONDS = 2.0
_NAME_BYTES = 120  # of UTF-8; file systems take 255, and paths on Windows 260 in all
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]+')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_FACTS = ("number", "id", "title")


class Downloads:
    """Stores the files of finished videos in one folder."""

    def __init__(self, client: HeyGen, folder: str | PathLike[str], template: str, taken: Iterable[str] = ()) -> None:
        """Store below *folder*, named by *template*.

        Args:
            client: To ask for fresh addresses.
            folder: Made if it does not exist.
            template: Such as `{number}-{first_name}`: {number} counts the rows from 1, {id} is the video's,
                {title} its title; any other name is a column of the row.
            taken: Files of other rows, whose names must not be given again.

        Raises:
            InvalidInputError: The template can give no name.
        """
        self.folder = Path(folder)
        self._client = client
        self._template = template
        self._taken: set[str] = set()
        self._width = anyio.CapacityLimiter(WIDTH)
        self._taken.update(Path(file).name.casefold() for file in taken)
        if not template.strip():
            raise InvalidInputError("filename: empty; must be a template such as {number}-{id}")

    async def save(self, job: Job, video: Video) -> Path:
        """Store *video* and return its path. Costs nothing.

        Raises:
            DownloadError: Not stored after several tries; the video is there and paid for.
        """
        name = self._free_name(file_name(self._template, facts_of(job, video)), _ending(video))
        async with self._width:
            return await self._stored(video, self.folder / name)

    async def _stored(self, video: Video, path: Path) -> Path:
        problem = "it has no address"
        for attempt in range(ATTEMPTS):
            if attempt:
                await anyio.sleep(PAUSE_SECONDS * 2 ** (attempt - 1))
            try:
                fresh = video if attempt == 0 else await self._client.videos.get(video.id)
                if await self._fetched(fresh.video_url or "", path):
                    return path
                problem = "its address was refused"
            except HeyGenError as exc:
                problem = str(exc)
            except OSError as exc:
                problem = f"the disk said {exc.strerror or exc}"
                break
        raise DownloadError(f"video {video.id} is rendered but not stored as {path}: {problem}", resource_id=video.id)

    async def _fetched(self, url: str, path: Path) -> bool:
        """Store what *url* gives as *path*; return False if the address was refused or the file is short."""
        if not url:
            return False
        part = anyio.Path(path.with_name(path.name + ".part"))
        await part.parent.mkdir(parents=True, exist_ok=True)
        async with self._client.transport.download(url) as opened:
            if not isinstance(opened, Download):
                return False
            if not await _written(opened, part):
                return False
        await part.replace(path)
        return True

    def _free_name(self, stem: str, ending: str) -> str:
        """Return a name that no other row of this run has: the second Ada becomes `Ada-2`."""
        name, count = stem + ending, 1
        while name.casefold() in self._taken:
            count += 1
            name = f"{stem}-{count}{ending}"
        self._taken.add(name.casefold())
        return name


async def _written(opened: Download, part: anyio.Path) -> bool:
    size = 0
    async with await part.open("wb") as file:
        async for chunk in opened.chunks:
            await file.write(chunk)
            size += len(chunk)
    return size > 0 and opened.size_bytes in {None, size}


def facts_of(job: Job, video: Video) -> dict[str, Any]:
    """Return what a file name may be made of."""
    return {**cells_of(job.row), "number": f"{job.index + 1:04}", "id": video.id, "title": video.title or ""}


def check_template(template: str, columns: list[str]) -> None:
    """Refuse a template that names a column which the rows do not have."""
    known = {*columns, *_FACTS}
    for name in _PLACEHOLDER.findall(template):
        if name not in known:
            raise InvalidInputError(
                f"filename {template!r}: there is no column {name!r}; the rows have {', '.join(sorted(known))}"
            )


def file_name(template: str, facts: Mapping[str, Any]) -> str:
    """Return a name that every file system takes: placeholders filled, odd characters replaced, length cut."""
    filled = _PLACEHOLDER.sub(lambda found: str(facts.get(found[1], "")), template)
    clean = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", filled))
    clean = clean.encode()[:_NAME_BYTES].decode(errors="ignore").strip(". ")
    return f"_{clean}" if not clean or _RESERVED.fullmatch(clean) else clean


def _ending(video: Video) -> str:
    address = (video.video_url or "").partition("?")[0].lower()
    return ".webm" if address.endswith(".webm") else ".mp4"
