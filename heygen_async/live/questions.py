"""The question before each press of a button, with what it costs."""

from __future__ import annotations

from collections.abc import Iterable

from heygen_async.bulk.campaign.campaign import settings_of
from heygen_async.bulk.jobs.records import Record
from heygen_async.bulk.journal.queries import JournalReader
from heygen_async.bulk.output.report.wording import count, dollars
from heygen_async.bulk.prices.price import Rates
from heygen_async.bulk.wishes.wish import Wish
from heygen_async.errors import InvalidInputError


def words_of(journal: JournalReader, wish: Wish) -> str:
    """Return a wish in a few words."""
    whose = "all rows whose answer was lost" if wish.row is None else f"row {journal.number_of(wish.row)}"
    words = {
        "approve": "Approve the first videos",
        "stop": "Stop",
        "pause": "Pause",
        "go_on": "Go on",
        "retry": f"Make the failed videos again{f' ({wish.code})' if wish.code else ''}",
        "send_again": f"Send {whose} again",
        "give_up": f"Give {whose} up",
    }
    return f"A budget of {wish.usd:,.2f} US dollars" if wish.kind == "budget" else words[wish.kind]


def question(journal: JournalReader, wish: Wish, *, is_at_rest: bool = False) -> str:
    """Return what a person is asked before a wish is granted, in a few sentences; *is_at_rest* if nobody works on it.

    Raises:
        InvalidInputError: The wish has no effect at present.
    """
    match wish.kind:
        case "approve" | "go_on":
            left = list(journal.records("planned"))
            return f"Make {count(len(left), 'more video')}? {_cost(journal, left)}"
        case "stop" | "pause":
            until = "" if wish.kind == "stop" else " until somebody says so"
            return f"Begin no more videos{until}? {_being_made(journal)}"
        case "retry":
            return _retry(journal, wish)
        case "send_again" | "give_up":
            return _decide(journal, wish)
        case "budget":
            after = " No run is at work, and none begins by this: press Go on afterwards." if is_at_rest else ""
            return _budget(journal, wish) + after


def _cost(journal: JournalReader, rows: Iterable[Record]) -> str:
    """Return what rows will cost by the price list, and what is left of the budget."""
    settings = settings_of(journal)
    rates = settings.rates or Rates()
    prices = [rates.estimate(record.kind, record.body) for record in rows]
    low, high = sum(price.low for price in prices), sum(price.high for price in prices)
    cost = f"This costs {dollars(low, high)} US dollars by HeyGen's price list."
    if settings.budget_usd is None:
        return cost
    left = max(0.0, settings.budget_usd - journal.ledger().high_usd)
    cost = f"{cost} Of the budget, {left:,.2f} are left."
    return f"{cost} No row is sent that does not fit into it." if high > left else cost


def _being_made(journal: JournalReader) -> str:
    counts, stake = journal.counts(), journal.ledger().at_stake_usd
    now = counts["submitted"] + counts["intended"]
    left = f"{count(counts['planned'], 'row')} stay in the list and can be made later."
    if not now:
        return f"This costs nothing. {left}"
    return f"{count(now, 'video')} being made will be finished and paid for, up to {stake:,.2f} US dollars. {left}"


def _retry(journal: JournalReader, wish: Wish) -> str:
    failed = list(journal.records("failed", code=wish.code))
    paid = [record for record in failed if record.spent in {"yes", "unknown"}]
    again = [record for record in failed if record.spent not in {"yes", "unknown"}]
    if not again:
        raise InvalidInputError(f"None can be made again: {count(len(paid), 'row')} may be paid for already.")
    more = f" {count(len(paid), 'other row')} may be paid for, and stay as they are." if paid else ""
    return f"Make {count(len(again), 'failed video')} again? {_cost(journal, again)}{more}"


def _decide(journal: JournalReader, wish: Wish) -> str:
    rows = [record for record in journal.records("unknown") if wish.row in {None, record.id}]
    if not rows:
        raise InvalidInputError("This is decided already.")
    if wish.kind == "give_up":
        return f"Give {count(len(rows), 'row')} up? This costs nothing more; a video may have been paid for already."
    twice = "What was made by the first request after all is paid for twice."
    return f"Send {count(len(rows), 'row')} again? {_cost(journal, rows)} {twice}"


def _budget(journal: JournalReader, wish: Wish) -> str:
    settings, spent = settings_of(journal), journal.ledger().high_usd
    if settings.budget_usd is None:
        raise InvalidInputError("This campaign has no budget.")
    if wish.usd < spent:
        raise InvalidInputError(f"About {spent:,.2f} US dollars are spent already; name a larger amount.")
    return (
        f"Let all runs of this campaign together cost up to {wish.usd:,.2f} US dollars, in place of "
        f"{settings.budget_usd:,.2f}? About {spent:,.2f} are spent."
    )
