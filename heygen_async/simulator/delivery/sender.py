"""Carries parcels to webhooks, in the loop's time: again and again until somebody takes them."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Iterator, Sequence

import aiohttp
import anyio
import attrs

from heygen_async.simulator.faults.delivery_faults import (
    DeliveryFault,
    DuplicateDelivery,
    ForgedDelivery,
    LateDelivery,
    LostDelivery,
)
from heygen_async.simulator.world.outbox import Delivery, QueuedDelivery
from heygen_async.simulator.world.world import World

# "Answer 2xx within 10 seconds; retried with exponential backoff for up to 24 hours", says the contract. How long the
# first wait is, and how they grow, it does not say.
ANSWER_SECONDS = 10.0
FIRST_WAIT_SECONDS = 5.0
GROWTH = 2.0
LAST_TRY_SECONDS = 24 * 3600.0

# Seconds. The clock may stand a rounding error in front of the next moment; without a least step it would stay there.
LEAST_STEP = 0.001

FORGERS_SECRET = b"whsec_of_somebody_else"
FORGERS_VIDEO = "0" * 32


def waits() -> Iterator[float]:
    """Yield the seconds before each attempt."""
    yield 0.0
    wait, passed = FIRST_WAIT_SECONDS, 0.0
    while passed + wait <= LAST_TRY_SECONDS:
        yield wait
        passed += wait
        wait *= GROWTH


@attrs.frozen
class DeliverySender:
    """Watches the clock of a world in which somebody waits for news, and brings them.

    Attributes:
        world: Whose.
    """

    world: World

    async def run(self) -> None:
        """Carry parcels until cancelled; what has not been brought then is dropped."""
        woken = asyncio.Event()
        self.world.outbox.wake = woken.set
        # A connection for each parcel: one that was kept may be closed by the receiver at any moment.
        connector = aiohttp.TCPConnector(force_close=True)
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as http,
            anyio.create_task_group() as group,
        ):
            while True:
                woken.clear()
                self.world.now()
                for parcel in self.world.outbox.take_queued():
                    group.start_soon(self._carry, http, parcel, self._consult(parcel))
                with anyio.move_on_after(self._seconds_to_watch()):
                    await woken.wait()

    def _seconds_to_watch(self) -> float:
        due = self.world.next_action_at
        if due is None or not self.world.outbox.has_receivers:
            return math.inf
        return max(LEAST_STEP, due - self.world.simulated_time)

    def _consult(self, parcel: QueuedDelivery) -> list[DeliveryFault]:
        """Return all faults that befall *parcel*: unlike those of requests, they do not exclude each other."""
        world = self.world
        if not world.outbox.delivers_to(parcel.url):
            return []
        return [
            fault
            for fault in list(world.faults)
            if isinstance(fault, DeliveryFault)
            and fault.concerns(parcel.event.event_type, parcel.url)
            and world.fault_counter.count_match(fault, since_start=world.since_start(), rng=world.rng)
        ]

    async def _carry(
        self, http: aiohttp.ClientSession, parcel: QueuedDelivery, faults: Sequence[DeliveryFault]
    ) -> None:
        if any(isinstance(fault, ForgedDelivery) for fault in faults):
            await self._forge(http, parcel)
        lost = any(isinstance(fault, LostDelivery) for fault in faults)
        if lost or not self.world.outbox.delivers_to(parcel.url):
            self._note(parcel, attempt=0, status=None)
            return
        await anyio.sleep(sum(fault.seconds for fault in faults if isinstance(fault, LateDelivery)))
        await self._bring(http, parcel)
        for fault in faults:
            if isinstance(fault, DuplicateDelivery):
                await anyio.sleep(fault.seconds)
                await self._bring(http, parcel)

    async def _bring(self, http: aiohttp.ClientSession, parcel: QueuedDelivery) -> None:
        for attempt, wait in enumerate(waits(), start=1):
            await anyio.sleep(wait)
            if parcel.endpoint is not None and parcel.endpoint.deleted:
                return
            body = json.dumps(parcel.event.body()).encode()
            status = await _post(http, parcel.url, body, self._headers(parcel, body))
            self._note(parcel, attempt=attempt, status=status)
            if status is not None and 200 <= status < 300:
                return

    async def _forge(self, http: aiohttp.ClientSession, parcel: QueuedDelivery) -> None:
        """Send what an attacker would: a success that has not happened, under a signature that is none."""
        endpoint = parcel.endpoint and attrs.evolve(parcel.endpoint, secret=FORGERS_SECRET.decode())
        data = {**parcel.event.data, "video_id": FORGERS_VIDEO, "url": "https://forger.example/film.mp4"}
        event = attrs.evolve(
            parcel.event,
            event_id=f"evt_forged_{parcel.event.number}",
            event_type=parcel.event.event_type.replace(".fail", ".success"),
            data=data,
        )
        forged = QueuedDelivery(event=event, url=parcel.url, endpoint=endpoint)
        body = json.dumps(event.body()).encode()
        status = await _post(http, parcel.url, body, self._headers(forged, body))
        self._note(forged, attempt=1, status=status, forged=True)

    def _headers(self, parcel: QueuedDelivery, body: bytes) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "User-Agent": "HeyGen-Simulator"}
        if parcel.endpoint is None:  # unsigned, and without an id: x-headers of the contract's WebhookDelivery
            return headers
        return {
            **headers,
            "Heygen-Signature": parcel.endpoint.sign(body),
            "Heygen-Timestamp": str(int(self.world.unix_time(self.world.now()))),
            "Heygen-Event-Id": parcel.event.event_id,
        }

    def _note(self, parcel: QueuedDelivery, *, attempt: int, status: int | None, forged: bool = False) -> None:
        event = parcel.event
        self.world.outbox.deliveries.append(
            Delivery(
                url=parcel.url,
                event_type=event.event_type,
                event_id=event.event_id,
                attempt=attempt,
                status=status,
                forged=forged,
                at=self.world.now(),
            )
        )


async def _post(http: aiohttp.ClientSession, url: str, body: bytes, headers: dict[str, str]) -> int | None:
    """Return the status of the answer; None without one."""
    try:
        async with http.post(url, data=body, headers=headers, allow_redirects=False) as answer:
            await answer.read()
            return answer.status
    except (aiohttp.ClientError, TimeoutError):
        return None
