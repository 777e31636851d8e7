"""The numbers that rows have in their list, by which `retry --rows` and `export --rows` choose them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import attrs

from heygen_async import Journal
from heygen_async.bulk.jobs.records import NO_LINKS
from tests.helpers.journal_rows import entry, take_in


def test_a_journal_knows_the_numbers_of_its_last_list(tmp_path: Path) -> None:
    """A row of no list has no number; a row that stands twice has that of its first place."""
    with Journal(tmp_path / "j.db", create=True) as journal:
        ada, bo, cy = (entry(name) for name in ("ada", "bo", "cy"))
        take_in(journal, attrs.evolve(ada, line=2), attrs.evolve(bo, line=4), attrs.evolve(ada, line=7), cy)
        assert journal.lines() == {1: 2, 2: 4}
        take_in(journal, attrs.evolve(bo, line=3))
        assert journal.lines() == {1: 2, 2: 3}


def test_a_journal_of_an_older_version_knows_no_numbers(tmp_path: Path) -> None:
    """Opened for reading only, it has no table of them; opened for writing, it gets one."""
    with Journal(tmp_path / "j.db", create=True) as journal:
        take_in(journal, attrs.evolve(entry(), line=2))
    connection = sqlite3.connect(tmp_path / "j.db")
    connection.execute("DROP TABLE places")
    connection.close()
    with Journal(tmp_path / "j.db", read_only=True) as journal:
        assert journal.lines() == {}
    with Journal(tmp_path / "j.db") as journal:
        take_in(journal, attrs.evolve(entry(), line=5))
        assert journal.lines() == {1: 5}


def test_a_database_gets_the_table_where_it_is_missing(database: str) -> None:
    """A database that an older version has begun knows the numbers from the next list on."""
    with Journal(database, create=True) as journal:
        take_in(journal, attrs.evolve(entry(), line=2))
        assert journal.lines() == {1: 2}
        journal._db.execute("DROP TABLE places")
    with Journal(database, create=True) as journal:
        take_in(journal, attrs.evolve(entry(), line=5))
        assert journal.lines() == {1: 5}


def test_a_journal_of_an_older_version_knows_no_links(tmp_path: Path) -> None:
    """Opened for reading only, it has no table of them."""
    with Journal(tmp_path / "j.db", create=True) as journal:
        take_in(journal, entry())
    connection = sqlite3.connect(tmp_path / "j.db")
    connection.execute("DROP TABLE links")
    connection.close()
    with Journal(tmp_path / "j.db", read_only=True) as journal:
        assert journal.links(1) == NO_LINKS
