"""Room on the disk, shared out among the files that are being written."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import attrs

from heygen_async.bulk.download.part_file import PartFile

# Left free: the journal is often on the same disk, and a run whose journal finds no room is broken.
KEPT_FREE_BYTES = 64 * 1024 * 1024


class NoRoomError(OSError):
    """A file does not fit onto the disk beside those that are being written."""


@attrs.define
class DiskSpace:
    """The free space of a folder, less the space promised to files that are being written."""

    folder: Path
    _writing: list[PartFile] = attrs.field(factory=list)

    @contextlib.contextmanager
    def promised(self, part: PartFile) -> Iterator[None]:
        """Promise room for what is missing of *part* while the block lasts.

        Raises:
            NoRoomError: There is not so much.
        """
        missing = _missing(part)
        free = shutil.disk_usage(self.folder).free - sum(map(_missing, self._writing))
        if missing and missing + KEPT_FREE_BYTES > free:
            raise NoRoomError(
                f"no room: {_shown(missing)} are missing of it, and the disk has {_shown(max(0, free))} to spare, of "
                f"which {_shown(KEPT_FREE_BYTES)} are kept free"
            )
        self._writing.append(part)
        try:
            yield
        finally:
            self._writing.remove(part)


def _missing(part: PartFile) -> int:
    return max(0, (part.whole_bytes or 0) - part.size_bytes)


def _shown(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.1f} MB"
