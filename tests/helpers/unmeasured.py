"""Tests marked `unmeasured` run without the measurement of coverage, which doubles the time of a busy test.

They play whole runs, whose lines quicker tests run too. Nothing else guards the mark, because `make coverage` fails
where only unmeasured tests run a line.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

OF_PROCESSES = "COVERAGE_PROCESS_CONFIG"  # coverage measures each process that finds it in its environment


def unmeasured_environment() -> dict[str, str]:
    """Return the environment of this process for one that is not to measure itself."""
    return {name: value for name, value in os.environ.items() if name != OF_PROCESSES}


@contextmanager
def unmeasured() -> Iterator[None]:
    """Suspend the measurement of this thread, and of the threads and processes that it starts meanwhile."""
    of_here, of_threads, of_processes = sys.gettrace(), threading.gettrace(), os.environ.pop(OF_PROCESSES, None)
    sys.settrace(None)
    threading.settrace(None)
    try:
        yield
    finally:
        sys.settrace(of_here)
        threading.settrace(of_threads)
        if of_processes is not None:
            os.environ[OF_PROCESSES] = of_processes
