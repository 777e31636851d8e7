"""`heygen-async init`: write a first campaign file."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from heygen_async.cli.rendering.campaign_options import path_beside
from heygen_async.cli.terminal.option_types import BaseUrl

if TYPE_CHECKING:
    from heygen_async import Table

_EXAMPLE_ROWS = 50  # a cell that is empty in all of them is shown as empty


async def init(
    file: Annotated[Path, Parameter(help="The campaign file to write.")] = Path("campaign.toml"),
    rows: Annotated[Path | None, Parameter(help="Your contact list, whose columns the file uses.")] = None,
    /,
    *,
    mode: Annotated[
        Literal["direct", "image", "cinematic", "agent"], Parameter(help="What to make of each row.")
    ] = "direct",
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
    write for it and a cell. Free; an existing file is never overwritten.

        heygen-async init campaign.toml leads.csv
    """
    from heygen_async import Campaign, InvalidInputError
    from heygen_async.bulk.campaign_file.starter_file import Known, ask_account, campaign_text
    from heygen_async.bulk.plan.id_column import propose
    from heygen_async.bulk.rows.readers.read_rows import read_rows
    from heygen_async.cli.rendering.plan_rows import client_if_key
    from heygen_async.cli.terminal.progress import wide_console

    if file.suffix.lower() != ".toml":
        raise InvalidInputError(f"{file}: must end in .toml, such as {file.with_suffix('.toml')}")
    table = None if rows is None else read_rows(rows, sheet=sheet, encoding=encoding, may_be_empty=True)
    columns = () if table is None else table.find_columns()
    text: dict[str, Any] = {
        "columns": tuple(columns),
        "examples": {} if table is None else _examples(table, columns),
        "rows": path_beside(Campaign(path=file), rows),
        "sheet": sheet,
        "encoding": encoding,
        "id_column": None if table is None else propose(table),
    }
    async with client_if_key(base_url) as heygen:
        known = Known(why_none="there is no key") if heygen is None else await ask_account(heygen)
    _write_new(file, campaign_text(mode=mode, known=known, **text))
    console = wide_console()
    console.print(f"{file} is written. Read it, fill in the missing values, then:", markup=False, highlight=False)
    example = "leads.csv" if rows is None else ""
    console.print(f"  heygen-async plan {file} {example}".rstrip(), markup=False, highlight=False)


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
        raise InvalidInputError(f"{file}: exists already; choose another name, or remove it") from None
    except OSError as exc:
        raise InvalidInputError(f"{file}: {exc.strerror}; choose a folder that exists and can be written to") from exc
