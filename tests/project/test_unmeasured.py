"""Tests marked `unmeasured` run without the tracer of coverage; what comes after them is measured as before."""

from __future__ import annotations

import os
import sys
import threading
from types import FrameType
from typing import Any

import pytest

from tests.helpers.unmeasured import OF_PROCESSES, unmeasured


def tracer(frame: FrameType, event: str, arg: Any) -> None: ...


def test_neither_threads_nor_processes_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mark holds for this thread, for new threads and for new processes, and ends with the test."""
    monkeypatch.setenv(OF_PROCESSES, "how")
    of_here, of_threads = sys.gettrace(), threading.gettrace()
    threading.settrace(tracer)
    try:
        with unmeasured():
            assert (sys.gettrace(), threading.gettrace(), os.environ.get(OF_PROCESSES)) == (None, None, None)
        assert (sys.gettrace(), threading.gettrace(), os.environ.get(OF_PROCESSES)) == (of_here, tracer, "how")
    finally:
        threading.settrace(of_threads)


@pytest.mark.unmeasured
def test_a_marked_test_is_not_measured() -> None:
    """`sys.gettrace` is None in it, also where `make tests` measures the others."""
    assert sys.gettrace() is None
