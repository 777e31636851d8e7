"""Webhooks of the simulated account: endpoints, secrets, the log, and deliveries that really come."""

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

HELLO = {"type": "avatar", "avatar_id": "look_anna", "voice_id": "voice_warm", "script": "Hi Ada"}
PATH = "/v3/webhooks/endpoints"


@attrs.define
class Letter:
    path: str
    body: bytes
    headers: dict[str, str]
    at: float

    @property
    def value(self) -> Any:
        return json.loads(self.body)

    def signed_with(self, secret: str) -> bool:
        """As the documentation says it, with another library's function than the simulator's."""
        expected = hmac.new(secret.encode(), self.body, hashlib.sha256).hexdigest()
        return self.headers.get("Heygen-Signature") == expected


@attrs.define
class Mailbox:
    """A receiver on this machine."""

    url: str = ""
    letters: list[Letter] = attrs.field(factory=list)
    answers: list[int] = attrs.field(factory=list)
    seconds: float = 0.0

    async def take(self, request: web.Request) -> web.Response:
        letter = Letter(request.path, await request.read(), dict(request.headers), anyio.current_time())
        self.letters.append(letter)
        await anyio.sleep(self.seconds)
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    @property
    def types(self) -> list[str]:
        return [letter.value["event_type"] for letter in self.letters]


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    box = Mailbox()
    app = web.Application()
    app.router.add_post("/{path:.*}", box.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.001)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    box.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield box
    await runner.cleanup()


@pytest.fixture(autouse=True)
def law(world: World) -> None:
    """Renders of 100 seconds."""
    world.render_seconds = lambda body: 100.0


async def register(ask: Ask, mailbox: Mailbox, **changes: Any) -> dict[str, Any]:
    status, made = await ask("POST", PATH, {"url": f"{mailbox.url}/hook"} | changes)
    assert status == 200
    return dict(made["data"])


async def video(ask: Ask, **changes: Any) -> str:
    status, made = await ask("POST", "/v3/videos", HELLO | changes)
    assert status == 200
    return str(made["data"]["video_id"])


# --- endpoints


async def test_an_endpoint_is_kept_without_its_secret(ask: Ask, world: World) -> None:
    """The secret is told when it is new, and never again."""
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
async def test_endpoints_are_https(ask: Ask, world: World, strict: bool, url: Any, status: int) -> None:  # noqa: FBT001
    """But for those on this machine, unless one wants it as strict as HeyGen."""
    world.https_webhooks_only = strict
    assert (await ask("POST", PATH, {"url": url}))[0] == status


async def test_all_event_types_are_told(ask: Ask) -> None:
    """Those of the contract."""
    _, found = await ask("GET", "/v3/webhooks/event-types")
    assert {"event_type": "avatar_video.success", "description": "Avatar video: success."} in found["data"]
    assert len(found["data"]) == 34
    assert code(await ask("POST", PATH, {"url": "https://a.example", "events": ["video.ready"]}))[0] == 400


# --- deliveries


async def test_an_end_is_delivered_when_it_comes(ask: Ask, mailbox: Mailbox, world: World) -> None:
    """Nobody has to look for it; the signature is of the raw body."""
    world.epoch = 1_700_000_000
    endpoint = await register(ask, mailbox)
    video_id = await video(ask, callback_id="row-7", folder_id="f", output_format="webm")
    await anyio.sleep(101)
    (letter,) = mailbox.letters
    assert letter.at == pytest.approx(100, abs=0.1)
    assert letter.value["event_type"] == "avatar_video.success"
    data = letter.value["event_data"]
    assert (data["video_id"], data["callback_id"], data["folder_id"]) == (video_id, "row-7", "f")
    assert letter.signed_with(endpoint["secret"])
    assert abs(int(letter.headers["Heygen-Timestamp"]) - 1_700_000_100) <= 1
    async with aiohttp.ClientSession() as bare, bare.get(data["url"]) as answer:
        assert (answer.status, answer.content_type) == (200, "video/webm")
    _, log = await ask("GET", "/v3/webhooks/events")
    assert [event["event_id"] for event in log["data"]] == [letter.headers["Heygen-Event-Id"]]
    assert log["data"][0]["event_data"] == data


async def test_a_failure_has_a_reason(ask: Ask, mailbox: Mailbox, world: World) -> None:
    """Under each name under which it has been seen."""
    world.faults.append(FailedRender(message="no face"))
    await register(ask, mailbox)
    await video(ask)
    await anyio.sleep(101)
    (letter,) = mailbox.letters
    assert letter.value["event_type"] == "avatar_video.fail"
    data = letter.value["event_data"]
    assert (data["msg"], data["failure_message"], data["failure_code"]) == ("no face", "no face", "rendering_failed")
    assert "url" not in data


async def test_a_callback_is_unsigned(ask: Ask, mailbox: Mailbox) -> None:
    """The URL of one request; whoever is registered is told as well."""
    await register(ask, mailbox, events=["avatar_video.success"])
    await register(ask, mailbox, events=["batch.finished"])
    await video(ask, callback_url=f"{mailbox.url}/mine")
    await anyio.sleep(101)
    by_path = {letter.path: letter for letter in mailbox.letters}
    assert sorted(by_path) == ["/hook", "/mine"]
    assert by_path["/hook"].body == by_path["/mine"].body
    assert not [name for name in by_path["/mine"].headers if name.startswith("Heygen")]


async def test_who_registers_late_misses_nothing_that_is_to_come(ask: Ask, mailbox: Mailbox, world: World) -> None:
    """The clock is watched from then on; what ended before is in the log."""
    await video(ask)
    await anyio.sleep(60)
    await video(ask)
    await anyio.sleep(60)
    world.rendering  # noqa: B018 - a look, which lets the first end
    await register(ask, mailbox)
    await anyio.sleep(100)
    assert [letter.at for letter in mailbox.letters] == [pytest.approx(160, abs=0.1)]
    assert len((await ask("GET", "/v3/webhooks/events?event_type=avatar_video.success"))[1]["data"]) == 2
    assert (await ask("GET", "/v3/webhooks/events?entity_id=else"))[1]["data"] == []


async def test_an_entity_has_its_own_receiver(ask: Ask, mailbox: Mailbox) -> None:
    """Only what happens to it."""
    first, _ = await video(ask), await video(ask)
    await register(ask, mailbox, entity_id=first)
    await anyio.sleep(101)
    assert [letter.value["event_data"]["video_id"] for letter in mailbox.letters] == [first]


@pytest.mark.parametrize(
    ("faults", "event_type"),
    [
        ([], "video_agent.success"),
        ([FailedRender()], "video_agent.fail"),
        ([FailedRender(while_thinking=True)], "video_agent.fail"),
    ],
)
async def test_sessions_are_told_of(
    ask: Ask, mailbox: Mailbox, world: World, faults: list[FailedRender], event_type: str
) -> None:
    """Once, with the session's id; the video of a session has no event of its own."""
    world.faults += faults
    body = {"prompt": "A welcome", "callback_url": f"{mailbox.url}/mine", "callback_id": "c"}
    _, made = await ask("POST", "/v3/video-agents", body)
    await anyio.sleep(500)
    assert mailbox.types == [event_type]
    data = mailbox.letters[0].value["event_data"]
    assert (data["session_id"], data["callback_id"]) == (made["data"]["session_id"], "c")
    _, found = await ask("GET", f"/v3/video-agents/{made['data']['session_id']}")
    assert data["video_id"] == found["data"]["video_id"]


async def test_a_batch_is_told_of_once(ask: Ask, mailbox: Mailbox, world: World) -> None:
    """When all have ended; items have receivers of their own; one that was deleted is waited for no more."""
    world.slots = 2
    items = [HELLO | {"callback_url": f"{mailbox.url}/item"}, HELLO, HELLO | {"title": "gone"}]
    _, made = await ask("POST", "/v3/videos/batches", {"videos": items, "callback_url": f"{mailbox.url}/batch"})
    await anyio.sleep(150)
    _, found = await ask("GET", f"/v3/videos/batches/{made['data']['batch_id']}")
    assert [letter.path for letter in mailbox.letters] == ["/item"]
    await ask("DELETE", f"/v3/videos/{found['data']['items'][2]['video_id']}")
    await anyio.sleep(150)
    assert mailbox.types == ["avatar_video.success", "batch.finished"]
    data = mailbox.letters[1].value["event_data"]
    assert (data["batch_id"], data["total_items"]) == (made["data"]["batch_id"], 3)


async def test_deliveries_are_repeated_until_they_are_taken(ask: Ask, mailbox: Mailbox, world: World) -> None:
    """With growing attempt_delays, under the same id; the secret is that of the moment."""
    mailbox.answers = [500, 302, 404]
    endpoint = await register(ask, mailbox)
    await video(ask)
    await anyio.sleep(101)
    _, rotated = await ask("POST", f"{PATH}/{endpoint['endpoint_id']}/rotate-secret")
    await anyio.sleep(1000)
    assert [letter.at - 100 for letter in mailbox.letters] == [pytest.approx(n, abs=0.1) for n in (0, 5, 15, 35)]
    assert len({letter.headers["Heygen-Event-Id"] for letter in mailbox.letters}) == 1
    secrets = [endpoint["secret"], *[rotated["data"]["secret"]] * 3]
    assert [letter.signed_with(secret) for letter, secret in zip(mailbox.letters, secrets, strict=True)] == [True] * 4
    assert [(one.attempt, one.status) for one in world.deliveries] == [(1, 500), (2, 302), (3, 404), (4, 200)]


async def test_a_slow_receiver_is_asked_again(ask: Ask, mailbox: Mailbox, world: World) -> None:
    """Ten seconds are allowed."""
    mailbox.seconds = 11.0
    await register(ask, mailbox)
    await video(ask)
    await anyio.sleep(112)
    mailbox.seconds = 0.0
    await anyio.sleep(1000)
    assert [one.status for one in world.deliveries] == [None, 200]


async def test_deliveries_end_after_a_day(ask: Ask, mailbox: Mailbox, world: World) -> None:
    """Or with their endpoint."""
    mailbox.answers = [500] * 1000
    endpoint = await register(ask, mailbox)
    await video(ask, callback_url=f"{mailbox.url}/mine")
    await anyio.sleep(200)
    await ask("DELETE", f"{PATH}/{endpoint['endpoint_id']}")
    before = len(mailbox.letters)
    await anyio.sleep(3 * 24 * 3600)
    rest = [letter.path for letter in mailbox.letters[before:]]
    assert set(rest) == {"/mine"}
    assert mailbox.letters[-1].at <= 100 + LAST_TRY_SECONDS
    assert sum(one.url.endswith("/mine") for one in world.deliveries) == len(list(attempt_delays()))


def test_waits_grow_for_a_day() -> None:
    """Each twice the one before; together no more than 24 hours, and more than 11."""
    first, *rest = attempt_delays()
    assert first == 0
    assert all(later == 2 * earlier for earlier, later in itertools.pairwise(rest))
    assert 11 * 3600 < sum(rest) <= 24 * 3600


async def test_strangers_are_not_spoken_to(ask: Ask, world: World) -> None:
    """A simulator has nothing to tell the rest of the world; it writes down what it would have sent."""
    await ask("POST", PATH, {"url": "https://example.com/hook"})
    await video(ask, callback_url="https://example.org/mine")
    await anyio.sleep(101)
    await ask("GET", "/v3/users/me")
    await anyio.sleep(1)
    noted = [(one.url, one.attempt, one.status) for one in world.deliveries]
    assert noted == [("https://example.com/hook", 0, None), ("https://example.org/mine", 0, None)]


async def test_a_receiver_that_is_not_there(world: World) -> None:
    """Its refusal is no error of the simulator; the server may end while it still tries."""
    async with serve(world) as server, aiohttp.ClientSession(headers={"x-api-key": "simulator-key"}) as http:
        async with http.post(f"{server.base_url}{PATH}", json={"url": "http://127.0.0.1:9/hook"}) as answer:
            assert answer.status == 200
        async with http.post(f"{server.base_url}/v3/videos", json=HELLO) as answer:
            assert answer.status == 200
        await anyio.sleep(110)
    assert [(one.attempt, one.status) for one in world.deliveries] == [(1, None), (2, None)]


# --- faults


async def test_a_lost_delivery_never_comes(ask: Ask, mailbox: Mailbox, world: World) -> None:
    """The log knows it all the same."""
    world.faults.append(LostDelivery(nth=1, event_type="avatar_video.*"))
    await register(ask, mailbox)
    lost, _ = await video(ask), await video(ask, title="second")
    await anyio.sleep(1000)
    assert [letter.value["event_data"]["video_id"] == lost for letter in mailbox.letters] == [False]
    assert len((await ask("GET", "/v3/webhooks/events"))[1]["data"]) == 2
    assert sorted(one.attempt for one in world.deliveries) == [0, 1]


async def test_half_of_the_deliveries_are_lost(ask: Ask, mailbox: Mailbox, world: World) -> None:
    """Drawn from the world's seed."""
    world.slots = 100
    world.faults.append(LostDelivery(probability=0.5, url=mailbox.url))
    await register(ask, mailbox)
    for _ in range(60):
        await video(ask)
    await anyio.sleep(1000)
    assert 15 < len(mailbox.letters) < 45


async def test_a_duplicate_and_a_late_delivery(ask: Ask, mailbox: Mailbox, world: World) -> None:
    """Twice under one id; both later than the end."""
    world.faults += [DuplicateDelivery(seconds=30), LateDelivery(seconds=500), LostDelivery(url="http://else/")]
    endpoint = await register(ask, mailbox)
    await video(ask)
    await anyio.sleep(1000)
    assert [letter.at for letter in mailbox.letters] == [pytest.approx(at, abs=0.1) for at in (600, 630)]
    assert len({letter.headers["Heygen-Event-Id"] for letter in mailbox.letters}) == 1
    assert all(letter.signed_with(endpoint["secret"]) for letter in mailbox.letters)


@pytest.mark.parametrize("registered", [True, False])
async def test_a_forged_delivery(ask: Ask, mailbox: Mailbox, world: World, registered: bool) -> None:  # noqa: FBT001
    """It tells of a success that was none; only a signature gives it away."""
    world.faults += [ForgedDelivery(), FailedRender()]
    secret = (await register(ask, mailbox))["secret"] if registered else ""
    video_id = await video(ask, **({} if registered else {"callback_url": f"{mailbox.url}/mine"}))
    await anyio.sleep(1000)
    assert mailbox.types == ["avatar_video.success", "avatar_video.fail"]
    ids = [letter.value["event_data"]["video_id"] for letter in mailbox.letters]
    assert (ids[0] == video_id, ids[1] == video_id) == (False, True)
    assert [letter.signed_with(secret) for letter in mailbox.letters] == [False, registered]
    assert [one.forged for one in world.deliveries] == [True, False]
