"""Requests of tomorrow's API in lists and campaigns: journal, identity, price and budget hold for them, too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from heygen_async import (
    BadRequestError,
    Completed,
    DirectVideo,
    Failed,
    HeyGen,
    InvalidInputError,
    Journal,
    Plan,
    Rates,
    Result,
    Template,
    read_rows,
)
from heygen_async.api.requests.stored import body_of
from heygen_async.simulator import World

NEW = {"engine": {"type": "avatar_6"}, "resolution": "2k"}
FIELDS = {"avatar_id": "look_ben", "voice_id": "voice_warm", "script": "Hi {{ name }}"}
RATES = Rates(per_second={"avatar_6 2k": (0.10, 0.145)})


@pytest.fixture
def world() -> World:
    """An account whose HeyGen is newer than this version."""
    return World(open_contract=True, slots=3, strict_catalog=False)


def request(name: str, extra: dict[str, Any] | None = NEW) -> DirectVideo:
    return DirectVideo(avatar_id="look_ben", voice_id="voice_warm", script=f"Hi {name}", extra=extra)


async def ran(heygen: HeyGen, requests: list[DirectVideo], **options: Any) -> list[Result]:
    async with heygen.render_many(requests, **options) as results:
        return [result async for result in results]


def leads(folder: Path, text: str = "name\nAda\nBob\n") -> Path:
    path = folder / "leads.csv"
    path.write_text(text)
    return path


async def test_one_video_of_tomorrow_is_sent_as_it_is(heygen: HeyGen, world: World) -> None:
    """The body has the new words in place of those that are known."""
    video = await heygen.render(request("Ada"))
    assert video.status == "completed"
    (charge,) = world.ledger
    assert (charge.body["engine"], charge.body["resolution"]) == ({"type": "avatar_6"}, "2k")


async def test_todays_contract_refuses_it_without_a_charge(heygen: HeyGen, world: World) -> None:
    """A HeyGen that does not have the words says so; nothing is paid."""
    world.open_contract = False
    with pytest.raises(BadRequestError, match="engine"):
        await heygen.render(request("Ada"))
    assert world.ledger == []


async def test_a_journal_keeps_the_new_words_and_pays_once(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """A run that was left goes on with the same bodies; the identity of a row includes its new words."""
    path = tmp_path / "c.db"
    requests = [request(name) for name in ("Ada", "Bob", "Eve", "Zoë")]
    async with heygen.render_many(requests, journal=path, max_in_flight=2) as results:
        async for _ in results:
            break
    async with heygen.resume(path) as results:
        assert all(isinstance(result, Completed) for result in [result async for result in results])
    assert sorted(charge.body["script"] for charge in world.ledger) == ["Hi Ada", "Hi Bob", "Hi Eve", "Hi Zoë"]
    assert all(charge.body["engine"] == {"type": "avatar_6"} for charge in world.ledger)
    assert await ran(heygen, requests, journal=path) == []
    older = request("Ada", extra=None)
    assert len(await ran(heygen, [older, *requests[1:]], journal=path)) == 1
    assert len(world.ledger) == 5


@pytest.mark.parametrize("kept", [False, True])
async def test_a_budget_refuses_rows_of_unknown_price(
    heygen: HeyGen, world: World, tmp_path: Path, *, kept: bool
) -> None:
    """The other rows are rendered; with a rate that names the new words the refused ones can follow."""
    requests = [request("Ada"), request("Bob", extra=None), request("Eve")]
    options: dict[str, Any] = {"journal": tmp_path / "c.db"} if kept else {}
    results = await ran(heygen, requests, budget_usd=5.0, **options)
    failed = [result for result in results if isinstance(result, Failed)]
    assert sorted(body_of(result.request)["script"] for result in failed) == ["Hi Ada", "Hi Eve"]
    assert {(type(result.error), result.error.spent) for result in failed} == {(InvalidInputError, "no")}
    assert "the price of 2k avatar_6 is not known, so a budget cannot count it" in failed[0].error.message
    assert [charge.body["script"] for charge in world.ledger] == ["Hi Bob"]
    results = await ran(heygen, [requests[0], requests[2]], budget_usd=5.0, rates=RATES)
    assert [type(result) for result in results] == [Completed, Completed]


async def test_rows_of_unknown_price_are_rendered_without_a_budget(heygen: HeyGen, tmp_path: Path) -> None:
    """The journal has no price of them, and the totals leave them out."""
    path = tmp_path / "c.db"
    await ran(heygen, [request("Ada"), request("Bob", extra=None)], journal=path)
    with Journal(path) as journal:
        prices = {record.row is None and record.id: (record.low_usd, record.high_usd) for record in journal.records()}
        assert prices[1] == (None, None)
        assert None not in prices[2]
        assert journal.ledger().high_usd == prices[2][1]


async def test_a_budget_counts_the_rate_that_was_given(heygen: HeyGen, world: World) -> None:
    """Each row reserves the most that its words cost, and settles for its real length."""
    results = await ran(heygen, [request("Ada"), request("Bob")], budget_usd=0.95, rates=RATES)
    assert [type(result) for result in results] == [Completed, Completed]
    assert world.charged_usd == pytest.approx(0.2)


def lenient_plan(path: Path, **options: Any) -> Template:
    return Template("direct", {**FIELDS, "engine": "avatar_6", "resolution": "2k"}, lenient=True, **options)


async def planned(heygen: HeyGen, path: Path, **options: Any) -> Plan:
    return await heygen.plan(read_rows(path), lenient_plan(path), filename=None, **options)


async def test_a_plan_tells_that_a_price_is_unknown(heygen: HeyGen, tmp_path: Path) -> None:
    """Without a budget one warning stands for all rows with the words; a budget makes each row a problem."""
    path = leads(tmp_path)
    for preflight in (True, False):
        plan = await planned(heygen, path, preflight=preflight)
        unknown = [problem for problem in plan.problems if "2k avatar_6" in problem.reason]
        assert [problem.severity for problem in unknown] == ["warning"]
        assert (plan.price.unknown, plan.price.high, plan.errors) == (2, 0.0, [])
        assert str(plan.price) == "0.00 USD (0.00 to 0.00), and 2 of unknown price"
        plan = await planned(heygen, path, budget_usd=5.0, preflight=preflight)
        assert [problem.line for problem in plan.errors] == [2, 3]
        assert "the price of 2k avatar_6 is not known, so the budget cannot count it" in plan.errors[0].reason
        assert '"2k avatar_6" = 0.10 under [rates.per_second]' in plan.errors[0].mend
        plan = await planned(heygen, path, budget_usd=5.0, rates=RATES, preflight=preflight)
        assert (plan.errors, plan.price.unknown) == ([], 0)
        assert plan.price.low > 0


async def test_a_lenient_list_is_planned_and_rendered(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """What the plan says is what the journal and the ledger have."""
    plan = await planned(heygen, leads(tmp_path), budget_usd=5.0, rates=RATES)
    async with heygen.run(plan, journal=tmp_path / "c.db", budget_usd=5.0, rates=RATES) as results:
        assert [type(result) async for result in results] == [Completed, Completed]
    assert [charge.body["engine"] for charge in world.ledger] == [{"type": "avatar_6"}] * 2
    assert plan.price.low <= world.charged_usd <= plan.price.high
    with Journal(tmp_path / "c.db") as journal:
        assert journal.ledger().low_usd <= world.charged_usd <= journal.ledger().high_usd


@pytest.mark.parametrize(("look", "usd"), [("look_ben", 0.05), ("look_anna", 0.0667)])
async def test_what_preflight_learnt_of_a_look_counts_in_the_run(
    heygen: HeyGen, world: World, tmp_path: Path, look: str, usd: float
) -> None:
    """The journal has the exact price of a photo look or a twin, and a later run without a plan knows it, too."""
    path = tmp_path / "c.db"
    template = Template("direct", {**FIELDS, "avatar_id": look})
    plan = await heygen.plan(read_rows(leads(tmp_path)), template, filename=None)
    assert plan.looks == {look: {"look_ben": "photo_avatar", "look_anna": "digital_twin"}[look]}
    async with heygen.run(plan, journal=path) as results:
        assert len([result async for result in results]) == 2
    later = DirectVideo(avatar_id=look, voice_id="voice_warm", script="Hi Eve")
    await ran(heygen, [later], journal=path)
    with Journal(path) as journal:
        for record in journal.records("completed"):
            assert record.low_usd == record.high_usd == pytest.approx((record.duration or 0.0) * usd)
        assert journal.ledger().high_usd == pytest.approx(world.charged_usd)


async def test_what_preflight_learnt_of_a_look_counts_in_a_budget(heygen: HeyGen, tmp_path: Path) -> None:
    """Without a journal as well: a photo look reserves less than a look of which nothing is known."""
    template = Template("direct", {**FIELDS, "script": "word " * 100 + "{{ name }}"})
    plan = await heygen.plan(read_rows(leads(tmp_path, "name\nAda\n")), template, filename=None)
    request = next(plan.jobs()).request
    unknown = Rates().estimate("avatar", {"avatar_id": "look_ben", "script": request.script})  # type: ignore[union-attr] # a DirectVideo
    assert plan.price.high < unknown.high
    async with heygen.run(plan, budget_usd=plan.price.high + 0.01) as results:
        assert [type(result) async for result in results] == [Completed]


@pytest.mark.parametrize("preflight", [True, False])
@pytest.mark.parametrize("name", ["callback_url", "callback_id"])
async def test_a_plan_refuses_callbacks_of_cinematic_shots(
    heygen: HeyGen, tmp_path: Path, name: str, *, preflight: bool
) -> None:
    """HeyGen's guide shows them and its schema refuses them; a webhook of the account does the same."""
    table, hook = read_rows(leads(tmp_path)), {name: "https://example.com/hook"}
    shot = {"avatar_id": "look_ben", "prompt": "{{ name }} walks"}
    options: dict[str, Any] = {"filename": None, "preflight": preflight}
    plan = await heygen.plan(table, Template("cinematic", shot | hook), **options)
    assert [(problem.line, problem.field) for problem in plan.errors] == [(2, name), (3, name)]
    assert plan.errors[0].mend == "leave it out, and register a webhook for the account: `heygen.webhooks.create`"
    assert (plan.bad, plan.price.high) == (2, 0.0)
    assert (await heygen.plan(table, Template("cinematic", shot), **options)).errors == []
    assert (await heygen.plan(table, Template("agent", {"prompt": "Hi {{ name }}"} | hook), **options)).errors == []
