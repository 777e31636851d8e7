"""The job store: changes of one moment share a commit, and a change that does not fit fails alone."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from heygen_async import DirectVideo, Job, Journal, VideoAgent, errors
from heygen_async.bulk.campaign.list_taker import ListTaker
from heygen_async.bulk.jobs.job import numbered
from heygen_async.bulk.jobs.records import SavedFile
from heygen_async.bulk.journal.job_store import IterableStore
from heygen_async.bulk.journal.journal_store import JournalStore
from heygen_async.bulk.journal.sqlite import SqliteBackend

COUNT = 20


def jobs() -> list[Job]:
    return [
        Job(request=DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"{n}"), row={"n": str(n)})
        for n in range(COUNT)
    ]


def count_commits(journal: Journal) -> list[str]:
    """Return a list to which each commit from now on is added."""
    commits: list[str] = []
    backend = journal._db
    assert isinstance(backend, SqliteBackend)
    backend.connection.set_trace_callback(
        lambda statement: commits.append(statement) if statement == "COMMIT" else None
    )
    return commits


async def test_a_lone_change_waits_for_no_other_and_many_share_a_commit(tmp_path: Path) -> None:
    """A row whose turn it is need not wait for its intent; twenty intents within two seconds take few commits."""
    with Journal(tmp_path / "c.db", create=True) as journal:
        await ListTaker(journal).take_all(numbered(jobs()))
        store = JournalStore(journal)
        rows = [await store.next() for _ in range(COUNT)]
        commits, began = count_commits(journal), anyio.current_time()
        for job in rows[:3]:
            assert job is not None
            await store.sending([job])
        assert (len(commits), anyio.current_time()) == (3, began)
        async with anyio.create_task_group() as tasks:
            for job in rows[3:]:
                assert job is not None
                tasks.start_soon(store.sending, [job])
                await anyio.sleep(0.1)
        assert len(commits) <= 3 + 8


async def test_changes_of_one_moment_share_a_commit(tmp_path: Path) -> None:
    """Twenty intents of one turn of the loop are one transaction, and each is on disk when its writer goes on."""
    with Journal(tmp_path / "c.db", create=True) as journal:
        await ListTaker(journal).take_all(numbered(jobs()))
        store = JournalStore(journal)
        rows = [await store.next() for _ in range(COUNT)]
        commits = count_commits(journal)
        intended: list[int] = []

        async def send(job: Job) -> None:
            await store.sending([job])
            with Journal(tmp_path / "c.db", read_only=True) as reader:
                intended.append(reader.get(job.index + 1).state == "intended")

        async with anyio.create_task_group() as tasks:
            for job in rows:
                assert job is not None
                tasks.start_soon(send, job)
        assert intended == [True] * COUNT
        assert len(commits) == 1


async def test_a_row_under_way_that_is_planned_again_is_handed_out_once(tmp_path: Path) -> None:
    """A search may plan a lost row again before the planned rows are read."""
    with Journal(tmp_path / "c.db", create=True) as journal:
        await ListTaker(journal).take_all(numbered([Job(request=VideoAgent(prompt="Welcome"))]))
        journal.intend(1)
        store = JournalStore(journal)
        lost = await store.next_open()
        assert lost is not None
        assert lost.step == "reconcile"
        journal.begin_again(1)
        assert await store.next() is None


async def test_a_change_that_does_not_fit_fails_alone(tmp_path: Path) -> None:
    """A change that does not fit the state of its row raises; the others of its commit are written."""
    with Journal(tmp_path / "c.db", create=True) as journal:
        await ListTaker(journal).take_all(numbered(jobs()))
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
            tasks.start_soon(store.sending, [second])
        assert failed
        assert journal.get(2).state == "intended"


async def test_a_full_disk_fails_all_changes_of_a_commit(tmp_path: Path) -> None:
    """On a full disk each writer of a commit gets the error, and no change is made."""
    with Journal(tmp_path / "c.db", create=True) as journal:
        await ListTaker(journal).take_all(numbered(jobs()))
        full = "SELECT RAISE(ABORT, 'database or disk is full') WHERE NEW.id = 2"
        journal._db.execute(f"CREATE TRIGGER full BEFORE UPDATE ON jobs BEGIN {full}; END")
        store = JournalStore(journal)
        refused: list[int] = []

        async def send(job: Job) -> None:
            with pytest.raises(errors.JournalError, match="the disk is full"):
                await store.sending([job])
            refused.append(job.index)

        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                job = await store.next()
                assert job is not None
                tasks.start_soon(send, job)
        assert sorted(refused) == [0, 1, 2]
        assert journal.counts() == {"planned": COUNT}


async def test_the_change_of_a_cancelled_writer_is_written(tmp_path: Path) -> None:
    """The change of a cancelled writer is on disk all the same."""
    with Journal(tmp_path / "c.db", create=True) as journal:
        await ListTaker(journal).take_all(numbered(jobs()))
        store = JournalStore(journal)
        job = await store.next()
        assert job is not None
        with anyio.CancelScope() as scope:
            scope.cancel()
            await store.sending([job])
        assert journal.get(1).state == "intended"


async def test_an_iterable_store_hands_out_jobs() -> None:
    """An `IterableStore` hands out its jobs in order and keeps no record."""
    store = IterableStore(jobs())
    job = await store.next()
    assert job is not None
    await store.sending([job])
    assert job.index == 0
    assert [(await store.next()) is None for _ in range(COUNT)] == [False] * (COUNT - 1) + [True]
