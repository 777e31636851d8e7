"""A run with a journal: merge the rows of a source, then do the next step of each row, also after a crash."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from os import PathLike

import attrs

from heygen_async.account.render_pool import InFlight
from heygen_async.api.client import Client
from heygen_async.api.requests.kinds import kind_of
from heygen_async.api.requests.stored import body_of
from heygen_async.bulk.campaign.recovery import Recovery
from heygen_async.bulk.campaign.spent import spent_usd
from heygen_async.bulk.download.download_queue import MAX_DOWNLOADS
from heygen_async.bulk.download.downloader import Downloader
from heygen_async.bulk.download.file_types import FileKind
from heygen_async.bulk.download.video_files import checked_kinds
from heygen_async.bulk.jobs import keys
from heygen_async.bulk.jobs.job import Job, Source, numbered
from heygen_async.bulk.jobs.next_step import OnUnknown
from heygen_async.bulk.jobs.records import Entry, Merge
from heygen_async.bulk.journal.job_store import JournalStore
from heygen_async.bulk.journal.journal import Journal
from heygen_async.bulk.journal.queries import JournalReader
from heygen_async.bulk.output.export import PREFIX
from heygen_async.bulk.plan.price import Rates
from heygen_async.bulk.rows.readers.read_rows import cells_of
from heygen_async.bulk.run.agent_queue import MAX_AGENTS
from heygen_async.bulk.run.guards import Approve, Budget, Guard, guards
from heygen_async.bulk.run.result_stream import Results
from heygen_async.bulk.run.scheduler import Submit, run
from heygen_async.bulk.watch.render_times import RenderTimes
from heygen_async.bulk.watch.signals import Signals
from heygen_async.bulk.watch.watchlist import Watch
from heygen_async.errors import JournalError

_BATCH_ROWS = 500
_TAG_DIGITS = 8


def _pair(given: Sequence[int] | None) -> tuple[int, int] | None:
    return None if given is None else (given[0], given[1])


@attrs.frozen(kw_only=True)
class Settings:
    """The settings of a campaign; the journal keeps them, so that a resume needs only the journal.

    Attributes:
        max_in_flight: Maximum number of renders at once.
        deadline: Seconds for each render.
        download_to: Folder for the files; None leaves them at HeyGen.
        filename: Template of the file names.
        files: Kinds of files to store of each video.
        max_downloads: Maximum number of files that are downloaded at once.
        submit: Way of sending rows; see `HeyGen.render_many`.
        watch: Way of noticing ends; see `HeyGen.render_many`.
        max_agents: Maximum number of agents at once.
        tag_titles: Add a short tag to each title, by which a video can be found when its key is too old.
        budget_usd: US dollars that the campaign may cost, over all of its runs.
        canary: Number of rows that are sent first, alone.
        breaker: `(failures, of)`: stop a run when *failures* of the last *of* rows failed with one code.
    """

    max_in_flight: InFlight = 10
    deadline: float = 3600.0
    download_to: str | None = None
    filename: str = "{number}-{id}"
    files: tuple[FileKind, ...] = attrs.field(default=("video",), converter=checked_kinds)
    max_downloads: int = MAX_DOWNLOADS
    submit: Submit = "auto"
    watch: Watch = "auto"
    max_agents: int | None = MAX_AGENTS
    tag_titles: bool = False
    budget_usd: float | None = None
    canary: int | None = None
    breaker: tuple[int, int] | None = attrs.field(default=None, converter=_pair)

    def save(self, journal: Journal) -> None:
        """Store the settings in *journal*."""
        stored = attrs.asdict(self)
        if callable(self.max_in_flight):
            stored["max_in_flight"] = "auto"  # a function cannot be stored
        journal.set_meta(settings=json.dumps(stored))

    @classmethod
    def load(cls, journal: JournalReader) -> Settings:
        """Return the settings that *journal* keeps."""
        return cls(**json.loads(journal.meta("settings") or "{}"))


async def plan(journal: Journal, source: Source, *, tag_titles: bool = False, prefix: str = "") -> Merge:
    """Merge all rows of *source* into the journal and return the counts. Sends no request.

    Args:
        journal: The journal.
        source: The rows.
        tag_titles: Add a tag to each title; see `Settings`.
        prefix: Begins the identities of the rows, so that equal rows of other lists are other rows.
    """
    result, mark = Merge(), journal.begin_merge()
    batch: list[Entry] = []
    async for job in numbered(source):
        batch.append(_entry(job, tag_titles=tag_titles, prefix=prefix))
        if len(batch) == _BATCH_ROWS:
            journal.merge(batch, mark, result)
            batch.clear()
    journal.merge(batch, mark, result)
    result.removed = journal.unseen(mark)
    return result


def _entry(job: Job, *, tag_titles: bool, prefix: str = "") -> Entry:
    body = body_of(job.request)
    cells = {name: cell for name, cell in cells_of(job.row).items() if not str(name).startswith(PREFIX)}
    row = cells or job.row
    identity = job.name or (keys.row_key(row) if row is not None else keys.body_hash(job.request.kind, body))
    if tag_titles and kind_of(job.request.kind).has_title:
        body["title"] = f"{body.get('title') or ''} [{keys.row_key(identity)[:_TAG_DIGITS]}]".strip()
    return Entry(row_key=prefix + identity, row=row, kind=job.request.kind, body=body)


@contextlib.asynccontextmanager
async def run_journal(
    client: Client,
    path: str | PathLike[str],
    *,
    source: Source | None = None,
    settings: Settings | None = None,
    on_unknown: OnUnknown = "hold",
    budget_usd: float | None = None,
    approve: Approve | None = None,
    rates: Rates | None = None,
    signals: Signals | None = None,
) -> AsyncIterator[Results]:
    """Merge the rows of *source* into a journal, run the rows that are not done, and yield the results.

    Without *settings*, those in the journal are used, with *budget_usd* in place of the stored budget if it is given.
    """
    with Journal(path, create=source is not None) as journal:
        if settings is None:
            settings = Settings.load(journal)
            settings = settings if budget_usd is None else attrs.evolve(settings, budget_usd=budget_usd)
        guard = _guard(journal, settings, approve, rates or Rates())
        settings.save(journal)
        merge = Merge() if source is None else await plan(journal, source, tag_titles=settings.tag_titles)
        downloads = None
        if settings.download_to is not None:
            taken = [file.file for _, stored in journal.files() for file in stored.values() if file.file is not None]
            downloads = Downloader(client, settings.download_to, settings.filename, taken, settings.files)
        store = JournalStore(journal, files=() if downloads is None else downloads.kinds)
        recovery = Recovery(client, journal, on_unknown)
        times = RenderTimes(journal.lessons())
        async with (
            _lessons_stored(journal, times),
            run(
                client,
                store,
                max_in_flight=settings.max_in_flight,
                deadline=settings.deadline,
                downloads=downloads,
                max_downloads=settings.max_downloads,
                recover=recovery.recover,
                submit=settings.submit,
                watch=settings.watch,
                max_agents=settings.max_agents,
                times=times,
                guard=guard,
                signals=signals,
            ) as results,
        ):
            results.merge = merge
            yield results


def _guard(journal: Journal, settings: Settings, approve: Approve | None, rates: Rates) -> Guard:
    """Return the campaign's guard. It has no canary if enough rows were rendered by earlier runs."""
    budget, canary = None, settings.canary
    if settings.budget_usd is not None:
        budget = Budget(settings.budget_usd, rates=rates, spent_usd=spent_usd(journal, rates))
    if canary is not None and journal.counts()["completed"] >= canary:
        canary = None
    return guards(budget=budget, canary=canary, approve=approve, breaker=settings.breaker)


@contextlib.asynccontextmanager
async def _lessons_stored(journal: Journal, times: RenderTimes) -> AsyncIterator[None]:
    """Store the render times of the run in the journal, however the run ends, unless the journal itself fails."""
    try:
        yield
    finally:
        with contextlib.suppress(JournalError):
            journal.learn(times.lessons())
