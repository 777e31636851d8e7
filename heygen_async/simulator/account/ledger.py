"""The books: what was charged for, and what came in."""

from __future__ import annotations

from typing import Any

import attrs


@attrs.frozen(kw_only=True)
class Charge:
    """One accepted render.

    Attributes:
        resource_id: What the accepting answer named: a video id, or for agents the session id. For an item of a
            batch its video id.
        video_id: The video; for agents None until rendering starts.
        kind: "avatar", "image", "cinematic_avatar", "studio" or "video_agent".
        idempotency_key: As sent, where the endpoint knows keys.
        body: The request; for a batch, the item.
        at: Loop time.
        amount_usd: US dollars.
    """

    resource_id: str
    video_id: str | None
    kind: str
    idempotency_key: str | None
    body: dict[str, Any]
    at: float
    amount_usd: float


@attrs.frozen(kw_only=True)
class Seen:
    """One request that came in.

    Attributes:
        method: In capitals.
        path: Without the query.
        route: The path's template, like "/v3/videos/{video_id}"; the path itself where there is none.
        status: Of the answer; None if none was given, or not yet.
        at: Loop time of arrival.
        key: Its Idempotency-Key, honoured or not.
    """

    method: str
    path: str
    route: str
    status: int | None
    at: float
    key: str | None = None


@attrs.define
class Ledger:
    """Charges and refunds.

    Attributes:
        charges: In order of acceptance.
        refunds: `resource_id` of what failed: failed renders are not billed.
    """

    charges: list[Charge] = attrs.field(factory=list)
    refunds: list[str] = attrs.field(factory=list)
    _places: dict[str, int] = attrs.field(factory=dict)
    _sum_usd: float = 0.0

    @property
    def charged_usd(self) -> float:
        """US dollars of all charges less the refunds."""
        return round(self._sum_usd, 4)

    def charge(self, charge: Charge) -> None:
        """Write *charge* down."""
        self._places[charge.resource_id] = len(self.charges)
        self.charges.append(charge)
        self._sum_usd += charge.amount_usd

    def refund(self, resource_id: str) -> None:
        """Give the money for *resource_id* back."""
        self.refunds.append(resource_id)
        self._sum_usd -= self.charges[self._places[resource_id]].amount_usd

    def name_video(self, resource_id: str, video_id: str) -> None:
        """Complete the charge of an agent session: now it has a video."""
        place = self._places[resource_id]
        self.charges[place] = attrs.evolve(self.charges[place], video_id=video_id)
