"""The order of rows: only a few agents may be under way at once, and meanwhile the rows behind them go first."""

from __future__ import annotations

import math

from heygen_async.bulk.jobs.in_flight import AGENT, InFlight, Registry, Stage
from heygen_async.bulk.jobs.job import Job
from heygen_async.bulk.journal.job_store import JobStore

MAX_AGENTS = 3  # HeyGen's advice for Video Agent: two to three sessions at a time
ASIDE = 1_000  # agents that wait while other rows pass them, at the most: no list is read to its end for them


class AgentQueue:
    """Hands out the rows of a store; no more than a few agents are under way at once."""

    def __init__(self, store: JobStore, registry: Registry, max_agents: int | None = MAX_AGENTS) -> None:
        """Let *max_agents* be under way at once; None means as many as there are slots."""
        self._store = store
        self._registry = registry
        self._most = math.inf if max_agents is None else max_agents

    @property
    def waiting(self) -> int:
        """The number of rows that were taken from the store and wait for their turn."""
        return self._registry.count(Stage.SET_ASIDE)

    async def next(self, ticket: object) -> InFlight | Job | None:
        """Return the row whose turn it is, in stage SLOTTED; None if there is none now.

        If no row is `waiting` either, the store is at its end. A job that can never be sent is returned as it is.
        """
        if self.waiting and self.has_room:
            row = next(iter(self._registry.at(Stage.SET_ASIDE)))
            self._registry.advance(row, Stage.SLOTTED, ticket=ticket)
            return row
        while self.waiting < ASIDE:
            job = await self._store.next()
            if job is None or job.problem is not None:
                return job
            if job.request.kind != AGENT or job.step != "submit" or self.has_room:
                return self._registry.take(job, ticket=ticket)
            self._registry.take(job, Stage.SET_ASIDE)
        return None

    @property
    def has_room(self) -> bool:
        """True if one more agent may be under way now."""
        return self._registry.agents < self._most
