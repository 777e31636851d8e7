"""Parquet files, read with pyarrow in batches of rows."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import attrs

from heygen_async.bulk.rows.header import Header, checked_header
from heygen_async.bulk.rows.problems import Problem, ProblemError
from heygen_async.bulk.rows.readers import sniffing
from heygen_async.bulk.rows.readers.extras import load
from heygen_async.bulk.rows.readers.values import value_row
from heygen_async.bulk.rows.table import Scan, Table

_BATCH_ROWS = 1_000


@attrs.frozen(kw_only=True)
class ParquetFile:
    """A Parquet file, whose rows are numbered from 1."""

    path: Path

    def open(self) -> Any:
        """Open the file.

        Raises:
            InvalidInputError: Not a Parquet file.
        """
        parquet, arrow = load("pyarrow.parquet", str(self.path)), load("pyarrow", str(self.path))
        try:
            return parquet.ParquetFile(self.path)
        except (arrow.ArrowException, OSError) as exc:
            raise sniffing.refusal(self.path, f"not readable as Parquet: {exc}", "write it again") from exc

    def scan(self, header: Header) -> Scan:
        """Yield rows and problems."""
        arrow = load("pyarrow", str(self.path))
        number = 0
        try:
            opened = self.open()
        except ProblemError as exc:
            yield exc.problem
            return
        with contextlib.closing(opened) as file:
            try:
                for batch in file.iter_batches(batch_size=_BATCH_ROWS):
                    for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                        number += 1
                        found = value_row(header, number, values)
                        if found is not None:
                            yield found
            except (arrow.ArrowException, OSError, ValueError) as exc:
                reason = f"not readable as Parquet from here on: {exc}"
                yield Problem(source=str(self.path), line=number + 1, unit="row", reason=reason, mend="write it again")


def parquet_table(path: Path, *, may_be_empty: bool = True) -> Table:
    """Open a Parquet file and read its schema.

    Raises:
        InvalidInputError: Not a Parquet file, or columns with empty or repeated names.
    """
    sniffing.check_binary(path, sniffing.head(path), "parquet")
    source = ParquetFile(path=path)
    with contextlib.closing(source.open()) as file:
        names = file.schema_arrow.names
    header = checked_header(str(path), 0, names, "row")
    return Table(
        name=str(path),
        path=path,
        format="Parquet",
        columns=header.columns,
        read=lambda: source.scan(header),
        may_be_empty=may_be_empty,
    )
