"""Free disk space, shared among the files that are being written."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import attrs

from heygen_async.bulk.download.part_file import PartFile

# Left free, because the journal is often on the same disk, and a run cannot go on without it.
KEPT_FREE_BYTES = 64 * 1024 * 1024


class NoRoomError(OSError):
    """A file does not fit on the disk together with those that are being written."""


@attrs.define
class DiskSpace:
    """The free space of a folder, minus the space reserved for files that are being written."""

    folder: Path
    _writing: list[PartFile] = attrs.field(factory=list)

    @contextlib.contextmanager
    def reserve(self, part: PartFile) -> Iterator[None]:
        """Reserve space for the missing bytes of *part* during the block.

        Raises:
            NoRoomError: There is too little space.
        """
        missing = _missing(part)
        free = shutil.disk_usage(self.folder).free - sum(map(_missing, self._writing))
        if missing and missing + KEPT_FREE_BYTES > free:
            raise NoRoomError(
                f"no room: it needs {_megabytes(missing)} more; the disk has {_megabytes(max(0, free))} free, of which "
                f"{_megabytes(KEPT_FREE_BYTES)} stay free"
            )
        self._writing.append(part)
        try:
            yield
        finally:
            self._writing.remove(part)


def _missing(part: PartFile) -> int:
    return max(0, (part.whole_bytes or 0) - part.size_bytes)


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.1f} MB"
