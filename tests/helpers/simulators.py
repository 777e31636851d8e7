"""Processes of `heygen-async simulate`, forked from one that has imported everything (`python -m` this module).

So they begin at once. This module is both sides of it: `Simulators` sends a line for each simulator, and reads its
process id, its output, and at its end the exit code.
"""

from __future__ import annotations

import contextlib
import gc
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator

from heygen_async import DirectVideo, HeyGen
from heygen_async.simulator import World, run, serve
from tests.helpers.paths import ROOT
from tests.helpers.unmeasured import unmeasured_environment

ENDED = "ended with "


class Simulators:
    """The process that forks the simulators."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.helpers.simulators"]
        environment = {**unmeasured_environment(), "COLUMNS": "200"}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT
        )

    @contextlib.contextmanager
    def run(self) -> Iterator[str]:
        """Run a simulator, 500 times as fast as real time, and yield its address; Ctrl-C ends it, with code 130."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        pid = int(self._line())
        found = re.search(r"http://[\d.]+:\d+", self._line())
        assert found is not None
        try:
            yield found[0]
        finally:
            os.kill(pid, signal.SIGINT)
            while not (line := self._line()).startswith(ENDED):
                pass
            assert line == f"{ENDED}130"

    def close(self) -> None:
        """End the process."""
        self._process.communicate()

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the process of the simulators has ended"
        return line.rstrip("\n")


async def _render() -> None:
    hello = DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="Hi Ada")
    async with serve(World()) as server, HeyGen("simulator-key", base_url=server.base_url) as heygen:
        await heygen.render(hello)


def fork_simulators() -> None:
    """Fork a simulator for each line of the input, one after another."""
    import heygen_async.cli.commands.simulate  # noqa: F401 - what the children need
    from heygen_async.cli.app import main, make_app

    make_app()
    run(_render)  # loads the contract and all modules
    gc.freeze()  # else the collector of each child copies the memory that it shares
    for _ in sys.stdin:
        child = os.fork()
        if not child:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            print(os.getpid(), flush=True)  # noqa: T201 - what the tests read
            try:
                main(["simulate", "--port", "0", "--speed", "500"])
            except SystemExit as exc:
                sys.stdout.flush()
                os._exit(exc.code if isinstance(exc.code, int) else 1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(f"{ENDED}{os.waitstatus_to_exitcode(status)}", flush=True)  # noqa: T201 - as above


if __name__ == "__main__":
    fork_simulators()
