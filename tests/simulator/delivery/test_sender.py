"""Webhooks of the simulated account: endpoints, secrets, the log of events, and real deliveries."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import anyio
import attrs
import pytest
from aiohttp import web

from heygen_async.simulator import (
    DuplicateDelivery,
    FailedRender,
    ForgedDelivery,
    LateDelivery,
    LostDelivery,
    World,
    serve,
)
from heygen_async.simulator.delivery.sender import LAST_TRY_SECONDS, attempt_delays
from tests.helpers.simulator_ask import Ask, code
from tests.helpers.simulator_videos import create_folder

HELLO = {"type": "avatar", "avatar_id": "look_anna", "voice_id": "voice_warm", "script": "Hi Ada"}
PATH = "/v3/webhooks/endpoints"


@attrs.define
class ReceivedDelivery:
    path: str
    body: bytes
    headers: dict[str, str]
    at: float

    @property
    def value(self) -> Any:
        return json.loads(self.body)

    def signed_with(self, secret: str) -> bool:
        """Return True if the signature is the HMAC-SHA256 of the raw body."""
        expected = hmac.new(secret.encode(), self.body, hashlib.sha256).hexdigest()
        return self.headers.get("Heygen-Signature") == expected


@attrs.define
class Receiver:
    """A webhook receiver on this machine."""

    url: str = ""
    deliveries: list[ReceivedDelivery] = attrs.field(factory=list)
    answers: list[int] = attrs.field(factory=list)
    seconds: float = 0.0

    async def receive(self, request: web.Request) -> web.Response:
        delivery = ReceivedDelivery(request.path, await request.read(), dict(request.headers), anyio.current_time())
        self.deliveries.append(delivery)
        await anyio.sleep(self.seconds)
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    @property
    def types(self) -> list[str]:
        return [delivery.value["event_type"] for delivery in self.deliveries]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/{path:.*}", receiver.receive)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.001)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield receiver
    await runner.cleanup()


@pytest.fixture(autouse=True)
def fixed_render_time(world: World) -> None:
    """All renders take 100 seconds."""
    world.render_seconds = lambda body: 100.0


async def register(ask: Ask, receiver: Receiver, **changes: Any) -> dict[str, Any]:
    status, made = await ask("POST", PATH, {"url": f"{receiver.url}/hook"} | changes)
    assert status == 200
    return dict(made["data"])


async def video(ask: Ask, **changes: Any) -> str:
    status, made = await ask("POST", "/v3/videos", HELLO | changes)
    assert status == 200
    return str(made["data"]["video_id"])


# --- endpoints


async def test_the_secret_is_returned_once(ask: Ask, world: World) -> None:
    """The secret of an endpoint is returned when it is created or rotated, and never again."""
    world.epoch = 1_700_000_000
    status, made = await ask("POST", PATH, {"url": "https://example.com/a", "events": ["batch.finished"]}, "k1")
    endpoint = made["data"]
    assert (status, endpoint["secret"][:6], endpoint["status"]) == (200, "whsec_", "enabled")
    assert endpoint["created_at"] == "2023-11-14T22:13:20+00:00"
    assert (await ask("POST", PATH, {"url": "https://example.com/a"}, "k1"))[1] == made
    _, second = await ask("POST", PATH, {"url": "https://example.com/b"})
    _, listed = await ask("GET", PATH)
    assert [item["url"] for item in listed["data"]] == ["https://example.com/b", "https://example.com/a"]
    assert all("secret" not in item for item in listed["data"])
    one = f"{PATH}/{second['data']['endpoint_id']}"
    _, changed = await ask("PATCH", one, {"events": ["batch.finished"]})
    assert (changed["data"]["events"], changed["data"]["url"]) == (["batch.finished"], "https://example.com/b")
    _, changed = await ask("PATCH", one, {"url": "https://example.com/c"})
    assert (changed["data"]["events"], changed["data"]["url"]) == (["batch.finished"], "https://example.com/c")
    assert (await ask("PATCH", one, {"events": None}))[1]["data"]["events"] is None
    _, rotated = await ask("POST", f"{one}/rotate-secret")
    assert rotated["data"]["secret"] not in (None, second["data"]["secret"])
    assert (await ask("DELETE", one))[0] == 200
    for method, path in (("DELETE", one), ("PATCH", one), ("POST", f"{one}/rotate-secret")):
        assert code(await ask(method, path, {})) == (404, "webhook_not_found")


@pytest.mark.parametrize(
    ("strict", "url", "status"),
    [
        (False, "http://127.0.0.1:1/a", 200),
        (False, "http://localhost/a", 200),
        (False, "http://example.com/a", 400),
        (False, "http://[/a", 400),
        (False, "ftp://127.0.0.1/a", 400),
        (False, 7, 400),
        (True, "http://127.0.0.1:1/a", 400),
        (True, "https://example.com/a", 200),
    ],
)
async def test_endpoints_need_https(ask: Ask, world: World, strict: bool, url: Any, status: int) -> None:  # noqa: FBT001
    """Endpoints need https, except those on this machine unless `https_webhooks_only` is set."""
    world.https_webhooks_only = strict
    assert (await ask("POST", PATH, {"url": url}))[0] == status


async def test_event_types_are_those_of_the_contract(ask: Ask) -> None:
    """The event types are those of the contract, and an endpoint can ask for no others."""
    _, found = await ask("GET", "/v3/webhooks/event-types")
    assert {"event_type": "avatar_video.success", "description": "Avatar video: success."} in found["data"]
    assert len(found["data"]) == 34
    assert code(await ask("POST", PATH, {"url": "https://a.example", "events": ["video.ready"]}))[0] == 400


# --- deliveries


async def test_the_end_of_a_video_is_delivered(ask: Ask, receiver: Receiver, world: World) -> None:
    """The end of a video is delivered when it happens, signed over the raw body, and is in the log."""
    world.epoch = 1_700_000_000
    endpoint = await register(ask, receiver)
    folder_id = await create_folder(ask)
    video_id = await video(ask, callback_id="row-7", folder_id=folder_id, output_format="webm")
    await anyio.sleep(101)
    (delivery,) = receiver.deliveries
    assert delivery.at == pytest.approx(100, abs=0.1)
    assert delivery.value["event_type"] == "avatar_video.success"
    data = delivery.value["event_data"]
    assert (data["video_id"], data["callback_id"], data["folder_id"]) == (video_id, "row-7", folder_id)
    assert delivery.signed_with(endpoint["secret"])
    assert abs(int(delivery.headers["Heygen-Timestamp"]) - 1_700_000_100) <= 1
    async with aiohttp.ClientSession() as bare, bare.get(data["url"]) as answer:
        assert (answer.status, answer.content_type) == (200, "video/webm")
    _, log = await ask("GET", "/v3/webhooks/events")
    assert [event["event_id"] for event in log["data"]] == [delivery.headers["Heygen-Event-Id"]]
    assert log["data"][0]["event_data"] == data


async def test_a_failure_has_a_reason(ask: Ask, receiver: Receiver, world: World) -> None:
    """The event of a failed video has the reason under each name that receivers report."""
    world.faults.append(FailedRender(message="no face"))
    await register(ask, receiver)
    await video(ask)
    await anyio.sleep(101)
    (delivery,) = receiver.deliveries
    assert delivery.value["event_type"] == "avatar_video.fail"
    data = delivery.value["event_data"]
    assert (data["msg"], data["failure_message"], data["failure_code"]) == ("no face", "no face", "rendering_failed")
    assert "url" not in data


async def test_a_callback_is_unsigned(ask: Ask, receiver: Receiver) -> None:
    """The callback URL of a request gets an unsigned delivery, besides the registered endpoints."""
    await register(ask, receiver, events=["avatar_video.success"])
    await register(ask, receiver, events=["batch.finished"])
    await video(ask, callback_url=f"{receiver.url}/mine")
    await anyio.sleep(101)
    by_path = {delivery.path: delivery for delivery in receiver.deliveries}
    assert sorted(by_path) == ["/hook", "/mine"]
    assert by_path["/hook"].body == by_path["/mine"].body
    assert not [name for name in by_path["/mine"].headers if name.startswith("Heygen")]


async def test_an_endpoint_gets_the_events_after_its_registration(ask: Ask, receiver: Receiver, world: World) -> None:
    """An endpoint gets the events after its registration; earlier events are only in the log."""
    await video(ask)
    await anyio.sleep(60)
    await video(ask)
    await anyio.sleep(60)
    world.rendering  # noqa: B018 - runs the due actions, so that the first video ends
    await register(ask, receiver)
    await anyio.sleep(100)
    assert [delivery.at for delivery in receiver.deliveries] == [pytest.approx(160, abs=0.1)]
    assert len((await ask("GET", "/v3/webhooks/events?event_type=avatar_video.success"))[1]["data"]) == 2
    assert (await ask("GET", "/v3/webhooks/events?entity_id=else"))[1]["data"] == []


async def test_an_endpoint_can_be_limited_to_an_entity(ask: Ask, receiver: Receiver) -> None:
    """An endpoint with an entity id gets only the events of this entity."""
    first, _ = await video(ask), await video(ask)
    await register(ask, receiver, entity_id=first)
    await anyio.sleep(101)
    assert [delivery.value["event_data"]["video_id"] for delivery in receiver.deliveries] == [first]


@pytest.mark.parametrize(
    ("faults", "event_type"),
    [
        ([], "video_agent.success"),
        ([FailedRender()], "video_agent.fail"),
        ([FailedRender(while_thinking=True)], "video_agent.fail"),
    ],
)
async def test_a_session_has_one_event(
    ask: Ask, receiver: Receiver, world: World, faults: list[FailedRender], event_type: str
) -> None:
    """The end of a session is one event with the session's id; its video has no event."""
    world.faults += faults
    body = {"prompt": "A welcome", "callback_url": f"{receiver.url}/mine", "callback_id": "c"}
    _, made = await ask("POST", "/v3/video-agents", body)
    await anyio.sleep(500)
    assert receiver.types == [event_type]
    data = receiver.deliveries[0].value["event_data"]
    assert (data["session_id"], data["callback_id"]) == (made["data"]["session_id"], "c")
    _, found = await ask("GET", f"/v3/video-agents/{made['data']['session_id']}")
    assert data["video_id"] == found["data"]["video_id"]


async def test_a_batch_has_one_event(ask: Ask, receiver: Receiver, world: World) -> None:
    """A batch has one event when all items have ended, besides the items' own; deleted items count as ended."""
    world.slots = 2
    items = [HELLO | {"callback_url": f"{receiver.url}/item"}, HELLO, HELLO | {"title": "gone"}]
    _, made = await ask("POST", "/v3/videos/batches", {"videos": items, "callback_url": f"{receiver.url}/batch"})
    await anyio.sleep(150)
    _, found = await ask("GET", f"/v3/videos/batches/{made['data']['batch_id']}")
    assert [delivery.path for delivery in receiver.deliveries] == ["/item"]
    await ask("DELETE", f"/v3/videos/{found['data']['items'][2]['video_id']}")
    await anyio.sleep(150)
    assert receiver.types == ["avatar_video.success", "batch.finished"]
    data = receiver.deliveries[1].value["event_data"]
    assert (data["batch_id"], data["total_items"]) == (made["data"]["batch_id"], 3)


async def test_deliveries_are_repeated_until_they_are_accepted(ask: Ask, receiver: Receiver, world: World) -> None:
    """Deliveries are repeated with growing delays, one event id, and the secret at the time, until a 2xx."""
    receiver.answers = [500, 302, 404]
    endpoint = await register(ask, receiver)
    await video(ask)
    await anyio.sleep(101)
    _, rotated = await ask("POST", f"{PATH}/{endpoint['endpoint_id']}/rotate-secret")
    await anyio.sleep(1000)
    assert [delivery.at - 100 for delivery in receiver.deliveries] == [
        pytest.approx(n, abs=0.1) for n in (0, 5, 15, 35)
    ]
    assert len({delivery.headers["Heygen-Event-Id"] for delivery in receiver.deliveries}) == 1
    secrets = [endpoint["secret"], *[rotated["data"]["secret"]] * 3]
    assert [delivery.signed_with(secret) for delivery, secret in zip(receiver.deliveries, secrets, strict=True)] == [
        True
    ] * 4
    assert [(one.attempt, one.status) for one in world.deliveries] == [(1, 500), (2, 302), (3, 404), (4, 200)]


async def test_a_slow_receiver_gets_the_delivery_again(ask: Ask, receiver: Receiver, world: World) -> None:
    """A delivery without an answer after ten seconds is repeated."""
    receiver.seconds = 11.0
    await register(ask, receiver)
    await video(ask)
    await anyio.sleep(112)
    receiver.seconds = 0.0
    await anyio.sleep(1000)
    assert [one.status for one in world.deliveries] == [None, 200]


async def test_deliveries_end_after_a_day(ask: Ask, receiver: Receiver, world: World) -> None:
    """Deliveries end after a day, or when their endpoint is deleted."""
    receiver.answers = [500] * 1000
    endpoint = await register(ask, receiver)
    await video(ask, callback_url=f"{receiver.url}/mine")
    await anyio.sleep(200)
    await ask("DELETE", f"{PATH}/{endpoint['endpoint_id']}")
    before = len(receiver.deliveries)
    await anyio.sleep(3 * 24 * 3600)
    rest = [delivery.path for delivery in receiver.deliveries[before:]]
    assert set(rest) == {"/mine"}
    assert receiver.deliveries[-1].at <= 100 + LAST_TRY_SECONDS
    assert sum(one.url.endswith("/mine") for one in world.deliveries) == len(list(attempt_delays()))


def test_delays_double_for_a_day() -> None:
    """Each delay is twice the one before; together they are between 11 and 24 hours."""
    first, *rest = attempt_delays()
    assert first == 0
    assert all(later == 2 * earlier for earlier, later in itertools.pairwise(rest))
    assert 11 * 3600 < sum(rest) <= 24 * 3600


async def test_other_hosts_get_no_deliveries(ask: Ask, world: World) -> None:
    """Deliveries to hosts that are not allowed are recorded and not sent."""
    await ask("POST", PATH, {"url": "https://example.com/hook"})
    await video(ask, callback_url="https://example.org/mine")
    await anyio.sleep(101)
    await ask("GET", "/v3/users/me")
    await anyio.sleep(1)
    noted = [(one.url, one.attempt, one.status) for one in world.deliveries]
    assert noted == [("https://example.com/hook", 0, None), ("https://example.org/mine", 0, None)]


async def test_a_refused_connection_is_a_failed_attempt(world: World) -> None:
    """A refused connection is a failed attempt; the server can end between two attempts."""
    async with serve(world) as server, aiohttp.ClientSession(headers={"x-api-key": "simulator-key"}) as http:
        async with http.post(f"{server.base_url}{PATH}", json={"url": "http://127.0.0.1:9/hook"}) as answer:
            assert answer.status == 200
        async with http.post(f"{server.base_url}/v3/videos", json=HELLO) as answer:
            assert answer.status == 200
        await anyio.sleep(110)
    assert [(one.attempt, one.status) for one in world.deliveries] == [(1, None), (2, None)]


# --- faults


async def test_a_lost_delivery_is_not_sent(ask: Ask, receiver: Receiver, world: World) -> None:
    """A lost delivery is not sent; its event is in the log."""
    world.faults.append(LostDelivery(nth=1, event_type="avatar_video.*"))
    await register(ask, receiver)
    lost, _ = await video(ask), await video(ask, title="second")
    await anyio.sleep(1000)
    assert [delivery.value["event_data"]["video_id"] == lost for delivery in receiver.deliveries] == [False]
    assert len((await ask("GET", "/v3/webhooks/events"))[1]["data"]) == 2
    assert sorted(one.attempt for one in world.deliveries) == [0, 1]


async def test_half_of_the_deliveries_are_lost(ask: Ask, receiver: Receiver, world: World) -> None:
    """A fault with probability 0.5 affects about half of the deliveries."""
    world.slots = 100
    world.faults.append(LostDelivery(probability=0.5, url=receiver.url))
    await register(ask, receiver)
    for _ in range(60):
        await video(ask)
    await anyio.sleep(1000)
    assert 15 < len(receiver.deliveries) < 45


async def test_faults_of_a_delivery_combine(ask: Ask, receiver: Receiver, world: World) -> None:
    """A delivery can be both late and sent twice, under one event id."""
    world.faults += [DuplicateDelivery(seconds=30), LateDelivery(seconds=500), LostDelivery(url="http://else/")]
    endpoint = await register(ask, receiver)
    await video(ask)
    await anyio.sleep(1000)
    assert [delivery.at for delivery in receiver.deliveries] == [pytest.approx(at, abs=0.1) for at in (600, 630)]
    assert len({delivery.headers["Heygen-Event-Id"] for delivery in receiver.deliveries}) == 1
    assert all(delivery.signed_with(endpoint["secret"]) for delivery in receiver.deliveries)


@pytest.mark.parametrize("registered", [True, False])
async def test_a_forged_delivery(ask: Ask, receiver: Receiver, world: World, registered: bool) -> None:  # noqa: FBT001
    """A forged delivery reports a success that did not happen; only its signature is wrong."""
    world.faults += [ForgedDelivery(), FailedRender()]
    secret = (await register(ask, receiver))["secret"] if registered else ""
    video_id = await video(ask, **({} if registered else {"callback_url": f"{receiver.url}/mine"}))
    await anyio.sleep(1000)
    assert receiver.types == ["avatar_video.success", "avatar_video.fail"]
    ids = [delivery.value["event_data"]["video_id"] for delivery in receiver.deliveries]
    assert (ids[0] == video_id, ids[1] == video_id) == (False, True)
    assert [delivery.signed_with(secret) for delivery in receiver.deliveries] == [False, registered]
    assert [one.forged for one in world.deliveries] == [True, False]
