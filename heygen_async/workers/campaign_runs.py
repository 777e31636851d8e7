"""The runs of a worker: one for each campaign, and one more that ends while the settings of its campaign change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import anyio
import attrs

from heygen_async.workers.campaign_run import CampaignRun
from heygen_async.workers.fleet_tables import FleetCampaign

if TYPE_CHECKING:
    from anyio.abc import TaskGroup


@attrs.define(eq=False)
class CampaignRuns:
    """The rows of a worker, in the runs of their campaigns."""

    _new_run: Callable[[FleetCampaign], CampaignRun]
    _runs: dict[str, CampaignRun] = attrs.field(factory=dict)
    _campaigns: dict[str, FleetCampaign] = attrs.field(factory=dict)
    _retired: dict[CampaignRun, str] = attrs.field(factory=dict)

    def __contains__(self, campaign: object) -> bool:
        """Return True if a campaign has a run."""
        return campaign in self._runs

    @property
    def are_busy(self) -> bool:
        """True if a row lacks something."""
        return any(run.store.open for run in self._all())

    def hold(self, *, is_held: bool) -> None:
        """Hand out no planned rows for now, or hand them out again."""
        for run in self._all():
            run.store.hold(is_held=is_held)

    def begin(self, campaign: FleetCampaign, tasks: TaskGroup) -> None:
        """Begin the run of a campaign in *tasks*; it takes in all rows that this worker has."""
        name = campaign.name
        made = self._new_run(campaign)
        made.store.elsewhere = lambda: self._rows_of_retired(name)
        self._runs[name], self._campaigns[name] = made, campaign
        tasks.start_soon(self._work, name, made)

    async def take(self, campaign: str, job_ids: Sequence[int] | None) -> None:
        """Take in rows that were handed to this worker; None for all that it has."""
        await self._runs[campaign].store.take(job_ids)

    def refresh(self, campaigns: Iterable[FleetCampaign], tasks: TaskGroup) -> None:
        """Render further rows by the present settings; rows under way end as they were begun."""
        for campaign in campaigns:
            before = self._campaigns.get(campaign.name)
            if before is None or (before.settings, before.on_unknown) == (campaign.settings, campaign.on_unknown):
                continue
            retired = self._runs[campaign.name]
            self._retired[retired] = campaign.name
            retired.retire()
            self.begin(campaign, tasks)

    def _all(self) -> Iterator[CampaignRun]:
        yield from (*self._runs.values(), *self._retired)

    def _rows_of_retired(self, name: str) -> set[int]:
        return {row for run, campaign in self._retired.items() if campaign == name for row in run.store.open}

    async def _work(self, name: str, run: CampaignRun) -> None:
        try:
            await run.work()
        finally:
            with anyio.CancelScope(shield=True):
                await run.store.finish()
            is_retired = self._retired.pop(run, None) is not None
            if not is_retired and self._runs.get(name) is run:
                del self._runs[name], self._campaigns[name]
        if is_retired and name in self._runs:
            await self.take(name, None)  # rows that the retired run had not begun
