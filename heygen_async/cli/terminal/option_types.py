"""Types of arguments and options that several commands share, with their help."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter, validators
from cyclopts.token import Token

Text = Annotated[str, Parameter(allow_leading_hyphen=True, metavar="TEXT")]  # may begin with a dash: "- and you?"
Count = Annotated[int, Parameter(validator=validators.Number(gte=1))]
Seconds = Annotated[float, Parameter(validator=validators.Number(gte=1))]

OnInterrupt = Literal["ask", "leave", "stop"]

JournalFile = Annotated[
    str, Parameter(help="The journal of a run: a file such as campaign.db, or postgresql://user@host/name.")
]
Unknown = Annotated[
    Literal["hold", "resubmit", "skip"],
    Parameter(
        help="For rows that were sent, whose answer was lost and that HeyGen does not list: hold them for your "
        "decision, resubmit or skip them."
    ),
]
BaseUrl = Annotated[
    str | None,
    Parameter(
        help="Address of the server, such as the simulator. [default: HEYGEN_API_BASE, or https://api.heygen.com]"
    ),
]
Speed = Annotated[
    float,
    Parameter(
        validator=validators.Number(gte=1),
        help="Speed of a server on this machine that does not tell it; the simulator does.",
    ),
]
Json = Annotated[
    bool,
    Parameter(name="--json", help="Write one JSON object a line, for machines; messages for people go to stderr."),
]


def _usd(_: Any, tokens: Sequence[Token]) -> float:
    value = tokens[0].value
    try:
        return float(value.strip().lower().removeprefix("$").removesuffix("usd").strip())
    except ValueError:
        raise ValueError(f"{value!r} is not an amount in US dollars, such as 250 or 250usd") from None


_UNITS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}


def seconds_of(text: str) -> float:
    """Return the seconds of `90s`, `20min` or `3h`.

    Raises:
        ValueError: It is no duration.
    """
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*([a-z]*)", text.strip().lower())
    if found is None or found[2] not in {"", *_UNITS}:
        raise ValueError(f"{text!r} is not a time, such as 90s, 20min or 3h")
    return float(found[1]) * _UNITS.get(found[2], 1)


def _duration(_: Any, tokens: Sequence[Token]) -> float:
    return seconds_of(tokens[0].value)


Duration = Annotated[float, Parameter(converter=_duration, validator=validators.Number(gte=1))]
Usd = Annotated[float, Parameter(converter=_usd, validator=validators.Number(gt=0))]


Address = Annotated[
    str,
    Parameter(
        name="--database",
        help="The workers' database: postgresql://user@host/name. Missing tables are created.",
    ),
]


WorkersDatabase = Annotated[str, Parameter(help="The workers' database: postgresql://user@host/name.")]
CampaignName = Annotated[
    str | None,
    Parameter(name="--campaign", help="Only this campaign of workers. [default: all in the database]"),
]
Account = Annotated[
    str,
    Parameter(
        help="Name for the HeyGen account, if workers of several accounts share the database.", show_default=False
    ),
]


Source = Annotated[Path, Parameter(help="A campaign file (.toml), or a contact list: .csv, .jsonl, .xlsx or .parquet.")]


RowsFile = Annotated[Path | None, Parameter(help="The contact list, after a campaign file that names none.")]


NoPreflight = Annotated[bool, Parameter(help="Do not look up looks, voices, templates and credit at HeyGen.")]


DryRun = Annotated[bool, Parameter(show=False, negative=())]

NO_DRY_RUN = (
    "--dry-run: `heygen-async plan`, with the same words, checks and prices every row and sends nothing; "
    "`heygen-async preview` shows what would be sent for a row"
)
