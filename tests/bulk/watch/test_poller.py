"""The poller: ends are noticed by sweeps, single requests and signals, and no pattern of trouble loses a slot."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterable
from pathlib import Path

import anyio
import pytest

from heygen_async import (
    Completed,
    DirectVideo,
    Event,
    HeyGen,
    Job,
    JobRendered,
    Journal,
    Result,
    SlotsLearnt,
    VideoAgent,
    errors,
)
from heygen_async.bulk.jobs.in_flight import InFlight, Registry, Stage
from heygen_async.bulk.watch.poller import Poller
from heygen_async.bulk.watch.render_times import RenderTimes
from heygen_async.bulk.watch.sweep import SIGNALLED_TICK_SECONDS, TICK_AT_END, TICK_SECONDS
from heygen_async.bulk.watch.watchlist import Watchlist
from heygen_async.simulator import (
    DropAfterAccept,
    DropBefore,
    Empty,
    ErrorAnswer,
    FailedRender,
    Fault,
    Malformed,
    NullVideoUrl,
    RateLimitStorm,
    Server,
    Slow,
    Truncated,
    UnknownStatus,
    World,
)

SWEEPS, DETAILS = "GET /v3/videos/statuses", "GET /v3/videos/{video_id}"


def scripts(count: int) -> list[DirectVideo]:
    return [DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi {n}") for n in range(count)]


async def collect(heygen: HeyGen, requests: object, **settings: object) -> list[Result]:
    async with heygen.render_many(requests, **settings) as results:  # type: ignore[call-overload]  # any keyword
        return [result async for result in results]


@pytest.mark.unmeasured
async def test_each_video_by_itself_at_the_pace_of_its_kind(heygen: HeyGen, world: World) -> None:
    """With `each`, a render of two minutes takes about a dozen requests, and there are no sweeps."""
    results = await collect(heygen, scripts(100), max_in_flight=10, watch="each")
    counts = world.request_counts()
    assert len(results) == 100
    assert counts[SWEEPS] == 0
    assert 5 < counts[DETAILS] / 100 < 15
    lags = [video.completed_at for video in (r.video for r in results if isinstance(r, Completed))]
    assert all(lags)


async def test_a_sweep_that_is_wanted_is_never_given_up(heygen: HeyGen, world: World) -> None:
    """With `sweep`, sweeps are tried again after a refusal of half an hour; `auto` would ask for each video."""
    world.faults.append(ErrorAnswer(path="/v3/videos/statuses", status=403, code="forbidden", between=(0, 1800)))
    results = await collect(heygen, scripts(3), watch="sweep")
    assert len(results) == 3
    assert world.request_counts()[DETAILS] == 0
    assert world.request_counts()["GET /v3/videos"] == 1


async def test_what_was_learnt_is_kept_for_the_next_run(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """The journal keeps render times by mode, and the pace and estimate of the next run begin with them."""
    world.render_seconds = lambda _: 60.0
    await collect(heygen, scripts(30), journal=tmp_path / "c.db")
    with Journal(tmp_path / "c.db", read_only=True) as journal:
        lessons = journal.lessons()
    assert sum(lesson.count for lesson in lessons) == 30
    assert {lesson.kind for lesson in lessons} == {"avatar"}
    law = RenderTimes(lessons).law("avatar", lessons[0].size)
    assert 50 < law.median < 80


@pytest.mark.unmeasured
async def test_a_run_says_when_it_will_end(heygen: HeyGen, world: World) -> None:
    """Halfway through, the estimated end is right within a fifth; without a number of rows there is no estimate."""
    guesses = {}
    async with heygen.render_many(scripts(200), max_in_flight=10) as results:
        async for _ in results:
            done = results.summary.completed
            guesses[done] = (anyio.current_time(), results.seconds_left)
        end = anyio.current_time()
    at, guess = guesses[100]
    assert guess == pytest.approx(end - at, rel=0.2)
    assert guesses[200][1] == 0.0
    async with heygen.render_many(iter(scripts(3)), max_in_flight=1) as results:
        assert results.seconds_left is None
        assert world.slots


@pytest.mark.unmeasured
async def test_two_clients_of_one_account_share_what_is_known(server: Server, world: World) -> None:
    """Clients with one API key share the learnt size of the pool; another key is another account."""
    world.api_keys = ("simulator-key", "another")
    async with (
        HeyGen("simulator-key", base_url=server.base_url) as one,
        HeyGen("simulator-key", base_url=server.base_url) as same,
        HeyGen("another", base_url=server.base_url) as other,
    ):
        assert one.pool is same.pool
        assert one.account is same.account
        assert one.pool is not other.pool
        await collect(one, scripts(30), max_in_flight=20)
        assert one.pool.limit == 10
        refused = sum(seen.status == 429 for seen in world.requests)
        await collect(same, scripts(60)[30:], max_in_flight=20)
        assert sum(seen.status == 429 for seen in world.requests) <= refused + 2
        assert one.pool.in_use == 0
    assert world.peak_rendering == 10


async def test_learnt_slots_are_told(heygen: HeyGen, world: World, events: list[Event]) -> None:
    """An event reports the number of slots that was learnt from a refusal."""
    world.slots = 3
    await collect(heygen, scripts(12), max_in_flight=8)
    told = [event for event in events if isinstance(event, SlotsLearnt)]
    assert told
    assert told[-1].limit == 3


async def test_when_all_reads_fail_few_are_repeated(heygen: HeyGen, world: World) -> None:
    """If all reads fail, a hundred are repeated; then each is tried once until some succeed again."""
    world.faults.append(ErrorAnswer(method="GET", status=503, between=(0, 3000)))
    failed = 0
    for _ in range(150):
        with pytest.raises(errors.ServerError):
            await heygen.videos.get("abc")
        failed += 1
    assert failed == 150
    assert 150 + 100 <= len(world.requests) <= 150 + 110
    with pytest.raises(errors.ServerError, match="503") as caught:
        await heygen.videos.get("abc")
    assert caught.value.attempts == 1


class Deaf:
    """A listener that only records the ended renders."""

    def __init__(self) -> None:
        self.registry = Registry()
        self.ended: list[str | None] = []

    def rendered(self, row: InFlight, status: str) -> None:
        self.registry.advance(row, Stage.READING)

    async def named(self, rows: Iterable[InFlight]) -> None:
        pass

    async def end(self, row: InFlight, end: object) -> None:
        self.registry.advance(row, Stage.RECORDING)
        self.registry.drop(row)
        self.ended.append(row.resource_id)


async def test_a_signal_is_looked_at_at_once(heygen: HeyGen, world: World) -> None:
    """A signalled render is looked at within half a second, and sweeps become rare while signals are reliable."""
    world.render_seconds = lambda _: 40.0
    listener = Deaf()
    watchlist = Watchlist(listener.registry, listener, deadline=3600, times=RenderTimes())
    watcher = Poller(heygen, watchlist)
    lags: list[float] = []

    async def one(n: int) -> None:
        await anyio.sleep(n * 7)
        job = await heygen.videos.create(scripts(1)[0])
        row = listener.registry.take(Job(request=scripts(1)[0], index=n))
        listener.registry.advance(row, Stage.SENDING)
        listener.registry.advance(row, Stage.RENDERING, video_id=job.id)
        watchlist.begin(row)
        await anyio.sleep(40.1)
        watchlist.wake("somebody else's")
        watchlist.wake(job.id)
        before = anyio.current_time()
        await anyio.sleep(0.5)
        assert job.id in listener.ended
        lags.append(anyio.current_time() - before)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watcher.run)
        async with anyio.create_task_group() as renders:
            for n in range(40):
                renders.start_soon(one, n)
        watchlist.close()
    assert len(listener.ended) == 40
    assert statistics.fmean(lags) < 1
    assert watchlist.signals_are_reliable
    sweeps = [seen.at for seen in world.requests if seen.route == "/v3/videos/statuses"]
    late = [b - a for a, b in itertools.pairwise(sweeps) if a > 200]
    early = [b - a for a, b in itertools.pairwise(sweeps) if b < 60]
    assert max(early) <= 1.1 * TICK_SECONDS + 0.1
    assert max(late) <= SIGNALLED_TICK_SECONDS * 1.1 + 0.1


async def test_at_the_end_of_a_run_looks_become_rarer(heygen: HeyGen, world: World) -> None:
    """Where no row waits for a slot, a render of half an hour takes fewer looks, and is not told of much later."""
    world.render_seconds = lambda body: 1800.0 if body["script"] == "Hi 11" else 60.0
    await collect(heygen, scripts(12), max_in_flight=10)
    looks = [seen.at for seen in world.requests if seen.method == "GET"]
    early = [b - a for a, b in itertools.pairwise(looks) if 30 < a < 60]
    late = [b - a for a, b in itertools.pairwise(looks) if a > 1000]
    assert max(early) < 1.1 * TICK_SECONDS + 0.1
    assert min(late) > 0.9 * TICK_AT_END - 0.1
    assert len(looks) < 250
    assert world.now() < 60 + 1800 + 1.1 * TICK_AT_END + 1


@pytest.mark.unmeasured
async def test_sweeps_leave_the_request_rate_to_others(server: Server, world: World) -> None:
    """Sweeps take a quarter of the request rate at the most, so with many renders they become rarer."""
    world.slots = 300
    world.render_seconds = lambda _: 400.0
    async with HeyGen("simulator-key", base_url=server.base_url, requests_per_second=1.0) as heygen:
        await collect(heygen, scripts(300), max_in_flight=300, submit="each")
    sweeps = [seen.at for seen in world.requests if seen.route == "/v3/videos/statuses" and 320 < seen.at < 400]
    assert len(sweeps) <= 0.25 * 80 + 3


TROUBLE: list[Fault] = [
    DropAfterAccept(probability=0.3),
    DropBefore(probability=0.2),
    ErrorAnswer(status=503, probability=0.3),
    ErrorAnswer(status=500, after_accept=True, probability=0.2),
    ErrorAnswer(status=502, html=True, probability=0.2),
    RateLimitStorm(probability=0.3),
    RateLimitStorm(method="GET", probability=0.5, times=40),
    Slow(seconds=100, probability=0.2),
    Truncated(probability=0.2),
    Malformed(probability=0.2),
    Empty(probability=0.2),
    NullVideoUrl(probability=0.5),
    UnknownStatus(probability=0.5),
    FailedRender(probability=0.3),
]


@pytest.mark.unmeasured
@pytest.mark.parametrize("submit", ["each", "batch"])
@pytest.mark.parametrize("fault", TROUBLE, ids=lambda fault: f"{type(fault).__name__}")
async def test_no_trouble_loses_a_slot(heygen: HeyGen, world: World, tmp_path: Path, fault: Fault, submit: str) -> None:
    """Every row ends, every slot comes back, no row is paid for twice, and the pool has its former size."""
    world.faults.append(fault)
    rows = [*scripts(20), *(VideoAgent(prompt=f"Welcome {n}") for n in range(3))]
    results = await collect(heygen, rows, journal=tmp_path / "c.db", submit=submit, deadline=7200)
    assert len(results) == 23
    assert heygen.pool.in_use == 0
    assert world.charged_once_per("script")
    world.faults.clear()
    await collect(heygen, scripts(40)[20:], max_in_flight="auto")
    assert heygen.pool.in_use == 0
    assert heygen.pool.peak >= 4


@pytest.mark.unmeasured
async def test_a_signal_for_a_rendered_video_names_it(heygen: HeyGen, world: World, events: list[Event]) -> None:
    """A slot is free as soon as HeyGen says that the render is over, before its details are read."""
    world.faults.append(Slow(path="/v3/videos/?*", method="GET", seconds=50))
    world.faults.append(Slow(path="/v3/videos/statuses", method="GET", seconds=0))
    world.render_seconds = lambda _: 60.0
    rendered: list[float] = []
    async with heygen.render_many(scripts(1)) as results:
        async for _ in results:
            rendered += [e.index for e in events if isinstance(e, JobRendered)]
    assert rendered == [0]
