"""Several workers on one database: one is killed, one frozen, one stopped, PostgreSQL crashes, and answers are lost.

Every row ends without a person's help and is charged once, and the workers never use more render slots than the cap.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from heygen_async.simulator import World
from tests.helpers.fleet import chaos_faults, charged_texts, fleet, people
from tests.helpers.postgres import Postgres

pytestmark = pytest.mark.chaos

SPEED = 40.0
CAP = 6
FROZEN_SECONDS = 20.0  # of real time: longer than the lease of a worker
DIRECT, AGENTS = 24, 4
ROWS = DIRECT + AGENTS
SEEDS = int(os.environ.get("CHAOS_SEEDS", "1"))  # `make soak` plays more of them


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("max_in_flight", [CAP, 3 * CAP])
def test_a_dead_worker_and_a_crashed_database(
    database_server: Postgres, database: str, tmp_path: Path, max_in_flight: int, seed: int
) -> None:
    """All rows end and the cap holds: with a cap below the account's slots, and with one of three times the slots."""
    slots = 5 * CAP if max_in_flight == CAP else CAP
    world = World(seed=seed, slots=slots, render_seconds=lambda _: 20.0, thinking_seconds=10.0, faults=chaos_faults())
    with fleet(world, database, tmp_path, speed=SPEED) as crew:
        crew.enqueue(people(DIRECT, AGENTS), max_in_flight=max_in_flight)
        crew.start(3)
        assert crew.until(lambda: crew.account.charges >= 0.4 * ROWS, 120), crew.logs()
        crew.kill()
        frozen = crew.freeze(FROZEN_SECONDS)
        assert crew.until(lambda: crew.account.charges >= 0.6 * ROWS, 120), crew.logs()
        database_server.restart("immediate")
        assert crew.until(lambda: crew.account.charges >= 0.8 * ROWS, 120), crew.logs()
        frozen.join()
        assert crew.stop(1) == [0], crew.logs()
        assert crew.until(crew.is_over, 240), crew.logs()
        assert crew.unsettled() == [], crew.logs()
        assert crew.counts() == {"completed": ROWS}
        assert crew.stop() == [0]
        texts = crew.account.ask(charged_texts)
        assert sorted(texts) == sorted(set(texts)), "a row was charged twice"
        assert len(texts) == ROWS
        assert crew.account.ask(lambda seen: seen.peak_rendering) <= CAP + 1
