"""Campaign files: read, refused by the path of a wrong entry, described by a schema, written with comments."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import attrs
import jsonschema
import pytest

from heygen_async import Campaign, Completed, HeyGen, InvalidInputError, Rates, Row
from heygen_async.api.requests.stored import body_of
from heygen_async.bulk.campaign_file.campaign_file import DownloadsTable, RowsTable, RunTable
from heygen_async.bulk.campaign_file.json_schema import campaign_schema, descriptions
from heygen_async.bulk.campaign_file.starter_file import FIRST_MODES, Known, ask_account, campaign_text
from heygen_async.bulk.run.run_options import RunSettings
from heygen_async.bulk.template.template import MODES
from heygen_async.simulator import World
from heygen_async.simulator.faults.request_faults import ErrorAnswer

FULL = """
mode = "direct"
locale = "de"
[request]
avatar_id = "look_anna"
voice_id = "voice_warm"
script = "Hi {{ name }}, {{ amount | number }}"
voice_settings = { speed = 1.1 }
[columns]
title = "Company"
[rows]
file = "leads.csv"
limit = 2
[run]
max_in_flight = 4
budget_usd = 25
canary = 1
approve = true
breaker = [3, 10]
[downloads]
folder = "out"
filename = "{number}-{name}"
files = ["video", "captions"]
[rates]
avatar = [0.1, 0.2]
"""
LEADS = "name,amount,Company\nAda,1.5,Acme\nBob,2,Bolt\nEve,3,Echo\n"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "spring.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_everything_that_a_file_can_say(tmp_path: Path) -> None:
    """Files that it names are looked for beside it, the journal has its name, and only what it says is given."""
    campaign = Campaign.load(written(tmp_path, FULL))
    assert campaign.options() == {
        "max_in_flight": 4,
        "budget_usd": 25.0,
        "canary": 1,
        "breaker": (3, 10),
        "journal": tmp_path / "spring.db",
        "download_to": tmp_path / "out",
        "filename": "{number}-{name}",
        "files": ("video", "captions"),
        "rates": Rates(avatar=(0.1, 0.2)),
    }
    assert campaign.run.approve is True
    assert campaign.filename == "{number}-{name}"
    assert campaign.template().names() == {"name", "amount", "Company"}
    (tmp_path / "leads.csv").write_text(LEADS, "utf-8")
    request: Any = campaign.template().render(next(iter(campaign.table())))
    assert (request.script, request.voice_settings.speed, request.title) == ("Hi Ada, 1,5", 1.1, "Acme")


def test_a_file_that_says_little(tmp_path: Path) -> None:
    """Every entry has a default, and no files are stored if downloads are switched off."""
    campaign = Campaign.load(written(tmp_path, '[run]\njournal = "kept/it.db"\n[downloads]\nenabled = false\n'))
    assert campaign.filename is None
    assert "download_to" not in campaign.options()
    assert campaign.journal == tmp_path / "kept" / "it.db"
    with pytest.raises(InvalidInputError, match=r"spring\.toml: no contact list; name one in the command or as file"):
        campaign.table()
    other = tmp_path / "other.csv"
    other.write_text(LEADS, "utf-8")
    assert len(list(campaign.table(other))) == 3


async def test_a_campaign_is_planned_and_run(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_text(LEADS, "utf-8")
    campaign = Campaign.load(written(tmp_path, FULL))
    plan = await heygen.plan(
        campaign.table(), campaign.template(), filename=campaign.filename, limit=campaign.rows.limit
    )
    async with heygen.run(plan, **campaign.options()) as results:
        assert [type(result) async for result in results] == [Completed, Completed]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["0001-Ada.mp4", "0002-Bob.mp4"]
    assert world.charged_usd <= 25
    assert (tmp_path / "spring.db").exists()


WRONG: list[tuple[str, list[str]]] = [
    ("mode = 3", ['mode: 3; must be text in quotes, such as "Ada"']),
    ("mode = ''", ["mode: ''; must be text that is not blank"]),
    ("mdoe = 'direct'", ["mdoe: no such entry; did you mean mode?"]),
    ("x = 1\ny = 2", ["no such entries: x, y; there are mode, locale,"]),
    ("mdoe = 'direct'\nlocal = 'de'", ["no such entries: local, mdoe; did you mean locale and mode?"]),
    ("zzz = 1", ["zzz: no such entry; there are mode, locale, request"]),
    ("[request]\nlenient = 3", ["request: 3; entry lenient: must be true or false"]),
    ("run = 3", ["run: 3; must be a table with entries of its own"]),
    ("request = [1]", ["request: [1]; must be a table with entries of its own"]),
    ("[columns]\ntitle = 3", ["columns: 3; entry title: must be the name of a column, in quotes"]),
    ("[run]\nbudgt = 3", ["run.budgt: no such entry; did you mean budget_usd?"]),
    ("[run]\nbudget_usd = 0", ["run.budget_usd: 0.0; must be an amount in US dollars above 0"]),
    ("[run]\nbudget_usd = true", ["run.budget_usd: True; must be a number"]),
    ("[run]\ncanary = 0", ["run.canary: 0; must be a whole number from 1"]),
    ("[run]\ncanary = 1.5", ["run.canary: 1.5; must be a whole number"]),
    ("[run]\napprove = 1", ["run.approve: 1; must be true or false"]),
    ("[run]\nmax_in_flight = 0", ["run.max_in_flight: 0; must be a whole number from 1"]),
    ("[run]\nmax_in_flight = 'many'", ["run.max_in_flight: 'many'; must be a whole number from 1"]),
    ("[run]\nbreaker = 3", ["run.breaker: 3; must be a list in brackets"]),
    ("[run]\nbreaker = [3]", ["run.breaker: (3,); must be two whole numbers (k, n)"]),
    ("[run]\nbreaker = [4, 3]", ["run.breaker: (4, 3); must be two whole numbers (k, n) with 1 <= k <= n"]),
    ("[run]\nbreaker = ['a', 2]", ["run.breaker: 'a'; must be a whole number"]),
    ("[run]\non_unknown = 'guess'", ["run.on_unknown: 'guess'; must be 'hold' or 'resubmit' or 'skip'"]),
    ("[run]\nwatch = 3", ["run.watch: 3; must be 'auto' or 'sweep' or 'each'"]),
    ("[downloads]\nfiles = ['vido']", ["downloads.files: 'vido'; must be 'video' or", "did you mean 'video'?"]),
    ("[rates]\navatar = 1", ["rates.avatar: 1; must be 2 items in brackets"]),
    ("[rates]\navatar = [2, 1]", ["rates.avatar: (2.0, 1.0); must be US dollars, least and most"]),
    ("[rates.per_second]\navatar_6 = 'x'", ["rates.per_second: 'x'; must be US dollars of avatar_6"]),
    ("[rates]\navatar = [1, 'x']", ["rates.avatar: 'x'; must be a number"]),
    (
        "mode = 3\n[run]\nbudgt = 1\ncanary = 'x'",
        ["mode: 3;", "run.canary: 'x'; must be a whole", "run.budgt: no such"],
    ),
    ("mode = ", ["is not TOML", "texts stand in quotes"]),
]


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_a_wrong_entry_is_named_by_its_path(tmp_path: Path, text: str, said: list[str]) -> None:
    """All wrong entries are reported at once, each with its path, its value and the values that it takes."""
    with pytest.raises(InvalidInputError, match=r"spring\.toml: ") as caught:
        Campaign.load(written(tmp_path, text))
    whole = "\n".join([str(caught.value), *getattr(caught.value, "__notes__", ())])
    for words in said:
        assert words in whole


def test_wrong_fields_and_modes_name_the_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"spring\.toml: request\.skript: no such field"):
        Campaign.load(written(tmp_path, "[request]\nskript = 'Hi'")).template()
    with pytest.raises(InvalidInputError, match=r"spring\.toml: mode 'film': must be one of direct"):
        Campaign.load(written(tmp_path, "mode = 'film'")).template()


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(
        InvalidInputError, match=r"gone\.toml: No such file .*; `heygen-async init .*gone\.toml` writes"
    ):
        Campaign.load(tmp_path / "gone.toml")
    with pytest.raises(InvalidInputError, match="Is a directory; look at its rights"):
        Campaign.load(tmp_path)
    path = tmp_path / "latin.toml"
    path.write_bytes("mode = 'dir\xe9ct'".encode("latin-1"))
    with pytest.raises(InvalidInputError, match="is not UTF-8"):
        Campaign.load(path)
    path.write_bytes(b"\xef\xbb\xbfmode = 'agent'")
    assert Campaign.load(path).mode == "agent"


def test_a_list_of_looks_is_a_list(tmp_path: Path) -> None:
    text = 'mode = "cinematic"\n[request]\nprompt = "{{ name }} waves"\navatar_id = ["look_anna", "look_ben"]\n'
    (tmp_path / "leads.csv").write_text(LEADS, "utf-8")
    campaign = Campaign.load(written(tmp_path, text))
    request: Any = campaign.template().render(next(iter(campaign.table(tmp_path / "leads.csv"))))
    assert request.avatar_id == ("look_anna", "look_ben")


# --- schema

VALID = jsonschema.Draft202012Validator


def test_the_schema_knows_what_the_reader_knows(tmp_path: Path) -> None:
    schema = campaign_schema()
    VALID.check_schema(schema)
    VALID(schema).validate(tomllib.loads(FULL))
    properties = schema["properties"]
    assert set(properties) == {field.name for field in attrs.fields(Campaign)} - {"path"}
    tables: dict[str, type[Any]] = {"rows": RowsTable, "run": RunTable, "downloads": DownloadsTable, "rates": Rates}
    for name, kind in tables.items():
        assert set(properties[name]["properties"]) == {field.name for field in attrs.fields(kind)}
    fields = {field.name for mode in MODES.values() for field in attrs.fields(mode)} - {"extra"}
    assert set(properties["request"]["properties"]) == fields | {"lenient"}
    assert properties["run"]["properties"]["max_in_flight"]["anyOf"] == [{"type": "integer"}, {"enum": ["auto"]}]
    assert written(tmp_path, FULL).exists()


@pytest.mark.parametrize(
    "text", [text for text, said in WRONG if "must be text that" not in said[0] and text != "mode = "]
)
def test_the_schema_refuses_the_same(text: str) -> None:
    """The schema refuses the entries that the reader refuses, except for limits of numbers, which only rules know."""
    told = tomllib.loads(text)
    limits = (
        "avatar = [2, 1]",
        "budget_usd = 0",
        "canary = 0",
        "max_in_flight = 0",
        "breaker = [3]",
        "breaker = [4, 3]",
    )
    assert VALID(campaign_schema()).is_valid(told) == any(limit in text for limit in limits)


def test_a_lenient_file_may_hold_what_is_newer(tmp_path: Path) -> None:
    """`lenient = true` under [request] lets fields and words pass that this version does not know."""
    text = '[request]\navatar_id = "a"\nvoice_id = "v"\nscript = "Hi"\nresolution = "2k"\nmood.calm = true\n'
    valid = VALID(campaign_schema())
    assert not valid.is_valid(tomllib.loads(text))
    assert valid.is_valid(tomllib.loads(f"{text}lenient = true"))
    with pytest.raises(InvalidInputError, match=r"request\.mood\.calm: no such field"):
        Campaign.load(written(tmp_path, text)).template()
    template = Campaign.load(written(tmp_path, f"{text}lenient = true\n")).template()
    request = template.render(Row(line=1, cells={}))
    assert body_of(request) == {
        "type": "avatar",
        "avatar_id": "a",
        "voice_id": "v",
        "script": "Hi",
        "resolution": "2k",
        "mood": {"calm": True},
    }


def test_every_entry_of_a_table_is_described() -> None:
    for kind in (Campaign, RowsTable, RunTable, DownloadsTable):
        described = descriptions(RunSettings) | descriptions(kind)
        assert {field.name for field in attrs.fields(kind)} <= set(described)


# --- init


async def test_a_first_file_has_what_can_be_found_out(heygen: HeyGen, tmp_path: Path) -> None:
    """The file has looks of the account and columns of the list, and its plan has no errors."""
    known = await ask_account(heygen)
    assert known.why_none is None
    columns = ["Vorname", "Firma", "Voice ID", "Extra", "Title", "duration"]
    text = campaign_text(known=known, columns=columns, rows="leads.csv")
    told = tomllib.loads(text)
    assert told["request"]["avatar_id"] == known.looks[0].id
    assert told["request"]["script"].startswith("Hi {{ vorname }},")
    assert told["columns"] == {"voice_id": "Voice ID"}
    for look in known.looks[1:8]:
        assert f'# avatar_id = "{look.id}"' in text
    (tmp_path / "leads.csv").write_text(f"{','.join(columns)}\nAda,Acme,voice_warm,x,Dr.,3\n", "utf-8")
    campaign = Campaign.load(written(tmp_path, text))
    plan = await heygen.plan(campaign.table(), campaign.template(), filename=campaign.filename)
    assert plan.errors == []


async def test_an_account_that_cannot_be_asked(heygen: HeyGen, world: World) -> None:
    world.faults.append(ErrorAnswer(method="GET", probability=1.0, status=403, code="forbidden"))
    known = await ask_account(heygen)
    assert known.looks == ()
    assert "# Not known (" in campaign_text(known=known)


@pytest.mark.parametrize("mode", list(FIRST_MODES))
@pytest.mark.parametrize("columns", [(), ("first_name", "mode", "prompt", "script"), ("a b",)])
def test_a_first_file_of_any_mode_can_be_read(tmp_path: Path, mode: str, columns: tuple[str, ...]) -> None:
    """A file written without facts about the account is valid by the schema and can be read."""
    text = campaign_text(mode=mode, known=Known(), columns=columns)
    VALID(campaign_schema()).validate(tomllib.loads(text))
    assert Campaign.load(written(tmp_path, text)).template().names() >= {
        columns[0].replace(" ", "_") if columns else "first_name"
    }


def test_what_stands_in_a_comment_stays_in_its_line(tmp_path: Path) -> None:
    """Names of looks and columns are other people's."""
    from heygen_async.api.generated.avatars import Look

    evil = Look(id='x"\n[run]\ncanary = 1', name="a\nmode = 3", avatar_type="digital_twin", default_voice_id="v\nb")
    text = campaign_text(known=Known(looks=(evil, evil)), columns=['Title"\nx'], rows="a\\b\n.csv")
    told = tomllib.loads(text)
    assert told["request"]["avatar_id"] == evil.id
    assert (told["rows"]["file"], "canary" in told["run"]) == ("a\\b\n.csv", False)


def test_each_column_is_listed_with_its_placeholder_and_a_cell() -> None:
    """What is listed can be pasted; long cells are cut, and line breaks become blanks."""
    columns = ["Kunden-Nr.", "Vorname", "Notiz", "A-b", "a b"]
    cells = {"Kunden-Nr.": "00123", "Vorname": "Jörg", "Notiz": 'ruft\n"zurück"\x1b[2J ' + "x" * 40}
    text = campaign_text(known=Known(), columns=columns, examples=cells, sheet="Kunden", encoding="cp1252")
    listed = text[text.index("# The columns of your list") :].splitlines()
    assert listed[1:6] == [
        "#   {{ kunden_nr }}  Kunden-Nr.  00123",
        "#   {{ vorname }}    Vorname     Jörg",
        '#   {{ notiz }}      Notiz       ruft "zurück" [2J xxxxxxxxx...',
        "#   (rename it)      A-b",
        "#   (rename it)      a b",
    ]
    told = tomllib.loads(text)
    assert (told["rows"]["sheet"], told["rows"]["encoding"]) == ("Kunden", "cp1252")
    assert "\nscript = '''\nHi {{ vorname }}, I made this video just for you.'''\n" in text
    assert told["request"]["script"] == "Hi {{ vorname }}, I made this video just for you."


def test_there_is_no_such_mode() -> None:
    with pytest.raises(InvalidInputError, match="mode 'film': must be one of direct, image, cinematic, agent"):
        campaign_text(mode="film", known=Known())
