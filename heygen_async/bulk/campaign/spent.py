"""The cost of a campaign so far, from its journal, so that a budget holds for all runs together."""

from __future__ import annotations

from heygen_async.bulk.jobs.records import Record
from heygen_async.bulk.journal.queries import JournalReader
from heygen_async.bulk.plan.price import Rates


def spent_usd(journal: JournalReader, rates: Rates) -> float:
    """Return the US dollars paid at most. Rows under way are left out: a budget reserves their price itself."""
    ended = sum(
        rates.price(kind, seconds)[1] if kind != "cinematic_avatar" else count * rates.price(kind, 0.0)[1]
        for kind, (count, seconds) in journal.rendered().items()
    )
    failed = sum(_highest_price(record, rates) for record in journal.records("failed") if record.spent != "no")
    former = sum(_highest_price(journal.get(job_id), rates) for job_id in journal.former_at_stake())
    return ended + failed + former


def _highest_price(record: Record, rates: Rates) -> float:
    return rates.estimate(record.kind, record.body).high
