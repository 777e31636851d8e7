"""Run lanes of make targets side by side: `python .ci/side_by_side.py make "tests coverage" "chaos wheel" "floors"`.

The targets of a lane run one after another, the lanes at the same time, because most tests wait now and then. What the
first lane prints is shown at once, that of the others when they end. The first failure ends all lanes.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time

PAUSE = 0.2


def start(command: list[str], output: int | None) -> subprocess.Popen[bytes]:
    """Start a command in a process group of its own, so that all that it starts can be ended."""
    return subprocess.Popen(command, stdout=output, stderr=output and subprocess.STDOUT, start_new_session=True)


def main(make: str, *lanes: str) -> int:
    """Run the lanes, and return the first exit code that is not 0."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with contextlib.ExitStack() as files:
        outputs = [None, *(files.enter_context(tempfile.TemporaryFile()) for _ in lanes[1:])]
        running = {
            start([make, *lane.split()], output and output.fileno()): output
            for lane, output in zip(lanes, outputs, strict=True)
        }
        try:
            while running:
                time.sleep(PAUSE)
                for process in [one for one in running if one.poll() is not None]:
                    if (output := running.pop(process)) is not None:
                        output.seek(0)
                        sys.stdout.buffer.write(output.read())
                        sys.stdout.flush()
                    if process.returncode:
                        return process.returncode
        finally:
            for process in running:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)
                process.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
