"""More of what a team does with a list: decisions that are taken back, runs that end early, ids that come late.

Each story is a few commands, with the renders that each may be charged for and its exit code.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from heygen_async.simulator import World
from tests.cli.test_stories import PEOPLE, agrees_with_the_ledger, run, write
from tests.helpers.commands import CommandResult

Command = Callable[[], CommandResult]

pytestmark = pytest.mark.usefixtures("_simulator_thread")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(PEOPLE)


class Told:
    """Runs the commands of a story, and compares each with the simulator's ledger."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __call__(self, done: Command, charges: int, exit_code: int) -> CommandResult:
        """Run a command; assert what it was charged for, and its exit code."""
        paid, usd = self._renders, self._world.charged_usd
        result = done()
        assert (self._renders - paid, result.exit_code) == (charges, exit_code), result.output
        if "Charged" in result.output and "At stake" not in result.output:
            agrees_with_the_ledger(result, self._world.charged_usd - usd)
        return result

    @property
    def _renders(self) -> int:
        return len(self._world.ledger)


@pytest.fixture
def step(world: World) -> Told:
    return Told(world)


def ran(*options: str, script: str = "Hi {{ name }}.") -> Command:
    return lambda: run(*options, script=script)


def test_an_option_is_put_back_to_its_default(step: Told) -> None:
    """What was typed counts, also if it is the default; what was not typed is kept."""
    step(ran("--max-in-flight", "1", "--deadline", "900"), 3, 0)
    done = step(ran("--max-in-flight", "10"), 0, 7)
    assert "Kept from this campaign's last run: deadline 900.0\n" in done.output
