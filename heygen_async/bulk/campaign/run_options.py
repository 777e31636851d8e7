"""The options of a run, as a type: `HeyGen.run` hands them on to `HeyGen.render_many`, which explains them."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TypedDict

from heygen_async.account.render_pool import InFlight
from heygen_async.bulk.download.file_types import FileKind
from heygen_async.bulk.jobs.next_step import OnUnknown
from heygen_async.bulk.plan.price import Rates
from heygen_async.bulk.run.guards import Approve
from heygen_async.bulk.run.scheduler import Submit
from heygen_async.bulk.watch.signals import HasSignals, Signals
from heygen_async.bulk.watch.watchlist import Watch


class RunOptions(TypedDict, total=False):
    """What `HeyGen.render_many` takes beside the requests; each is explained there."""

    max_in_flight: InFlight
    deadline: float
    download_to: str | PathLike[str] | None
    filename: str
    files: Sequence[FileKind]
    max_downloads: int
    journal: str | PathLike[str] | None
    on_unknown: OnUnknown
    submit: Submit
    watch: Watch | HasSignals | Signals
    max_agents: int | None
    tag_titles: bool
    budget_usd: float | None
    rates: Rates | None
    canary: int | None
    approve: Approve | None
    breaker: tuple[int, int] | None
