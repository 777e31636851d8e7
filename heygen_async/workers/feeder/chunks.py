"""Chunks: rows that are handed to one worker together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import attrs

from heygen_async.bulk.jobs.records import Record

FILES_IN_CHUNK = 100


@attrs.frozen
class Chunk:
    """Rows for one worker. With *states* they get new leases, else they have leases that nobody owns."""

    campaign: str
    job_ids: tuple[int, ...]
    states: Sequence[str] = ()
    holds_slot: bool = True


def chunks_of(campaign: str, records: Iterable[Record], states: Sequence[str] = ()) -> list[Chunk]:
    """Return rows as chunks: those of one batch together, and the others one by one, to spread them."""
    groups: dict[object, list[int]] = defaultdict(list)
    for record in records:
        groups[("batch", record.batch) if record.batch is not None else record.id].append(record.id)
    return [Chunk(campaign, tuple(group), states) for group in groups.values()]


def without_slots(campaign: str, rendered: Sequence[int]) -> list[Chunk]:
    """Return rendered rows that lack files as chunks."""
    begins = range(0, len(rendered), FILES_IN_CHUNK)
    return [Chunk(campaign, tuple(rendered[n : n + FILES_IN_CHUNK]), ["completed"], holds_slot=False) for n in begins]
