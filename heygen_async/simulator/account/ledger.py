"""The ledger of charges and refunds, and the record of requests."""

from __future__ import annotations

from typing import Any

import attrs


@attrs.frozen(kw_only=True)
class Charge:
    """The charge for one accepted render.

    Attributes:
        resource_id: Id in the answer to the request: a video id, or the session id of an agent. For an item of a batch,
            the id of its video.
        video_id: Id of the video; for agents None until rendering starts.
        kind: Kind of the render, such as "avatar", "image", "cinematic_avatar", "studio", "video_agent" or "lipsync".
        idempotency_key: Idempotency-Key as sent, if the endpoint honours keys.
        body: Body of the request; for a batch, the item.
        at: Loop time.
        amount_usd: Amount in US dollars.
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
    """One received request.

    Attributes:
        method: HTTP method in capitals.
        path: Path without the query.
        route: Template of the path, such as "/v3/videos/{video_id}"; the path itself if it is unknown.
        status: HTTP status of the answer; None until it is sent, and if it never is.
        at: Loop time of arrival.
        key: Idempotency-Key, honoured or not.
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
        charges: Charges in order of acceptance.
        refunds: `Charge.resource_id` of renders and sessions that failed: those are not billed.
    """

    charges: list[Charge] = attrs.field(factory=list)
    refunds: list[str] = attrs.field(factory=list)
    _index_of: dict[str, int] = attrs.field(factory=dict)
    _sum_usd: float = 0.0

    @property
    def charged_usd(self) -> float:
        """Charges less refunds, in US dollars."""
        return round(self._sum_usd, 4)

    def charge(self, charge: Charge) -> None:
        """Record *charge*."""
        self._index_of[charge.resource_id] = len(self.charges)
        self.charges.append(charge)
        self._sum_usd += charge.amount_usd

    def refund(self, resource_id: str) -> None:
        """Refund the charge of *resource_id*."""
        self.refunds.append(resource_id)
        self._sum_usd -= self.charges[self._index_of[resource_id]].amount_usd

    def set_video(self, resource_id: str, video_id: str) -> None:
        """Add the id of the video to the charge of an agent session."""
        index = self._index_of[resource_id]
        self.charges[index] = attrs.evolve(self.charges[index], video_id=video_id)
