"""A lock file that lets one process write a journal; the operating system frees it when the process ends."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import time
from pathlib import Path
from typing import IO

from heygen_async.errors import JournalError
from heygen_async.exclusive_file import lock

TRIES, PAUSE_SECONDS = 5, 0.02  # `holder_of` has a free lock for a moment, too
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL})


class FileLock:
    """The lock of `campaign.db`: the file `campaign.db.lock` beside it, which names the holder."""

    def __init__(self, journal: Path) -> None:
        """Take the lock of *journal*.

        A process that has ended, however it ended, holds no lock: the operating system has freed it.

        Raises:
            JournalError: Another process holds it; the message names that process.
        """
        journal = journal.resolve()  # by whatever name or link it is reached, it is one journal
        path = journal.with_name(journal.name + ".lock")
        file = path.open("a+", encoding="utf-8")
        try:
            _lock_soon(file)
        except OSError as exc:
            holder = _holder(file)
            file.close()
            if exc.errno in _NO_LOCKS:
                raise JournalError(
                    f"{journal}: its file system offers no locks ({exc.strerror}), as some network drives do not, so "
                    "two runs could pay for the same rows; put the journal on a local disk"
                ) from exc
            raise JournalError(f"{journal}: in use by {holder}; wait for it to end, or stop it first") from exc
        file.truncate(0)
        file.write(json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%F %T")}))
        file.flush()
        self._file = file

    def release(self) -> None:
        """Release the lock."""
        self._file.close()


def holder_of(journal: Path) -> str | None:
    """Return which process writes *journal* at present; None if there is none."""
    path = journal.resolve()
    path = path.with_name(path.name + ".lock")
    if not path.exists():
        return None
    with path.open("r+", encoding="utf-8") as file:
        try:
            lock(file)
        except OSError:
            return _holder(file)
        return None


def _lock_soon(file: IO[str]) -> None:
    for _ in range(TRIES - 1):
        with contextlib.suppress(BlockingIOError, PermissionError):
            lock(file)
            return
        time.sleep(PAUSE_SECONDS)
    lock(file)


def _holder(file: IO[str]) -> str:
    with contextlib.suppress(ValueError, KeyError, OSError):
        file.seek(0)
        holder = json.loads(file.read())
        return f"process {holder['pid']} on {holder['host']} since {holder['since']}"
    return "another process"
