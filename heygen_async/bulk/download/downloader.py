"""The files of a finished video: streamed, continued, checked, renamed into place.

The address of a file is presigned and short-lived. It is asked for again when it is refused, never stored, and never
sent the API key.
"""

from __future__ import annotations

import errno
import random
from collections.abc import Iterable
from os import PathLike
from pathlib import Path

import anyio
import anyio.to_thread
import attrs

from heygen_async.api.client import Client
from heygen_async.api.handles.video import Video
from heygen_async.api.renders import look
from heygen_async.api.requests.kinds import kind_of
from heygen_async.bulk.download.disk_space import DiskSpace, NoRoomError
from heygen_async.bulk.download.file_types import KINDS, FileKind, beginning, ending_of, endings, is_cut_short, stem_of
from heygen_async.bulk.download.part_file import PartFile
from heygen_async.bulk.download.video_files import VideoFiles, checked_kinds
from heygen_async.bulk.jobs.job import Job
from heygen_async.bulk.jobs.records import SavedFile
from heygen_async.bulk.journal.stored_files import Stored
from heygen_async.bulk.plan.file_names import FileNames, facts_of
from heygen_async.errors import (
    AttemptTimeoutError,
    AuthenticationError,
    ConnectionLostError,
    ContractError,
    DownloadError,
    HeyGenError,
    NotFoundError,
    RateLimitError,
    ResourceNotReadyError,
    ServerError,
)
from heygen_async.http.retry import counts
from heygen_async.http.transport import Download
from heygen_async.http.wire import Answer, retry_after

ATTEMPTS = 10  # without a new byte: an outage of a minute or two is sat out
CLOSING_SECONDS = 5.0  # how long a file may take to be put away when the run is left
_DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
# The address may still be good after these; after anything else a fresh one is asked for.
_ADDRESS_IS_GOOD = (ConnectionLostError, AttemptTimeoutError, ServerError, RateLimitError)


class Downloader:
    """Stores the files of finished videos in one folder."""

    def __init__(
        self,
        client: Client,
        folder: str | PathLike[str],
        template: str,
        taken: Iterable[str] = (),
        files: Iterable[FileKind] = ("video",),
    ) -> None:
        """Store below *folder*, named by *template*.

        Args:
            client: To ask for fresh addresses.
            folder: Made if it does not exist.
            template: As of `FileNames`.
            taken: Files of other rows, whose names must not be given again.
            files: What to store of each video.

        Raises:
            InvalidInputError: The template can give no name, or a kind of file is not known.
        """
        self.folder: Path = Path(folder)
        self.kinds: tuple[FileKind, ...] = checked_kinds(files)
        self._client = client
        self._names = FileNames(template, taken)
        self._space = DiskSpace(self.folder)
        self._policy = attrs.evolve(client.retry, attempts=max(ATTEMPTS, client.retry.attempts))

    def errand(self, job: Job, video: Video, kept: Stored) -> VideoFiles:
        """Give a row's files their name: that of the files which it has already, else one that no other row has."""
        named = (stem_of(kind, Path(kept[kind].file or "").name) for kind in KINDS if kind in kept and kept[kind].file)
        possible = [ending for kind in self.kinds for ending in endings(kind)]
        stem = next(named, None) or self._names.give(facts_of(job, video.id, video.title), possible)
        return VideoFiles(job, video, stem, stale=video.video_url is None)

    async def wanted(self, errand: VideoFiles) -> list[str]:
        """Return the kinds of files to store of a row: how many films a job made, it tells. Costs nothing.

        Raises:
            DownloadError: It could not be asked.
        """
        try:
            if kind_of(errand.job.request.kind).resource is not None:
                await self._refresh(errand)
        except AuthenticationError:
            raise
        except HeyGenError as exc:
            raise self._unstored(errand, "video", str(exc), exc.code, gone=isinstance(exc, NotFoundError)) from exc
        return errand.kinds(self.kinds)

    async def save(self, errand: VideoFiles, kind: str) -> SavedFile:
        """Store one file of a video. Costs nothing.

        Raises:
            DownloadError: Not stored after several tries; the video is there and paid for.
            AuthenticationError: A fresh address was needed, and the key is refused.
        """
        try:
            return await self._saved(errand, kind)
        except AuthenticationError:
            raise
        except HeyGenError as exc:
            raise self._unstored(errand, kind, str(exc), exc.code, gone=isinstance(exc, NotFoundError)) from exc
        except NoRoomError as exc:
            raise self._unstored(errand, kind, str(exc), "disk_full") from exc
        except OSError as exc:
            code = "disk_full" if exc.errno in _DISK_FULL else None
            raise self._unstored(errand, kind, f"the disk said {exc.strerror or exc}", code) from exc

    def _unstored(
        self, errand: VideoFiles, kind: str, why: str, code: str | None, *, gone: bool = False
    ) -> DownloadError:
        what = "file" if kind == "video" else kind.replace("_", " ")
        mend = (
            "it was deleted at HeyGen" if gone else "with a journal, `heygen-async resume` fetches it and pays nothing"
        )
        return DownloadError(
            f"video {errand.video.id} is rendered and paid for, but its {what} is not stored in {self.folder}: {why}; "
            f"{mend}",
            code=code,
            resource_id=errand.video.id,
        )

    async def _saved(self, errand: VideoFiles, kind: str) -> SavedFile:
        """Try until it is there, or until so many tries in a row have brought nothing new."""
        failures, waited, most = 0, 0.0, 0
        while True:
            await self._refresh(errand)
            part = await anyio.to_thread.run_sync(self._part, errand, kind)
            try:
                return await self._tried(errand, kind, part)
            except HeyGenError as exc:
                error = exc
            failures = 0 if part.size_bytes > most else failures
            failures, most = failures + counts(error), max(most, part.size_bytes)
            pause = self._policy.delay(
                error,
                failures=failures,
                waited=waited,
                repeatable=True,
                draw=random.random(),  # noqa: S311 - jitter
            )
            if pause is None:
                raise error
            waited += 0.0 if counts(error) else pause
            errand.stale = not isinstance(error, _ADDRESS_IS_GOOD)
            await anyio.sleep(pause)

    async def _refresh(self, errand: VideoFiles) -> None:
        """Read the video again if its addresses may no longer be good."""
        if errand.stale:
            errand.video = (await look(self._client, errand.job.request.kind, errand.video.id)).check()
            errand.stale = False

    def _part(self, errand: VideoFiles, kind: str) -> PartFile:
        path = (errand.url(kind) or "").partition("?")[0].lower()
        possible = endings(errand.sort(kind))
        fits = (ending for ending in possible if path.endswith(ending[ending.rindex(".") :]))
        return PartFile.find(self.folder / (errand.stem + next(fits, possible[0])), f"{kind} {errand.video.id}")

    async def _tried(self, errand: VideoFiles, kind: str, part: PartFile) -> SavedFile:
        url = errand.url(kind)
        if url is None:
            if not errand.expects(kind):
                return SavedFile(file=None)
            raise ResourceNotReadyError("HeyGen shows no address of it")
        if not part.is_whole:
            await self._fetch(url, part)
        return await anyio.to_thread.run_sync(self._put, errand, kind, part)

    async def _fetch(self, url: str, part: PartFile) -> None:
        """Bring what is missing; whatever happens, what has come is kept."""
        try:
            async with self._client.transport.download(url, start=part.size_bytes, tag=part.tag) as opened:
                if isinstance(opened, Answer):
                    raise await self._refused(opened, part)
                await self._open(opened, part)
                with self._space.promised(part):
                    async for chunk in opened.chunks:
                        await anyio.to_thread.run_sync(part.append, chunk)
        except NoRoomError:
            if not part.size_bytes:
                await anyio.to_thread.run_sync(part.drop)
            raise
        finally:
            with anyio.move_on_after(CLOSING_SECONDS, shield=True):
                await anyio.to_thread.run_sync(part.close)

    async def _refused(self, answer: Answer, part: PartFile) -> HeyGenError:
        if answer.status == 416:  # noqa: PLR2004 - HTTP's Range Not Satisfiable: what is there is not a part of it
            await anyio.to_thread.run_sync(part.drop)
        return refusal_of(answer)

    async def _open(self, opened: Download, part: PartFile) -> None:
        """Go on behind what is there if that is what comes, else from the first byte."""
        same = opened.size_bytes in {None, part.whole_bytes} or part.whole_bytes is None
        if opened.start == part.size_bytes > 0 and same:
            await anyio.to_thread.run_sync(part.go_on, opened.size_bytes)
        elif opened.start == 0:
            await anyio.to_thread.run_sync(part.begin, opened.size_bytes, opened.tag)
        else:
            await anyio.to_thread.run_sync(part.drop)
            raise ContractError("a part came that does not fit what is there")

    def _put(self, errand: VideoFiles, kind: str, part: PartFile) -> SavedFile:
        """Check what has come and give it its name."""
        if part.whole_bytes not in {None, part.size_bytes}:
            raise ConnectionLostError(f"{part.size_bytes} of {part.whole_bytes} bytes came")
        ending = ending_of(errand.sort(kind), part.path)
        if ending is None:
            begins = beginning(part.path)
            part.drop()
            raise ContractError(f"what came is no {kind.replace('_', ' ')}: it begins with {begins}")
        if ending.endswith(".mp4") and is_cut_short(part.path):
            size = part.size_bytes
            part.drop()
            raise ContractError(f"what came is cut short: {size} bytes, which end inside the film")
        final = self.folder / (errand.stem + ending)
        part.finish(final)
        return SavedFile(file=str(final), size_bytes=part.size_bytes)


def refusal_of(answer: Answer) -> HeyGenError:
    """Return what an answer means that brought no file. An address that is refused has expired: a fresh one may do."""
    kind: type[HeyGenError] = ResourceNotReadyError
    message = "its address was refused"
    if answer.status >= 500:  # noqa: PLR2004 - HTTP's own border
        kind, message = ServerError, "the files' server failed"
    elif answer.status == 429:  # noqa: PLR2004 - HTTP's Too Many Requests
        kind, message = RateLimitError, "the files' server asks to wait"
    return kind(message, http_status=answer.status, retry_after=retry_after(answer.headers))
