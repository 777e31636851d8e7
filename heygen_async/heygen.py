"""`HeyGen`: a client of one account that renders one video or many."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from contextlib import AbstractAsyncContextManager
from os import PathLike
from typing import TYPE_CHECKING, Unpack

from heygen_async.account.render_pool import InFlight
from heygen_async.api.client import Client

if TYPE_CHECKING:
    from heygen_async.api.renders import RenderRequest
    from heygen_async.bulk.jobs.job import Job
    from heygen_async.bulk.jobs.next_step import OnUnknown
    from heygen_async.bulk.plan.plan import Plan
    from heygen_async.bulk.plan.price import Rates
    from heygen_async.bulk.rows.table import Table
    from heygen_async.bulk.run.guards import Approve
    from heygen_async.bulk.run.result_stream import Results
    from heygen_async.bulk.run.run_options import RunOptions
    from heygen_async.bulk.template.template import Template
    from heygen_async.bulk.watch.signals import HasSignals, Signals


class HeyGen(Client):
    """A client for one HeyGen account: one video, or many.

        async with HeyGen() as heygen:
            video = await heygen.render(DirectVideo(avatar_id="...", voice_id="...", script="Hi Ada"))

    Making one opens no connection; the first request does. Use one client per account and event loop: the
    pause after a 429 and the pace are shared by everything under it.

    Attributes:
        videos: `/v3/videos`.
        video_agents: `/v3/video-agents`.
        webhooks: `/v3/webhooks`.
        assets, audio, avatars, background_removal, brand, clipping, filler_words, folders, lipsyncs, models,
            proofreads, studio, templates, translations, users, voices: The rest of the API, see `Resources`.
        pool: What is known of the account's render slots; shared by all runs under this client.
        credentials: What opens the account, and where it comes from.
        retry: How often and patiently requests are repeated.
        telemetry: Its observers.
    """

    def render_many(
        self,
        requests: Iterable[RenderRequest | Job] | AsyncIterable[RenderRequest | Job],
        **options: Unpack[RunOptions],
    ) -> AbstractAsyncContextManager[Results]:
        """Render many requests, at most *max_in_flight* at once, and stream their results. Costs money for each.

            async with heygen.render_many(requests, max_in_flight=10) as results:
                async for result in results: ...

        Args:
            requests: Any iterable or async iterable, read only as fast as slots become free. A `Job` holds
                a request with your own row beside it, which the result gives back. Besides the requests of `render`:
                `FromTemplate`, `StudioVideo`, `TranslationRequest` (one language a row), `LipsyncRequest`,
                `ClippingRequest`, `BackgroundRemovalRequest`, `FillerWordRemovalRequest`, `TextToVideo`, `ImageToVideo`
                and `ReferenceToVideo`, mixed as you like: all share the slots.
            max_in_flight: Renders at once: a number (the account's pool has 10 pay-as-you-go, 20 enterprise), a
                function that tells it, or "auto" to find out what there is. Whatever you say, a pool that turns out
                smaller is respected, and tried again from time to time.
            deadline: Seconds for each render, from its submission.
            download_to: A folder for the files; without it nothing is downloaded.
            filename: Of each file, without its ending: {number} counts the rows from 1, {id} is the video's, {title}
                its title, any other name in braces is a column of the row. A name that is taken gets a number.
            files: What to store of each video: "video", "captioned_video", "captions", "thumbnail", "gif". What HeyGen
                does not offer of a video is left out.
            max_downloads: Files at once. Downloads hold no render slots, however slow they are.
            journal: A file that remembers every row, so that a run can go on after anything that may happen: run it
                again, or `resume` it. Rows that are done are not rendered again.
            on_unknown: What to do about a row whose POST was sent and whose answer was lost, where HeyGen takes no key
                and nothing at HeyGen fits it: "hold" it for you, "resubmit" it, or "skip" it.
            submit: "each" row in a POST of its own, or up to 100 in one ("batch"): far fewer requests, and rows that
                find no slot wait at HeyGen instead of here, so give *max_in_flight* room for both. Agents always go
                one by one. "auto" uses batches only where `requests_per_second` would not let single POSTs fill
                the slots: elsewhere they gain 2 %, and how HeyGen queues them is not documented.
            watch: How ends are noticed: "sweep" asks for a hundred at once every few seconds; "each" asks for every
                video by itself, at the pace that fits how such renders end; "auto" sweeps until that is refused. A
                `Receiver` of webhooks: the same as "auto", but what a delivery says has ended is looked at at once,
                and as long as nearly all ends are told, the sweep goes round every 30 seconds only.
            max_agents: Agents under way at once; HeyGen advises two to three. Rows behind them go first meanwhile, and
                up to a thousand are read ahead for that. None is as many as there are slots.
            tag_titles: With a journal, add a short tag to each title, by which a video whose key has become too old
                (23 hours) can still be found; without, only a title that no other video has will do.
            budget_usd: US dollars that the run may cost, with a journal all runs of it together: a row is sent only if
                its highest price fits beside what was spent and what is under way. When the next one does not fit, the
                run sends no more and ends in a `BudgetReachedError`; with a journal it can go on under another budget.
            rates: Your prices, if they are not those of HeyGen's list.
            canary: So many rows go first, alone; the others only when those are there, with their files.
            approve: Asked with the results of the canary, whether the others may go.
            breaker: (k, n): when k of the last n rows have failed with one code, the run sends no more.

        A failed row is a `Failed` result, never an exception. Leaving the block early stops submitting and
        watching; what was submitted goes on at HeyGen: `results.unfinished` lists it, and `results.unread` what had
        ended meanwhile.

        Raises:
            InsufficientCreditError: The account could not pay for one more; what was submitted before was
                followed to its end first. The same for a wrong key and a used-up quota.
            RunPausedError: Budget, canary or breaker stopped it; what was submitted was followed to its end first.
        """
        from heygen_async.bulk.campaign.campaign import (  # noqa: PLC0415 - loaded when rows are rendered
            run_journal,
        )
        from heygen_async.bulk.download.downloader import Downloader  # noqa: PLC0415 - loaded when rows are rendered  # noqa: PLC0415 - the same
        from heygen_async.bulk.journal.job_store import IterableStore  # noqa: PLC0415 - the same
        from heygen_async.bulk.run.guards import Budget, guards  # noqa: PLC0415 - the same
        from heygen_async.bulk.run.run_options import RunHooks, RunSettings  # noqa: PLC0415 - the same
        from heygen_async.bulk.run.scheduler import run  # noqa: PLC0415 - the same

        settings = RunSettings.of(options, "render_many")
        if settings.journal is not None:
            return run_journal(self, settings.journal, settings, requests)
        folder, budget = settings.download_to, settings.budget_usd
        hooks = RunHooks(
            guard=guards(
                budget=None if budget is None else Budget(budget, rates=settings.rates),
                canary=settings.canary,
                approve=settings.approve,
                breaker=settings.breaker,
            ),
            downloads=None if folder is None else Downloader(self, folder, settings.filename, files=settings.files),
            signals=settings.signals,
        )
        return run(self, IterableStore(requests), settings, hooks)

    async def plan(
        self,
        rows: Table | str | PathLike[str],
        template: Template,
        *,
        filename: str | None = "{number}-{id}",
        limit: int | None = None,
        rates: Rates | None = None,
        max_in_flight: InFlight | None = None,
        budget_usd: float | None = None,
        preflight: bool = True,
    ) -> Plan:
        """Check and price every row of a list. Renders nothing, costs nothing.

            plan = await heygen.plan("leads.csv", Template("direct", {"avatar_id": ..., "script": "Hi {{ name }}"}))

        Args:
            rows: A file, or what `read_rows` has opened; it is read twice, so it must be re-readable.
            template: The request of each row.
            filename: Of the files, as of `render_many`: names that clash are problems. None if nothing is stored.
            limit: Only the first so many rows.
            rates: Your prices, if they are not those of HeyGen's list.
            max_in_flight: As of the run: more than the account has is told.
            budget_usd: As of the run: then the account need not have the price of all rows.
            preflight: Look up at HeyGen, each once, the looks, voices and templates that the rows name, and what the
                account has left. False asks nobody.

        Returns:
            Its `problems`, all of them, and its `price`: least, likely, most.

        Raises:
            InvalidInputError: The list cannot be read at all.

        Source: `GET /v3/avatars/looks/{look_id}`, `GET /v3/voices/{voice_id}`, `GET /v3/templates/{template_id}` and
            `GET /v3/users/me`.
        """
        from heygen_async.bulk.plan.plan import checked_plan, make_plan  # noqa: PLC0415 - loaded when rows are rendered
        from heygen_async.bulk.rows.readers.read_rows import Table, read_rows  # noqa: PLC0415 - loaded when rows are rendered

        table = rows if isinstance(rows, Table) else read_rows(rows)
        if not preflight:
            return make_plan(table, template, filename=filename, limit=limit, rates=rates)
        return await checked_plan(
            self,
            table,
            template,
            filename=filename,
            limit=limit,
            rates=rates,
            max_in_flight=max_in_flight,
            budget_usd=budget_usd,
        )

    def run(self, plan: Plan, **options: Unpack[RunOptions]) -> AbstractAsyncContextManager[Results]:
        """Render a plan. Costs money, about `plan.price`.

            async with heygen.run(plan, journal="campaign.db", budget_usd=250) as results: ...

        Args:
            plan: Of `plan`; one with errors is refused.
            **options: As of `render_many`; `filename` is the plan's if not given.

        Raises:
            InvalidInputError: The plan has errors; nothing was sent. Its notes name the first of them.
        """
        if plan.filename is not None:
            options.setdefault("filename", plan.filename)
        return self.render_many(plan.jobs(), **options)

    def resume(
        self,
        journal: str | PathLike[str],
        *,
        on_unknown: OnUnknown = "hold",
        budget_usd: float | None = None,
        approve: Approve | None = None,
        rates: Rates | None = None,
        watch: HasSignals | Signals | None = None,
    ) -> AbstractAsyncContextManager[Results]:
        """Go on with a journal's campaign: follow what was submitted, submit what was not. Costs money for the rest.

            async with heygen.resume("campaign.db") as results: ...

        Args:
            journal: Of a former `render_many`; the requests and settings are in it.
            on_unknown: As of `render_many`.
            budget_usd: In place of the journal's budget.
            approve: As of `render_many`.
            rates: As of `render_many`.
            watch: A `Receiver` of webhooks; else as the journal says.

        Raises:
            JournalError: Not there, in use by another process, damaged; nothing was sent.
            RunPausedError: As of `render_many`.
        """
        from heygen_async.bulk.campaign.campaign import run_journal  # noqa: PLC0415 - loaded when rows are rendered
        from heygen_async.bulk.run.run_options import RunSettings  # noqa: PLC0415 - the same

        settings = RunSettings(
            on_unknown=on_unknown,
            budget_usd=budget_usd,
            approve=approve,
            rates=rates,
            watch="auto" if watch is None else watch,
        )
        return run_journal(self, journal, settings)
