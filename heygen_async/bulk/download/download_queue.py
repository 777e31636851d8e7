"""The download queue: rows whose renders have ended wait here for their files, without a slot.

The number of workers is the number of files that may be fetched at once. They take rows of this run first, whose
addresses are new, and then the rows that earlier runs left without files.
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
from heygen_async.telemetry import for_row

MAX_DOWNLOADS = 6  # files at once; more of them would share the same bandwidth
STORING_AT_MOST = 10_000  # rows that wait for files; with more of them no row is begun, to bound the memory

Due = tuple[InFlight, Completed, Stored]


class DownloadQueue:
    """Stores the files of completed rows.

    Attributes:
        is_on: True if files are wanted.
    """

    def __init__(
        self, store: JobStore, registry: Registry, downloads: Downloader | None, width: int = MAX_DOWNLOADS
    ) -> None:
        """Store files with *downloads*, the files of at most *width* rows at once."""
        self.is_on: bool = downloads is not None
        self._store = store
        self._registry = registry
        self._downloads = downloads
        self._width = width
        self._waiting: deque[Due] = deque()
        self._workers = 0
        self._changed = Changed()
        self._tasks: TaskGroup
        self._deliver: Callable[[InFlight, Completed], None]

    def begin(self, tasks: TaskGroup, deliver: Callable[[InFlight, Completed], None]) -> None:
        """Start the workers in *tasks*. They call *deliver* with each row whose files are stored or have failed."""
        self._tasks, self._deliver = tasks, deliver
        if self._downloads is not None:
            for _ in range(self._width):
                self._start_worker(self._downloads)

    def add(self, row: InFlight, done: Completed) -> None:
        """Add a row whose end is recorded in the journal."""
        self._registry.advance(row, Stage.STORING)
        self._waiting.append((row, done, self._store.files_before(row.job)))
        if self._workers < self._width and self._downloads is not None:
            self._start_worker(self._downloads)

    async def wait_for_room(self) -> None:
        """Return when fewer than `STORING_AT_MOST` rows wait for their files."""
        while self._registry.count(Stage.STORING) >= STORING_AT_MOST:
            await self._changed.wait()

    def _start_worker(self, downloads: Downloader) -> None:
        self._workers += 1
        self._tasks.start_soon(self._work, downloads)

    async def _work(self, downloads: Downloader) -> None:
        try:
            while (due := await self._next()) is not None:
                row, done, stored = due
                with for_row(row.run, row.index):
                    fetched = await self._fetch(downloads, done, stored)
                self._deliver(row, fetched)
                self._changed.notify()
        finally:
            self._workers -= 1

    async def _next(self) -> Due | None:
        if not self._waiting and (unstored := await self._store.next_unstored()) is not None:
            job, stored = unstored
            video = Video(id=job.record.video_id, status="completed", duration=job.record.duration)
            row = self._registry.take(job, Stage.STORING)
            row.video_id = video.id
            return row, Completed(job=job, resource_id=video.id, video=video), stored
        return self._waiting.popleft() if self._waiting else None

    async def _fetch(self, downloads: Downloader, done: Completed, stored: Stored) -> Completed:
        """Store the files of a row that are missing; after a failure the other files are stored all the same."""
        video_files = downloads.name_files(done.job, done.video, stored)
        files, error = still_there(stored), None
        try:
            wanted = [kind for kind in await downloads.wanted(video_files) if kind not in files]
        except DownloadError as exc:
            wanted, error = [], exc
        for kind in wanted:
            try:
                files[kind] = await downloads.save(video_files, kind)
            except DownloadError as exc:
                error = error or exc
            else:
                await self._store.stored(done.job, kind, files[kind])
        if error is not None:
            await self._store.not_stored(done.job, error)
        paths = {kind: Path(saved.file) for kind, saved in files.items() if saved.file is not None}
        return attrs.evolve(done, video=video_files.video, file=paths.get("video"), files=paths, error=error)
