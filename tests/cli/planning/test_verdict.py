"""The screen of `plan`: folded problems, sample texts, money, time, and the verdict with the next command."""

from __future__ import annotations

import datetime as dt
import json
import re
import time
from pathlib import Path

import pytest

from heygen_async import Price, Template, read_rows
from heygen_async.bulk.plan.plan import make_plan
from heygen_async.bulk.rows.choice import row_choice
from heygen_async.cli.planning.verdict import others
from heygen_async.cli.rendering import plan_rows
from heygen_async.cli.rendering.intent import Intent
from heygen_async.simulator import World
from tests.helpers.commands import CommandResult, call
from tests.helpers.stories import PEOPLE, run, write

SET = ["--set", "avatar_id=look_anna", "--set", "voice_id=voice_warm"]
SCRIPT = ["--script", "Hi {{ name }} of {{ firm | default('your firm') }}."]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def plan(*words: str, key: str = "") -> CommandResult:
    env = {} if key else {"HEYGEN_API_KEY": ""}
    return call("plan", "leads.csv", *SET, *(words or SCRIPT), env=env)


def leads(*rows: str, header: str = "name,firm,email") -> None:
    Path("leads.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


def rows_of(count: int) -> list[str]:
    return [f"Ada {'x' * (n % 7)}y,F{n},a{n}@x.example" for n in range(count)]


def test_a_problem_of_many_rows_is_told_once_with_their_numbers() -> None:
    """The numbers are those of the list; the verdict is last, with the command that sends the others."""
    rows = rows_of(12)
    rows[1] = rows[5] = rows[6] = rows[7] = ",F,"
    leads(*rows)
    result = plan()
    assert result.exit_code == 2
    assert "problem  leads.csv lines 3 and 7-9, column name: is empty here" in result.stdout
    verdict = result.stdout.splitlines()[-3:]
    assert verdict[0] == "Not yet ready: 8 of 12 rows can be sent; 4 rows have problems (above)."
    assert re.fullmatch(
        r"Or send the good rows now: heygen-async run leads\.csv .* --budget \d+usd --rows 1-2,4-6,10-", verdict[2]
    )


def test_a_problem_of_all_rows_says_so() -> None:
    leads(*rows_of(3))
    result = call("plan", "leads.csv", "--script", "Hi {{ name }}.", env={"HEYGEN_API_KEY": ""})
    assert "problem  all 3 rows: direct mode: avatar_id is required" in result.stdout
    assert "Not ready: no row can be sent, because of the problems above." in result.stdout
    assert "Or send" not in result.stdout


def test_problems_with_words_of_their_own_are_not_all_told() -> None:
    """Three of a kind are told in full; the others by their rows."""
    leads(*(f"Ada {n % 6},F{n},a{n % 6}@x.example" for n in range(12)))
    told = [line for line in plan().stdout.splitlines() if line.startswith("note")]
    assert len(told) == 4
    assert "line 8, column email: 'a0@x.example'; line 2 has the same e-mail address" in told[0]
    assert "lines 11-13, column email: alike; if it is one person, remove one of the two" in told[3]


def test_repeated_rows_and_names_in_capitals_are_told() -> None:
    leads("Ada,F,a@x.example", "Ada,F,a@x.example", "GRACE,F,g@x.example", "AL,F,l@x.example")
    told = plan().stdout
    assert "note  leads.csv line 3: repeats line 2, cell by cell; remove one of the two" in told
    assert "note  leads.csv line 4, column name: 'GRACE'; is in capitals" in told
    assert "'AL'" not in told
    quiet = plan("--script", "Hi {{ name | title_name }}.").stdout
    assert "in capitals" not in quiet


def test_six_texts_are_shown_as_they_will_be_sent() -> None:
    """The first, the last, the longest, the shortest, one with an empty cell and one with an unusual name."""
    leads("Ada,F,1", "Bo,F,2", "Christopher,Long Firm,3", "Dora,,4", "J. P2,F,5", "Emil,F,6")
    lines = plan().stdout.splitlines()
    shown = {line: lines[at + 1].strip() for at, line in enumerate(lines) if re.match(r"line \d, ", line)}
    assert shown == {
        "line 2, first": "Hi Ada of F.",
        "line 3, shortest": "Hi Bo of F.",
        "line 4, longest": "Hi Christopher of Long Firm.",
        "line 5, with an empty cell": "Hi Dora of your firm.",
        "line 6, with an unusual name": "Hi J. P2 of F.",
        "line 7, last": "Hi Emil of F.",
    }


@pytest.mark.usefixtures("_simulator_thread")
def test_a_plan_tells_balance_time_budget_and_verdict(world: World) -> None:
    """All that a person needs in order to begin; nothing is charged."""
    leads(*rows_of(6))
    Path("c.toml").write_text("[run]\nbudget_usd = 250\n", encoding="utf-8")
    result = call("plan", "c.toml", "leads.csv", *SET, *SCRIPT)
    assert result.exit_code == 0, result.output
    for words in (
        r"Price: about \d\.\d\d, at most \d\.\d\d US dollars \(prices of \d{4}-\d\d-\d\d; HeyGen's bill decides\)\.",
        r"Budget: 250\.00 US dollars, enough for all\.",
        r"Balance of the account: [\d,]+\.\d\d US dollars\.",
        r"Ready about \d\d:\d\d.*, 10 at a time\.",
        r"Priced by the kinds of the looks and the languages of the voices as HeyGen has them",
    ):
        assert re.search(words, result.stdout), words
    last = result.stdout.splitlines()[-2:]
    assert last[0] == "Ready: all 6 rows can be sent."
    assert last[1].startswith("Next: heygen-async run c.toml leads.csv --set avatar_id=look_anna ")
    assert world.ledger == []


@pytest.mark.usefixtures("_simulator_thread")
def test_rows_with_a_video_are_not_priced_again() -> None:
    """After a run, a longer list costs what its new rows cost, also if another row is bad; the same list nothing."""
    write(PEOPLE)
    run()
    words = [*SET, "--script", "Hi {{ name }}.", "--no-preflight"]
    same = call("plan", "list.csv", *words)
    assert same.stdout.splitlines()[-1] == "Nothing to send: none of 3 rows needs a video now."
    write([*PEOPLE, ("di@x.example", "Di"), ("ed@x.example", "")])
    facts = json.loads(call("plan", "list.csv", *words, "--json").stdout)
    assert facts["exit_code"] == 2
    assert facts["to_send"] == 1
    assert facts["earlier_runs"]["unchanged"] == 3
    assert 0 < facts["to_send_usd"]["high"] < facts["price_usd"]["high"] / 3


def test_json_has_the_same_facts() -> None:
    leads(*rows_of(4), ",F,")
    result = plan(*SCRIPT, "--json")
    facts = json.loads(result.stdout)
    assert result.exit_code == facts["exit_code"] == 2
    assert (facts["rows"], facts["can_be_rendered"], facts["bad_rows"]) == (5, 4, [6])
    assert facts["unused_columns"] == ["email"]
    assert facts["problems"][0] | {"text": "", "how_to_fix": ""} == {
        "severity": "error",
        "rows": [6],
        "column": "name",
        "field": "script",
        "reason": "is empty here, but the template needs it",
        "how_to_fix": "",
        "text": "",
    }
    assert {one["row"] for one in facts["samples"]} <= {2, 3, 4, 5}
    assert facts["next"].endswith("--rows 1-5,7-")


def test_the_next_command_repeats_the_options() -> None:
    leads(*rows_of(4))
    last = plan(*SCRIPT, "--where", "name!=Bo", "--limit", "2", "--lenient").stdout.splitlines()[-1]
    assert "--lenient --script 'Hi {{ name }} of" in last
    assert "--limit 2 --where 'name!=Bo'" in last
    assert "2 rows" in plan(*SCRIPT, "--limit", "2").stdout


def test_no_row_is_nothing_to_do() -> None:
    leads()
    assert plan().stdout.splitlines()[-1] == "Nothing to do: the list has no rows."
    leads(*rows_of(2))
    chosen = plan(*SCRIPT, "--rows", "9")
    assert chosen.exit_code == 7
    assert chosen.stdout.splitlines()[-1] == "Nothing to do: no row is chosen."


def test_more_kinds_of_problems_than_fit_are_counted() -> None:
    columns = [f"c{n}" for n in range(25)]
    leads(*[",".join([""] * 24 + ["x"])] * 2, header=",".join(columns))
    result = plan("--script", " ".join(f"{{{{ {name} }}}}" for name in columns))
    assert "... and 4 problems more: --json has all" in result.stdout


def test_a_long_check_shows_its_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal, one line; with little time passed, none."""
    leads(*rows_of(450))
    assert "Checking" not in plan().output
    monkeypatch.setattr(plan_rows, "SILENT_SECONDS", 0.0)
    assert plan().stderr.count("Checking the rows ...") == 1
    began, late = time.monotonic(), plan_rows.CheckedRows()
    with late:
        late(200)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(("bad", "text"), [([6, 11], "1-5,7-10,12-"), ([2], "1,3-"), ([2, 3, 4], "1,5-")])
def test_the_other_rows_can_be_chosen(bad: list[int], text: str) -> None:
    assert others(bad) == text
    chosen = [number for number in range(1, 30) if row_choice([text]).takes(number, {}, [])]
    assert chosen == [number for number in range(1, 30) if number not in bad]


@pytest.mark.parametrize(
    ("budget", "spent", "words", "rows"),
    [
        (None, 0.0, None, (100, 100)),
        (500.0, 0.0, "enough for all", (100, 100)),
        (300.0, 100.0, "probably enough for all, surely for 50 of 100", (50, 100)),
        (60.0, 10.0, "enough for about 29 of 100: the run stops before it is crossed", (12, 29)),
        (60.0, 60.0, "enough for about 0 of 100: the run stops before it is crossed", (0, 0)),
    ],
)
def test_a_budget_is_told_in_rows(budget: float | None, spent: float, words: str | None, rows: tuple[int, int]) -> None:
    intent = Intent(due=100, rows=100, price=Price(50, 100, 400), budget_usd=budget, spent_usd=spent, slots=7)
    assert intent.budget_rows == rows
    told = [line for line in intent.money_lines(dt.datetime.now().astimezone()) if line.startswith("Budget")]
    assert [line.rstrip(".").endswith(words or "") for line in told] == [True] * (words is not None)


@pytest.mark.parametrize(
    ("balance", "words"),
    [
        (500.0, "500.00 US dollars."),
        (200.0, "less than the price at most."),
        (50.0, "top it up, or the run will stop."),
    ],
)
def test_a_balance_is_compared_with_the_price(balance: float, words: str) -> None:
    lines = Intent(due=9, rows=9, price=Price(50, 100, 400), balance_usd=balance).money_lines(
        dt.datetime.now().astimezone()
    )
    assert lines[1].endswith(words)


def test_good_jobs_leave_the_bad_rows_out() -> None:
    """A broken row and a row without a needed cell are no jobs; a plan with errors gives no other ones."""
    leads("Ada,F,1", "Bo", "one,too,many,cells", ",F,2", "Cy,F,3")
    made = make_plan(
        read_rows("leads.csv"), Template("direct", {"avatar_id": "a", "voice_id": "v", "script": "{{ name }}"})
    )
    assert made.bad_rows == (3, 4, 5)
    assert [job.row["name"] for job in made.good_jobs()] == ["Ada", "Cy"]
