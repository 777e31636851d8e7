"""Use of the render slots, delay until an end is noticed, and number of requests. All in virtual time.

Asserts the bars of the scheduler: for a known pool, an unknown and changing pool, a pool smaller than the given number,
and a limited rate of requests, at which batches must be faster. Also asserts that all counts are the recorded ones.

    python benchmarks/bench_scheduler.py            prints JSON and checks it against the bars and the baseline
    python benchmarks/bench_scheduler.py --record   records benchmarks/baseline_scheduler.json again
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import json
import math
import random
import statistics
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import anyio
from aiohttp import web

from heygen_async import DirectVideo, Event, HeyGen, JobRendered, Options, Receiver
from heygen_async.bulk.run.submitter import Submit
from heygen_async.bulk.watch.watchlist import Watch
from heygen_async.simulator import World, run, serve

BASELINE = Path(__file__).parent / "baseline_scheduler.json"
MEDIAN, P95 = 120.0, 400.0


def durations(count: int) -> list[float]:
    """Return lognormal render times, equal in every run."""
    chance = random.Random(11)
    return [chance.lognormvariate(math.log(MEDIAN), math.log(P95 / MEDIAN) / 1.645) for _ in range(count)]


def number_of(body: Any) -> int:
    """Return the row number of a body."""
    return int(body["script"].rsplit(" ", 1)[1])


def rows(count: int) -> Iterator[DirectVideo]:
    """Yield numbered requests."""
    return (DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"row {n}") for n in range(count))


def body_of(row: DirectVideo) -> dict[str, str]:
    """Return the body of a request, as a script would write it."""
    return {
        "type": "avatar",
        "avatar_id": row.avatar_id or "",
        "voice_id": row.voice_id or "",
        "script": row.script or "",
    }


def ideal_makespan(times: list[float], slots: int) -> float:
    """Return the makespan of a scheduler that notices each end at once and serves rows in order."""
    ends = [0.0] * slots
    for seconds in times:
        heapq.heapreplace(ends, ends[0] + seconds)
    return max(ends)


@contextlib.asynccontextmanager
async def receiver(heygen: HeyGen, world: World) -> AsyncIterator[Receiver]:
    """Yield a receiver to which the simulator delivers over HTTP."""
    receiving = Receiver()

    async def take(request: web.Request) -> web.Response:
        receiving.receive(await request.read(), request.headers, path=request.path, now=world.unix_time(world.now()))
        return web.Response()

    app = web.Application()
    app.router.add_post("/{path:.*}", take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.001)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}{receiving.path}"
    receiving.trust(
        (await heygen.raw("POST", "/v3/webhooks/endpoints", body={"url": url}, costs=False))["data"]["secret"]
    )
    yield receiving
    receiving.close()
    await runner.cleanup()


async def known_pool(
    count: int,
    slots: int,
    *,
    watch: Watch | None = "auto",
    submit: Submit = "auto",
    per_minute: float | None = None,
    list_lag: float = 0.0,
) -> dict[str, float]:
    """Render on a pool of known size, by webhooks if *watch* is None; measure makespan, lag and requests."""
    times, noticed = durations(count), {}
    random.seed(1)
    world = World(slots=slots, render_seconds=lambda body: times[number_of(body)], requests_per_minute=per_minute)
    world.list_lag_seconds = list_lag
    rate = None if per_minute is None else per_minute / 60

    def note(event: Event) -> None:
        if isinstance(event, JobRendered):
            noticed[event.index] = anyio.current_time()

    async with (
        serve(world) as server,
        HeyGen("simulator-key", base_url=server.base_url, observers=[note], requests_per_second=rate) as heygen,
        receiver(heygen, world) if watch is None else contextlib.nullcontext(watch) as watched,
        heygen.render_many(rows(count), max_in_flight=slots, watch=watched, submit=submit) as results,
    ):
        start = anyio.current_time()
        assert len([result async for result in results]) == count
        makespan = anyio.current_time() - start
    lags = sorted(noticed[n] - charge.at - times[n] for charge in world.ledger for n in [number_of(charge.body)])
    counts = world.request_counts()
    looks = sum(counts[f"GET /v3/videos{path}"] for path in ("", "/statuses", "/{video_id}"))
    return {
        "makespan_over_ideal": round(makespan / ideal_makespan(times, slots), 4),
        "lag_mean": round(statistics.fmean(lags), 2),
        "lag_p95": round(lags[int(0.95 * len(lags))], 2),
        "looks_per_job": round(looks / count, 2),
        "posts_per_job": round(sum(seen.method == "POST" for seen in world.requests) / count, 2),
    }


async def script(count: int, slots: int, pause: Callable[[int], float]) -> dict[str, float]:
    """Render as a simple script does: a semaphore, a POST, and a GET after each pause, until the video has ended."""
    times, lags = durations(count), []
    world = World(slots=slots, render_seconds=lambda body: times[number_of(body)])

    async def render(session: aiohttp.ClientSession, free: asyncio.Semaphore, row: DirectVideo) -> None:
        async with free:
            async with session.post("/v3/videos", json=body_of(row)) as answer:
                video_id = (await answer.json())["data"]["video_id"]
            begun = anyio.current_time()
            for look in itertools.count():
                await asyncio.sleep(pause(look))
                async with session.get(f"/v3/videos/{video_id}") as answer:
                    if (await answer.json())["data"]["status"] == "completed":
                        break
            lags.append(anyio.current_time() - begun - times[number_of(body_of(row))])

    async with serve(world) as server:
        session = aiohttp.ClientSession(server.base_url, headers={"x-api-key": "simulator-key"})
        async with session, anyio.create_task_group() as tasks:
            free, start = asyncio.Semaphore(slots), anyio.current_time()
            for row in rows(count):
                tasks.start_soon(render, session, free, row)
    makespan = anyio.current_time() - start
    return {
        "makespan_over_ideal": round(makespan / ideal_makespan(times, slots), 4),
        "lag_mean": round(statistics.fmean(lags), 2),
        "lag_p95": round(sorted(lags)[int(0.95 * len(lags))], 2),
        "looks_per_job": round(world.request_counts()["GET /v3/videos/{video_id}"] / count, 2),
    }


async def changing_pool() -> dict[str, float]:
    """Render for six hours on a pool of 10, 20 and then 6 slots, unknown to the client."""
    times = durations(4000)
    random.seed(1)
    world = World(slots=10, render_seconds=lambda body: times[number_of(body)])

    async def change() -> None:
        for slots in (20, 6):
            await anyio.sleep(7200)
            world.slots = slots

    async with (
        serve(world) as server,
        HeyGen("simulator-key", base_url=server.base_url) as heygen,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(change)
        with anyio.move_on_after(6 * 3600):
            async with heygen.render_many(rows(4000), max_in_flight="auto") as results:
                async for _ in results:
                    pass
        tasks.cancel_scope.cancel()
    # used and offered slots; renders that outlive a reduction of the pool do not count beyond its size
    log = [*world.slot_log, (6 * 3600.0, 0)]
    used = offered = 0.0
    for (begin, rendering), (end, _) in itertools.pairwise(log):
        for first, last, slots in ((0, 7200, 10), (7200, 14400, 20), (14400, 21600, 6)):
            span = max(0.0, min(end, last) - max(begin, first))
            used += span * min(rendering, slots)
    offered = 7200.0 * (10 + 20 + 6)
    rejected = sum(seen.status == 429 for seen in world.requests)
    return {
        "renders": len(world.ledger),
        "utilisation": round(used / offered, 3),
        "rejected_per_100": round(100 * rejected / len(world.ledger), 1),
    }


async def limit_too_high() -> dict[str, float]:
    """Render with `max_in_flight=20` on 10 slots."""
    times = durations(500)
    random.seed(1)
    world = World(slots=10, render_seconds=lambda body: times[number_of(body)])
    async with (
        serve(world) as server,
        HeyGen("simulator-key", base_url=server.base_url) as heygen,
        heygen.render_many(rows(500), max_in_flight=20) as results,
    ):
        ended = [result async for result in results]
    rejected = sum(seen.status == 429 for seen in world.requests)
    return {
        "completed": results.summary.completed,
        "failed": len(ended) - results.summary.completed,
        "rejected_per_100": round(100 * rejected / len(ended), 1),
    }


async def request_rate(per_second: float | None) -> dict[str, float]:
    """Send 1,000 POSTs from 200 tasks to a server that accepts 60 a minute, in bursts of 10."""
    random.seed(1)
    world = World(slots=10_000, requests_per_minute=60, burst=10, render_seconds=lambda _: 1e6)
    left = iter(list(rows(1000)))

    async def waiter(heygen: HeyGen) -> None:
        for request in left:
            await heygen.videos.create(request, Options(patience=math.inf))

    async with (
        serve(world) as server,
        HeyGen("simulator-key", base_url=server.base_url, requests_per_second=per_second) as heygen,
        anyio.create_task_group() as tasks,
    ):
        for _ in range(200):
            tasks.start_soon(waiter, heygen)
    rejected = sum(seen.status == 429 for seen in world.requests)
    return {"accepted": len(world.ledger), "rejected_per_accepted": round(rejected / len(world.ledger), 3)}


def check(found: dict[str, dict[str, float]]) -> list[str]:
    """Return the bars that are missed."""
    few, tight = found["known pool, 500 jobs, 10 slots"], found["list lags, 500 jobs, 20 slots"]
    narrow, wide = found["known pool, 500 jobs, 20 slots"], found["known pool, 1000 jobs, 200 slots"]
    told_ends = found["webhooks, 500 jobs, 20 slots"]
    pool, told = found["unknown, changing pool"], found["told 20 of 10"]
    each, batches = found["60 requests a minute, each"], found["60 requests a minute, batches"]
    bars = {
        "60 requests a minute: batches <= 1.05 of ideal": batches["makespan_over_ideal"] <= 1.05,
        "60 requests a minute: batches before each": batches["makespan_over_ideal"] < each["makespan_over_ideal"],
        "makespan / ideal <= 1.010": narrow["makespan_over_ideal"] <= 1.010,
        "lag mean <= 2.5 s at 10 slots, 1.5 s at 20 and at 200": few["lag_mean"] <= 2.5
        and max(narrow["lag_mean"], wide["lag_mean"]) <= 1.5,
        "lag p95 <= 4.8 s": max(few["lag_p95"], narrow["lag_p95"], wide["lag_p95"]) <= 4.8,
        "looks per job <= 3.5 at 10 slots, 3.1 at 20, 0.8 at 200": few["looks_per_job"] <= 3.5
        and narrow["looks_per_job"] <= 3.1
        and wide["looks_per_job"] <= 0.8,
        "webhooks: makespan / ideal <= 1.003, looks per job <= 1.4": told_ends["makespan_over_ideal"] <= 1.003
        and told_ends["looks_per_job"] <= 1.4,
        "a list that lags costs no time": tight["lag_mean"] <= 1.6 and tight["makespan_over_ideal"] <= 1.012,
        "utilisation >= 0.90": pool["utilisation"] >= 0.90,
        "rejected per 100 <= 5": pool["rejected_per_100"] <= 5,
        "told too much: all rows end, none failed": (told["completed"], told["failed"]) == (500, 0),
        "told too much: rejected per 100 <= 10": told["rejected_per_100"] <= 10,
        "rate unknown: rejected per accepted <= 1": found["rate unknown"]["rejected_per_accepted"] <= 1,
        "rate given: none rejected": found["rate given"]["rejected_per_accepted"] == 0,
    }
    return [bar for bar, met in bars.items() if not met]


def main() -> int:
    """Measure, print, compare."""
    found = {
        "known pool, 500 jobs, 10 slots": run(lambda: known_pool(500, 10)),
        "known pool, 500 jobs, 20 slots": run(lambda: known_pool(500, 20)),
        "known pool, 1000 jobs, 200 slots": run(lambda: known_pool(1000, 200)),
        "list lags, 500 jobs, 20 slots": run(lambda: known_pool(500, 20, list_lag=300.0)),
        "webhooks, 500 jobs, 20 slots": run(lambda: known_pool(500, 20, watch=None)),
        "known pool, 500 jobs, 20 slots, each by itself": run(lambda: known_pool(500, 20, watch="each")),
        "60 requests a minute, each": run(lambda: known_pool(400, 100, submit="each", per_minute=60)),
        "60 requests a minute, batches": run(lambda: known_pool(400, 100, submit="auto", per_minute=60)),
        "script, GET every 5 s": run(lambda: script(200, 20, lambda _: 5.0)),
        "script, GET after 2 s x 1.5 to 30 s": run(lambda: script(200, 20, lambda n: min(30.0, 2 * 1.5**n))),
        "unknown, changing pool": run(changing_pool),
        "told 20 of 10": run(limit_too_high),
        "rate unknown": run(lambda: request_rate(None)),
        "rate given": run(lambda: request_rate(1.0)),
    }
    print(json.dumps(found, indent=2))
    missed = check(found)
    print("all bars met" if not missed else f"MISSED: {'; '.join(missed)}")
    if "--record" in sys.argv or not BASELINE.exists():
        BASELINE.write_text(json.dumps(found, indent=2) + "\n")
    same = json.loads(BASELINE.read_text()) == found
    print("as recorded" if same else f"NOT as recorded in {BASELINE.name}")
    return 0 if same and not missed else 1


if __name__ == "__main__":
    sys.exit(main())
