"""What words on the command line stand for: types that several commands share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter, validators
from cyclopts.token import Token

Text = Annotated[str, Parameter(allow_leading_hyphen=True, metavar="TEXT")]  # it may begin with a dash: "- and you?"
Count = Annotated[int, Parameter(validator=validators.Number(gte=1))]
Seconds = Annotated[float, Parameter(validator=validators.Number(gte=1))]

OnInterrupt = Literal["ask", "leave", "stop"]

JournalFile = Annotated[
    str, Parameter(help="The journal of a run: a file such as campaign.db, or postgresql://user@host/name.")
]
Unknown = Annotated[
    Literal["hold", "resubmit", "skip"],
    Parameter(
        help="What to do about rows whose POST was sent, whose answer was lost, and which HeyGen does not show: hold "
        "them for you, resubmit or skip them."
    ),
]
BaseUrl = Annotated[
    str | None,
    Parameter(help="Another server, such as the simulator's. [default: HEYGEN_API_BASE, or https://api.heygen.com]"),
]
Speed = Annotated[
    float,
    Parameter(
        validator=validators.Number(gte=1),
        help="As of `heygen-async simulate --speed`; for a server on this machine only.",
    ),
]
Json = Annotated[
    bool,
    Parameter(name="--json", help="Write one JSON object a line, for machines; what people read goes to stderr."),
]


def _usd(_: Any, tokens: Sequence[Token]) -> float:
    value = tokens[0].value
    try:
        return float(value.strip().lower().removeprefix("$").removesuffix("usd").strip())
    except ValueError:
        raise ValueError(f"{value!r} is not an amount in US dollars, such as 250 or 250usd") from None


Usd = Annotated[float, Parameter(converter=_usd, validator=validators.Number(gt=0))]


Address = Annotated[
    str, Parameter(name="--database", help="postgresql://user@host/name: what workers share. Made ready when needed.")
]


Source = Annotated[Path, Parameter(help="A campaign file (.toml), or a contact list: .csv, .jsonl, .xlsx or .parquet.")]


RowsFile = Annotated[Path | None, Parameter(help="The contact list, after a campaign file that names none.")]


NoPreflight = Annotated[bool, Parameter(help="Do not look up at HeyGen what rows name and what the account has left.")]
