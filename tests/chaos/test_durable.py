"""Several workers on one database: one dies without a word, one is sent home, PostgreSQL crashes, answers are lost.

Whatever happens: every row ends by itself, each is charged once, and the account's slots are never overrun.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from heygen_async.simulator import World
from tests.helpers.fleet import charged_texts, fleet, people, trouble
from tests.helpers.postgres import Postgres

pytestmark = pytest.mark.chaos

SPEED = 40.0
CAP = 6
DIRECT, AGENTS = 24, 4
ROWS = DIRECT + AGENTS


@pytest.mark.parametrize("told", [CAP, 3 * CAP])
def test_a_dead_worker_and_a_crashed_database(
    database_server: Postgres, database: str, tmp_path: Path, told: int
) -> None:
    """Told the right cap, there is room for more, so that too much would be seen; told too much, there is not."""
    slots = 5 * CAP if told == CAP else CAP
    world = World(slots=slots, render_seconds=lambda _: 20.0, thinking_seconds=10.0, faults=trouble())
    with fleet(world, database, tmp_path, speed=SPEED) as crew:
        crew.enqueue(people(DIRECT, AGENTS), max_in_flight=told)
        crew.start(3)
        assert crew.until(lambda: crew.account.charges >= 0.4 * ROWS, 120), crew.said()
        crew.kill()
        assert crew.until(lambda: crew.account.charges >= 0.6 * ROWS, 120), crew.said()
        database_server.restart("immediate")
        assert crew.until(lambda: crew.account.charges >= 0.8 * ROWS, 120), crew.said()
        assert crew.stop(1) == [0], crew.said()
        assert crew.until(crew.is_over, 240), crew.said()
        assert crew.unsettled() == [], crew.said()
        assert crew.counts() == {"completed": ROWS}
        assert crew.stop() == [0]
        texts = crew.account.ask(charged_texts)
        assert sorted(texts) == sorted(set(texts)), "a row was charged twice"
        assert len(texts) == ROWS
        assert crew.account.ask(lambda seen: seen.peak_rendering) <= CAP + 1
