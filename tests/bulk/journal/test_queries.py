"""Queries on the journal: pages, counts, and the ids that rows have."""

from __future__ import annotations

from heygen_async import Journal
from tests.helpers.journal_rows import entry, take_in


def test_rows_are_read_a_page_at_a_time_while_they_change(journal: Journal) -> None:
    """Twelve hundred rows are read in pages while they change, and each is seen once."""
    take_in(journal, *(entry(f"r{n}") for n in range(1200)))
    seen = []
    for record in journal.records("planned"):
        journal.intend(record.id)
        seen.append(record.id)
    assert seen == list(range(1, 1201))
    assert journal.counts() == {"intended": 1200}


def test_failures_are_counted_by_code(journal: Journal) -> None:
    """Failed rows are counted by code, and can be read by code."""
    take_in(journal, entry("a"), entry("b"), entry("c"))
    for job_id, code in ((1, "x"), (2, "y"), (3, "y")):
        journal.failed(job_id, code=code, error="e", spent="no")
    assert journal.failures() == {"x": 1, "y": 2}
    assert [record.id for record in journal.records("failed", code="y")] == [2, 3]
    assert journal.rendered() == {}


def test_ids_are_known_to_belong_to_a_row(journal: Journal) -> None:
    """The ids of rows and of former renders are known, so that no other row adopts them."""
    take_in(journal, entry())
    journal.intend(1)
    journal.submitted(1, session_id="s1")
    journal.submitted(1, video_id="v1")
    journal.failed(1, code="x", error="x", spent="no")
    journal.begin_again(1)
    assert journal.knows_session("s1")
    assert journal.knows_video("v1")
    assert not journal.knows_session("s2")


def test_a_journal_without_lists(journal: Journal) -> None:
    """No list is the newest one, and nothing is due."""
    assert journal.newest_list() is None
    assert journal.due() == 0
    assert journal.newest_marks() == {0}


def test_rows_that_left_the_list_are_not_wanted(journal: Journal) -> None:
    """A failed row that the newest list no longer has counts as dropped, also after `retry` has planned it again."""
    take_in(journal, entry("a"), entry("b"), entry("c"))
    for job_id in (1, 2, 3):
        journal.failed(job_id, code="x", error="e", spent="no")
    take_in(journal, entry("a"))
    assert journal.wanted() == {"failed": 1, "dropped": 2}
    journal.begin_again(2)
    assert journal.wanted() == {"failed": 1, "dropped": 2}
    assert journal.counts() == {"failed": 2, "planned": 1}
