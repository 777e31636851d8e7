"""Signals that several processes share by PostgreSQL: a delivery that reaches one of them wakes the runs of all.

HeyGen delivers an event once, to whichever process of a web application the load balancer picks. The run that waits for
it may be in another one, or on another machine. `NOTIFY` carries the id there, through the database of the journal.
"""

from __future__ import annotations

import contextlib
import logging
import re
import uuid
import weakref
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import anyio

from heygen_async.bulk.journal.postgres_connection import KEEPALIVES, driver, without_password
from heygen_async.bulk.watch.signals import HasSignals, Signals, source_of
from heygen_async.errors import JournalError
from heygen_async.webhooks.event_queue import EventQueue

if TYPE_CHECKING:
    import psycopg

CHANNEL = "heygen_ended"
MOST_UNREAD = 1024  # ids of one loop; beyond it the oldest are dropped
AGAIN_SECONDS = 5.0  # between tries while the database is away
_ID = re.compile(r"[\w.~-]{1,200}")  # an unsigned delivery may name anything

logger: logging.Logger = logging.getLogger("heygen_async")


class SharedSignals:
    """Ids of renders that have ended, as any process heard of them that shares the database. Use `shared_signals`."""

    def __init__(self, address: str) -> None:
        """Listen in the database at *address*."""
        self._address = address
        self._where = without_password(address)
        self._psycopg = driver()
        self._name = uuid.uuid4().hex
        self._queues: weakref.WeakSet[EventQueue[str]] = weakref.WeakSet()

    def __aiter__(self) -> EventQueue[str]:
        """Begin to listen. Each loop gets the ids from its start on."""
        queue: EventQueue[str] = EventQueue(MOST_UNREAD)
        self._queues.add(queue)
        return queue

    async def open(self) -> psycopg.AsyncConnection[Any]:
        """Return a connection that listens.

        Raises:
            JournalError: The database cannot be reached.
        """
        try:
            connection = await self._connect()
            await connection.execute(f"LISTEN {CHANNEL}")
        except self._psycopg.Error as exc:
            raise JournalError(f"{self._where}: {str(exc).strip().splitlines()[0]}") from exc
        return connection

    async def listen(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Pass on what others tell, until cancelled; a lost *connection* is replaced."""
        while True:
            try:
                async for notice in connection.notifies():
                    teller, _, resource_id = notice.payload.partition(" ")
                    if teller != self._name:
                        self._hear(resource_id)
            except self._psycopg.Error as exc:
                logger.info("%s is away, so no signals come from other processes: %s", self._where, exc)
            finally:
                await _close(connection)
            connection = await self._opened_again()

    async def tell(self, heard: Signals) -> None:
        """Pass on what this process hears, to its own runs at once and to all others by the database."""
        connection: psycopg.AsyncConnection[Any] | None = None
        try:
            async for resource_id in heard:
                self._hear(resource_id)
                if not _ID.fullmatch(resource_id):
                    continue
                try:
                    if connection is None or connection.closed:
                        connection = await self._connect()
                    await connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, f"{self._name} {resource_id}"))
                except self._psycopg.Error as exc:
                    logger.info("%s is away, so other processes are not told of %s: %s", self._where, resource_id, exc)
        finally:
            if connection is not None:
                await _close(connection)

    def _hear(self, resource_id: str) -> None:
        for queue in tuple(self._queues):
            queue.put(resource_id)

    async def _opened_again(self) -> psycopg.AsyncConnection[Any]:
        while True:
            await anyio.sleep(AGAIN_SECONDS)
            with contextlib.suppress(JournalError):
                return await self.open()

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        connection: psycopg.AsyncConnection[Any] = await self._psycopg.AsyncConnection.connect(
            self._address, autocommit=True, application_name="heygen-async", **KEEPALIVES
        )
        return connection


@contextlib.asynccontextmanager
async def shared_signals(address: str, heard: HasSignals | Signals | None = None) -> AsyncIterator[SharedSignals]:
    """Share signals with all processes that use the database at *address*, for the length of the block.

        async with shared_signals("postgresql://me@db.example.com/videos", receiver) as signals:
            async with heygen.render_many(requests, watch=signals) as results: ...

    Signals only save time. One that is lost, because the database was away for example, is made up for by the regular
    look at all renders. Behind a connection pooler in transaction mode none arrive: give the address of the server.

    Args:
        address: `postgresql://user@host/name`, such as that of the journal.
        heard: A `Receiver` whose events the other processes are to be told of; None only listens.

    Raises:
        JournalError: The database cannot be reached at the start.
        InvalidInputError: psycopg is not installed.
    """
    shared = SharedSignals(address)
    connection = await shared.open()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(shared.listen, connection)
        if heard is not None:
            tasks.start_soon(shared.tell, source_of(heard))
        try:
            yield shared
        finally:
            tasks.cancel_scope.cancel()


async def _close(connection: psycopg.AsyncConnection[Any]) -> None:
    with anyio.CancelScope(shield=True):
        await connection.close()
