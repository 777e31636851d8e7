"""Locks in PostgreSQL that their holders lose when they die, whatever they die of: so others see who is dead."""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING, Any

from heygen_async.bulk.journal.postgres import connect, driver

if TYPE_CHECKING:
    import psycopg


class AdvisoryLock:
    """Locks by name, on a connection of their own. Not for two threads at once."""

    def __init__(self, address: str) -> None:
        """Take locks in the database at *address*; connects when it is first needed."""
        self._address = address
        self._connection: psycopg.Connection[Any] | None = None

    def take(self, name: str) -> bool:
        """Take the lock *name* if nobody has it; after a lost connection it is to be taken again.

        Returns whether it is held here now.

        Raises:
            psycopg.Error: The server is out of reach.
        """
        ((taken,),) = self._connected().execute("SELECT pg_try_advisory_lock(%s)", (_number(name),)).fetchall()
        return bool(taken)

    def is_free(self, name: str) -> bool:
        """Whether nobody holds the lock *name*; only looks, so that its owner can take it at the same moment.

        Raises:
            psycopg.Error: The server is out of reach.
        """
        high, low = divmod(_number(name) % (1 << 64), 1 << 32)
        query = (
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objid = %s "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        ((held,),) = self._connected().execute(query, (high, low)).fetchall()
        return not held

    def release(self, name: str) -> None:
        """Give the lock *name* back."""
        self._connected().execute("SELECT pg_advisory_unlock(%s)", (_number(name),))

    def holds(self) -> bool:
        """Whether the connection is still the one on which locks were taken, and answers."""
        if self._connection is None or self._connection.closed:
            return False
        with contextlib.suppress(driver().Error):
            self._connection.execute("SELECT 1")
        return not self._connection.closed

    def close(self) -> None:
        """Let go of all of them."""
        if self._connection is not None:
            self._connection.close()

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = connect(self._address)
        return self._connection


def _number(name: str) -> int:
    """Return PostgreSQL's name for a lock: 64 bits."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
