"""The blocking client: the asynchronous one in a loop of its own, used by plain functions and threads."""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import multiprocessing
import signal
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from heygen_async import (
    AssetUrl,
    Completed,
    DirectVideo,
    InvalidInputError,
    Job,
    JournalError,
    NotFoundError,
    Ready,
    RenderFailedError,
    Result,
    Template,
    TranslationRequest,
    Video,
    VideoAgent,
)
from heygen_async.simulator import World
from heygen_async.simulator.clock import CompressedTimeLoop
from heygen_async.simulator.faults.request_faults import FailedRender
from heygen_async.sync import HeyGen

FAST = functools.partial(CompressedTimeLoop, 500.0)


def greeting(name: str) -> DirectVideo:
    return DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi {name}")


@pytest.fixture
def heygen(_simulator_thread: None) -> Iterator[HeyGen]:
    """A blocking client of the simulator, in compressed time."""
    with HeyGen(loop_factory=FAST) as client:
        yield client


def test_a_video_is_rendered_without_a_loop(heygen: HeyGen, tmp_path: Path) -> None:
    """`render` blocks until the video is stored, and calls plain functions in the thread of the caller."""
    threads: list[int] = []
    jobs: list[object] = []

    def submitted(job: object) -> None:
        threads.append(threading.get_ident())
        jobs.append(job)

    video = heygen.render(greeting("Ada"), download_to=tmp_path, on_submitted=submitted, on_status=jobs.append)
    assert isinstance(video, Video)
    assert len(list(tmp_path.iterdir())) == 1
    assert threads == [threading.get_ident()]
    seen: Any = jobs[0]
    assert seen.look().id == heygen.videos.get(video.id).id == video.id
    assert repr(jobs[0]) == f"VideoJob({video.id!r})"
    assert jobs[-1] == video


def test_an_error_is_that_of_the_asynchronous_client(heygen: HeyGen, world: World) -> None:
    """Errors come as they are, with a traceback into the package."""
    world.faults.append(FailedRender())
    with pytest.raises(RenderFailedError, match="on purpose"):
        heygen.render(greeting("Ada"))
    with pytest.raises(NotFoundError):
        heygen.videos.get("none")
    with pytest.raises(InvalidInputError, match="max_in_flight"):
        heygen.render_many([], max_in_flight=0)


def test_handles_and_lists_block_too(heygen: HeyGen) -> None:
    """A handle is followed by `for`, a list is read by `for`, and their methods return values."""
    job = heygen.videos.create(greeting("Ada"))
    assert [video.status for video in job.statuses()][-1] == "completed"
    assert job.wait().id == job.id
    assert [video.id for video in heygen.videos.list()] == [job.id]
    assert [len(page.items) for page in heygen.videos.list().pages()] == [1]
    assert heygen.users.me().email
    for voice in heygen.voices.list():
        assert voice.voice_id
        break
    with pytest.raises(TypeError, match="is not iterable"):
        iter(heygen.videos)  # type: ignore[call-overload]  # the case


def test_many_videos_come_in_a_for_loop(heygen: HeyGen, world: World) -> None:
    """`render_many` is entered by `with`, or iterated at once."""

    def jobs() -> list[Job[dict[str, str]]]:
        return [Job(request=greeting(name), row={"name": name}) for name in ("Ada", "Ben", "Cleo")]

    with heygen.render_many(jobs(), max_in_flight=2) as results:
        assert results.total == 3
        names = {result.row["name"] for result in results if isinstance(result, Completed)}
        assert results.summary.completed == 3
    assert names == {"Ada", "Ben", "Cleo"}
    assert {result.row["name"] for result in heygen.render_many(jobs())} == names
    with heygen.render_many(jobs()) as results:
        assert [record["name"] for record in results.to_records()] == ["Ada", "Ben", "Cleo"]
    assert len(world.ledger) == 9


def test_rows_are_read_by_the_thread_that_gave_them(heygen: HeyGen) -> None:
    """A cursor of SQLite, which refuses other threads, is the source of a run, read no further than asked."""
    base = sqlite3.connect(":memory:")
    base.execute("CREATE TABLE people (name TEXT)")
    base.executemany("INSERT INTO people VALUES (?)", [("Ada",), ("Ben",), ("Cleo",)])
    read: list[str] = []
    template = Template("direct", {"avatar_id": "look_anna", "voice_id": "voice_warm", "script": "Hi {{ name }}"})

    def jobs() -> Iterator[Job[str]]:
        for (name,) in base.execute("SELECT name FROM people ORDER BY name"):
            read.append(name)
            yield Job(request=template.render({"name": name}), row=name)

    asked: list[int] = []
    accepted: list[tuple[str, int]] = []

    def approve(first: object) -> bool:
        asked.append(threading.get_ident())
        return True

    def noted(job: Job[str], resource_id: str) -> None:
        accepted.append((job.row, threading.get_ident()))

    with heygen.render_many(jobs(), max_in_flight=1, canary=1, approve=approve, on_submitted=noted) as results:
        assert sorted(result.row for result in results) == ["Ada", "Ben", "Cleo"]
    assert read == ["Ada", "Ben", "Cleo"]
    assert asked == [threading.get_ident()]
    assert accepted == [(name, threading.get_ident()) for name in read]
    base.close()


def test_leaving_a_run_leaves_the_rows_under_way(heygen: HeyGen) -> None:
    """An early exit closes the source, also one that an error of the program causes, and the error comes through."""
    closed: list[int] = []

    def endless() -> Iterator[DirectVideo]:
        try:
            while True:
                yield greeting("Ada")
        finally:
            closed.append(threading.get_ident())

    with heygen.render_many(endless(), max_in_flight=2) as results:
        for _ in results:
            break
    assert results.unfinished
    assert closed == [threading.get_ident()]
    with pytest.raises(ZeroDivisionError), heygen.render_many(endless(), max_in_flight=2) as results:
        for _ in results:
            1 / 0  # noqa: B018 - the error of the program
    assert len(closed) == 2
    for _ in heygen.render_many(endless(), max_in_flight=2):
        break
    assert len(closed) == 3


def test_an_error_of_the_source_ends_the_run(heygen: HeyGen) -> None:
    """The rows before it are rendered, and the block raises it."""

    def broken() -> Iterator[DirectVideo]:
        yield greeting("Ada")
        raise ValueError("the database is gone")

    ended: list[Result] = []
    with pytest.raises(ValueError, match="the database is gone"), heygen.render_many(broken()) as results:
        ended.extend(results)
    assert len(ended) == 1


def test_a_source_may_use_the_client(heygen: HeyGen) -> None:
    """While a row is read, the client's other methods work: the source uploads its pictures."""

    def jobs() -> Iterator[Job[str]]:
        for name in ("Ada", "Ben"):
            yield Job(request=greeting(name), row=heygen.users.me().email or "")

    assert len({result.row for result in heygen.render_many(jobs())}) == 1


def test_results_can_be_taken_one_by_one(heygen: HeyGen) -> None:
    """`next` waits for one result and ends as every iterator does."""
    with heygen.render_many([greeting("Ada"), greeting("Ben")]) as results:
        first = next(results)
        assert {first.index, next(results).index} == {0, 1}
        assert next(results, None) is None


def test_several_handles_of_one_call_block(heygen: HeyGen) -> None:
    """A call that starts several jobs returns a handle on each."""
    film = AssetUrl(url="https://example.com/film.mp4")
    jobs = heygen.translations.create(
        TranslationRequest(video=film, output_languages=["German (Germany)", "French (France)"])
    )
    assert [job.wait().status for job in jobs] == ["completed", "completed"]


def test_a_block_that_cannot_be_entered_raises(heygen: HeyGen, tmp_path: Path) -> None:
    """The error of entering comes from the `with` statement, and Ctrl-C ends it while the source is read."""
    with pytest.raises(JournalError, match="there is no such journal"), heygen.resume(tmp_path / "none.db"):
        pytest.fail("entered")

    def interrupted() -> Iterator[DirectVideo]:
        yield greeting("Ada")
        signal.raise_signal(signal.SIGINT)

    run = heygen.render_many(interrupted(), journal=tmp_path / "campaign.db")
    with pytest.raises(KeyboardInterrupt), run as results:
        list(results)
    assert heygen.users.me().email


def test_closing_ends_a_run_that_nobody_left(heygen: HeyGen) -> None:
    """A block that was entered by hand and forgotten does not keep the program from its end."""
    results = heygen.render_many([greeting("Ada")]).__enter__()
    assert results.total == 1
    heygen.close()
    assert heygen.users.me().email


def test_a_call_that_waits_while_the_client_is_closed_is_cancelled(heygen: HeyGen) -> None:
    """Another thread does not wait for ever."""
    ends: list[str] = []
    submitted = threading.Event()

    def render() -> None:
        try:
            heygen.render(greeting("Ada"), on_submitted=lambda _: submitted.set())
        except concurrent.futures.CancelledError:
            ends.append("cancelled")

    thread = threading.Thread(target=render)
    thread.start()
    assert submitted.wait(20)
    heygen.close()
    thread.join(20)
    assert ends == ["cancelled"]


def test_ctrl_c_leaves_the_render_at_heygen(heygen: HeyGen, world: World) -> None:
    """An interrupt ends the waiting call at once; the client is usable afterwards."""

    def interrupt(job: object) -> None:
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        heygen.render(greeting("Ada"), on_submitted=interrupt)
    assert len(world.ledger) == 1
    with pytest.raises(KeyboardInterrupt), heygen.render_many([greeting("Ben"), greeting("Cleo")]) as results:
        for _ in results:
            signal.raise_signal(signal.SIGINT)
    assert heygen.users.me().email


def test_a_chat_is_a_for_loop(heygen: HeyGen) -> None:
    """A chat with the agent is entered by `with` and iterated by `for`."""
    with heygen.video_agents.chat(VideoAgent(prompt="A welcome")) as chat:
        turns = list(chat)
    assert isinstance(turns[-1], Ready)
    assert isinstance(turns[-1].video, Video)


def test_several_threads_share_a_client(heygen: HeyGen, world: World) -> None:
    """Each thread waits for its own call."""
    ids: list[str] = []
    threads = [
        threading.Thread(target=lambda name=name: ids.append(heygen.render(greeting(name)).id))
        for name in ("Ada", "Ben", "Cleo")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(ids)) == len(world.ledger) == 3


@pytest.mark.usefixtures("_simulator_thread")
def test_a_client_can_be_closed_and_used_again() -> None:
    """A closed client starts another loop; a client that was never used has none to end."""
    client = HeyGen(loop_factory=FAST)
    client.close()
    assert client.users.me().email
    client.close()
    client.close()
    assert client.users.me().email
    client.close()
    assert not [one for one in threading.enumerate() if one.name.startswith("heygen-async")]


@pytest.mark.usefixtures("_simulator_thread")
def test_a_client_that_nobody_closed_ends_with_its_last_reference() -> None:
    """The thread of a dropped client ends."""
    client = HeyGen(loop_factory=FAST)
    assert client.users.me().email
    del client
    assert not [one for one in threading.enumerate() if one.name == "heygen-async"]


@pytest.mark.usefixtures("_simulator_thread")
async def test_a_notebook_with_a_running_loop_can_use_it() -> None:
    """The client has a loop of its own, so it works where one runs already."""
    assert asyncio.get_running_loop().is_running()
    with HeyGen(loop_factory=FAST) as client:
        assert client.users.me().email


def _in_child(client: HeyGen, answer: multiprocessing.connection.Connection) -> None:
    answer.send(client.users.me().email)
    client.close()


def test_a_forked_process_has_a_loop_of_its_own(heygen: HeyGen) -> None:
    """A client that a server made before it forked its workers works in each of them."""
    email = heygen.users.me().email
    fork = multiprocessing.get_context("fork")
    here, there = fork.Pipe()
    process = fork.Process(target=_in_child, args=(heygen, there))
    process.start()
    assert here.poll(20)
    assert here.recv() == email
    process.join(20)
    assert process.exitcode == 0
    assert heygen.users.me().email == email


def test_names_and_help_are_those_of_the_client(heygen: HeyGen) -> None:
    """Completion and help work, the text is the client's, and there are no private names."""
    assert {"render", "videos", "close"} <= set(dir(heygen))
    assert "close" not in dir(heygen.videos)
    assert "Costs money" in (heygen.render.__doc__ or "")
    assert repr(heygen).startswith("HeyGen('http://127.0.0.1")
    with pytest.raises(AttributeError):
        heygen.vidoes  # type: ignore[attr-defined]  # the case # noqa: B018 - as this
    with pytest.raises(AttributeError):
        heygen._nothing  # type: ignore[attr-defined]  # the case # noqa: B018 - as this
