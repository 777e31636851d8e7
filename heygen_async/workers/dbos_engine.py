"""DBOS, which carries rows to the workers and runs the feeder. No other module imports it, and its public API only.

Two kinds of workflows are all that DBOS knows. A chunk hands some rows to a worker over that worker's queue; it ends
when the worker has them, and the journal's leases say who renders what. The feeder is one durable workflow of an
account; when its worker dies, another worker resumes it.
"""

from __future__ import annotations

import importlib.util
import re
import sys
import urllib.parse
import uuid
from collections.abc import Awaitable, Callable, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, cast

from heygen_async.bulk.journal.postgres import PostgresBackend
from heygen_async.bulk.journal.postgres_connection import KEEPALIVES, driver
from heygen_async.errors import InvalidInputError, JournalError

if TYPE_CHECKING:
    import dbos
    import sqlalchemy

VERSION = "heygen-2"  # DBOS runs workflows of this version only: kept over releases, or they would wait for ever
# Between looks into the queue of a worker with rows, and of one without, which is woken by a notice when it gets some.
POLL_SECONDS, IDLE_SECONDS = 0.5, 10.0
ENDED_SECONDS = 60.0  # chunks that have ended are deleted after so long
_CHUNK, _FEEDER = "heygen-chunk", "heygen-feeder"
_NAME = "heygen-async"

Take = Callable[[str, list[int]], Awaitable[None]]
Feed = Callable[[], Awaitable[None]]


def _library() -> Any:
    """Import DBOS, which is an optional dependency and takes half a second."""
    import dbos  # noqa: PLC0415 - an extra

    return dbos


def check_address(address: str) -> str:
    """Return *address* if workers can share a database there.

    Raises:
        InvalidInputError: *address* is not the address of a PostgreSQL database, or a package is missing.
    """
    if not address.startswith(("postgresql://", "postgres://")):
        raise InvalidInputError(
            f"--database {address!r:.100}: must be as in postgresql://user@host/name: workers share one database, and "
            "a SQLite file has one writer. With one process, `heygen-async run --journal FILE` needs no database"
        )
    driver()
    if sys.modules.get("dbos", ...) is None or importlib.util.find_spec("dbos") is None:
        raise InvalidInputError('workers need DBOS: pip install "heygen-async[dbos]"')
    return address


def prepare(backend: PostgresBackend, address: str) -> None:
    """Create DBOS' tables, or bring them up to date, in the database of a journal.

    Raises:
        JournalError: They cannot be created, or are of a newer DBOS.
    """
    installed = version("dbos")
    found = backend.rows("SELECT value FROM meta WHERE name = 'dbos'", ())
    made = str(found[0][0]) if found else "0"
    if made == installed:
        return
    if _numbers(made) > _numbers(installed):
        raise JournalError(
            f"{backend.where}: its tables are of DBOS {made}, and {installed} is installed here; let all workers have "
            f"one version: pip install dbos=={made}"
        )
    library = _library()
    try:
        library.DBOS.migrate(_url(address))
    except Exception as exc:
        raise JournalError(f"{backend.where}: DBOS cannot use it: {str(exc).splitlines()[0]}") from exc
    query = "INSERT INTO meta VALUES ('dbos', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    backend.atomically(lambda: backend.execute(query, (installed,)))


def _numbers(release: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", release)]


class Dispatcher:
    """The queues seen from outside: hands chunks of rows to workers, and the feeder's duty from one to another."""

    def __init__(self, address: str) -> None:
        """Connect to the database at *address*, which has DBOS' tables."""
        import sqlalchemy  # noqa: PLC0415 - of the extra

        self._client: dbos.DBOSClient = _library().DBOSClient(system_database_url=_url(address), application_name=_NAME)
        url = _url(address).replace("postgresql://", "postgresql+psycopg://", 1)
        self.engine: sqlalchemy.Engine = sqlalchemy.create_engine(url, pool_size=1, max_overflow=1, pool_pre_ping=True)

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()
        self._client.destroy()

    def open_queue(self, queue: str, *, is_busy: bool = True) -> None:
        """Create the queue of a worker, or change how often it looks into it."""
        seconds = POLL_SECONDS if is_busy else IDLE_SECONDS
        self._client.register_queue(queue, polling_interval_sec=seconds, on_conflict="always_update")

    def close_queue(self, queue: str) -> None:
        """Delete the queue of a worker that has left or died, with what waits there; its leases are what counts."""
        waiting = self._client.list_workflows(queue_name=queue, name=_CHUNK, load_input=False, load_output=False)
        if waiting:
            self._client.delete_workflows([one.workflow_id for one in waiting])
        self._client.delete_queue(queue)

    def hand_out(self, connection: sqlalchemy.Connection, queue: str, campaign: str, job_ids: Sequence[int]) -> None:
        """Hand rows of a campaign to the worker behind *queue*, in the transaction of *connection*."""
        options = _options(_CHUNK, queue, f"{_CHUNK}-{uuid.uuid4().hex}")
        self._client.enqueue_in_transaction(connection, cast("Any", options), campaign, list(job_ids))

    def take_duty(self, account: str, queue: str) -> None:
        """Run the feeder of an account on the worker behind *queue*: resume it, or begin it."""
        name = f"{_FEEDER}-{account}"
        found = self._client.list_workflows(workflow_ids=[name], load_input=False, load_output=False)
        if found and found[0].status in {"ENQUEUED", "PENDING"}:
            self._client.resume_workflows([name], queue_name=queue)
            return
        if found:
            self._client.delete_workflows([name])
        self._client.enqueue(cast("Any", _options(_FEEDER, queue, name)))

    def sweep(self) -> None:
        """Delete chunks that have ended."""
        ended = self._client.list_workflows(
            name=_CHUNK, status=["SUCCESS", "ERROR", "CANCELLED"], load_input=False, load_output=False
        )
        if ended:
            self._client.delete_workflows([one.workflow_id for one in ended])


class Engine:
    """DBOS in this process: calls a function for each chunk, and the feeder if this worker has its duty."""

    def __init__(self, address: str, worker: str, queue: str, take: Take, feed: Feed) -> None:
        """Prepare DBOS to call *take* and *feed*, under the name *worker*. A process can have one engine."""
        self._dbos: Any = _library()

        @self._dbos.DBOS.workflow(name=_CHUNK, max_recovery_attempts=None)  # type: ignore[untyped-decorator]
        async def take_rows(campaign: str, job_ids: list[int]) -> None:
            await take(campaign, job_ids)

        @self._dbos.DBOS.workflow(name=_FEEDER, max_recovery_attempts=None)  # type: ignore[untyped-decorator]
        async def feed_rows() -> None:
            await feed()

        self._dbos.DBOS(
            config={
                "name": _NAME,
                "system_database_url": _url(address),
                "application_version": VERSION,
                "executor_id": worker,
                "run_migrations": False,
                "log_level": "CRITICAL",
                "scheduler_polling_interval_sec": 3600.0,  # no workflow is started by the clock
                "use_listen_notify": False,  # no workflow waits for messages, which a thread would send every 10 ms
            }
        )
        self._dbos.DBOS.listen_queues([queue])

    def launch(self) -> None:
        """Begin to take rows. Must be called in the event loop in which they are rendered."""
        self._dbos.DBOS.launch()

    def stop(self) -> None:
        """Stop taking rows."""
        self._dbos.DBOS.destroy(destroy_registry=True)


def _options(workflow: str, queue: str, name: str) -> dict[str, Any]:
    return {"workflow_name": workflow, "queue_name": queue, "workflow_id": name, "app_version": VERSION}


def _url(address: str) -> str:
    """Return the address for DBOS, with connections that notice a cut network."""
    place, _, query = address.partition("://")[2].partition("?")
    return f"postgresql://{place}?{query + '&' if query else ''}{urllib.parse.urlencode(KEEPALIVES)}"
