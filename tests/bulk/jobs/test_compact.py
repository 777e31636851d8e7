"""Compact sets and tables of numbers behave as Python's own, in a tenth of the memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from heygen_async.bulk.jobs.compact import NumberSet, NumberTable
from heygen_async.bulk.jobs.keys import Numbering

KEYS = st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3) | st.integers(-3, 3).map(lambda n: n * 4096)
ROWS = 60_000


@given(st.lists(st.tuples(st.sampled_from(["set", "setdefault"]), KEYS, st.integers(0, 2**31 - 1))))
def test_a_table_is_a_dict(steps: list[tuple[str, int, int]]) -> None:
    """Whatever is stored under hashes that meet in one place or not, a table answers as a dict does."""
    table, known = NumberTable(), dict[int, int]()
    for step, key, number in steps:
        if step == "set":
            table[key] = known[key] = number
        else:
            assert table.setdefault(key, number) == known.setdefault(key, number)
        assert len(table) == len(known)
    assert {key: table.get(key) for _, key, _ in steps} == known
    assert [key for key in range(10, 20) if table.get(key) != known.get(key)] == []


def test_a_table_grows() -> None:
    """A table of many keys has all of them after it has grown."""
    table = NumberTable()
    for number in range(5_000):
        table[hash(str(number))] = number
    assert all(table.get(hash(str(number))) == number for number in range(5_000))
    assert table.get(hash("x")) is None


@given(st.lists(st.tuples(st.sampled_from(["add", "discard", "update", "clear"]), st.integers(0, 300))))
def test_a_set_is_a_set(steps: list[tuple[str, int]]) -> None:
    """A set of bits answers as a set of numbers does."""
    bits, known = NumberSet(), set[int]()
    for step, number in steps:
        if step == "update":
            bits.update([number, number + 9])
            known.update([number, number + 9])
        elif step == "clear":
            bits.clear()
            known.clear()
        else:
            getattr(bits, step)(number)
            getattr(known, step)(number)
    assert {number for number in range(400) if number in bits} == known


def fill_table() -> object:
    table = NumberTable()
    for number in range(ROWS):
        table[hash(str(number))] = number
    return table


def fill_numbering() -> object:
    numbering = Numbering()
    for number in range(ROWS):
        numbering.identity(f"{number * 7_919:040x}")
    return numbering


def fill_set() -> object:
    bits = NumberSet()
    bits.update(range(ROWS))
    return bits


@pytest.mark.parametrize(("fill", "bytes_a_row"), [(fill_table, 33), (fill_numbering, 33), (fill_set, 1)])
def test_a_row_takes_few_bytes(fill: Callable[[], object], bytes_a_row: int) -> None:
    """A row takes at most 33 bytes in a table that has just grown, and a bit in a set."""
    tracemalloc.start()
    try:
        kept = fill()
        assert tracemalloc.get_traced_memory()[0] / ROWS <= bytes_a_row
    finally:
        tracemalloc.stop()
    del kept
