"""Bring rows into the database: plan them in the journal and queue them for the workers; pause and resume workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import anyio.to_thread
import attrs

from heygen_async.bulk.campaign.list_taker import ListTaker
from heygen_async.bulk.jobs.job import Source, numbered
from heygen_async.bulk.jobs.records import Merge
from heygen_async.bulk.journal.journal import Journal
from heygen_async.bulk.run.agent_queue import MAX_AGENTS
from heygen_async.workers.dbos_engine import QueueControl, QueuedRow, check_address, queued
from heygen_async.workers.shared_control import Control, SharedState, admitted

DEFAULT_MAX_IN_FLIGHT = 10  # renders at once of a pay-as-you-go account


@attrs.frozen(kw_only=True)
class Enqueued:
    """The result of queueing a list.

    Attributes:
        merge: Counts of rows that were new, changed or unchanged, compared with the rows in the database.
        queued: Number of rows that wait for a worker now, including rows of earlier lists.
        state: The limits of all workers, and the reason of a pause.
    """

    merge: Merge
    queued: int
    state: SharedState


async def enqueue(
    address: str,
    source: Source,
    *,
    campaign: str = "",
    max_in_flight: int | None = None,
    max_agents: int | None = None,
    requests_per_second: float | None = None,
    tag_titles: bool = False,
    again: bool = False,
) -> Enqueued:
    """Queue the rows of *source* for the workers of a database. Costs no money; the workers' renders do.

    Queueing a list again adds only the rows that are new or changed, so each row is paid for once.

    Args:
        address: `postgresql://user@host/name`. Missing tables and queues are created.
        source: Requests or jobs, as for `HeyGen.render_many`.
        campaign: Name that keeps the rows of this list apart from other lists in the same database, in which the
            same person may appear.
        max_in_flight: Most renders at once over all workers; by default the present limit, at first 10.
        max_agents: Most Video Agents among these renders; by default the present limit, at first 3.
        requests_per_second: Most rows that begin in a second over all workers.
        tag_titles: As for `HeyGen.render_many`.
        again: As for `HeyGen.render_many`.

    Raises:
        InvalidInputError: *address* is not PostgreSQL, or a row cannot be rendered.
        JournalError: The database cannot be reached, or was made by another version.
    """
    check_address(address)
    queues = await anyio.to_thread.run_sync(QueueControl, address)
    try:
        with Journal(address, create=True) as journal:
            taker = ListTaker(journal, name=campaign, tag_titles=tag_titles, again=again)
            await taker.take_all(numbered(source))
            if taker.refused and (problem := taker.refused[0].problem) is not None:
                raise problem
            state = await anyio.to_thread.run_sync(
                _set_limits, address, queues, max_in_flight, max_agents, requests_per_second
            )
            count = await anyio.to_thread.run_sync(queues.add, planned(journal))
    finally:
        queues.close()
    return Enqueued(merge=taker.merge, queued=count, state=state)


def planned(journal: Journal) -> Iterator[QueuedRow]:
    """Yield the rows that wait to be sent."""
    for record in journal.records("planned"):
        yield queued(journal, record)


def queue_again(address: str) -> int:
    """Queue all planned rows, such as failed rows that were planned again, and return their number."""
    queues = QueueControl(address)
    try:
        with Journal(address) as journal:
            return queues.add(planned(journal))
    finally:
        queues.close()


def pause(address: str, why: str = "a person paused it") -> SharedState:
    """Stop all workers from beginning new rows; renders that run are followed to their ends."""
    return _change(address, lambda control: control.pause(why))


def resume(address: str) -> SharedState:
    """Let workers begin new rows again."""
    return _change(address, lambda control: control.resume())


def shared(address: str) -> SharedState | None:
    """Return the limits and the pause of all workers; None before the first row was queued."""
    control = Control(address)
    try:
        return control.state()
    finally:
        control.close()


def _change(address: str, change: Callable[[Control], SharedState]) -> SharedState:
    """Apply *change* and pass it on to the queues at once; workers read it at their next look."""
    check_address(address)
    control, queues = Control(address), QueueControl(address)
    try:
        state = change(control)
        queues.admit(*admitted(state))
        return state
    finally:
        queues.close()
        control.close()


def _set_limits(
    address: str, queues: QueueControl, cap: int | None, agents: int | None, per_second: float | None
) -> SharedState:
    """Change the limits that were given; set the defaults if the database has none yet."""
    control = Control(address)
    try:
        state = control.state()
        if state is None or cap is not None or agents is not None or per_second is not None:
            known = state or SharedState(wanted=DEFAULT_MAX_IN_FLIGHT, agents=MAX_AGENTS, cap=DEFAULT_MAX_IN_FLIGHT)
            state = control.begin(cap or known.wanted, agents or known.agents)
            queues.begin(*admitted(state), per_second=per_second)
        return state
    finally:
        control.close()
