"""A wish of a person about a campaign, checked, and the state that a run tells of itself."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Literal, get_args

import attrs

from heygen_async.errors import InvalidInputError

WishKind = Literal["approve", "stop", "pause", "go_on", "retry", "send_again", "give_up", "budget"]


@attrs.frozen(kw_only=True)
class Wish:
    """A press of a button.

    Attributes:
        id: Its number; later ones have higher numbers.
        at: Unix time.
        kind: What is wished:
            approve: the rows after the first ones may be made.
            stop: no more rows are begun, and where the first rows wait for an approval, they are not approved of.
            pause, go_on: no more rows are begun until a person says so.
            retry: failed rows are made again that cost nothing, those with `code` if it is given.
            send_again, give_up: what becomes of `row`, whose answer was lost; of all such rows without `row`.
            budget: all runs together may cost `usd` US dollars.
        details: `code`, `row` or `usd`.
        answer: What the run did about it; None if none has looked at it yet.
    """

    id: int
    at: float
    kind: WishKind
    details: Mapping[str, Any]
    answer: str | None = None

    @property
    def code(self) -> str | None:
        """The code of the failed rows that are meant; None for all of them."""
        return self.details.get("code")

    @property
    def row(self) -> int | None:
        """The number of the row that is meant; None for all of them."""
        return self.details.get("row")

    @property
    def usd(self) -> float:
        """The new budget in US dollars."""
        return float(self.details["usd"])


def checked_wish(kind: object, details: Mapping[str, Any]) -> tuple[WishKind, dict[str, Any]]:
    """Return a wish as it is stored; what does not belong to it is left out.

    Raises:
        InvalidInputError: There is no such wish, or a detail is missing or wrong.
    """
    if kind not in get_args(WishKind):
        raise InvalidInputError(f"{kind!r:.60}: there is no such wish")
    given = {name: value for name, value in details.items() if value is not None}
    if kind == "retry" and isinstance(given.get("code", ""), str):
        return kind, {name: given[name] for name in ("code",) if name in given}
    if kind in {"send_again", "give_up"} and type(given.get("row", 1)) is int:
        return kind, {name: given[name] for name in ("row",) if name in given}
    if kind == "budget" and type(given.get("usd")) in {int, float} and 0 < given["usd"] < math.inf:
        return kind, {"usd": given["usd"]}
    if kind in {"approve", "stop", "pause", "go_on"}:
        return kind, {}
    raise InvalidInputError(f"{kind}: {details!r:.100} does not tell what is wished")


@attrs.frozen(kw_only=True)
class RunState:
    """The state that a run tells of itself, for people who look at its journal.

    Attributes:
        asks: Numbers of the first rows, which wait for an approval; None if none is asked for.
        is_paused: True if no row is begun until a person says so.
        is_stopping: True if no more rows will be begun.
        budget_usd: Budget of all runs together in US dollars; None without one.
    """

    asks: tuple[int, ...] | None = None
    is_paused: bool = False
    is_stopping: bool = False
    budget_usd: float | None = None

    def to_json(self) -> str:
        """Return it as the journal keeps it."""
        return json.dumps(attrs.asdict(self))

    @classmethod
    def from_json(cls, text: str | None) -> RunState:
        """Return what the journal keeps."""
        kept = json.loads(text or "{}")
        asks = kept.get("asks")
        return cls(**{**kept, "asks": None if asks is None else tuple(asks)})
