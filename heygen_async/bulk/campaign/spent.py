"""What a campaign has cost so far, by its journal: so that a budget holds over all of its runs."""

from __future__ import annotations

from heygen_async.bulk.jobs.records import Record
from heygen_async.bulk.journal.queries import JournalReader
from heygen_async.bulk.plan.price import Rates


def spent_usd(journal: JournalReader, rates: Rates) -> float:
    """Return what has been paid at most, without the rows that are under way: a budget reserves those by itself."""
    ended = sum(
        rates.price(kind, seconds)[1] if kind != "cinematic_avatar" else count * rates.price(kind, 0.0)[1]
        for kind, (count, seconds) in journal.rendered().items()
    )
    failed = sum(_most(record, rates) for record in journal.records("failed") if record.spent != "no")
    former = sum(_most(journal.get(job_id), rates) for job_id in journal.former_at_stake())
    return ended + failed + former


def _most(record: Record, rates: Rates) -> float:
    return rates.estimate(record.kind, record.body).high
