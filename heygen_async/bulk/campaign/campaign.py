"""A run with a journal: merge the rows of a source, then do the next step of each row, also after a crash."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from os import PathLike

import attrs

from heygen_async.api.client import Client
from heygen_async.api.requests.kinds import kind_of
from heygen_async.api.requests.stored import body_of
from heygen_async.bulk.campaign.recovery import Recovery
from heygen_async.bulk.campaign.spent import spent_usd
from heygen_async.bulk.download.downloader import Downloader
from heygen_async.bulk.jobs import keys
from heygen_async.bulk.jobs.job import Job, Source, numbered
from heygen_async.bulk.jobs.records import Entry, Merge
from heygen_async.bulk.journal.journal import Journal
from heygen_async.bulk.journal.journal_store import JournalStore
from heygen_async.bulk.journal.queries import JournalReader
from heygen_async.bulk.plan.price import Rates
from heygen_async.bulk.rows.readers.read_rows import cells_of
from heygen_async.bulk.rows.spreadsheet import PREFIX
from heygen_async.bulk.run.guards import Budget, Guard, guards
from heygen_async.bulk.run.result_stream import Results
from heygen_async.bulk.run.run_options import RunHooks, RunSettings
from heygen_async.bulk.run.scheduler import run
from heygen_async.bulk.watch.render_times import RenderTimes
from heygen_async.errors import InvalidInputError, JournalError
from heygen_async.http import wire

_BATCH_ROWS = 500
_TAG_DIGITS = 8


def settings_of(journal: JournalReader) -> RunSettings:
    """Return the settings that *journal* keeps."""
    return RunSettings.from_json(journal.meta("settings"))


async def plan(
    journal: Journal,
    source: Source,
    *,
    tag_titles: bool = False,
    prefix: str = "",
    refused: list[Job] | None = None,
) -> Merge:
    """Merge all rows of *source* into the journal and return the counts. Sends no request.

    Args:
        journal: The journal.
        source: The rows.
        tag_titles: Add a tag to each title; see `RunSettings`.
        prefix: Begins the identities of the rows, so that equal rows of other lists are other rows.
        refused: Takes the rows that can never be sent as they are. Without it the first of them is an error.
    """
    result, mark = Merge(), journal.begin_merge()
    batch: list[Entry] = []
    async for job in numbered(source):
        problem = job.problem
        if problem is None:
            try:
                batch.append(_entry(job, tag_titles=tag_titles, prefix=prefix))
            except InvalidInputError as exc:
                problem = exc
        if problem is not None:
            if refused is None:
                raise problem
            refused.append(attrs.evolve(job, problem=problem))
        if len(batch) == _BATCH_ROWS:
            journal.merge(batch, mark, result)
            batch.clear()
    journal.merge(batch, mark, result)
    result.removed = journal.unseen(mark)
    return result


def _entry(job: Job, *, tag_titles: bool, prefix: str = "") -> Entry:
    body = body_of(job.request)
    wire.dumps([body, job.name])  # refuses a request that cannot be stored nor sent
    cells = {name: cell for name, cell in cells_of(job.row).items() if not str(name).startswith(PREFIX)}
    row = cells or job.row
    identity = job.name or (keys.row_key(row) if row is not None else keys.body_hash(job.request.kind, body))
    if tag_titles and kind_of(job.request.kind).has_title:
        body["title"] = f"{body.get('title') or ''} [{keys.row_key(identity)[:_TAG_DIGITS]}]".strip()
    return Entry(row_key=prefix + identity, row=row, kind=job.request.kind, body=body)


@contextlib.asynccontextmanager
async def run_journal(
    client: Client, path: str | PathLike[str], settings: RunSettings, source: Source | None = None
) -> AsyncIterator[Results]:
    """Merge the rows of *source* into a journal, run the rows that are not done, and yield the results.

    Without *source* the journal's campaign goes on with the settings that it keeps. Of *settings* it takes then only
    what belongs to one run: `on_unknown`, `approve`, `rates`, signals of `watch`, and `budget_usd` if it is given.
    """
    with Journal(path, create=source is not None) as journal:
        if source is None:
            settings = _resumed(settings_of(journal), settings)
        rates = settings.rates or Rates()
        guard = _guard(journal, settings, rates)
        journal.set_meta(settings=settings.to_json())
        merge, refused = Merge(), list[Job]()
        if source is not None:
            merge = await plan(journal, source, tag_titles=settings.tag_titles, refused=refused)
        downloads = None
        if settings.download_to is not None:
            taken = [file.file for _, stored in journal.files() for file in stored.values() if file.file is not None]
            downloads = Downloader(client, settings.download_to, settings.filename, taken, settings.files)
        store = JournalStore(journal, files=() if downloads is None else downloads.kinds, refused=refused)
        times = RenderTimes(journal.lessons())
        hooks = RunHooks(
            guard=guard,
            downloads=downloads,
            recover=Recovery(client, journal, settings.on_unknown).recover,
            times=times,
            signals=settings.signals,
        )
        async with _lessons_stored(journal, times), run(client, store, settings, hooks) as results:
            results.merge = merge
            yield results


def _resumed(kept: RunSettings, given: RunSettings) -> RunSettings:
    """Return the settings of a campaign that goes on."""
    return attrs.evolve(
        kept,
        on_unknown=given.on_unknown,
        approve=given.approve,
        rates=given.rates,
        watch=kept.watch if isinstance(given.watch, str) else given.watch,
        budget_usd=kept.budget_usd if given.budget_usd is None else given.budget_usd,
    )


def _guard(journal: Journal, settings: RunSettings, rates: Rates) -> Guard:
    """Return the campaign's guard. It has no canary if enough rows were rendered by earlier runs."""
    budget, canary = None, settings.canary
    if settings.budget_usd is not None:
        budget = Budget(settings.budget_usd, rates=rates, spent_usd=spent_usd(journal, rates))
    if canary is not None and journal.counts()["completed"] >= canary:
        canary = None
    return guards(budget=budget, canary=canary, approve=settings.approve, breaker=settings.breaker)


@contextlib.asynccontextmanager
async def _lessons_stored(journal: Journal, times: RenderTimes) -> AsyncIterator[None]:
    """Store the render times of the run in the journal, however the run ends, unless the journal itself fails."""
    try:
        yield
    finally:
        with contextlib.suppress(JournalError):
            journal.learn(times.lessons())
