"""Plans: all problems of a list, and its price, before anything is sent."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from heygen_async import HeyGen, InvalidInputError, Plan, Problem, Rates, Row, Template, read_rows
from heygen_async.api.requests.stored import body_of
from heygen_async.bulk.plan.file_names import facts_of, file_name
from heygen_async.bulk.plan.plan import make_plan
from heygen_async.bulk.prices.speech_length import spoken_seconds
from heygen_async.simulator import World

COLUMNS = (
    *("first_name", "company", "amount", "day", "mode", "look", "voice", "speed", "pitch", "volume"),
    *(
        "ratio",
        "resolution",
        "expressiveness",
        "format",
        "remove",
        "fit",
        "duration",
        "orientation",
        "callback",
        "title",
    ),
)
MAPPED = {
    "mode": "mode",
    "avatar_id": "look",
    "voice_id": "voice",
    "voice_settings.speed": "speed",
    "voice_settings.pitch": "pitch",
    "voice_settings.volume": "volume",
    "aspect_ratio": "ratio",
    "resolution": "resolution",
    "expressiveness": "expressiveness",
    "output_format": "format",
    "remove_background": "remove",
    "fit": "fit",
    "duration": "duration",
    "orientation": "orientation",
    "callback_url": "callback",
    "title": "title",
}
FIELDS = {
    "voice_id": "voice_warm",
    "script": "Hi {{ first_name }} of {{ company }}: {{ amount | number }} until {{ day | date }}.",
    "prompt": "Show {{ company }}",
}
GOOD = {"company": "Acme", "amount": "12.5", "day": "2026-03-01", "look": "look_anna"}

# Cells that replace good ones, and the message that each must cause.
PLANTED: list[tuple[dict[str, str], str]] = [
    ({"first_name": ""}, "column first_name: is empty here"),
    ({"first_name": "  \u200b "}, "column first_name: .*counts as empty here"),
    ({"company": "nan"}, "column company: 'nan'; counts as empty here"),
    ({"company": "None"}, "column company: 'None'; counts as empty here"),
    ({"company": "NULL"}, "column company: 'NULL'; counts as empty here"),
    ({"company": "#N/A"}, "column company: '#N/A'; counts as empty here"),
    ({"amount": "viel"}, "'viel' is not a plain number"),
    ({"amount": "1.234,50"}, "'1.234,50' is not a plain number"),
    ({"amount": ""}, "column amount: is empty here"),
    ({"day": "01.03.2026"}, "'01.03.2026' is not a day such as 2026-03-01"),
    ({"day": "2026-02-30"}, "'2026-02-30' is not a day"),
    ({"mode": "film"}, "'film'; is not a mode; must be one of direct, image, cinematic, agent"),
    ({"look": ""}, "direct mode: avatar_id is required"),
    ({"look": "n/a"}, "direct mode: avatar_id is required|counts as empty"),
    ({"speed": "fast"}, "'fast' is not a number such as 1.5"),
    ({"speed": "9"}, "must be a number from 0.5 to 1.5"),
    ({"speed": "0"}, "must be a number from 0.5 to 1.5"),
    ({"pitch": "500"}, "must be a number from -50 to 50"),
    ({"pitch": "high"}, "'high' is not a number"),
    ({"volume": "7"}, "7.0; must be"),
    ({"ratio": "7:3"}, "'7:3'; must be"),
    ({"resolution": "8k"}, "'8k'; must be"),
    ({"expressiveness": "very"}, "'very'; must be"),
    ({"format": "avi"}, "'avi'; must be"),
    ({"remove": "perhaps"}, "'perhaps' is neither true nor false"),
    ({"fit": "stretch"}, "'stretch'; must be"),
    ({"callback": "ftp://example.com/hook"}, "callback_url"),
    ({"callback": "not an address"}, "callback_url"),
    ({"first_name": "x" * 6000}, "characters; must be at most 5,000"),
    ({"mode": "cinematic", "duration": "3"}, "duration: 3; must be a whole number from 4 to 15"),
    ({"mode": "cinematic", "duration": "soon"}, "'soon' is not a whole number"),
    ({"mode": "cinematic", "ratio": "4:5"}, "'4:5'; must be"),
    ({"mode": "agent", "orientation": "round"}, "'round'; must be"),
    ({"mode": "image"}, "image mode: image is required"),
]
RAGGED = [
    ("Ada,Acme", "the row ends before this column, with 2 of 20 cells"),
    (",".join(["x"] * 23), "23 cells, but the header has 20"),
]
CLASH = ({"first_name": "ADA 7"}, r"its file would be named 'ADA 7', like that of line 9; put \{number\}")
ROWS = 1_000


def cells(number: int, planted: dict[str, str]) -> list[str]:
    row = {**dict.fromkeys(COLUMNS, ""), **GOOD, "first_name": f"Ada {number}", **planted}
    return [row[name] for name in COLUMNS]


def line_of(values: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(values)
    return text.getvalue()


@pytest.fixture
def leads(tmp_path: Path) -> tuple[Path, dict[int, str]]:
    """Return a list of 1,000 rows, and the problems planted in it by line."""
    wrong: dict[int, str] = {}
    lines = [line_of(list(COLUMNS))]
    plants = {20 + 25 * n: plant for n, plant in enumerate([*PLANTED, CLASH])}
    ragged = {950 + 10 * n: plant for n, plant in enumerate(RAGGED)}
    for number in range(ROWS):
        line = number + 2
        if number in ragged:
            text, wrong[line] = ragged[number]
            lines.append(text + "\n")
            continue
        planted, message = plants.get(number, ({}, ""))
        if message:
            wrong[line] = message
        lines.append(line_of(cells(number, planted)))
    path = tmp_path / "leads.csv"
    path.write_text("".join(lines), encoding="utf-8")
    return path, wrong


def template() -> Template:
    return Template("direct", FIELDS, columns=MAPPED)


def test_all_planted_problems_are_found_and_no_other(leads: tuple[Path, dict[int, str]]) -> None:
    """One reading of 1,000 rows finds the 37 planted problems with their lines, and no others."""
    path, wrong = leads
    assert len(wrong) == 37
    plan = make_plan(read_rows(path), template(), filename="{first_name}")
    found: dict[int, list[Problem]] = {}
    for problem in plan.errors:
        assert problem.line is not None
        found.setdefault(problem.line, []).append(problem)
    assert sorted(found) == sorted(wrong)
    for line, message in wrong.items():
        assert len(found[line]) == 1, found[line]
        with pytest.raises(InvalidInputError, match=rf"leads\.csv line {line}\b.*{message}"):
            raise found[line][0].error()
        assert found[line][0].mend
    kinds = {(one[0].field, one[0].reason.partition(";")[0][:30]) for one in found.values()}
    assert len(kinds) >= 20
    assert (plan.rows, plan.bad) == (ROWS, 37)
    (note,) = [problem for problem in plan.problems if problem.severity == "warning"]
    assert note.reason.startswith("1 row has fewer cells than the header (line 952)")


async def test_a_plan_with_errors_sends_nothing(
    heygen: HeyGen, world: World, leads: tuple[Path, dict[int, str]]
) -> None:
    """A plan with errors cannot be run; the error names the first twenty problems."""
    plan = await heygen.plan(leads[0], template())
    with pytest.raises(InvalidInputError, match=r"36 of 1,000 rows cannot be rendered; nothing was sent") as caught:
        heygen.run(plan)
    assert len(caught.value.__notes__) == 21
    assert caught.value.__notes__[-1] == "... and 12 more"
    asked = [(seen.method, seen.path) for seen in world.requests]
    assert asked == [
        ("GET", "/v3/avatars/looks/look_anna"),
        ("GET", "/v3/voices/voice_warm"),
        ("GET", "/v3/users/me"),
    ]
    world.requests.clear()
    assert len((await heygen.plan(leads[0], template(), preflight=False)).errors) == 36
    assert world.requests == []


async def test_a_plan_looks_up_the_ids_in_its_rows(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """An id that HeyGen does not have is a problem of its row, which is not priced; each id is asked for once."""
    path = tmp_path / "leads.csv"
    wrong = {3: {"look": "look_ada"}, 7: {"voice": "voice_gone"}, 200: {"look": "group_anna"}}
    rows = [cells(n, wrong.get(n, {})) for n in range(300)]
    path.write_text("".join(line_of(row) for row in [list(COLUMNS), *rows]), encoding="utf-8")
    plan = await heygen.plan(path, template(), rates=Rates(avatar=(0.01, 0.01)))
    assert [(one.line, one.column, one.value) for one in plan.errors] == [
        (5, "look", "look_ada"),
        (9, "voice", "voice_gone"),
        (202, "look", "group_anna"),
    ]
    assert (plan.rows, plan.bad, plan.kinds["avatar"][0], plan.is_checked) == (300, 3, 297, True)
    assert len(world.requests) == 8  # three looks, two of them as groups, two voices, the account


@pytest.mark.parametrize(
    ("budget", "left", "fields"),
    [
        (None, 1.0, ["wallet.remaining_balance"]),
        (0.5, 1.0, []),
        (None, 99.0, []),
        (5.0, 0.5, ["wallet.remaining_balance"]),
    ],
)
async def test_a_plan_checks_that_the_account_can_pay(
    heygen: HeyGen, world: World, tmp_path: Path, budget: float | None, left: float, fields: list[str]
) -> None:
    """The account must be able to pay for all rows, or for the budget."""
    path = tmp_path / "leads.csv"
    path.write_text("".join(line_of(row) for row in [list(COLUMNS), *[cells(n, {}) for n in range(9)]]), "utf-8")
    world.balance_usd = left
    plan = await heygen.plan(path, template(), budget_usd=budget, max_in_flight=4)
    assert plan.price.expected > 1.0
    assert [problem.field for problem in plan.errors] == fields
    if fields:
        with pytest.raises(InvalidInputError, match="it cannot be rendered") as caught:
            plan.check()
        assert "USD" in caught.value.__notes__[0]


async def test_prices_depend_on_the_language_of_the_voice(heygen: HeyGen, tmp_path: Path) -> None:
    """A text takes longer in German than in English; a locale in the request comes before the voice's language."""
    path = tmp_path / "leads.csv"
    path.write_text("name\nAda\n", "utf-8")

    async def price(voice_id: str, **more: object) -> float:
        fields = {"avatar_id": "look_anna", "voice_id": voice_id, "script": "Hello {{ name }}, and so on. " * 9, **more}
        return (await heygen.plan(path, Template("direct", fields))).price.expected

    english, german = await price("voice_warm"), await price("voice_jonas")
    assert german == pytest.approx(english * 228 / 179, rel=0.01)
    assert await price("voice_jonas", voice_settings={"locale": "en-GB"}) == pytest.approx(english)


async def test_the_speech_of_a_row_is_measured_once(heygen: HeyGen, tmp_path: Path) -> None:
    """The length of a script is estimated once, for the limit of a video and for the price."""
    path = tmp_path / "leads.csv"
    path.write_text("name\n" + "".join(f"Ada the {n}th\n" for n in range(450)), encoding="utf-8")
    template = Template("direct", {"avatar_id": "look_anna", "voice_id": "voice_warm", "script": "Hi {{ name }}"})
    spoken_seconds.cache_clear()
    plan = await heygen.plan(path, template)
    assert plan.rows == 450
    assert spoken_seconds.cache_info().misses == 450


async def test_a_plan_is_run(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """All rows of a plan are rendered, and the amount charged is within its price."""
    path = tmp_path / "leads.csv"
    modes: list[dict[str, str]] = [{}, {"mode": "cinematic", "duration": "8"}, {"mode": "agent"}]
    rows = [cells(n, modes[n % 3]) for n in range(9)]
    path.write_text("".join(line_of(row) for row in [list(COLUMNS), *rows]), encoding="utf-8")
    plan = await heygen.plan(read_rows(path), template(), filename="{first_name}")
    assert {kind: count for kind, (count, _) in plan.kinds.items()} == {
        "avatar": 3,
        "cinematic_avatar": 3,
        "video_agent": 3,
    }
    assert plan.problems == ()
    async with heygen.run(plan, download_to=tmp_path / "out", journal=tmp_path / "c.db") as results:
        assert len([result async for result in results]) == 9
    assert plan.price.low <= world.charged_usd <= plan.price.high
    assert (tmp_path / "out" / "Ada 0.mp4").exists()


def plan_of(tmp_path: Path, text: str, columns: dict[str, str] | None = None, **options: object) -> Plan:
    path = tmp_path / "l.csv"
    path.write_text(text, encoding="utf-8")
    fields = {"avatar_id": "a", "voice_id": "v", "script": "Hi {{ name }}"}
    return make_plan(read_rows(path, may_be_empty=True), Template("direct", fields, columns=columns), **options)


async def test_rows_of_a_program_are_planned_and_run(heygen: HeyGen) -> None:
    """A list of mappings needs no `read_rows`; the rows of the results have its types, and a generator is refused."""
    template = Template("direct", {"avatar_id": "look_anna", "voice_id": "voice_warm", "script": "Hi {{ name }}"})
    people = [{"name": "Ada", "age": 36}, {"name": "Ben", "age": 41}]
    plan = await heygen.plan(people, template)
    async with heygen.run(plan) as results:
        assert {result.row["age"] async for result in results} == {36, 41}
    with pytest.raises(InvalidInputError, match="a generator has no more; give a list"):
        await heygen.plan((person for person in people), template)


def test_a_missing_column_is_reported_once(tmp_path: Path) -> None:
    """A missing column is one problem, and not one for each row."""
    plan = plan_of(tmp_path, "nmae\nAda\nBob\n")
    assert [problem.reason for problem in plan.errors] == ["no such column; the rows have nmae"]
    assert plan.errors[0].mend == "did you mean {{ nmae }}?"
    assert plan.bad == 2
    with pytest.raises(InvalidInputError, match="2 of 2 rows cannot be rendered"):
        plan.check()


def test_unused_columns_are_warnings(tmp_path: Path) -> None:
    """An unused column is a warning, unless the files are named by it."""
    plan = plan_of(tmp_path, "name,city,id\nAda,Lyon,7\n", filename="{id}-{city}")
    assert plan.problems == ()
    plan = plan_of(tmp_path, "name,city\nAda,Lyon\n")
    assert [(note.column, note.severity) for note in plan.problems] == [("city", "warning")]
    assert plan.errors == []
    plan.check()
    assert len(list(plan.jobs())) == 1


def test_a_plan_of_the_first_rows(tmp_path: Path) -> None:
    """A plan can be limited to the first rows, and priced by other rates."""
    plan = plan_of(tmp_path, "name\nAda\n\nBob\nEve\n", limit=2, rates=Rates(avatar=(60.0, 60.0)))
    assert plan.rows == 2
    assert plan.price.low >= 2 * 60.0
    assert [job.row.cells["name"] for job in plan.jobs()] == ["Ada", "Bob"]


def test_a_list_without_rows_is_no_error(tmp_path: Path) -> None:
    """A list without rows that may be empty has an empty plan."""
    plan = plan_of(tmp_path, "name\n")
    assert (plan.rows, plan.problems, plan.price.high) == (0, (), 0.0)


def test_a_file_name_needs_its_columns(tmp_path: Path) -> None:
    """A template of file names that names a missing column is refused."""
    with pytest.raises(InvalidInputError, match="there is no column 'city'"):
        plan_of(tmp_path, "name\nAda\n", filename="{city}")


def test_a_file_name_finds_its_columns_as_a_script_does(tmp_path: Path) -> None:
    """`{kunden_nr}` and the name of the column itself mean the column, which then is used."""
    plan = plan_of(tmp_path, "name,Kunden-Nr.,Ort\nAda,7,Rom\n", filename="{kunden_nr}-{Ort}-{Kunden-Nr.}")
    assert plan.problems == ()
    facts = facts_of(next(plan.jobs()), "v1", None)
    assert file_name(str(plan.filename), facts) == "7-Rom-7"
    assert file_name("{ort} {strasse} {a b}", facts) == "Rom  {a b}"
    with pytest.raises(InvalidInputError, match=r"there is no column 'ort_'; did you mean Ort\?"):
        plan_of(tmp_path, "name,Ort,Ort.\nAda,Rom,x\n", filename="{ort_}")


@pytest.mark.parametrize(
    ("script", "rows", "says"),
    [
        (
            "Hi all",
            2,
            "no column is used: all 2 videos will be the same; write a placeholder into it, such as {{ name }}",
        ),
        ("Hi all", 1, None),
        ("Hi {{ name }}", 2, None),
    ],
)
def test_a_script_that_uses_no_column_is_told(tmp_path: Path, script: str, rows: int, says: str | None) -> None:
    """Videos for many people that are all the same are hardly meant; one video may be."""
    path = tmp_path / "leads.csv"
    path.write_text("name\nAda\n" + "Bo\n" * (rows - 1), encoding="utf-8")
    plan = make_plan(read_rows(path), Template("direct", {"avatar_id": "a", "voice_id": "v", "script": script}))
    told = [str(one) for one in plan.problems if one.column is None]
    assert told == ([] if says is None else [says])


def test_a_script_that_is_the_same_for_all_is_told_apart(tmp_path: Path) -> None:
    """A column for another field makes different videos that say the same; a script from a column does not."""
    path = tmp_path / "leads.csv"
    path.write_text("name,look,text\nAda,a,x\nBo,b,y\n", encoding="utf-8")
    fields = {"avatar_id": "{{ look }}", "voice_id": "v", "script": "Hi all"}
    assert str(make_plan(read_rows(path), Template("direct", fields)).problems[0]).startswith(
        "the script uses no column: all 2 videos will say the same; write a placeholder into it, such as {{ name }}"
    )
    mapped = make_plan(read_rows(path), Template("direct", fields, columns={"script": "text"}))
    assert [one.column for one in mapped.problems] == ["name"]


def test_spoiled_cells_and_notes_of_the_list_are_warnings_of_the_plan(tmp_path: Path) -> None:
    """Columns that nothing uses are not looked at, and warnings are no rows."""
    plan = plan_of(tmp_path, "name,city,x\nZoÃ«,KÃ¶ln,1\nBob,Bonn\nEve,Ulm\n", limit=2)
    assert (plan.rows, plan.bad) == (2, 0)
    assert [(one.line, one.column) for one in plan.problems] == [(None, "city"), (None, "x"), (2, "name")]
    everything = plan_of(tmp_path, "name,city,x\nZoÃ«,KÃ¶ln,1\nBob,Bonn\nEve,Ulm\n")
    assert [one.reason[:30] for one in everything.problems if one.column is None] == ["2 rows have fewer cells than t"]


def test_a_warning_about_a_column_that_nothing_uses_is_left_out() -> None:
    """A source may warn of one column; the plan tells only of those that are used."""
    notes = [Problem(reason="odd", mend="", column=name, severity="warning") for name in ("name", "city")]
    rows: list[Any] = [*notes, Row(line=1, cells={"name": "Ada", "city": "Rom"})]
    plan = make_plan(read_rows(rows), Template("agent", {"prompt": "Hi {{ name }}"}))
    assert [one.column for one in plan.problems if one.reason == "odd"] == ["name"]
    assert plan.rows == 1


def test_a_date_that_is_said_as_it_stands_is_told_once(tmp_path: Path) -> None:
    """One warning for each column; with the filter there is none."""
    path = tmp_path / "leads.csv"
    path.write_text("day\n2026-03-01\n2026-03-02\n", encoding="utf-8")
    fields = {"avatar_id": "a", "voice_id": "v", "script": "Until {{ day }}"}
    (note,) = make_plan(read_rows(path), Template("direct", fields)).problems
    assert str(note).endswith("line 2, column day: '2026-03-01'; is said as it stands here; add the filter date")
    filtered = Template("direct", {**fields, "script": "Until {{ day | date }}"})
    assert make_plan(read_rows(path), filtered).problems == ()


def test_a_plan_that_keeps_its_requests_has_the_same_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With *keep*, no request is made a second time, and each job has the same body, cells, line and name."""
    leads = tmp_path / "leads.csv"
    leads.write_text("name,id\n" + "".join(f"Ada {n},{n}\n" for n in range(1500)), encoding="utf-8")
    template = Template("direct", {"avatar_id": "a", "voice_id": "v", "script": "Hi {{ name }}"})
    table = read_rows(leads)
    plain, kept = (make_plan(table, template, id_column="id", limit=1200, keep=keep) for keep in (False, True))
    made = [(job.request.kind, body_of(job.request), job.row, job.name) for job in plain.jobs()]
    monkeypatch.setattr(template, "attempt", pytest.fail)
    for _ in range(2):  # as often as asked
        assert [(job.request.kind, body_of(job.request), job.row, job.name) for job in kept.jobs()] == made
    assert len(made) == 1200
    assert kept == plain
