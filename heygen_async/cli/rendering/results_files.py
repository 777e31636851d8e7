"""results.csv and mail-merge.csv beside the files of a campaign, kept up to date while its run goes on."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Callable
from pathlib import Path

from heygen_async import InvalidInputError, Journal, JournalError, Result, Unfinished
from heygen_async.bulk.journal.queries import JournalReader
from heygen_async.bulk.output.export import export, mail_merge

logger: logging.Logger = logging.getLogger("heygen_async")

LEAST_SECONDS = 10.0  # between two versions of the files
SHARE = 0.01  # of the time, at most, for writing them
MAIL_MERGE = "mail-merge.csv"


class ResultsKeeper:
    """Writes both files soon after a row has ended, so that they are there whatever happens to the run."""

    def __init__(self, journal: Path | str, folder: Path) -> None:
        """Keep the files of *journal* in *folder*; the journal is not being run yet."""
        folder.mkdir(parents=True, exist_ok=True)
        with Journal(journal, create=True) as opened:
            self._path = results_path(opened, folder)
        self._journal = journal
        self._timer: asyncio.TimerHandle | None = None
        self._again_at = 0.0  # real time

    def __call__(self, _: Result | Unfinished) -> None:
        """Write the files soon."""
        if self._timer is None:
            pause = max(0.0, self._again_at - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(pause, self._write)

    def close(self) -> None:
        """Stop; the summary of the run writes the last version."""
        if self._timer is not None:
            self._timer.cancel()

    def _write(self) -> None:
        began, self._timer = time.monotonic(), None
        try:
            with Journal(self._journal, read_only=True) as opened:
                write_files(opened, self._path)
        except (OSError, JournalError) as exc:  # the run goes on: the journal has all that is known
            logger.warning("%s cannot be written now: %s", self._path, exc)
        taken = time.monotonic() - began
        self._again_at = time.monotonic() + max(LEAST_SECONDS, taken / SHARE)


def write_results(journal: Journal, folder: Path) -> Path:
    """Write the files of a journal into *folder*, and return the path of the results.

    A list that was a workbook has its results in a workbook, too: once at the end, because that takes longer.
    """
    path = results_path(journal, folder)
    write_files(journal, path)
    newest = journal.newest_list()
    if newest is not None and (newest.source or "").lower().endswith(".xlsx"):
        _replace(path.with_suffix(".xlsx"), lambda workbook: export(journal, workbook))
    return path


def write_files(journal: JournalReader, results: Path) -> None:
    """Write the results, and the links of the videos beside them if a column identifies the rows."""
    _replace(results, lambda path: export(journal, path))
    links = results.with_name(results.name.replace("results", MAIL_MERGE.removesuffix(".csv")))
    try:
        _replace(links, lambda path: mail_merge(journal, path))
    except InvalidInputError:
        return  # no column identifies a person


def _replace(path: Path, write: Callable[[Path], int]) -> None:
    """Write a file beside *path*, and put it in its place when it is whole."""
    new = path.with_name(f".{path.stem}.new{path.suffix}")
    try:
        write(new)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def results_path(journal: Journal, folder: Path) -> Path:
    """Return the path of a campaign's results: results.csv or, if that is another campaign's, a name beside it."""
    known = journal.meta("results")
    path = Path(known) if known and Path(known).parent == folder.resolve() else free_name(folder.resolve())
    journal.set_meta(results=str(path))
    return path


def free_name(folder: Path) -> Path:
    """Return the path of a results file that is not there yet: results.csv, results-2.csv, ..."""
    names = itertools.chain(["results.csv"], (f"results-{number}.csv" for number in itertools.count(2)))
    return next(folder / name for name in names if not (folder / name).exists())
