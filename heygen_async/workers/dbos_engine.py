"""DBOS: the queues that all workers share. The only file that knows it.

Only its public API is used. A row is a workflow whose id is the key of its POST, so the same row is never queued twice;
a pending workflow is a render slot that is taken.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

import attrs

from heygen_async.bulk.jobs.records import Record
from heygen_async.bulk.journal.journal import Journal
from heygen_async.bulk.journal.postgres import driver, without_password
from heygen_async.errors import InvalidInputError, JournalError

if TYPE_CHECKING:
    import dbos
    import sqlalchemy

VERSION = "heygen-1"  # of what a workflow is: rows that were queued before a deploy are run after it
# A slot is a pending workflow on QUEUE, whatever the row is: one cap cannot be overrun. An agent's row waits on AGENTS
# for its turn, in a workflow that queues it on QUEUE before all others and ends when it has.
QUEUE, AGENTS = "heygen", "heygen-agents"
_WORKFLOW, _TURN = "heygen-render", "heygen-agent"
_FIRST = 1
_NAME = "heygen-async"
_POLL_SECONDS = 0.5
_TOGETHER = 500

Render = Callable[[int, str], Awaitable[str]]


def _library() -> Any:
    """Return DBOS.

    Raises:
        InvalidInputError: It is not installed.
    """
    try:
        import dbos  # noqa: PLC0415 - an extra
    except ImportError as exc:
        raise InvalidInputError('workers need DBOS: pip install "heygen-async[dbos]"') from exc
    return dbos


def check_address(address: str) -> str:
    """Return *address* if several workers can share what is there.

    Raises:
        InvalidInputError: It is no PostgreSQL database.
    """
    if not address.startswith(("postgresql://", "postgres://")):
        raise InvalidInputError(
            f"--database {address!r:.100}: must be as in postgresql://user@host/name: workers share one database, and "
            "a SQLite file has one writer. With one process, `heygen-async run --journal FILE` needs no database"
        )
    return address


@attrs.frozen(kw_only=True)
class QueuedRow:
    """A row to be queued.

    Attributes:
        job_id: Of the journal.
        key: Of its POST.
        is_agent: True if it is a Video Agent's, of which only few run at a time.
    """

    job_id: int
    key: str
    is_agent: bool


def queued(journal: Journal, record: Record) -> QueuedRow:
    """Return a row of the journal as it is queued under its present key."""
    return QueuedRow(job_id=record.id, key=journal.key(record), is_agent=record.kind == "video_agent")


class QueueControl:
    """What can be done to the queues from outside: queue rows, change how many run at once, hand work on."""

    def __init__(self, address: str) -> None:
        """Open them in the database at *address*, and make them if they are not there.

        Raises:
            InvalidInputError: *address* is no PostgreSQL, or DBOS is not installed.
            JournalError: The database is out of reach, or its DBOS tables are newer than this DBOS.
        """
        self._address = check_address(address)
        library, psycopg = _library(), driver()
        self._url = _url(address)
        try:
            library.DBOS.migrate(self._url)
            self._client: dbos.DBOSClient = library.DBOSClient(system_database_url=self._url, application_name=_NAME)
        except psycopg.Error as exc:
            raise JournalError(f"{without_password(address)}: {exc}") from exc
        except Exception as exc:
            raise JournalError(f"{without_password(address)}: DBOS cannot use it: {str(exc).splitlines()[0]}") from exc

    def close(self) -> None:
        """Close the connections."""
        self._client.destroy()

    def begin(self, cap: int, agents: int, *, per_second: float | None) -> None:
        """Make the queues, or set what they admit.

        Args:
            cap: Renders at once, over all workers.
            agents: Of them agents.
            per_second: Rows that may begin in a second, over all workers; None for as many as find a slot.
        """
        limiter: Any = None if per_second is None else {"limit": max(1, int(per_second)), "period": 1.0}
        for name, most in ((QUEUE, cap), (AGENTS, agents)):
            self._client.register_queue(
                name,
                global_concurrency=most,
                limiter=limiter,
                polling_interval_sec=_POLL_SECONDS,
                on_conflict="always_update",
            )

    def admit(self, cap: int, agents: int) -> None:
        """Let so many run at once from now on; 0 lets nothing begin."""
        for name, most in ((QUEUE, cap), (AGENTS, agents)):
            queue = self._client.retrieve_queue(name)
            if queue is not None and queue.global_concurrency != most:
                queue.set_global_concurrency(most)

    def add(self, rows: Iterable[QueuedRow]) -> int:
        """Queue rows that are planned and return how many; what is queued already or under way stays as it is."""
        import sqlalchemy  # noqa: PLC0415 - of the extra

        count, waiting = 0, iter(rows)
        engine = sqlalchemy.create_engine(self._url.replace("postgresql://", "postgresql+psycopg://", 1))
        try:
            while together := _next(waiting):
                self._forget([name for row in together for name in (row.key, f"{_TURN}-{row.key}")])
                with engine.begin() as connection:
                    for row in together:
                        self._add(connection, row)
                count += len(together)
        finally:
            engine.dispose()
        return count

    def _forget(self, names: list[str]) -> None:
        """Let planned rows run again whose workflows have ended: they were asked for otherwise meanwhile."""
        ended = self._client.list_workflows(
            workflow_ids=names, status=["SUCCESS", "ERROR", "CANCELLED"], load_input=False, load_output=False
        )
        if ended:
            self._client.delete_workflows([one.workflow_id for one in ended])

    def _add(self, connection: sqlalchemy.Connection, row: QueuedRow) -> None:
        # In the order of the list; what a dead worker had begun goes before the rest.
        options = _options(row.key, priority=row.job_id)
        if row.is_agent:
            options |= {"workflow_name": _TURN, "queue_name": AGENTS, "workflow_id": f"{_TURN}-{row.key}"}
        self._client.enqueue_in_transaction(connection, cast("Any", options), row.job_id, row.key)

    def running(self) -> dict[str, dict[str, list[str]]]:
        """Return the workflows that workers have taken: by worker, then by queue."""
        found: dict[str, dict[str, list[str]]] = {}
        pending = self._client.list_workflows(
            status="PENDING", queue_name=[QUEUE, AGENTS], load_input=False, load_output=False
        )
        for one in pending:
            found.setdefault(str(one.executor_id), {}).setdefault(str(one.queue_name), []).append(one.workflow_id)
        return found

    def is_empty(self) -> bool:
        """True if no rows wait in the queues."""
        return not self._client.list_workflows(
            status="ENQUEUED", queue_name=[QUEUE, AGENTS], load_input=False, load_output=False, limit=1
        )

    def is_done(self) -> bool:
        """True if no rows wait and none are under way; one that goes from one to the other meanwhile is seen."""
        return self.is_empty() and not self.running() and self.is_empty()

    def hand_on(self, worker: str) -> int:
        """Put what *worker* had taken back on its queues, before all others, and return how many that are."""
        queues = self.running().get(worker, {})
        for name, taken in queues.items():
            self._client.resume_workflows(taken, queue_name=name)
        return sum(map(len, queues.values()))


class Engine:
    """DBOS in this process: takes rows from the queues and has them rendered."""

    def __init__(self, address: str, worker: str, render: Render) -> None:
        """Have rows rendered by *render*, in the name of *worker*; there can be one in a process."""
        self._dbos: Any = _library()

        @self._dbos.DBOS.workflow(name=_WORKFLOW, max_recovery_attempts=None)  # type: ignore[untyped-decorator]
        async def rendered(job_id: int, key: str) -> str:
            return await render(job_id, key)

        @self._dbos.DBOS.workflow(name=_TURN, max_recovery_attempts=None)  # type: ignore[untyped-decorator]
        async def has_its_turn(job_id: int, key: str) -> str:
            options = _options(key, priority=_FIRST)
            row = await self._dbos.DBOS.enqueue_workflow_with_options_async(options, job_id, key)
            return str(await row.get_result())

        self._dbos.DBOS(
            config={
                "name": _NAME,
                "system_database_url": _url(address),
                "application_version": VERSION,
                "executor_id": worker,
                "run_migrations": False,
                "log_level": "ERROR",
            }
        )
        self._dbos.DBOS.listen_queues([QUEUE, AGENTS])

    def launch(self) -> None:
        """Begin to take rows. Called in the loop that shall run them."""
        self._dbos.DBOS.launch()

    def stop(self) -> None:
        """Take no more. What runs goes on, and nobody hears of its end."""
        self._dbos.DBOS.destroy(destroy_registry=True)


def _options(key: str, *, priority: int) -> dict[str, Any]:
    """Return how DBOS queues a row for a slot."""
    return {
        "workflow_name": _WORKFLOW,
        "queue_name": QUEUE,
        "workflow_id": key,
        "app_version": VERSION,
        "priority": priority,
    }


def _url(address: str) -> str:
    return "postgresql://" + address.partition("://")[2]


def _next(rows: Any) -> Sequence[QueuedRow]:
    return [row for _, row in zip(range(_TOGETHER), rows, strict=False)]
