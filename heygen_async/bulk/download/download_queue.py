"""Downloads as a stage of their own: rows whose renders are over wait here for their files, and hold no slot.

A few workers, as many as files may be fetched at once, take what has just ended first: its addresses are fresh. Then
comes what earlier runs have left without files.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path

import attrs
from anyio.abc import TaskGroup

from heygen_async.api.handles.video import Video
from heygen_async.bulk.download.downloader import Downloader
from heygen_async.bulk.jobs.in_flight import InFlight, Registry, Stage
from heygen_async.bulk.jobs.outcomes import Completed
from heygen_async.bulk.journal.job_store import JobStore
from heygen_async.bulk.journal.stored_files import Stored, still_there
from heygen_async.changed import Changed
from heygen_async.errors import DownloadError

MAX_DOWNLOADS = 6  # files at once; more only share the same line
STORING_AT_MOST = 10_000  # rows that wait for their files; past that nothing more is begun, or memory would fill

Due = tuple[InFlight, Completed, Stored]


class DownloadQueue:
    """Stores the files of completed rows.

    Attributes:
        is_on: True if files are wanted.
    """

    def __init__(
        self, store: JobStore, registry: Registry, downloads: Downloader | None, width: int = MAX_DOWNLOADS
    ) -> None:
        """Store files by *downloads*, at most *width* of them at once."""
        self.is_on: bool = downloads is not None
        self._store = store
        self._registry = registry
        self._downloads = downloads
        self._width = width
        self._waiting: deque[Due] = deque()
        self._at_work = 0
        self._changed = Changed()
        self._tasks: TaskGroup
        self._deliver: Callable[[InFlight, Completed], None]

    def begin(self, tasks: TaskGroup, deliver: Callable[[InFlight, Completed], None]) -> None:
        """Work in *tasks*, first on the files that earlier runs have left; hand what is done to *deliver*."""
        self._tasks, self._deliver = tasks, deliver
        if self._downloads is not None:
            for _ in range(self._width):
                self._start_worker(self._downloads)

    def add(self, row: InFlight, done: Completed) -> None:
        """Take in a row whose end is recorded."""
        self._registry.advance(row, Stage.STORING)
        self._waiting.append((row, done, {}))
        if self._at_work < self._width and self._downloads is not None:
            self._start_worker(self._downloads)

    async def wait_for_room(self) -> None:
        """Return when not too many rows wait for their files."""
        while self._registry.count(Stage.STORING) >= STORING_AT_MOST:
            await self._changed.wait()

    def _start_worker(self, downloads: Downloader) -> None:
        self._at_work += 1
        self._tasks.start_soon(self._work, downloads)

    async def _work(self, downloads: Downloader) -> None:
        try:
            while (due := await self._next()) is not None:
                row, done, kept = due
                self._deliver(row, await self._fetch(downloads, done, kept))
                self._changed.notify()
        finally:
            self._at_work -= 1

    async def _next(self) -> Due | None:
        if not self._waiting and (left := await self._store.next_unstored()) is not None:
            job, kept = left
            video = Video(id=job.record.video_id, status="completed", duration=job.record.duration)
            row = self._registry.take(job, Stage.STORING)
            row.video_id = video.id
            return row, Completed(job=job, resource_id=video.id, video=video), kept
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
