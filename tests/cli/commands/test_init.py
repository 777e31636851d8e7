"""`heygen-async init`, and campaign files with `plan`, `run`, `report` and `schema`."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import openpyxl
import pytest

from tests.helpers.commands import call

LEADS = "first_name,Voice ID\nAda,voice_warm\nBen,voice_claire\nEve,\n"


@pytest.fixture
def home(simulator: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Change to a folder with a contact list, with the simulator in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEYGEN_API_BASE", simulator)
    monkeypatch.setenv("HEYGEN_API_KEY", "simulator-key")
    (tmp_path / "leads.csv").write_text(LEADS, encoding="utf-8")
    return tmp_path


def test_init_plan_run_and_report(home: Path) -> None:
    """The four commands of the README work in a row, without an edit of the campaign file."""
    first = call("init", "spring.toml", "leads.csv")
    assert first.exit_code == 0, first.output
    assert "heygen-async plan spring.toml" in first.output
    planned = call("plan", "spring.toml")
    assert planned.exit_code == 0, planned.output
    assert "3 rows, 3 can be rendered" in planned.output
    ran = call("run", "spring.toml", "leads.csv", "--budget", "250usd", "--canary", "1", "--speed", "500")
    assert ran.exit_code == 0, ran.output
    assert "3 of 3 rows" in ran.output
    assert len(list((home / "videos").glob("*.mp4"))) == 3
    again = call("run", "spring.toml", "--speed", "500")
    assert again.exit_code == 7, again.output
    assert "3 unchanged" in again.output
    assert call("report", "spring.db").exit_code == 0
    assert (home / "spring.html").exists()


def test_init_reads_a_sheet_and_an_encoding(home: Path) -> None:
    """What `init` was told about the list stands in the file, so that `plan` needs no further word."""
    book = openpyxl.Workbook()
    for title, name in (("Old", "Ada"), ("Leads", "Jörg")):
        sheet = book.create_sheet(title)
        for cells in (["Kunden-Nr.", "Vorname"], ["007", name]):
            sheet.append(cells)
    book.save(home / "leads.xlsx")
    assert call("init", "sheet.toml", "leads.xlsx", "--sheet", "Leads").exit_code == 0
    text = (home / "sheet.toml").read_text("utf-8")
    assert "#   {{ kunden_nr }}  Kunden-Nr.  007\n#   {{ vorname }}    Vorname     Jörg\n" in text
    planned = call("plan", "sheet.toml")
    assert (planned.exit_code, "rows are also in" in planned.output) == (0, False), planned.output
    (home / "alt.csv").write_bytes("Vorname;Größe\nJörg;7\n".encode("cp1252"))
    refused = call("init", "alt.toml", "alt.csv")
    assert (refused.exit_code, "cp1252" in refused.stderr) == (2, True)
    assert call("init", "alt.toml", "alt.csv", "--encoding", "cp1252").exit_code == 0
    assert "#   {{ größe }}    Größe    7\n" in (home / "alt.toml").read_text("utf-8")
    assert call("plan", "alt.toml").exit_code == 0


def test_options_override_the_campaign_file(home: Path) -> None:
    """Each option overrides one value; the other values stay as in the file."""
    call("init", "spring.toml", "leads.csv")
    other = ["--set", "title=For {{ first_name }}", "--script", "Bye {{ first_name }}", "--filename", "{first_name}"]
    ran = call("run", "spring.toml", *other, "--output", "out", "--journal", "j.db", "--limit", "2", "--speed", "500")
    assert ran.exit_code == 0, ran.output
    assert {path.name for path in (home / "out").iterdir()} == {"Ada.mp4", "Ben.mp4", "results.csv"}
    assert (home / "j.db").exists()
    assert not (home / "spring.db").exists()


def test_paths_in_a_campaign_file_are_relative_to_it(home: Path) -> None:
    """Paths on the command line are relative to the current folder."""
    (home / "campaigns").mkdir()
    call("init", "campaigns/spring.toml", "leads.csv")
    written = tomllib.loads((home / "campaigns" / "spring.toml").read_text("utf-8"))
    assert written["rows"]["file"] == "../leads.csv"
    options = ["--limit", "1", "--speed", "500", "--no-download"]
    assert call("run", "campaigns/spring.toml", *options).exit_code == 0
    assert (home / "campaigns" / "spring.db").exists()
    assert call("run", "campaigns/spring.toml", "--journal", "here.db", *options).exit_code == 0
    assert (home / "here.db").exists()
    assert call("run", "campaigns/spring.toml", "--journal", str(home / "abs.db"), *options).exit_code == 0
    assert (home / "abs.db").exists()


def test_plan_looks_up_voices_at_heygen(home: Path) -> None:
    """Plan looks up the voices of rows if there is a key; without a key it says that it did not."""
    (home / "leads.csv").write_text("first_name,Voice ID\nAda,voice_gone\n", encoding="utf-8")
    call("init", "spring.toml", "leads.csv")
    with_key = call("plan", "spring.toml")
    assert with_key.exit_code == 2, with_key.output
    assert "leads.csv line 2, column Voice ID: 'voice_gone'; there is no such voice" in with_key.output.replace(
        "\n", ""
    )
    offline = call("plan", "spring.toml", "--no-preflight")
    assert offline.exit_code == 0
    assert "not looked up" not in offline.output
    without = call("plan", "spring.toml", env={"HEYGEN_API_KEY": ""})
    assert without.exit_code == 0, without.output
    assert "Looks, voices, templates and credit were not looked up: there is no key" in without.output


def test_a_run_without_preflight_checks_required_fields(home: Path) -> None:
    """Checks that need no request are made in any case."""
    call("init", "spring.toml", "leads.csv")
    ran = call("run", "spring.toml", "--set", "avatar_id=", "--no-preflight", "--speed", "500")
    assert ran.exit_code == 2
    assert "avatar_id is required" in ran.output


def test_a_paused_run_says_how_to_continue(home: Path) -> None:
    """A run whose budget is spent names the command that continues it; a higher budget completes it."""
    call("init", "spring.toml", "leads.csv")
    ran = call("run", "spring.toml", "--budget", "0.01", "--speed", "500")
    assert ran.exit_code == 6, ran.output
    assert "To continue: heygen-async resume spring.db" in ran.stderr
    assert call("resume", "spring.db", "--speed", "500").exit_code == 6
    resumed = call("resume", "spring.db", "--budget", "$50", "--speed", "500")
    assert resumed.exit_code == 0, resumed.output
    assert len(list((home / "videos").glob("*.mp4"))) == 3


def test_somebody_can_approve_later(home: Path) -> None:
    """A canary of which nobody approved is asked about again."""
    call("init", "spring.toml", "leads.csv")
    first = call("run", "spring.toml", "--canary", "1", "--approve", "--speed", "500", answer="n\n")
    assert first.exit_code == 6, first.output
    assert len(list((home / "videos").glob("*.mp4"))) == 1
    again = call("resume", "spring.db", "--approve", "--speed", "500", answer="y\n")
    assert again.exit_code == 0, again.output
    assert len(list((home / "videos").glob("*.mp4"))) == 3


def test_notes_are_printed_before_a_run(home: Path) -> None:
    """A value that is possible and perhaps a mistake is a note and does not stop the run."""
    call("init", "spring.toml", "leads.csv")
    ran = call("run", "spring.toml", "--max-in-flight", "50", "--no-download", "--limit", "1", "--speed", "500")
    assert ran.exit_code == 0, ran.output
    assert "note  the account: '50'; HeyGen documents 10 renders at once" in ran.output


def test_a_note_about_all_rows_is_told_once(home: Path) -> None:
    """`plan` and `run` print one note about 30 rows with a portrait look in a landscape video."""
    (home / "leads.csv").write_text("first_name\n" + "".join(f"Ada {n}\n" for n in range(30)), encoding="utf-8")
    call("init", "spring.toml", "leads.csv")
    words = ["spring.toml", "--set", "avatar_id=look_ben", "--set", "voice_id=voice_warm"]
    assert call("plan", *words).output.count("all 30 rows: '16:9'; look look_ben is portrait") == 1
    ran = call("run", *words, "--no-download", "--speed", "500")
    assert ran.exit_code == 0, ran.output
    assert ran.output.count("look look_ben is portrait") == 1


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["init", "leads.csv"], 2, "leads.csv: must end in .toml, such as leads.toml"),
        (["init", "no/such/folder.toml"], 2, "No such file or directory; choose a folder that exists"),
        (["init", "a.toml", "gone.csv"], 2, "gone.csv"),
        (["plan", "gone.toml"], 2, "`heygen-async init gone.toml` writes one"),
        (["plan", "leads.csv", "leads.csv"], 2, "leads.csv: a second file"),
        (["run", "leads.csv", "--mode", "film"], 2, '"film" for --mode. Choose from: "direct", "image"'),
        (["init", "a.toml", "--mode", "film"], 2, '"film" for --mode'),
        (["run", "leads.csv", "--budget", "-3"], 2, "--budget. Must be > 0"),
        (["run"], 2, "SOURCE requires an argument. (heygen-async run --help)"),
        (["rnu"], 2, "did you mean run?"),
        (["run", "leads.csv", "--budgt", "3"], 2, "Did you mean --budget?"),
    ],
)
def test_bad_input_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], code: int, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEYGEN_API_KEY", raising=False)
    (tmp_path / "leads.csv").write_text(LEADS, encoding="utf-8")
    result = call(*words)
    assert result.exit_code == code, result.output
    assert message in result.stderr
    assert result.stderr.startswith("heygen-async: ")
    assert "Traceback" not in result.output


def test_init_never_overwrites_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEYGEN_API_KEY", raising=False)
    assert call("init").exit_code == 0
    text = (tmp_path / "campaign.toml").read_text("utf-8")
    assert "# Not known (there is no key)" in text
    again = call("init")
    assert (again.exit_code, "exists already; choose another name" in again.stderr) == (2, True)
    assert (tmp_path / "campaign.toml").read_text("utf-8") == text


def test_the_schema_is_json() -> None:
    result = call("schema")
    assert json.loads(result.stdout)["title"] == "heygen-async campaign"
