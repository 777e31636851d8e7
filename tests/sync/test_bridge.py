"""The loop in a thread of its own, and the errands that waiting threads do for it."""

from __future__ import annotations

import concurrent.futures
import contextlib
import threading

import anyio
import pytest

from heygen_async.sync.bridge import Bridge, ask, errands_of_this_thread


def loops() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name.startswith("heygen-async")]


def test_the_loop_s_own_thread_can_end_it() -> None:
    """A client whose last reference goes away in the loop's thread ends without waiting for itself."""
    bridge = Bridge()

    async def close() -> None:
        bridge.close()

    with contextlib.suppress(concurrent.futures.CancelledError):  # if the end comes before the answer
        bridge.call(close)
    for one in loops():
        one.join(20)
    assert not loops()


def test_an_errand_that_nobody_waits_for_is_not_done() -> None:
    """A function that was asked for and given up is not called when the thread waits again."""
    bridge = Bridge()
    called: list[int] = []
    errands = errands_of_this_thread()

    async def give_up() -> None:
        with anyio.move_on_after(0.01):
            await ask(errands, called.append, 1)

    future = bridge.begin(give_up)
    concurrent.futures.wait([future], 20)
    bridge.wait(future)
    assert called == []
    bridge.call(ask, errands, called.append, 2)
    assert called == [2]
    bridge.close()


def test_an_error_of_an_errand_is_raised_where_it_was_asked_for() -> None:
    """A function of the user may fail, also with an interrupt, which goes through both sides."""
    bridge = Bridge()
    errands = errands_of_this_thread()
    with pytest.raises(ZeroDivisionError):
        bridge.call(ask, errands, lambda: 1 / 0)

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bridge.call(ask, errands, interrupt)
    bridge.close()
