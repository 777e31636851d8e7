"""Data frames of any library (pandas, polars, pyarrow, ...), read with narwhals."""

from __future__ import annotations

from typing import Any

from heygen_async.bulk.rows.header import Header, checked_header
from heygen_async.bulk.rows.problems import Problem
from heygen_async.bulk.rows.readers.extras import load
from heygen_async.bulk.rows.readers.values import value_row
from heygen_async.bulk.rows.table import Scan, Table

_ARROW, _EXCHANGE, _LAZY = "__arrow_c_stream__", "__dataframe__", "collect_schema"


def is_frame(source: object) -> bool:
    """Return True if *source* has the methods of a data frame, lazy ones too. No library is imported."""
    return any(hasattr(type(source), name) for name in (_ARROW, _EXCHANGE, _LAZY))


def frame_table(source: Any) -> Table:
    """Return the rows of a data frame, numbered from 1, without its index.

    Raises:
        InvalidInputError: It is lazy, or its columns have empty or repeated names.
    """
    name = f"{type(source).__module__.partition('.')[0]} {type(source).__name__}"
    narwhals = load("narwhals.stable.v2", name)
    try:
        frame = narwhals.from_native(source, eager_only=True)
        columns = frame.columns
    except (TypeError, ValueError) as exc:  # narwhals' errors are ValueErrors
        reason = f"not a data frame that can be read row by row: {str(exc).strip().partition(chr(10))[0]}"
        mend = (
            "give every column a name of its own, to_frame() a series, read_all() a reader, collect() a lazy one first"
        )
        raise Problem(source=name, reason=reason, mend=mend).error() from exc
    header = checked_header(name, 0, columns, "row")
    return Table(name=name, format="data frame", columns=header.columns, read=lambda: _scan(frame, header))


def _scan(frame: Any, header: Header) -> Scan:
    for number, values in enumerate(frame.iter_rows(), 1):
        found = value_row(header, number, values)
        if found is not None:
            yield found
