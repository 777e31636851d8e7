"""The options of a run: one list, one type, one explanation each."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args, get_type_hints

import attrs
import pytest
from cyclopts import Parameter

from heygen_async import HeyGen, InvalidInputError, Plan, Rates, RunOptions, Template, read_rows
from heygen_async.bulk.run.run_options import RunSettings
from heygen_async.cli.rendering.run_flags import RunFlags
from heygen_async.simulator import World


def test_the_type_of_the_options_has_the_fields_of_the_settings() -> None:
    """Every option once; all are optional."""
    assert sorted(RunOptions.__annotations__) == sorted(field.name for field in attrs.fields(RunSettings))
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


def test_a_journal_keeps_the_settings_in_one_format() -> None:
    """These are the words that journals on disk hold; both older and newer versions read them."""
    stored = (
        '{"max_in_flight": 4, "deadline": 3600.0, "download_to": "out", "filename": "{number}", '
        '"files": ["video", "captions"], "max_downloads": 6, "submit": "auto", "watch": "auto", "max_agents": null, '
        '"tag_titles": false, "budget_usd": 25.0, "canary": 1, "breaker": [3, 10], '
        '"patience": 10800.0, '
        '"rates": {"avatar": [0.1, 0.2], "image": [0.05, 0.05], "video_agent": [0.0333, 0.0333], '
        '"cinematic_avatar": 0.7, "studio": [0.05, 0.0667], "template": [0.05, 0.0667], '
        '"translation": [0.0333, 0.0667], "lipsync": [0.0333, 0.0667], "other": [0.0333, 0.0667]}}'
    )
    settings = RunSettings.from_json(stored)
    assert (settings.files, settings.max_agents, settings.breaker) == (("video", "captions"), None, (3, 10))
    assert settings.rates == Rates(avatar=(0.1, 0.2), cinematic_avatar=0.7)
    listed = stored.partition('"rates": ')[0]
    assert settings.to_json() == f'{listed}"rates": {{"avatar": [0.1, 0.2], "cinematic_avatar": 0.7}}}}'


def test_a_wrong_value_in_a_journal_says_how_to_go_on() -> None:
    """A value that an earlier version stored without a check is named, with the way to replace it."""
    with pytest.raises(InvalidInputError, match="submit: 'batc'; must be") as caught:
        RunSettings.from_json('{"submit": "batc"}')
    assert "give render_many the right one" in str(caught.value.__notes__)


COUNTS: tuple[object, ...] = (0, -1, 1.5, True, "ten", [])
REFUSED: dict[str, tuple[Sequence[object], str]] = {
    "max_in_flight": ((*COUNTS, None), 'must be a whole number from 1, "auto" or a function'),
    "deadline": ((0, -1, "x", True, None, float("nan")), "must be a number of seconds above 0"),
    "download_to": ((3, b"out"), "must be a path"),
    "filename": (("", " ", 3, None), "must be text that is not blank"),
    "files": (((), None, 3, ("film",), "videos"), "must be some of video, captioned_video, captions, thumbnail, gif"),
    "max_downloads": ((*COUNTS, None), "must be a whole number from 1"),
    "journal": ((3,), "must be a path"),
    "on_unknown": (("resubmitt",), "must be 'hold' or 'resubmit' or 'skip'; did you mean 'resubmit'?"),
    "submit": (("batc",), "must be 'auto' or 'each' or 'batch'; did you mean 'batch'?"),
    "watch": ((3, "sometimes", object()), "must be 'auto', 'sweep', 'each' or a Receiver"),
    "max_agents": (COUNTS, "must be a whole number from 1, or None"),
    "tag_titles": (("no", 1, None), "must be True or False"),
    "budget_usd": ((0, -1, "250", True, float("inf"), float("nan")), "must be an amount in US dollars above 0"),
    "rates": (({}, 0.05), "must be Rates, such as"),
    "canary": (COUNTS, "must be a whole number from 1"),
    "approve": ((True, "yes"), "must be a function of the results"),
    "breaker": (((3,), 3, (3, 10, 5), (0, 5), (6, 5), (1.0, 5), "ab"), "must be two whole numbers (k, n)"),
    "progress": ((1, "yes", None), "must be True or False"),
    "again": (("yes", 1, None), "must be True or False"),
    "on_submitted": ((True, "yes"), "must be a function that takes a job and an id"),
    "patience": ((0, -1, "x", True, None, float("nan")), "must be a number of seconds above 0"),
}


@pytest.mark.parametrize(("name", "value"), [(name, bad) for name, (values, _) in REFUSED.items() for bad in values])
@pytest.mark.parametrize("journal", ["", "c.db"])
async def test_a_wrong_value_is_refused_before_anything_is_begun(
    heygen: HeyGen, world: World, tmp_path: Path, name: str, value: Any, journal: str
) -> None:
    """The call itself names the option and what it takes: no request is sent and no journal is made."""
    options: Any = {"journal": tmp_path / journal} if journal else {}
    with pytest.raises(InvalidInputError, match=rf"^{name}: .*{re.escape(REFUSED[name][1])}"):
        heygen.render_many([], **{**options, name: value})
    assert world.requests == []
    assert list(tmp_path.iterdir()) == []


def test_each_option_has_a_rule() -> None:
    assert sorted(REFUSED) == sorted(RunOptions.__annotations__)


@pytest.mark.parametrize("budget", [0, -1])
async def test_resume_refuses_a_wrong_value_before_it_opens_the_journal(heygen: HeyGen, budget: float) -> None:
    with pytest.raises(InvalidInputError, match="budget_usd"):
        heygen.resume("not-there.db", budget_usd=budget)


def test_the_command_line_tells_the_defaults_of_the_options() -> None:
    """Its help is shown without the modules of a run, so the numbers are written there once more."""
    told = {
        field.name: default[1]
        for field in attrs.fields(RunFlags)
        for part in get_args(get_type_hints(RunFlags, include_extras=True)[field.name])
        if isinstance(part, Parameter) and (default := re.search(r"\[default: (.*)\]", str(part.help)))
    }
    settings = RunSettings()
    assert told["max_in_flight"] == f"the campaign file's, or {settings.max_in_flight}"
    assert told["deadline"] == f"{settings.deadline:g}"
    assert told["max_downloads"] == str(settings.max_downloads)
    assert told["files"] == ", ".join(settings.files)


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
