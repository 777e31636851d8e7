"""From nothing to videos with a campaign file: init, plan, run, report; and its schema."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from tests.helpers.commands import call

LEADS = "first_name,Voice ID\nAda,voice_warm\nBen,voice_claire\nEve,\n"


@pytest.fixture
def home(simulator: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one's own with a contact list, and the simulator in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEYGEN_API_BASE", simulator)
    monkeypatch.setenv("HEYGEN_API_KEY", "simulator-key")
    (tmp_path / "leads.csv").write_text(LEADS, encoding="utf-8")
    return tmp_path


def test_from_nothing_to_a_report(home: Path) -> None:
    """The four commands that the README promises, without editing anything."""
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


def test_what_the_command_says_goes_before_the_file(home: Path) -> None:
    """Field by field; what it does not say stays as the file has it."""
    call("init", "spring.toml", "leads.csv")
    other = ["--set", "title=For {{ first_name }}", "--script", "Bye {{ first_name }}", "--filename", "{first_name}"]
    ran = call("run", "spring.toml", *other, "--output", "out", "--journal", "j.db", "--limit", "2", "--speed", "500")
    assert ran.exit_code == 0, ran.output
    assert {path.name for path in (home / "out").iterdir()} == {"Ada.mp4", "Ben.mp4", "results.csv"}
    assert (home / "j.db").exists()
    assert not (home / "spring.db").exists()


def test_a_file_elsewhere_names_what_is_beside_it(home: Path) -> None:
    """And the command names what is here."""
    (home / "campaigns").mkdir()
    call("init", "campaigns/spring.toml", "leads.csv")
    told = tomllib.loads((home / "campaigns" / "spring.toml").read_text("utf-8"))
    assert told["rows"]["file"] == "../leads.csv"
    options = ["--limit", "1", "--speed", "500", "--no-download"]
    assert call("run", "campaigns/spring.toml", *options).exit_code == 0
    assert (home / "campaigns" / "spring.db").exists()
    assert call("run", "campaigns/spring.toml", "--journal", "here.db", *options).exit_code == 0
    assert (home / "here.db").exists()
    assert call("run", "campaigns/spring.toml", "--journal", str(home / "abs.db"), *options).exit_code == 0
    assert (home / "abs.db").exists()


def test_plan_looks_up_what_rows_name(home: Path) -> None:
    """With a key; without one it says that it did not."""
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


def test_a_run_without_preflight_finds_out_later(home: Path) -> None:
    """HeyGen refuses the row, which costs nothing."""
    call("init", "spring.toml", "leads.csv")
    ran = call("run", "spring.toml", "--set", "avatar_id=", "--no-preflight", "--speed", "500")
    assert ran.exit_code == 2
    assert "avatar_id is required" in ran.output


def test_a_run_that_is_paused_says_how_to_go_on(home: Path) -> None:
    """The budget is spent; the journal knows the rest."""
    call("init", "spring.toml", "leads.csv")
    ran = call("run", "spring.toml", "--budget", "0.01", "--speed", "500")
    assert ran.exit_code == 6, ran.output
    assert "To go on: heygen-async resume spring.db" in ran.stderr
    assert call("resume", "spring.db", "--speed", "500").exit_code == 6
    went_on = call("resume", "spring.db", "--budget", "$50", "--speed", "500")
    assert went_on.exit_code == 0, went_on.output
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


def test_notes_are_told_before_a_run(home: Path) -> None:
    """What may be meant so, and what is perhaps not."""
    call("init", "spring.toml", "leads.csv")
    ran = call("run", "spring.toml", "--max-in-flight", "50", "--no-download", "--limit", "1", "--speed", "500")
    assert ran.exit_code == 0, ran.output
    assert "note  the account: '50'; HeyGen documents 10 renders at once" in ran.output


def test_a_thousand_notes_are_not_all_shown(home: Path) -> None:
    """Portraits in a landscape video: a note each, of which a run shows twenty."""
    (home / "leads.csv").write_text("first_name\n" + "Ada\n" * 30, encoding="utf-8")
    call("init", "spring.toml", "leads.csv")
    words = ["spring.toml", "--set", "avatar_id=look_ben", "--set", "voice_id=voice_warm"]
    assert call("plan", *words).output.count("look look_ben is portrait") == 30
    ran = call("run", *words, "--no-download", "--speed", "500")
    assert ran.exit_code == 0, ran.output
    assert ran.output.count("look look_ben is portrait") == 20
    assert "... and 10 more notes: `heygen-async plan` shows all" in ran.output


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["init", "leads.csv"], 2, "leads.csv: must end in .toml, such as leads.toml"),
        (["init", "no/such/folder.toml"], 2, "No such file or directory; name a file in a folder that takes it"),
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
def test_what_cannot_be_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], code: int, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEYGEN_API_KEY", raising=False)
    (tmp_path / "leads.csv").write_text(LEADS, encoding="utf-8")
    said = call(*words)
    assert said.exit_code == code, said.output
    assert says in said.stderr
    assert said.stderr.startswith("heygen-async: ")
    assert "Traceback" not in said.output


def test_a_file_is_never_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEYGEN_API_KEY", raising=False)
    assert call("init").exit_code == 0
    text = (tmp_path / "campaign.toml").read_text("utf-8")
    assert "# Not known (there is no key)" in text
    again = call("init")
    assert (again.exit_code, "is there already; take another name" in again.stderr) == (2, True)
    assert (tmp_path / "campaign.toml").read_text("utf-8") == text


def test_the_schema_is_json() -> None:
    said = call("schema")
    assert json.loads(said.stdout)["title"] == "heygen-async campaign"
