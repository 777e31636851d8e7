"""Which row is next: agents may only be few at a time, and meanwhile the rows behind them go first."""

from __future__ import annotations

import math
from collections import deque

import anyio

from heygen_async.bulk.jobs.job import Job
from heygen_async.bulk.journal.job_store import JobStore
from heygen_async.errors import InvalidInputError

MAX_AGENTS = 3  # HeyGen's advice for Video Agent: two to three sessions at a time
ASIDE = 1_000  # agent rows that wait while others pass them, at the most: a list is never read to its end for them
_AGENT = "video_agent"


class AgentQueue:
    """Hands out the rows of *store*; of agents no more than *max_agents* are under way at once."""

    def __init__(self, store: JobStore, max_agents: int | None = MAX_AGENTS) -> None:
        """Let *max_agents* be under way at once; None is as many as there are slots.

        Raises:
            InvalidInputError: That is no number from 1.
        """
        if max_agents is not None and (type(max_agents) is not int or max_agents < 1):
            raise InvalidInputError(f"max_agents {max_agents!r}: must be a whole number from 1, or None")
        self._store = store
        self._most = math.inf if max_agents is None else max_agents
        self._aside: deque[Job] = deque()
        self._under_way: set[int] = set()
        self._changed = anyio.Event()

    @property
    def waiting(self) -> int:
        """How many rows were taken from the store and not handed out yet."""
        return len(self._aside)

    async def next(self) -> Job | None:
        """Return the row whose turn it is; None if there is none now, or, with none `waiting`, none at all."""
        if self._aside and len(self._under_way) < self._most:
            return self.taken(self._aside.popleft())
        while len(self._aside) < ASIDE:
            job = await self._store.next()
            if job is None or not self._must_wait(job):
                return None if job is None else self.taken(job)
            self._aside.append(job)
        return None

    def taken(self, job: Job) -> Job:
        """Note that *job* is on its way, and return it."""
        if job.request.kind == _AGENT:
            self._under_way.add(job.index)
        return job

    def ended(self, row: int) -> None:
        """The slot of a row is free again."""
        if row in self._under_way:
            self._under_way.discard(row)
            changed, self._changed = self._changed, anyio.Event()
            changed.set()

    async def news(self) -> None:
        """Return when an agent has ended. Whoever waits here must hold no render slot."""
        await self._changed.wait()

    def _must_wait(self, job: Job) -> bool:
        """Whether *job* would be one too many; what an earlier run has sent is under way, room or not."""
        return job.request.kind == _AGENT and job.step == "submit" and len(self._under_way) >= self._most
