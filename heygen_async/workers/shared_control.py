"""Limits that all workers of an account share: how many renders it takes, and why workers are paused.

The limit is learnt as in `account/render_pool.py`, but for all workers together: a refusal that one worker meets lowers
the limit of all, and it is raised again one render at a time.
"""

from __future__ import annotations

from typing import Any

import attrs

from heygen_async.account.render_pool import PROBE_SECONDS
from heygen_async.errors import InvalidInputError
from heygen_async.workers.fleet_tables import FleetTables, checked_count

PROBE_AGAIN_SECONDS = 15.0  # after the limit was raised by one

_NOW = "extract(epoch FROM clock_timestamp())"  # clocks of workers may differ; the server's is one for all
_COLUMNS = "wanted, agents, cap, refused_at, paused, per_second"
# The renders that run, and the rows that are about to be sent.
_RUNNING = (
    "(SELECT count(*) FROM leases JOIN jobs ON id = job_id JOIN campaigns ON name = campaign "
    "WHERE campaigns.account = limits.account AND holds_slot AND state = 'submitted')"
)


@attrs.frozen
class SharedState:
    """Limits of all workers, and the reason of a pause.

    Attributes:
        wanted: Most renders at once, as a person asked.
        agents: Most Video Agents among these renders.
        cap: Most renders at once that the account takes, learnt from refusals; at most `wanted`.
        refused_at: Unix time of the last refusal; None if there was none.
        paused: Why no worker begins new rows; None if the workers are not paused.
        per_second: Most rows that begin in a second; None for no limit.
    """

    wanted: int
    agents: int
    cap: int
    refused_at: float | None = None
    paused: str | None = None
    per_second: float | None = None

    def __str__(self) -> str:
        """Describe the state in one line, as `heygen-async status` prints it."""
        if self.paused is not None:
            return f"paused: {self.paused}"
        learnt = "" if self.cap == self.wanted else f" (HeyGen takes {self.cap} now)"
        return f"at most {self.wanted} render at once{learnt}, {self.agents} agents among them"

    @property
    def admitted(self) -> tuple[int, int]:
        """The limits that apply now: renders at once, and agents among them; zeros during a pause."""
        return (0, 0) if self.paused is not None else (self.cap, min(self.agents, self.cap))


class Control:
    """Reads and changes the limits of an account, which stand in the database of a journal."""

    def __init__(self, tables: FleetTables, account: str = "") -> None:
        """Change the limits of *account* in *tables*."""
        self._backend = tables.backend
        self._account = account

    def begin(self, wanted: int, agents: int, per_second: float | None = None) -> SharedState:
        """Set the limits to *wanted* renders at once and *agents* among them; the learnt limit is reset.

        Raises:
            InvalidInputError: A number is below 1.
        """
        limits = checked_count("max_in_flight", wanted), checked_count("max_agents", agents)
        return self._change(
            "INSERT INTO limits (account, wanted, agents, cap, per_second) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (account) DO UPDATE SET wanted = excluded.wanted, agents = excluded.agents, "
            "cap = excluded.cap, per_second = excluded.per_second, refused_at = NULL",
            self._account,
            *limits,
            wanted,
            per_second,
        )

    def state(self) -> SharedState | None:
        """Read the shared state; None before the first row was queued."""
        query = f"SELECT {_COLUMNS} FROM limits WHERE account = ?"  # noqa: S608 - our own names
        found = self._backend.rows(query, (self._account,))
        return SharedState(*found[0]) if found else None

    def refused(self) -> SharedState:
        """Lower the limit to the number of renders that run: HeyGen refused one more."""
        return self._update(f"cap = greatest(1, least(cap, {_RUNNING})), refused_at = {_NOW}")

    def accepted(self) -> SharedState:
        """Raise the limit to the number of renders that run if it is lower: HeyGen accepted that many."""
        return self._update(f"cap = least(wanted, greatest(cap, {_RUNNING}))")

    def probe(self) -> SharedState:
        """Raise the limit by one if the last refusal is `PROBE_SECONDS` old.

        The next one is due after `PROBE_AGAIN_SECONDS`, unless the first is refused.
        """
        return self._update(
            f"cap = cap + 1, refused_at = {_NOW} - {PROBE_SECONDS - PROBE_AGAIN_SECONDS}",
            f"AND cap < wanted AND refused_at < {_NOW} - {PROBE_SECONDS}",
        )

    def pause(self, why: str) -> SharedState:
        """Stop all workers from beginning new rows. A pause that is on keeps its first reason."""
        return self._update("paused = coalesce(paused, ?)", "", why)

    def resume(self) -> SharedState:
        """End the pause."""
        return self._update("paused = NULL")

    def _update(self, change: str, condition: str = "", *values: Any) -> SharedState:
        return self._change(
            f"UPDATE limits SET {change} WHERE account = ? {condition}",  # noqa: S608 - our own words
            *values,
            self._account,
        )

    def _change(self, query: str, *values: Any) -> SharedState:
        def change() -> SharedState | None:
            self._backend.execute(query, values)
            return self.state()

        found = self._backend.atomically(change)
        if found is None:
            raise InvalidInputError("nothing has been queued in this database yet: heygen-async enqueue begins")
        return found
