"""The clock of an account's server, on which polls, pauses and deadlines keep step with a fast simulator."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import anyio
import pytest
from hypothesis import example, given, strategies as st

from heygen_async import Completed, DeadlineExceededError, DirectVideo, HeyGen, Journal, VideoAgent
from heygen_async.account.server_clock import FASTEST, HEADER, Moment, ServerClock
from heygen_async.bulk.output.time_left import seconds_left
from heygen_async.http.wire import Answer
from heygen_async.simulator import CompressedTimeLoop, RateLimitStorm, Stuck, World, run, serve

HELLO = DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="Hi Ada")


async def test_at_the_normal_speed_it_is_the_clock_of_the_loop() -> None:
    """Without a simulator's word, times and deadlines are those of the event loop, to the last digit."""
    clock = ServerClock()
    await anyio.sleep(1 / 3)
    assert clock.now() == anyio.current_time()
    assert clock.until(17.1).deadline == clock.loop_time(17.1) == 17.1
    assert clock.real(5.0) == 5.0


async def test_a_faster_server_shortens_what_is_waited() -> None:
    """At 400 times the speed, 20 s are 50 ms; the clock goes on from where it was."""
    clock = ServerClock()
    await anyio.sleep(10)
    clock.heed({HEADER: "400"})
    assert clock.now() == 10
    began = anyio.current_time()
    await clock.sleep(20)
    assert anyio.current_time() - began == pytest.approx(0.05)
    assert clock.now() == pytest.approx(30)
    with clock.move_on_after(40) as scope:
        await anyio.sleep_forever()
    assert scope.cancelled_caught
    with clock.until(100):
        await anyio.sleep_forever()
    await clock.sleep_until(120)
    await clock.sleep_until(1)  # over already
    assert clock.now() == pytest.approx(120)
    assert anyio.current_time() - began == pytest.approx((120 - 10) / 400)
    assert clock.until(float("inf")).deadline == clock.loop_time(float("inf")) == float("inf")


async def test_it_knows_the_date_by_the_answers() -> None:
    """The `Date` of the last answer and the seconds since then, at the server's speed; the wall clock has no part."""
    clock = ServerClock()
    assert clock.moment().server is None
    clock.read_date({"Date": "Mon, 30 Nov 2026 12:00:00 GMT"})
    await anyio.sleep(10)
    assert clock.moment().server == pytest.approx(1_796_040_010)
    clock.heed({HEADER: "400"})
    await anyio.sleep(1)
    assert clock.moment().server == pytest.approx(1_796_040_410)
    clock.read_date({"Date": "Mon, 30 Nov 2026 11:00:00 GMT"})
    await anyio.sleep(0.5)
    clock.read_date({"Date": "Mon, 30 Nov 2026 11:00:00 GMT"})
    assert clock.moment().server == pytest.approx(1_796_036_400.5)


@pytest.mark.parametrize("date", ["", "soon", "Mon, 99 Nov 2026 12:00:00 GMT", "Mon, 30 Nov 99999 12:00:00 GMT", "1"])
async def test_a_date_that_does_not_read_changes_nothing(date: str) -> None:
    """A proxy may leave the header out or write anything into it."""
    clock = ServerClock()
    clock.read_date({"Date": date})
    assert clock.moment().server is None


_times = st.floats(0, 4e9)


@given(then=st.builds(Moment, _times, st.none() | _times), now=st.builds(Moment, _times, st.none() | _times))
def test_a_second_clock_makes_no_key_younger_and_no_wait_shorter(then: Moment, now: Moment) -> None:
    """Whatever `Date` says, a key is as old as the wall clock says or older, and a wait as long or longer."""
    by_wall = now.wall - then.wall
    assert now.most_since(then) >= by_wall
    assert 0 <= now.least_since(then) <= max(0.0, by_wall)
    assert (now.most_since(then) < 0) == (by_wall < 0)


@example(speeds=[1.0, 1.0, 62500.0], pauses=[0.0, 1.0, 0.0625, 0.0, 0.0])  # a sleep of a microsecond
@given(speeds=st.lists(st.floats(1, FASTEST), max_size=5), pauses=st.lists(st.floats(0, 1e4), min_size=5, max_size=5))
def test_it_never_runs_backwards(speeds: list[float], pauses: list[float]) -> None:
    """Whatever speeds are told, time goes on without a jump."""

    async def main() -> None:
        clock, before = ServerClock(), 0.0
        for speed, pause in zip(speeds, pauses, strict=False):
            clock.heed({HEADER: repr(speed)})
            assert clock.now() >= before
            before = clock.now()
            await clock.sleep(pause)
            assert clock.now() == pytest.approx(before + pause, rel=1e-6, abs=1e-6)

    run(main)


@pytest.mark.parametrize("told", ["", "fast", "nan", "inf", "-60", "0", "0.5", "1e9", "60 "])
async def test_a_speed_that_cannot_be_is_ignored(told: str) -> None:
    """A header that is no number from 1 to 100,000 changes nothing; spaces around a number do."""
    clock = ServerClock()
    clock.heed({HEADER: told})
    assert clock.speed == (60 if told == "60 " else 1)


def test_a_loop_that_is_fast_itself_keeps_its_own_pace() -> None:
    """In an event loop of the simulator's speed, as `--speed` makes it, the clock is that of the loop."""

    async def main(told: str) -> float:
        clock = ServerClock()
        clock.heed({HEADER: told})
        return clock.speed

    with asyncio.Runner(loop_factory=lambda: CompressedTimeLoop(60)) as runner:
        assert runner.run(main("60")) == 1
        assert runner.run(main("240")) == 4
        assert runner.run(main("10")) == 1


# Clients


def test_the_simulator_tells_its_speed() -> None:
    """Each answer of a simulator in compressed time has its speed; in virtual time and in real time there is none."""

    async def main() -> list[str | None]:
        async with serve() as server, HeyGen("simulator-key", base_url=server.base_url) as heygen:
            reader, writer = await asyncio.open_connection("127.0.0.1", int(server.base_url.rpartition(":")[2]))
            writer.write(b"GET /v3/videos HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            lines = (await reader.read()).decode().split("\r\n")
            writer.close()
            await heygen.users.me()
            assert heygen.account.clock.speed == 1
        return [line.partition(": ")[2] for line in lines if line.startswith(HEADER)]

    assert run(main, speed=60) == ["60"]
    assert run(main) == []
    assert asyncio.run(main()) == []


def test_a_run_notes_how_fast_its_simulator_is(simulator: str, tmp_path: Path) -> None:
    """Whoever reads the journal tells the time left in real seconds, while the run goes on and after it."""

    async def main() -> None:
        jobs = [DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi {n}") for n in range(3)]
        async with (
            HeyGen("simulator-key", base_url=simulator) as heygen,
            heygen.render_many(jobs, journal=tmp_path / "c.db", max_in_flight=1) as results,
        ):
            await anext(results)

    asyncio.run(main())
    with Journal(tmp_path / "c.db") as journal:
        assert journal.meta("speed") == "500.0"
        fast = seconds_left(journal, 1)
        journal.set_meta(speed="1.0")
        slow = seconds_left(journal, 1)
    assert fast is not None
    assert slow == pytest.approx(500 * fast)


def test_a_client_keeps_step_with_a_simulator(simulator: str) -> None:
    """Against a simulator of speed 500, a video, an agent's video and a run are ready in a moment of real time."""

    async def main() -> tuple[float, list[str]]:
        async with HeyGen("simulator-key", base_url=simulator) as heygen:
            began = time.monotonic()
            seen = [(await heygen.render(HELLO)).status, (await heygen.render(VideoAgent(prompt="A welcome"))).status]
            jobs = [DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi {n}") for n in range(12)]
            async with heygen.render_many(jobs, max_in_flight=6) as results:
                seen += ["completed" async for result in results if isinstance(result, Completed)]
            assert heygen.account.clock.speed == 500
            return time.monotonic() - began, seen

    seconds, seen = asyncio.run(main())
    assert seen == ["completed"] * 14
    assert seconds < 40  # 2 s on an idle machine; without the speed, 65 s pass before the first looks alone


@pytest.mark.usefixtures("_simulator_thread")
def test_a_deadline_keeps_step(world: World) -> None:
    """A render that never ends is given up after its deadline in the simulator's time."""
    world.faults.append(Stuck())

    async def main() -> float:
        async with HeyGen() as heygen:
            began = time.monotonic()
            with pytest.raises(DeadlineExceededError, match="600 s"):
                await heygen.render(HELLO, deadline=600)
            return time.monotonic() - began

    assert asyncio.run(main()) < 60  # it is over after 1.2 s; a busy machine may take longer


@pytest.mark.usefixtures("_simulator_thread")
def test_a_storm_of_refusals_keeps_step(world: World) -> None:
    """A pause that a `Retry-After` asks for is one of the simulator's time."""
    world.faults.append(RateLimitStorm(times=4, retry_after=30))

    async def main() -> float:
        async with HeyGen() as heygen:
            await heygen.users.me()
            began = time.monotonic()
            assert (await heygen.render(HELLO)).status == "completed"
            return time.monotonic() - began

    assert asyncio.run(main()) < 30  # at least 90 s where the pauses are real


@pytest.mark.parametrize(
    ("base_url", "speed"),
    [
        ("http://127.0.0.1:8400", 1000),
        ("http://localhost:8400", 1000),
        (None, 1),
        ("https://api.heygen.com", 1),
        ("https://proxy.example.com", 1),
        ("https://10.0.0.1", 1),
    ],
)
async def test_only_a_server_on_this_machine_is_believed(
    monkeypatch: pytest.MonkeyPatch, base_url: str | None, speed: float
) -> None:
    """HeyGen and all other servers elsewhere cannot hurry the client, whatever their answers say."""
    monkeypatch.delenv("HEYGEN_API_BASE", raising=False)
    async with HeyGen("key", base_url=base_url) as heygen:
        heygen._caller.keep_step(heygen.account.clock, Answer(status=200, headers={HEADER: "1000"}, body=b"{}"))
        assert heygen.account.clock.speed == speed
