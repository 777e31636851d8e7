"""A campaign at the command line: interrupted, resumed, inspected, retried, exported and audited."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from heygen_async import Journal, errors
from tests.helpers.commands import CommandResult, call
from tests.helpers.journal_rows import prepared

PYTHON = [sys.executable, "-m", "heygen_async.cli"]
FAST = ["--speed", "400"]
RUN = ["run", "--set", "avatar_id=look_anna", "--set", "voice_id=voice_warm", "--script", "Hi {{ name }}", *FAST]


def invoke(*args: str) -> CommandResult:
    return call(*args)


@pytest.fixture
def _simulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Serve the simulator in a process of its own, with its address and key in the environment."""
    command = [*PYTHON, "simulate", "--port", "0", *FAST, "--slots", "3"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "200"}) as process:
        assert process.stdout is not None
        found = re.search(r"http://[\d.]+:\d+", process.stdout.readline())
        assert found is not None
        monkeypatch.setenv("HEYGEN_API_BASE", found[0])
        monkeypatch.setenv("HEYGEN_API_KEY", "simulator-key")
        yield
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 130


@pytest.fixture
def contacts(tmp_path: Path) -> Path:
    path = tmp_path / "contacts.csv"
    path.write_text("name\n" + "".join(f"N{n}\n" for n in range(12)))
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.unmeasured
@pytest.mark.usefixtures("_simulator")
@pytest.mark.parametrize("signals", [1, 2])
def test_the_first_ctrl_c_stops_submitting_and_the_second_exits(contacts: Path, tmp_path: Path, signals: int) -> None:
    """After either, the journal is consistent, the command to resume is printed, and no row is paid twice."""
    journal, out = tmp_path / "c.db", tmp_path / "out"
    command = [*PYTHON, *RUN, str(contacts), "--journal", str(journal), "--output", str(out), "--max-in-flight", "3"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "200"}) as process:
        assert process.stdout is not None
        while not has_submitted(journal):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert any("no more videos are begun" in line for line in iter(process.stdout.readline, ""))
        if signals == 2:
            process.send_signal(signal.SIGINT)
        output = process.stdout.read()
        code = process.wait(timeout=30)
    assert f"heygen-async resume {journal}" in output
    assert code == (130 if signals == 2 else 5), output
    left = states(journal)
    assert ("submitted" in left) == (signals == 2)
    result = invoke("resume", str(journal), *FAST)
    assert result.exit_code == 0, result.output
    assert states(journal) == {"completed": 12}
    rows = rows_of(out / "results.csv")
    assert {row["name"] for row in rows if row["heygen_state"] == "completed"} == {f"N{n}" for n in range(12)}
    assert len({row["heygen_video_id"] for row in rows}) == 12


def has_submitted(journal: Path) -> bool:
    """Return True if a row was submitted; the journal may not exist yet."""
    with contextlib.suppress(errors.JournalError):
        return "submitted" in states(journal)
    return False


def states(journal: Path) -> dict[str, int]:
    with Journal(journal, read_only=True) as opened:
        return dict(opened.counts())


@pytest.mark.usefixtures("_simulator")
def test_a_finished_campaign_is_not_rendered_again(contacts: Path, tmp_path: Path) -> None:
    """To run or resume a finished campaign has exit code 7 and costs no money."""
    journal = tmp_path / "c.db"
    run = [*RUN, str(contacts), "--journal", str(journal), "--output", str(tmp_path / "out"), "--limit", "2"]
    assert invoke(*run).exit_code == 0
    again = invoke(*run)
    assert "2 unchanged" in again.output
    assert again.exit_code == 7, again.output
    assert "nothing to do" in again.output
    assert invoke("resume", str(journal), *FAST).exit_code == 7
    watched = invoke("status", str(journal), "--watch")
    assert watched.exit_code == 0
    assert "2  completed" in watched.output


def test_status_shows_rows_by_state_and_the_next_step(tmp_path: Path) -> None:
    """`status` only reads; its exit code is 8 while rows wait for a decision."""
    result = invoke("status", str(prepared(tmp_path / "c.db")))
    assert result.exit_code == 8
    for words in (
        "6 rows",
        "1  completed",
        "2  failed",
        "1  not yet sent",
        "decide --resubmit",
        "1  failed with rendering_failed",
    ):
        assert words in result.output


def test_retry_plans_failed_rows_again(tmp_path: Path) -> None:
    """`retry` takes all failed rows or those with one code, never a completed one; exit code 7 if there is none."""
    path = prepared(tmp_path / "c.db")
    assert "Planned again: 1 row" in invoke("retry", str(path), "--failed", "--code", "rendering_failed").output
    assert states(path)["planned"] == 2
    assert invoke("retry", str(path), "--failed").exit_code == 0
    assert invoke("retry", str(path), "--failed").exit_code == 7
    assert states(path)["completed"] == 1
    assert invoke("retry", str(path)).exit_code == 2


def test_export_writes_csv_and_json_lines(tmp_path: Path) -> None:
    """The name failed.csv selects failed rows with their own columns, so that the file can be run again."""
    path = prepared(tmp_path / "c.db")
    assert "6 rows" in invoke("export", str(path), str(tmp_path / "results.csv")).output
    rows = rows_of(tmp_path / "results.csv")
    assert [row["heygen_state"] for row in rows][:2] == ["completed", "failed"]
    assert rows[1]["heygen_error"] == "'=no face"
    assert "2 rows" in invoke("export", str(path), str(tmp_path / "failed.csv")).output
    failed = rows_of(tmp_path / "failed.csv")
    assert [(row["name"], row["heygen_error_code"]) for row in failed] == [
        ("failed", "rendering_failed"),
        ("other", "invalid_parameter"),
    ]
    invoke("export", str(path), str(tmp_path / "results.jsonl"))
    lines = (tmp_path / "results.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[0])["video_id"] == "v1"
    result = invoke("export", str(path), str(tmp_path / "results.xml"))
    assert result.exit_code == 2
    assert "must be .csv, .xlsx or .jsonl" in result.output


@pytest.mark.usefixtures("_simulator")
def test_an_export_of_failed_rows_can_be_run_again(contacts: Path, tmp_path: Path) -> None:
    """The error columns in failed.csv do not change the identity of its rows."""
    journal = tmp_path / "c.db"
    bad = [
        "run",
        "--mode",
        "cinematic",
        "--set",
        "avatar_id=look_anna",
        "--lenient",
        "--set",
        "mood=calm",
        "--prompt",
        "{{ name }}",
        *FAST,
    ]
    good = ["run", "--mode", "cinematic", "--set", "avatar_id=look_anna", "--prompt", "{{ name }}", *FAST]
    options = ["--journal", str(journal), "--output", str(tmp_path / "out"), "--limit", "2"]
    assert invoke(*bad, str(contacts), *options).exit_code == 5
    invoke("export", str(journal), str(tmp_path / "failed.csv"))
    assert invoke(*good, str(tmp_path / "failed.csv"), *options).exit_code == 0
    assert states(journal) == {"completed": 2}


@pytest.mark.usefixtures("_simulator")
def test_audit_compares_with_heygen(contacts: Path, tmp_path: Path) -> None:
    """`audit` finds videos that one side lacks or sees in another state; it changes the journal only with --fix."""
    journal = tmp_path / "c.db"
    options = ["--output", str(tmp_path / "out"), "--limit", "3"]
    assert invoke(*RUN, str(contacts), "--journal", str(journal), *options).exit_code == 0
    assert "0 differences; balance: " in invoke("audit", str(journal)).output
    with Journal(journal) as opened:
        opened._db.execute("UPDATE jobs SET state = 'failed' WHERE id = 1")
        opened._db.execute("UPDATE jobs SET video_id = 'gone' WHERE id = 2")
    found = invoke("audit", str(journal))
    assert found.exit_code == 0
    assert "2 differences" in found.output
    assert "1 video of the account was made by someone else, or by another campaign" in found.output
    assert "not in the journal" not in found.output
    found = invoke("audit", str(journal), "--all")
    assert "3 differences" in found.output
    for words in (
        "failed here, finished at HeyGen",
        "not in the journal",
        "completed here, gone at HeyGen: video gone",
    ):
        assert words in found.output
    assert states(journal)["failed"] == 1
    assert "(fixed)" in invoke("audit", str(journal), "--fix").output
    assert states(journal) == {"completed": 3}


@pytest.mark.usefixtures("_simulator")
def test_an_audit_of_an_empty_journal_finds_no_differences(tmp_path: Path) -> None:
    """Other videos of the account are not reported before a row was sent."""
    Journal(tmp_path / "c.db", create=True).close()
    assert "0 differences" in invoke("audit", str(tmp_path / "c.db")).output


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["status", "nowhere.db"], 1, "there is no such journal"),
        (["resume", "nowhere.db"], 1, "there is no such journal"),
        ([*RUN[:-2], "{contacts}", "--journal", "results.csv"], 2, "name a file such as campaign.db"),
    ],
)
def test_a_missing_or_misnamed_journal_is_refused(contacts: Path, args: list[str], code: int, message: str) -> None:
    """The message names the journal that does not exist, or a better name for a new one."""
    result = invoke(*(arg.replace("{contacts}", str(contacts)) for arg in args))
    assert result.exit_code == code, result.output
    assert message in result.output


def test_an_output_folder_that_is_a_file_is_refused_before_a_row_is_paid(
    contacts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that cannot be created is refused before HeyGen is asked."""
    monkeypatch.setenv("HEYGEN_API_KEY", "k")
    taken = tmp_path / "taken"
    taken.write_text("")
    for folder in (taken, taken / "videos"):
        result = invoke(*RUN[:-2], str(contacts), "--output", str(folder))
        assert result.exit_code == 2
        assert f"--output {folder}: {taken} is a file; name a folder, which may be new" in result.output.replace(
            "\n", " "
        )


@pytest.mark.usefixtures("_simulator")
def test_resume_downloads_missing_files(contacts: Path, tmp_path: Path) -> None:
    """`status` counts missing files, `resume` downloads only those, and results.csv keeps all rows."""
    out, journal = tmp_path / "out", str(tmp_path / "c.db")
    options = ["--output", str(out), "--files", "video, thumbnail", "--max-downloads", "2", "--filename", "{name}"]
    assert invoke(*RUN, str(contacts), "--journal", journal, *options).exit_code == 0
    assert {file.suffix for file in out.iterdir()} == {".mp4", ".jpg", ".csv"}
    for lost in ("N1.mp4", "N2.jpg"):
        (out / lost).unlink()
    assert "2  of the completed lack a file: resume fetches it" in invoke("status", journal).output
    (out / "N1.mp4").mkdir()
    failed = invoke("resume", journal, *FAST)
    assert failed.exit_code == 5, failed.output
    assert "1 row, rendered and paid for. To continue: heygen-async resume" in failed.output
    rows = rows_of(out / "results.csv")
    assert {row["heygen_state"] for row in rows} == {"completed"}
    assert [row["name"] for row in rows if "it cannot be written" in row["heygen_error"]] == ["N1"]
    (out / "N1.mp4").rmdir()
    assert invoke("resume", journal, *FAST).exit_code == 0
    assert (out / "N1.mp4").is_file()
    assert (out / "N2.jpg").is_file()
    assert "lack a file" not in invoke("status", journal).output
