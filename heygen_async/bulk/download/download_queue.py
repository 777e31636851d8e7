"""Downloads as a stage of their own: rows whose renders are over wait here for their files, and hold no slot.

A few workers, as many as files may be fetched at once, take what has just ended first: its addresses are fresh. Then
comes what earlier runs have left without files.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path

import anyio
import attrs
from anyio.abc import TaskGroup

from heygen_async.api.handles.video import Video
from heygen_async.bulk.download.downloader import Downloader
from heygen_async.bulk.jobs.job import Job
from heygen_async.bulk.jobs.outcomes import Completed
from heygen_async.bulk.journal.job_store import JobStore
from heygen_async.bulk.journal.stored_files import Stored, still_there
from heygen_async.errors import DownloadError, InvalidInputError

MAX_DOWNLOADS = 6  # files at once; more only share the same line
STORING_AT_MOST = 10_000  # rows that wait for their files; past that nothing more is begun, or memory would fill

Due = tuple[Completed, Stored]


@attrs.define(eq=False)
class DownloadQueue:
    """Where completed rows get their files.

    Attributes:
        pending: The rows that wait or are being stored, by index, with their videos' ids.
    """

    _store: JobStore
    _downloads: Downloader | None
    _width: int = attrs.field(default=MAX_DOWNLOADS)
    pending: dict[int, tuple[Job, str]] = attrs.field(factory=dict)
    _waiting: deque[Due] = attrs.field(factory=deque)
    _at_work: int = 0
    _room: anyio.Event = attrs.field(factory=anyio.Event)
    _stages: TaskGroup = attrs.field(init=False)
    _emit: Callable[[Completed], None] = attrs.field(init=False)

    @_width.validator
    def _check_width(self, _: object, width: object) -> None:
        if type(width) is not int or width < 1:
            raise InvalidInputError(f"max_downloads {width!r}: must be a whole number from 1")

    def begin(self, stages: TaskGroup, emit: Callable[[Completed], None]) -> None:
        """Work in *stages*, first on what earlier runs have left; hand what is done to *emit*."""
        self._stages, self._emit = stages, emit
        if self._downloads is not None:
            for _ in range(self._width):
                self._start_worker(self._downloads)

    def add(self, done: Completed) -> None:
        """Take in a row whose render is over."""
        if self._downloads is None:
            self._emit(done)
            return
        self.pending[done.index] = (done.job, done.video.id)
        self._waiting.append((done, {}))
        if self._at_work < self._width:
            self._start_worker(self._downloads)

    async def wait_for_room(self) -> None:
        """Return when not too many rows wait for their files."""
        while len(self.pending) >= STORING_AT_MOST:
            self._room = anyio.Event()
            await self._room.wait()

    def _start_worker(self, downloads: Downloader) -> None:
        self._at_work += 1
        self._stages.start_soon(self._work, downloads)

    async def _work(self, downloads: Downloader) -> None:
        try:
            while (due := await self._next()) is not None:
                done = await self._fetch(downloads, *due)
                self.pending.pop(done.index, None)
                self._room.set()
                self._emit(done)
        finally:
            self._at_work -= 1

    async def _next(self) -> Due | None:
        if not self._waiting and (left := await self._store.next_unstored()) is not None:
            job, kept = left
            video = Video(id=job.record.video_id, status="completed", duration=job.record.duration)
            self.pending[job.index] = (job, video.id)
            return Completed(job=job, resource_id=video.id, video=video), kept
        return self._waiting.popleft() if self._waiting else None

    async def _fetch(self, downloads: Downloader, done: Completed, kept: Stored) -> Completed:
        """Store what is wanted of a row and not there; what fails does not keep the rest from being stored."""
        errand = downloads.errand(done.job, done.video, kept)
        files, error = still_there(kept), None
        try:
            wanted = [kind for kind in await downloads.wanted(errand) if kind not in files]
        except DownloadError as exc:
            wanted, error = [], exc
        for kind in wanted:
            try:
                files[kind] = await downloads.save(errand, kind)
            except DownloadError as exc:
                error = error or exc
            else:
                await self._store.stored(done.job, kind, files[kind])
        if error is not None:
            await self._store.not_stored(done.job, error)
        paths = {kind: Path(stored.file) for kind, stored in files.items() if stored.file is not None}
        return attrs.evolve(done, video=errand.video, file=paths.get("video"), files=paths, error=error)
