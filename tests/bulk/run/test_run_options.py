"""The options of a run: one list, one type, one explanation each."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_type_hints

import attrs
import pytest

from heygen_async import HeyGen, Plan, RunOptions, Template, read_rows
from heygen_async.bulk.run.run_options import RunSettings
from heygen_async.simulator import World


def test_the_type_of_the_options_has_the_fields_of_the_settings() -> None:
    """Every option once, in one order; all are optional."""
    assert list(RunOptions.__annotations__) == [field.name for field in attrs.fields(RunSettings)]
    assert RunOptions.__required_keys__ == frozenset()
    assert all(field.default is not attrs.NOTHING for field in attrs.fields(RunSettings))


@pytest.mark.parametrize("name", list(RunOptions.__annotations__))
def test_each_option_is_explained(name: str) -> None:
    """In the help of `render_many`, and in one line for campaign files."""
    for text in (HeyGen.render_many.__doc__, RunSettings.__doc__):
        assert re.search(rf"^ +{name}: \S", text or "", re.MULTILINE)


def test_settings_survive_a_journal() -> None:
    """All but what belongs to one run; a function for the slots becomes "auto"."""
    settings = RunSettings(max_in_flight=7, files=("video", "gif"), breaker=(2, 5), watch="each", canary=3)
    assert RunSettings.from_json(settings.to_json()) == settings
    assert RunSettings.from_json(RunSettings(max_in_flight=lambda: 3).to_json()).max_in_flight == "auto"
    assert RunSettings.from_json(None) == RunSettings()


def test_the_options_can_be_resolved_by_documentation_tools() -> None:
    """Their types are imported for good, not for type checkers only."""
    hints = get_type_hints(RunOptions)
    assert hints["budget_usd"] == float | None
    assert len(hints) == len(RunOptions.__annotations__)


def what_type_checkers_refuse(heygen: HeyGen, plan: Plan) -> None:
    """Looked at by mypy, which complains about each comment that hides no error."""
    heygen.run(plan, journal="c.db", budget_usd=250, files=("video", "captions"))
    heygen.run(plan, budget="250")  # type: ignore[call-arg]  # no such option
    heygen.run(plan, budget_usd="250")  # type: ignore[arg-type]  # a text is no number
    heygen.run(plan, files=("film",))  # type: ignore[arg-type]  # no such file


@pytest.fixture
def plan(tmp_path: Path) -> Callable[..., Any]:
    (tmp_path / "leads.csv").write_text("name\nAda\nBob\n", encoding="utf-8")

    async def make(heygen: HeyGen) -> Plan:
        template = Template("direct", {"avatar_id": "look_anna", "voice_id": "voice_warm", "script": "Hi {{ name }}"})
        return await heygen.plan(read_rows(tmp_path / "leads.csv"), template, filename="{name}", preflight=False)

    return make


@pytest.mark.parametrize(
    ("options", "names"), [({}, ["Ada.mp4", "Bob.mp4"]), ({"filename": "{number}"}, ["0001.mp4", "0002.mp4"])]
)
async def test_options_arrive_and_the_name_of_the_files_is_the_plans_unless_given(
    heygen: HeyGen, world: World, tmp_path: Path, plan: Callable[..., Any], options: RunOptions, names: list[str]
) -> None:
    made = await plan(heygen)
    given: RunOptions = {"download_to": tmp_path / "films", "canary": 1, **options}
    async with heygen.run(made, **given) as results:
        assert [type(result).__name__ async for result in results] == ["Completed"] * 2
    assert sorted(path.name for path in (tmp_path / "films").iterdir() if path.suffix == ".mp4") == names
    assert len(world.ledger) == 2


async def test_an_option_that_there_is_not_is_refused(heygen: HeyGen, plan: Callable[..., Any]) -> None:
    """For those who have no type checker."""
    made = await plan(heygen)
    with pytest.raises(TypeError, match="budget"):
        heygen.run(made, budget=250)  # type: ignore[call-arg]  # that is the case
