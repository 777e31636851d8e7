"""A file on its way: `<name>.part` with a note beside it, continued after an interruption, renamed when it is whole.

The note says which file it is and how many of its bytes are known to be on the disk itself. After the process was
killed everything that it wrote is there; after a power loss only what was synced: the machine's boot id tells the two
apart, where there is one.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import IO, Any

import attrs

PART = ".part"
NOTE = ".json"
SYNC_BYTES = 16 * 1024 * 1024  # what a power loss may cost
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@attrs.define(eq=False, kw_only=True)
class PartFile:
    """A file that is being downloaded. Its methods block: run them in threads.

    Attributes:
        path: Of the part.
        owner: Of which video it is, and what of it.
        size_bytes: What is there.
        whole_bytes: What there is to be; None if nobody said.
        tag: Proves that the rest belongs to the same file; without one it cannot be continued.
    """

    path: Path
    owner: str
    size_bytes: int = 0
    whole_bytes: int | None = None
    tag: str | None = None
    _synced: int = 0
    _file: IO[bytes] | None = None

    @classmethod
    def find(cls, final: Path, owner: str) -> PartFile:
        """Return what an earlier try has left of *final*, if it was of the same *owner*; else nothing of it."""
        part = cls(path=final.with_name(final.name + PART), owner=owner)
        note = part._read_note()
        there = part.path.stat().st_size if part.path.is_file() else 0
        sure = note.get("synced", 0)
        size = there if note.get("boot") is not None and note.get("boot") == boot_id() else sure
        if note.get("owner") == owner and sure <= there:
            part.size_bytes, part.whole_bytes, part.tag = size, note.get("whole"), note.get("tag")
            part._synced = min(sure, size)
        return part

    @property
    def is_whole(self) -> bool:
        """True if nothing is missing."""
        return self.size_bytes > 0 and self.size_bytes == self.whole_bytes

    def begin(self, whole_bytes: int | None, tag: str | None) -> None:
        """Write from the first byte."""
        self.close()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("wb")
        self.size_bytes, self.whole_bytes, self.tag, self._synced = 0, whole_bytes, tag, 0
        self._write_note()

    def go_on(self, whole_bytes: int | None) -> None:
        """Write behind what is there."""
        self.close()
        self.whole_bytes = whole_bytes or self.whole_bytes
        self._file = self.path.open("r+b")
        self._file.truncate(self.size_bytes)
        self._file.seek(self.size_bytes)

    def append(self, chunk: bytes) -> None:
        """Write some more."""
        if self._file is None:
            raise ValueError(f"{self.path}: not open")
        self._file.write(chunk)
        self._file.flush()
        self.size_bytes += len(chunk)
        if self.size_bytes - self._synced >= SYNC_BYTES:
            self._sync(self._file)

    def close(self) -> None:
        """Leave it for later, synced."""
        file, self._file = self._file, None
        if file is None:
            return
        with file:
            if self.size_bytes > self._synced:
                self._sync(file)

    def finish(self, final: Path) -> None:
        """Give it its name, once and for all: a crash leaves either the part or the whole."""
        self.close()
        self.path.replace(final)
        self._note.unlink(missing_ok=True)
        _sync_folder(final.parent)

    def drop(self) -> None:
        """Take it away."""
        with contextlib.suppress(OSError):
            self.close()
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)
        self.size_bytes, self.whole_bytes, self.tag, self._synced = 0, None, None, 0

    @property
    def _note(self) -> Path:
        return self.path.with_name(self.path.name + NOTE)

    def _sync(self, file: IO[bytes]) -> None:
        """Bring it to the disk, and only then say so."""
        os.fsync(file.fileno())
        self._synced = self.size_bytes
        self._write_note()

    def _write_note(self) -> None:
        facts = {"owner": self.owner, "synced": self._synced, "whole": self.whole_bytes, "tag": self.tag}
        new = self._note.with_name(self._note.name + ".new")
        new.write_text(json.dumps({**facts, "boot": boot_id()}), encoding="utf-8")
        new.replace(self._note)

    def _read_note(self) -> dict[str, Any]:
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return note if isinstance(note, dict) and type(note.get("synced")) is int else {}


def boot_id() -> str | None:
    """Return what changes each time that the machine starts; None where it does not tell."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return None


def _sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk. Windows knows no such thing, and some network disks refuse it."""
    with contextlib.suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
