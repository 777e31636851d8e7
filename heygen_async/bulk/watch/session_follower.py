"""The session follower: asks for each agent session by itself until it has named its video."""

from __future__ import annotations

import logging

import anyio
from anyio.abc import TaskGroup

from heygen_async.api.agents.sessions import SESSION_STATUSES, Session
from heygen_async.api.client import Client
from heygen_async.api.handles import polling
from heygen_async.bulk.jobs.in_flight import InFlight, Stage
from heygen_async.bulk.watch.watchlist import Watchlist
from heygen_async.errors import AuthenticationError, HeyGenError, JournalError
from heygen_async.telemetry import for_row

AT_ONCE = 16  # sessions
SESSION_SECONDS = 10.0  # HeyGen's advice for agents: every 10 to 30 s

logger: logging.Logger = logging.getLogger("heygen_async")


class SessionFollower:
    """Follows rows of the Video Agent until their videos are known."""

    def __init__(self, client: Client, watchlist: Watchlist, tasks: TaskGroup) -> None:
        """Ask through *client*, in *tasks*."""
        self._client = client
        self._list = watchlist
        self._tasks = tasks
        self._places = anyio.Semaphore(AT_ONCE, fast_acquire=True)
        self._asked: set[int] = set()  # rows whose sessions are being asked for

    async def run(self) -> None:
        """Look until everything has ended."""
        while not self._list.over:
            now = self._list.clock.now()
            rows = self._nameless()
            for row in rows:
                if row.due <= now:
                    self._asked.add(row.index)
                    self._tasks.start_soon(self._look_at, row)
            next_time = min((row.due for row in rows if row.due > now), default=float("inf"))
            await self._list.wait(next_time)

    def _nameless(self) -> list[InFlight]:
        rendering = self._list.registry.at(Stage.RENDERING)
        return [
            row
            for row in rendering
            if row.session_id is not None and row.video_id is None and row.index not in self._asked
        ]

    async def _look_at(self, row: InFlight) -> None:
        row.due = self._list.clock.now() + SESSION_SECONDS
        try:
            async with self._places:
                with for_row(row.run, row.index):
                    session = await self._client.video_agents.get(row.session_id or "")
            await self._heed(row, session)
        except (AuthenticationError, JournalError):
            raise
        except HeyGenError as exc:
            if not exc.retryable:
                await self._list.missed(row, exc)
                return
            logger.info("looking failed, will look again: %s", exc.gist)
            await self._list.unseen(row, exc)
        finally:
            self._asked.discard(row.index)
            self._list.changed.notify()

    async def _heed(self, row: InFlight, session: Session) -> None:
        polling.note_status(session.status, SESSION_STATUSES)
        if session.begun_video_id is not None:
            row.video_id = session.begun_video_id
            await self._list.listener.named([row])
        elif session.status == "failed":
            self._list.rendered(row, "failed")
            await self._list.end(row, session.failure())
        else:
            await self._list.seen(row)
