"""One writer a journal: a lock that the operating system drops when its holder dies."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import time
from pathlib import Path
from typing import IO

from heygen_async.errors import JournalError

if sys.platform == "win32":  # pragma: no cover - not this machine's
    import msvcrt

    def _seize(file: IO[str]) -> None:
        file.seek(1 << 20)  # past the text, which others may read
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _seize(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FileLock:
    """`campaign.db.lock` beside `campaign.db`: who holds it is written in it."""

    def __init__(self, journal: Path) -> None:
        """Take the lock of *journal*, or say who has it.

        A holder that died, even by power loss, holds nothing: the operating system let go for it.

        Raises:
            JournalError: Another process holds it.
        """
        path = journal.with_name(journal.name + ".lock")
        file = path.open("a+", encoding="utf-8")
        try:
            _seize(file)
        except OSError as exc:
            holder = _holder(file)
            file.close()
            raise JournalError(f"{journal}: in use by {holder}; wait for it to end, or stop it first") from exc
        file.truncate(0)
        file.write(json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%F %T")}))
        file.flush()
        self._file = file

    def release(self) -> None:
        """Let others have it."""
        self._file.close()


def _holder(file: IO[str]) -> str:
    with contextlib.suppress(ValueError, KeyError, OSError):
        file.seek(0)
        told = json.loads(file.read())
        return f"process {told['pid']} on {told['host']} since {told['since']}"
    return "another process"
