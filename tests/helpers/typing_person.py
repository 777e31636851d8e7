"""A person at a terminal: types a line at each question of a command, and reads what is shown."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Sequence

import attrs

_QUESTION = b": "  # how every question ends
_ROWS = 40


@attrs.frozen(kw_only=True)
class Screen:
    """What a terminal has shown, and the exit code."""

    text: str
    exit_code: int

    @property
    def widest(self) -> int:
        """Length of the longest line, without those that hold an address to be copied."""
        return max(len(line) for line in self.text.splitlines() if "://" not in line)


def type_at_terminal(words: Sequence[str], lines: Sequence[str], *, columns: int = 80) -> Screen:
    """Run `heygen-async` with *words* at a terminal of so many *columns*, and type *lines*, one at each question."""
    terminal, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, columns, 0, 0))
    command = [sys.executable, "-m", "heygen_async.cli", *words]
    env = {**os.environ, "COLUMNS": str(columns)}
    # No fork of this process: it may have threads.
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=env, start_new_session=True
    ) as process:
        os.close(theirs)
        shown, left = b"", list(lines)
        while read := _read(terminal):
            shown += read
            if shown.endswith(_QUESTION) and left:
                os.write(terminal, f"{left.pop(0)}\n".encode())
        os.close(terminal)
    return Screen(text=shown.decode().replace("\r\n", "\n"), exit_code=process.returncode)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux: the command has ended
        return b""
