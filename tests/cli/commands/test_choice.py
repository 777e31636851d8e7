"""`--rows`, `--where` and `--only` choose rows in plan, run, retry and export."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from heygen_async import Journal
from heygen_async.simulator import ErrorAnswer, World
from tests.helpers.commands import call
from tests.helpers.stories import run

pytestmark = pytest.mark.usefixtures("_simulator_thread")

LIST = "email,name,City\nada@x,Ada,Rome\n\nbo@x,Bo,Oslo\ncy@x,Cy,rome\ndi@x,Di,Bonn\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("list.csv").write_text(LIST, encoding="utf-8")


def said(world: World) -> list[str]:
    return sorted(str(charge.body["script"]) for charge in world.ledger)


def test_plan_prices_the_chosen_rows_alone() -> None:
    """A note has their number, and the rows of other lines are not looked at."""
    words = ["plan", "list.csv", "--mode", "agent", "--prompt", "{{ name }} {{ city }}", "--no-preflight"]
    done = call(*words, "--where", "city=ROME")
    assert "note  list.csv: 2 rows are chosen of 4" in done.output
    assert "list.csv: 2 rows, 2 can be rendered, 0 cannot" in done.output
    assert call(*words, "--rows", "99").exit_code == 7


def test_run_sends_the_chosen_rows_and_later_the_others(world: World) -> None:
    """Rows that were sent are known when the whole list is run: each is paid for once."""
    assert run("--rows", "4-5").exit_code == 0
    assert said(world) == ["Hi Bo.", "Hi Cy."]
    done = run("--id", "email", "--only", "DI@x")
    assert done.exit_code == 0, done.output
    assert said(world) == ["Hi Bo.", "Hi Cy.", "Hi Di."]
    assert run().exit_code == 0
    assert said(world) == ["Hi Ada.", "Hi Bo.", "Hi Cy.", "Hi Di."]


def test_a_choice_of_other_rows_raises_no_alarm(world: World) -> None:
    """Rows that are not chosen are no contacts that were removed: nobody is asked about them."""
    assert run("--rows", "2").exit_code == 0
    done = run("--rows", "4", answer="n\n")
    assert "no longer in the list. Contacts whose cells" not in done.output
    assert "Hi Bo." in said(world) or "Nothing was sent." in done.output
    empty = run("--rows", "77")
    assert (empty.exit_code, "no row is chosen, so there is nothing to do" in empty.output) == (7, True)


def test_retry_and_export_choose_rows_of_the_journal(world: World) -> None:
    """The numbers are those of the list; ids are those of the id column, or of videos."""
    world.faults.append(ErrorAnswer(method="POST", probability=1.0, status=400, code="invalid_parameter"))
    assert run("--id", "email").exit_code == 5
    assert "Planned again: 1 row" in call("retry", "list.db", "--failed", "--rows", "4").output
    assert "Planned again: 1 row" in call("retry", "list.db", "--failed", "--only", "cy@x").output
    assert call("retry", "list.db", "--failed", "--where", "city=Paris").exit_code == 7
    assert call("export", "list.db", "out.csv", "--where", "City!=rome").exit_code == 0
    with Path("out.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["name"] for row in csv.DictReader(file)] == ["Bo", "Di"]
    done = call("export", "list.db", "failed.csv", "--rows", "2,4")
    assert "1 row written to failed.csv" in done.output
    wrong = call("export", "list.db", "out.csv", "--where", "Town=Rome")
    assert (wrong.exit_code, "--where Town: there is no such column" in wrong.stderr) == (2, True)


def test_export_takes_the_id_of_a_video(world: World) -> None:
    """A video that somebody asks about is found by the id in its link."""
    assert run().exit_code == 0
    with Journal("list.db", read_only=True) as journal:
        video = next(record.video_id for record in journal.records() if record.row["name"] == "Cy")
    assert call("export", "list.db", "one.jsonl", "--only", str(video)).output.startswith("1 row written")
    assert '"Cy"' in Path("one.jsonl").read_text("utf-8")
    assert len(world.ledger) == 4


def test_the_numbers_are_those_of_the_last_list() -> None:
    """A list in another order has other numbers; a journal without a list has none."""
    assert run("--id", "email").exit_code == 0
    header, *rows = LIST.replace("\n\n", "\n").splitlines()
    Path("list.csv").write_text("\n".join([header, *rows[::-1]]) + "\n", encoding="utf-8")
    assert run("--id", "email").exit_code == 7
    with Journal("list.db", read_only=True) as journal:
        names = {record.id: record.row["name"] for record in journal.records()}
        assert {names[number]: line for number, line in journal.lines().items()} == {
            "Di": 2,
            "Cy": 3,
            "Bo": 4,
            "Ada": 5,
        }
    with Journal("empty.db", create=True):
        pass
    done = call("export", "empty.db", "out.csv", "--rows", "2")
    assert "--rows: empty.db does not know the numbers of its rows; use --where or --only" in done.stderr
