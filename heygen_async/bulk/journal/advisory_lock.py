"""Advisory locks in PostgreSQL: the server frees them when their holder's connection ends, so a crash is noticed."""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING, Any

from heygen_async.bulk.journal.postgres import connect, driver

if TYPE_CHECKING:
    import psycopg


class AdvisoryLock:
    """Locks by name, held on a connection of their own. Not for use by two threads at once."""

    def __init__(self, address: str) -> None:
        """Take locks in the database at *address*; the connection is opened at the first use."""
        self._address = address
        self._connection: psycopg.Connection[Any] | None = None

    def take(self, name: str) -> bool:
        """Take the lock *name* if it is free, and return True if it is held here now.

        A lost connection loses all locks; take them again after it.

        Raises:
            psycopg.Error: The server is out of reach.
        """
        ((taken,),) = self._connected().execute("SELECT pg_try_advisory_lock(%s)", (_number(name),)).fetchall()
        return bool(taken)

    def is_free(self, name: str) -> bool:
        """Return True if the lock *name* is free, without taking it, so that its owner can take it meanwhile.

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
        """Release the lock *name*."""
        self._connected().execute("SELECT pg_advisory_unlock(%s)", (_number(name),))

    def holds(self) -> bool:
        """Return True if the connection on which the locks were taken is open and answers."""
        if self._connection is None or self._connection.closed:
            return False
        with contextlib.suppress(driver().Error):
            self._connection.execute("SELECT 1")
        return not self._connection.closed

    def close(self) -> None:
        """Close the connection, which releases all locks."""
        if self._connection is not None:
            self._connection.close()

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = connect(self._address)
        return self._connection


def _number(name: str) -> int:
    """Return the 64-bit number under which PostgreSQL knows the lock."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
