"""One run of a contact list, as `run` and `demo` share it: check every row, render, write the results."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import attrs

from heygen_async import HeyGen, InvalidInputError, Job, Results
from heygen_async.bulk.containers import FileKind
from heygen_async.bulk.decisions import OnUnknown
from heygen_async.bulk.filenames import Clashes, check_template
from heygen_async.bulk.outputs import ResultsCsv
from heygen_async.bulk.problems import Problem
from heygen_async.bulk.rows import Row, Table
from heygen_async.bulk.storing import MAX_DOWNLOADS
from heygen_async.bulk.template import Template
from heygen_async.cli.bill import Bill
from heygen_async.cli.progress import Board
from heygen_async.cli.running import check_writable, follow, way_back_to

PROBLEMS_SHOWN = 20


@attrs.frozen(kw_only=True)
class Campaign:
    """What to make of which rows, and where it goes.

    Attributes:
        table: The rows.
        template: The request of each.
        folder: For files and results.
        filename: Template of the files' names.
        max_in_flight: Renders at once.
        deadline: Seconds a render.
        download: Whether to store the files.
        files: What to store of each video.
        max_downloads: Files at once.
        limit: Use only the first so many rows.
    """

    table: Table
    template: Template
    folder: Path
    filename: str
    max_in_flight: int
    deadline: float
    download: bool = True
    files: tuple[FileKind, ...] = ("video",)
    max_downloads: int = MAX_DOWNLOADS
    limit: int | None = None

    def jobs(self) -> Iterator[Job]:
        """Build the requests one by one."""
        for index, row in enumerate(self.table):
            if index == self.limit:
                return
            yield Job(request=self.template.render(row), row=row)

    def check(self) -> int:
        """Build every request before anything is sent, and return how many there are.

        Raises:
            InvalidInputError: Some cannot be built, or two would have the same file; its notes name them line by line.
        """
        columns = self.table.find_columns()
        self.template.check(columns or None)  # without a header and without rows nothing is known
        check_template(self.filename, list(columns))
        problems: list[Problem] = []
        clashes, count, bad = Clashes(self.filename), 0, 0
        for found in itertools.islice(self.table.scan(), self.limit):
            wrong = [found] if isinstance(found, Problem) else self._problems(found, clashes, count)
            count += 1
            problems += wrong
            bad += bool(wrong)
        if problems:
            raise _refusal(self.table.name, problems, f"{bad} of {count}")
        return count

    def unused(self) -> list[str]:
        """Return the columns that neither the template nor the names of the files use."""
        findings = self.template.findings(self.table.find_columns())
        names = [str(finding.column) for finding in findings if finding.severity == "warning"]
        return [name for name in names if f"{{{name}}}" not in self.filename]

    def _problems(self, row: Row, clashes: Clashes, index: int) -> list[Problem]:
        problems = self.template.problems(row)
        if problems or not self.download:
            return problems
        clash = clashes.add(Job(request=self.template.render(row), row=row, index=index), f"{row.unit} {row.line}")
        return [] if clash is None else [row.problem(clash, "put {number} into the file name")]


def _refusal(name: str, problems: list[Problem], rows: str) -> InvalidInputError:
    error = InvalidInputError(f"{name}: {rows} rows cannot be rendered; nothing was sent")
    for problem in problems[:PROBLEMS_SHOWN]:
        error.add_note(str(problem))
    if len(problems) > PROBLEMS_SHOWN:
        error.add_note(f"... and {len(problems) - PROBLEMS_SHOWN} more")
    return error


async def render_campaign(
    campaign: Campaign, heygen: HeyGen, board: Board, *, journal: Path | None = None, on_unknown: OnUnknown = "hold"
) -> tuple[Results, Bill]:
    """Render all rows and write `results.csv` as they end.

    Rows that are still under way when the run is left are written too, with their ids.
    """
    check_writable(campaign.folder)
    running = heygen.render_many(
        campaign.jobs(),
        max_in_flight=campaign.max_in_flight,
        deadline=campaign.deadline,
        download_to=campaign.folder if campaign.download else None,
        filename=campaign.filename,
        files=campaign.files,
        max_downloads=campaign.max_downloads,
        journal=journal,
        on_unknown=on_unknown,
    )
    if journal is not None:
        return await follow(running, board, way_back_to(journal))
    with ResultsCsv(campaign.folder / "results.csv", campaign.table.find_columns()) as output:
        return await follow(running, board, f"{output.path} lists every row", [output.add])
