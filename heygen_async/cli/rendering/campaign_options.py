"""Arguments that `plan`, `run` and `enqueue` share: a campaign file or a contact list, and options for each row."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import attrs
from cyclopts import Parameter

from heygen_async.bulk.rows.choice import RowChoice, row_choice
from heygen_async.cli.terminal.option_types import Count, Text

if TYPE_CHECKING:
    from heygen_async import Campaign, Journal, Record

Pairs = tuple[str, ...]
Mode = Literal[
    "direct",
    "image",
    "cinematic",
    "agent",
    "template",
    "translation",
    "lipsync",
    "clipping",
    "background_removal",
    "filler_word_removal",
    "text_to_video",
]


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class CampaignOptions:
    """Options for the request and the files of each row; they override the campaign file."""

    mode: Annotated[Mode | None, Parameter(help="What to make. [default: direct]")] = None
    set: Annotated[Pairs, Parameter(help="NAME=VALUE: a request field, with {{ placeholders }}. Repeatable.")] = ()
    map: Annotated[
        Pairs,
        Parameter(
            help="FIELD=COLUMN: read a field, or `mode`, from a column; where the cell is empty, --set applies. "
            "Repeatable."
        ),
    ] = ()
    lenient: Annotated[
        bool, Parameter(negative="", help="Send fields and words too that are newer than this version.")
    ] = False
    locale: Annotated[
        str | None, Parameter(help="Language of the filters `number` and `date`: de, fr, ... [default: en]")
    ] = None
    script: Annotated[
        Text | None, Parameter(help='The spoken text: "Hi {{ first_name }}" (direct and image mode).')
    ] = None
    prompt: Annotated[Text | None, Parameter(help="What to show (agent and cinematic mode).")] = None
    encoding: Annotated[
        str | None, Parameter(help="Encoding of a CSV file that is not UTF-8: cp1252 for plain CSV saved by Excel.")
    ] = None
    sheet: Annotated[
        str | None, Parameter(help="Sheet of an Excel workbook. [default: the first visible one with rows]")
    ] = None
    filename: Annotated[
        str | None,
        Parameter(help="Name of each file: {number}, {id}, {title} or {a column}. [default: {number}-{id}]"),
    ] = None
    limit: Annotated[Count | None, Parameter(help="Use only the first N rows.")] = None
    id: Annotated[
        str | None,
        Parameter(help="Column that identifies each row, such as email: an edited row is recognised by it."),
    ] = None
    no_download: Annotated[bool, Parameter(help="Leave the files at HeyGen.")] = False

    def campaign(self, file: Campaign) -> Campaign:
        """Return *file* with the values of these options in place of its own."""
        from heygen_async.bulk.campaign_file.campaign_file import LENIENT
        from heygen_async.bulk.template.field_paths import flatten

        texts = given(script=self.script, prompt=self.prompt)
        set_here = _pairs("--set", self.set, "avatar_id=look_anna")
        fields = {**flatten(file.request), **set_here, **texts}
        made = attrs.evolve(
            file,
            **given(mode=self.mode, locale=self.locale),
            request=fields | {LENIENT: True if self.lenient else file.request.get(LENIENT, False)},
            columns={**file.columns, **_pairs("--map", self.map, "voice_id=Voice")},
            rows=attrs.evolve(
                file.rows, **given(encoding=self.encoding, sheet=self.sheet, limit=self.limit, id=self.id)
            ),
            downloads=attrs.evolve(
                file.downloads, **given(filename=self.filename, enabled=False if self.no_download else None)
            ),
        )
        _check(made, {**{name: f"--set {name}" for name in set_here}, **{name: f"--{name}" for name in texts}})
        return made


def _check(campaign: Campaign, options: Mapping[str, str]) -> None:
    """Check the request of a campaign; an error in a field that was given here names its option, not the file."""
    from heygen_async import InvalidInputError

    try:
        campaign.template()
    except InvalidInputError as exc:
        message = exc.message.removeprefix(f"{campaign.path.name}: ").removeprefix("request.")
        field, _, reason = message.partition(": ")
        if field not in options:
            raise
        raise InvalidInputError(f"{options[field]}: {reason}") from exc


def open_source(source: Path, rows: Path | None) -> tuple[Campaign, Path | None]:
    """Return a campaign and a contact list. *source* is either of them; *rows* may only follow a campaign file."""
    from heygen_async import Campaign, InvalidInputError

    if source.suffix.lower() == ".toml":
        return Campaign.load(source), rows
    if rows is not None:
        raise InvalidInputError(
            f"{rows}: a second file; then the first must be a campaign file, but {source} does not end in .toml"
        )
    return Campaign(), source


def path_beside(campaign: Campaign, path: Path | None) -> str | None:
    """Return *path* relative to the campaign file's folder, as that file writes paths; None stays None."""
    if path is None:
        return None
    return str(path) if path.is_absolute() else os.path.relpath(path, campaign.path.parent)


def given(**options: Any) -> dict[str, Any]:
    """Return the options that are not None: those that the command line gave."""
    return {name: value for name, value in options.items() if value is not None}


def words_of(*options: Any) -> list[str]:
    """Return options as they were typed, for a command that is to be pasted."""
    words: list[str] = []
    for option in (field for given_ in options for field in _fields(given_)):
        name, value = option
        for one in value if isinstance(value, tuple) else (value,):
            words += [name] if one is True else [name, str(one)] if one not in {None, False} else []
    return words


def _fields(options: Any) -> Iterator[tuple[str, Any]]:
    for field in attrs.fields(type(options)):
        yield f"--{field.name.replace('_', '-')}", getattr(options, field.name)


def _pairs(option: str, texts: Pairs, example: str) -> Mapping[str, str]:
    """Read the values of a repeatable option such as `--set name=value`."""
    from heygen_async import InvalidInputError

    fields: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise InvalidInputError(f"{option} {text!r}: must be NAME=VALUE, such as {option} {example}")
        fields[name.strip()] = value
    return fields


Texts = tuple[str, ...]


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class ChoiceOptions:
    """Options that choose rows; all that are given must hold."""

    rows: Annotated[
        Texts,
        Parameter(
            name=("--rows", "--row"),
            help="Only these rows, by their numbers in the list: 5-10,17 or 800-. The header is line 1. Repeatable.",
        ),
    ] = ()
    where: Annotated[
        Texts,
        Parameter(
            help="Only rows with this cell: COLUMN=VALUE or COLUMN!=VALUE. Repeatable: values of one column add up."
        ),
    ] = ()
    only: Annotated[Texts, Parameter(help="Only the row with this id, in the id column. Repeatable.")] = ()

    def choice(self) -> RowChoice:
        """Return the chosen rows; a column is found as placeholders find it."""
        return row_choice(self.rows, self.where, self.only, _find_column)


def chosen_of_journal(options: ChoiceOptions, journal: Journal) -> Callable[[Record], bool]:
    """Return a function that tells if a row of *journal* is chosen; `--only` takes the ids of videos, too.

    Raises:
        InvalidInputError: A column is not there, or the journal does not know the numbers of its rows.
    """
    from heygen_async import InvalidInputError
    from heygen_async.bulk.rows.readers.read_rows import cells_of

    choice, id_column = options.choice(), journal.meta("id_column") or ""
    if not choice:
        return lambda _: True
    columns = dict.fromkeys(name for record in journal.records() for name in cells_of(record.row))
    choice.check(columns, id_column)
    lines = journal.lines() if choice.rows else {}
    if choice.rows and not lines:
        raise InvalidInputError(f"--rows: {journal.name} does not know the numbers of its rows; use --where or --only")

    def takes(record: Record) -> bool:
        cells = {name: str(cell) for name, cell in cells_of(record.row).items()}
        ids = [cells.get(id_column), record.video_id, record.session_id]
        return choice.takes(lines.get(record.id), cells, ids)

    return takes


def _find_column(name: str, columns: Collection[str]) -> str | None:
    from heygen_async.bulk.template.placeholders import resolve

    return resolve([name], columns).get(name)
