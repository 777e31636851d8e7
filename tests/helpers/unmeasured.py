"""Tests that run without the measurement of coverage, which doubles the time of a busy test.

They are marked `unmeasured`, or in one of the files below. Quicker tests run the same lines. Nothing else guards the
mark, because `make coverage` fails where only unmeasured tests run a line.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

# Relative to the folder of the tests.
WHOLE_FILES = frozenset(
    {
        "api/test_contract.py",
        "bulk/jobs/test_compact.py",
        "bulk/output/report/test_page.py",
        "bulk/plan/test_plan.py",
        "bulk/prices/test_price_table.py",
        "bulk/run/test_guards.py",
        "bulk/run/test_scheduler.py",
        "cli/test_help_imports.py",
        "project/test_layout.py",
        "project/test_project.py",
        "project/test_words.py",
        "simulator/contract/test_contract.py",
        "simulator/faults/test_scenarios.py",
    }
)

OF_PROCESSES = "COVERAGE_PROCESS_CONFIG"  # coverage measures each process that finds it in its environment


def is_unmeasured(item: pytest.Item) -> bool:
    """Return True if a test is not to be measured."""
    return item.get_closest_marker("unmeasured") is not None or item.path.relative_to(TESTS).as_posix() in WHOLE_FILES


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
