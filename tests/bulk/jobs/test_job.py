"""Jobs of a source: what is a job, and what is none."""

from __future__ import annotations

from typing import Any

from heygen_async import Problem, VideoAgent
from heygen_async.bulk.jobs.job import numbered


async def test_a_warning_of_a_list_is_no_job() -> None:
    """A list that is scanned gives warnings, too: they are left out, and a broken row is a job that fails."""
    note = Problem(reason="2 rows are hidden", mend="delete them", severity="warning")
    source: list[Any] = [VideoAgent(prompt="Hi"), note, Problem(reason="3 cells", mend="quote it")]
    jobs = [job async for job in numbered(source)]
    assert [(job.index, job.problem is None) for job in jobs] == [(0, True), (1, False)]
