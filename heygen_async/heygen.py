"""`HeyGen`: a client of one account that renders one video or many."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, overload

from heygen_async.account.render_pool import InFlight
from heygen_async.api.client import Client
from heygen_async.api.handles import polling
from heygen_async.http.call import Options

if TYPE_CHECKING:
    from heygen_async.api.agents.session_job import AgentJob
    from heygen_async.api.handles.video import Video, VideoJob
    from heygen_async.api.renders import RenderRequest
    from heygen_async.api.requests.modes import VideoRequest
    from heygen_async.bulk.jobs.job import Job, R, Source
    from heygen_async.bulk.jobs.next_step import OnUnknown
    from heygen_async.bulk.plan.plan import Plan
    from heygen_async.bulk.prices.price import Rates
    from heygen_async.bulk.rows.readers.read_rows import Rows
    from heygen_async.bulk.rows.table import Table
    from heygen_async.bulk.run.finisher import OnSubmitted
    from heygen_async.bulk.run.guards import Approve
    from heygen_async.bulk.run.result_stream import Results
    from heygen_async.bulk.run.run_options import RunOptions, UnkeptOptions
    from heygen_async.bulk.template.template import Template
    from heygen_async.bulk.watch.signals import HasSignals, Signals


class HeyGen(Client):
    """A client for one HeyGen account that renders one video or many.

        async with HeyGen() as heygen:
            video = await heygen.render(DirectVideo(avatar_id="...", voice_id="...", script="Hi Ada"))

    The first request opens the connection. Use one client per account and event loop: all its requests share the
    pace and the pause after a 429.

    Attributes:
        videos: `/v3/videos`.
        video_agents: `/v3/video-agents`.
        webhooks: `/v3/webhooks`.
        assets, audio, avatars, background_removal, brand, clipping, filler_words, folders, lipsyncs, models,
            proofreads, studio, templates, translations, users, voices: The rest of the API, see `Resources`.
        pool: The account's render slots, as learnt so far; shared by all runs of this client.
        credentials: The key or token of the account, with its source.
        retry: Number of attempts of a request, and the pauses between them.
        telemetry: The observers of this client.
    """

    async def render(
        self,
        request: VideoRequest,
        *,
        download_to: str | PathLike[str] | None = None,
        deadline: float = polling.DEADLINE_SECONDS,
        on_submitted: polling.Called[VideoJob | AgentJob] | None = None,
        on_status: polling.Called[Any] | None = None,
        options: Options | None = None,
    ) -> Video:
        """Submit *request*, of any mode, and return the completed video. Costs money.

            video = await heygen.render(request, download_to="videos", on_submitted=lambda job: keep(job.id))

        Args:
            request: The request.
            download_to: Folder or path of the file; without it the video stays at HeyGen. See `videos.download`.
            deadline: See `Client.render`; time for the download does not count.
            on_submitted: See `Client.render`.
            on_status: See `Client.render`.
            options: See `Client.render`.

        Raises:
            RenderFailedError: The render failed; HeyGen does not bill failed renders.
            DeadlineExceededError: The render has not ended; `resource_id` is its id, if it was submitted.
            DownloadError: The video is rendered and paid for, and its file could not be stored.
            HeyGenError: The request could not be submitted; `spent` tells if it may have been executed.

        Source: `POST /v3/videos` or `POST /v3/video-agents`, then `GET /v3/videos/{video_id}`.
        """
        video = await super().render(
            request, deadline=deadline, on_submitted=on_submitted, on_status=on_status, options=options
        )
        if download_to is not None:
            await self.videos.download(video, download_to)
        return video

    async def _fetch(self, video: Video, to: Path, files: Sequence[str]) -> list[Path]:
        from heygen_async.bulk.download.single_video import fetch  # noqa: PLC0415 - loaded when a file is stored
        from heygen_async.bulk.download.video_files import checked_kinds  # noqa: PLC0415 - the same

        return await fetch(self, video, to, checked_kinds(files))

    @overload
    def render_many(
        self, requests: Iterable[Job[R]] | AsyncIterable[Job[R]], **options: Unpack[UnkeptOptions]
    ) -> AbstractAsyncContextManager[Results[R]]: ...

    @overload
    def render_many(
        self, requests: Iterable[RenderRequest] | AsyncIterable[RenderRequest], **options: Unpack[UnkeptOptions]
    ) -> AbstractAsyncContextManager[Results[None]]: ...

    @overload
    def render_many(self, requests: Source, **options: Unpack[RunOptions]) -> AbstractAsyncContextManager[Results]: ...

    def render_many(self, requests: Source, **options: Unpack[RunOptions]) -> AbstractAsyncContextManager[Results]:
        """Render many requests, at most *max_in_flight* at once, and stream their results. Costs money for each.

            async with heygen.render_many(requests, max_in_flight=10) as results:
                async for result in results: ...

        Args:
            requests: Any iterable or async iterable, read only as fast as slots become free. A `Job` holds
                a request with your own row beside it, which the result gives back: the same object, or with a journal
                its form in JSON. Besides the requests of `render`:
                `FromTemplate`, `StudioVideo`, `TranslationRequest` (one language a row), `LipsyncRequest`,
                `ClippingRequest`, `BackgroundRemovalRequest`, `FillerWordRemovalRequest`, `TextToVideo`, `ImageToVideo`
                and `ReferenceToVideo`, in any mixture: all share the slots.
            max_in_flight: Renders at once: a number (a pay-as-you-go account has 10 slots, an enterprise account 20), a
                function that returns the number now, or "auto" to find out how many the account has. If HeyGen takes
                fewer, the run keeps to that and tries one more from time to time.
            deadline: Seconds for each render, from its submission.
            download_to: Folder for the files; None downloads no files.
            filename: Name of each file, without its ending: {number} counts the rows from 1, {id} is the id of the
                video, {title} its title; any other name in braces is a column of the row. A name that is taken gets
                a number.
            files: Files to store of each video: "video", "captioned_video", "captions", "thumbnail", "gif". A file that
                HeyGen does not offer of a video is left out.
            max_downloads: Files that are downloaded at once. Downloads hold no render slots, however slow they are.
            journal: File that remembers every row, so that the run can continue after a crash or an early exit: run it
                again, or `resume` it. Rows that are completed are not rendered again.
            on_unknown: Action for a row whose POST was sent and whose answer was lost, if HeyGen takes no key for it
                and lists no render that fits it: "hold" it for your decision, "resubmit" it, or "skip" it.
            submit: "each" sends one POST for each row; "batch" sends up to 100 rows in one POST: far fewer requests,
                but rows without a slot wait at HeyGen instead of here, so *max_in_flight* must have room for both.
                Agents always go one by one. "auto" uses batches only where `requests_per_second` would not let single
                POSTs fill the slots: elsewhere batches gain 2 %, and how HeyGen queues them is not documented.
            watch: Way of noticing that renders have ended: "sweep" asks for a hundred at once every few seconds; "each"
                asks for every one by itself, at a pace that fits how long such renders take; "auto" sweeps until
                HeyGen refuses that. A `Receiver` of webhooks: "auto", and a render that a delivery names is looked at
                at once; while deliveries tell of nearly all ends, the sweep comes only every 30 seconds.
            max_agents: Agents under way at once; HeyGen advises two to three. Meanwhile the rows behind them go first,
                for which up to a thousand rows are read ahead. None means as many agents as there are slots.
            tag_titles: With a journal, add a short tag to each title. By it a video can be found after its key has
                expired (23 hours); without it, only by a title that no other video has.
            budget_usd: US dollars that the run may cost; with a journal, all its runs together. A row is sent only if
                its highest price fits beside the money spent and the highest prices of the rows under way. If the
                next row does not fit, the run sends no more and ends in a `BudgetReachedError`; with a journal it can
                continue with a higher budget.
            rates: Your prices, if they are not those of HeyGen's list.
            canary: Number of rows that go first, alone; the others follow when these are completed and their files
                are stored.
            approve: Function, plain or async, that gets the results of the canary and returns True if the other rows
                may go.
            breaker: (k, n): the run sends no more when k of the last n rows have failed with one code.
            again: True to render rows again that have a video made by another request, and to pay for them again.
                Without it they keep their videos; `results.merge` counts them and has their price.
            on_submitted: Function, plain or async, that is called with the `Job` and the id of its video, session or
                batch for each row that HeyGen has accepted, after the journal has noted it. Its exceptions are logged,
                and the run goes on.
            progress: True to show the progress on stderr: a bar in a terminal or notebook if rich is installed, else
                a line every 30 seconds.
            patience: Seconds for which the run waits, sending nothing new and losing nothing, while HeyGen cannot be
                reached: no answer at all, or only pages of a gateway. Then it ends in the last error, and with a
                journal it can be resumed.

        With a journal, each option that a later run does not give is the one of the campaign's last run; `results.kept`
        has those. The rows of a list are those that are sent: rows of an earlier list that are not in this one are
        dropped. A row is recognised by its `Job.name`, else by its request.

        A failed row is a `Failed` result, never an exception. Leaving the block early stops submitting and
        watching. Submitted renders continue at HeyGen: `results.unfinished` lists them, and `results.unread` has the
        results that had come in by then.

        Raises:
            InvalidInputError: An option is wrong; raised by the call itself, before a request is sent.
            InsufficientCreditError: The account could not pay for one more row; submitted rows were followed to their
                ends first. A refused key and a used-up quota end the run alike.
            RunPausedError: The budget, the canary or the breaker stopped the run; submitted rows were followed to
                their ends first.
        """
        return self._render_many(requests, options, {})

    def _render_many(
        self, requests: Source, options: RunOptions, looks: Mapping[str, str]
    ) -> AbstractAsyncContextManager[Results[Any]]:
        """Render many requests, and count their prices by the kinds of *looks*."""
        from heygen_async.bulk.campaign.campaign import run_journal, run_once  # noqa: PLC0415 - loaded when rows are rendered
        from heygen_async.bulk.output.progress import with_progress  # noqa: PLC0415 - the same
        from heygen_async.bulk.run.run_options import RunSettings  # noqa: PLC0415 - the same

        settings = RunSettings.of(options, "render_many")
        if settings.journal is None:
            running = run_once(self, settings, requests, looks)
        else:
            running = run_journal(self, settings.journal, settings, requests, options, looks=looks)
        return with_progress(running, show=settings.progress)

    async def plan(
        self,
        rows: Table | Rows,
        template: Template,
        *,
        filename: str | None = "{number}-{id}",
        limit: int | None = None,
        rates: Rates | None = None,
        id_column: str | None = None,
        max_in_flight: InFlight | None = None,
        budget_usd: float | None = None,
        preflight: bool = True,
    ) -> Plan:
        """Check and price every row of a list. Renders no video and costs no money.

            plan = await heygen.plan("leads.csv", Template("direct", {"avatar_id": ..., "script": "Hi {{ name }}"}))

        Args:
            rows: A file, a data frame, a list of mappings, or a table of `read_rows`; it is read twice, so an iterator
                will not do.
            template: The request of each row.
            filename: Names of the files, see `render_many`: names that clash are problems. None if no files are stored.
            limit: Number of rows to use, from the first; None uses all.
            rates: Your prices, if they are not those of HeyGen's list.
            id_column: Column that identifies each row in a journal, such as "email", however the row is edited
                otherwise. Without it a row is recognised by its request.
            max_in_flight: Renders at once of the run; more than the account has are reported.
            budget_usd: Budget of the run; with it the account need not have the price of all rows, and rows of unknown
                price are problems.
            preflight: Look up the looks, voices and templates that the rows name, each once, and the credit of the
                account. False sends no request.

        Returns:
            The plan: `problems` has all problems of all rows, `price` the least, likely and highest price.

        Raises:
            InvalidInputError: The list cannot be read.

        Source: `GET /v3/avatars/looks/{look_id}`, `GET /v3/voices/{voice_id}`, `GET /v3/templates/{template_id}` and
            `GET /v3/users/me`.
        """
        from heygen_async.bulk.plan.plan import checked_plan, make_plan  # noqa: PLC0415 - loaded when rows are rendered
        from heygen_async.bulk.rows.readers.read_rows import Table, read_rows  # noqa: PLC0415 - loaded when rows are rendered

        table = rows if isinstance(rows, Table) else read_rows(rows)
        checks: dict[str, Any] = {"filename": filename, "limit": limit, "rates": rates, "id_column": id_column}
        if not preflight:
            return make_plan(table, template, **checks, budget_usd=budget_usd)
        return await checked_plan(self, table, template, **checks, max_in_flight=max_in_flight, budget_usd=budget_usd)

    def run(self, plan: Plan, **options: Unpack[RunOptions]) -> AbstractAsyncContextManager[Results[Mapping[str, Any]]]:
        """Render a plan. Costs money, about `plan.price`.

            async with heygen.run(plan, journal="campaign.db", budget_usd=250) as results: ...

        Args:
            plan: A plan without errors, made by `plan`.
            **options: Options of `render_many`; without `filename`, the plan's is used.

        Raises:
            InvalidInputError: The plan has errors, the first of which are in the notes, or an option is wrong. No
                request was sent.
        """
        if plan.filename is not None:
            options.setdefault("filename", plan.filename)
        return self._render_many(plan.jobs(), options, plan.looks)

    def resume(
        self,
        journal: str | PathLike[str],
        *,
        on_unknown: OnUnknown = "hold",
        budget_usd: float | None = None,
        approve: Approve | None = None,
        rates: Rates | None = None,
        watch: HasSignals | Signals | None = None,
        on_submitted: OnSubmitted | None = None,
        progress: bool = False,
    ) -> AbstractAsyncContextManager[Results]:
        """Continue the campaign of a journal: follow submitted rows, submit the others. Costs money for the others.

            async with heygen.resume("campaign.db") as results: ...

        Args:
            journal: Journal of an earlier `render_many`; it holds the requests and the options.
            on_unknown: See `render_many`.
            budget_usd: Replaces the budget that the journal keeps.
            approve: See `render_many`.
            rates: See `render_many`.
            watch: A `Receiver` of webhooks; None watches in the way that the journal keeps.
            on_submitted: See `render_many`.
            progress: See `render_many`.

        Raises:
            InvalidInputError: An option is wrong.
            JournalError: The journal is missing, damaged or in use by another process; no request was sent.
            RunPausedError: See `render_many`.
        """
        from heygen_async.bulk.campaign.campaign import run_journal  # noqa: PLC0415 - loaded when rows are rendered
        from heygen_async.bulk.output.progress import with_progress  # noqa: PLC0415 - the same
        from heygen_async.bulk.run.run_options import RunSettings  # noqa: PLC0415 - the same

        settings = RunSettings(
            on_unknown=on_unknown,
            budget_usd=budget_usd,
            approve=approve,
            rates=rates,
            watch="auto" if watch is None else watch,
            on_submitted=on_submitted,
        )
        given = {"budget_usd": budget_usd, "rates": rates, "watch": watch}
        return with_progress(run_journal(self, journal, settings, given=given), show=progress)
