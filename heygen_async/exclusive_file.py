"""The lock of an open file against other processes; the operating system frees it when the file is closed."""

from __future__ import annotations

import sys
from typing import IO

if sys.platform == "win32":  # pragma: no cover - not this machine's
    import msvcrt

    def lock(file: IO[str]) -> None:
        """Lock *file*, or raise an `OSError` if another process holds the lock."""
        file.seek(1 << 20)  # past the text, which others may read
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def lock(file: IO[str]) -> None:
        """Lock *file*, or raise an `OSError` if another process holds the lock."""
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
