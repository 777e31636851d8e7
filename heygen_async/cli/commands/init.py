"""`heygen-async init`: write a first campaign file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from heygen_async.cli.rendering.campaign_options import path_beside
from heygen_async.cli.terminal.option_types import BaseUrl


async def init(
    file: Annotated[Path, Parameter(help="The campaign file to write.")] = Path("campaign.toml"),
    rows: Annotated[Path | None, Parameter(help="Your contact list, whose columns the file uses.")] = None,
    /,
    *,
    mode: Annotated[
        Literal["direct", "image", "cinematic", "agent"], Parameter(help="What to make of each row.")
    ] = "direct",
    base_url: BaseUrl = None,
) -> None:
    """Write a first campaign file, with comments.

    With a key, the file lists your looks; with a contact list, it uses its columns. Free; an existing file is never
    overwritten.

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
    table = None if rows is None else read_rows(rows, may_be_empty=True)
    columns = () if table is None else table.find_columns()
    id_column = None if table is None else propose(table)
    contacts = path_beside(Campaign(path=file), rows)
    async with client_if_key(base_url) as heygen:
        known = Known(why_none="there is no key") if heygen is None else await ask_account(heygen)
    _write_new(file, campaign_text(mode=mode, known=known, columns=tuple(columns), rows=contacts, id_column=id_column))
    console = wide_console()
    console.print(f"{file} is written. Read it, fill in the missing values, then:", markup=False, highlight=False)
    example = "leads.csv" if rows is None else ""
    console.print(f"  heygen-async plan {file} {example}".rstrip(), markup=False, highlight=False)


def _write_new(file: Path, text: str) -> None:
    from heygen_async import InvalidInputError

    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        raise InvalidInputError(f"{file}: exists already; choose another name, or remove it") from None
    except OSError as exc:
        raise InvalidInputError(f"{file}: {exc.strerror}; choose a folder that exists and can be written to") from exc
