"""Download of one video's files in the way of a campaign: streamed, continued after an interruption, checked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from heygen_async.api.client import Client
from heygen_async.api.handles.video import Video
from heygen_async.api.requests.stored import StoredRequest
from heygen_async.bulk.download.downloader import Downloader
from heygen_async.bulk.download.file_types import FileKind
from heygen_async.bulk.jobs.job import Job
from heygen_async.errors import DownloadError, InvalidInputError

# The request of the video is not known here, so only the files that HeyGen offers are expected.
_ANY = Job(request=StoredRequest(kind="avatar", text="{}"))


async def fetch(client: Client, video: Video, to: Path, kinds: Sequence[FileKind]) -> list[Path]:
    """Store files of a completed video and return their paths. Free.

    Args:
        client: Client that asks for new addresses.
        video: The completed video.
        to: A folder, or the path of the video's file; other files get its name with their own endings.
        kinds: Kinds of files to store; a kind that HeyGen does not offer for the video is left out.

    Raises:
        DownloadError: A file could not be stored after several attempts; the next download continues it.
    """
    folder, name = _folder_and_name(to)
    downloads = Downloader(client, folder, name, files=kinds)
    files = downloads.name_files(_ANY, video, {})
    saved = []
    for kind in downloads.kinds:
        try:
            saved.append(await downloads.save(files, kind))
        except DownloadError as exc:
            exc.add_note(f"To continue it: heygen-async videos download {video.id}")
            raise
    return [Path(file.file) for file in saved if file.file is not None]


def _folder_and_name(to: Path) -> tuple[Path, str]:
    """Return the folder of the files and their name without its ending."""
    if to.is_dir() or not to.suffix:
        return to, "{id}"
    if "{" in to.stem:
        raise InvalidInputError(f"{to}: braces mark placeholders; choose another name")
    return to.parent, to.stem
