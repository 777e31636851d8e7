"""`heygen-async run`: render a contact list."""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import attrs
from cyclopts import Parameter
from rich.console import Console

from heygen_async.bulk.download.file_types import KINDS
from heygen_async.cli.rendering.campaign_options import CampaignOptions, given, open_source, path_beside
from heygen_async.cli.terminal.notice import Notice
from heygen_async.cli.terminal.option_types import (
    BaseUrl,
    Count,
    Duration,
    Json,
    NoPreflight,
    RowsFile,
    Seconds,
    Source,
    Speed,
    Unknown,
    Usd,
)

if TYPE_CHECKING:
    from heygen_async import Campaign, HeyGen, Merge
    from heygen_async.bulk.plan.plan import Plan
    from heygen_async.cli.terminal.json_feed import JsonFeed


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class RunFlags:
    """Options of `run` for the run itself, not for single rows."""

    output: Annotated[Path | None, Parameter(help="Folder for the files and results.csv. [default: videos]")] = None
    max_in_flight: Annotated[
        Count | None,
        Parameter(help="Renders at once; the pay-as-you-go account has 10. [default: the campaign file's, or 10]"),
    ] = None
    deadline: Annotated[Seconds | None, Parameter(help="Seconds for each render. [default: 3600]")] = None
    files: Annotated[
        str | None,
        Parameter(help=f"What to store of each video: some of {', '.join(KINDS)}, with commas. [default: video]"),
    ] = None
    max_downloads: Annotated[
        Count | None, Parameter(help="Files at once; downloads hold no render slots. [default: 6]")
    ] = None
    budget: Annotated[
        Usd | None, Parameter(help="Send no row that could cost more than what is left of this: 250, 250usd, $250.")
    ] = None
    canary: Annotated[Count | None, Parameter(help="Send the first N rows alone; the others when those are there.")] = (
        None
    )
    approve: Annotated[bool, Parameter(help="Ask before the rows after the canary are sent.")] = False
    breaker: Annotated[
        tuple[Count, Count] | None,
        Parameter(help="K N: send no more when K of the last N rows have failed with one code."),
    ] = None
    journal: Annotated[
        str | None,
        Parameter(
            help="Remember the run in this file, so that it can go on after anything: `heygen-async resume`. "
            "[default: beside the campaign file or, without one, beside the output, with the name of the list and .db]"
        ),
    ] = None
    no_journal: Annotated[
        bool, Parameter(help="Remember nothing: after an interruption, or if it is repeated, the run pays again.")
    ] = False
    again: Annotated[
        bool, Parameter(help="Render rows again, and pay again, that have a video made with another request.")
    ] = False
    yes: Annotated[bool, Parameter(help="Begin without asking.")] = False
    serve: Annotated[
        bool,
        Parameter(
            help="Serve the run as a live page: `heygen-async serve --help`. With --canary, it asks for approval."
        ),
    ] = False
    on_unknown: Annotated[Unknown | None, Parameter(show_default=False)] = None
    patience: Annotated[
        Duration | None,
        Parameter(help="Wait so long for a HeyGen that cannot be reached: 90s, 20min, 3h. [default: 3h]"),
    ] = None

    def journal_of(self, campaign: Campaign, source: Path) -> Path | str | None:
        """Return the journal of the run: as named, or beside the campaign file or the output; None without one."""
        from heygen_async import InvalidInputError
        from heygen_async.cli.rendering.follow_run import check_journal

        if self.no_journal:
            if self.journal is not None:
                raise InvalidInputError("--journal and --no-journal: choose one of them")
            return None
        if campaign.run.journal is not None or source.suffix.lower() == ".toml":
            journal = campaign.journal
        else:
            journal = campaign.beside(campaign.downloads.folder).parent / f"{source.stem}.db"
        if isinstance(journal, Path):
            check_journal(journal)
        return journal

    def campaign(self, file: Campaign) -> Campaign:
        """Return *file* with the values of these options in place of its own."""
        run = {**self._of_run(), "approve": self.approve or None, "journal": _place_beside(file, self.journal)}
        downloads = {**self._of_downloads(), "folder": path_beside(file, self.output)}
        return attrs.evolve(
            file,
            run=attrs.evolve(file.run, **given(**run)),
            downloads=attrs.evolve(file.downloads, **given(**downloads)),
        )

    def chosen(self) -> dict[str, Any]:
        """Return the options of `HeyGen.run` that were given here, also those that are the default.

        A journal keeps an option of its last run until another value is given.
        """
        return given(**self._of_run(), **self._of_downloads())

    def _of_run(self) -> dict[str, Any]:
        return {
            "max_in_flight": self.max_in_flight,
            "deadline": self.deadline,
            "budget_usd": self.budget,
            "canary": self.canary,
            "breaker": self.breaker,
            "on_unknown": self.on_unknown,
            "patience": self.patience,
        }

    def _of_downloads(self) -> dict[str, Any]:
        from heygen_async.bulk.download.video_files import checked_kinds

        return {
            "files": None if self.files is None else checked_kinds(kind.strip() for kind in self.files.split(",")),
            "max_downloads": self.max_downloads,
        }


def _place_beside(file: Campaign, journal: str | None) -> str | None:
    """Return the place of a journal as the campaign file writes it; an address stays as it is."""
    from heygen_async.bulk.journal.database import ADDRESSES

    if journal is None or journal.startswith(ADDRESSES):
        return journal
    return path_beside(file, Path(journal))


def run(
    source: Source,
    rows: RowsFile = None,
    /,
    *,
    campaign_options: CampaignOptions = CampaignOptions(),  # noqa: B008 - a frozen value
    flags: RunFlags = RunFlags(),
    notice: Notice = Notice(),  # noqa: B008 - a frozen value
    no_preflight: NoPreflight = False,
    base_url: BaseUrl = None,
    speed: Speed = 1.0,
    in_json: Json = False,
) -> None:
    """Render one personalised video for each row of a contact list. Costs money.

    Before the first row is sent, all rows are checked, and the looks, voices and templates that they name are looked
    up at HeyGen. Needs an API key, see `heygen-async auth status`.

        heygen-async run campaign.toml leads.csv --budget 250usd --canary 3
    """
    from heygen_async import InvalidInputError
    from heygen_async.cli.rendering import follow_run
    from heygen_async.cli.rendering.compare_list import keep_id_column
    from heygen_async.cli.terminal.json_feed import exit_with_feed

    def command(feed: JsonFeed) -> int:
        notice.check()
        file, contacts = open_source(source, rows)
        campaign = flags.campaign(campaign_options.campaign(file))
        journal = flags.journal_of(campaign, source)
        if flags.serve and journal is None:
            raise InvalidInputError("--serve: the page is that of a journal; leave --no-journal out")
        if campaign.run.approve and campaign.run.canary is None:
            raise InvalidInputError("--approve: there is no canary to approve; say how many rows go first: --canary 3")
        chosen = {**flags.chosen(), "again": flags.again}
        is_named = campaign.run.journal is not None or source.suffix.lower() == ".toml"
        running = _RunCommand(
            keep_id_column(campaign, journal),
            contacts,
            journal,
            base_url,
            chosen,
            beside=() if is_named or not isinstance(journal, Path) else (journal.parent, source.parent),
            preflight=not no_preflight,
            yes=flags.yes,
            serves=flags.serve,
        )
        return follow_run.run_async(lambda: running.run(feed), speed, base_url)

    exit_with_feed(command, in_json=in_json, notify=notice.send)


@attrs.frozen
class _RunCommand:
    campaign: Campaign
    rows: Path | None
    journal: Path | str | None
    base_url: str | None
    chosen: dict[str, Any]
    beside: tuple[Path, ...] = attrs.field(kw_only=True)  # folders with other journals that may know the rows
    preflight: bool = attrs.field(kw_only=True)
    yes: bool = attrs.field(kw_only=True)
    serves: bool = attrs.field(kw_only=True)

    async def run(self, feed: JsonFeed) -> int:
        from heygen_async import HeyGen
        from heygen_async.cli.rendering.compare_list import decide
        from heygen_async.cli.rendering.intent import Intent, account_of, announce
        from heygen_async.cli.rendering.plan_rows import client_if_key
        from heygen_async.cli.terminal.progress import wide_console

        console = wide_console(stderr=feed.is_on)
        async with client_if_key(self.base_url) as heygen:
            plan = await self._plan(heygen)
            plan.check()
            if not plan.rows:
                console.print(f"{plan.table.name}: there are no rows, so there is nothing to do")
                return 7
            _show_notes(console, plan)
            if heygen is None:
                HeyGen(base_url=self.base_url)  # raises the error about the missing key
            account = await account_of(heygen)
        again, merge = self.chosen["again"], self._compare(plan)
        decision = "keep" if again else await decide(console, plan, merge)
        again = again or decision == "again"
        intent = Intent.of(plan, merge, self.campaign, account, again=again)
        asks = not (self.yes or self.campaign.run.approve or decision == "again")  # these were asked, or will be
        if decision == "stop" or not await announce(console, intent, asks=asks):
            console.print("Nothing was sent.")
            return 8
        return await self._render(console, plan, feed, again=again)

    def _compare(self, plan: Plan) -> Merge | None:
        """Compare the rows with the campaign's journal; a new one must not be begun for rows that another one has."""
        from heygen_async.cli.rendering.compare_list import check_relatives, compare, is_begun

        rates = self.campaign.rates
        if isinstance(self.journal, Path) and self.beside and not is_begun(self.journal):
            check_relatives(plan, self.journal, self.beside, rates=rates)
        return compare(plan, self.journal, rates=rates, tag_titles=self.campaign.run.tag_titles)

    async def _plan(self, heygen: HeyGen | None) -> Plan:
        from heygen_async.cli.rendering.plan_rows import plan_offline, plan_online

        if heygen is None or not self.preflight:
            return plan_offline(self.campaign, self.rows)
        return await plan_online(heygen, self.campaign, self.rows)

    async def _render(self, console: Console, plan: Plan, feed: JsonFeed, *, again: bool) -> int:
        from heygen_async import HeyGen, Journal
        from heygen_async.cli.rendering import follow_run
        from heygen_async.cli.rendering.live_page import served
        from heygen_async.cli.rendering.render_campaign import render_campaign
        from heygen_async.cli.terminal.progress import ProgressBoard

        if self.journal is not None and plan.id_column is not None:
            with Journal(self.journal, create=True) as opened:
                opened.set_meta(id_column=plan.id_column)
        board = ProgressBoard(console, plan.rows, asyncio.get_running_loop().time, feed, self.campaign.run.budget_usd)
        async with HeyGen(base_url=self.base_url, observers=[board]) as heygen:
            with board:
                rendering = functools.partial(render_campaign, self.campaign, plan, heygen, board, journal=self.journal)
                async with served(console, self.journal if self.serves else None):
                    results, bill = await rendering(is_served=self.serves, **{**self.chosen, "again": again})
        folder = str(self.campaign.beside(self.campaign.downloads.folder))
        return follow_run.finish(console, results, bill, board, journal=self.journal, folder=folder)


def _show_notes(console: Console, plan: Plan) -> None:
    """Print the unused columns and the first notes of a plan, before its run begins."""
    from heygen_async.bulk.plan.plan import PROBLEMS_SHOWN

    unused = [str(note.column) for note in plan.problems if note.line is None and note.column is not None]
    if unused:
        console.print(f"unused columns: {', '.join(unused)}", markup=False, highlight=False)
    notes = [note for note in plan.problems if note.line is not None or note.column is None]
    for note in notes[:PROBLEMS_SHOWN]:
        console.print(f"note  {note}", markup=False, highlight=False, soft_wrap=True)
    if len(notes) > PROBLEMS_SHOWN:
        console.print(
            f"... and {len(notes) - PROBLEMS_SHOWN} more notes: `heygen-async plan` shows all", highlight=False
        )
