"""A run obeys wishes: each test puts one into the journal of a run on the simulator, as a page would."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest

from heygen_async import Completed, DirectVideo, Failed, HeyGen, Job, Journal, Result, VideoAgent, errors
from heygen_async.bulk.campaign.wish_keeper import wait_for_wish
from heygen_async.bulk.wishes.wish_box import WishBox
from heygen_async.simulator import DropBefore, FailedRender, World


@pytest.fixture
def path(tmp_path: Path) -> Path:
    Journal(tmp_path / "c.db", create=True).close()
    return tmp_path / "c.db"


def jobs(count: int) -> list[Job]:
    return [
        Job(request=DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi number {n};"), row={"n": n})
        for n in range(count)
    ]


def wish(path: Path, kind: str, **details: Any) -> None:
    with WishBox(path) as box:
        box.put(kind, details)


def answers(path: Path) -> list[str | None]:
    with WishBox(path) as box:
        return [found.answer for found in reversed(box.newest(20))]


def counts(path: Path) -> dict[str, int]:
    with Journal(path, read_only=True) as journal:
        return dict(journal.counts())


async def asked(path: Path) -> tuple[int, ...]:
    """Wait until the run asks for an approval, and return the rows it asks about."""
    while True:
        with WishBox(path) as box:
            if (rows := box.state.asks) is not None:
                return rows
        await anyio.sleep(1)


async def test_a_wish_approves_of_the_first_rows(heygen: HeyGen, path: Path) -> None:
    """Nobody is asked in the run itself; the other rows wait for the wish, then all are made."""
    async with heygen.render_many(jobs(6), journal=path, canary=2, approve=wait_for_wish) as results:
        assert await asked(path) == (1, 2)
        await anyio.sleep(3600)
        assert counts(path) == {"completed": 2, "planned": 4}
        wish(path, "approve")
        assert len(await results.collect()) == 6
    assert answers(path) == ["Approved: the other rows are made."]
    with WishBox(path) as box:
        assert box.state.asks is None


async def test_a_wish_stops_after_the_first_rows(heygen: HeyGen, path: Path, world: World) -> None:
    """They are not approved of, and nothing more is paid for."""
    with pytest.raises(errors.CanaryFailedError, match="not approved"):
        async with heygen.render_many(jobs(6), journal=path, canary=2, approve=wait_for_wish) as results:
            await asked(path)
            wish(path, "stop")
            await results.collect()
    assert len(world.ledger) == 2
    assert answers(path) == ["The first rows are not approved of: no other is made."]


async def test_the_first_answer_counts(heygen: HeyGen, path: Path) -> None:
    """Whoever is asked in the run may answer before any wish; a wish then finds nothing that waits."""

    async def at_once(_: Sequence[Result]) -> bool:
        return True

    async with heygen.render_many(jobs(4), journal=path, canary=1, approve=at_once) as results:
        assert len(await results.collect()) == 4
        wish(path, "approve")
        await anyio.sleep(11)
    assert answers(path) == ["Nothing waits for an approval."]


async def test_whoever_is_asked_may_fail(heygen: HeyGen, path: Path) -> None:
    """The error of the function that was to ask is that of the run."""

    async def broken(_: Sequence[Result]) -> bool:
        raise RuntimeError("nobody at the door")

    with pytest.raises(RuntimeError, match="nobody at the door"):
        async with heygen.render_many(jobs(4), journal=path, canary=1, approve=broken) as results:
            await results.collect()
    assert counts(path) == {"completed": 1, "planned": 3}


async def test_an_approval_before_the_run_holds_for_the_same_list_only(heygen: HeyGen, path: Path) -> None:
    """Resumed, the campaign goes on without a question; run with a list again, the first rows are asked about anew."""
    with pytest.raises(errors.CanaryFailedError, match="not approved"):
        async with heygen.render_many(jobs(4), journal=path, canary=1, approve=wait_for_wish) as results:
            await asked(path)
            wish(path, "stop")
            await results.collect()
    wish(path, "approve")
    async with heygen.render_many(jobs(5), journal=path, approve=wait_for_wish) as results:
        assert await asked(path) == ()
        await anyio.sleep(2)
        assert "to be looked at once more" in str(answers(path)[-1])
        results.stop_submitting()
    wish(path, "approve")
    async with heygen.resume(path) as resumed:
        assert len(await resumed.collect()) == 4
    assert answers(path)[-1] == "Approved: the other rows are made."


async def test_a_paused_run_begins_no_rows_until_it_goes_on(heygen: HeyGen, path: Path) -> None:
    """What is being made is finished meanwhile."""
    async with heygen.render_many(jobs(30), journal=path, max_in_flight=2, submit="each") as results:
        await anext(results)
        wish(path, "pause")
        await anyio.sleep(3600)
        done = counts(path)
        assert set(done) == {"completed", "planned"}
        with WishBox(path) as box:
            assert box.state.is_paused
        await anyio.sleep(3600)
        assert counts(path) == done
        wish(path, "go_on")
        await results.collect()
    assert counts(path) == {"completed": 30}
    assert answers(path) == ["Paused: no more videos are begun until somebody says so.", "The run goes on."]


async def test_a_wish_stops_a_run(heygen: HeyGen, path: Path) -> None:
    """What is being made is waited for; the others stay in the list."""
    async with heygen.render_many(jobs(30), journal=path, max_in_flight=2, submit="each") as results:
        await anext(results)
        wish(path, "stop")
        await results.collect()
    assert set(counts(path)) == {"completed", "planned"}
    assert "waited for" in str(answers(path)[0])


async def test_wishes_to_a_run_that_has_ended_lapse(heygen: HeyGen, path: Path) -> None:
    """A pause of yesterday holds nobody up."""
    for kind in ("pause", "stop", "go_on"):
        wish(path, kind)
    async with heygen.render_many(jobs(3), journal=path) as results:
        assert len(await results.collect()) == 3
    assert answers(path) == ["The run that it was meant for had ended."] * 3


async def test_a_budget_is_raised_while_the_run_waits_for_it(heygen: HeyGen, path: Path) -> None:
    """Rows that did not fit are sent; the journal keeps the new budget for later runs."""
    with Journal(path) as journal:
        assert journal.meta("settings") is None
    async with heygen.render_many(jobs(8), journal=path, budget_usd=0.6, canary=1, approve=wait_for_wish) as results:
        await asked(path)
        wish(path, "budget", usd=50)
        wish(path, "approve")
        assert len(await results.collect()) == 8
    assert answers(path)[0] == "The budget is 50.00 US dollars now."
    with Journal(path, read_only=True) as kept:
        assert '"budget_usd": 50' in (kept.meta("settings") or "")


async def test_a_budget_that_is_raised_between_two_runs_is_that_of_the_next(heygen: HeyGen, path: Path) -> None:
    """A run without a budget has none to raise."""
    with pytest.raises(errors.BudgetReachedError):
        async with heygen.render_many(jobs(8), journal=path, budget_usd=0.6) as results:
            await results.collect()
    wish(path, "budget", usd=50)
    async with heygen.resume(path) as resumed:
        await resumed.collect()
    assert counts(path) == {"completed": 8}
    other = path.with_name("other.db")
    Journal(other, create=True).close()
    wish(other, "budget", usd=50)
    async with heygen.render_many(jobs(1), journal=other) as results:
        await results.collect()
    assert answers(other) == ["This campaign has no budget, so there is none to raise."]


async def test_failed_rows_are_made_again_while_the_run_goes_on(heygen: HeyGen, path: Path, world: World) -> None:
    """Under a new key; each video is paid for once, as a failed render is not billed."""
    world.faults.append(FailedRender(contains="number 0;", code="rendering_failed", times=1))
    async with heygen.render_many(jobs(40), journal=path, max_in_flight=2, submit="each") as results:
        async for result in results:
            if isinstance(result, Failed):
                wish(path, "retry", code="rendering_failed")
    assert counts(path) == {"completed": 40}
    assert answers(path) == ["1 are made again now."]
    assert len(world.ledger) == len({charge.video_id for charge in world.ledger})


async def test_rows_that_may_be_paid_for_are_not_made_again(heygen: HeyGen, path: Path, world: World) -> None:
    """After the last row was sent, the others wait for the next run."""
    world.faults.append(FailedRender(contains="number 0;", code="rendering_failed", times=1))
    async with heygen.render_many(jobs(3), journal=path, submit="each") as results:
        assert sum(isinstance(result, Failed) for result in await results.collect()) == 1
        wish(path, "retry")
        await anyio.sleep(11)
    assert answers(path) == ["1 are made again when the campaign is resumed after this run."]
    async with heygen.resume(path) as resumed:
        assert [type(result) for result in await resumed.collect()] == [Completed]
    with Journal(path) as journal:
        journal._db.execute("UPDATE jobs SET state = 'failed', spent = 'unknown', error_code = 'x' WHERE id = 1")
    wish(path, "retry")
    async with heygen.resume(path) as resumed:
        await resumed.collect()
    assert answers(path)[-1] == "1 stay as they are, because they may be paid for: see `heygen-async retry`."
    assert counts(path) == {"completed": 2, "failed": 1}


@pytest.mark.parametrize(("kind", "state"), [("send_again", "completed"), ("give_up", "failed")])
async def test_a_row_whose_answer_was_lost_is_decided(
    heygen: HeyGen, path: Path, world: World, kind: str, state: str
) -> None:
    """Between two runs, or during one that does not look for it any more."""
    world.faults.append(DropBefore(method="POST", path="/v3/video-agents", nth=1))
    lost: list[Job] = [Job(request=VideoAgent(prompt="Lost"), row={"n": "lost"})]
    async with heygen.render_many([*lost, *jobs(1)], journal=path) as results:
        await results.collect()
        assert counts(path) == {"unknown": 1, "completed": 1}
    wish(path, kind, row=2)
    wish(path, kind, row=1)
    async with heygen.resume(path) as resumed:
        await resumed.collect()
    assert counts(path).get(state) == (2 if state == "completed" else 1)
    assert str(answers(path)[0]).startswith("0 ")
    assert str(answers(path)[1]).startswith("1 ")
