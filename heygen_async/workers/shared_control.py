"""What all workers must know at once: how many renders the account takes now, and whether the campaign is paused.

As a pool in one process (`pool.py`), only that the number stands in the database: a refusal anywhere clamps it for all,
and it is raised again with care.
"""

from __future__ import annotations

from typing import Any

import attrs

from heygen_async.account.render_pool import PROBE_AGAIN_SECONDS, PROBE_SECONDS
from heygen_async.bulk.journal.postgres import SCHEMA, PostgresBackend
from heygen_async.errors import InvalidInputError

_TABLE = f"""
CREATE TABLE IF NOT EXISTS {SCHEMA}.control (
    id INTEGER PRIMARY KEY,
    wanted INTEGER NOT NULL,
    agents INTEGER NOT NULL,
    cap INTEGER NOT NULL,
    refused_at DOUBLE PRECISION,
    paused TEXT
)
"""
_NOW = "extract(epoch FROM clock_timestamp())"  # the server's clock is everybody's
_COLUMNS = "wanted, agents, cap, refused_at, paused"


@attrs.frozen
class State:
    """What is so now.

    Attributes:
        wanted: Renders at once that were asked for.
        agents: Of them agents.
        cap: Renders at once that the account takes, as far as refusals have told.
        refused_at: Unix time of the last refusal.
        paused: Why nothing new is begun; None if it is.
    """

    wanted: int
    agents: int
    cap: int
    refused_at: float | None = None
    paused: str | None = None

    def __str__(self) -> str:
        """Say it."""
        if self.paused is not None:
            return f"paused: {self.paused}"
        learnt = "" if self.cap == self.wanted else f" (HeyGen takes {self.cap} now)"
        return f"at most {self.wanted} render at once{learnt}, {self.agents} agents among them"


class Control:
    """The numbers, in the database of a journal."""

    def __init__(self, address: str) -> None:
        """Open them in the database at *address*, which has a journal.

        Raises:
            JournalError: It has none, or is out of reach.
        """
        self._tables = PostgresBackend(address, create=False, read_only=False)
        self._tables.atomically(lambda: self._tables.execute(_TABLE))

    def close(self) -> None:
        """Close the connection."""
        self._tables.close()

    def begin(self, wanted: int, agents: int) -> State:
        """Ask for so many renders at once, so many agents among them; what was learnt is forgotten.

        Raises:
            InvalidInputError: A number is below 1.
        """
        for name, number in (("max_in_flight", wanted), ("max_agents", agents)):
            if type(number) is not int or number < 1:
                raise InvalidInputError(f"{name} {number!r}: must be a whole number from 1")
        return self._changed(
            "INSERT INTO control (id, wanted, agents, cap) VALUES (1, ?, ?, ?) ON CONFLICT (id) "
            "DO UPDATE SET wanted = excluded.wanted, agents = excluded.agents, cap = excluded.cap, refused_at = NULL",
            wanted,
            agents,
            wanted,
        )

    def state(self) -> State | None:
        """Return what is so now; None before anything was queued."""
        found = self._tables.rows(f"SELECT {_COLUMNS} FROM control", ())  # noqa: S608 - our own names
        return State(*found[0]) if found else None

    def refused(self, running: int) -> State:
        """HeyGen takes no more than the *running* renders now."""
        return self._changed(
            f"UPDATE control SET cap = greatest(1, least(cap, ?)), refused_at = {_NOW}",  # noqa: S608 - the same
            running,
        )

    def accepted(self, running: int) -> State:
        """HeyGen runs so many: there is room for those at least."""
        return self._changed("UPDATE control SET cap = least(wanted, greatest(cap, ?))", running)

    def probe(self) -> State:
        """Admit one more if the last refusal is long past; soon another one, unless this one is refused."""
        return self._changed(
            f"UPDATE control SET cap = cap + 1, refused_at = {_NOW} - ? "  # noqa: S608 - the same
            f"WHERE cap < wanted AND refused_at < {_NOW} - ?",
            PROBE_SECONDS - PROBE_AGAIN_SECONDS,
            PROBE_SECONDS,
        )

    def pause(self, why: str) -> State:
        """Begin nothing new, anywhere; what runs is followed. The first reason stands."""
        return self._changed("UPDATE control SET paused = coalesce(paused, ?)", why)

    def resume(self) -> State:
        """Go on."""
        return self._changed("UPDATE control SET paused = NULL")

    def _changed(self, query: str, *values: Any) -> State:
        def change() -> State | None:
            self._tables.execute(query, values)
            return self.state()

        found = self._tables.atomically(change)
        if found is None:
            raise InvalidInputError("nothing has been queued in this database yet: heygen-async enqueue begins")
        return found


def admitted(state: State) -> tuple[int, int]:
    """Return how many renders, and how many agents among them, may be under way."""
    return (0, 0) if state.paused is not None else (state.cap, min(state.agents, state.cap))
