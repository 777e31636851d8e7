"""The gate after a 429 and the pace of requests, in virtual time."""

from __future__ import annotations

import anyio
import pytest
from hypothesis import given, strategies as st

from heygen_async.account.rate_limit import Gate, Pacer


async def test_all_wait_for_the_gate_and_a_probe_passes_first() -> None:
    """A pause holds back all requests, and a shorter one does not end it; then 1, 2, 3 pass at a time, with gaps."""
    gate, entered = Gate(), []
    start = anyio.current_time()

    async def pass_gate() -> None:
        await gate.enter()
        entered.append(anyio.current_time() - start)
        await anyio.sleep(1)
        gate.leave(succeeded=True)

    gate.close(10)
    gate.close(3)
    async with anyio.create_task_group() as tasks:
        for _ in range(7):
            tasks.start_soon(pass_gate)
    assert entered == pytest.approx([10.0, 11.0, 11.19, 12.0, 12.18, 12.35, 12.53], abs=0.02)


async def test_a_gate_that_never_closed_does_not_limit() -> None:
    """Before the first refusal all requests pass at once."""
    gate = Gate()
    for _ in range(1000):
        await gate.enter()
    assert anyio.current_time() < 1


async def test_a_failed_probe_does_not_widen_the_gate() -> None:
    """After a failed probe the next request passes alone, too."""
    gate, entered = Gate(), []
    start = anyio.current_time()

    async def pass_gate() -> None:
        await gate.enter()
        entered.append(anyio.current_time() - start)
        await anyio.sleep(1)
        gate.leave(succeeded=False)

    gate.close(10)
    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(pass_gate)
    assert entered == [10.0, 11.0, 12.0]


async def test_a_pause_that_grows_is_waited_out() -> None:
    """A second 429 during the pause makes it longer for requests that wait already."""
    gate = Gate()
    start = anyio.current_time()
    gate.close(10)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(gate.enter)
        await anyio.sleep(5)
        gate.close(20)
    assert anyio.current_time() - start == 25.0


async def test_the_gap_adapts_to_the_server() -> None:
    """With a server that takes one request a second, the pace comes near it, and few requests are refused."""
    gate, allowed_at, taken, refused = Gate(), 0.0, 0, 0
    start = anyio.current_time()
    while anyio.current_time() - start < 1000:
        await gate.enter()
        now = anyio.current_time()
        if now >= allowed_at:
            allowed_at, taken = now + 1.0, taken + 1
            gate.leave(succeeded=True)
        else:
            refused += 1
            gate.close(allowed_at - now)
            gate.leave(succeeded=False)
    assert taken > 700
    assert refused < 0.3 * taken


async def test_a_gap_closes_without_refusals() -> None:
    """After many successes requests pass without a gap again."""
    gate = Gate()
    gate.close(1)
    for _ in range(40):
        await gate.enter()
        gate.leave(succeeded=True)
    start = anyio.current_time()
    for _ in range(40):
        await gate.enter()
        gate.leave(succeeded=True)
    assert anyio.current_time() == start


async def test_a_burst_passes_at_once_and_the_rest_at_the_pace() -> None:
    """With a burst of two and two per second, two pass at once, then one every half second."""
    pacer, times = Pacer(2.0, 2), []
    start = anyio.current_time()
    for _ in range(5):
        await pacer.wait()
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
