"""`heygen-async init`: write a first campaign file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from heygen_async.cli.rendering.campaign_options import seen_from
from heygen_async.cli.terminal.option_types import BaseUrl


async def init(
    file: Annotated[Path, Parameter(help="The campaign file to write.")] = Path("campaign.toml"),
    rows: Annotated[Path | None, Parameter(help="Your contact list: its columns are put to use.")] = None,
    /,
    *,
    mode: Annotated[
        Literal["direct", "image", "cinematic", "agent"], Parameter(help="What to make of each row.")
    ] = "direct",
    base_url: BaseUrl = None,
) -> None:
    """Write a first campaign file, with comments.

    Asks nothing that it can find out: with a key, your looks are in it; with a contact list, its columns. Costs nothing
    and never writes over a file.

        heygen-async init campaign.toml leads.csv
    """
    from heygen_async import Campaign, InvalidInputError
    from heygen_async.bulk.campaign_file.starter_file import Known, ask_account, campaign_text
    from heygen_async.bulk.rows.readers.read_rows import read_rows
    from heygen_async.cli.rendering.plan_rows import client
    from heygen_async.cli.terminal.progress import wide_console

    if file.suffix.lower() != ".toml":
        raise InvalidInputError(f"{file}: must end in .toml, such as {file.with_suffix('.toml')}")
    columns = () if rows is None else read_rows(rows, may_be_empty=True).find_columns()
    listed = seen_from(Campaign(path=file), rows)
    async with client(base_url) as heygen:
        known = Known(why_none="there is no key") if heygen is None else await ask_account(heygen)
    _write_new(file, campaign_text(mode=mode, known=known, columns=tuple(columns), rows=listed))
    console = wide_console()
    console.print(f"{file} is written: read it, fill in what it asks for, then:", markup=False, highlight=False)
    named = "leads.csv" if rows is None else ""
    console.print(f"  heygen-async plan {file} {named}".rstrip(), markup=False, highlight=False)


def _write_new(file: Path, text: str) -> None:
    from heygen_async import InvalidInputError

    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        raise InvalidInputError(f"{file}: is there already; take another name, or remove it") from None
    except OSError as exc:
        raise InvalidInputError(f"{file}: {exc.strerror}; name a file in a folder that takes it") from exc
