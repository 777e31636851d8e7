"""The least that a run of such a size costs: about the requests of `ours` with raw aiohttp, and the journal's changes.

It looks at all renders by a hundred ids a request, reads the details of each that has ended, and commits three changes
of each row to a file like the journal's, four times a second. It does nothing else: no error is handled, nothing is
learnt, and a crash loses rows. Prints seconds of CPU and GETs for each job.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import tempfile
import time

import aiohttp

ORIGIN, JOBS, SLOTS, SPEED = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
TICK, COMMIT, AT_ONCE = float(sys.argv[5]), 0.25, 100


class Run:
    """One run: rows, looks and commits side by side."""

    def __init__(self, session: aiohttp.ClientSession, journal: sqlite3.Connection) -> None:
        self.session, self.journal = session, journal
        self.ends: dict[str, asyncio.Event] = {}
        self.changes: list[tuple[str, int, str]] = []
        self.is_written = asyncio.Event()
        self.gets = 0

    async def render(self, slots: asyncio.Semaphore, number: int) -> None:
        """Take one row from its intent to its end."""
        body = {"type": "avatar", "avatar_id": "look_anna", "voice_id": "voice_warm", "script": "Hi " + "x" * 160}
        async with slots:
            await self.write("intended", number)
            async with self.session.post(f"{ORIGIN}/v3/videos", json=body) as answer:
                video_id = (await answer.json())["data"]["video_id"]
            await self.write("submitted", number)
            ended = self.ends[video_id] = asyncio.Event()
            await ended.wait()
        await self.get(f"/v3/videos/{video_id}")
        await self.write("completed", number)

    async def get(self, path: str) -> object:
        """Return the data of one answer."""
        self.gets += 1
        async with self.session.get(ORIGIN + path) as answer:
            return (await answer.json())["data"]

    async def write(self, state: str, number: int) -> None:
        """Return when a change is on disk."""
        self.changes.append((state, number, "{}"))
        await self.is_written.wait()

    async def commit(self) -> None:
        """Commit what has changed."""
        while True:
            await asyncio.sleep(COMMIT / SPEED)
            if changes := self.changes:
                self.changes, written = [], self.is_written
                self.is_written = asyncio.Event()
                with self.journal:
                    self.journal.execute("BEGIN IMMEDIATE")
                    for state, number, text in changes:
                        self.journal.execute("UPDATE jobs SET state = ?, links = ? WHERE id = ?", (state, text, number))
                written.set()

    async def look(self) -> None:
        """Look at all renders, and wake the rows that have ended."""
        while True:
            await asyncio.sleep(TICK / SPEED)
            ids = list(self.ends)
            for first in range(0, len(ids), AT_ONCE):
                found = await self.get(f"/v3/videos/statuses?video_ids={','.join(ids[first : first + AT_ONCE])}")
                assert isinstance(found, list)
                for entry in found:
                    if entry["status"] == "completed":
                        self.ends.pop(entry["video_id"]).set()


async def main(folder: str) -> None:
    journal = sqlite3.connect(f"{folder}/journal.db", isolation_level=None)
    journal.executescript(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; "
        "CREATE TABLE jobs (id INTEGER PRIMARY KEY, state TEXT, links TEXT)"
    )
    journal.executemany("INSERT INTO jobs VALUES (?, 'planned', NULL)", ((number,) for number in range(JOBS)))
    slots = asyncio.Semaphore(SLOTS)
    began = time.process_time()
    async with aiohttp.ClientSession(headers={"x-api-key": "key"}) as session:
        run = Run(session, journal)
        beside = [asyncio.create_task(run.commit()), asyncio.create_task(run.look())]
        await asyncio.gather(*(run.render(slots, number) for number in range(JOBS)))
        for task in beside:
            task.cancel()
    print(json.dumps({"cpu": (time.process_time() - began) / JOBS, "gets": run.gets / JOBS}))


with tempfile.TemporaryDirectory() as name:
    asyncio.run(main(name))
