"""Rows that are sent a hundred in one POST: each is paid for once and followed to its own end."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import anyio
import pytest

from heygen_async import (
    CinematicAvatar,
    Completed,
    DirectVideo,
    Failed,
    HeyGen,
    Job,
    Journal,
    Result,
    VideoAgent,
    errors,
)
from heygen_async.api.requests.stored import body_of
from heygen_async.bulk.journal.sqlite import SqliteBackend
from heygen_async.bulk.run.posts import blamed_items
from heygen_async.simulator import (
    DropAfterAccept,
    DropBefore,
    ErrorAnswer,
    FailedRender,
    Fault,
    Malformed,
    RateLimitStorm,
    Server,
    Slow,
    Truncated,
    World,
)

BATCHES = "POST /v3/videos/batches"


def jobs(count: int, **fields: str) -> list[Job]:
    requests = (DirectVideo(avatar_id="look_anna", script=f"Hi {n}", **fields) for n in range(count))  # type: ignore[arg-type]  # texts
    return [Job(request=request, row={"n": str(n)}) for n, request in enumerate(requests)]


async def collect(heygen: HeyGen, requests: object, **settings: object) -> list[Result]:
    settings = {"submit": "batch", "max_in_flight": 200, **settings}
    async with heygen.render_many(requests, **settings) as results:  # type: ignore[call-overload]  # any keyword
        return [result async for result in results]


def by_state(path: Path) -> Counter[str]:
    with Journal(path, read_only=True) as journal:
        return journal.counts()


def all_paid_once(world: World, count: int) -> bool:
    return world.charged_once_per("script") and len(world.ledger) == count


@pytest.mark.unmeasured
async def test_a_hundred_rows_are_one_post(heygen: HeyGen, world: World) -> None:
    """250 rows are three POSTs; they get their ids in turn and end one by one."""
    results = await collect(heygen, jobs(250), max_in_flight=300)
    assert {result.index for result in results if isinstance(result, Completed)} == set(range(250))
    assert all_paid_once(world, 250)
    assert world.request_counts()[BATCHES] == 3
    assert world.request_counts()["POST /v3/videos"] == 0
    assert world.peak_rendering == 10
    assert heygen.pool.in_use == 0


async def test_what_cannot_be_batched_goes_alone(heygen: HeyGen, world: World) -> None:
    """Agents and cinematic avatars are sent alone, and each folder has batches of its own."""
    world.strict_catalog = False  # no folder was made
    rows = [
        *jobs(4, folder_id="f1"),
        Job(request=VideoAgent(prompt="welcome")),
        Job(request=CinematicAvatar(prompt="walks", avatar_id="look_anna")),
        *jobs(3),
    ]
    results = await collect(heygen, rows)
    assert len(results) == 9
    assert all(isinstance(result, Completed) for result in results)
    counts = world.request_counts()
    assert counts["POST /v3/video-agents"] == 1
    folders = [charge.body.get("folder_id") for charge in world.ledger]
    assert folders.count("f1") == 0  # of the batch, not of its items
    assert sorted(str(video.folder_id) for video in world.videos.values()).count("f1") == 4


@pytest.mark.unmeasured
async def test_slots_that_become_free_together_are_filled_together(heygen: HeyGen, world: World) -> None:
    """Slots that become free together are filled by one POST, with no more rows under way than slots."""
    await collect(heygen, jobs(60), max_in_flight=10)
    assert all_paid_once(world, 60)
    posts = world.request_counts()[BATCHES] + world.request_counts()["POST /v3/videos"]
    assert posts < 60
    assert world.peak_rendering == 10


async def test_rows_of_a_refused_batch_that_wait_for_their_turn_hold_nothing_up(heygen: HeyGen, world: World) -> None:
    """They go out one after the other; the account has one slot, so each waits until the one before has ended."""
    world.slots, world.render_seconds = 1, lambda _: 30.0
    world.faults.append(ErrorAnswer(path="/v3/videos/batches", status=404, code="invalid_parameter"))
    with anyio.fail_after(3600):
        ended = await collect(heygen, jobs(5))
    assert [type(result) for result in ended] == [Completed] * 5
    assert all_paid_once(world, 5)


async def test_a_bad_row_is_found_and_the_others_are_made(heygen: HeyGen, world: World) -> None:
    """HeyGen refuses a batch and names the index of the bad row: that row fails, the others are made."""
    rows = jobs(5)
    bad = Job(
        request=DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="Hi bad", extra={"colour": "red"})
    )
    results = await collect(heygen, [*rows[:3], bad, *rows[3:]])
    failed = [result for result in results if isinstance(result, Failed)]
    assert [result.index for result in failed] == [3]
    assert "colour" in str(failed[0].error)
    assert failed[0].error.spent == "no"
    assert sum(isinstance(result, Completed) for result in results) == 5
    assert all_paid_once(world, 5)
    assert heygen.pool.in_use == 0


async def test_a_refusal_that_names_nobody_sends_each_alone(heygen: HeyGen, world: World) -> None:
    """After a refusal that names no row, each row of the batch is sent alone."""
    world.faults.append(ErrorAnswer(path="/v3/videos/batches", status=403, code="forbidden"))
    results = await collect(heygen, jobs(4))
    assert all(isinstance(result, Completed) for result in results)
    assert world.request_counts()["POST /v3/videos"] == 4


@pytest.mark.parametrize(
    ("message", "blamed"),
    [
        ("POST /v3/videos/batches: Invalid payload(s) at index 3.", {3}),
        ("POST /v3/videos/batches: Invalid payload(s) at index 0, 2, 4.", {0, 2, 4}),
        ("POST /v3/videos/batches: too many of 17", {0, 1, 2, 3, 4}),
        ("POST /v3/videos/batches: Invalid payload(s) at index 99.", {0, 1, 2, 3, 4}),
    ],
)
def test_who_is_blamed(message: str, blamed: set[int]) -> None:
    """A refusal concerns the rows that its message names; all rows if the message cannot be read."""
    assert blamed_items(errors.BadRequestError(message), 5) == blamed


@pytest.mark.unmeasured
@pytest.mark.parametrize(
    "fault",
    [
        DropAfterAccept(times=2),
        Truncated(path="/v3/videos/batches", times=2),
        Malformed(path="/v3/videos/batches", times=2),
        ErrorAnswer(path="/v3/videos/batches", status=500, after_accept=True, times=2),
        ErrorAnswer(path="/v3/videos/batches", status=503, times=2),
        RateLimitStorm(path="/v3/videos/batches", times=2),
        Slow(path="/v3/videos/batches", seconds=150, times=1),
    ],
    ids=lambda fault: type(fault).__name__,
)
@pytest.mark.parametrize("journaled", [True, False])
async def test_a_batch_is_paid_for_once(
    heygen: HeyGen,
    world: World,
    tmp_path: Path,
    fault: Fault,
    journaled: bool,  # noqa: FBT001
) -> None:
    """A batch is repeated with the same rows in the same order under the same key, and paid for once."""
    world.faults.append(fault)
    results = await collect(heygen, jobs(30), journal=tmp_path / "c.db" if journaled else None)
    assert sum(isinstance(result, Completed) for result in results) == 30
    assert all_paid_once(world, 30)
    assert heygen.pool.in_use == 0


async def test_a_batch_cut_off_goes_out_again_as_it_was(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """The next run repeats a batch that was cut off; HeyGen gives its first answer again, with the items in order."""
    path = tmp_path / "c.db"
    world.faults.append(Slow(path="/v3/videos/batches", seconds=60, times=1))
    with anyio.move_on_after(5):
        await collect(heygen, jobs(7), journal=path)
    assert by_state(path) == {"intended": 7}
    assert len(world.ledger) == 7
    await anyio.sleep(120)
    async with heygen.resume(path) as results:
        ended = [result async for result in results]
    assert by_state(path) == {"completed": 7}
    assert all_paid_once(world, 7)
    assert len(world.batches) == 1
    charged = {charge.body["script"]: charge.video_id for charge in world.ledger}
    assert {f"Hi {result.row['n']}": result.resource_id for result in ended} == charged


async def test_a_batch_cut_off_does_not_go_out_again_for_rows_that_no_list_has(
    heygen: HeyGen, world: World, tmp_path: Path
) -> None:
    """The POST never arrived, and most of its rows have left the list: they are looked for, and the list is sent."""
    path = tmp_path / "c.db"
    world.faults += [Slow(path="/v3/videos/batches", seconds=60, times=1), DropBefore(path="/v3/videos/batches")]
    with anyio.move_on_after(5):
        await collect(heygen, jobs(5), journal=path)
    assert by_state(path) == {"intended": 5}
    world.faults.clear()
    await anyio.sleep(200)
    ended = await collect(heygen, [*jobs(1), *jobs(6)[5:]], journal=path)
    assert [charge.body["script"] for charge in world.ledger] == ["Hi 5"]
    assert by_state(path) == {"completed": 1, "unknown": 5}
    assert len(ended) == 6


async def test_the_rows_of_a_batch_that_goes_out_again_leave_no_slots_to_others(
    heygen: HeyGen, world: World, tmp_path: Path
) -> None:
    """A batch of two that was cut off, and a run of two slots: the row behind waits until one of them has ended."""
    path = tmp_path / "c.db"
    world.faults.append(DropBefore(path="/v3/videos/batches", between=(0, 5)))
    with anyio.move_on_after(4):
        await collect(heygen, jobs(3), journal=path, max_in_flight=2)
    assert by_state(path) == {"unknown": 2, "planned": 1}
    await anyio.sleep(10)
    await collect(heygen, jobs(3), journal=path, max_in_flight=2)
    assert by_state(path) == {"completed": 3}
    assert world.peak_rendering == 2


async def test_a_batch_under_way_is_followed_by_the_next_run(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """The next run follows a batch under way, even if its items have no ids yet."""
    path, world.slots = tmp_path / "c.db", 2
    with anyio.move_on_after(100):
        await collect(heygen, jobs(7), journal=path)
    with Journal(path, read_only=True) as journal:
        nameless = [record for record in journal.records("submitted") if record.video_id is None]
    assert nameless
    async with heygen.resume(path) as results:
        assert results.unfinished == []
        ended = [result async for result in results]
    assert all(isinstance(result, Completed) for result in ended)
    assert by_state(path) == {"completed": 7}
    assert all_paid_once(world, 7)


async def test_a_batch_that_is_no_longer_whole_is_looked_for_row_by_row(
    heygen: HeyGen, world: World, tmp_path: Path
) -> None:
    """A batch that has lost a row is searched for row by row: a row with a title is found, the others are held."""
    path = tmp_path / "c.db"
    world.faults.append(Slow(path="/v3/videos/batches", seconds=60, times=1))
    with anyio.move_on_after(5):
        await collect(heygen, [*jobs(1, title="Only one"), *jobs(3)[1:]], journal=path)
    with Journal(path) as journal:
        journal.failed(3, code="gone", error="given up by hand", spent="unknown")
    await anyio.sleep(120)
    async with heygen.resume(path) as results:
        ended = [result async for result in results]
    assert by_state(path) == {"completed": 1, "unknown": 1, "failed": 1}
    assert len(ended) == 2
    assert len(world.ledger) == 3


@pytest.mark.unmeasured
async def test_a_pool_without_room_takes_the_rows_as_slots_become_free(
    heygen: HeyGen, world: World, tmp_path: Path
) -> None:
    """A batch that HeyGen refuses for lack of slots is divided, and its rows are sent as slots become free."""
    world.batches_wait = False
    results = await collect(heygen, jobs(60), journal=tmp_path / "c.db")
    assert sum(isinstance(result, Completed) for result in results) == 60
    assert all_paid_once(world, 60)
    assert world.peak_rendering == 10
    rejected = sum(seen.status == 429 for seen in world.requests)
    assert rejected < 20


async def test_a_batch_that_is_refused_for_too_many_requests_stays_whole(heygen: HeyGen, world: World) -> None:
    """While reads are refused too, a refused batch is sent again as it was: divided it would take more requests."""
    world.faults += [
        RateLimitStorm(method="GET", times=1, retry_after=1),
        RateLimitStorm(path="/v3/videos/batches", times=2, retry_after=1),
    ]
    await heygen.raw("GET", "/v3/users/me")
    results = await collect(heygen, jobs(30))
    assert sum(isinstance(result, Completed) for result in results) == 30
    assert all_paid_once(world, 30)
    counts = world.request_counts()
    assert (counts[BATCHES], counts["POST /v3/videos"]) == (3, 0)


async def test_no_credit_for_a_batch_stops_the_run(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """A batch that is refused for lack of credit stops the run, and its rows stay planned."""
    path, world.balance_usd = tmp_path / "c.db", 0.0
    with pytest.raises(errors.InsufficientCreditError):
        await collect(heygen, jobs(5), journal=path)
    assert by_state(path) == {"planned": 5}
    assert heygen.pool.in_use == 0


async def test_a_batch_that_stays_unknown_is_kept_for_the_next_run(
    heygen: HeyGen, world: World, tmp_path: Path
) -> None:
    """Answers that are lost for ten minutes: every row is at stake; resuming settles them under the same key."""
    path = tmp_path / "c.db"
    world.faults.append(DropAfterAccept(times=60))
    results = await collect(heygen, jobs(4), journal=path, patience=600)
    world.faults.clear()
    assert [type(result) for result in results] == [Failed] * 4
    assert {result.error.spent for result in results if result.error} == {"unknown"}
    assert by_state(path) == {"unknown": 4}
    async with heygen.resume(path) as resumed:
        assert [type(result) async for result in resumed] == [Completed] * 4
    assert all_paid_once(world, 4)


@pytest.mark.unmeasured
async def test_rows_of_a_lost_batch_that_are_sent_again_have_keys_of_their_own(
    heygen: HeyGen, world: World, tmp_path: Path
) -> None:
    """After ten minutes of lost answers each row is sent alone, by `resubmit`, and has the video of its own script."""
    world.faults.append(DropBefore(path="/v3/videos/batches"))
    results = await collect(heygen, jobs(3), journal=tmp_path / "c.db", on_unknown="resubmit")
    made = {charge.video_id: charge.body["script"] for charge in world.ledger}
    assert len(made) == 3
    scripts = {result.resource_id: body_of(result.request)["script"] for result in results}
    assert scripts == made


async def test_items_that_fail_are_failed_rows(heygen: HeyGen, world: World) -> None:
    """A failed item of a batch is a failed row with HeyGen's code, and costs no money."""
    world.faults.append(FailedRender(nth=2, code="rendering_failed"))
    results = await collect(heygen, jobs(3))
    failed = [result for result in results if isinstance(result, Failed)]
    assert [result.code for result in failed] == ["rendering_failed"]
    assert failed[0].error.spent == "no"
    assert heygen.pool.in_use == 0


async def test_batches_are_followed_without_bulk_statuses(heygen: HeyGen, world: World) -> None:
    """If bulk statuses are refused, each batch and then each video is asked for by its own address."""
    world.faults.append(ErrorAnswer(path="/v3/videos/statuses", status=403, code="forbidden"))
    results = await collect(heygen, jobs(12))
    assert sum(isinstance(result, Completed) for result in results) == 12
    assert world.request_counts()["GET /v3/videos/batches/{batch_id}"] > 0


async def test_trouble_with_looking_at_a_batch_passes(heygen: HeyGen, world: World) -> None:
    """Failed requests for the statuses of a batch are repeated until they pass."""
    world.faults.append(ErrorAnswer(path="/v3/videos/statuses", status=503, times=12))
    results = await collect(heygen, jobs(3))
    assert sum(isinstance(result, Completed) for result in results) == 3


async def test_a_batch_that_heygen_has_forgotten_ends_its_rows(heygen: HeyGen, world: World) -> None:
    """A batch that HeyGen no longer knows ends its rows after the time by which lists may lag."""
    world.slots = 0
    ended: list[Result] = []

    async def forget() -> None:
        await anyio.sleep(30)
        world.batches.clear()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(forget)
        ended += await collect(heygen, jobs(3))
    assert [type(result) for result in ended] == [Failed] * 3
    assert {result.error.spent for result in ended if result.error} == {"yes"}
    assert heygen.pool.in_use == 0


async def test_a_key_that_stops_working_breaks_the_watch_of_a_batch(heygen: HeyGen, world: World) -> None:
    """A refused API key stops the run while a batch is followed."""
    world.slots = 0
    world.faults.append(ErrorAnswer(path="/v3/videos/statuses", status=401, code="unauthorized"))
    with pytest.raises(errors.AuthenticationError):
        await collect(heygen, jobs(3))


async def test_a_stop_before_a_batch_has_room_sends_nothing(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """The rows of a batch that waits for room stay planned after a stop."""
    path, world.slots = tmp_path / "c.db", 0
    world.batches_wait = False
    async with heygen.render_many(jobs(4), journal=path, submit="batch", max_in_flight=50) as results:
        await anyio.sleep(3)
        results.stop_submitting()
        assert [result async for result in results] == []
    assert by_state(path) == {"planned": 4}
    assert not world.ledger


async def test_a_batch_that_never_fits_is_divided_after_a_storm(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """A storm also refuses the only read. Hours later nothing is to be read, and slots are the reason of the 429s."""
    world.batches_wait, world.slots = False, 1
    world.faults.append(RateLimitStorm(between=(0.0, 1800.0)))
    with anyio.fail_after(7200):
        results = await collect(heygen, jobs(2), journal=tmp_path / "c.db")
    assert sum(isinstance(result, Completed) for result in results) == 2
    assert all_paid_once(world, 2)


async def test_a_batch_by_itself(heygen: HeyGen, world: World) -> None:
    """`videos.create_batch`, `videos.batch` and `videos.statuses` work without a run."""
    requests = [job.request for job in jobs(3)]
    made = await heygen.videos.create_batch(requests, title="Three")  # type: ignore[arg-type]  # of a kind that fits
    seen = await heygen.videos.batch(made.batch_id)
    assert (seen.title, seen.total_items, [item.item_index for item in seen.items]) == ("Three", 3, [0, 1, 2])
    statuses = await heygen.videos.statuses(batch_ids=[made.batch_id])
    assert [entry.item_index for entry in statuses] == [0, 1, 2]
    assert len(world.ledger) == 3


@pytest.mark.parametrize(
    ("requests", "reason"),
    [
        ([], "requests: 0; a batch must have 1 to 100"),
        ([job.request for job in jobs(101)], "requests: 101; a batch must have 1 to 100"),
        ([VideoAgent(prompt="p")], "item 0: a VideoAgent; only DirectVideo"),
        ([job.request for job in (*jobs(1, folder_id="a"), *jobs(1))], "one batch for each"),
    ],
)
async def test_what_is_no_batch_is_refused_here(
    heygen: HeyGen, world: World, requests: list[DirectVideo], reason: str
) -> None:
    """A list of requests that cannot be one batch is refused before a request is sent."""
    with pytest.raises(errors.InvalidInputError, match=reason):
        await heygen.videos.create_batch(requests)
    assert not world.requests


async def test_entries_must_be_objects(server: Server, world: World) -> None:
    """Bulk statuses whose entries are not objects raise a `ContractError`."""
    world.faults.append(Malformed(path="/v3/videos/statuses", times=5))
    async with HeyGen("simulator-key", base_url=server.base_url) as heygen:
        with pytest.raises(errors.ContractError):
            await heygen.videos.entries(["abc"])


async def test_a_batch_is_recorded_in_few_commits(
    heygen: HeyGen, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hundred ends of a batch are noticed together, and written together: not one commit after another."""
    world.slots, world.render_seconds = 100, lambda _: 100.0
    commits: list[float] = []
    execute = SqliteBackend.execute

    def counted(backend: SqliteBackend, query: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        if query == "COMMIT":
            commits.append(anyio.current_time())
        return execute(backend, query, values)

    monkeypatch.setattr(SqliteBackend, "execute", counted)
    rows = [DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi {n}") for n in range(100)]
    async with heygen.render_many(rows, max_in_flight=100, submit="batch", journal=tmp_path / "c.db") as results:
        found = [result async for result in results]
    assert [type(result) for result in found] == [Completed] * 100
    assert sum(at > 90 for at in commits) < 12


@pytest.mark.parametrize("words", ["refused", "failed"])
async def test_an_unknown_look_of_a_batch_fails_its_row_alone(heygen: HeyGen, world: World, words: str) -> None:
    """HeyGen refuses the whole batch, or fails the item: both were read of it. Either way only that row has failed."""
    world.unknown_in_batch = words  # type: ignore[assignment]  # one of its words
    bad = Job(request=DirectVideo(avatar_id="group_anna", script="Hi"), row={"n": "bad"})
    results = await collect(heygen, [*jobs(3), bad, *jobs(2)])
    (failed,) = [result for result in results if isinstance(result, Failed)]
    assert (failed.row, failed.error.spent) == ({"n": "bad"}, "no")
    assert "look_anna" in str(failed.error)
    assert len(world.ledger) == sum(isinstance(result, Completed) for result in results) == 5
