"""`Downloader`: streams the files of finished videos, continues interrupted ones, checks them and names them.

The address of a file is presigned and expires soon. A refused address is replaced by a new one. Addresses are not
stored, and the API key is not sent to them.
"""

from __future__ import annotations

import errno
import math
import os
import random
import re
from collections.abc import Iterable
from os import PathLike
from pathlib import Path

import anyio
import anyio.to_thread
import attrs

from heygen_async.account.rate_limit import pause_after
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
from heygen_async.http.downloads import DOWNLOAD_SECONDS, LEAST_BYTES_PER_SECOND, Download
from heygen_async.http.retry import counts
from heygen_async.http.wire import Answer, retry_after
from heygen_async.telemetry import DownloadEnded, current_row

ATTEMPTS = 10  # in a row without a new byte; enough for an outage of a minute or two
# An attempt that ended in a timeout counts, too, unless it brought so many new bytes: else a drip would have no end.
STEADY_BYTES = int(LEAST_BYTES_PER_SECOND * DOWNLOAD_SECONDS)
SMALL_BYTES = 1024 * 1024  # of a file that is written in one step
CLOSING_SECONDS = 5.0  # longest time to close a file when the run is left
_DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
# The address may still be good after these errors; after others a new one is asked for.
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
        """Store files in *folder*, named by *template*.

        Args:
            client: Client that asks for new addresses.
            folder: Folder, which is made if it does not exist.
            template: Template of `FileNames`.
            taken: Files of other rows, whose names must not be given again.
            files: Kinds of files to store of each video.

        Raises:
            InvalidInputError: The template is empty, or a kind of file is not known.
        """
        self.folder: Path = Path(folder)
        self.kinds: tuple[FileKind, ...] = checked_kinds(files)
        self._client = client
        self._names = FileNames(template, taken)
        self._space = DiskSpace(self.folder)
        self._policy = attrs.evolve(client.retry, attempts=max(ATTEMPTS, client.retry.attempts))

    def name_files(self, job: Job, video: Video, stored: Stored) -> VideoFiles:
        """Return the files of a row with their name: that of the row's *stored* files, else one of its own."""
        files = {kind: file for kind in KINDS if kind in stored and (file := stored[kind].file) is not None}
        named = (stem_of(kind, Path(file).name) for kind, file in files.items())
        possible = [ending for kind in self.kinds for ending in endings(kind)]

        def is_there(name: str) -> bool:
            """Return True if the folder has a file of this name that is not to be replaced.

            One that bears the id of a journal's video is of a process that died before the journal had noted it.
            """
            is_own = job.record is not None and video.id in name
            return not is_own and os.path.lexists(self.folder / name)

        stem = next(named, None) or self._names.give(facts_of(job, video.id, video.title), possible, is_there)
        return VideoFiles(job, video, stem, stale=video.video_url is None)

    async def wanted(self, files: VideoFiles) -> list[str]:
        """Return the kinds of files to store of a row; a job may have made several videos. Free.

        Raises:
            DownloadError: The videos of the job could not be looked up.
        """
        try:
            if kind_of(files.job.request.kind).resource is not None:
                await self._refresh(files)
        except AuthenticationError:
            raise
        except HeyGenError as exc:
            raise self._unstored(files, "video", str(exc), exc.code, gone=isinstance(exc, NotFoundError)) from exc
        return files.kinds(self.kinds)

    async def save(self, files: VideoFiles, kind: str) -> SavedFile:
        """Store one file of a video. Free.

        Raises:
            DownloadError: Not stored after several attempts; the video is at HeyGen and paid for.
            AuthenticationError: A new address was needed, and the key was refused.
        """
        began = anyio.current_time()
        try:
            saved = await self._save_or_explain(files, kind)
        except HeyGenError as exc:
            self._report(files, kind, anyio.current_time() - began, error=type(exc).__name__)
            raise
        if saved.file is not None:  # else HeyGen has no file of this kind
            self._report(files, kind, anyio.current_time() - began, size_bytes=saved.size_bytes)
        return saved

    def _report(
        self, files: VideoFiles, kind: str, seconds: float, *, size_bytes: int | None = None, error: str | None = None
    ) -> None:
        event = DownloadEnded(
            kind=kind,
            resource_id=files.video.id,
            seconds=seconds,
            size_bytes=size_bytes,
            error=error,
            url=_without_secrets(files.url(kind)),
            row=current_row(),
        )
        self._client.telemetry.emit(event)

    async def _save_or_explain(self, files: VideoFiles, kind: str) -> SavedFile:
        try:
            return await self._save(files, kind)
        except AuthenticationError:
            raise
        except HeyGenError as exc:
            raise self._unstored(files, kind, str(exc), exc.code, gone=isinstance(exc, NotFoundError)) from exc
        except NoRoomError as exc:
            raise self._unstored(files, kind, str(exc), "disk_full") from exc
        except OSError as exc:
            code = "disk_full" if exc.errno in _DISK_FULL else None
            raise self._unstored(files, kind, f"it cannot be written ({exc.strerror or exc})", code) from exc
        except ValueError as exc:  # NUL or half a character in the folder's name
            raise self._unstored(files, kind, f"it cannot be written ({exc})", None) from exc

    def _unstored(
        self, files: VideoFiles, kind: str, reason: str, code: str | None, *, gone: bool = False
    ) -> DownloadError:
        noun = {"video": "file", "captions": "caption file"}.get(kind, kind.replace("_", " "))
        remedy = (
            "it was deleted at HeyGen" if gone else "with a journal, `heygen-async resume` fetches it and pays nothing"
        )
        return DownloadError(
            f"video {files.video.id} is rendered and paid for, but its {noun} is not stored in {self.folder}: "
            f"{reason}; {remedy}",
            code=code,
            resource_id=files.video.id,
        )

    async def _save(self, files: VideoFiles, kind: str) -> SavedFile:
        """Try until the file is stored, or until `ATTEMPTS` attempts in a row brought no new byte, or hardly any."""
        failures, waited, most, refusals = 0, 0.0, 0, 0
        while True:
            await self._refresh(files)
            part = await anyio.to_thread.run_sync(self._find_part, files, kind)
            try:
                return await self._try_once(files, kind, part)
            except HeyGenError as exc:
                error = exc
            least = STEADY_BYTES if isinstance(error, AttemptTimeoutError) else 1
            failures = 0 if part.size_bytes >= most + least else failures
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
            refusals = 0 if counts(error) else refusals + 1
            if refusals:  # rarer and rarer, as after 429s of HeyGen itself
                pause = max(pause, pause_after(refusals, error.retry_after))
            waited += 0.0 if counts(error) else pause
            files.stale = not isinstance(error, _ADDRESS_IS_GOOD)
            await anyio.sleep(pause)

    async def _refresh(self, files: VideoFiles) -> None:
        """Read the video again if its addresses may have expired."""
        if files.stale:
            files.video = (await look(self._client, files.job.request.kind, files.video.id)).check()
            files.stale = False

    def _find_part(self, files: VideoFiles, kind: str) -> PartFile:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = (files.url(kind) or "").partition("?")[0].lower()
        possible = endings(files.content_kind(kind))
        fits = (ending for ending in possible if path.endswith(ending[ending.rindex(".") :]))
        return PartFile.find(self.folder / (files.stem + next(fits, possible[0])), f"{kind} {files.video.id}")

    async def _try_once(self, files: VideoFiles, kind: str, part: PartFile) -> SavedFile:
        url = files.url(kind)
        if url is None:
            if not files.expects(kind):
                return SavedFile(file=None)
            raise ResourceNotReadyError("HeyGen gives no address for it")
        if not part.is_whole:
            await self._fetch(url, part)
        return await anyio.to_thread.run_sync(self._finish, files, kind, part)

    async def _fetch(self, url: str, part: PartFile) -> None:
        """Download the missing bytes. After an error, the bytes that have come are kept."""
        try:
            async with self._client.transport.download(url, start=part.size_bytes, tag=part.tag) as opened:
                if isinstance(opened, Answer):
                    raise await self._refusal(opened, part)
                if opened.start == 0 and (opened.size_bytes or math.inf) <= SMALL_BYTES:
                    await self._fetch_small(opened, part)
                    return
                await self._begin(opened, part)
                with self._space.reserve(part):
                    async for chunk in opened.chunks:
                        await anyio.to_thread.run_sync(part.append, chunk)
        except NoRoomError:
            if not part.size_bytes:
                await anyio.to_thread.run_sync(part.delete)
            raise
        finally:
            if part.is_open:
                with anyio.move_on_after(CLOSING_SECONDS, shield=True):
                    await anyio.to_thread.run_sync(part.close)

    async def _fetch_small(self, opened: Download, part: PartFile) -> None:
        """Download a small file and write it in one step; after an error, the bytes that have come are kept."""
        part.size_bytes, part.whole_bytes = 0, opened.size_bytes
        content = bytearray()
        with self._space.reserve(part):
            try:
                async for chunk in opened.chunks:
                    content += chunk
            finally:
                with anyio.move_on_after(CLOSING_SECONDS, shield=True):
                    await anyio.to_thread.run_sync(part.store, content, opened.size_bytes, opened.tag)

    async def _refusal(self, answer: Answer, part: PartFile) -> HeyGenError:
        if answer.status == 416:  # noqa: PLR2004 - HTTP's Range Not Satisfiable: the part is not of this file
            await anyio.to_thread.run_sync(part.delete)
        return refusal_of(answer)

    async def _begin(self, opened: Download, part: PartFile) -> None:
        """Continue the part if the answer does, else write from the first byte."""
        same = opened.size_bytes in {None, part.whole_bytes} or part.whole_bytes is None
        if opened.start == part.size_bytes > 0 and same:
            await anyio.to_thread.run_sync(part.resume, opened.size_bytes)
        elif opened.start == 0:
            await anyio.to_thread.run_sync(part.begin, opened.size_bytes, opened.tag)
        else:
            await anyio.to_thread.run_sync(part.delete)
            raise ContractError("the answer does not continue the part of the file")

    def _finish(self, files: VideoFiles, kind: str, part: PartFile) -> SavedFile:
        """Check the file and give it its name."""
        if part.whole_bytes not in {None, part.size_bytes}:
            raise ConnectionLostError(f"{part.size_bytes} of {part.whole_bytes} bytes came")
        ending = ending_of(files.content_kind(kind), part.path)
        if ending is None:
            begins = beginning(part.path)
            part.delete()
            raise ContractError(f"the answer has no {kind.replace('_', ' ')}: it begins with {begins}")
        if ending.endswith(".mp4") and is_cut_short(part.path):
            size = part.size_bytes
            part.delete()
            raise ContractError(f"the video is cut off: its {size} bytes end inside an MP4 box")
        final = self.folder / (files.stem + ending)
        part.finish(final)
        return SavedFile(file=str(final), size_bytes=part.size_bytes)


def _without_secrets(address: str | None) -> str | None:
    """Return an address without its user and its query, which has the signature; None if it is none."""
    return None if address is None else re.sub("//[^/@]*@", "//", re.split("[?#]", address, maxsplit=1)[0])


def refusal_of(answer: Answer) -> HeyGenError:
    """Return an answer without a file as an error. A refused address has expired, and a new one may be good."""
    kind: type[HeyGenError] = ResourceNotReadyError
    message = "its address was refused"
    if answer.status >= 500:  # noqa: PLR2004 - HTTP's own border
        kind, message = ServerError, "the files' server failed"
    elif answer.status == 429:  # noqa: PLR2004 - HTTP's Too Many Requests
        kind, message = RateLimitError, "the files' server asks to wait"
    return kind(message, http_status=answer.status, retry_after=retry_after(answer.headers))
