"""Several workers on one PostgreSQL, each a process of the command line on this machine.

The account is a simulator in a thread, which goes on while workers are killed and PostgreSQL is restarted. All run in
compressed time, except the database and its queue, whose pauses are real.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self, TextIO, TypeVar

import attrs

from heygen_async import Journal
from heygen_async.errors import JournalError
from heygen_async.simulator import (
    CompressedTimeLoop,
    DropAfterAccept,
    DropBefore,
    ErrorAnswer,
    Fault,
    Slow,
    World,
    serve,
)
from heygen_async.workers.fleet_status import fleet_status
from tests.helpers.unmeasured import unmeasured_environment

T = TypeVar("T")

COMMAND = [sys.executable, "-m", "heygen_async.cli"]
LOOK_SECONDS = 0.25


def chaos_faults() -> list[Fault]:
    """Return the faults of the chaos tests: lost answers, 5xx for accepted requests, slow answers, lost connections."""
    return [
        DropAfterAccept(probability=0.2),
        ErrorAnswer(method="POST", status=500, after_accept=True, probability=0.1),
        ErrorAnswer(status=503, probability=0.1),
        DropBefore(probability=0.05),
        Slow(method="POST", seconds=20, probability=0.2),
    ]


class Account:
    """A simulator in a thread of its own, *speed* times as fast as real time."""

    def __init__(self, world: World, speed: float) -> None:
        self.world = world
        self.speed = speed
        self.base_url = ""
        self._loop = CompressedTimeLoop(speed)
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._servers = AsyncExitStack()

    def __enter__(self) -> Self:
        self._thread.start()
        self.base_url = self._await(self._servers.enter_async_context(serve(self.world))).base_url
        return self

    def __exit__(self, *_: object) -> None:
        self._await(self._servers.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def ask(self, question: Callable[[World], T]) -> T:
        """Call *question* with the world in the thread of the simulator, and return the result."""

        async def answer() -> T:
            return question(self.world)

        return self._await(answer())

    @property
    def charges(self) -> int:
        """Number of renders that were charged."""
        return self.ask(lambda world: len(world.ledger))

    def _await(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()


@attrs.define
class Fleet:
    """Workers on one database.

    Attributes:
        account: The simulated account that renders.
        database: Address of the database of the journal and the queue.
        folder: Folder for the campaign's files and the logs of the workers.
        workers: Processes of the workers that run.
        killed: Number of workers that were killed.
        files: Folder for the files of all workers; None leaves them at HeyGen.
    """

    account: Account
    database: str
    folder: Path
    workers: list[subprocess.Popen[bytes]] = attrs.field(factory=list)
    killed: int = 0
    files: Path | None = None
    _logs: list[TextIO] = attrs.field(factory=list)

    def write(self, rows: Iterator[dict[str, str]], *, max_in_flight: int) -> tuple[Path, Path]:
        """Write a campaign file and a contact list with the columns `name` and `mode`."""
        campaign, leads = self.folder / "campaign.toml", self.folder / "leads.csv"
        files = "false" if self.files is None else f"true\nfolder = '{self.files}'"
        campaign.write_text(CAMPAIGN % (max_in_flight, files), encoding="utf-8")
        with leads.open("w", encoding="utf-8") as file:
            file.write("name,mode\n")
            file.writelines(f"{row['name']},{row['mode']}\n" for row in rows)
        return campaign, leads

    def enqueue(self, rows: Iterator[dict[str, str]], *, max_in_flight: int) -> None:
        """Queue rows with the command `enqueue`."""
        files = map(str, self.write(rows, max_in_flight=max_in_flight))
        number = str(max_in_flight)
        self._run("enqueue", *files, "--database", self.database, "--max-in-flight", number, "--no-preflight")

    def start(self, count: int = 1, *options: str) -> None:
        """Start *count* workers with further *options* of their command."""
        for _ in range(count):
            log = (self.folder / f"worker{len(self._logs)}.log").open("w", encoding="utf-8")
            self._logs.append(log)
            words = ["worker", "--database", self.database, "--on-unknown", "resubmit", *self.where, *options]
            process = subprocess.Popen([*COMMAND, *words], env=environment(), stdout=log, stderr=subprocess.STDOUT)
            self.workers.append(process)

    def kill(self) -> None:
        """Kill the first worker with SIGKILL."""
        victim = self.workers.pop(0)
        victim.kill()
        assert victim.wait() == -signal.SIGKILL, self.logs()
        self.killed += 1

    def freeze(self, seconds: float) -> threading.Timer:
        """Stop the last worker for *seconds* of real time, as a machine that sleeps; the timer ends when it goes on."""
        victim = self.workers[-1]
        victim.send_signal(signal.SIGSTOP)
        timer = threading.Timer(seconds, victim.send_signal, (signal.SIGCONT,))
        timer.start()
        return timer

    def stop(self, count: int | None = None, seconds: float = 30.0) -> list[int]:
        """Terminate the first *count* workers, or all, and return their exit codes."""
        leaving, self.workers = self.workers[:count], self.workers[len(self.workers[:count]) :]
        for worker in leaving:
            worker.terminate()
        return [worker.wait(seconds) for worker in leaving]

    def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until *condition* holds, at most *seconds* of real time, and return False after that.

        A worker that ends by itself meanwhile fails the test.
        """
        end = time.monotonic() + seconds
        while not condition():
            for worker in self.workers:
                assert worker.poll() is None, self.logs()
            if time.monotonic() > end:
                return False
            time.sleep(LOOK_SECONDS)
        return True

    def counts(self) -> Counter[str]:
        """Return the number of rows by state; an empty Counter while PostgreSQL does not answer."""
        try:
            with Journal(self.database, read_only=True) as journal:
                return Counter(journal.counts())
        except JournalError:
            return Counter()

    def is_over(self) -> bool:
        """Return True if no worker has rows left; rows that have not ended then wait for a person."""
        try:
            status = fleet_status(self.database)
        except JournalError:
            return False  # PostgreSQL does not answer
        return not any(one.under_way or one.rows.get("planned") for one in status.campaigns)

    def unsettled(self) -> list[str]:
        """Return a line about each row that is not completed."""
        with Journal(self.database, read_only=True) as journal:
            return [
                f"row {row.id}, {row.kind}: {row.state}, {row.error_code}, {row.error}"
                for row in journal.records()
                if row.state != "completed"
            ]

    def logs(self) -> str:
        """Return the last lines of all workers' logs."""
        ends = [Path(log.name).read_text(encoding="utf-8")[-2000:] for log in self._logs]
        return "\n".join(f"-- worker {number}\n{end}" for number, end in enumerate(ends))

    def close(self) -> None:
        """Kill the workers that are left."""
        for worker in self.workers:
            worker.kill()
            worker.wait()
        for log in self._logs:
            log.close()

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers that run."""
        return [worker.pid for worker in self.workers]

    @property
    def where(self) -> list[str]:
        """Options of a command that uses the simulator."""
        return ["--base-url", self.account.base_url, "--speed", f"{self.account.speed:g}"]

    def _run(self, *words: str) -> None:
        done = subprocess.run([*COMMAND, *words], env=environment(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


CAMPAIGN = """\
mode = "direct"

[request]
avatar_id = "look_anna"
voice_id = "voice_warm"
script = "Hi {{ name }}"
prompt = "A welcome for {{ name }}"

[columns]
mode = "mode"

[run]
max_in_flight = %d
on_unknown = "resubmit"

[downloads]
enabled = %s
"""


def environment() -> dict[str, str]:
    """Return the environment of a worker, without coverage: a killed process writes no measurements."""
    return {**unmeasured_environment(), "HEYGEN_API_KEY": "simulator-key", "HEYGEN_CONFIG_DIR": os.devnull}


def people(direct: int, agents: int) -> Iterator[dict[str, str]]:
    """Yield *direct* rows and *agents* rows; the agents are spread over the list."""
    every = max(1, (direct + agents) // agents) if agents else direct + 1
    numbers = itertools.count(1)
    while direct or agents:
        number = next(numbers)
        if agents and (number % every == 0 or not direct):
            agents -= 1
            yield {"name": f"Agent {number}", "mode": "agent"}
        else:
            direct -= 1
            yield {"name": f"Ada {number}", "mode": "direct"}


@contextlib.contextmanager
def fleet(world: World, database: str, folder: Path, *, speed: float) -> Iterator[Fleet]:
    """Serve *world*, and yield a fleet that has no workers yet."""
    with Account(world, speed) as account:
        made = Fleet(account, database, folder)
        try:
            yield made
        finally:
            made.close()


def charged_texts(world: World) -> list[str]:
    """Return the script or prompt of each charge; every row must have exactly one."""
    return [str(charge.body.get("script") or charge.body.get("prompt")) for charge in world.ledger]
