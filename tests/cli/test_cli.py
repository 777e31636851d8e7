"""The command line as people and scripts use it."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import openpyxl
import pytest

from heygen_async.cli.registry import COMMANDS, GROUPS
from tests.helpers.commands import CommandResult, call

CONTACTS = 'name,city\nAda,London\nZoë,"Lyon, France"\nO\'Brien,\n'
SET = ["--set", "avatar_id=look_anna", "--set", "voice_id=voice_warm"]


def invoke(*args: str) -> CommandResult:
    return call(*args)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def contacts(tmp_path: Path) -> Path:
    path = tmp_path / "contacts.csv"
    path.write_text(CONTACTS, encoding="utf-8")
    return path


@pytest.fixture
def _environment(monkeypatch: pytest.MonkeyPatch, simulator: str) -> None:
    monkeypatch.setenv("HEYGEN_API_BASE", simulator)
    monkeypatch.setenv("HEYGEN_API_KEY", "simulator-key")


def on_one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_overview_describes_commands_as_their_own_help_does(name: str) -> None:
    """The overview is written by hand, so that it imports no command, and must not differ from the commands."""
    about = COMMANDS[name][1].partition(",")[0].removesuffix(".")
    group = name.split()[:-1]
    assert about in on_one_line(invoke(*name.split(), "--help").stdout)
    assert about in on_one_line(invoke(*group, "--help").stdout)


def test_help_of_all_groups_fits_80_columns() -> None:
    """Each group of a command is listed; `-h` works like `--help`."""
    assert {name.split()[0] for name in COMMANDS if " " in name} == set(GROUPS)
    for words in [[], ["run"], *([group] for group in GROUPS)]:
        result = invoke(*words, "-h")
        assert result.exit_code == 0
        assert "Options:" in result.stdout
        assert max(map(len, result.stdout.splitlines())) <= 80


@pytest.mark.parametrize("words", [[], *([group] for group in GROUPS)])
def test_without_a_command_help_goes_to_stderr(words: list[str]) -> None:
    """The exit code is 2, as a script that names no command is wrong."""
    result = invoke(*words)
    assert result.exit_code == 2
    assert "Commands:" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["staus"], "no command 'staus'; did you mean status? (heygen-async --help)"),
        (["frobnicate"], "no command 'frobnicate'; there are account, agent, approve, assets, "),
        (["--bogus"], "no option --bogus here; options of a command come after its name (heygen-async --help)"),
        (["videos", "lst"], "no command 'lst'; did you mean list? (heygen-async videos --help)"),
        (["videos", "--all"], "no option --all here"),
        (["videos", "get"], 'Command "videos get" parameter VIDEO requires an argument.'),
        (["run"], "parameter SOURCE requires an argument. (heygen-async run --help)"),
        (
            ["run", "x.csv", "--scrip", "Hi"],
            "Unknown option: --scrip. Did you mean --script? (heygen-async run --help)",
        ),
        (["run", "x.csv", "--limit", "0"], 'Invalid value "0" for --limit. Must be >= 1.'),
        (["run", "x.csv", "--limit", "one"], '--limit: unable to convert "one" into int.'),
        (["run", "x.csv", "--breaker", "3"], "--breaker requires 2 positional arguments."),
        (["retry", "c.db"], "--failed flag required."),
        (["export", "c.db"], "OUTPUT requires an argument."),
    ],
)
def test_a_usage_error_is_one_line_with_a_hint(words: list[str], message: str) -> None:
    """Usage errors have exit code 2."""
    result = invoke(*words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.startswith("heygen-async: ")
    assert result.stderr.count("\n") == 1


def test_a_script_may_begin_with_a_dash(contacts: Path) -> None:
    """A script such as `- and you?` is a value, not an option."""
    result = invoke("plan", str(contacts), "--no-preflight", *SET, "--script", "- and {{ name }}?")
    assert result.exit_code == 0, result.output
    assert "3 can be rendered" in result.stdout


def test_help_imports_no_command() -> None:
    """`--help` and `--version` load neither a command, nor the client, nor the libraries of the command line."""
    lines = (
        "import atexit, sys",
        "from heygen_async.cli import main",
        "atexit.register(lambda: print(sorted(sys.modules)))",
        "main(sys.argv[1:])",
    )
    for word in ("--help", "--version"):
        command = [sys.executable, "-c", "\n".join(lines), word]
        loaded = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        assert "'heygen_async.cli.help_overview'" in loaded
        unwanted = (
            "aiohttp",
            "anyio",
            "attrs",
            "cyclopts",
            "rich",
            "heygen_async.api.client",
            "heygen_async.simulator",
        )
        assert not [name for name in unwanted if f"'{name}'" in loaded]


def test_the_demo_renders_the_shipped_contact_list(tmp_path: Path) -> None:
    """Each row has a result, each completed row a file, and the summary counts both."""
    result = invoke("demo", "--rows", "25", "--speed", "300", "--output", str(tmp_path / "out"))
    assert result.exit_code == 0, result.output
    rows = rows_of(tmp_path / "out" / "results.csv")
    assert len(rows) == 25
    assert {row["heygen_state"] for row in rows} <= {"completed", "failed"}
    completed = [row for row in rows if row["heygen_state"] == "completed"]
    assert all(Path(row["heygen_file"]).stat().st_size > 0 for row in completed)
    assert f"{len(completed)} of 25 rows" in result.output
    assert "25 renders, each row once" in result.output


def test_a_terminal_gets_a_live_display(tmp_path: Path) -> None:
    """A terminal shows a bar and a line that change in place; the thread that draws them raises no error."""
    args = ["demo", "--rows", "10", "--speed", "300", "--output", str(tmp_path)]
    result = call(*args, env={"FORCE_COLOR": "1", "COLUMNS": "100"})
    assert result.exit_code == 0, result.output
    assert "Videos" in result.output
    assert "rendering" in result.output
    assert "Traceback" not in result.output


@pytest.mark.usefixtures("_environment")
def test_run_renders_a_list_against_a_server(contacts: Path, tmp_path: Path, simulator: str) -> None:
    """Cells are sent and name files as they are spelled; a template may allow an empty cell."""
    out = tmp_path / "videos"
    script = "Hi {{ name }}{% if city %} in {{ city }}{% endif %}"
    result = invoke(
        "run", str(contacts), *SET, "--script", script, "--output", str(out), "--filename", "{name}", "--speed", "500"
    )
    assert result.exit_code == 0, result.output
    assert "3 of 3 rows" in result.output
    assert {path.name for path in out.iterdir()} == {"Ada.mp4", "Zoë.mp4", "O'Brien.mp4", "results.csv"}
    rows = rows_of(out / "results.csv")
    assert {row["name"] for row in rows if row["heygen_state"] == "completed"} == {"Ada", "Zoë", "O'Brien"}
    with urllib.request.urlopen(f"{simulator}/_simulator/ledger") as answer:  # noqa: S310 - our own address
        charges = json.load(answer)
    spoken = sorted(charge["body"]["script"] for charge in charges)
    assert spoken == ["Hi Ada in London", "Hi O'Brien", "Hi Zoë in Lyon, France"]


@pytest.mark.usefixtures("_environment")
def test_run_reads_a_workbook_with_fields_in_columns(tmp_path: Path, simulator: str) -> None:
    """Columns set voice and mode, numbers are written as in German, and an unused column is reported."""
    book = openpyxl.Workbook()
    book.create_sheet("Leads")
    for row in (
        ["First Name", "Voice", "Kind", "Sum", "Phone"],
        ["ADA", "voice_claire", None, 1234.5, 1],
        ["BEN", None, "agent", 2, 2],
    ):
        book["Leads"].append(row)
    path = tmp_path / "leads.xlsx"
    book.save(path)
    text = "Hi {{ first_name | title_name }}: {{ sum | number }}"
    options = ["--sheet", "Leads", "--map", "voice_id=Voice", "--map", "mode=Kind", "--locale", "de"]
    result = invoke(
        "run",
        str(path),
        *SET,
        *options,
        "--script",
        text,
        "--prompt",
        text,
        "--output",
        str(tmp_path),
        "--speed",
        "500",
    )
    assert result.exit_code == 0, result.output
    assert "Unused columns: Phone." in result.output
    with urllib.request.urlopen(f"{simulator}/_simulator/ledger") as answer:  # noqa: S310 - our own address
        bodies = [charge["body"] for charge in json.load(answer)]
    assert {(body["voice_id"], body.get("script"), body.get("prompt")) for body in bodies} == {
        ("voice_claire", "Hi Ada: 1.234,5", None),
        ("voice_warm", None, "Hi Ben: 2"),
    }


def test_all_problems_of_all_rows_are_reported_together(tmp_path: Path) -> None:
    """Unreadable lines, wrong values and missing columns are reported together; exit code 2."""
    path = tmp_path / "leads.jsonl"
    path.write_text('{"name": "Ada", "size": "8k"}\nnot json\n{"size": "4k"}\n', encoding="utf-8")
    options = [*SET, "--script", "Hi {{ name }}", "--map", "resolution=size"]
    result = invoke("run", str(path), *options)
    assert result.exit_code == 2
    assert "3 of 3 rows cannot be rendered; nothing was sent" in result.output
    for message in (
        "line 1, column size",
        "line 2: 'not json'; not readable as JSON",
        "line 3, column name: no such column",
    ):
        assert message in re.sub(r"\s+", " ", result.output)


@pytest.mark.usefixtures("_environment")
def test_rows_that_fail_have_an_exit_code_and_a_reason(contacts: Path, tmp_path: Path) -> None:
    """Exit code 5 if some rows failed; results.csv has the reason of each."""
    out = tmp_path / "videos"
    fields = ["--lenient", "--set", "mood=calm", "--set", "avatar_id=look_anna"]
    result = invoke(
        "run",
        str(contacts),
        "--mode",
        "cinematic",
        *fields,
        "--prompt",
        "{{ name }} walks",
        "--no-download",
        "--output",
        str(out),
        "--speed",
        "500",
        "--limit",
        "2",
    )
    assert result.exit_code == 5, result.output
    assert "2: 2 invalid_parameter" in result.output
    assert [row["heygen_error_code"] for row in rows_of(out / "results.csv")] == ["invalid_parameter"] * 2


def test_bad_rows_are_reported_before_a_row_is_sent(contacts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The report names their lines; exit code 2, and no key is needed."""
    monkeypatch.delenv("HEYGEN_API_KEY", raising=False)
    result = invoke("run", str(contacts), *SET, "--script", "Hi {{ name }} in {{ city }}")
    assert result.exit_code == 2
    assert "1 of 3 rows cannot be rendered; nothing was sent" in result.output
    assert "contacts.csv line 4, column city: is empty here" in result.output


def test_rows_whose_files_would_have_one_name_are_reported(contacts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clash of file names is found before a row is sent; without downloads there is no clash."""
    monkeypatch.delenv("HEYGEN_API_KEY", raising=False)
    contacts.write_text("name,city\nAda,London\nBob,Rome\nADA,Paris\n")
    args = ["run", str(contacts), *SET, "--script", "Hi {{ name }}", "--filename", "{name}"]
    result = invoke(*args)
    assert result.exit_code == 2
    assert "1 of 3 rows cannot be rendered; nothing was sent" in result.output
    assert (
        "line 4: its file would be named 'ADA', like that of line 2; put {number} into the file name" in result.output
    )
    assert invoke(*args, "--no-download").exit_code == 3
    assert "files: 'film'; must be some of video," in invoke(*args, "--files", "video,film").output


def test_a_problem_of_all_rows_is_told_once(tmp_path: Path) -> None:
    """An error does not repeat itself for each row."""
    path = tmp_path / "c.csv"
    path.write_text("name\n" + '" "\n' * 30)
    result = invoke("run", str(path), *SET, "--script", "Hi {{ name }}")
    assert result.exit_code == 2
    assert "all 30 rows, column name: is empty here" in result.output
    assert "line 21" not in result.output


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["--set", "avatar_id"], 2, "must be NAME=VALUE"),
        (["--map", "voice_id"], 2, "must be NAME=VALUE, such as --map voice_id=Voice"),
        (["--script", "Hi", "--map", "voice_id=Voice"], 2, "column Voice: no such column"),
        (["--script", "Hi {{ nmae }}"], 2, "column nmae: no such column"),
        (["--script", "Hi", "--filename", "{nmae}"], 2, "there is no column 'nmae'"),
        (["--mode", "movie"], 2, "movie"),
        (["--script", "Hi", "--speed", "9"], 2, "only with a simulator on this machine"),
        (["--script", "Hi"], 3, "HEYGEN_API_KEY"),
        (["--script", "Hi", "--base-url", "ftp://x"], 3, "HEYGEN_API_KEY"),
    ],
)
def test_an_error_is_reported_without_a_traceback(
    contacts: Path, args: list[str], code: int, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bad input has exit code 2, a missing key 3."""
    monkeypatch.delenv("HEYGEN_API_KEY", raising=False)
    monkeypatch.delenv("HEYGEN_API_BASE", raising=False)
    result = invoke("run", str(contacts), *SET, *args)
    assert result.exit_code == code, result.output
    assert message in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(("name", "content"), [("c.csv", "name\n"), ("c.jsonl", "{}\n")])
def test_an_empty_list_has_exit_code_7(tmp_path: Path, name: str, content: str) -> None:
    """A list without rows is no error, also in a format without a header."""
    path = tmp_path / name
    path.write_text(content)
    result = invoke("run", str(path), *SET, "--script", "Hi {{ name }}")
    assert result.exit_code == 7
    assert "nothing to do" in result.output


def test_help_names_the_commands_and_exit_codes() -> None:
    """`--help` lists the commands and the exit codes."""
    result = invoke("--help")
    assert result.exit_code == 0
    for word in ("run", "demo", "simulate", "130 interrupted"):
        assert word in result.output


def test_the_command_line_runs_as_a_module() -> None:
    """`python -m heygen_async.cli` is the command line."""
    done = subprocess.run(
        [sys.executable, "-m", "heygen_async.cli", "--version"], capture_output=True, text=True, check=True
    )
    assert "heygen-async, version" in done.stdout
