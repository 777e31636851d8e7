"""`heygen-async preview`: what would be sent for a row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.helpers.commands import call

LIST = (
    "Kunden-Nr.;Vorname;Ende;Betrag\n7;ADA;01.03.2026;1.234,50\n8;ZoÃ«;05.03.2026;2,25\n9;;;\n8;Bo;06.03.2026\n;;;;y\n"
)
CAMPAIGN = """locale = "de"
[request]
avatar_id = "look_anna"
voice_id = "voice_warm"
script = '''
Hallo {{ vorname | title_name }},
bis {{ ende | date }} nur {{ betrag | number(2) }} Euro.'''
voice_settings.speed = 1.1
[rows]
file = "kunden.csv"
id = "Kunden-Nr."
[downloads]
filename = "{number}-{vorname}"
"""


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Change to a folder with a campaign; there is no key."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEYGEN_API_KEY", raising=False)
    (tmp_path / "kunden.csv").write_text(LIST, encoding="utf-8")
    (tmp_path / "c.toml").write_text(CAMPAIGN, encoding="utf-8")


def lines(*words: str) -> list[str]:
    done = call("preview", *words)
    assert done.exit_code == 0, done.output
    return [" ".join(line.split()) for line in done.stdout.splitlines()]


def test_the_first_row_is_shown_without_a_choice() -> None:
    """The script is shown as it would be spoken, then the other fields, the file, the length and the price."""
    shown = lines("c.toml")
    assert shown[:9] == [
        "kunden.csv line 2",
        "script",
        "Hallo Ada,",
        "bis 1. März 2026 nur 1.234,50 Euro.",
        "kind Avatar videos",
        "avatar_id look_anna",
        "voice_id voice_warm",
        "voice_settings.speed 1.1",
        "file 0001-ADA",
    ]
    assert shown[9].startswith("length about ")
    assert shown[10].startswith("price 0.")
    assert len(shown) == 11


def test_a_row_is_shown_by_its_number() -> None:
    """The number is that of the list; the file has the number that it has in the whole list."""
    shown = lines("c.toml", "--row", "3")
    assert shown[0] == "kunden.csv line 3"
    assert "note column Vorname: 'ZoÃ«'; probably is 'Zoë', read in a wrong encoding and saved" in " ".join(shown)
    assert "file 0002-ZoÃ«" in shown


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--only", "9"], 2, "problem column Vorname: is empty here, but the template needs it"),
        (["--rows", "5"], 2, "problem column Betrag: the row ends before this column, with 3 of 4 cells"),
        (["--rows", "6"], 2, "problem 5 cells, but the header has 4, beyond it: 'y'"),
        (["--where", "vorname=Cy"], 2, "kunden.csv line 6"),
        (["--rows", "77"], 7, "No row is chosen."),
        (["--where", "Stadt=x"], 2, "--where Stadt: there is no such column; there are Kunden-Nr., Vorname"),
        (
            ["--script", "{{ Vor Name }}"],
            2,
            "{{ Vor Name }}: a name has no blanks, hyphens and dots; write {{ vor_name }}",
        ),
        (["--script", "Hi <<Vorname>>"], 2, "is no placeholder here and would be spoken as it is; write {{ vorname }}"),
    ],
)
def test_a_row_that_cannot_be_rendered_is_told(words: list[str], code: int, says: str) -> None:
    """The exit code is 2 for a problem, 7 if no row is chosen."""
    done = call("preview", "c.toml", *words)
    assert done.exit_code == code, done.output
    assert says in " ".join(done.output.split())


def test_the_script_is_shown_before_a_look_is_chosen() -> None:
    """A person reads the script first, and looks for ids later."""
    done = call("preview", "c.toml", "--set", "avatar_id=")
    assert done.exit_code == 2
    shown = [line.strip() for line in done.stdout.splitlines()]
    assert shown[1].startswith("problem direct mode: avatar_id is required, but is empty here")
    assert shown[2:] == ["script", "Hallo Ada,", "bis 1. März 2026 nur 1.234,50 Euro."]


def test_several_rows_are_shown_with_a_line_between() -> None:
    """Without files no name is shown; a limit ends a long choice."""
    shown = lines("c.toml", "--rows", "2-", "--limit", "2", "--no-download", "--script", "Hi {{ vorname }}")
    assert [line for line in shown if line.startswith("kunden.csv")] == ["kunden.csv line 2", "kunden.csv line 3"]
    assert shown[shown.index("kunden.csv line 3") - 1] == ""
    assert not any(line.startswith("file ") for line in shown)


def test_a_row_as_json() -> None:
    """Each row is one object on a line, with the request as it would be sent."""
    done = call("preview", "kunden.csv", "--json", "--rows", "2,6", "--mode", "agent", "--prompt", "Hi {{ vorname }}")
    good, bad = map(json.loads, done.stdout.splitlines())
    assert (good["row"], good["cells"]["Vorname"], good["request"]) == (2, "ADA", {"prompt": "Hi ADA"})
    assert (good["kind"], good["file"], good["problems"]) == ("video_agent", "0001-{id}", [])
    assert (good["price_usd"]["is_known"], good["price_usd"]["notes"]) == (True, [])
    assert good["price_usd"]["low"] <= good["price_usd"]["expected"] <= good["price_usd"]["high"]
    assert (bad["row"], bad["request"], bad["price_usd"]) == (6, None, None)
    assert bad["problems"][0]["severity"] == "error"
    assert done.exit_code == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["run", "c.toml"], "`heygen-async plan`, with the same words, checks and prices every row and sends nothing"),
        (["enqueue", "c.toml", "--database", "postgresql://x@y/z"], "`heygen-async preview` shows what would be sent"),
        (["resume", "c.db"], "`heygen-async status`, with the same journal, shows what is left to be sent"),
    ],
)
def test_a_dry_run_points_to_other_commands(words: list[str], says: str) -> None:
    """People look for `--dry-run`; it is told where it is, and nothing is sent."""
    done = call(*words, "--dry-run")
    assert (done.exit_code, done.stderr.startswith("heygen-async: --dry-run: ")) == (2, True), done.output
    assert says in done.stderr
    assert "--dry-run" not in call(words[0], "--help").stdout
