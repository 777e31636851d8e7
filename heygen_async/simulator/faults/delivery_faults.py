"""Faults of deliveries to webhooks, as values for `World.faults`."""

from __future__ import annotations

import fnmatch

import attrs

from heygen_async.simulator.faults.request_faults import Fault, fits


@attrs.frozen(kw_only=True)
class DeliveryFault(Fault):
    """A fault of one delivery to a webhook. Several faults may apply to the same delivery.

    Attributes:
        event_type: Event type such as "avatar_video.success", or a pattern with ``*``.
        url: Beginning of the receiver's URL, or a pattern with ``*``.
    """

    event_type: str | None = None
    url: str | None = None

    def concerns(self, event_type: str, url: str) -> bool:
        """Return True if this fault applies to such a delivery."""
        chosen = self.event_type is None or fnmatch.fnmatchcase(event_type, self.event_type)
        return chosen and fits(self.url, url)


@attrs.frozen(kw_only=True)
class LostDelivery(DeliveryFault):
    """The delivery is lost and not repeated."""


@attrs.frozen(kw_only=True)
class DuplicateDelivery(DeliveryFault):
    """The delivery is sent twice, under the same event id.

    Attributes:
        seconds: Seconds between the two.
    """

    seconds: float = 1.0


@attrs.frozen(kw_only=True)
class LateDelivery(DeliveryFault):
    """The delivery is late.

    Attributes:
        seconds: Seconds between the event and the delivery.
    """

    seconds: float


@attrs.frozen(kw_only=True)
class ForgedDelivery(DeliveryFault):
    """A forged delivery comes first: it reports the success of an unknown video and is signed with another secret."""
