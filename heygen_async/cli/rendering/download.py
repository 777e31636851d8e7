"""The files of one video, fetched as a campaign's are: streamed, continued after an interruption, checked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from heygen_async import DownloadError, HeyGen, InvalidInputError, Job, Video
from heygen_async.api.requests.stored import StoredRequest
from heygen_async.bulk.download.downloader import Downloader
from heygen_async.bulk.download.file_types import FileKind

# What a video was made from is not known here, so nothing is expected of it but what HeyGen shows.
_ANY = Job(request=StoredRequest(kind="avatar", text="{}"))


async def fetch(heygen: HeyGen, video: Video, to: Path, kinds: Sequence[FileKind]) -> list[Path]:
    """Store files of a completed video and return where they are. Costs nothing.

    Args:
        heygen: To ask for fresh addresses.
        video: Whose.
        to: A folder, or the file of the video; other files have its name with their own endings.
        kinds: What to store; what HeyGen does not offer of the video is left out.

    Raises:
        DownloadError: Not stored after several tries; the next try goes on where this one stopped.
    """
    folder, name = _place(to)
    downloads = Downloader(heygen, folder, name, files=kinds)
    errand = downloads.errand(_ANY, video, {})
    stored = []
    for kind in downloads.kinds:
        try:
            stored.append(await downloads.save(errand, kind))
        except DownloadError as exc:
            exc.add_note(f"To go on where it stopped: heygen-async videos download {video.id}")
            raise
    return [Path(one.file) for one in stored if one.file is not None]


def _place(to: Path) -> tuple[Path, str]:
    """Return the folder, and the name of the files in it without their endings."""
    if to.is_dir() or not to.suffix:
        return to, "{id}"
    if "{" in to.stem:
        raise InvalidInputError(f"--output {to}: a brace would be taken for a placeholder; take another name")
    return to.parent, to.stem
