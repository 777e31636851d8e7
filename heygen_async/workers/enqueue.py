"""Rows into the database: planned in the journal, queued for whichever worker has a slot."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import anyio.to_thread
import attrs

from heygen_async.bulk.campaign.campaign import plan
from heygen_async.bulk.jobs.job import Source
from heygen_async.bulk.jobs.records import Merge
from heygen_async.bulk.journal.journal import Journal
from heygen_async.bulk.run.agent_queue import MAX_AGENTS
from heygen_async.workers.dbos_engine import QueueControl, QueuedRow, check_address, queued
from heygen_async.workers.shared_control import Control, State, admitted

USUAL = 10  # renders at once of a pay-as-you-go account


@attrs.frozen(kw_only=True)
class Enqueued:
    """What became of a list.

    Attributes:
        merge: How its rows met those that were there.
        queued: Rows that are planned and queued now, those of earlier lists among them.
        state: What all workers share.
    """

    merge: Merge
    queued: int
    state: State


async def enqueue(
    address: str,
    source: Source,
    *,
    campaign: str = "",
    max_in_flight: int | None = None,
    max_agents: int | None = None,
    requests_per_second: float | None = None,
    tag_titles: bool = False,
) -> Enqueued:
    """Queue the rows of *source* for the workers of a database. Sends nothing; workers do, and that costs money.

    The same list again queues only rows that are new or changed: each is paid for once.

    Args:
        address: `postgresql://user@host/name`; what is needed there is made.
        source: As of `HeyGen.render_many`.
        campaign: Tells its rows from those of other lists in the same database: the same person may be in several.
        max_in_flight: Renders at once over all workers; by default as before, at first 10.
        max_agents: Of them agents; by default as before, at first 3.
        requests_per_second: Rows that begin in a second over all workers.
        tag_titles: As of `HeyGen.render_many`.

    Raises:
        InvalidInputError: *address* is no PostgreSQL, or a row cannot be rendered.
        JournalError: The database is out of reach, or of another version.
    """
    check_address(address)
    office = await anyio.to_thread.run_sync(QueueControl, address)
    try:
        with Journal(address, create=True) as journal:
            merge = await plan(journal, source, tag_titles=tag_titles, prefix=f"{campaign}/" if campaign else "")
            state = await anyio.to_thread.run_sync(
                _open, address, office, max_in_flight, max_agents, requests_per_second
            )
            queued = await anyio.to_thread.run_sync(office.add, planned(journal))
    finally:
        office.close()
    return Enqueued(merge=merge, queued=queued, state=state)


def planned(journal: Journal) -> Iterator[QueuedRow]:
    """Yield the rows that wait to be sent."""
    for record in journal.records("planned"):
        yield queued(journal, record)


def queue_again(address: str) -> int:
    """Queue what is planned, such as failed rows after a retry, and return how many rows that are."""
    office = QueueControl(address)
    try:
        with Journal(address) as journal:
            return office.add(planned(journal))
    finally:
        office.close()


def pause(address: str, why: str = "a person paused it") -> State:
    """Let no worker begin anything new; what runs is followed."""
    return _told(address, lambda control: control.pause(why))


def resume(address: str) -> State:
    """Let workers go on."""
    return _told(address, lambda control: control.resume())


def shared(address: str) -> State | None:
    """Return what all workers share; None before anything was queued."""
    control = Control(address)
    try:
        return control.state()
    finally:
        control.close()


def _told(address: str, tell: Callable[[Control], State]) -> State:
    """Change what all share; the queues heed it at once, and the workers when they look."""
    check_address(address)
    control, office = Control(address), QueueControl(address)
    try:
        state = tell(control)
        office.admit(*admitted(state))
        return state
    finally:
        office.close()
        control.close()


def _open(address: str, office: QueueControl, most: int | None, agents: int | None, per_second: float | None) -> State:
    """Set how much may run at once, where it was said or nothing was."""
    control = Control(address)
    try:
        state = control.state()
        if state is None or most is not None or agents is not None or per_second is not None:
            known = state or State(wanted=USUAL, agents=MAX_AGENTS, cap=USUAL)
            state = control.begin(most or known.wanted, agents or known.agents)
            office.begin(*admitted(state), per_second=per_second)
        return state
    finally:
        control.close()
