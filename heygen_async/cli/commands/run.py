"""`heygen-async run`: render a contact list."""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import attrs
from cyclopts import Parameter
from rich.console import Console

from heygen_async.cli.rendering.campaign_options import CampaignOptions, ChoiceOptions, given, open_source, path_beside
from heygen_async.cli.rendering.run_flags import RunFlags
from heygen_async.cli.terminal.notice import EndNotice
from heygen_async.cli.terminal.option_types import (
    NO_DRY_RUN,
    BaseUrl,
    DryRun,
    Json,
    NoPreflight,
    RowsFile,
    Source,
    Speed,
)

if TYPE_CHECKING:
    from heygen_async import Campaign, HeyGen, Merge
    from heygen_async.bulk.plan.plan import Plan
    from heygen_async.bulk.rows.choice import RowChoice
    from heygen_async.cli.terminal.json_feed import JsonFeed


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class JournalFlags:
    """Options of `run` for its journal."""

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
    yes: Annotated[bool, Parameter(help="Begin without asking.")] = False
    serve: Annotated[
        bool,
        Parameter(
            help="Serve the run as a live page: `heygen-async serve --help`. With --canary, it asks for approval."
        ),
    ] = False

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
        """Return *file* with this journal in place of its own."""
        return attrs.evolve(file, run=attrs.evolve(file.run, **given(journal=_place_beside(file, self.journal))))


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
    choice_options: ChoiceOptions = ChoiceOptions(),  # noqa: B008 - a frozen value
    flags: RunFlags = RunFlags(),  # noqa: B008 - a frozen value
    journal_flags: JournalFlags = JournalFlags(),
    notice: EndNotice = EndNotice(),  # noqa: B008 - a frozen value
    no_preflight: NoPreflight = False,
    base_url: BaseUrl = None,
    speed: Speed = 1.0,
    in_json: Json = False,
    dry_run: DryRun = False,
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
        if dry_run:
            raise InvalidInputError(NO_DRY_RUN)
        notice.check()
        file, contacts = open_source(source, rows)
        campaign = journal_flags.campaign(flags.campaign(campaign_options.campaign(file)))
        journal = journal_flags.journal_of(campaign, source)
        if journal_flags.serve and journal is None:
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
            yes=journal_flags.yes,
            choice=choice_options.choice(),
            serves=journal_flags.serve,
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
    choice: RowChoice = attrs.field(kw_only=True)
    serves: bool = attrs.field(kw_only=True)

    async def run(self, feed: JsonFeed) -> int:
        from heygen_async import HeyGen
        from heygen_async.cli.planning.plan_screen import show_notes
        from heygen_async.cli.rendering.compare_list import decide
        from heygen_async.cli.rendering.follow_run import check_place
        from heygen_async.cli.rendering.intent import Intent, account_of, announce, budget_before
        from heygen_async.cli.rendering.plan_rows import client_if_key
        from heygen_async.cli.rendering.render_campaign import is_waited_for
        from heygen_async.cli.terminal.progress import wide_console

        console = wide_console(stderr=feed.is_on)
        check_place(self.campaign.beside(self.campaign.downloads.folder))
        async with client_if_key(self.base_url) as heygen:
            plan = await self._plan(heygen)
            plan.check()
            if not plan.rows:
                nothing = "no row is chosen" if self.choice else "there are no rows"
                console.print(f"{plan.table.name}: {nothing}, so there is nothing to do")
                return 7
            show_notes(console, plan)
            if heygen is None:
                HeyGen(base_url=self.base_url)  # raises the error about the missing key
            account = await account_of(heygen)
            speed = 1.0 if heygen is None else heygen.account.clock.speed
        again, merge = self.chosen["again"], self._compare(plan)
        decision = "keep" if again else await decide(console, plan, merge)
        again = again or decision == "again"
        before = budget_before(self.journal)
        intent = Intent.of(plan, merge, self.campaign, account, again=again, before=before, speed=speed)
        is_asked = self.campaign.run.approve or is_waited_for(self.journal) or decision == "again"  # before or after
        asks = not (self.yes or is_asked)
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
            return plan_offline(self.campaign, self.rows, self.choice)
        return await plan_online(heygen, self.campaign, self.rows, self.choice)

    async def _render(self, console: Console, plan: Plan, feed: JsonFeed, *, again: bool) -> int:
        from heygen_async import HeyGen, Journal
        from heygen_async.bulk.output.list_numbers import ListNumbers
        from heygen_async.cli.otel_environment import observers
        from heygen_async.cli.rendering import follow_run
        from heygen_async.cli.rendering.live_page import served
        from heygen_async.cli.rendering.render_campaign import render_campaign
        from heygen_async.cli.terminal.progress import ProgressBoard

        if self.journal is not None:
            with Journal(self.journal, create=True) as opened:
                opened.set_meta(encoding=self.campaign.rows.encoding or "")
                if plan.id_column is not None:
                    opened.set_meta(id_column=plan.id_column)
        folder = str(self.campaign.beside(self.campaign.downloads.folder))
        board = ProgressBoard(console, plan.rows, asyncio.get_running_loop().time, feed, self.campaign.run.budget_usd)
        async with HeyGen(base_url=self.base_url, observers=[board, *observers()]) as heygen:
            board.keep_time_of(heygen)
            board.feed.numbers = ListNumbers(self.journal)
            with follow_run.summed_up(console, board, self.journal, folder), board:
                rendering = functools.partial(render_campaign, self.campaign, plan, heygen, board, journal=self.journal)
                async with served(console, self.journal if self.serves else None):
                    results, bill = await rendering(is_served=self.serves, **{**self.chosen, "again": again})
        return follow_run.finish(console, results, bill, board, journal=self.journal, folder=folder)
