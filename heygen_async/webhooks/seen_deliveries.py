"""Memory of deliveries: HeyGen may repeat a delivery, and so may an attacker who has recorded one."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

from heygen_async.errors import InvalidInputError
from heygen_async.webhooks.events import WebhookEvent

DAY_AND_AN_HOUR = 25 * 3600.0  # HeyGen repeats a delivery for up to 24 hours
MOST_KEYS = 20_000  # two for each delivery, 32 bytes each plus Python's overhead


class SeenDeliveries:
    """A bounded memory of deliveries. A full memory forgets the least recently seen one first.

    A delivery counts as seen if its event id or its body was seen. The body counts because the id is not signed: a
    recorded delivery that is sent under another id is still a repetition. Two events with equal bodies count as one.
    """

    def __init__(self, *, at_most: int = MOST_KEYS, window: float = DAY_AND_AN_HOUR) -> None:
        """Remember at most *at_most* keys, two for each delivery, for *window* seconds each."""
        if at_most < 2 or not window > 0:  # noqa: PLR2004 - one delivery has two keys
            raise InvalidInputError(f"at_most {at_most}, window {window}: must be 2 or more, and above 0 s")
        self._at_most = at_most
        self._window = window
        self._seen_at: OrderedDict[bytes, float] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of remembered keys."""
        return len(self._seen_at)

    def is_new(self, event: WebhookEvent, raw_body: bytes, now: float) -> bool:
        """Return True if a delivery was not seen before, and remember it.

        Args:
            event: Event of the delivery.
            raw_body: Body of the delivery.
            now: Unix time.
        """
        self._forget(now - self._window)
        keys = _keys(event, raw_body)
        known = [key for key in keys if key in self._seen_at]
        # A new id with a known body is not remembered, or a replay could suppress a later event that has this id.
        for key in known or keys:
            self._seen_at[key] = now
            self._seen_at.move_to_end(key)
        while len(self._seen_at) > self._at_most:
            self._seen_at.popitem(last=False)
        return not known

    def _forget(self, before: float) -> None:
        while self._seen_at and next(iter(self._seen_at.values())) < before:
            self._seen_at.popitem(last=False)


def _keys(event: WebhookEvent, raw_body: bytes) -> list[bytes]:
    """Return the hash of the body, and the hash of the id if there is one."""
    parts = [b"body", raw_body], [b"id", (event.event_id or "").encode(errors="replace")]
    return [hashlib.sha256(name + b":" + value).digest() for name, value in parts if value]
