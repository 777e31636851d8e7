"""The sign of life of a worker, given in a thread of its own, which also notices that other workers have died.

The database's clock decides. A worker without a sign of life for `LEASE_SECONDS`, or whose connection has ended, is
removed from the table of workers in one statement with its leases, so it can do no more.
"""

from __future__ import annotations

import contextlib
import logging
import random
import select
import socket
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs

from heygen_async.bulk.journal.postgres_connection import connect, driver
from heygen_async.errors import JournalError
from heygen_async.workers.fleet_tables import BEAT_SECONDS, CHANNEL, LEASE_SECONDS, LOST_LOCK_SECONDS

if TYPE_CHECKING:
    import psycopg

logger: logging.Logger = logging.getLogger("heygen_async")

# A restarted server frees all locks, and after a cut all signs of life are old: first let the others come back.
SETTLE_SECONDS = 6.0

_BEAT = """
WITH me AS (UPDATE workers SET seen = clock_timestamp() WHERE name = %(me)s RETURNING 1),
duty AS (
    UPDATE limits SET feeder = %(me)s WHERE account = %(account)s AND EXISTS (SELECT 1 FROM workers WHERE name = %(me)s)
    AND (feeder IS NULL OR NOT EXISTS (SELECT 1 FROM workers WHERE name = feeder)) RETURNING 1
)
SELECT %(me)s, (SELECT count(*) FROM me) = 1, (SELECT count(*) FROM duty) = 1,
(SELECT paused FROM limits WHERE account = %(account)s),
NOT EXISTS (SELECT 1 FROM campaigns WHERE account = %(account)s AND drained < revision AND stopped IS NULL)
AND NOT EXISTS (SELECT 1 FROM leases JOIN campaigns ON name = campaign WHERE account = %(account)s),
EXISTS (SELECT 1 FROM workers WHERE account = %(account)s AND stores_files),
(SELECT coalesce(sum(revision), 0)::bigint FROM campaigns WHERE account = %(account)s)
"""
_BURY = """
WITH dead AS (
    DELETE FROM workers WHERE name <> %(me)s AND (
        seen < clock_timestamp() - %(lease)s * interval '1 second'
        OR seen < clock_timestamp() - %(lost)s * interval '1 second' AND NOT EXISTS (
            SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1
            AND (classid::bigint << 32 | objid::bigint) = lock
        )
    ) RETURNING name
), freed AS (UPDATE leases SET owner = NULL WHERE owner IN (SELECT name FROM dead) RETURNING 1)
SELECT name, (SELECT count(*) FROM freed) FROM dead
"""


@attrs.frozen
class Beat:
    """The facts that a worker learns with each sign of life.

    Attributes:
        worker: Name of the worker.
        is_alive: False if others have taken it for dead.
        is_feeder: True if it has just become the one that admits rows.
        paused: Why no rows are to begin; None if there is no pause.
        is_done: True if nothing is under way and no row waits.
        others_store_files: True if a worker stores the files of campaigns that name no folder.
        revision: Raised whenever a campaign has changed.
    """

    worker: str
    is_alive: bool
    is_feeder: bool
    paused: str | None
    is_done: bool
    others_store_files: bool
    revision: int


class Heartbeat:
    """A thread that shows every `BEAT_SECONDS` that a worker lives, and looks after the others.

    Attributes:
        is_away: True while the database cannot be reached.
    """

    def __init__(
        self,
        address: str,
        account: str,
        lock: int,
        on_beat: Callable[[Beat], None],
        on_notice: Callable[[str], None],
    ) -> None:
        """Prepare the thread; *on_beat* and *on_notice* are called in it.

        Args:
            address: Address of the database.
            account: Account of the worker.
            lock: Number of the advisory lock that is held while the connection lives.
            on_beat: Called after each sign of life. It comes at once if another process tells of a change.
            on_notice: Called with the name of each worker that has new rows.
        """
        self._address = address
        self._values: dict[str, Any] = {"account": account, "lease": LEASE_SECONDS, "lost": LOST_LOCK_SECONDS}
        self._lock = lock
        self._on_beat = on_beat
        self._on_notice = on_notice
        self._stopped = threading.Event()
        self._bell, self._ringing = socket.socketpair()
        self._connection: psycopg.Connection[Any] | None = None
        self._connected_at = 0.0
        self.is_away: bool = False
        self._thread = threading.Thread(target=self._run, name="heygen-heartbeat", daemon=True)

    def begin(self, worker: str) -> None:
        """Show from now on that *worker* lives, which has been enlisted."""
        self._values = {**self._values, "me": worker}
        if not self._thread.is_alive():
            self._thread.start()
        self._ring()

    def stop(self) -> None:
        """End the thread, which closes its connection."""
        self._stopped.set()
        self._ring()

    def join(self, seconds: float) -> None:
        """Wait for the end of the thread."""
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _ring(self) -> None:
        with contextlib.suppress(OSError):  # the thread has ended
            self._bell.send(b"!")

    def _wait(self, seconds: float) -> None:
        """Wait for the next beat, or until somebody rings or tells something in the database."""
        sources: list[Any] = [self._ringing]
        if self._connection is not None and not self._connection.closed:
            sources.append(self._connection)
        if self._ringing in select.select(sources, [], [], seconds)[0]:
            self._ringing.recv(4096)

    def _run(self) -> None:
        try:
            while not self._stopped.is_set():
                with contextlib.suppress(driver().Error, JournalError):
                    self._on_beat(self._beat(self._values))
                self._wait(BEAT_SECONDS * random.uniform(0.9, 1.1))  # noqa: S311 - not a secret
        finally:
            self._bell.close()
            self._ringing.close()
            if self._connection is not None:
                self._connection.close()

    def _beat(self, values: dict[str, Any]) -> Beat:
        try:
            connection = self._connected()
            beat = Beat(*connection.execute(_BEAT, values).fetchall()[0])
            if beat.is_alive and time.monotonic() - self._connected_at > SETTLE_SECONDS:
                for name, count in connection.execute(_BURY, values).fetchall():
                    logger.warning("worker %s is dead; the others go on with its %d rows", name, count)
        except driver().Error as exc:
            if not self.is_away:
                self.is_away = True
                logger.warning("the database is away, waiting for it: %s", str(exc).strip().splitlines()[0])
            raise
        if self.is_away:
            self.is_away = False
            logger.warning("the database is back")
        return beat

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = None
            self._connection = connect(self._address)
            self._connected_at = time.monotonic()
            self._connection.execute("SELECT pg_try_advisory_lock(%s)", (self._lock,))
            self._connection.add_notify_handler(lambda notice: self._on_notice(notice.payload))
            self._connection.execute(f"LISTEN {CHANNEL}")
        return self._connection
