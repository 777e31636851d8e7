"""Sends deliveries to webhooks, and repeats them until they are accepted."""

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

# The contract: "Answer 2xx within 10 seconds; retried with exponential backoff for up to 24 hours". The first delay and
# the growth are not documented.
ANSWER_SECONDS = 10.0
FIRST_DELAY_SECONDS = 5.0
GROWTH = 2.0
LAST_TRY_SECONDS = 24 * 3600.0

# Seconds. Keeps the loop from waiting for zero seconds again and again when a rounding error puts its clock just before
# the next action.
MIN_WAIT = 0.001

FORGERS_SECRET = b"whsec_of_somebody_else"
FORGERS_VIDEO = "0" * 32


def attempt_delays() -> Iterator[float]:
    """Yield the seconds before each attempt."""
    yield 0.0
    delay, total = FIRST_DELAY_SECONDS, 0.0
    while total + delay <= LAST_TRY_SECONDS:
        yield delay
        total += delay
        delay *= GROWTH


@attrs.frozen
class DeliverySender:
    """Sends the deliveries of a world when they are due. Runs as a task of the server.

    Attributes:
        world: World with the outbox.
    """

    world: World

    async def run(self) -> None:
        """Send deliveries until cancelled. Deliveries that are not sent by then are dropped."""
        woken = asyncio.Event()
        self.world.outbox.wake = woken.set
        # One connection per delivery, since the receiver may close an idle connection at any time.
        connector = aiohttp.TCPConnector(force_close=True)
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as http,
            anyio.create_task_group() as group,
        ):
            while True:
                woken.clear()
                self.world.now()
                for queued in self.world.outbox.take_queued():
                    group.start_soon(self._deliver, http, queued, self._choose_faults(queued))
                with anyio.move_on_after(self._seconds_to_next_action()):
                    await woken.wait()

    def _seconds_to_next_action(self) -> float:
        due = self.world.next_action_at
        if due is None or not self.world.outbox.has_receivers:
            return math.inf
        return max(MIN_WAIT, due - self.world.simulated_time)

    def _choose_faults(self, queued: QueuedDelivery) -> list[DeliveryFault]:
        """Return all faults of a delivery. Unlike faults of requests, several may take effect together."""
        world = self.world
        if not world.outbox.delivers_to(queued.url):
            return []
        return [
            fault
            for fault in list(world.faults)
            if isinstance(fault, DeliveryFault)
            and fault.concerns(queued.event.event_type, queued.url)
            and world.fault_counter.count_match(fault, since_start=world.since_start(), rng=world.rng)
        ]

    async def _deliver(
        self, http: aiohttp.ClientSession, queued: QueuedDelivery, faults: Sequence[DeliveryFault]
    ) -> None:
        if any(isinstance(fault, ForgedDelivery) for fault in faults):
            await self._send_forged(http, queued)
        lost = any(isinstance(fault, LostDelivery) for fault in faults)
        if lost or not self.world.outbox.delivers_to(queued.url):
            self._record(queued, attempt=0, status=None)
            return
        await anyio.sleep(sum(fault.seconds for fault in faults if isinstance(fault, LateDelivery)))
        await self._send_until_accepted(http, queued)
        for fault in faults:
            if isinstance(fault, DuplicateDelivery):
                await anyio.sleep(fault.seconds)
                await self._send_until_accepted(http, queued)

    async def _send_until_accepted(self, http: aiohttp.ClientSession, queued: QueuedDelivery) -> None:
        for attempt, delay in enumerate(attempt_delays(), start=1):
            await anyio.sleep(delay)
            if queued.endpoint is not None and queued.endpoint.deleted:
                return
            body = json.dumps(queued.event.body()).encode()
            status = await _post(http, queued.url, body, self._headers(queued, body))
            self._record(queued, attempt=attempt, status=status)
            if status is not None and 200 <= status < 300:
                return

    async def _send_forged(self, http: aiohttp.ClientSession, queued: QueuedDelivery) -> None:
        """Send a forged delivery: a success that has not happened, signed with another secret."""
        endpoint = queued.endpoint and attrs.evolve(queued.endpoint, secret=FORGERS_SECRET.decode())
        data = {**queued.event.data, "video_id": FORGERS_VIDEO, "url": "https://forger.example/film.mp4"}
        event = attrs.evolve(
            queued.event,
            event_id=f"evt_forged_{queued.event.number}",
            event_type=queued.event.event_type.replace(".fail", ".success"),
            data=data,
        )
        forged = QueuedDelivery(event=event, url=queued.url, endpoint=endpoint)
        body = json.dumps(event.body()).encode()
        status = await _post(http, queued.url, body, self._headers(forged, body))
        self._record(forged, attempt=1, status=status, forged=True)

    def _headers(self, queued: QueuedDelivery, body: bytes) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "User-Agent": "HeyGen-Simulator"}
        if queued.endpoint is None:  # unsigned and without an id, see x-headers of WebhookDelivery in the contract
            return headers
        return {
            **headers,
            "Heygen-Signature": queued.endpoint.sign(body),
            "Heygen-Timestamp": str(int(self.world.unix_time(self.world.now()))),
            "Heygen-Event-Id": queued.event.event_id,
        }

    def _record(self, queued: QueuedDelivery, *, attempt: int, status: int | None, forged: bool = False) -> None:
        event = queued.event
        self.world.outbox.deliveries.append(
            Delivery(
                url=queued.url,
                event_type=event.event_type,
                event_id=event.event_id,
                attempt=attempt,
                status=status,
                forged=forged,
                at=self.world.now(),
            )
        )


async def _post(http: aiohttp.ClientSession, url: str, body: bytes, headers: dict[str, str]) -> int | None:
    """Return the HTTP status of the answer; None without an answer."""
    try:
        async with http.post(url, data=body, headers=headers, allow_redirects=False) as answer:
            await answer.read()
            return answer.status
    except (aiohttp.ClientError, TimeoutError):
        return None
