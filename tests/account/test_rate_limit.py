"""The gate after a 429 and the pace of requests, in virtual time."""

from __future__ import annotations

import itertools
import math

import anyio
import pytest
from hypothesis import given, strategies as st

from heygen_async.account.rate_limit import FIRST_GAP_SECONDS, LONGEST_GAP_SECONDS, Gate, Pacer, Turn
from heygen_async.account.server_clock import ServerClock
from heygen_async.errors import RateLimitError


async def pass_through(gate: Gate, *, seconds: float = 0.0, refused: bool = False, costs: bool = False) -> float:
    """Pass *gate* with one request that takes *seconds*, and return the time at which it was let in."""
    turn = Turn(costs=costs)
    await gate.enter(turn)
    entered = anyio.current_time()
    await anyio.sleep(seconds)
    if refused:
        gate.refused(turn, None)
    gate.leave(turn, succeeded=not refused)
    return entered


async def refuse(gate: Gate, asked: float | None) -> None:
    """Let one request in as soon as possible, and refuse it."""
    turn = Turn()
    await gate.enter(turn)
    gate.refused(turn, asked)
    gate.leave(turn, succeeded=False)


async def test_all_wait_for_the_gate_and_a_probe_passes_first() -> None:
    """After a refusal all requests wait for Retry-After; one passes as a probe, the others after it, with a gap."""
    gate, entered = Gate(), []
    await refuse(gate, 10)

    async def enter() -> None:
        entered.append(await pass_through(gate, seconds=1))

    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(enter)
    assert [at - entered[0] for at in entered] == pytest.approx([0.0, 1.2, 1.4, 1.6], abs=0.01)
    assert entered[0] == 10.0


@pytest.mark.parametrize(
    ("asked", "pauses"),
    [
        (None, [1.0, 1.5, 2.25, 3.375, 5.06, 7.59, 10.0, 10.0]),
        (0.0, [1.0, 1.5, 2.25, 3.375, 5.06, 7.59, 10.0, 10.0]),
        (1.0, [1.0, 1.5, 2.25, 3.375, 5.06, 7.59, 10.0, 10.0]),
        (8.0, [8.0, 8.0, 8.0, 8.0, 8.0, 8.0, 10.0, 10.0]),
        (30.0, [30.0] * 8),
        (1e9, [30.0] * 8),
        (math.inf, [30.0] * 8),
    ],
)
async def test_probes_are_never_close_together_and_never_far_apart(asked: float | None, pauses: list[float]) -> None:
    """While HeyGen refuses, one probe goes out at Retry-After: after a second at least, after half a minute at most."""
    gate, found, last = Gate(), [], 0.0
    await refuse(gate, asked)
    for _ in pauses:
        await refuse(gate, asked)
        found.append(anyio.current_time() - last)
        last = anyio.current_time()
    assert found == pytest.approx(pauses, abs=0.01)


async def test_refused_probes_teach_no_gap_and_refusals_at_speed_teach_a_bounded_one() -> None:
    """A storm of any length is one lesson; the gap that many lessons teach is five seconds at most."""
    gate = Gate()
    for _ in range(100):
        await refuse(gate, 1.0)
    assert gate.per_second == pytest.approx(1 / FIRST_GAP_SECONDS)
    for _ in range(20):
        await pass_through(gate)
        await refuse(gate, 1.0)
    assert gate.per_second == pytest.approx(1 / LONGEST_GAP_SECONDS)


async def test_the_rate_doubles_each_second_after_a_storm() -> None:
    """The first requests after a storm are a second apart; a second later they are half as far apart, and so on."""
    gate = Gate()
    for _ in range(20):
        await refuse(gate, 1.0)
    entered = [await pass_through(gate) for _ in range(60)]
    gaps = [later - earlier for earlier, later in itertools.pairwise(entered)]
    assert gaps[:3] == pytest.approx([1.0, 0.5, 0.354], abs=0.01)
    assert entered[-1] - entered[0] < 10
    assert gate.per_second == math.inf


async def test_an_answer_that_comes_late_ends_no_storm() -> None:
    """A request that was sent before the storm says nothing of it, whether it succeeds or not."""
    gate, early, late = Gate(), Turn(), Turn()
    await gate.enter(early)
    await gate.enter(late)
    await refuse(gate, 20.0)
    gate.leave(early, succeeded=True)
    gate.refused(late, 20.0)
    gate.leave(late, succeeded=False)
    assert await pass_through(gate) == 20.0
    assert gate.per_second == pytest.approx(1 / FIRST_GAP_SECONDS)


async def test_a_probe_without_an_answer_does_not_keep_the_gate_closed() -> None:
    """If a probe fails for another reason, the next one goes out a second later; if it hangs, after half a minute."""
    gate, lost, hanging = Gate(), Turn(), Turn()
    await refuse(gate, 5.0)
    await gate.enter(lost)
    gate.leave(lost, succeeded=False)
    await gate.enter(hanging)
    assert anyio.current_time() == 6.0
    assert await pass_through(gate) == 36.0


async def test_reads_and_posts_take_turns() -> None:
    """Many POSTs in line hold back a read by one POST; while HeyGen refuses, reads probe before POSTs."""
    gate, entered = Gate(), []
    await refuse(gate, 5.0)

    async def enter(name: str) -> None:
        await pass_through(gate, costs=name.startswith("post"))
        entered.append(name)

    async with anyio.create_task_group() as tasks:
        for number in range(6):
            tasks.start_soon(enter, f"post {number}")
        await anyio.sleep(0.5)
        for number in range(3):
            tasks.start_soon(enter, f"read {number}")
    assert entered[:6] == ["read 0", "post 0", "read 1", "post 1", "read 2", "post 2"]


async def test_a_request_that_stops_waiting_leaves_the_line() -> None:
    """A request that is cancelled at the gate holds back nobody."""
    gate = Gate()
    await refuse(gate, 10.0)
    with anyio.move_on_after(3):
        await gate.enter(Turn())
    assert await pass_through(gate, costs=True) == 10.0


async def test_patience_ends_in_a_storm_and_not_in_a_line() -> None:
    """A request waits in a storm as long as its call has patience; behind others it waits as long as it takes."""
    gate = Gate()
    await refuse(gate, None)
    with pytest.raises(RateLimitError, match="not sent: HeyGen has refused all such requests of the account for 40 s"):
        while True:
            turn = Turn(since=0.0, patience=40.0)
            await gate.enter(turn)
            gate.refused(turn, 20.0)
            gate.leave(turn, succeeded=False)
    slow, began = Gate(), anyio.current_time()
    for _ in range(20):
        await pass_through(slow)
        await refuse(slow, None)
    await pass_through(slow)

    async def pass_patiently() -> None:
        turn = Turn(since=began, patience=10.0)
        await slow.enter(turn)
        slow.leave(turn, succeeded=True)

    opened = anyio.current_time()
    async with anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(pass_patiently)
    assert anyio.current_time() - opened > 30


async def test_a_gate_that_never_closed_does_not_limit() -> None:
    """Before the first refusal all requests pass at once."""
    gate = Gate()
    for _ in range(1000):
        await gate.enter(Turn())
    assert anyio.current_time() < 1


@pytest.mark.unmeasured
@pytest.mark.parametrize("per_second", [0.5, 1.0, 2.0, 10.0])
async def test_the_gap_adapts_to_the_server(per_second: float) -> None:
    """The pace comes near the one that the server allows, and few requests are refused."""
    gate, allowed_at, taken, refusals = Gate(), 0.0, 0, 0
    while anyio.current_time() < 1000:
        turn = Turn()
        await gate.enter(turn)
        now = anyio.current_time()
        if now >= allowed_at:
            allowed_at, taken = now + 1 / per_second, taken + 1
            gate.leave(turn, succeeded=True)
        else:
            refusals += 1
            gate.refused(turn, math.ceil(allowed_at - now))
            gate.leave(turn, succeeded=False)
    assert taken > (0.7 if per_second <= 2 else 0.4) * 1000 * per_second
    assert refusals < 0.3 * taken


async def test_a_gap_closes_without_refusals() -> None:
    """After many successes requests pass without a gap again."""
    gate = Gate()
    await refuse(gate, 1.0)
    for _ in range(40):
        await pass_through(gate)
    start = anyio.current_time()
    for _ in range(40):
        await pass_through(gate)
    assert anyio.current_time() == start


async def test_a_burst_passes_at_once_and_the_rest_at_the_pace() -> None:
    """With a burst of two and two per second, two pass at once, then one every half second."""
    pacer, times = Pacer(2.0, 2), []
    start = anyio.current_time()
    for _ in range(5):
        await pacer.wait(ServerClock())
        times.append(anyio.current_time() - start)
    assert times == [0.0, 0.0, 0.5, 1.0, 1.5]


@given(
    st.floats(0.1, 100), st.integers(1, 20), st.lists(st.floats(0, 5, allow_subnormal=False), min_size=2, max_size=50)
)
def test_no_window_holds_more_than_burst_and_rate_allow(per_second: float, burst: int, gaps: list[float]) -> None:
    """For any arrivals, j - i <= burst - 1 + rate * time (+ rounding) for any two departures i < j."""
    pacer, now, departures = Pacer(per_second, burst), 0.0, []
    for gap in gaps:
        now += gap
        departures.append(now + pacer.reserve(now))
    for i, first in enumerate(departures):
        for j in range(i + 1, len(departures)):
            assert j - i <= burst - 1 + per_second * (departures[j] - first) + 1 + 1e-6
