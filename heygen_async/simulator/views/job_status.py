"""The status of a job in the API: status, failure, and addresses of its files."""

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
    """The status of a job at one time.

    Attributes:
        status: Status in the API, or an undocumented one that a fault orders.
        done: True if it is completed and has files.
        ended_at: Loop time; None until it has ended, and while its status is an undocumented one.
        failure: Failure, if it has failed.
    """

    status: str
    done: bool
    ended_at: float | None
    failure: FailedRender | None


def status_of(call: RouteCall, render: Render, *, polled: bool = False) -> JobStatus:
    """Return the current status of *render*.

    Args:
        call: Call that is answered.
        render: The job.
        polled: True if the call counts as a poll for faults that affect the first polls.
    """
    status = render.status(call.world.now())
    undocumented = render.faults.undocumented_status() if polled else None
    if undocumented:
        return JobStatus(status=undocumented, done=False, ended_at=None, failure=None)
    return JobStatus(
        status=JOB_KINDS[render.job_kind].api_status(status),
        done=status == "completed",
        ended_at=render.ended_at,
        failure=render.faults.failure if status == "failed" else None,
    )


def addresses(
    call: RouteCall, render: Render, status: JobStatus, endings: Mapping[str, str | None]
) -> dict[str, str | None]:
    """Return the addresses of the files of *render* by field; None for a field without a file, or until the end.

    Args:
        call: Call that is answered.
        render: The job.
        status: Status of the job in the answer.
        endings: Endings of the files' names by field; None for a field without a file.
    """
    if not status.done or render.faults.hides_address():
        return dict.fromkeys(endings)
    expired, now = render.faults.has_expired_address(), call.world.now()
    return {
        name: ending and files.address(call.world, call.origin, render, ending, expired=expired, since=now)
        for name, ending in endings.items()
    }
