"""`heygen-async plan`, and the budget, canary and breaker of `run`."""

from __future__ import annotations

from pathlib import Path

import pytest

from heygen_async.bulk.prices.price_list import AS_OF, PRICE_LIST
from heygen_async.simulator import World
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


@pytest.fixture
def _newer_simulator(world: World, _simulator_thread: None) -> None:
    """Serve a HeyGen that knows more words than this version."""
    world.open_contract, world.strict_catalog = True, False


def test_a_good_list_is_priced(leads: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`plan` prices a list without a key and without a server."""
    monkeypatch.delenv("HEYGEN_API_KEY", raising=False)
    result = invoke("plan", str(leads), *SET)
    assert result.exit_code == 0, result.output
    assert "leads.csv: 6 rows, 6 can be rendered, 0 cannot" in result.output
    assert "Price: " in result.output
    assert "Unused columns: note. To use one, write its placeholder, such as {{ note }}." in result.output


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


NEW = ["--set", "engine=avatar_6", "--set", "resolution=2k"]


def test_newer_words_need_the_option_and_a_rate(leads: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new engine is a problem without --lenient, and under a budget without a rate; each message names the way."""
    monkeypatch.delenv("HEYGEN_API_KEY", raising=False)
    result = invoke("plan", str(leads), *SET, *NEW)
    assert result.exit_code == 2
    assert "a newer word is sent with --lenient" in result.output
    result = invoke("plan", str(leads), *SET, *NEW, "--lenient")
    assert result.exit_code == 0, result.output
    assert "the price of 2k avatar_6 is not known" in result.output
    assert f"Price: about 0.00, at most 0.00 US dollars, and 6 of unknown price (prices of {AS_OF}; " in result.output
    file = tmp_path / "campaign.toml"
    file.write_text("[request]\nlenient = true\n[run]\nbudget_usd = 50\n")
    result = invoke("plan", str(file), str(leads), *SET, *NEW)
    assert result.exit_code == 2, result.output
    assert 'so the budget cannot count it; give it, in US dollars a second: "2k avatar_6" = 0.10' in result.output
    with file.open("a") as more:
        more.write('[rates.per_second]\n"2k avatar_6" = [0.10, 0.145]\n')
    result = invoke("plan", str(file), str(leads), *SET, *NEW)
    assert result.exit_code == 0, result.output
    assert "unknown price" not in result.output


def test_doubtful_prices_are_told(leads: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan says which part of the price list is old."""
    monkeypatch.delenv("HEYGEN_API_KEY", raising=False)
    result = invoke("plan", str(leads), *SET, "--set", "resolution=4k")
    assert "4K is priced by older copies of the list" in result.output


@pytest.mark.usefixtures("_newer_simulator")
def test_a_lenient_list_is_rendered_within_its_budget(leads: Path, tmp_path: Path, world: World) -> None:
    """The new words are sent for every row, counted in the budget, and kept by the journal for a resume."""
    file = tmp_path / "campaign.toml"
    rates = '[rates.per_second]\n"2k avatar_6" = [0.10, 0.145]\n'
    file.write_text(f"[request]\nlenient = true\n[run]\nbudget_usd = 25\n{rates}")
    options = [*SET, *NEW, "--no-download", "--speed", "500"]
    result = invoke("run", str(file), str(leads), *options)
    assert result.exit_code == 6, result.output
    sent = len(world.ledger)
    assert 0 < sent < 6
    journal = str(tmp_path / "campaign.db")
    result = invoke("resume", journal, "--budget", "60", "--speed", "500")
    assert result.exit_code == 0, result.output
    assert [charge.body["engine"] for charge in world.ledger] == [{"type": "avatar_6"}] * 6
    assert f"US dollars by {PRICE_LIST}" in invoke("status", journal).output


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
