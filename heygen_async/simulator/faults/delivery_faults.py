"""What may go wrong with deliveries to webhooks, as values to put into `World.faults`."""

from __future__ import annotations

import fnmatch

import attrs

from heygen_async.simulator.faults.request_faults import Fault, fits


@attrs.frozen(kw_only=True)
class DeliveryFault(Fault):
    """A fault of one delivery to a webhook. Several may befall the same one.

    Attributes:
        event_type: Like "avatar_video.success", or a pattern with ``*``.
        url: The receiver's beginning, or a pattern with ``*``.
    """

    event_type: str | None = None
    url: str | None = None

    def concerns(self, event_type: str, url: str) -> bool:
        """True if a delivery is of the sort that this fault befalls."""
        chosen = self.event_type is None or fnmatch.fnmatchcase(event_type, self.event_type)
        return chosen and fits(self.url, url)


@attrs.frozen(kw_only=True)
class LostDelivery(DeliveryFault):
    """It never comes, and nobody tries again."""


@attrs.frozen(kw_only=True)
class DuplicateDelivery(DeliveryFault):
    """It comes twice, under the same event id.

    Attributes:
        seconds: Between the two.
    """

    seconds: float = 1.0


@attrs.frozen(kw_only=True)
class LateDelivery(DeliveryFault):
    """It comes late.

    Attributes:
        seconds: After what it tells of.
    """

    seconds: float


@attrs.frozen(kw_only=True)
class ForgedDelivery(DeliveryFault):
    """Before it comes another, from somebody who does not know the secret and tells of a video that is not there."""
