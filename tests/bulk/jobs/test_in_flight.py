"""The record of a row under way: one stage at a time, only allowed steps, money derived from the stage."""

from __future__ import annotations

import itertools

import pytest

from heygen_async import DirectVideo, Failed, Job, VideoAgent, errors
from heygen_async.bulk.jobs.in_flight import STEPS, InFlight, Registry, Stage, StageError

PATHS: dict[Stage, list[Stage]] = {
    Stage.SLOTTED: [],
    Stage.SET_ASIDE: [Stage.SET_ASIDE],
    Stage.PUT_BACK: [Stage.PUT_BACK],
    Stage.SENDING: [Stage.SENDING],
    Stage.BACKING_OFF: [Stage.SENDING, Stage.BACKING_OFF],
    Stage.LOOKING: [Stage.SENDING, Stage.LOOKING],
    Stage.RENDERING: [Stage.SENDING, Stage.RENDERING],
    Stage.READING: [Stage.SENDING, Stage.RENDERING, Stage.READING],
    Stage.RECORDING: [Stage.SENDING, Stage.RECORDING],
    Stage.STORING: [Stage.SENDING, Stage.RECORDING, Stage.STORING],
    Stage.DELIVERED: [Stage.SENDING, Stage.RECORDING, Stage.DELIVERED],
}


def job(index: int = 0) -> Job:
    return Job(request=DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="Hi"), index=index)


def at(stage: Stage, registry: Registry) -> InFlight:
    """Return a row that has come to *stage*."""
    row = registry.take(job())
    for step in PATHS[stage]:
        registry.advance(row, step)
    return row


@pytest.mark.parametrize(("begin", "end"), list(itertools.product(Stage, Stage)))
def test_only_the_steps_of_the_table_are_taken(begin: Stage, end: Stage) -> None:
    """Every other step is an error in this package; the row stays where it was."""
    registry = Registry()
    row = at(begin, registry)
    if end in STEPS[begin]:
        registry.advance(row, end)
        assert row.stage is end
    else:
        with pytest.raises(StageError, match=f"no step leads from {begin.value} to {end.value}"):
            registry.advance(row, end)
        assert row.stage is begin
    registry.check()
    assert [found.stage for found in registry.at(row.stage)] == [row.stage]
    assert registry.count(*Stage) == len(registry) == 1


@pytest.mark.parametrize(
    ("stage", "spent"),
    [
        (Stage.SET_ASIDE, "no"),
        (Stage.SLOTTED, "no"),
        (Stage.PUT_BACK, "no"),
        (Stage.BACKING_OFF, "no"),
        (Stage.SENDING, "unknown"),
        (Stage.LOOKING, "unknown"),
        (Stage.RENDERING, "yes"),
        (Stage.READING, "yes"),
        (Stage.STORING, "yes"),
    ],
)
def test_money_follows_from_the_stage(stage: Stage, spent: str) -> None:
    """Nobody sets it by hand."""
    assert at(stage, Registry()).spent == spent


def test_money_follows_from_what_happened_before() -> None:
    """A lost answer is never forgotten, an id is, and an end says it by itself."""
    registry = Registry()
    row = at(Stage.BACKING_OFF, registry)
    row.lost = True
    assert row.spent == "unknown"
    registry.advance(row, Stage.SENDING, video_id="v1")
    assert (row.spent, row.resource_id) == ("yes", "v1")
    failed = Failed(job=row.job, resource_id="v1", error=errors.RenderFailedError("x"))
    registry.advance(row, Stage.RECORDING, result=failed)
    assert str(row.spent) == "no"


def test_a_row_is_taken_once_and_forgotten_once() -> None:
    """Two records of one row would be two homes."""
    registry = Registry()
    row = registry.take(job())
    with pytest.raises(StageError, match="row 0 is under way already"):
        registry.take(job())
    assert 0 in registry
    registry.drop(row)
    registry.drop(row)
    assert (len(registry), list(registry), registry.left) == (0, [], [])
    with pytest.raises(StageError, match="row 0 is not under way"):
        registry.advance(row, Stage.SENDING)


def test_a_row_in_two_stages_is_seen() -> None:
    """The check of the tests can fail."""
    registry = Registry()
    row = registry.take(job())
    registry._by_stage[Stage.SENDING][0] = row
    with pytest.raises(StageError, match="is not in its one stage"):
        registry.check()
    registry._rows.clear()
    with pytest.raises(StageError, match="are in a stage and not in the registry"):
        registry.check()


def test_agents_that_hold_a_slot_are_counted() -> None:
    """From the slot to the end of the render."""
    registry = Registry()
    row = registry.take(Job(request=VideoAgent(prompt="x"), index=3), Stage.SET_ASIDE)
    counts = [registry.agents]
    for stage in (Stage.SLOTTED, Stage.SENDING, Stage.RENDERING, Stage.READING):
        registry.advance(row, stage)
        counts.append(registry.agents)
    assert counts == [0, 1, 1, 1, 0]
