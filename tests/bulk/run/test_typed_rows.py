"""The type of a row goes from the job to its result. mypy checks the `assert_type` lines; they do nothing in a run."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, assert_type

import attrs

from heygen_async import (
    Completed,
    DirectVideo,
    Failed,
    HeyGen,
    Job,
    Plan,
    Results,
    Row,
    Template,
    Unfinished,
    read_rows,
)
from heygen_async.simulator import World
from heygen_async.simulator.faults.request_faults import FailedRender, Stuck


@attrs.frozen
class Person:
    name: str


def greeting(name: str) -> DirectVideo:
    return DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi {name}")


async def test_the_row_of_a_result_has_the_type_of_the_job_s(heygen: HeyGen) -> None:
    """A `Job[Person]` has a result whose row is a `Person`, whether it is completed, failed or unfinished."""
    jobs = [Job(request=greeting(name), row=Person(name)) for name in ("Ada", "Ben")]
    assert_type(jobs, list[Job[Person]])
    async with heygen.render_many(jobs) as results:
        assert_type(results, Results[Person])
        async for result in results:
            assert_type(result, Completed[Person] | Failed[Person])
            assert_type(result.job.row, Person)
            assert result.row.name in {"Ada", "Ben"}
        assert_type(results.unfinished, list[Unfinished[Person]])


async def test_without_rows_there_is_none(heygen: HeyGen) -> None:
    """Results of plain requests have None as their row; a job without a row may have any."""
    async with heygen.render_many([greeting("Ada")]) as results:
        assert_type(results, Results[None])
        (result,) = await results.collect()
        assert result.row is None
    assert_type(Job(request=greeting("Ada")), Job[Any])


def test_a_plan_and_a_journal_have_mappings() -> None:
    """Rows of a plan are mappings with a journal and without one; those of other jobs are any with a journal."""
    heygen = HeyGen("simulator-key", base_url="http://127.0.0.1:9")

    def run(plan: Plan) -> AbstractAsyncContextManager[Results[Mapping[str, Any]]]:
        return heygen.run(plan, journal="campaign.db")

    assert run is not None
    kept = heygen.render_many([Job(request=greeting("Ada"), row=Person("Ada"))], journal="campaign.db")
    assert_type(kept, AbstractAsyncContextManager[Results[Any], bool | None])


async def test_the_results_of_a_run_are_a_table(heygen: HeyGen, world: World) -> None:
    """`to_records` has plain dicts in the order of the rows: cells in their own types, then the facts."""
    world.faults.append(FailedRender(contains="Ben"))
    template = Template("direct", {"avatar_id": "look_anna", "voice_id": "voice_warm", "script": "Hi {{ name }}"})
    rows = list(read_rows([{"name": "Ada", "age": 36}, {"name": "Ben", "age": None}]))
    jobs = [Job(request=template.render(row), row=row) for row in rows]
    assert_type(jobs, list[Job[Row]])
    async with heygen.render_many(jobs) as results:
        assert results.total == 2
        assert repr(results) == "Results(0 of 2 rows: 0 completed, 0 failed)"
        ada, ben = await results.to_records()
        assert results.total == 2
        assert repr(results) == "Results(2 of 2 rows: 1 completed, 1 failed)"
        assert "rendering_failed" in results._repr_html_()
    assert list(ada) == [
        *("name", "age", "status", "file", "duration", "error_code", "error", "resource_id", "seconds"),
    ]
    assert (ada["name"], ada["age"], ada["status"], ada["file"], ada["error"]) == ("Ada", 36, "completed", None, None)
    assert ada["duration"] > 0
    assert (ben["age"], ben["status"], ben["error_code"]) == (None, "failed", "rendering_failed")


async def test_rows_of_other_kinds_are_in_a_table_too(heygen: HeyGen, world: World) -> None:
    """A row that is no mapping is one cell, a job without a row has none, and a row under way is unfinished."""
    world.faults.append(Stuck(contains="Ben"))
    async with heygen.render_many([Job(request=greeting("Ada"), row=7), Job(request=greeting("Ben"))]) as results:
        ada = await anext(results)
    assert ada.to_record()["row"] == 7
    (ben,) = results.unfinished
    assert "row" not in ben.to_record()
    assert ben.to_record()["status"] == "unfinished"


async def test_the_total_is_known_when_the_source_has_a_length_or_is_at_its_end(heygen: HeyGen) -> None:
    """The number of rows is constant while the run goes on; of a generator it is known at its end."""
    seen = set()
    async with heygen.render_many([greeting(str(n)) for n in range(25)], max_in_flight=4) as results:
        seen.add(results.total)
        async for _ in results:
            seen.add(results.total)
    assert seen == {25}
    async with heygen.render_many((greeting(str(n)) for n in range(3)), max_in_flight=1) as results:
        assert results.total is None
        assert repr(results) == "Results(0 rows: 0 completed, 0 failed)"
        assert len(await results.collect()) == 3
        assert results.total == 3
