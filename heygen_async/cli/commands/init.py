"""`heygen-async init`: write a first campaign file."""

from __future__ import annotations

import itertools
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import attrs
from cyclopts import Parameter

from heygen_async.cli.rendering.campaign_options import path_beside
from heygen_async.cli.terminal.option_types import BaseUrl

if TYPE_CHECKING:
    from heygen_async import Table

_EXISTS = "exists already; choose another name, or remove it"
_EXAMPLE_ROWS = 50  # a cell that is empty in all of them is shown as empty


async def init(
    file: Annotated[Path, Parameter(help="The campaign file to write.")] = Path("campaign.toml"),
    rows: Annotated[Path | None, Parameter(help="Your contact list, whose columns the file uses.")] = None,
    /,
    *,
    mode: Annotated[
        Literal["direct", "image", "cinematic", "agent"], Parameter(help="What to make of each row.")
    ] = "direct",
    look: Annotated[str | None, Parameter(help="Who speaks: an id of `heygen-async avatars looks`.")] = None,
    voice: Annotated[str | None, Parameter(help="Voice: an id of `heygen-async voices list`.")] = None,
    language: Annotated[str | None, Parameter(help="Language of the videos: de, German, ...")] = None,
    sheet: Annotated[
        str | None, Parameter(help="Sheet of an Excel workbook. [default: the first visible one with rows]")
    ] = None,
    encoding: Annotated[
        str | None, Parameter(help="Encoding of a CSV file that is not UTF-8: cp1252 for plain CSV saved by Excel.")
    ] = None,
    base_url: BaseUrl = None,
) -> None:
    """Write a first campaign file, with comments.

    With a key, the file lists your looks; with a contact list, it lists its columns, each with the placeholder to
    write for it and a cell. In a terminal it asks for the list, the language, who speaks and in which voice, as far as
    no option says so. Free; an existing file is never overwritten.

        heygen-async init campaign.toml leads.csv
    """
    from heygen_async import Campaign, InvalidInputError
    from heygen_async.bulk.campaign_file.languages import find_language
    from heygen_async.bulk.campaign_file.starter_file import Known, ask_account, campaign_text
    from heygen_async.bulk.plan.id_column import propose
    from heygen_async.bulk.rows.readers.read_rows import read_rows
    from heygen_async.cli.interview.interview import Chosen, ContactList, interview
    from heygen_async.cli.rendering.plan_rows import client_if_key
    from heygen_async.cli.terminal.progress import wide_console

    if file.suffix.lower() != ".toml":
        raise InvalidInputError(f"{file}: must end in .toml, such as {file.with_suffix('.toml')}")
    console, chosen = wide_console(), Chosen(rows=rows, sheet=sheet, encoding=encoding, look_id=look, voice_id=voice)
    if language is not None:
        chosen = attrs.evolve(chosen, language=find_language(language))
    asks = sys.stdin.isatty() and sys.stdout.isatty()
    if asks and file.exists():
        raise InvalidInputError(f"{file}: {_EXISTS}")
    if rows is not None and not asks:
        table = read_rows(rows, sheet=sheet, encoding=encoding, may_be_empty=True)
        chosen = attrs.evolve(chosen, contacts=ContactList(path=rows, table=table, encoding=encoding))
    async with client_if_key(base_url) as heygen:
        known = Known(why_none="there is no key") if heygen is None else await ask_account(heygen)
        if asks:
            chosen = await interview(console, heygen, known, chosen, mode)
    contacts = chosen.contacts
    columns = () if contacts is None else tuple(contacts.table.find_columns())
    text = campaign_text(
        mode=mode,
        known=Known(looks=chosen.looks) if chosen.looks else known,
        columns=columns,
        examples={} if contacts is None else _examples(contacts.table, columns),
        rows=None if contacts is None else path_beside(Campaign(path=file), contacts.path),
        sheet=sheet,
        encoding=None if contacts is None else contacts.encoding,
        id_column=None if contacts is None else propose(contacts.table),
        language=chosen.language,
        look_id=chosen.look_id,
        voice_id=chosen.voice_id,
    )
    _write_new(file, text)
    if asks:
        said = "script" if mode in {"direct", "image"} else "prompt"
        console.print(f"\n{file} is written. What is said stands there under {said}: change it in any editor. Then:")
    else:
        console.print(f"{file} is written. Read it, fill in the missing values, then:")
    console.print(f"  heygen-async plan {shlex.quote(str(file))}" + ("" if contacts else " leads.csv"))


def _examples(table: Table, columns: Sequence[str]) -> dict[str, str]:
    """Return the first cell of each column that is not empty, among the first rows."""
    from heygen_async import Row, is_missing

    found: dict[str, str] = {}
    rows = (row for row in table.scan() if isinstance(row, Row))
    for row in itertools.islice(rows, _EXAMPLE_ROWS):
        found |= {
            name: cell for name in columns if name not in found and not is_missing(cell := row.cells.get(name, ""))
        }
    return found


def _write_new(file: Path, text: str) -> None:
    from heygen_async import InvalidInputError

    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        raise InvalidInputError(f"{file}: {_EXISTS}") from None
    except OSError as exc:
        raise InvalidInputError(f"{file}: {exc.strerror}; choose a folder that exists and can be written to") from exc
