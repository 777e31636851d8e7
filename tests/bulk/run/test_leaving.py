"""No pause, page or storm takes a row away: leaving a run, stopping it, a journal that fails, a source that raises."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import anyio
import pytest

from heygen_async import (
    Completed,
    DirectVideo,
    Failed,
    HeyGen,
    Job,
    JobRendered,
    Journal,
    Problem,
    Results,
    VideoAgent,
    errors,
)
from heygen_async.bulk.journal.journal import UsdRange
from heygen_async.bulk.run.submitter import Submit
from heygen_async.simulator import (
    DropAfterAccept,
    ErrorAnswer,
    RateLimitStorm,
    Server,
    Slow,
    World,
    serve,
)
from tests.helpers.leaps import leap_later


def dv(text: object) -> DirectVideo:
    return DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=str(text))


def homes(results: Results, read: list[Completed | Failed]) -> list[int]:
    """Return the index of every row in any of the three lists."""
    return sorted(found.index for found in [*read, *results.unread, *results.unfinished])


@pytest.mark.parametrize("submit", ["each", "batch"])
async def test_rows_that_wait_out_a_refusal_are_left_as_not_made(heygen: HeyGen, world: World, submit: Submit) -> None:
    """Leaving does not wait for them, and they cost nothing."""
    world.slots, world.batches_wait, world.render_seconds = 2, False, lambda _: 500.0
    read: list[Completed | Failed] = []
    with anyio.move_on_after(60):
        async with heygen.render_many([dv(n) for n in range(12)], max_in_flight=8, submit=submit) as results:
            async for result in results:
                read.append(result)  # noqa: PERF401 - the loop is left in the middle
    assert anyio.current_time() < 61
    assert len(world.ledger) == 2
    made = [left for left in results.unfinished if left.resource_id]
    assert [left.spent for left in made] == ["yes"] * 2
    assert {left.spent for left in results.unfinished if not left.resource_id} == {"no"}
    charged = {int(charge.body["script"]) for charge in world.ledger}
    assert {left.index for left in made} == charged
    taken = homes(results, read)
    assert len(taken) == len(set(taken)) >= 8


@pytest.mark.parametrize(
    ("request_", "faults"),
    [
        (VideoAgent(prompt="a"), [Slow(method="POST", seconds=3), DropAfterAccept(nth=1)]),
        (dv("a"), [Slow(method="POST", seconds=3), ErrorAnswer(method="POST", status=400, code="invalid_parameter")]),
    ],
)
async def test_an_answer_that_comes_or_is_lost_during_the_last_call_has_a_home(
    heygen: HeyGen, world: World, request_: VideoAgent | DirectVideo, faults: list[object]
) -> None:
    """The POST was on the wire when the run was left."""
    world.faults += faults  # type: ignore[arg-type]  # faults of several kinds
    with anyio.move_on_after(1):
        async with heygen.render_many([request_]) as results:
            async for _ in results:
                pass
    assert homes(results, []) == [0]
    spent = [left.spent for left in results.unfinished] + [left.error.spent for left in results.unread if left.error]
    assert spent == ["unknown" if world.ledger else "no"]


async def test_a_run_that_is_left_sends_no_further_row_of_a_refused_batch(heygen: HeyGen, world: World) -> None:
    """A batch that was refused goes out row by row; only the row on the wire may still be accepted."""
    world.faults += [
        ErrorAnswer(method="POST", path="/v3/videos/batches", status=400, code="invalid_parameter"),
        Slow(method="POST", seconds=2),
    ]
    with anyio.move_on_after(6):
        async with heygen.render_many([dv(n) for n in range(10)], submit="batch", max_in_flight=10) as results:
            async for _ in results:
                pass
    assert anyio.current_time() < 12
    await anyio.sleep(100)
    assert 0 < len(world.ledger) < 5
    assert max(seen.at for seen in world.requests if seen.method == "POST") < 6
    assert len(results.unfinished) == 10


@pytest.mark.unmeasured
async def test_every_charge_of_a_run_that_is_left_at_any_moment_is_in_one_list(tmp_path: Path) -> None:
    """With a journal, also a row whose end waits for its commit."""
    for moment in range(12):
        world = World(slots=10, seed=5, median_seconds=30, p95_seconds=90)
        await leave_at(100 + moment * 0.37, world, tmp_path / f"{moment}.db")


async def leave_at(seconds: float, world: World, journal: Path) -> None:
    async with serve(world) as served, HeyGen("simulator-key", base_url=served.base_url) as heygen:
        read: list[Completed | Failed] = []
        rows = [dv(n) for n in range(120)]
        with anyio.move_on_after(seconds):
            async with heygen.render_many(rows, max_in_flight=10, journal=journal) as results:
                async for result in results:
                    read.append(result)  # noqa: PERF401 - the same
        found = homes(results, read)
        assert len(found) == len(set(found))
        assert {int(charge.body["script"]) for charge in world.ledger} <= set(found)


async def test_in_progress_for_ever_ends_in_unknown_within_minutes(heygen: HeyGen, world: World) -> None:
    """Not after days, and `stop_submitting` is heard at once."""
    world.faults.append(ErrorAnswer(method="POST", status=409, code="request_in_progress"))
    began = anyio.current_time()
    async with heygen.render_many([dv("a")], deadline=600) as results:
        ended = [result async for result in results]
    assert [result.error.spent for result in ended if result.error] == ["unknown"]
    assert anyio.current_time() - began < 620
    async with heygen.render_many([dv("b")]) as results:
        await anyio.sleep(60)
        results.stop_submitting()
        began = anyio.current_time()
        ended = [result async for result in results]
    assert [result.error.spent for result in ended if result.error] == ["unknown"]
    assert anyio.current_time() - began < 1


@pytest.mark.parametrize("with_journal", [False, True])
async def test_a_key_is_trusted_for_23_hours_only(
    heygen: HeyGen, world: World, tmp_path: Path, with_journal: object
) -> None:
    """An answer is lost, then HeyGen refuses for 25 hours: the POST does not go out again under a forgotten key."""
    leap_later(600, 22 * 3600)
    storm = RateLimitStorm(method="POST", retry_after=600, between=(0.2, 25 * 3600))
    world.faults += [DropAfterAccept(nth=1), storm]
    journal = tmp_path / "c.db" if with_journal else None
    async with heygen.render_many([dv("a")], journal=journal) as results:
        (ended,) = [result async for result in results]
    assert len(world.ledger) == 1
    assert isinstance(ended, Failed)
    assert ended.error.spent == "unknown"


@pytest.mark.parametrize("submit", ["each", "batch"])
async def test_rows_that_a_stop_puts_back_are_unfinished_and_cost_nothing(
    heygen: HeyGen, world: World, submit: Submit
) -> None:
    """A run without a journal that is told to stop tells of every row that it took, also of those not sent."""
    world.slots, world.batches_wait = 2, False
    taken: list[DirectVideo] = []

    def source() -> Iterator[DirectVideo]:
        for n in range(12):
            taken.append(dv(n))
            yield taken[-1]

    read: list[Completed | Failed] = []
    async with heygen.render_many(source(), max_in_flight=8, submit=submit) as results:
        async for result in results:
            results.stop_submitting()
            read.append(result)
    assert homes(results, read) == list(range(len(taken)))
    assert len(world.ledger) == len(read)
    assert {left.spent for left in results.unfinished} == {"no"}
    assert results.total == len(read)


async def test_a_row_that_ends_its_run_is_unfinished(heygen: HeyGen, world: World) -> None:
    """The row that finds the account without credit is told of, as one that cost nothing."""
    world.faults.append(ErrorAnswer(method="POST", path="/v3/videos", status=402, code="insufficient_credit", nth=2))
    read: list[Completed | Failed] = []
    with pytest.raises(errors.InsufficientCreditError):
        async with heygen.render_many([dv(n) for n in range(3)], max_in_flight=1, submit="each") as results:
            async for result in results:
                read.append(result)  # noqa: PERF401 - the block ends with an error
    assert [(left.index, left.spent) for left in results.unfinished] == [(1, "no")]
    assert len(read) == len(world.ledger) == 1


async def test_stop_submitting_ends_a_question_for_approval(heygen: HeyGen) -> None:
    """The rows behind the canary were not sent; nobody has to answer any more."""

    async def approve(_: object) -> bool:
        await anyio.sleep(100_000)
        return True

    async with heygen.render_many([dv(n) for n in range(5)], canary=1, approve=approve) as results:
        async for _ in results:
            await anyio.sleep(10)
            results.stop_submitting()
    assert anyio.current_time() < 5_000


@pytest.mark.parametrize("request_", [dv("a"), VideoAgent(prompt="a")])
async def test_a_journal_that_fails_after_an_answer_tells_the_id(
    heygen: HeyGen, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request_: DirectVideo | VideoAgent
) -> None:
    """The error has the id and says that it is paid for; so does the list of what is left."""

    def full(*_: object, **__: object) -> None:
        raise errors.JournalError("c.db: the disk is full")

    monkeypatch.setattr(Journal, "submitted", full)
    with pytest.raises(errors.JournalError, match="the disk is full") as caught:
        async with heygen.render_many([request_], journal=tmp_path / "c.db") as results:
            async for _ in results:
                pass
    (charge,) = world.ledger
    assert caught.value.resource_id == charge.resource_id
    assert caught.value.spent == "yes"
    assert [(left.resource_id, left.spent) for left in results.unfinished] == [(charge.resource_id, "yes")]


async def test_a_journal_that_fails_ends_the_run_at_once(
    heygen: HeyGen, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No further POST is paid for, though other rows wait for slots."""
    world.slots, world.render_seconds = 2, lambda _: 500.0
    intend, failed_at = Journal.intend, list[float]()

    def locked(journal: Journal, job_id: int, price: UsdRange, server_at: float | None) -> None:
        if job_id == 12 and not failed_at:
            failed_at.append(anyio.current_time())
            raise errors.JournalError("c.db: database is locked")
        intend(journal, job_id, price, server_at)

    monkeypatch.setattr(Journal, "intend", locked)
    with pytest.raises(errors.JournalError, match="database is locked"):
        rows = [dv(n) for n in range(40)]
        async with heygen.render_many(rows, max_in_flight=15, journal=tmp_path / "c.db") as results:
            async for _ in results:
                pass
    assert anyio.current_time() - failed_at[0] < 10
    assert sum(charge.at > failed_at[0] + 6 for charge in world.ledger) == 0


async def test_slow_sessions_and_details_leave_the_sweep_its_pace(server: Server, world: World) -> None:
    """Ends of videos are noticed within seconds while other looks take half a minute."""
    world.slots, world.render_seconds = 20, lambda _: 100.0
    world.faults += [
        Slow(method="GET", path="/v3/video-agents/", seconds=25),
        Slow(method="GET", path="/v3/videos/[!s]*", seconds=25),
    ]
    lags: list[float] = []

    def observe(event: object) -> None:
        if isinstance(event, JobRendered) and event.mode == "avatar":
            lags.append((event.seconds or 0.0) - 100)

    async with HeyGen("simulator-key", base_url=server.base_url, observers=[observe]) as heygen:
        mixed: list[VideoAgent | DirectVideo] = [
            *(VideoAgent(prompt=f"p{n}") for n in range(3)),
            *(dv(n) for n in range(100)),
        ]
        async with heygen.render_many(mixed, max_in_flight=20) as results:
            assert sum([isinstance(result, Completed) async for result in results]) == 103
    assert len(lags) == 100
    assert sum(lags) / len(lags) < 4.5


async def test_renders_that_ended_long_ago_need_no_slots(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """Sixty rows that were left are read at once by a run with five slots."""
    world.slots, world.render_seconds = 60, lambda _: 100.0
    rows = [dv(n) for n in range(60)]
    with anyio.move_on_after(50):
        async with heygen.render_many(rows, max_in_flight=60, journal=tmp_path / "c.db") as results:
            async for _ in results:
                pass
    assert len(results.unfinished) == 60
    await anyio.sleep(1_000)
    began = anyio.current_time()
    async with heygen.render_many(rows, max_in_flight=5, journal=tmp_path / "c.db") as results:
        assert sum([isinstance(result, Completed) async for result in results]) == 60
    assert anyio.current_time() - began < 30
    assert len(world.ledger) == 60


async def test_a_source_that_raises_is_followed_to_its_last_row(heygen: HeyGen, world: World) -> None:
    """Its error comes last; what was submitted before it has its result."""

    def rows() -> Iterator[DirectVideo]:
        yield from (dv(n) for n in range(3))
        raise LookupError("the database is gone")

    ended = []
    with pytest.raises(LookupError, match="the database is gone"):
        async with heygen.render_many(rows()) as results:
            async for result in results:
                ended.append(result)  # noqa: PERF401 - it ends in an error
    assert len(ended) == len(world.ledger) == 3


async def test_a_source_is_closed_on_every_way_out(heygen: HeyGen) -> None:
    """An open cursor or file of the source is not left to the garbage collector."""
    closed = []

    async def rows() -> AsyncIterator[DirectVideo]:
        try:
            for n in range(1_000):
                yield dv(n)
        finally:
            closed.append("async")

    def more() -> Iterator[DirectVideo]:
        try:
            for n in range(1_000):
                yield dv(n)
        finally:
            closed.append("sync")

    for source in (rows(), more()):
        async with heygen.render_many(source) as results:
            async for _ in results:
                break
    assert closed == ["async", "sync"]


@pytest.mark.parametrize("with_journal", [False, True])
async def test_a_bad_value_in_a_source_is_one_failed_row(
    heygen: HeyGen, world: World, tmp_path: Path, with_journal: object
) -> None:
    """A problem of a row, a chat: each fails alone."""
    bad = [
        Problem(reason="is empty", mend="fill it in", column="name"),
        VideoAgent(prompt="x", mode="chat"),
    ]
    journal = tmp_path / "c.db" if with_journal else None
    async with heygen.render_many([dv(0), *bad, dv(3)], journal=journal) as results:  # type: ignore[list-item]
        ended = [result async for result in results]
    failed = [result for result in ended if isinstance(result, Failed)]
    assert len(failed) == 2
    assert {type(result.error) for result in failed} == {errors.InvalidInputError}
    assert len(ended) == 4
    assert len(world.ledger) == 2


@pytest.mark.unmeasured
async def test_the_number_of_slots_may_be_none_for_a_while(heygen: HeyGen, world: World) -> None:
    """A function that says 0 is a pause, at the start as well; any other number counts at once."""
    world.slots, world.render_seconds = 50, lambda _: 100.0
    began = anyio.current_time()

    def cap() -> int:
        age = anyio.current_time() - began
        return 0 if age < 50 or 200 < age < 1_000 else 50

    async with heygen.render_many([Job(request=dv(n)) for n in range(120)], max_in_flight=cap) as results:
        assert sum([isinstance(result, Completed) async for result in results]) == 120
    sent = [charge.at - began for charge in world.ledger]
    assert min(sent) > 49
    assert not [at for at in sent if 205 < at < 1_000]
    assert world.peak_rendering == 50


async def test_a_source_without_a_way_to_close_it_is_only_read(heygen: HeyGen, world: World) -> None:
    """An async iterable that is no generator has nothing to close."""

    class Rows:
        def __init__(self) -> None:
            self._rows = iter([dv(0), dv(1)])

        def __aiter__(self) -> Rows:
            return self

        async def __anext__(self) -> DirectVideo:
            row = next(self._rows, None)
            if row is None:
                raise StopAsyncIteration
            return row

    async with heygen.render_many(Rows()) as results:
        assert sum([isinstance(result, Completed) async for result in results]) == 2
    assert len(world.ledger) == 2
