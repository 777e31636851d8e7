"""`make check` runs the tests that a change touches."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.touched_tests import ALWAYS, touched


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in {
        "bulk/test_slots.py": "",
        "bulk/test_feeder.py": "",
        "bulk/run/test_it.py": "from heygen_async.bulk.slots import Slots",
        "test_value.py": "",
    }.items():
        path = tmp_path / "tests" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("changed", "tests"),
    [
        ("tests/bulk/test_feeder.py", ["tests/bulk/test_feeder.py"]),
        ("tests/bulk/test_gone.py", []),
        ("heygen_async/bulk/slots.py", ["tests/bulk/run/test_it.py", "tests/bulk/test_slots.py"]),
        ("heygen_async/bulk/untested.py", ["tests/bulk/test_feeder.py", "tests/bulk/test_slots.py"]),
        ("heygen_async/value.py", ["tests/test_value.py"]),
        ("heygen_async/guides/lists.md", []),
        ("README.md", []),
    ],
)
def test_tests_are_found_by_name_by_place_and_by_import(root: Path, changed: str, tests: list[str]) -> None:
    """A module without a test of its name touches all tests beside which it would stand."""
    assert touched([changed], root) == sorted([ALWAYS, *tests])
