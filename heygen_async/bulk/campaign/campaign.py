"""A run with a journal: take the rows of a list in, then do the next step of each row, also after a crash."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import anyio
import attrs
from anyio.abc import TaskGroup
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from heygen_async.api.client import Client
from heygen_async.bulk.campaign.list_taker import PAGE_ROWS, ListTaker
from heygen_async.bulk.campaign.recovery import Recovery, ask_the_time
from heygen_async.bulk.campaign.wish_keeper import WishKeeper
from heygen_async.bulk.download.downloader import Downloader
from heygen_async.bulk.jobs.job import Job, Source, job_at, numbered
from heygen_async.bulk.jobs.outcomes import Result
from heygen_async.bulk.jobs.records import Merge
from heygen_async.bulk.journal.job_store import IterableStore
from heygen_async.bulk.journal.journal import Journal
from heygen_async.bulk.journal.journal_store import JournalStore, RowsToCome
from heygen_async.bulk.journal.queries import JournalReader
from heygen_async.bulk.plan.file_names import OwnNames
from heygen_async.bulk.prices.price import Rates
from heygen_async.bulk.run.budget import Budget
from heygen_async.bulk.run.guards import Approve, Guard, guards
from heygen_async.bulk.run.result_stream import Results, only
from heygen_async.bulk.run.run_options import RunHooks, RunSettings
from heygen_async.bulk.run.scheduler import run
from heygen_async.bulk.watch.render_times import RenderTimes
from heygen_async.bulk.wishes.wish_box import WishBox
from heygen_async.errors import CanaryFailedError, JournalError

if TYPE_CHECKING:
    from heygen_async.api.renders import RenderRequest

READ_AHEAD_ROWS = 100  # of an async source: it may be slow, or have no end


def settings_of(journal: JournalReader) -> RunSettings:
    """Return the settings that *journal* keeps."""
    return RunSettings.from_json(journal.meta("settings"))


def preview(
    journal: Journal, source: Iterable[RenderRequest | Job], *, rates: Rates | None = None, tag_titles: bool = False
) -> Merge:
    """Return what taking a list into a journal would do, without doing it. Sends no request."""
    takers: list[ListTaker] = []

    def take() -> None:
        taker = ListTaker(journal, tag_titles=tag_titles, rates=rates)
        jobs = (job_at(given, index) for index, given in enumerate(source))
        while page := list(itertools.islice(jobs, PAGE_ROWS)):
            taker.take(page)
        taker.end()
        taker.merge.left = max(0, journal.wanted()["planned"] - taker.merge.due)
        takers.append(taker)

    journal.preview(take)
    return takers[-1].merge


def run_once(
    client: Client, settings: RunSettings, source: Source, looks: Mapping[str, str]
) -> contextlib.AbstractAsyncContextManager[Results[Any]]:
    """Run the rows of *source* without a journal; *looks* are kinds of looks by id, for their prices."""
    folder, rates = settings.download_to, (settings.rates or Rates()).knowing(looks)
    budget = None if settings.budget_usd is None else Budget(settings.budget_usd, rates=rates)
    hooks = RunHooks(
        guard=guards(budget=budget, canary=settings.canary, approve=settings.approve, breaker=settings.breaker),
        downloads=None if folder is None else Downloader(client, folder, settings.filename, files=settings.files),
        signals=settings.signals,
    )
    return run(client, IterableStore(source), settings, hooks)


@contextlib.asynccontextmanager
async def run_journal(
    client: Client,
    path: str | PathLike[str],
    settings: RunSettings,
    source: Source | None = None,
    given: Mapping[str, Any] | None = None,
    *,
    looks: Mapping[str, str] | None = None,
) -> AsyncIterator[Results]:
    """Take the rows of *source* into a journal, run the rows that are not done, and yield the results.

    Options that are not in *given* are those of the campaign's last run. Without *source* the campaign goes on with
    the rows of its last list. *looks* are kinds of looks by id, for their prices; the journal keeps them.
    """
    with Journal(path, create=source is not None) as journal, WishBox(path) as box:
        settings, kept = settings_of(journal).with_given(settings, given or {})
        rates = _rates(journal, settings, looks or {})
        wishes = WishKeeper(
            journal, box, lambda usd: _keep(journal, attrs.evolve(settings, budget_usd=usd)), client.account.clock
        )
        approve = _approval(journal, settings, wishes)
        journal.set_meta(settings=settings.to_json(), **({"asks_approval": "yes"} if approve else {}))
        journal.begin_run()
        async with _taken(journal, source, settings, rates) as (taker, to_come):
            guard = guard_of(journal, settings, rates, approve, wishes)  # by the rows as the list has left them
            wishes.begin()
            downloads = None
            if settings.download_to is not None:
                taken = _taken_names(journal, settings.filename)
                downloads = Downloader(client, settings.download_to, settings.filename, taken, settings.files)
            store = JournalStore(
                journal,
                files=() if downloads is None else downloads.kinds,
                refused=() if taker is None else taker.refused,
                to_come=to_come,
                rates=rates,
                clock=client.account.clock,
            )
            if store.left != 0:
                await ask_the_time(client)
            times = RenderTimes(journal.lessons())
            hooks = RunHooks(
                guard=guard,
                downloads=downloads,
                recover=Recovery(client, journal, settings.on_unknown).recover,
                times=times,
                signals=settings.signals,
                looked=wishes.occasion,
                beside=lambda results: wishes.run(results, store),
            )
            async with _lessons_stored(journal, times), run(client, store, settings, hooks) as results:
                results.merge = Merge() if taker is None else taker.merge
                results.kept = kept
                yield results


def _keep(journal: Journal, settings: RunSettings) -> None:
    journal.set_meta(settings=settings.to_json())


@contextlib.asynccontextmanager
async def _taken(
    journal: Journal, source: Source | None, settings: RunSettings, rates: Rates
) -> AsyncIterator[tuple[ListTaker | None, RowsToCome | None]]:
    """Take a list in. An async source is read while the run goes on, a stated number of rows ahead of it."""
    if source is None:
        yield None, None
        return
    taker = ListTaker(journal, tag_titles=settings.tag_titles, again=settings.again, rates=rates)
    jobs = numbered(source)
    if not isinstance(source, AsyncIterable):
        await taker.take_all(jobs)
        yield taker, None
        return
    outbox, inbox = anyio.create_memory_object_stream[Job](READ_AHEAD_ROWS)
    try:
        async with inbox, anyio.create_task_group() as reader:
            yield taker, _read_ahead(taker, jobs, reader, outbox, inbox)
            reader.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        raise only(group) from None


def _read_ahead(
    taker: ListTaker,
    jobs: AsyncGenerator[Job],
    tasks: TaskGroup,
    outbox: MemoryObjectSendStream[Job],
    inbox: MemoryObjectReceiveStream[Job],
) -> RowsToCome:
    """Read *jobs* in a task, and return a function that takes into the journal what has come."""
    failures: list[Exception] = []

    async def read() -> None:
        async with contextlib.aclosing(jobs), outbox:
            try:
                async for job in jobs:
                    await outbox.send(job)
            except Exception as exc:  # noqa: BLE001 - the source is the user's; its error is raised at the end of the run
                failures.append(exc)

    async def more() -> bool:
        try:
            page = [await inbox.receive()]
        except anyio.EndOfStream:
            if failures:
                raise failures[0] from None
            taker.end()
            return False
        with contextlib.suppress(anyio.WouldBlock, anyio.EndOfStream):
            while True:
                page.append(inbox.receive_nowait())
        taker.take(page)
        return True

    tasks.start_soon(read)
    return more


def _rates(journal: Journal, settings: RunSettings, looks: Mapping[str, str]) -> Rates:
    """Return the prices of a run, with the kinds of looks that this plan and earlier ones have looked up."""
    known = {**json.loads(journal.meta("looks") or "{}"), **looks}
    if looks:
        journal.set_meta(looks=json.dumps(known))
    return (settings.rates or Rates()).knowing(known)


def _taken_names(journal: JournalReader, template: str) -> Iterator[str]:
    """Yield the files that the campaign has stored, without those whose names *template* gives to no other row."""
    own = OwnNames.of(template)
    for row, stored in journal.files():
        for file in stored.values():
            if file.file is not None and (own is None or not own.is_of(row, PurePath(file.file).name)):
                yield file.file


def _approval(journal: Journal, settings: RunSettings, wishes: WishKeeper) -> Approve | None:
    """Return who is to be asked after the canary. An approval that was given is remembered."""
    ask = settings.approve
    if journal.meta("approved") or not (ask or journal.meta("asks_approval")):
        return None

    async def asked(results: Sequence[Result]) -> bool:
        if wishes.approved_before():
            journal.set_meta(approved="yes")
            return True
        if ask is None:
            raise CanaryFailedError(
                "the first rows wait for an approval, as this campaign was begun with one, and nobody is asked here; "
                "give approve=, on the command line --approve, or approve on the page of heygen-async serve"
            )
        approved = await wishes.decide(results, ask)
        if approved:
            journal.set_meta(approved="yes")
        return approved

    return asked


def guard_of(
    journal: JournalReader,
    settings: RunSettings,
    rates: Rates,
    approve: Approve | None,
    wishes: WishKeeper | None = None,
) -> Guard:
    """Return the campaign's guard. Rows that earlier runs have rendered, or are rendering, belong to its canary."""
    budget, canary = None, settings.canary
    if settings.budget_usd is not None:
        ledger = journal.ledger()
        budget = Budget(settings.budget_usd, rates=rates, spent_usd=ledger.high_usd, kept_usd=ledger.lost_usd)
    if wishes is not None:
        wishes.budget = budget
    counts = journal.counts()
    if canary is not None and approve is None and counts["completed"] >= canary:
        canary = None
    return guards(
        pause=None if wishes is None else wishes.pause,
        budget=budget,
        canary=canary,
        approve=approve,
        breaker=settings.breaker,
        rendered=counts["completed"],
    )


@contextlib.asynccontextmanager
async def _lessons_stored(journal: Journal, times: RenderTimes) -> AsyncIterator[None]:
    """Store the render times of the run in the journal, however the run ends, unless the journal itself fails."""
    try:
        yield
    finally:
        with contextlib.suppress(JournalError):
            journal.learn(times.lessons())
