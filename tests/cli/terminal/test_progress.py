"""The display of a run: what is due, a HeyGen that cannot be reached, and people by their names."""

from __future__ import annotations

import io

import anyio
import pytest
from rich.console import Console

from heygen_async import Failed, InvalidInputError, Job, RequestEnded
from heygen_async.cli.terminal.progress import ProgressBoard
from heygen_async.telemetry import JobSubmitted


def ended(*, error: str | None = None, status: int | None = None) -> RequestEnded:
    return RequestEnded(method="GET", route="/v3/videos", status=status, seconds=1, error=error)


async def test_a_heygen_that_cannot_be_reached_is_told_once_and_its_return_too() -> None:
    """After twenty seconds without any answer; machines are told as well."""
    shown = io.StringIO()
    board = ProgressBoard(Console(file=shown, width=200), 5, anyio.current_time)
    with board:
        board(JobSubmitted(index=0, resource_id="v1"))
        board(ended(error="ConnectionFailedError"))
        assert board.facts()["unreachable"] is False
        await anyio.sleep(200)
        board(ended(error="AttemptTimeoutError"))
        assert board.facts()["unreachable"] is True
        view = Console(file=io.StringIO(), width=200)
        with view.capture() as captured:
            view.print(board._view())
        board(ended(status=200))
        assert board.facts()["unreachable"] is False
    lines = [line for line in shown.getvalue().splitlines() if "reached" in line]
    assert len(lines) == 2
    assert lines[0].startswith("HeyGen cannot be reached since ")
    assert lines[0].endswith("Nothing is lost; it is tried again and again. 1 video is being made.")
    assert lines[1] == "HeyGen can be reached again."
    assert "HeyGen cannot be reached since " in captured.get()


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"Vorname": "Ada", "Nachname": "Lovelace"}, "row 8 (Ada Lovelace): too long (invalid_parameter)"),
        ({"Firma": "Analytical Engines"}, "row 8 (Analytical Engines): too long (invalid_parameter)"),
        ({"E-Mail": "ada@example.com"}, "row 8 (ada@example.com): too long (invalid_parameter)"),
        ({"city": "London"}, "row 8: too long (invalid_parameter)"),
        (None, "row 8: too long (invalid_parameter)"),
    ],
)
def test_a_failure_names_the_person(row: dict[str, str] | None, words: str) -> None:
    """Guessed from the columns; without any, the number of the row remains."""
    board = ProgressBoard(Console(file=io.StringIO()), 9, lambda: 0.0)
    error = InvalidInputError("too long", code="invalid_parameter")
    board.add(Failed(job=Job(request=None, row=row, index=7), resource_id=None, error=error))  # type: ignore[arg-type] # no request is needed
    assert list(board._failures) == [words]
