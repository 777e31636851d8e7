"""Campaign files: the request of each row and the options of the run, in TOML."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Literal, get_args

import attrs

from heygen_async.api.fields.rules import between, list_of, one_of, refuse, text
from heygen_async.bulk.campaign_file.toml import OUTSIDE, read_toml
from heygen_async.bulk.download.file_types import KINDS, FileKind
from heygen_async.bulk.jobs.next_step import OnUnknown
from heygen_async.bulk.journal.database import ADDRESSES
from heygen_async.bulk.prices.price import Rates
from heygen_async.bulk.rows.readers.read_rows import Table, read_rows
from heygen_async.bulk.run.run_options import option
from heygen_async.bulk.run.submitter import Submit
from heygen_async.bulk.template.template import Template
from heygen_async.bulk.watch.watchlist import Watch
from heygen_async.errors import InvalidInputError

LENIENT = "lenient"  # entry of [request]
_WHOLE = between(1, 1_000_000, whole=True)


def _slots(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if value != "auto":
        between(1, 100_000, whole=True)(owner, attribute, value)


def _is_table(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if not isinstance(value, Mapping):
        refuse(owner, attribute.name, value, "must be a table with entries of its own")


def _request(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    _is_table(owner, attribute, value)
    if not isinstance(value.get(LENIENT, False), bool):
        refuse(owner, attribute.name, value[LENIENT], f"entry {LENIENT}: must be true or false")


def _columns(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    _is_table(owner, attribute, value)
    for field, column in value.items():
        if not isinstance(column, str):
            refuse(owner, attribute.name, column, f"entry {field}: must be the name of a column, in quotes")


@attrs.frozen(kw_only=True)
class RowsTable:
    """`[rows]`: where the contact list is, if the command does not say.

    Attributes:
        file: A .csv, .tsv, .jsonl, .xlsx or .parquet file.
        encoding: Of a text file that is not UTF-8, such as "cp1252".
        sheet: Of a workbook; the first visible one with rows else.
        limit: Use only the first so many rows.
        id: Column that identifies each row, such as "email": an edited row is recognised by it.
    """

    file: str | None = attrs.field(default=None, validator=text())
    encoding: str | None = attrs.field(default=None, validator=text())
    sheet: str | None = attrs.field(default=None, validator=text())
    limit: int | None = attrs.field(default=None, validator=_WHOLE)
    id: str | None = attrs.field(default=None, validator=text())


@attrs.frozen(kw_only=True)
class RunTable:
    """`[run]`: options of the run, with the names that `HeyGen.render_many` gives them.

    `RunSettings` describes each entry and has its default and its rule.
    """

    journal: str | None = option("journal", validator=text())
    max_in_flight: int | Literal["auto"] = option("max_in_flight", validator=_slots)
    deadline: float = option("deadline", validator=between(1, 30 * 24 * 3600))
    budget_usd: float | None = option("budget_usd")
    canary: int | None = option("canary")
    approve: bool = False
    breaker: tuple[int, ...] | None = option("breaker")
    on_unknown: OnUnknown = option("on_unknown")
    patience: float = option("patience", validator=between(1, 30 * 24 * 3600))
    submit: Submit = option("submit")
    watch: Watch = option("watch", validator=one_of(*get_args(Watch)))
    max_agents: int = option("max_agents")
    tag_titles: bool = option("tag_titles")


@attrs.frozen(kw_only=True)
class DownloadsTable:
    """`[downloads]`: the files to store of each video, and their folder.

    Attributes:
        enabled: True if anything is; else the files stay at HeyGen.
        folder: For the files and results.csv.
    """

    enabled: bool = True
    folder: str = attrs.field(default="videos", validator=text())
    filename: str = option("filename")
    files: tuple[FileKind, ...] = option("files", validator=list_of(one_of(*KINDS), 1, len(KINDS)))
    max_downloads: int = option("max_downloads")


@attrs.frozen(kw_only=True)
class Campaign:
    """A campaign file, read and checked.

        campaign = Campaign.load("campaign.toml")
        plan = await heygen.plan(campaign.table("leads.csv"), campaign.template())
        async with heygen.run(plan, **campaign.options()) as results: ...

    Attributes:
        mode: What to make of each row: direct, image, cinematic, agent, template, translation, lipsync, clipping,
            background_removal, filler_word_removal or text_to_video; may hold {{ placeholders }}.
        locale: How the filters `number` and `date` write: en, de, fr, ...
        request: Fields of each request, spelled as in HeyGen's API; texts may hold {{ placeholders }}. The entry
            `lenient = true` sends fields and words that this version does not know, see `Template`.
        columns: Field, or `mode`, and the column in which a row may have its own.
        rows: Where the contact list is.
        run: How the run is to go.
        downloads: What is stored, and where.
        rates: Your prices, if they are not those of HeyGen's list: US dollars a second, least and most.
        path: Of the file; what it names is looked for beside it.
    """

    mode: str = attrs.field(default="direct", validator=text())
    locale: str = attrs.field(default="en", validator=text())
    request: Mapping[str, Any] = attrs.field(factory=dict, repr=False, validator=_request)
    columns: Mapping[str, str] = attrs.field(factory=dict, validator=_columns)
    rows: RowsTable = attrs.field(factory=RowsTable)
    run: RunTable = attrs.field(factory=RunTable)
    downloads: DownloadsTable = attrs.field(factory=DownloadsTable)
    rates: Rates = attrs.field(factory=Rates)
    path: Path = attrs.field(default=Path("campaign.toml"), metadata=OUTSIDE)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Campaign:
        """Read a campaign file. Sends no request.

        Raises:
            InvalidInputError: The file cannot be read, or an entry is wrong. The message has the path of the entry in
                the file (such as `run.canary`), the value and the values that it takes; the notes name further entries.
        """
        mend = f"`heygen-async init {path}` writes one"
        return attrs.evolve(read_toml(Path(path), cls, mend), path=Path(path))

    def template(self) -> Template:
        """Return the template that makes a request of each row.

        Raises:
            InvalidInputError: A mode, field or placeholder is wrong.
        """
        try:
            fields = {name: value for name, value in self.request.items() if name != LENIENT}
            return Template(
                self.mode, fields, columns=self.columns, locale=self.locale, lenient=self.request.get(LENIENT) is True
            )
        except InvalidInputError as exc:
            field = exc.message.partition(":")[0].partition(".")[0]
            table = "request." if field in self.request else ""
            raise InvalidInputError(f"{self.path.name}: {table}{exc.message}") from exc

    def table(self, rows: str | PathLike[str] | None = None) -> Table:
        """Open the contact list: *rows*, or without it the list that the file names.

        Raises:
            InvalidInputError: No list is named, or the list cannot be read.
        """
        if rows is None and self.rows.file is None:
            raise InvalidInputError(
                f'{self.path.name}: no contact list; name one in the command or as file = "leads.csv" under [rows]'
            )
        source = self.beside(str(self.rows.file)) if rows is None else Path(rows)
        return read_rows(source, encoding=self.rows.encoding, sheet=self.rows.sheet, may_be_empty=True)

    @property
    def filename(self) -> str | None:
        """Template of the names of the files, for `HeyGen.plan`; None if no files are stored."""
        return self.downloads.filename if self.downloads.enabled else None

    @property
    def journal(self) -> Path | str:
        """The file that remembers the run, or the address of a database."""
        named = self.run.journal or f"{self.path.stem}.db"
        return named if named.startswith(ADDRESSES) else self.beside(named)

    def beside(self, name: str) -> Path:
        """Return the path of a file that the campaign names."""
        return self.path.parent / name

    def options(self) -> dict[str, Any]:
        """Return the options for `HeyGen.run`, without `approve`: a file cannot hold a function.

        Entries that are not in the file are left out: a journal keeps those of its last run.
        """
        options: dict[str, Any] = {**_given(self.run, "approve", "journal"), "journal": self.journal}
        if self.rates != Rates():
            options["rates"] = self.rates
        if self.downloads.enabled:
            options |= _given(self.downloads, "enabled", "folder", "filename")
            options |= {"filename": self.downloads.filename, "download_to": self.beside(self.downloads.folder)}
        return options


def _given(table: Any, *but: str) -> dict[str, Any]:
    """Return the entries of *table* that differ from their defaults."""
    default = type(table)()
    found = {field.name: getattr(table, field.name) for field in attrs.fields(type(table)) if field.name not in but}
    return {name: value for name, value in found.items() if value != getattr(default, name)}
