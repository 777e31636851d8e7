"""A file during its download: `<name>.part`, continued after an interruption and renamed when it is whole.

A JSON note beside it names the file and the number of bytes that were synced to the disk. After a killed process, all
bytes that it wrote are there; after a power loss, only the synced ones. The machine's boot id shows which of the two
happened; without one, only synced bytes count.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from pathlib import Path
from typing import IO, Any, Literal

import attrs

PART = ".part"
NOTE = ".json"
SYNC_BYTES = 16 * 1024 * 1024  # most bytes that a power loss may cost
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)  # Windows has no such flag; there, only administrators make links


@attrs.define(eq=False, kw_only=True)
class PartFile:
    """A file that is being downloaded. The methods block: run them in threads.

    Attributes:
        path: Path of the part.
        owner: Kind of the file and id of its video.
        size_bytes: Number of bytes that are there.
        whole_bytes: Size of the whole file; None if the server did not tell it.
        tag: The server's tag, by which a request continues the same file; without one it cannot be continued.
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
        """Return the part of *final* that an earlier attempt left for the same *owner*; else an empty one."""
        part = cls(path=final.with_name(final.name + PART), owner=owner)
        note = part._read_note()
        on_disk = _size_of(part.path)
        synced = note.get("synced", 0)
        size = on_disk if note.get("boot") is not None and note.get("boot") == boot_id() else synced
        if note.get("owner") == owner and synced <= on_disk:
            part.size_bytes, part.whole_bytes, part.tag = size, note.get("whole"), note.get("tag")
            part._synced = min(synced, size)
        return part

    @property
    def is_open(self) -> bool:
        """True if bytes can be written to it."""
        return self._file is not None

    @property
    def is_whole(self) -> bool:
        """True if all bytes are there."""
        return self.size_bytes > 0 and self.size_bytes == self.whole_bytes

    def begin(self, whole_bytes: int | None, tag: str | None) -> None:
        """Write from the first byte."""
        self.close()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = _open_new(self.path)
        self.size_bytes, self.whole_bytes, self.tag, self._synced = 0, whole_bytes, tag, 0
        self._write_note()

    def resume(self, whole_bytes: int | None) -> None:
        """Write after the bytes that are there."""
        self.close()
        self.whole_bytes = whole_bytes or self.whole_bytes
        self._file = _open_old(self.path, "r+b")
        self._file.truncate(self.size_bytes)
        self._file.seek(self.size_bytes)

    def append(self, chunk: bytes | bytearray) -> None:
        """Write more bytes."""
        if self._file is None:
            raise ValueError(f"{self.path}: not open")
        self._file.write(chunk)
        self._file.flush()
        self.size_bytes += len(chunk)
        if self.size_bytes - self._synced >= SYNC_BYTES:
            self._sync(self._file)

    def store(self, content: bytes | bytearray, whole_bytes: int | None, tag: str | None) -> None:
        """Write and sync all bytes that came of a small file. Only if some are missing, a note says how to go on."""
        if len(content) != whole_bytes:
            self.begin(whole_bytes, tag)
            self.append(content)
            self.close()
            return
        with _open_new(self.path) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        self.size_bytes = self._synced = len(content)
        self.whole_bytes, self.tag = whole_bytes, tag

    def close(self) -> None:
        """Close and sync the part, so that it can be continued later."""
        file, self._file = self._file, None
        if file is None:
            return
        with file:
            if self.size_bytes > self._synced:
                self._sync(file)

    def finish(self, final: Path) -> None:
        """Give the file its name in one step: a crash leaves either the part or the whole file."""
        self.close()
        self.path.replace(final)
        self._note.unlink(missing_ok=True)
        _sync_folder(final.parent)

    def delete(self) -> None:
        """Delete the part and its note."""
        with contextlib.suppress(OSError):
            self.close()
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)
        self.size_bytes, self.whole_bytes, self.tag, self._synced = 0, None, None, 0

    @property
    def _note(self) -> Path:
        return self.path.with_name(self.path.name + NOTE)

    def _sync(self, file: IO[bytes]) -> None:
        """Sync the file, and then record it in the note."""
        os.fsync(file.fileno())
        self._synced = self.size_bytes
        self._write_note()

    def _write_note(self) -> None:
        facts = {"owner": self.owner, "synced": self._synced, "whole": self.whole_bytes, "tag": self.tag}
        new = self._note.with_name(self._note.name + ".new")
        with _open_new(new) as file:
            file.write(json.dumps({**facts, "boot": boot_id()}).encode())
        new.replace(self._note)

    def _read_note(self) -> dict[str, Any]:
        try:
            with _open_old(self._note, "rb") as file:
                note = json.loads(file.read())
        except (OSError, ValueError):
            return {}
        return note if isinstance(note, dict) and type(note.get("synced")) is int else {}


# Somebody else who may write to the folder can put links there, to have other files overwritten.


def _size_of(path: Path) -> int:
    """Return the size of a file; 0 if there is none, or a link."""
    try:
        found = path.lstat()
    except OSError:
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0


def _open_new(path: Path) -> IO[bytes]:
    """Create a file in place of the file or link that has its name."""
    path.unlink(missing_ok=True)
    return path.open("xb")


def _open_old(path: Path, mode: Literal["rb", "r+b"]) -> IO[bytes]:
    """Open a file that is no link."""
    return open(path, mode, opener=lambda name, flags: os.open(name, flags | _NO_LINK))


def boot_id() -> str | None:
    """Return an id that changes each time that the machine starts; None if the system has none."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return None


def _sync_folder(folder: Path) -> None:
    """Sync the names in a folder. Windows cannot do that, and some network disks refuse it."""
    with contextlib.suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
