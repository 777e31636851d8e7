"""The requests of a checked list, kept in little memory, so that a list that is queued is filled in only once."""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from heygen_async.api.requests.stored import StoredRequest
from heygen_async.bulk.rows.table import Row
from heygen_async.http import wire

PAGE_ROWS = 1000  # packed together: the fields of one request are much like those of the next


@attrs.define
class KeptRequests:
    """Rows with their requests: about 50 bytes each."""

    _open: list[tuple[Any, ...]] = attrs.field(factory=list)
    _packed: list[bytes] = attrs.field(factory=list)

    def add(self, row: Row, kind: str, body: Mapping[str, Any]) -> None:
        """Keep the request of a row."""
        self._open.append((kind, wire.dumps(body).decode(), row.line, dict(row.cells), row.source, row.unit))
        if len(self._open) == PAGE_ROWS:
            self._packed.append(zlib.compress(pickle.dumps(self._open), 1))
            self._open.clear()

    def __iter__(self) -> Iterator[tuple[StoredRequest, Row]]:
        """Yield the requests and their rows in their order. A row has its cells as text."""
        for page in self._packed:
            yield from map(_unpacked, pickle.loads(zlib.decompress(page)))  # noqa: S301 - made above, in this process
        yield from map(_unpacked, self._open)


def _unpacked(kept: tuple[Any, ...]) -> tuple[StoredRequest, Row]:
    kind, text, line, cells, source, unit = kept
    return StoredRequest(kind=kind, text=text), Row(line=line, cells=cells, source=source, unit=unit)
