"""Campaigns that are killed with SIGKILL at every journal write and network step, and then resumed.

At every moment of the kill: each row is charged once, every finished video has its file, and no finished row is
reported as failed. The simulator goes on while its clients are killed; all run in compressed time.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from heygen_async import Journal
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
from tests.helpers.unmeasured import unmeasured_environment

pytestmark = pytest.mark.chaos

SPEED = 400.0
MAX_RUNS = 12
PARTS = 4  # of the test, which may run in parallel
HERE = Path(__file__).parent
NAMES = {"Ada", "Zoë", "Bob", "Eve"}


class Stage:
    """A simulator in a thread, and the process that forks the clients to be killed."""

    def __init__(self) -> None:
        self.kills = 0
        self._loop = CompressedTimeLoop(SPEED)
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        command = [sys.executable, str(HERE / "zygote.py")]
        environment = unmeasured_environment()  # a killed process writes no measurements
        self._zygote = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        self._servers = AsyncExitStack()

    def serve(self, world: World) -> str:
        """Serve *world* and return its address."""

        async def begin() -> str:
            return (await self._servers.enter_async_context(serve(world))).base_url

        return asyncio.run_coroutine_threadsafe(begin(), self._loop).result()

    def close_servers(self) -> None:
        asyncio.run_coroutine_threadsafe(self._servers.aclose(), self._loop).result()

    def run(self, **order: Any) -> dict[str, int]:
        """Run one client until it ends or is killed, and return its exit code and the points that it passed."""
        assert self._zygote.stdin is not None
        assert self._zygote.stdout is not None
        self._zygote.stdin.write(json.dumps({"speed": SPEED, "submit": "each", **order}) + "\n")
        self._zygote.stdin.flush()
        answer: dict[str, int] = json.loads(self._zygote.stdout.readline())
        self.kills += answer["code"] == -9
        return answer

    def close(self) -> None:
        self._zygote.communicate()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    opened = Stage()
    yield opened
    opened.close()


def quick_world(faults: list[Fault]) -> World:
    """Return a world in which a render takes 5 seconds."""
    return World(slots=4, render_seconds=lambda _: 5.0, thinking_seconds=5.0, faults=faults)


def check(world: World, journal: Path, folder: Path | None) -> None:
    """Assert one charge for each row, all rows completed, and all files complete."""
    charged = [str(charge.body.get("script") or charge.body.get("prompt")) for charge in world.ledger]
    assert sorted(charged) == sorted(set(charged)), "a row was charged twice"
    assert len(charged) == len(NAMES)
    with Journal(journal, read_only=True) as opened:
        records = list(opened.records())
    assert {record.row["name"] for record in records} == NAMES
    assert {record.state for record in records} == {"completed"}
    assert {record.video_id for record in records} == {charge.video_id for charge in world.ledger}
    if folder is None:
        return
    for record in records:
        assert record.file is not None
        assert Path(record.file).read_bytes()[4:8] == b"ftyp"
    assert not list(folder.glob("*.part"))


def survive(stage: Stage, world: World, folder: Path, kill_at: Callable[[int], int], submit: str = "each") -> list[int]:
    """Run the campaign again and again until every row is done; kill the nth run at point `kill_at(n)`, or never if 0.

    Return the number of points that each run passed.
    """
    base_url = stage.serve(world)
    journal, passed = folder / "c.db", []
    # Downloads do not depend on the way of submitting, so only one of the two ways is killed during downloads.
    out = folder / "out" if submit == "each" else None
    try:
        for n in range(MAX_RUNS):
            order = {"base_url": base_url, "journal": str(journal), "folder": out and str(out), "resume": n > 0}
            answer = stage.run(kill_at=kill_at(n), submit=submit, **order)
            passed.append(answer["points"])
            if answer["code"] == 0 and done(journal, files=out is not None):
                break
        check(world, journal, out)
    finally:
        stage.close_servers()
    return passed


def done(journal: Path, *, files: bool) -> bool:
    with Journal(journal, read_only=True) as opened:
        return all(record.state == "completed" and (record.file or not files) for record in opened.records())


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize(("submit", "at_least"), [("each", 60), ("batch", 30)])
def test_killed_at_every_point(stage: Stage, tmp_path: Path, submit: str, at_least: int, part: int) -> None:
    """A campaign that is killed at any point, resumed and killed again, keeps its promises when it is resumed."""
    (tmp_path / "calm").mkdir()
    before = stage.kills
    (points,) = survive(stage, quick_world([]), tmp_path / "calm", lambda _: 0, submit)
    assert points > at_least
    mine = range(1 + part, points + 1, PARTS)
    for point in mine:
        folder = tmp_path / f"p{point}"
        folder.mkdir()
        again = 1 + point * 7 % 40
        moments = [point, again, 0]
        survive(stage, quick_world([]), folder, lambda n, at=moments: at[min(n, 2)], submit)  # type: ignore[misc]  # mypy and defaults of lambdas
    print(f"{len(mine)} of {points} points, {stage.kills - before} kills survived")  # noqa: T201 - for `pytest -s`
    assert stage.kills - before > 1.5 * len(mine)


@pytest.mark.parametrize("seed", range(12))
def test_killed_among_other_faults(stage: Stage, tmp_path: Path, seed: int) -> None:
    """A campaign with lost answers, 5xx, slow answers and lost connections survives five kills."""
    faults: list[Fault] = [
        DropAfterAccept(probability=0.2),
        ErrorAnswer(method="POST", status=500, after_accept=True, probability=0.1),
        ErrorAnswer(status=503, probability=0.1),
        DropBefore(probability=0.05),
        Slow(method="POST", seconds=20, probability=0.2),
    ]
    world = World(slots=4, seed=seed, render_seconds=lambda _: 5.0, thinking_seconds=5.0, faults=faults)
    before = stage.kills
    submit = "batch" if seed % 3 == 2 else "each"
    survive(stage, world, tmp_path, lambda n: 3 + (seed * 13 + n * 11) % 45 if n < 5 else 0, submit)
    print(f"{stage.kills} kills survived so far")  # noqa: T201 - for `pytest -s`
    assert stage.kills > before
