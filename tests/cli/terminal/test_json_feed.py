"""Runs without a terminal: JSON lines for machines, a plain line a minute for logs."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import anyio
import pytest
from rich.console import Console

from heygen_async import Completed, DirectVideo, HeyGen, Job, Journal, JournalError, Video, errors
from heygen_async.bulk.jobs.outcomes import Failed, Unfinished
from heygen_async.bulk.prices.price_list import AS_OF
from heygen_async.cli.exits import InterruptedRunError
from heygen_async.cli.rendering.follow_run import follow
from heygen_async.cli.terminal.json_feed import JsonFeed
from heygen_async.cli.terminal.progress import ProgressBoard
from heygen_async.simulator import FailedRender, World
from tests.helpers.commands import CommandResult, call

SET = ["--set", "avatar_id=look_anna", "--set", "voice_id=voice_warm", "--script", "Hi {{ name }}"]
JOB = Job(request=DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="Hi"), index=3)


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def events(text: str, event: str) -> list[dict[str, Any]]:
    return [line for line in lines(text) if line["event"] == event]


def invoke(*args: str) -> CommandResult:
    return call(*args)


@pytest.fixture
def contacts(tmp_path: Path) -> Path:
    path = tmp_path / "contacts.csv"
    path.write_text("name\nAda\nZoë\n", encoding="utf-8")
    return path


@pytest.mark.usefixtures("_simulator_thread")
def test_each_row_and_the_end_is_a_json_line(world: World, contacts: Path, tmp_path: Path) -> None:
    """Stdout has only JSON lines; messages for people are on stderr."""
    world.faults.append(FailedRender(nth=2, code="rendering_failed"))
    out = tmp_path / "videos"
    result = invoke("run", str(contacts), *SET, "--json", "--output", str(out), "--speed", "500")
    assert result.exit_code == 5, result.output
    rows = {row["index"]: row for row in events(result.stdout, "row")}
    assert sorted(rows) == [0, 1]
    assert {index: row["row"] for index, row in rows.items()} == {0: 2, 1: 3}
    done, failed = sorted(rows.values(), key=lambda row: str(row["state"]))
    assert done["state"] == "completed"
    assert Path(done["file"]).stat().st_size > 0
    assert (done["spent"], done["error"]) == ("yes", None)
    assert done["resource_id"] in world.videos
    assert (failed["state"], failed["file"], failed["spent"]) == ("failed", None, "no")
    assert (failed["error"]["type"], failed["error"]["code"]) == ("RenderFailedError", "rendering_failed")
    *_, last = lines(result.stdout)
    assert last["event"] == "summary"
    assert (last["completed"], last["failed"], last["failed_by_code"]) == (1, 1, {"rendering_failed": 1})
    assert (last["exit_code"], last["error"], last["waiting"]) == (5, None, 0)
    assert last["estimated_usd"][0] > 0
    assert last["prices_as_of"] == AS_OF
    assert "1 of 2 rows" in result.stderr


@pytest.mark.usefixtures("_simulator_thread")
def test_resume_writes_the_same_lines(world: World, contacts: Path, tmp_path: Path) -> None:
    """Rows keep their index; a finished journal ends in a summary with exit code 7."""
    world.faults.append(FailedRender(nth=2))
    journal = str(tmp_path / "c.db")
    settings = ["--json", "--no-download", "--speed", "500"]
    first = invoke("run", str(contacts), *SET, "--journal", journal, "--output", str(tmp_path / "o"), *settings)
    assert first.exit_code == 5, first.output
    (failed,) = (row["index"] for row in events(first.stdout, "row") if row["state"] == "failed")
    with Journal(journal) as opened:
        opened.begin_again(failed + 1)
    result = invoke("resume", journal, "--json", "--speed", "500")
    assert [(row["index"], row["row"]) for row in events(result.stdout, "row")] == [(failed, failed + 2)]
    again = invoke("resume", journal, "--json", "--speed", "500")
    (summary,) = lines(again.stdout)
    assert (summary["event"], summary["completed"], summary["exit_code"]) == ("summary", 0, 7)
    assert "nothing to do" in again.stderr


def test_an_error_is_a_json_line_too(contacts: Path) -> None:
    """A summary with the error and the exit code is the last line, also before a row was sent."""
    result = invoke("run", str(contacts), *SET[:4], "--script", "Hi {{ nmae }}", "--json")
    (summary,) = lines(result.stdout)
    assert result.exit_code == summary["exit_code"] == 2
    assert summary["error"]["type"] == "InvalidInputError"
    assert any("nmae" in note for note in [summary["error"]["message"], *summary["error"]["notes"]])
    assert "nmae" in result.stderr


async def outputs_of_a_run(heygen: HeyGen, *, machine: bool) -> tuple[str, str]:
    """Render two rows and return the output for machines and the one for people."""
    machines, people = io.StringIO(), io.StringIO()
    console = Console(file=people, width=160)
    board = ProgressBoard(console, 2, anyio.current_time, JsonFeed(machines if machine else None))
    requests = [DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi {n}") for n in range(2)]
    heygen.telemetry = type(heygen.telemetry)((board,))
    heygen._caller.telemetry = heygen.telemetry
    with board:
        await follow(heygen.render_many(requests, max_in_flight=1), board, "")
    await anyio.sleep(300)
    return machines.getvalue(), people.getvalue()


async def test_machines_get_the_progress_once_a_minute(heygen: HeyGen, world: World) -> None:
    """The feed has one progress line a minute during the run, and none after its end."""
    world.render_seconds = lambda body: 150.0
    machines, people = await outputs_of_a_run(heygen, machine=True)
    assert people == ""
    progress = events(machines, "progress")
    assert [line["seconds"] for line in progress] == [60, 120, 180, 240, 300]
    assert [line["completed"] for line in progress] == [0, 0, 1, 1, 1]
    assert [line["rendering"] for line in progress] == [1] * 5
    assert [line["waiting"] for line in progress] == [1, 1, 0, 0, 0]
    assert progress[0]["seconds_left"] is None
    assert 50 < progress[3]["seconds_left"] < 100
    assert [line["index"] for line in events(machines, "row")] == [0, 1]


async def test_a_log_gets_a_line_a_minute(heygen: HeyGen, world: World) -> None:
    """Without a terminal and without --json, a run prints a plain line a minute."""
    world.render_seconds = lambda body: 150.0
    machines, people = await outputs_of_a_run(heygen, machine=False)
    assert machines == ""
    assert [line.partition(";")[0] for line in people.splitlines()] == [
        *["0 done, 1 being made on 1 slot, 1 waiting"] * 2,
        *["1 done, 1 being made on 1 slot, 0 waiting"] * 3,
    ]


@pytest.mark.parametrize(
    ("raised", "code", "error"),
    [
        (InterruptedRunError(""), 130, None),
        (KeyboardInterrupt(), 130, None),
        (JournalError("in use"), 1, "JournalError"),
        (errors.InsufficientCreditError("empty"), 6, "InsufficientCreditError"),
        (SystemExit(0), 0, None),
    ],
)
def test_the_summary_has_the_exit_code_and_the_error(raised: BaseException, code: int, error: str | None) -> None:
    """The exception that ends the command determines both."""
    out = io.StringIO()
    with pytest.raises(type(raised)), JsonFeed(out):
        raise raised
    (summary,) = lines(out.getvalue())
    assert summary["exit_code"] == code
    assert (summary["error"] or {}).get("type") == error


def test_a_bug_writes_no_summary() -> None:
    """A feed without a summary shows that the command crashed."""
    out = io.StringIO()
    with pytest.raises(ZeroDivisionError), JsonFeed(out):
        _ = 1 / 0
    assert out.getvalue() == ""


def test_rows_that_are_not_plainly_completed() -> None:
    """A row can be unfinished, completed without its file, or failed with an unknown cost."""
    out = io.StringIO()
    feed = JsonFeed(out)
    feed.add(Unfinished(job=JOB, resource_id="v1", spent="yes"))
    video = Video(id="v2", status="completed", duration=3.0)
    feed.add(Completed(job=JOB, resource_id="v2", video=video, error=errors.DownloadError("no room", code="disk_full")))
    feed.add(Failed(job=JOB, resource_id=None, error=errors.OutcomeUnknownError("lost")))
    left, unstored, lost = lines(out.getvalue())
    assert {row["index"] for row in (left, unstored, lost)} == {3}
    assert (left["state"], left["spent"], left["error"]) == ("unfinished", "yes", None)
    assert (unstored["state"], unstored["file"], unstored["error"]["code"]) == ("completed", None, "disk_full")
    assert (lost["state"], lost["resource_id"], lost["spent"]) == ("failed", None, "unknown")


def test_a_closed_pipe_does_not_end_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    """After a reader such as `head -1` has closed the pipe, one warning is printed and the run continues."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as out:
        feed = JsonFeed(out)
        feed.progress()
        feed.progress()
    assert capsys.readouterr().err.count("the run continues without them") == 1


@pytest.mark.usefixtures("_simulator_thread")
def test_a_question_is_asked_on_stderr(contacts: Path, tmp_path: Path) -> None:
    """The question about the canary goes to stderr, so that stdout has only JSON lines."""
    args = ["run", str(contacts), *SET, "--json", "--canary", "1", "--approve", "--no-download", "--speed", "500"]
    result = call(*args, "--output", str(tmp_path / "o"), answer="y\n")
    assert result.exit_code == 0, result.output
    assert [row["state"] for row in events(result.stdout, "row")] == ["completed"] * 2
    assert "Render the others?" in result.stderr
