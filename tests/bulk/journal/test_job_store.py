"""Many rows, one commit: whatever is written in the same turn of the loop shares it, and fails alone if it must."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from heygen_async import DirectVideo, Job, Journal, errors
from heygen_async.bulk.campaign.campaign import plan
from heygen_async.bulk.jobs.records import SavedFile
from heygen_async.bulk.journal.job_store import IterableStore, JournalStore
from heygen_async.bulk.journal.sqlite import SqliteBackend

COUNT = 20


def jobs() -> list[Job]:
    return [
        Job(request=DirectVideo(avatar_id="a", voice_id="v", script=f"{n}"), row={"n": str(n)}) for n in range(COUNT)
    ]


async def test_what_is_written_together_is_committed_together(tmp_path: Path) -> None:
    """Twenty intents of one turn: one transaction; each is on disk when its writer goes on."""
    with Journal(tmp_path / "c.db", create=True) as journal:
        await plan(journal, jobs())
        store = JournalStore(journal)
        rows = [await store.next() for _ in range(COUNT)]
        commits: list[str] = []
        file = journal._db
        assert isinstance(file, SqliteBackend)
        file.connection.set_trace_callback(lambda said: commits.append(said) if said == "COMMIT" else None)
        seen: list[int] = []

        async def send(job: Job) -> None:
            await store.sending(job)
            with Journal(tmp_path / "c.db", read_only=True) as reader:
                seen.append(reader.get(job.index + 1).state == "intended")

        async with anyio.create_task_group() as tasks:
            for job in rows:
                assert job is not None
                tasks.start_soon(send, job)
        assert seen == [True] * COUNT
        assert len(commits) == 1


async def test_a_change_that_does_not_fit_fails_alone(tmp_path: Path) -> None:
    """The others of its commit are written."""
    with Journal(tmp_path / "c.db", create=True) as journal:
        await plan(journal, jobs())
        store = JournalStore(journal)
        first, second = await store.next(), await store.next()
        assert first is not None
        assert second is not None
        failed = []

        async def wrong() -> None:
            with pytest.raises(errors.JournalError, match="row 1 is planned, not completed"):
                await store.stored(first, "video", SavedFile(file="x", size_bytes=1))
            failed.append(True)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wrong)
            tasks.start_soon(store.sending, second)
        assert failed
        assert journal.get(2).state == "intended"


async def test_a_disk_that_is_full_fails_all(tmp_path: Path) -> None:
    """None of the commit is there."""
    with Journal(tmp_path / "c.db", create=True) as journal:
        await plan(journal, jobs())
        full = "SELECT RAISE(ABORT, 'database or disk is full') WHERE NEW.id = 2"
        journal._db.execute(f"CREATE TRIGGER full BEFORE UPDATE ON jobs BEGIN {full}; END")
        store = JournalStore(journal)
        told = []

        async def send(job: Job) -> None:
            with pytest.raises(errors.JournalError, match="the disk is full"):
                await store.sending(job)
            told.append(job.index)

        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                job = await store.next()
                assert job is not None
                tasks.start_soon(send, job)
        assert sorted(told) == [0, 1, 2]
        assert journal.counts() == {"planned": COUNT}


async def test_a_writer_that_is_cancelled_has_written(tmp_path: Path) -> None:
    """Nothing comes between an answer and its record."""
    with Journal(tmp_path / "c.db", create=True) as journal:
        await plan(journal, jobs())
        store = JournalStore(journal)
        job = await store.next()
        assert job is not None
        with anyio.CancelScope() as scope:
            scope.cancel()
            await store.sending(job)
        assert journal.get(1).state == "intended"


async def test_no_books_remember_nothing() -> None:
    """They only hand out rows."""
    store = IterableStore(jobs())
    job = await store.next()
    assert job is not None
    await store.sending(job)
    assert job.index == 0
    assert [(await store.next()) is None for _ in range(COUNT)] == [False] * (COUNT - 1) + [True]
