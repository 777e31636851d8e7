"""More of what a team does with a list: decisions that are taken back, runs that end early, ids that come late.

Each story is a few commands, with the renders that each may be charged for and its exit code.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from heygen_async.simulator import ErrorAnswer, FailedRender, World
from tests.helpers.commands import CommandResult, call
from tests.helpers.stories import PEOPLE, agrees_with_the_ledger, corrected, run, write

Command = Callable[[], CommandResult]
Unread = Callable[[Command], CommandResult]

BANG, HELLO = "Hi {{ name }}!", "Hello {{ name }}."
pytestmark = [pytest.mark.usefixtures("_simulator_thread"), pytest.mark.unmeasured]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(PEOPLE)


class Told:
    """Runs the commands of a story, and compares each with the simulator's ledger."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __call__(self, done: Command, charges: int, exit_code: int) -> CommandResult:
        """Run a command; assert what it was charged for, and its exit code."""
        paid, usd = self._renders, self._world.charged_usd
        result = done()
        assert (self._renders - paid, result.exit_code) == (charges, exit_code), result.output
        if "Charged" in result.output and "At stake" not in result.output:
            agrees_with_the_ledger(result, self._world.charged_usd - usd)
        return result

    @property
    def _renders(self) -> int:
        return len(self._world.ledger)


@pytest.fixture
def step(world: World) -> Told:
    return Told(world)


def ran(*options: str, script: str = "Hi {{ name }}.") -> Command:
    return lambda: run(*options, script=script)


def by_id(*options: str, script: str = "Hi {{ name }}.") -> Command:
    return ran("--id", "email", *options, script=script)


def resumed() -> CommandResult:
    return call("resume", "list.db", "--speed", "500")


@pytest.fixture
def unread(world: World) -> Unread:
    """Run a command during which HeyGen cannot be asked for details, so that its rows stay under way."""

    def ended(done: Command) -> CommandResult:
        world.faults.append(ErrorAnswer(method="GET", path="/v3/videos*", status=503))
        result = done()
        world.faults.clear()
        return result

    return ended


def test_an_option_is_put_back_to_its_default(step: Told) -> None:
    """What was typed counts, also if it is the default; what was not typed is kept."""
    step(ran("--max-in-flight", "1", "--deadline", "900"), 3, 0)
    done = step(ran("--max-in-flight", "10"), 0, 7)
    assert "Kept from this campaign's last run: deadline 900.0\n" in done.output


def test_an_id_is_corrected_while_its_row_is_under_way(step: Told, unread: Unread) -> None:
    """The row of the old address is followed to its video; the same words are not sent for the new one unasked."""
    step(lambda: unread(by_id("--deadline", "30")), 3, 5)
    write([("ada.l@x.example", "Ada"), *PEOPLE[1:]])
    done = step(by_id("--deadline", "3600"), 0, 8)
    assert "1 the same words as a video of another row" in done.output


def test_ids_are_begun_while_rows_are_under_way(step: Told, unread: Unread) -> None:
    """Nor are those of a list that was exported with one more column, and now has ids."""
    step(lambda: unread(ran("--deadline", "30")), 3, 5)
    write(PEOPLE, "newsletter")
    step(by_id("--deadline", "3600"), 0, 8)
    step(ran(), 0, 8)  # the id column is kept


def test_a_script_is_put_back_after_all_was_rendered_again(step: Told) -> None:
    """The list has one more column now, so only the former videos tell that these words were paid for."""
    step(ran(), 3, 0)
    step(ran("--again", script=BANG), 3, 0)
    write(PEOPLE, "newsletter")
    step(ran(), 0, 8)


def test_a_script_is_put_back_before_all_was_rendered_again(step: Told) -> None:
    """Rows that were to be rendered again, and were not sent yet, get the videos back that they had."""
    step(by_id(), 3, 0)
    step(by_id("--again", "--budget", "0.45", "--max-in-flight", "1", script=BANG), 1, 6)
    step(by_id("--budget", "100"), 0, 8)
    assert call("status", "list.db").output.count("3  completed") == 1
    step(by_id(script=BANG), 0, 8)
    step(by_id("--again", script=BANG), 2, 0)


def test_a_third_script_needs_a_word_of_its_own(step: Told) -> None:
    """The word was given for the second script; `resume` does not send that one either, once it is out of date."""
    step(by_id(), 3, 0)
    step(by_id("--again", "--budget", "0.45", "--max-in-flight", "1", script=BANG), 1, 6)
    step(by_id("--budget", "100", script=HELLO), 0, 8)
    step(resumed, 0, 7)
    step(by_id("--again", script=HELLO), 3, 0)


def test_a_decision_goes_on_where_it_was_interrupted(step: Told) -> None:
    """The same script without --again: the word was given, so the rows that are left are sent."""
    step(ran(), 3, 0)
    step(ran("--again", "--budget", "0.45", "--max-in-flight", "1", script=BANG), 1, 6)
    step(ran("--budget", "100", script=BANG), 2, 0)


def test_a_row_that_left_before_it_was_rendered_again_comes_back(step: Told) -> None:
    """It still has its first video."""
    step(ran(), 3, 0)
    step(ran("--again", "--budget", "0.16", script=BANG), 0, 6)
    write(PEOPLE[1:])
    step(ran("--budget", "100"), 0, 0)
    write(PEOPLE)
    step(ran(script=BANG), 0, 8)
    step(ran(), 0, 7)


def test_a_row_fails_when_it_is_rendered_again(step: Told, world: World) -> None:
    """Under the first script it has its first video; under a third one it waits like the others."""
    step(by_id(), 3, 0)
    world.faults.append(FailedRender(nth=1))
    step(by_id("--again", script=BANG), 3, 5)
    done = step(by_id(), 0, 8)
    assert "2 changed after their videos were made: wait for a decision, 1 unchanged" in done.output
    step(by_id(script=HELLO), 0, 8)


def test_a_row_is_edited_twice_while_it_is_under_way(step: Told, unread: Unread) -> None:
    """It is followed to its end, then waits for one decision."""
    step(lambda: unread(by_id("--deadline", "30")), 3, 5)
    corrected()
    assert "still being made" in step(lambda: unread(by_id()), 0, 5).output
    write([("ada@x.example", "Countess Ada"), *PEOPLE[1:]])
    step(by_id("--deadline", "3600"), 0, 0)
    step(by_id(), 0, 8)
    step(by_id("--again"), 1, 0)
    step(by_id("--again"), 0, 7)


def test_failed_rows_are_edited_and_fed_back(step: Told, world: World) -> None:
    """The edited row is rendered; the old list that lacks the edit then waits for a decision."""
    world.faults.append(FailedRender(nth=1))
    step(by_id(), 3, 5)
    call("export", "list.db", "failed.csv")
    text = Path("failed.csv").read_text("utf-8-sig")
    Path("failed.csv").write_text(text.replace("@x.example,", "@x.example,Dear "), encoding="utf-8")
    step(lambda: run("--id", "email", "--journal", "list.db", source="failed.csv"), 1, 0)
    step(by_id(), 0, 8)


def test_failed_rows_that_may_be_paid_for_are_told_apart(step: Told, world: World) -> None:
    """A file of failed rows knows nothing of their money; the command that wrote it does."""
    world.faults.append(ErrorAnswer(method="GET", path="/v3/videos*", status=404, code="video_not_found"))
    step(ran("--deadline", "900"), 3, 5)
    world.faults.clear()
    done = call("export", "list.db", "failed.csv")
    assert "To send them again: heygen-async run failed.csv --journal list.db" in done.output
    assert "3 of them are paid for, or may be" in done.output
    step(lambda: run("--journal", "list.db", source="failed.csv"), 0, 7)


def test_two_rows_swap_their_names(step: Told) -> None:
    """Without ids both have their videos; with ids both have changed."""
    step(ran(), 3, 0)
    write([("ada@x.example", "Bo"), ("bo@x.example", "Ada"), PEOPLE[2]])
    step(ran(), 0, 7)
    step(by_id(), 0, 7)
    write(PEOPLE)
    step(by_id(), 0, 8)


def test_blanks_come_with_another_export(step: Told) -> None:
    """The words have changed, by a blank that nobody sees: the contacts are known, and nothing is paid unasked."""
    step(ran(), 3, 0)
    write([(f"{email} ", f"{name} ") for email, name in PEOPLE])
    step(ran(), 0, 8)


def test_a_failed_row_left_the_list_before_its_retry(step: Told, world: World) -> None:
    """`retry` says that `resume` will not send it."""
    world.faults.append(FailedRender(contains="Ada"))
    step(ran(), 3, 5)
    write(PEOPLE[1:])
    step(ran(), 0, 7)
    done = step(lambda: call("retry", "list.db", "--failed"), 0, 0)
    assert "1 of them are not in the list that was run last" in done.output
    step(resumed, 0, 7)


def test_a_canary_of_an_earlier_run_is_told_as_that(step: Told) -> None:
    """The question names no number of rows that this run has not rendered."""
    step(lambda: run("--canary", "1", "--approve", answer="n\n"), 1, 6)
    done = step(lambda: run(answer="n\n"), 0, 6)
    assert "The first rows are there from an earlier run. Render the others?" in done.output
    assert "first 0" not in done.output


def test_a_list_a_list_b_and_list_a_again(step: Told) -> None:
    """One journal, two lists: what they share is rendered once, and nothing of the other list is sent."""
    step(ran("--journal", "both.db", "--limit", "2"), 2, 0)
    write([("di@x.example", "Di"), ("a@b.example", "Ada")], to="b.csv")
    step(lambda: run("--journal", "both.db", source="b.csv"), 1, 0)
    step(ran("--journal", "both.db"), 1, 0)
    step(ran("--journal", "both.db"), 0, 7)


def test_a_list_is_edited_before_a_resume(step: Told) -> None:
    """`resume` knows nothing of the edit; the next run asks about it."""
    step(by_id("--budget", "0.1"), 0, 6)
    corrected()
    step(lambda: call("resume", "list.db", "--speed", "500", "--budget", "100"), 3, 0)
    step(by_id(), 0, 8)


def test_a_row_is_retried_and_the_script_edited(step: Told, world: World) -> None:
    """The row that cost nothing is rendered with the new script; the others wait."""
    world.faults.append(FailedRender(nth=1))
    step(ran(), 3, 5)
    call("retry", "list.db", "--failed")
    step(ran(script=BANG), 1, 8)


@pytest.mark.parametrize("way", ["another folder", "another name", "results.csv"])
def test_another_journal_is_not_begun_for_rows_that_one_has(world: World, way: str) -> None:
    """Another name or another output leads to the journal that has the rows; to name a new journal is a word."""
    assert run().exit_code == 0
    if way == "another folder":
        again = run("--output", "deep/b")
    else:
        Path("copy.csv").write_bytes(Path("list.csv" if way == "another name" else "videos/results.csv").read_bytes())
        again = run(source="copy.csv")
    assert (again.exit_code, len(world.ledger)) == (2, 3)
    assert "3 of 3 rows are in the journal list.db already. Go on with it: --journal list.db" in again.output
    assert run("--journal", "new.db").exit_code == 0
    assert len(world.ledger) == 6


def test_an_id_column_is_kept_for_the_next_run(world: World) -> None:
    """A run that forgets --id recognises the rows all the same."""
    assert run("--id", "email").exit_code == 0
    write([("ada@x.example", "Ada Lovelace"), *PEOPLE[1:]])
    assert run().exit_code == 8
    assert len(world.ledger) == 3


def test_edited_cells_and_words_without_ids_are_asked_about(world: World) -> None:
    """Nobody can tell such rows from new contacts: a terminal asks, and elsewhere the run says so."""
    assert run().exit_code == 0
    write([(f"new-{email}", f"{name}a") for email, name in PEOPLE])
    asked = run(script="Hello {{ name }}", answer="n\n")
    assert (asked.exit_code, len(world.ledger)) == (8, 3)
    assert "3 rows are new, and 3 rows are gone that ended before" in asked.output
    assert "Nothing was sent." in asked.output
    told = run(script="Hello {{ name }}")
    assert (told.exit_code, len(world.ledger)) == (0, 6)
    assert "3 rows are new, and 3 rows are gone that ended before" in told.output


def test_failed_rows_of_contacts_who_left_are_not_exported(world: World) -> None:
    """Fed back, failed.csv must not render somebody who is no longer in the list."""
    world.faults.append(FailedRender(times=2))
    assert run("--max-in-flight", "1").exit_code == 5
    left = {charge.body["script"] for charge in world.ledger[:2]}
    write([row for row in PEOPLE if f"Hi {row[1]}." != min(left)])
    run()
    assert call("export", "list.db", "failed.csv").exit_code == 0
    assert Path("failed.csv").read_text(encoding="utf-8-sig").count("\n") == 2
