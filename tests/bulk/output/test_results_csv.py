"""Names of files, results as a table, and what a person is shown."""

from __future__ import annotations

import asyncio
import csv
import io
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any, cast

import anyio
import pytest
from hypothesis import given, strategies as st
from rich.console import Console

from heygen_async import (
    CinematicAvatar,
    Completed,
    DirectVideo,
    Failed,
    HeyGen,
    ImageVideo,
    JobEnded,
    JobRendered,
    JobSubmitted,
    RequestEnded,
    RetryPlanned,
    Summary,
    Unfinished,
    Video,
    VideoAgent,
    errors,
)
from heygen_async.api.requests.stored import body_of
from heygen_async.bulk.download.downloader import Downloader
from heygen_async.bulk.jobs.job import Job
from heygen_async.bulk.output.results_csv import ResultsCsv
from heygen_async.bulk.plan.file_names import check_template, file_name
from heygen_async.bulk.prices.price import Rates
from heygen_async.bulk.rows.readers.read_rows import Row, cells_of
from heygen_async.cli import main
from heygen_async.cli.terminal.progress import ProgressBoard, span
from heygen_async.cli.terminal.summary import show_summary
from heygen_async.simulator import FailedRender, World

DIRECT = DirectVideo(avatar_id="a", voice_id="v", script="x")
VIDEO = Video(id="v1", status="completed", duration=12.5, video_url="http://x/v1.mp4")


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{number}-{name}", "0001-Zoë"),
        ("{name}/{id}", "Zoë_v1"),
        ("{missing}", "_"),
        ("..", "_"),
        ("con", "_con"),
        ("NUL.txt", "_NUL.txt"),
        ("a<b>:c", "a_b_c"),
        ("{name.__class__}", "{name.__class__}"),
        ("x" * 500, "x" * 120),
        ("é" * 500, "é" * 60),
    ],
)
def test_a_file_name_is_one_that_every_system_takes(template: str, name: str) -> None:
    """Placeholders are names only; nothing of Python is reachable through them."""
    assert file_name(template, {"number": "0001", "name": "Zoë", "id": "v1"}) == name


@given(st.text(max_size=300))
def test_any_cell_makes_a_name_that_stays_in_its_folder(text: str) -> None:
    """No separators, no control characters, no dots alone, not too long."""
    name = file_name("{cell}", {"cell": text})
    assert name
    assert not re.search(r"[/\\\x00-\x1f]", name)
    assert name.strip(". ") == name
    assert len(name.encode()) <= 121


def test_a_template_is_checked_against_the_columns() -> None:
    """Before anything is sent."""
    check_template("{number}-{name}", ["name"])
    with pytest.raises(errors.InvalidInputError, match="there is no column 'nmae'"):
        check_template("{nmae}", ["name"])
    with pytest.raises(errors.InvalidInputError, match="filename: empty"):
        Downloader(HeyGen("k"), "x", " ")


async def test_a_video_without_an_address_is_not_stored(tmp_path: Path, heygen: HeyGen) -> None:
    """Said, not guessed."""
    with pytest.raises(errors.DownloadError, match="its file is not stored"):
        downloads = Downloader(heygen, tmp_path, "{id}")
        files = downloads.name_files(Job(request=DIRECT), Video(id="nobody", status="completed"), {})
        await downloads.save(files, "video")


def ended(**facts: Any) -> dict[str, Any]:
    row = Row(line=2, cells={"name": "Zoë, 1st", "status": "VIP"})
    return {"job": Job(request=DIRECT, row=row, index=0), "resource_id": "v1", "seconds": 61.25, **facts}


def test_results_are_a_table_of_your_columns_and_ours(tmp_path: Path) -> None:
    """Our columns begin with heygen_, so yours keep their names; nothing is read as a formula."""
    error = errors.BadRequestError("=cmd", code="invalid_parameter")
    with ResultsCsv(tmp_path / "r.csv", ["name", "status"]) as output:
        output.add(Completed(**ended(video=VIDEO, file=tmp_path / "v.mp4")))
        output.add(Completed(**ended(video=VIDEO, error=errors.DownloadError("no disk"))))
        output.add(Failed(**ended(error=error, resource_id=None)))
        output.add(Unfinished(**ended(spent="yes")))
        output.add(Unfinished(**ended(spent="unknown", resource_id=None)))
    with (tmp_path / "r.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    states = [row["heygen_state"] for row in rows]
    assert states == ["completed", "completed", "failed", "unfinished", "unfinished"]
    assert {(row["name"], row["status"]) for row in rows} == {("Zoë, 1st", "VIP")}
    assert (rows[0]["heygen_video_id"], rows[0]["heygen_duration"]) == ("v1", "12.5")
    assert {row["heygen_said"] for row in rows} == {DIRECT.script}
    assert (rows[1]["heygen_error_code"], rows[1]["heygen_error"]) == ("DownloadError", "no disk")
    assert (rows[2]["heygen_error_code"], rows[2]["heygen_error"]) == ("invalid_parameter", "'=cmd")
    assert "still rendering" in rows[3]["heygen_error"]
    assert "look before you repeat" in rows[4]["heygen_error"]


def test_rows_are_what_callers_make_of_them() -> None:
    """A row of ours, a mapping, or anything at all."""
    assert cells_of(Row(line=1, cells={"a": "1"})) == {"a": "1"}
    assert cells_of({"a": 1}) == {"a": 1}
    assert cells_of(17) == {}


@pytest.mark.parametrize(
    ("request_", "price"),
    [
        (DIRECT, (0.5, 0.667)),
        (ImageVideo(image="https://x/a.png", audio_url="https://x/a.mp3"), (0.5, 0.5)),
        (VideoAgent(prompt="x"), (0.333, 0.333)),
        (CinematicAvatar(prompt="x", avatar_id="a"), (7.0, 7.0)),
    ],
)
def test_prices_are_those_of_the_list(request_: Any, price: tuple[float, float]) -> None:
    """Ten seconds of video; a cinematic shot has one price."""
    assert Rates().price(request_.kind, 10, body_of(request_)) == pytest.approx(price)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (59.4, "59 s"), (60, "1 min 0 s"), (3599, "59 min 59 s"), (7260, "2 h 1 min")]
)
def test_durations_read_as_people_say_them(seconds: float, words: str) -> None:
    """No decimals, no days."""
    assert span(seconds) == words


def play(board: ProgressBoard) -> None:
    """A run of four rows as the board hears it."""
    for index in range(4):
        board(RequestEnded(method="POST", route="/v3/videos", status=200, seconds=1))
        board(JobSubmitted(index=index, resource_id=f"v{index}"))
    board(RetryPlanned(method="GET", route="/x", error="ServerError", seconds=1))
    board(RetryPlanned(method="GET", route="/x", error="OddError", seconds=1))
    for index, error in enumerate([None, "RenderFailedError", "DownloadError"]):
        board(JobRendered(index=index, resource_id=f"v{index}", status="completed"))
        board(JobEnded(index=index, resource_id=f"v{index}", error=error))


@pytest.mark.parametrize("terminal", [True, False])
async def test_progress_counts_what_happens(terminal: bool) -> None:  # noqa: FBT001
    """Live on a terminal, a line a minute elsewhere."""
    text, began = io.StringIO(), anyio.current_time()
    console = Console(file=text, force_terminal=terminal, width=100)
    board = ProgressBoard(console, 4, lambda: round(anyio.current_time() - began, 3))
    with board:
        await anyio.sleep(59.0)
        play(board)
        await anyio.sleep(1.5)
    assert (board.completed, board.failed, board.rendering) == (2, 1, 1)
    shown = text.getvalue()
    assert "2 done, 1 failed, 1 being made, 0 waiting" in shown
    assert re.search(r"0\.00 USD; ready about \d\d:\d\d, in 20 s", shown)


async def test_a_live_display_tells_the_spend_and_the_last_failures(heygen: HeyGen, world: World) -> None:
    """The last three, each in its line, however many there were; nothing in them is taken for markup."""
    world.faults.append(FailedRender(probability=1.0, code="rendering_failed", message="[bold]no face"))
    text = io.StringIO()
    clock = asyncio.get_running_loop().time
    board = ProgressBoard(Console(file=text, force_terminal=True, width=100), 7, clock)
    requests = [DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi {n}") for n in range(7)]
    with board:
        async with heygen.render_many(requests, max_in_flight=1) as results:
            async for result in results:
                board.add(result)
        view = Console(file=io.StringIO(), width=100)
        view.print(board._view())
    shown = cast("io.StringIO", view.file).getvalue()
    assert [line.strip() for line in shown.splitlines() if line.startswith("row")] == [
        f"row {row}: [bold]no face (rendering_failed)" for row in (5, 6, 7)
    ]
    assert "Videos " in shown


def test_the_summary_says_what_a_person_wants_to_know() -> None:
    """What came out, why some did not, what is at stake, what it took."""
    text = io.StringIO()
    console = Console(file=text, width=120)
    board = ProgressBoard(console, 4, lambda: 0.0)
    summary = Summary(completed=5, failed=Counter({"rendering_failed": 2, "x": 1}), not_stored=1, at_stake=1)
    show_summary(console, summary, board, {"Time": "3 s"})
    play(board)
    show_summary(console, summary, board, {})
    shown = text.getvalue()
    for words in (
        "5 of 8 rows",
        "3: 2 rendering_failed, 1 x",
        "1 completed, but their files could not be downloaded",
        "1 failed row may have been paid for",
        "0 (none repeated)",
        "4 (2 repeated: 1 after a server error, 1 after OddError)",
        "3 s",
    ):
        assert words in shown


def test_without_its_extra_the_command_line_says_what_it_needs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, not a traceback."""
    monkeypatch.delitem(sys.modules, "heygen_async.cli.app", raising=False)
    monkeypatch.setitem(sys.modules, "cyclopts", None)
    with pytest.raises(SystemExit, match=r"heygen-async\[cli\]"):
        main(["status", "c.db"])


def test_what_one_command_lacks_is_named_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands are imported late, and what they lack comes wrapped."""

    def start(words: list[str]) -> None:
        raise ImportError("Cannot import module") from ImportError("No module named 'jinja2'", name="jinja2")

    monkeypatch.setattr("heygen_async.cli.app.main", start)
    with pytest.raises(SystemExit, match=r"jinja2.*heygen-async\[cli\]"):
        main(["status", "c.db"])


def test_a_fault_of_our_own_is_not_taken_for_a_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes out as it is."""
    monkeypatch.setitem(sys.modules, "heygen_async.cli.app", None)
    with pytest.raises(ImportError):
        main(["status", "c.db"])
