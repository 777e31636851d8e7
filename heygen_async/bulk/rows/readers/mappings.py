"""Rows from a program: any iterable or async iterable of mappings."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable
from typing import Any

from heygen_async.bulk.rows.problems import Problem
from heygen_async.bulk.rows.readers.values import mapping_row
from heygen_async.bulk.rows.table import AsyncTable, Row, Scan, Table

_READ_BEFORE = Problem(
    reason="these rows have been read once, and a generator has no more",
    mend="give a list, or an object whose __iter__ begins anew",
)


def mapping_table(source: Iterable[Any]) -> Table:
    """Return the rows of an iterable, numbered from 1. A generator can be read only once."""
    once = iter(source) is source
    spent = False

    def read() -> Scan:
        nonlocal spent
        if once and spent:
            raise _READ_BEFORE.error()
        spent = True
        for number, item in enumerate(source, 1):
            yield mapping_row("rows", number, item)

    return Table(name="rows", format=type(source).__name__, columns=None, read=read, rereadable=not once)


def async_mapping_table(source: AsyncIterable[Any]) -> AsyncTable:
    """Return the rows of an async iterable, numbered from 1. An async generator can be read only once."""
    once = aiter(source) is source
    spent = False

    async def read() -> AsyncIterator[Row | Problem]:
        nonlocal spent
        if once and spent:
            raise _READ_BEFORE.error()
        spent = True
        number = 0
        async for item in source:
            number += 1
            yield mapping_row("rows", number, item)

    return AsyncTable(name="rows", read=read, rereadable=not once)
