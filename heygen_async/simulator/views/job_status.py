"""How a job looks to whoever asks now: its status word, why it failed, where its files are."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from heygen_async.simulator.account.job_kinds import JOB_KINDS
from heygen_async.simulator.faults.request_faults import FailedRender
from heygen_async.simulator.storage import files
from heygen_async.simulator.views.call import RouteCall
from heygen_async.simulator.world.renders import Render


@attrs.frozen(kw_only=True)
class JobStatus:
    """One glance at a job.

    Attributes:
        status: In the words of its family, or a word that nobody knows.
        done: True if it has files.
        ended_at: Loop time; None while it seems to run.
        failure: Why it failed, if it did.
    """

    status: str
    done: bool
    ended_at: float | None
    failure: FailedRender | None


def glance(call: RouteCall, render: Render, *, counts: bool = False) -> JobStatus:
    """Return how *render* looks now.

    Args:
        call: Of whoever looks.
        render: What is looked at.
        counts: True if this uses up one of the looks that a fault spoils.
    """
    status = render.status(call.world.now())
    odd = render.faults.undocumented_status() if counts else None
    if odd:
        return JobStatus(status=odd, done=False, ended_at=None, failure=None)
    return JobStatus(
        status=JOB_KINDS[render.family].word(status),
        done=status == "completed",
        ended_at=render.ended_at,
        failure=render.faults.failure if status == "failed" else None,
    )


def addresses(
    call: RouteCall, render: Render, seen: JobStatus, endings: Mapping[str, str | None]
) -> dict[str, str | None]:
    """Return the addresses of the files of *render* by their names; None where there is no file, or not yet.

    Args:
        call: Of whoever asks.
        render: Whose files.
        seen: How it looks to them.
        endings: Of the files' names, by the names of their fields.
    """
    if not seen.done or render.faults.hides_address():
        return dict.fromkeys(endings)
    expired = render.faults.expires_at_once()
    return {
        name: ending and files.address(call.world, call.origin, render, ending, expired=expired)
        for name, ending in endings.items()
    }
