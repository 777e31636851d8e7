"""Bring rows into the database, and change from outside what workers do: pause, resume, approve, decide."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any, TypeVar

import anyio.to_thread
import attrs

from heygen_async.bulk.campaign.list_taker import ListTaker
from heygen_async.bulk.jobs.job import Source, numbered
from heygen_async.bulk.jobs.next_step import OnUnknown
from heygen_async.bulk.jobs.records import Merge
from heygen_async.bulk.journal.journal import Journal
from heygen_async.bulk.journal.postgres_connection import create_database
from heygen_async.bulk.run.agent_queue import MAX_AGENTS
from heygen_async.bulk.run.run_options import RunSettings
from heygen_async.errors import InvalidInputError
from heygen_async.workers.dbos_engine import check_address, prepare
from heygen_async.workers.fleet_tables import FleetCampaign, FleetTables
from heygen_async.workers.shared_control import Control, SharedState

DEFAULT_MAX_IN_FLIGHT = 10  # renders at once of a pay-as-you-go account

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Enqueued:
    """The result of queueing a list.

    Attributes:
        merge: Counts of rows that were new, changed or unchanged, compared with the rows in the database.
        queued: Number of rows that wait for a worker now, including rows of earlier lists.
        state: The limits of all workers, and the reason of a pause.
        kept: Options of the campaign that this call did not give and so keeps, by name.
    """

    merge: Merge
    queued: int
    state: SharedState
    kept: dict[str, Any] = attrs.field(factory=dict)


async def enqueue(
    address: str,
    source: Source,
    *,
    campaign: str = "",
    max_in_flight: int | None = None,
    max_agents: int | None = None,
    requests_per_second: float | None = None,
    again: bool = False,
    approve: bool = False,
    on_unknown: OnUnknown | None = None,
    account: str = "",
    create: bool = False,
    **options: Any,
) -> Enqueued:
    """Queue the rows of *source* for the workers of a database. Costs no money; the workers' renders do.

    Queueing a list again adds only the rows that are new or changed, so each row is paid for once. Options that are not
    given are those of the campaign before.

    Args:
        address: `postgresql://user@host/name`. Missing tables are created.
        source: Requests or jobs, as for `HeyGen.render_many`.
        campaign: Name that keeps the rows of this list apart from other lists in the same database, in which the
            same person may appear. Settings, budget and canary are the campaign's.
        max_in_flight: Most renders at once over all workers of the account; by default the present limit, at first 10.
        max_agents: Most Video Agents among these renders; by default the present limit, at first 3.
        requests_per_second: Most rows that begin in a second over all workers.
        again: As for `HeyGen.render_many`.
        approve: True if the rows after the canary wait until `approve` is called.
        on_unknown: As for `HeyGen.render_many`.
        account: Name for the HeyGen account that pays, if workers of several accounts share the database: only
            workers that were started with this name render the rows.
        create: True to create the database if it does not exist.
        **options: `budget_usd`, `canary`, `breaker`, `deadline`, `download_to`, `filename`, `files`, `max_downloads`,
            `rates`, `submit`, `tag_titles` and `watch`, as for `HeyGen.render_many`.

    Raises:
        InvalidInputError: *address* is not PostgreSQL, an option is wrong, or a row cannot be rendered.
        JournalError: The database does not exist, cannot be reached, or was made by another version.
    """
    check_address(address)
    given = RunSettings.of(_checked(options), "enqueue")
    if create:
        await anyio.to_thread.run_sync(create_database, address)
    with await anyio.to_thread.run_sync(lambda: Journal(address, create=True)) as journal:
        tables = await anyio.to_thread.run_sync(lambda: FleetTables(address, create=True))
        with closing(tables):
            await anyio.to_thread.run_sync(prepare, tables.backend, address)
            before = tables.campaign(campaign)
            settings = RunSettings.from_json(None if before is None else before.settings)
            settings, kept = settings.with_given(given, options)
            taker = ListTaker(journal, name=campaign, tag_titles=settings.tag_titles, again=again, rates=settings.rates)
            await taker.take_all(numbered(source))
            if taker.refused and (problem := taker.refused[0].problem) is not None:
                raise problem
            state = _set_limits(tables, account, max_in_flight, max_agents, requests_per_second)
            unknown = on_unknown or ("hold" if before is None else before.on_unknown)
            asks = approve or (before is not None and before.asks_approval)
            tables.keep_campaign(campaign, account, settings.to_json(), unknown, asks_approval=asks)
            queued = journal.count_planned()
    return Enqueued(merge=taker.merge, queued=queued, state=state, kept=kept)


def _checked(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a run that a database can keep."""
    for name in ("journal", "on_submitted"):
        if options.get(name) is not None:
            raise InvalidInputError(f"{name}: workers have no such option", param=name)
    return options


def _set_limits(
    tables: FleetTables, account: str, cap: int | None, agents: int | None, per_second: float | None
) -> SharedState:
    """Change the limits that were given; set the defaults if the account has none yet."""
    control = Control(tables, account)
    state = control.state()
    if state is None or cap is not None or agents is not None or per_second is not None:
        known = state or SharedState(wanted=DEFAULT_MAX_IN_FLIGHT, agents=MAX_AGENTS, cap=DEFAULT_MAX_IN_FLIGHT)
        per_second = known.per_second if per_second is None else per_second
        wanted, among = (
            now if given is None else given for given, now in ((cap, known.wanted), (agents, known.agents))
        )
        state = control.begin(wanted, among, per_second)
    return state


@contextmanager
def _tables(address: str) -> Iterator[FleetTables]:
    with closing(FleetTables(check_address(address))) as tables:
        yield tables


def look_again(address: str, campaign: str | None = None) -> None:
    """Have the workers look for rows that are due once more, such as failed rows that were planned again."""
    with _tables(address) as tables:
        tables.look_again(campaign)


def pause(address: str, why: str = "a person paused it", account: str = "") -> SharedState:
    """Stop all workers from beginning new rows; renders that run are followed to their ends."""
    return _change(address, account, lambda control: control.pause(why))


def resume(
    address: str, account: str = "", *, campaign: str | None = None, budget_usd: float | None = None
) -> SharedState:
    """Let workers begin new rows again: a pause ends, and so does the stop of a campaign by a guard.

    Args:
        address: Address of the database.
        account: Account whose workers were paused.
        campaign: Campaign that goes on; None for all.
        budget_usd: A new budget for these campaigns.
    """
    with _tables(address) as tables:
        if budget_usd is not None:
            _set_budget(tables, campaign, budget_usd)
        tables.look_again(campaign)
        return Control(tables, account).resume()


def set_budget(address: str, budget_usd: float, campaign: str | None = None) -> None:
    """Give a campaign, or all, a new budget. Those that had used their budget up go on."""
    with _tables(address) as tables:
        _set_budget(tables, campaign, budget_usd)
        tables.look_again(campaign)


def _set_budget(tables: FleetTables, campaign: str | None, budget_usd: float) -> None:
    for found in tables.campaigns():
        if campaign in {None, found.name}:
            settings = attrs.evolve(RunSettings.from_json(found.settings), budget_usd=budget_usd)
            tables.change_campaigns("settings = ?", found.name, settings.to_json())


def stop(address: str, why: str) -> None:
    """Send no more rows of any campaign until `resume`; rows under way end, and first rows are not approved of."""
    with _tables(address) as tables:
        tables.change_campaigns("stopped = ?, waits = NULL", None, why)


def campaigns_of(address: str) -> list[FleetCampaign]:
    """Return the campaigns of a database of workers."""
    with _tables(address) as tables:
        return tables.campaigns()


def approve(address: str, campaign: str | None = None) -> int:
    """Approve of the first rows of a campaign, or of all, so that the others are sent; return their number."""
    with _tables(address) as tables:
        return tables.approve(campaign)


def shared(address: str, account: str = "") -> SharedState | None:
    """Return the limits and the pause of all workers; None before the first row was queued."""
    with Journal(address, read_only=True) as journal:
        if journal.meta("fleet") is None:
            return None
    with _tables(address) as tables:
        return Control(tables, account).state()


def _change(address: str, account: str, change: Callable[[Control], T]) -> T:
    with _tables(address) as tables:
        return change(Control(tables, account))
