"""Budget, canary and breaker: guards that stop a run before more money is spent."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given, settings, strategies as st

from heygen_async import (
    BreakerTrippedError,
    BudgetReachedError,
    CanaryFailedError,
    ClippingRequest,
    Completed,
    DirectVideo,
    Failed,
    HeyGen,
    Job,
    Journal,
    Rates,
    RenderFailedError,
    Result,
    Results,
    RunPausedError,
    Video,
    VideoAgent,
)
from heygen_async.bulk.jobs.in_flight import InFlight, Registry
from heygen_async.bulk.run.budget import Budget
from heygen_async.bulk.run.guards import Breaker, Guard
from heygen_async.simulator import AlteredAnswer, DropAfterAccept, FailedRender, Slow, World, run, serve


def rows(count: int, words: int = 50) -> list[DirectVideo]:
    return [
        DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"row {n} " + "word " * words)
        for n in range(count)
    ]


def highest(request: DirectVideo) -> float:
    return Rates().estimate("avatar", {"script": request.script}).high


def spent(world: World) -> float:
    return world.charged_usd


@contextlib.asynccontextmanager
async def paused(error: type[RunPausedError], **options: Any) -> AsyncIterator[list[Any]]:
    """Yield a list for a client and requests, run them, expect *error*; the list then has the error and the results."""
    given: list[Any] = []
    yield given
    heygen, requests = given
    ended: list[Result] = []
    with pytest.raises(error) as caught:
        async with heygen.render_many(requests, **options) as results:
            ended += [result async for result in results]
    given[:] = [caught.value, ended]


# Budget


async def test_a_run_pauses_before_a_row_that_does_not_fit(heygen: HeyGen, world: World) -> None:
    """A run pauses before a row that does not fit the budget, after the rows under way have ended."""
    requests = rows(20)
    async with paused(BudgetReachedError, max_in_flight=3, budget_usd=8.0) as run_:
        run_[:] = heygen, requests
    error, ended = run_
    assert 2 <= len(ended) < 20
    assert len(world.ledger) == len(ended)
    assert spent(world) <= 8.0
    assert error.spent == "no"
    assert "budget of 8.00 USD" in str(error)
    assert f"the next row may cost up to {highest(requests[0]):.2f}" in str(error)


async def test_a_row_that_is_submitted_again_must_fit_beside_its_former_key(
    heygen: HeyGen, world: World, tmp_path: Path
) -> None:
    """The first POST of a lost row may be paid for, so `resubmit` needs its price twice; the row waits for a budget."""
    world.faults.append(DropAfterAccept(nth=1))
    requests = [VideoAgent(prompt="Welcome, for 60 seconds")]  # at most 4.33 US dollars
    with anyio.move_on_after(1):
        async with heygen.render_many(requests, journal=tmp_path / "c.db", budget_usd=6.0) as results:
            await anyio.sleep_forever()
    world.sessions.clear()  # HeyGen's list does not show it
    await anyio.sleep(200)
    async with paused(BudgetReachedError, journal=tmp_path / "c.db", on_unknown="resubmit") as run_:
        run_[:] = heygen, requests
    assert len(world.ledger) == 1
    assert "4.33 are kept for rows of unknown outcome" in str(run_[0])
    async with heygen.resume(tmp_path / "c.db", budget_usd=9.0) as results:
        assert [type(result) async for result in results] == [Completed]
    assert len(world.ledger) == 2


@pytest.mark.parametrize("duration", [-30, 0, float("nan"), float("inf")])
async def test_a_length_that_no_video_has_is_priced_by_the_estimate(
    heygen: HeyGen, world: World, tmp_path: Path, duration: float
) -> None:
    """Neither the budget nor the journal's ledger takes money back for it."""
    world.faults.append(AlteredAnswer(method="GET", path="/v3/videos/[!s]*", fields={"data.duration": duration}))
    requests = rows(4)
    async with paused(BudgetReachedError, budget_usd=2.5 * highest(requests[0]), journal=tmp_path / "c.db") as run_:
        run_[:] = heygen, requests
    assert len(world.ledger) == 2
    with Journal(tmp_path / "c.db") as journal:
        assert journal.ledger().high_usd >= spent(world)


async def test_rows_wait_for_others_to_settle(heygen: HeyGen, world: World) -> None:
    """A reserve is more than a price: a row that does not fit waits until ended rows make room."""
    requests = rows(6)
    reserve = highest(requests[0])
    async with heygen.render_many(requests, max_in_flight=6, budget_usd=6 * reserve * 0.75) as results:
        assert len([result async for result in results]) == 6
    assert world.peak_rendering < 6


async def test_a_budget_is_that_of_the_campaign(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """A budget holds for all runs of a campaign; under a higher one it goes on, with each row paid for once."""
    path, requests = tmp_path / "c.db", rows(12)
    async with paused(BudgetReachedError, max_in_flight=2, budget_usd=6.0, journal=path) as run_:
        run_[:] = heygen, requests
    first = len(world.ledger)
    assert 0 < first < 12
    with pytest.raises(BudgetReachedError, match=r"budget of 6\.00 USD"):
        async with heygen.resume(path) as results:
            assert [result async for result in results] == []
    assert len(world.ledger) == first
    async with heygen.resume(path, budget_usd=500.0) as results:
        assert len([result async for result in results]) == 12 - first
    assert len(world.ledger) == 12
    assert world.charged_once_per("script")
    with Journal(path, read_only=True) as journal:
        assert journal.counts() == {"completed": 12}
        assert '"budget_usd": 500.0' in (journal.meta("settings") or "")


async def test_rows_under_way_are_reserved_when_a_run_goes_on(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """Rows under way are reserved by a resume, even if they exceed the budget."""
    path, requests = tmp_path / "c.db", rows(5)
    async with heygen.render_many(requests, max_in_flight=3, journal=path, budget_usd=50.0):
        while len(world.ledger) < 3:
            await anyio.sleep(1)
    with pytest.raises(BudgetReachedError):
        async with heygen.resume(path, budget_usd=0.5) as results:
            ended = [result async for result in results]
    assert len(ended) == 3
    assert len(world.ledger) == 3


def test_what_may_have_been_paid_for_stays_reserved() -> None:
    """The price of an agent whose answer was lost stays reserved: nobody knows if it was paid."""
    error = RenderFailedError("x", spent="unknown")
    budget, row = Budget(100.0), in_flight(0, registry := Registry())
    budget.watch(registry)
    assert budget.admits(row)
    reserved = budget.reserved_usd
    budget.settled(Failed(job=row.job, resource_id=None, error=error))
    assert budget.reserved_usd == reserved > 0
    tight, row = Budget(reserved * 1.5), in_flight(0, registry := Registry())
    tight.watch(registry)
    assert tight.admits(row)
    tight.settled(Failed(job=row.job, resource_id=None, error=error))
    with pytest.raises(BudgetReachedError, match="are kept for rows of unknown outcome"):
        tight.admits(in_flight(1, registry))


def in_flight(index: int, registry: Registry) -> InFlight:
    """Return a row that has left the job store."""
    return registry.take(Job(request=rows(1)[0], index=index))


async def test_failed_rows_and_former_renders_count_as_far_as_they_were_paid(
    heygen: HeyGen, world: World, tmp_path: Path
) -> None:
    """A failed render does not count; the former video of a changed row does, since it was paid for."""
    path, requests = tmp_path / "c.db", rows(3)
    world.faults.append(FailedRender(nth=1))
    async with heygen.render_many(requests, journal=path) as results:
        assert sorted([type(result).__name__ async for result in results]) == ["Completed", "Completed", "Failed"]
    jobs = [Job(request=DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="new"), name="n")]
    async with heygen.render_many(jobs, journal=path, budget_usd=1000.0) as results:
        assert len([result async for result in results]) == 1
    changed = [Job(request=DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="newer"), name="n")]
    before = 2 * 60 * 52 / 150 * 0.0667
    with pytest.raises(BudgetReachedError, match="are spent") as caught:
        async with heygen.render_many(changed, journal=path, budget_usd=0.01, again=True) as results:
            assert [result async for result in results] == []
    shown = float(str(caught.value).split("USD: ")[1].split(" ")[0])
    assert before * 0.9 < shown < before * 1.3


@pytest.mark.unmeasured
@settings(max_examples=25, deadline=None)
@given(
    limit=st.floats(0.5, 20.0),
    words=st.lists(st.integers(1, 300), min_size=1, max_size=12),
    slots=st.integers(1, 8),
    seed=st.integers(0, 1000),
    journal=st.sampled_from(["journal", ""]),
)
def test_a_budget_is_never_crossed(
    tmp_path_factory: pytest.TempPathFactory, limit: float, words: list[int], slots: int, seed: int, journal: str
) -> None:
    """By the simulator's bill a budget is never exceeded, for any rows, slots, lost answers and failed renders."""
    world = World(slots=slots, seed=seed, faults=[DropAfterAccept(probability=0.2), FailedRender(probability=0.1)])
    requests = [
        DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"row {n} " + "word " * count)
        for n, count in enumerate(words)
    ]
    path = tmp_path_factory.mktemp("c") / "c.db" if journal else None

    async def main() -> Results:
        async with serve(world) as server, HeyGen("simulator-key", base_url=server.base_url) as heygen:
            with contextlib.suppress(BudgetReachedError):
                async with heygen.render_many(
                    requests, max_in_flight=slots + 2, budget_usd=limit, journal=path
                ) as results:
                    async for _ in results:
                        assert spent(world) <= limit
            return results

    results = run(main)
    assert spent(world) <= limit
    sent = results.summary.completed + results.summary.failed.total()
    total = sum(highest(request) for request in requests)
    assert sent == len(requests) or total > limit


# Canary


async def test_the_first_rows_go_alone(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """The first rows go alone; the others follow when those have their files."""
    requests = rows(10)
    first: list[Result] = []
    async with heygen.render_many(requests, max_in_flight=5, canary=2, download_to=tmp_path) as results:
        async for result in results:
            if len(first) < 2:
                assert len(world.ledger) == 2
            first.append(result)
    assert len(first) == 10
    assert all(isinstance(result, Completed) and result.file for result in first)


async def test_a_failed_canary_stops_the_run(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """A failed canary stops the run before any other row is paid for, and a resume sends the others."""
    world.faults.append(FailedRender(nth=2))
    async with paused(CanaryFailedError, max_in_flight=5, canary=2, journal=tmp_path / "c.db") as run_:
        run_[:] = heygen, rows(10)
    error, ended = run_
    assert "1 of the first 2 rows failed, so no other was sent" in str(error)
    assert len(ended) == len(world.ledger) == 2
    async with heygen.resume(tmp_path / "c.db") as results:
        assert len([result async for result in results]) == 8


@pytest.mark.parametrize("verdict", ["go", "stop"])
async def test_somebody_may_be_asked(heygen: HeyGen, world: World, verdict: str) -> None:
    """`approve` gets the results of the first rows and decides about the others."""
    shown: list[int] = []

    async def approve(ended: Any) -> bool:
        shown.extend(result.index for result in ended)
        await asyncio.sleep(3600)  # somebody thinks
        return verdict == "go"

    outcome = contextlib.nullcontext() if verdict == "go" else pytest.raises(CanaryFailedError, match="not approved of")
    with outcome:
        async with heygen.render_many(rows(4), canary=1, approve=approve) as results:
            async for _ in results:
                pass
    assert shown == [0]
    assert len(world.ledger) == (4 if verdict == "go" else 1)


async def test_a_canary_that_was_rendered_needs_no_other(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """A canary that an earlier run has rendered is enough for the runs after it."""
    path = tmp_path / "c.db"
    async with heygen.render_many(rows(2), canary=1, journal=path) as results:
        assert len([result async for result in results]) == 2
    begun = anyio.current_time()
    world.render_seconds = lambda _: 100.0
    async with heygen.render_many(rows(6), canary=1, journal=path, max_in_flight=4) as results:
        assert len([result async for result in results]) == 4
    assert anyio.current_time() - begun < 150


async def test_an_edited_row_is_the_canary_of_its_new_text(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """The video of a text that the list has replaced does not vouch for the others."""
    path = tmp_path / "c.db"
    first, edited, second = rows(3)
    async with heygen.render_many([Job(request=first, name="a")], journal=path, canary=1) as results:
        await results.collect()
    jobs = [Job(request=edited, name="a"), Job(request=second, name="b")]
    async with heygen.render_many(jobs, journal=path, canary=1, again=True) as results:
        await results.collect()
    one, other = (render for render in world.videos.values() if render.body["script"] != first.script)
    assert one.ended_at is not None
    assert other.started_at is not None
    assert other.started_at >= one.ended_at


async def test_a_canary_that_waits_for_the_budget_is_not_forgotten(heygen: HeyGen, world: World) -> None:
    """A canary row that waits for the budget is sent when the row before it has settled."""
    requests = rows(2)
    async with heygen.render_many(requests, canary=2, budget_usd=1.9 * highest(requests[0])) as results:
        assert len([result async for result in results]) == 2
    assert world.peak_rendering == 1


async def test_stopping_while_a_canary_is_awaited_sends_nothing_more(heygen: HeyGen, world: World) -> None:
    """After a stop during the canary, no other row is sent."""
    async with heygen.render_many(rows(5), canary=1) as results:
        while not world.ledger:
            await anyio.sleep(1)
        results.stop_submitting()
        assert len([result async for result in results]) == 1
    assert len(world.ledger) == 1


# Breaker


async def test_rows_that_fail_alike_stop_the_run(heygen: HeyGen, world: World) -> None:
    """Rows that fail with the same code stop the run, although their messages differ."""
    world.faults.append(FailedRender(probability=1.0, code="avatar_not_usable"))
    async with paused(BreakerTrippedError, max_in_flight=2, breaker=(3, 5)) as run_:
        run_[:] = heygen, rows(20)
    error, ended = run_
    assert error.code == "avatar_not_usable"
    assert "3 of the last 3 rows failed with avatar_not_usable, so no other was sent" in str(error)
    assert len(ended) <= 5


@given(st.lists(st.sampled_from(["a", "b", None]), max_size=40), st.integers(1, 4), st.integers(0, 4))
def test_a_breaker_counts_one_code_among_the_last(codes: list[str | None], failures: int, more: int) -> None:
    """A breaker trips when a window of results has enough failures of one code, and stays tripped."""
    of = failures + more
    breaker, row = Breaker(failures, of), in_flight(0, Registry())

    def tripped() -> bool:
        try:
            return not breaker.admits(row)
        except BreakerTrippedError:
            return True

    windows = (codes[max(0, n - of) : n] for n in range(1, len(codes) + 1))
    expected = any(window.count(code) >= failures for window in windows for code in ("a", "b"))
    for code in codes:
        breaker.ended(result_of(row.job, code))
    assert tripped() is expected


def result_of(job: Job, code: str | None) -> Result:
    if code is None:
        return Completed(job=job, resource_id="v", video=Video(id="v", status="completed"))
    return Failed(job=job, resource_id="v", error=RenderFailedError("x", code=code))


def test_a_guard_of_its_own_holds_nothing_back() -> None:
    guard = Guard()
    row = in_flight(0, Registry())
    guard.adopt(row)
    guard.settled(result_of(row.job, None))
    guard.ended(result_of(row.job, None))
    assert guard.admits(row)


def welcome(count: int, words: int = 60) -> list[Job]:
    script = "word " * words
    return [
        Job(request=DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"{script}{n}"), row={"n": n})
        for n in range(count)
    ]


async def test_files_that_are_fetched_later_are_not_counted_again(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """Ten rows are paid for; the next run fetches their files and has the rest of the budget for new rows."""
    path = tmp_path / "c.db"
    async with heygen.render_many(welcome(10), journal=path) as results:
        assert len([result async for result in results]) == 10
    with Journal(path) as journal:
        spent = journal.ledger().high_usd
    assert world.charged_usd - 0.001 <= spent < world.charged_usd * 1.4
    async with heygen.render_many(
        welcome(13), journal=path, budget_usd=spent * 1.9, download_to=tmp_path / "out"
    ) as results:
        assert len([result async for result in results]) == 13
    assert len(world.ledger) == 13
    with Journal(path) as journal:
        assert journal.ledger().high_usd < spent * 1.9


async def test_a_clip_keeps_its_price(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """A result without a length is counted by its estimate, in the next run too."""
    path = tmp_path / "c.db"
    clips = [ClippingRequest(video=f"https://example.com/a{n}.mp4") for n in range(2)]
    async with heygen.render_many(clips, journal=path, budget_usd=500.0) as results:
        assert len([result async for result in results]) == 2
    with Journal(path) as journal:
        first = journal.ledger()
    assert (first.charged, first.open) == (2, 0)
    assert first.high_usd > 0
    with pytest.raises(BudgetReachedError):
        more = [*clips, ClippingRequest(video="https://example.com/b.mp4")]
        async with heygen.render_many(more, journal=path, budget_usd=first.high_usd) as results:
            assert [result async for result in results] == []


async def test_slow_files_hold_no_part_of_the_budget(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """A row is settled when its render has ended: rows whose files still come do not keep others waiting."""
    world.render_seconds = lambda _: 60.0
    world.faults.append(Slow(method="GET", path="/files", seconds=50))
    options: dict[str, object] = {"download_to": tmp_path / "out", "max_downloads": 1, "budget_usd": 60.0}
    rows_ = welcome(30)
    async with heygen.render_many(rows_, max_in_flight=10, **options) as results:  # type: ignore[call-overload]  # options of several types
        assert len([result async for result in results]) == 30
    assert max(charge.at for charge in world.ledger) < 500


async def test_a_canary_under_way_is_not_sent_again(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """A run that is killed while its first rows render goes on with these, and not with three others each time."""
    world.slots, world.render_seconds = 20, lambda _: 300.0
    for _ in range(2):
        with anyio.move_on_after(100):
            async with heygen.render_many(rows(50), canary=3, journal=tmp_path / "c.db") as results:
                assert [result async for result in results] == []
        assert len(world.ledger) == 3


async def test_a_stop_is_heard_by_whoever_waits_for_an_approval(heygen: HeyGen, world: World) -> None:
    """`stop_submitting` ends the run though nobody answers."""

    async def never(_: object) -> bool:
        await anyio.sleep(100_000)
        return True

    async with heygen.render_many(rows(5), canary=1, approve=never) as results:
        async for _ in results:
            results.stop_submitting()
    assert anyio.current_time() < 10_000
    assert len(world.ledger) == 1
