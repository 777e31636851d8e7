"""State that all workers share in the database: how many renders the account takes, and why workers are paused.

The limit is learnt as in `account/render_pool.py`, but for all workers together: a refusal that one worker meets lowers
the limit of all, and it is raised again one render at a time.
"""

from __future__ import annotations

from typing import Any

import attrs

from heygen_async.account.render_pool import PROBE_SECONDS
from heygen_async.bulk.journal.postgres import SCHEMA, PostgresBackend
from heygen_async.errors import InvalidInputError

PROBE_AGAIN_SECONDS = 15.0  # after the limit was raised by one

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
_NOW = "extract(epoch FROM clock_timestamp())"  # clocks of workers may differ; the server's is one for all
_COLUMNS = "wanted, agents, cap, refused_at, paused"


@attrs.frozen
class SharedState:
    """Limits of all workers, and the reason of a pause.

    Attributes:
        wanted: Most renders at once, as a person asked.
        agents: Most Video Agents among these renders.
        cap: Most renders at once that the account takes, learnt from refusals; at most `wanted`.
        refused_at: Unix time of the last refusal; None if there was none.
        paused: Why no worker begins new rows; None if the workers are not paused.
    """

    wanted: int
    agents: int
    cap: int
    refused_at: float | None = None
    paused: str | None = None

    def __str__(self) -> str:
        """Describe the state in one line, as `heygen-async status` prints it."""
        if self.paused is not None:
            return f"paused: {self.paused}"
        learnt = "" if self.cap == self.wanted else f" (HeyGen takes {self.cap} now)"
        return f"at most {self.wanted} render at once{learnt}, {self.agents} agents among them"


class Control:
    """Reads and changes the shared state, which stands in the database of a journal."""

    def __init__(self, address: str) -> None:
        """Connect to the database at *address*, which must have a journal.

        Raises:
            JournalError: The database has no journal, or cannot be reached.
        """
        self._tables = PostgresBackend(address, create=False, read_only=False)
        self._tables.atomically(lambda: self._tables.execute(_TABLE))

    def close(self) -> None:
        """Close the connection."""
        self._tables.close()

    def begin(self, wanted: int, agents: int) -> SharedState:
        """Set the limits to *wanted* renders at once and *agents* among them; the learnt limit is reset.

        Raises:
            InvalidInputError: A number is below 1.
        """
        for name, number in (("max_in_flight", wanted), ("max_agents", agents)):
            if type(number) is not int or number < 1:
                raise InvalidInputError(f"{name} {number!r}: must be a whole number from 1")
        return self._change(
            "INSERT INTO control (id, wanted, agents, cap) VALUES (1, ?, ?, ?) ON CONFLICT (id) "
            "DO UPDATE SET wanted = excluded.wanted, agents = excluded.agents, cap = excluded.cap, refused_at = NULL",
            wanted,
            agents,
            wanted,
        )

    def state(self) -> SharedState | None:
        """Read the shared state; None before the first row was queued."""
        found = self._tables.rows(f"SELECT {_COLUMNS} FROM control", ())  # noqa: S608 - our own names
        return SharedState(*found[0]) if found else None

    def refused(self, running: int) -> SharedState:
        """Lower the limit to *running*: HeyGen refused a render while that many ran."""
        return self._change(
            f"UPDATE control SET cap = greatest(1, least(cap, ?)), refused_at = {_NOW}",  # noqa: S608 - the same
            running,
        )

    def accepted(self, running: int) -> SharedState:
        """Raise the limit to *running* if it is lower: HeyGen accepted that many."""
        return self._change("UPDATE control SET cap = least(wanted, greatest(cap, ?))", running)

    def probe(self) -> SharedState:
        """Raise the limit by one if the last refusal is `PROBE_SECONDS` old.

        The next one is due after `PROBE_AGAIN_SECONDS`, unless the first is refused.
        """
        return self._change(
            f"UPDATE control SET cap = cap + 1, refused_at = {_NOW} - ? "  # noqa: S608 - the same
            f"WHERE cap < wanted AND refused_at < {_NOW} - ?",
            PROBE_SECONDS - PROBE_AGAIN_SECONDS,
            PROBE_SECONDS,
        )

    def pause(self, why: str) -> SharedState:
        """Stop all workers from beginning new rows. A pause that is on keeps its first reason."""
        return self._change("UPDATE control SET paused = coalesce(paused, ?)", why)

    def resume(self) -> SharedState:
        """End the pause."""
        return self._change("UPDATE control SET paused = NULL")

    def _change(self, query: str, *values: Any) -> SharedState:
        def change() -> SharedState | None:
            self._tables.execute(query, values)
            return self.state()

        found = self._tables.atomically(change)
        if found is None:
            raise InvalidInputError("nothing has been queued in this database yet: heygen-async enqueue begins")
        return found


def admitted(state: SharedState) -> tuple[int, int]:
    """Return the limits that apply now: renders at once, and agents among them; zeros during a pause."""
    return (0, 0) if state.paused is not None else (state.cap, min(state.agents, state.cap))
