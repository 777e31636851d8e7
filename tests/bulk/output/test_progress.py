"""The progress of a run: a bar in a terminal, lines elsewhere."""

from __future__ import annotations

import io
import sys

import attrs
import pytest

from heygen_async import DirectVideo, HeyGen, Summary
from heygen_async.bulk.output.progress import line_of, progress_of


class Terminal(io.StringIO):
    """A file that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


@attrs.define
class Run:
    summary: Summary
    total: int | None
    seconds_left: float | None


def greetings(count: int) -> list[DirectVideo]:
    return [DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi {n}") for n in range(count)]


def test_a_line_tells_what_is_known() -> None:
    """A line has the rows that have ended, and their number and the time left where they are known."""
    assert line_of(Run(Summary(completed=3), None, None)) == "3 rows: 3 completed, 0 failed"
    assert line_of(Run(Summary(completed=3), 9, 200.0)) == "3 of 9 rows: 3 completed, 0 failed; about 3 min left"
    assert line_of(Run(Summary(completed=9), 9, 0.0)) == "9 of 9 rows: 9 completed, 0 failed"


async def test_without_a_terminal_there_are_lines(heygen: HeyGen, capsys: pytest.CaptureFixture[str]) -> None:
    """A line is printed at the start, every thirty seconds if something has changed, and at the end."""
    async with heygen.render_many(greetings(20), max_in_flight=5, progress=True) as results:
        await results.collect()
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("0 of 20 rows: 0 completed, 0 failed")
    assert lines[-1] == "20 of 20 rows: 20 completed, 0 failed"
    assert 4 < len(lines) < 60
    assert len(set(lines)) == len(lines)
    assert any("min left" in line for line in lines)


async def test_a_terminal_has_a_bar(heygen: HeyGen) -> None:
    """Rich draws a bar with the same text."""
    terminal = Terminal()
    async with heygen.render_many(greetings(3)) as results:
        with progress_of(results, terminal):
            await results.collect()
    assert "3 of 3 rows: 3 completed, 0 failed" in terminal.getvalue()
    assert "\x1b[" in terminal.getvalue()


async def test_without_rich_a_terminal_has_lines(heygen: HeyGen, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing needs to be installed for the lines."""
    monkeypatch.setitem(sys.modules, "rich", None)
    terminal = Terminal()
    async with heygen.render_many(greetings(1)) as results:
        with progress_of(results, terminal):
            await results.collect()
    assert terminal.getvalue().splitlines()[-1] == "1 of 1 row: 1 completed, 0 failed"


async def test_an_error_in_the_block_ends_the_progress(heygen: HeyGen, capsys: pytest.CaptureFixture[str]) -> None:
    """The error comes through unchanged, and no further line is printed."""
    with pytest.raises(ZeroDivisionError):
        async with heygen.render_many(greetings(1), progress=True):
            1 / 0  # noqa: B018 - the error of the program
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("0 of 1 row: 0 completed, 0 failed")
