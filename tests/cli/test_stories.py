"""Money in ordinary life: what a marketing team does with a list, and what it is charged each time.

Each story runs through the command line against a simulator. The charges are those of the simulator's ledger.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from heygen_async import Journal
from heygen_async.bulk.campaign.list_taker import ListTaker
from heygen_async.bulk.rows.readers.read_rows import read_rows
from heygen_async.bulk.template.template import Template
from heygen_async.simulator import ErrorAnswer, FailedRender, World
from tests.helpers.commands import CommandResult, call
from tests.helpers.stories import HI, PEOPLE, agrees_with_the_ledger, corrected, run, write

pytestmark = pytest.mark.usefixtures("_simulator_thread")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(PEOPLE)


@attrs.frozen(kw_only=True)
class Story:
    """What the user does after a first run, and what it costs.

    Attributes:
        edit: Changes the list.
        run: Runs it again.
        charges: Renders that the second run may be charged for.
        exit_code: Of the second run.
        first: Options of both runs.
    """

    edit: Callable[[], None] = lambda: None
    run: Callable[[], CommandResult] = run
    charges: int = 0
    exit_code: int = 7
    first: tuple[str, ...] = ()


def with_id(*options: str) -> Callable[[], CommandResult]:
    return lambda: run("--id", "email", *options)


STORIES = {
    "runs the same list again": Story(),
    "adds a column": Story(edit=lambda: write(PEOPLE, "newsletter")),
    "exports in another order": Story(edit=lambda: write(PEOPLE[::-1])),
    "edits a cell that nothing uses": Story(edit=lambda: write([(f"new-{email}", name) for email, name in PEOPLE])),
    "writes an accent in another form": Story(
        first=("--limit", "1"),
        edit=lambda: write([("ada@x.example", "Ada")]),
    ),
    "changes the script": Story(run=lambda: run(script="Hi {{ name }}!"), exit_code=8),
    "changes the script and says no": Story(run=lambda: run(script="Hi {{ name }}!", answer="n\n"), exit_code=8),
    "changes the script and says yes": Story(
        run=lambda: run(script="Hi {{ name }}!", answer="y\n"), charges=3, exit_code=0
    ),
    "changes the script with --again": Story(
        run=lambda: run("--again", script="Hi {{ name }}!"), charges=3, exit_code=0
    ),
    "corrects a name, the rows have ids": Story(first=("--id", "email"), edit=corrected, run=with_id(), exit_code=8),
    "corrects a name with --again": Story(
        first=("--id", "email"), edit=corrected, run=with_id("--again"), charges=1, exit_code=0
    ),
    "begins to use ids": Story(run=with_id()),
    "adds two contacts": Story(
        edit=lambda: write([*PEOPLE, ("di@x.example", "Di"), ("ed@x.example", "Ed")]), charges=2, exit_code=0
    ),
    "removes a contact": Story(edit=lambda: write(PEOPLE[1:])),
    "names another output folder": Story(run=lambda: run("--output", "other/videos", "--journal", "list.db")),
    "has a contact twice, with other cells": Story(
        edit=lambda: write([*PEOPLE, ("ada2@x.example", "Ada")]), exit_code=8
    ),
    "has an id twice": Story(edit=lambda: write([*PEOPLE, ("ada@x.example", "Eve")]), run=with_id(), exit_code=2),
}


@pytest.mark.unmeasured
@pytest.mark.parametrize("name", list(STORIES))
def test_a_list_is_run_again(world: World, name: str) -> None:
    """The second run charges what the story says, and its summary agrees with the ledger."""
    story = STORIES[name]
    first = run(*story.first)
    assert first.exit_code == 0, first.output
    paid, usd = len(world.ledger), world.charged_usd
    story.edit()
    second = story.run()
    assert (len(world.ledger) - paid, second.exit_code) == (story.charges, story.exit_code), second.output
    agrees_with_the_ledger(second, world.charged_usd - usd)


def taken_in(count: int | None = None) -> None:
    """Take the list into the journal, as a run does that ends before it sends anything."""
    template = Template("direct", {"avatar_id": "look_anna", "voice_id": "voice_warm", "script": HI})
    from heygen_async.bulk.plan.plan import make_plan

    with Journal("list.db", create=True) as journal:
        taker = ListTaker(journal)
        jobs = list(make_plan(read_rows("list.csv"), template).jobs())
        taker.take(jobs[:count])
        if count is None:
            taker.end()


def test_a_contact_who_unsubscribed_is_not_rendered(world: World) -> None:
    """The first run ended before it sent anything; the corrected list has one contact fewer."""
    taken_in()
    write(PEOPLE[:2])
    assert run().exit_code == 0
    assert {charge.body["script"] for charge in world.ledger} == {"Hi Ada.", "Hi Bo."}
    status = call("status", "list.db")
    assert "1  no longer in the list: not sent" in status.output


@pytest.mark.unmeasured
def test_a_corrected_list_sends_its_own_rows_only(world: World) -> None:
    """Twenty rows of which none was sent, corrected: twenty charges, and not forty."""
    people = [(f"{n}@x.example", f"Nam {n}") for n in range(20)]
    write(people)
    taken_in()
    write([(email, name.replace("Nam", "Name")) for email, name in people])
    assert run().exit_code == 0
    assert len(world.ledger) == 20
    assert all("Name" in charge.body["script"] for charge in world.ledger)


def test_a_list_that_was_not_taken_in_whole_is_told(world: World) -> None:
    """`resume` sends the rows that were taken in, says that there are more, and never that all is done."""
    taken_in(2)
    done = call("resume", "list.db", "--speed", "500")
    assert done.exit_code == 5
    assert "taken in only up to row 2" in done.output
    assert "heygen-async run list.csv --journal list.db" in done.output
    assert "nothing to do" not in call("resume", "list.db", "--speed", "500").output
    assert len(world.ledger) == 2
    assert run().exit_code == 0
    assert len(world.ledger) == 3


def test_failed_rows_fed_back_are_sent_again(world: World) -> None:
    """`export failed.csv`, then `run failed.csv` with the same journal: exactly these rows."""
    world.faults.append(FailedRender(nth=1))
    assert run().exit_code == 5
    assert call("export", "list.db", "failed.csv").exit_code == 0
    paid = len(world.ledger)
    done = run("--journal", "list.db", source="failed.csv")
    assert (len(world.ledger) - paid, done.exit_code) == (1, 0), done.output


@pytest.mark.unmeasured
def test_a_budget_is_kept_for_the_next_run(world: World) -> None:
    """A second run without --budget stops where the first one did, and says so."""
    write([(f"{n}@x.example", f"Name {n}") for n in range(20)])
    assert run("--budget", "0.5").exit_code == 6
    paid = len(world.ledger)
    again = run()
    assert again.exit_code == 6
    assert "Kept from this campaign's last run: budget_usd 0.5" in again.output
    assert len(world.ledger) == paid
    assert world.charged_usd < 0.5
    assert run("--budget", "100").exit_code == 0
    assert len(world.ledger) == 20


@pytest.mark.unmeasured
def test_a_canary_is_not_sent_again(world: World) -> None:
    """Three rows went first and were not approved of; they are not joined by three others each time."""
    write([(f"{n}@x.example", f"Name {n}") for n in range(9)])
    for answer in ("n\n", "n\n"):
        assert run("--canary", "3", "--approve", answer=answer).exit_code == 6
        assert len(world.ledger) == 3
    assert run(answer="y\n").exit_code == 0
    assert len(world.ledger) == 9


def test_pages_of_a_gateway_are_not_paid_for_by_a_retry(world: World) -> None:
    """Pages of 404 in place of details: the rows end, `retry` looks for them, and nobody pays twice."""
    world.faults.append(ErrorAnswer(method="GET", path="/v3/videos/v*", status=404, code="video_not_found", times=200))
    run("--deadline", "900")
    world.faults.clear()
    retried = call("retry", "list.db", "--failed")
    assert "may be" in retried.output or retried.exit_code == 7
    done = call("resume", "list.db", "--speed", "500")
    assert done.exit_code in {0, 7}, done.output
    assert len(world.ledger) == 3
    assert len(list(Path("videos").glob("*.mp4"))) == 3


def test_files_that_are_fetched_again_are_not_called_charged(world: World) -> None:
    """The videos were deleted on this disk: fetching them is free, and called that."""
    run()
    for file in Path("videos").glob("*.mp4"):
        file.unlink()
    done = call("resume", "list.db", "--speed", "500")
    assert done.exit_code == 0
    assert re.search(r"Charged +nothing in this run", done.output)
    assert len(list(Path("videos").glob("*.mp4"))) == 3
    assert len(world.ledger) == 3


def test_two_campaigns_share_a_folder(world: World) -> None:
    """No file of the other campaign, or of the user, is replaced: not the videos and not results.csv."""
    run("--filename", "{name}")
    theirs = {path: path.read_bytes() for path in Path("videos").iterdir()}
    Path("videos/Di.mp4").write_text("mine")
    write([*PEOPLE[:2], ("di@x.example", "Di")], to="second.csv")
    assert run("--filename", "{name}", "--journal", "second.db", source="second.csv").exit_code == 0
    assert {path: path.read_bytes() for path in theirs} == theirs
    assert Path("videos/Di.mp4").read_text() == "mine"
    assert {"Ada-2.mp4", "Bo-2.mp4", "Di-2.mp4", "results-2.csv"} <= {path.name for path in Path("videos").iterdir()}


def test_a_journal_reached_by_a_link_is_the_same_journal() -> None:
    """A second process that comes by a symbolic link is told that the journal is in use."""
    with Journal("list.db", create=True):
        Path("other.db").symlink_to("list.db")
        done = run("--journal", "other.db")
    assert done.exit_code == 1
    assert f"in use by process {os.getpid()}" in done.output


def test_without_a_journal_a_repeated_run_pays_again(world: World) -> None:
    """That is what --no-journal says; no file of the first run is replaced."""
    assert run("--no-journal").exit_code == 0
    assert run("--no-journal").exit_code == 0
    assert len(world.ledger) == 6
    assert Path("videos/results-2.csv").exists()
    assert not Path("list.db").exists()


def test_plan_tells_what_a_list_would_do(world: World) -> None:
    """Rows that have videos, rows to be sent and rows that wait for a decision are counted and priced apart."""
    run()
    write([("ada@x.example", "Ada"), ("di@x.example", "Di")])
    words = ["--set", "avatar_id=look_anna", "--set", "voice_id=voice_warm", "--script", HI]
    done = call("plan", "list.csv", *words, "--no-preflight")
    assert "Compared with list.db: 1 new, 1 unchanged, 2 not in the list or not chosen, ended before" in done.output
    assert "To be sent: 1 row," in done.output
    changed = call("plan", "list.csv", *words[:-1], "Hello {{ name }}", "--no-preflight")
    assert "1 row has a video made with another request" in changed.output
    assert len(world.ledger) == 3
