"""The queues that all workers share, kept by DBOS. No other module imports DBOS, and only its public API is used.

Each row is a workflow whose id is the idempotency key of its POST, so a row is never queued twice. A workflow that a
worker has taken ("PENDING") occupies one render slot.
"""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

import attrs

from heygen_async.bulk.jobs.records import Record
from heygen_async.bulk.journal.journal import Journal
from heygen_async.bulk.journal.postgres import driver, without_password
from heygen_async.errors import InvalidInputError, JournalError

if TYPE_CHECKING:
    import dbos
    import sqlalchemy

VERSION = "heygen-1"  # DBOS runs rows of this version only: kept over releases, or queued rows would wait for ever
# Every render slot is a pending workflow on QUEUE, so that one cap counts videos and agents. A Video Agent row waits on
# AGENTS first: the workflow there queues the row on QUEUE before all others and ends when the row has ended.
QUEUE, AGENTS = "heygen", "heygen-agents"
_RENDER_WORKFLOW, _AGENT_WORKFLOW = "heygen-render", "heygen-agent"
_HIGHEST_PRIORITY = 1
_NAME = "heygen-async"
_POLL_SECONDS = 0.5
_ROWS_PER_TRANSACTION = 500

Render = Callable[[int, str], Awaitable[str]]


def _library() -> Any:
    """Import DBOS, which is an optional dependency.

    Raises:
        InvalidInputError: DBOS is not installed.
    """
    try:
        import dbos  # noqa: PLC0415 - an extra
    except ImportError as exc:
        raise InvalidInputError('workers need DBOS: pip install "heygen-async[dbos]"') from exc
    return dbos


def check_address(address: str) -> str:
    """Return *address* if workers can share a database there.

    Raises:
        InvalidInputError: *address* is not the address of a PostgreSQL database.
    """
    if not address.startswith(("postgresql://", "postgres://")):
        raise InvalidInputError(
            f"--database {address!r:.100}: must be as in postgresql://user@host/name: workers share one database, and "
            "a SQLite file has one writer. With one process, `heygen-async run --journal FILE` needs no database"
        )
    return address


@attrs.frozen(kw_only=True)
class QueuedRow:
    """A row as the queue knows it.

    Attributes:
        job_id: The row's id in the journal.
        key: Idempotency key of the row's POST.
        is_agent: True if a Video Agent renders the row; few of them run at a time.
    """

    job_id: int
    key: str
    is_agent: bool


def queued(journal: Journal, record: Record) -> QueuedRow:
    """Return the entry that queues *record* under its present key."""
    return QueuedRow(job_id=record.id, key=journal.key(record), is_agent=record.kind == "video_agent")


class QueueControl:
    """The queues seen from outside a worker: add rows, change how many run at once, requeue the rows of a worker."""

    def __init__(self, address: str) -> None:
        """Connect to the database at *address*, and create DBOS' tables there if they are missing.

        Raises:
            InvalidInputError: *address* is not PostgreSQL, or DBOS is not installed.
            JournalError: The database cannot be reached, or its DBOS tables are newer than the installed DBOS.
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
        """Create the queues, or change their limits.

        Args:
            cap: Most renders at once, over all workers.
            agents: Most Video Agents among these renders.
            per_second: Most rows that begin in a second, over all workers; None for no limit.
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
        """Change how many renders, and how many agents among them, run at once; with 0 no row begins."""
        for name, most in ((QUEUE, cap), (AGENTS, agents)):
            queue = self._client.retrieve_queue(name)
            if queue is not None and queue.global_concurrency != most:
                queue.set_global_concurrency(most)

    def add(self, rows: Iterable[QueuedRow]) -> int:
        """Queue planned rows and return their number; rows that are queued or under way are left as they are."""
        import sqlalchemy  # noqa: PLC0415 - of the extra

        count, waiting = 0, iter(rows)
        engine = sqlalchemy.create_engine(self._url.replace("postgresql://", "postgresql+psycopg://", 1))
        try:
            while group := list(itertools.islice(waiting, _ROWS_PER_TRANSACTION)):
                self._delete_ended([name for row in group for name in (row.key, f"{_AGENT_WORKFLOW}-{row.key}")])
                with engine.begin() as connection:
                    for row in group:
                        self._add(connection, row)
                count += len(group)
        finally:
            engine.dispose()
        return count

    def _delete_ended(self, names: list[str]) -> None:
        """Delete ended workflows, so that rows can be queued under the same keys once more.

        This happens when a row was edited, rendered, and then edited back: the old key is the right one again.
        """
        ended = self._client.list_workflows(
            workflow_ids=names, status=["SUCCESS", "ERROR", "CANCELLED"], load_input=False, load_output=False
        )
        if ended:
            self._client.delete_workflows([one.workflow_id for one in ended])

    def _add(self, connection: sqlalchemy.Connection, row: QueuedRow) -> None:
        # In the order of the contact list. Rows of a dead worker keep their priority, so they go before later rows.
        options = _options(row.key, priority=row.job_id)
        if row.is_agent:
            options |= {
                "workflow_name": _AGENT_WORKFLOW,
                "queue_name": AGENTS,
                "workflow_id": f"{_AGENT_WORKFLOW}-{row.key}",
            }
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
        """Return True if no rows wait in the queues."""
        return not self._client.list_workflows(
            status="ENQUEUED", queue_name=[QUEUE, AGENTS], load_input=False, load_output=False, limit=1
        )

    def is_done(self) -> bool:
        """Return True if no rows wait and none are under way."""
        # The queues are read twice: a row may leave its worker and be queued again between two looks.
        return self.is_empty() and not self.running() and self.is_empty()

    def hand_on(self, worker: str) -> int:
        """Requeue the workflows that *worker* had taken, before all others, and return their number."""
        queues = self.running().get(worker, {})
        for name, workflow_ids in queues.items():
            self._client.resume_workflows(workflow_ids, queue_name=name)
        return sum(map(len, queues.values()))


class Engine:
    """DBOS in this process: takes rows from the queues and calls a function that renders them."""

    def __init__(self, address: str, worker: str, render: Render) -> None:
        """Prepare DBOS to call *render* for rows, under the name *worker*. A process can have one engine."""
        self._dbos: Any = _library()

        @self._dbos.DBOS.workflow(name=_RENDER_WORKFLOW, max_recovery_attempts=None)  # type: ignore[untyped-decorator]
        async def render_row(job_id: int, key: str) -> str:
            return await render(job_id, key)

        @self._dbos.DBOS.workflow(name=_AGENT_WORKFLOW, max_recovery_attempts=None)  # type: ignore[untyped-decorator]
        async def render_agent_row(job_id: int, key: str) -> str:
            options = _options(key, priority=_HIGHEST_PRIORITY)
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
        """Begin to take rows. Must be called in the event loop that runs *render*."""
        self._dbos.DBOS.launch()

    def stop(self) -> None:
        """Stop taking rows. Workflows that run go on, but DBOS does not record their ends."""
        self._dbos.DBOS.destroy(destroy_registry=True)


def _options(key: str, *, priority: int) -> dict[str, Any]:
    """Return the options under which DBOS queues a row for a render slot."""
    return {
        "workflow_name": _RENDER_WORKFLOW,
        "queue_name": QUEUE,
        "workflow_id": key,
        "app_version": VERSION,
        "priority": priority,
    }


def _url(address: str) -> str:
    return "postgresql://" + address.partition("://")[2]
