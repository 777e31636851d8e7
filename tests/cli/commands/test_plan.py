"""`heygen-async plan`, and the budget, canary and breaker of `run`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.commands import CommandResult, call

SET = ["--set", "avatar_id=look_anna", "--set", "voice_id=voice_warm", "--script", "Hi {{ name }}, " + "word " * 100]


def invoke(*args: str, answer: str = "") -> CommandResult:
    return call(*args, answer=answer)


@pytest.fixture
def leads(tmp_path: Path) -> Path:
    path = tmp_path / "leads.csv"
    path.write_text("name,note\n" + "".join(f"Ada {n},x\n" for n in range(6)), encoding="utf-8")
    return path


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch, simulator: str) -> list[str]:
    monkeypatch.setenv("HEYGEN_API_BASE", simulator)
    monkeypatch.setenv("HEYGEN_API_KEY", "simulator-key")
    return ["--speed", "500"]


def test_a_good_list_is_priced(leads: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`plan` prices a list without a key and without a server."""
    monkeypatch.delenv("HEYGEN_API_KEY", raising=False)
    result = invoke("plan", str(leads), *SET)
    assert result.exit_code == 0, result.output
    assert "leads.csv: 6 rows, 6 can be rendered, 0 cannot" in result.output
    assert "Avatar videos: 6, " in result.output
    assert "Price: " in result.output
    assert "note  column note: no field uses it" in result.output


def test_problems_are_reported_with_their_line(leads: Path) -> None:
    """A list with problems has exit code 2."""
    leads.write_text('name\nAda\n""\nnan\n[bold]\n', encoding="utf-8")
    result = invoke("plan", str(leads), *SET)
    assert result.exit_code == 2
    assert "leads.csv line 4, column name: 'nan'; counts as empty here" in result.output
    assert "Nothing was sent. Correct the problems, then plan again." in result.output


def test_text_that_cannot_be_encoded_is_a_problem_of_its_row(leads: Path) -> None:
    """A lone surrogate in a field name or a NUL in a cell makes its row a bad one; the other rows are good."""
    path = leads.with_suffix(".jsonl")
    path.write_text('{"name": "Ada", "no\\ud800te": "x"}\n{"name": "Bob"}\n{"name": "a\\u0000b"}\n', encoding="utf-8")
    result = invoke("plan", str(path), *SET)
    assert result.exit_code == 2, result.output
    assert "leads.jsonl line 1: " in result.output
    assert "a name holds half a character" in result.output
    assert "leads.jsonl line 3, column name: a NUL character, which no text has" in result.output
    assert "3 rows, 1 can be rendered, 2 cannot" in result.output


def test_a_list_without_rows_has_exit_code_7(leads: Path) -> None:
    """A list without rows is no error, but there is no work to do."""
    leads.write_text("name\n", encoding="utf-8")
    assert invoke("plan", str(leads), *SET).exit_code == 7


@pytest.mark.parametrize("amount", ["5usd", "$5", "5"])
def test_a_budget_pauses_a_run(leads: Path, fast: list[str], tmp_path: Path, amount: str) -> None:
    """A run that reaches its budget has exit code 6; the amount may be written with a unit."""
    options = ["--no-download", "--budget", amount, "--output", str(tmp_path / "o")]
    result = invoke("run", str(leads), *SET, *fast, *options)
    assert result.exit_code == 6, result.output
    assert "budget of 5.00 USD" in result.output


def test_an_amount_is_a_number(leads: Path) -> None:
    result = invoke("run", str(leads), *SET, "--budget", "much")
    assert result.exit_code == 2
    assert "'much' is not an amount in US dollars, such as 250 or 250usd" in result.output


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("perhaps\nyes\n", 0), ("n\n", 6), ("", 6)])
def test_a_person_approves_of_the_canary(leads: Path, fast: list[str], tmp_path: Path, answer: str, code: int) -> None:
    """After a yes the other rows are rendered; after a no, or at the end of the input, none is."""
    folder = str(tmp_path / "o")
    result = invoke("run", str(leads), *SET, *fast, "--canary", "2", "--approve", "--output", folder, answer=answer)
    assert result.exit_code == code, result.output
    assert "The first 2 are there. Render the others?" in result.output
    assert len(list(Path(folder).glob("*.mp4"))) == (6 if code == 0 else 2)


def test_approval_needs_a_canary(leads: Path) -> None:
    result = invoke("run", str(leads), *SET, "--approve")
    assert result.exit_code == 2
    assert "say how many rows go first: --canary 3" in result.output
