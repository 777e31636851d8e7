"""Status of the campaigns in a database of workers: rows by state, the reason of a stop, and who is at work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import attrs

from heygen_async.bulk.run.run_options import RunSettings
from heygen_async.workers.fleet_tables import LACKS_A_FILE, FleetTables, LiveWorker
from heygen_async.workers.shared_control import Control, SharedState

_COUNTS = "SELECT name, state, count(*) FROM jobs JOIN lists ON lists.id = seen GROUP BY name, state"
_LACKING = (
    "SELECT count(*) FROM jobs WHERE state = 'completed' AND seen IN (SELECT id FROM lists WHERE name = ?) "  # noqa: S608 - our own words
    f"AND {LACKS_A_FILE}"
)


@attrs.frozen(kw_only=True)
class CampaignStatus:
    """A campaign of workers.

    Attributes:
        name: Name of the campaign.
        account: Account that renders it.
        rows: Number of rows by state; see `Record.state`.
        under_way: Number of rows that workers have.
        without_files: Number of completed rows that lack a file which the campaign wants.
        stopped: Why no more rows are sent, such as a budget that is used up; None if nothing holds the campaign.
        waits: What the next row waits for, such as an approval; None if it waits for a slot only.
    """

    name: str
    account: str
    rows: dict[str, int]
    under_way: int
    without_files: int
    stopped: str | None
    waits: str | None

    def __str__(self) -> str:
        """Describe the campaign in one line, as `heygen-async status` prints it."""
        rows = ", ".join(f"{count} {state}" for state, count in sorted(self.rows.items()))
        missing = f"; {self.without_files} of the completed lack a file" if self.without_files else ""
        held = "".join(f"; {word}" for word in (self.stopped, self.waits) if word)
        return f"campaign {self.name or '(without a name)'}: {rows or 'no rows'}{missing}{held}"


@attrs.frozen(kw_only=True)
class FleetStatus:
    """A database of workers at one moment.

    Attributes:
        campaigns: Its campaigns.
        workers: The workers that live.
        limits: The limits of the account; None before the first row was queued.
        slots: Number of render slots in use.
    """

    campaigns: Sequence[CampaignStatus]
    workers: Sequence[LiveWorker]
    limits: SharedState | None
    slots: int

    @property
    def exit_code(self) -> int:
        """The exit code of a worker that found nothing left to do."""
        total = sum((Counter(one.rows) for one in self.campaigns), Counter[str]())
        if total["unknown"]:
            return 8
        if any(one.stopped for one in self.campaigns):
            return 6
        return 5 if total["failed"] or any(one.without_files for one in self.campaigns) else 0

    @property
    def open_lines(self) -> list[str]:
        """Lines about campaigns that are not complete."""
        return [
            str(one)
            for one in self.campaigns
            if one.stopped or one.waits or one.without_files or set(one.rows) - {"completed", "dropped"}
        ]

    def as_json(self) -> dict[str, Any]:
        """Return the status for `--json`."""
        return attrs.asdict(self)


def fleet_status(address: str, account: str | None = None) -> FleetStatus:
    """Return the status of the campaigns of *account*, or of all, in the database at *address*.

    Raises:
        JournalError: The database has no campaign, cannot be reached, or is of another version.
    """
    with closing(FleetTables(address)) as tables:
        counts: dict[str, dict[str, int]] = {}
        for name, state, count in tables.backend.rows(_COUNTS, ()):
            counts.setdefault(name, {})[state] = count
        leases = tables.leases(account)
        campaigns = []
        for found in tables.campaigns(account):
            settings = RunSettings.from_json(found.settings)
            lacking = 0
            if settings.download_to is not None:
                ((lacking,),) = tables.backend.rows(_LACKING, (found.name, list(settings.files)))
            campaigns.append(
                CampaignStatus(
                    name=found.name,
                    account=found.account,
                    rows=counts.get(found.name, {}),
                    under_way=sum(lease.campaign == found.name for lease in leases),
                    without_files=lacking,
                    stopped=found.stopped,
                    waits=found.waits,
                )
            )
        return FleetStatus(
            campaigns=campaigns,
            workers=tables.workers(account),
            limits=Control(tables, account or "").state(),
            slots=sum(lease.holds_slot for lease in leases),
        )
