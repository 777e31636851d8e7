"""Webhook endpoints, on a server that checks every request against the contract."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
import attrs
import pytest
from aiohttp import web

from heygen_async import HeyGen, InvalidInputError, Options, Receiver, WebhookEndpoint, errors
from tests.helpers.contract_document import CONTRACT, problems
from tests.helpers.deliveries import body_of, signed

URL = "https://example.com/hooks/heygen"
MADE = "2026-11-23T09:00:00Z"
ENDS = ["avatar_video.success", "avatar_video.fail"]


@attrs.define
class Account:
    """The webhook endpoints of a test account. A request that breaks the contract gets a 400 with the reason."""

    endpoints: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    first_answers: dict[str, Any] = attrs.field(factory=dict)
    log: list[dict[str, Any]] = attrs.field(factory=list)
    asked: list[str] = attrs.field(factory=list)
    made: int = 0
    slow: float = 0.0
    refuse: dict[str, int] = attrs.field(factory=dict)

    async def handle(self, request: web.Request) -> web.Response:
        template, ids = route(request.path)
        self.asked.append(f"{request.method} {template}")
        breach = await breaches(request, template)
        if breach:
            return refusal(400, breach)
        if status := self.refuse.get(request.method):
            return refusal(status, "out of order")
        answered = self._once(request, await request.read(), template, ids)
        await anyio.sleep(self.slow)
        return answered if isinstance(answered, web.Response) else checked(request.method, template, answered)

    def _once(self, request: web.Request, body: bytes, template: str, ids: list[str]) -> Any:
        key = request.headers.get("Idempotency-Key")
        if key is None or key not in self.first_answers:
            name = f"{request.method.lower()}_{template.rpartition('/')[2].strip('{}').replace('-', '_')}"
            answered = getattr(self, name)(*ids, json.loads(body) if body else dict(request.query))
            if key is None:
                return answered
            self.first_answers[key] = answered
        return self.first_answers[key]

    def post_endpoints(self, body: dict[str, Any]) -> Any:
        self.made += 1
        name = f"ep_{self.made}"
        self.endpoints[name] = {
            "endpoint_id": name,
            "url": body["url"],
            "events": body.get("events"),
            "status": "enabled",
            "created_at": MADE,
        }
        return {"data": {**self.endpoints[name], "secret": f"whsec_{self.made}"}}

    def get_endpoints(self, query: dict[str, str]) -> Any:
        return page(list(self.endpoints.values()), query)

    def patch_endpoint_id(self, name: str, body: dict[str, Any]) -> Any:
        if name not in self.endpoints:
            return refusal(404, "no such endpoint")
        self.endpoints[name] |= body
        return {"data": self.endpoints[name]}

    def delete_endpoint_id(self, name: str, _: Any) -> Any:
        return {"data": {}} if self.endpoints.pop(name, None) else refusal(404, "no such endpoint")

    def post_rotate_secret(self, name: str, _: Any) -> Any:
        return {"data": {"endpoint_id": name, "secret": "whsec_rotated"}}

    def get_event_types(self, _: Any) -> Any:
        return {"data": [{"event_type": "batch.finished", "description": "All of it."}], "has_more": False}

    def get_events(self, query: dict[str, str]) -> Any:
        kind = query.get("event_type")
        return page([entry for entry in self.log if kind in {None, entry["event_type"]}], query)


def page(rows: list[Any], query: dict[str, str]) -> Any:
    start, limit = int(query.get("token", 0)), int(query.get("limit", 10))
    more = start + limit < len(rows)
    return {"data": rows[start : start + limit], "has_more": more, "next_token": str(start + limit) if more else None}


def route(path: str) -> tuple[str, list[str]]:
    for template in sorted(CONTRACT["paths"], key=lambda known: "{" in known):
        found = re.fullmatch(re.sub(r"\{\w+\}", "([^/]+)", template), path)
        if found:
            return template, list(found.groups())
    raise AssertionError(f"{path} is not in the contract")


def parameter_names(place: str, operation: dict[str, Any]) -> set[str]:
    """Return the names of an operation's parameters in *place*: query or header."""
    shared = CONTRACT["components"]["parameters"]
    listed = [shared[p["$ref"].rpartition("/")[2]] if "$ref" in p else p for p in operation.get("parameters", [])]
    return {parameter["name"] for parameter in listed if parameter["in"] == place}


async def breaches(request: web.Request, template: str) -> str:
    """Return the violations of the contract in a request; empty if there are none."""
    operation = CONTRACT["paths"][template][request.method.lower()]
    found = [f"query {name}" for name in request.query if name not in parameter_names("query", operation)]
    if "Idempotency-Key" in request.headers and "Idempotency-Key" not in parameter_names("header", operation):
        found.append("a key where none is taken")
    if request.headers.get("x-api-key") != "key":
        found.append("no credentials")
    if not 1 <= int(request.query.get("limit", 10)) <= 100:
        found.append("limit")
    body = await request.read()
    if "requestBody" not in operation:
        return "; ".join([*found, *(["a body where none is due"] if body else [])])
    schema = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    if request.content_type != "application/json":
        found.append("no JSON")
    return "; ".join([*found, *problems(json.loads(body), schema)])


def checked(method: str, template: str, answered: Any) -> web.Response:
    """Check an answer of this server against the contract, and return it."""
    content = CONTRACT["paths"][template][method.lower()]["responses"]["200"]["content"]
    assert not problems(answered, content["application/json"]["schema"]["$ref"].rpartition("/")[2])
    return web.json_response(answered)


def refusal(status: int, message: str) -> web.Response:
    code = {400: "invalid_parameter", 404: "webhook_not_found"}.get(status, "internal_error")
    return web.json_response({"error": {"code": code, "message": message}}, status=status)


@pytest.fixture
def account() -> Account:
    """An account without endpoints."""
    return Account()


@pytest.fixture
async def heygen(account: Account) -> AsyncIterator[HeyGen]:
    """A client of the account."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", account.handle)
    runner = web.AppRunner(app, access_log=None, keepalive_timeout=1e7, shutdown_timeout=0.001)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with HeyGen("key", base_url=f"http://127.0.0.1:{runner.addresses[0][1]}") as client:
            yield client
    finally:
        await runner.cleanup()
        await asyncio.sleep(0)  # closed transports end in the next round of the loop


async def test_a_new_endpoint_has_its_secret(heygen: HeyGen) -> None:
    """The new endpoint has its secret; the list and the repr do not."""
    made = await heygen.webhooks.create(URL, events=(name for name in ENDS), entity_id="folder_1")
    assert (made.endpoint_id, made.url, made.events, made.status) == ("ep_1", URL, tuple(ENDS), "enabled")
    assert made.secret == "whsec_1"
    assert "whsec" not in repr(made)
    assert [endpoint async for endpoint in heygen.webhooks.list()] == [attrs.evolve(made, secret=None)]


async def test_all_events_are_the_default(heygen: HeyGen) -> None:
    """Without `events` no list is sent, which HeyGen reads as all events."""
    assert (await heygen.webhooks.create(URL)).events is None


async def test_a_repeated_registration_under_a_key_registers_once(heygen: HeyGen, account: Account) -> None:
    """Two registrations under one key make one endpoint."""
    options = Options(idempotency_key="k1")
    assert await heygen.webhooks.create(URL, options=options) == await heygen.webhooks.create(URL, options=options)
    assert len(account.endpoints) == 1


async def test_a_list_reads_all_pages(heygen: HeyGen, account: Account) -> None:
    """The list yields the endpoints of all pages, in order."""
    for number in range(5):
        await heygen.webhooks.create(f"{URL}/{number}")
    assert [endpoint.url[-1] async for endpoint in heygen.webhooks.list(limit=2)] == list("01234")
    assert account.asked.count("GET /v3/webhooks/endpoints") == 3


async def test_an_endpoint_is_changed(heygen: HeyGen) -> None:
    """`update` replaces the whole list of events, and leaves fields unchanged that are not given."""
    made = await heygen.webhooks.create(URL, events=ENDS)
    changed = await heygen.webhooks.update(made.endpoint_id, events=["batch.finished"])
    assert (changed.url, changed.events, changed.secret) == (URL, ("batch.finished",), None)
    moved = await heygen.webhooks.update(made.endpoint_id, url=f"{URL}/2")
    assert (moved.url, moved.events) == (f"{URL}/2", ("batch.finished",))


async def test_an_endpoint_is_removed(heygen: HeyGen, account: Account) -> None:
    """A second removal of an endpoint raises NotFoundError."""
    made = await heygen.webhooks.create(URL)
    await heygen.webhooks.delete(made.endpoint_id)
    assert not account.endpoints
    with pytest.raises(errors.NotFoundError, match="no such endpoint"):
        await heygen.webhooks.delete(made.endpoint_id)


async def test_a_secret_is_rotated(heygen: HeyGen) -> None:
    """The answer to a rotation has the new secret; its repr does not."""
    rotated = await heygen.webhooks.rotate_secret("ep_1")
    assert (rotated.endpoint_id, rotated.secret) == ("ep_1", "whsec_rotated")
    assert "whsec" not in repr(rotated)


async def test_types_of_events_are_listed(heygen: HeyGen) -> None:
    """The types of events have HeyGen's descriptions."""
    assert [(kind.event_type, kind.description) for kind in await heygen.webhooks.event_types()] == [
        ("batch.finished", "All of it.")
    ]


async def test_delivered_events_can_be_read_later(heygen: HeyGen, account: Account) -> None:
    """The log yields the events that a receiver would have passed on, all or those of one type."""
    account.log = [
        {"event_id": f"evt_{n}", "event_type": ENDS[n % 2], "created_at": MADE, "event_data": {"video_id": f"v{n}"}}
        for n in range(5)
    ]
    logged = [entry async for entry in heygen.webhooks.events(limit=2)]
    assert [entry.event.video_id for entry in logged] == ["v0", "v1", "v2", "v3", "v4"]
    assert [entry.event.ended for entry in logged[:2]] == ["success", "fail"]
    assert logged[0].event.event_id == "evt_0"
    failed = [entry.event_id async for entry in heygen.webhooks.events(event_type="avatar_video.fail")]
    assert failed == ["evt_1", "evt_3"]
    assert "v0" not in repr(logged[0])


BAD: list[tuple[dict[str, Any], str]] = [
    ({"url": "http://example.com"}, "https://"),
    ({"url": "example.com"}, "must be an address"),
    ({"url": None}, "pass the https address"),
    ({"url": URL, "events": []}, "1 to"),
    ({"url": URL, "events": "avatar_video.success"}, "must be a list"),
    ({"url": URL, "events": [""]}, "not blank"),
    ({"url": URL, "events": [7]}, "not blank"),
    ({"url": URL, "events": 7}, "must be a list"),
    ({"url": URL, "entity_id": " "}, "not blank"),
    ({"url": URL, "entity_id": 7}, "must be a str"),
]


@pytest.mark.parametrize(("fields", "message"), BAD)
async def test_an_invalid_endpoint_is_not_sent(
    heygen: HeyGen, account: Account, fields: dict[str, Any], message: str
) -> None:
    """`create` and `registered` refuse invalid fields, and `update` refuses a call without a change."""
    with pytest.raises(InvalidInputError, match=message):
        await heygen.webhooks.create(**fields)
    with pytest.raises(InvalidInputError, match=message):
        async with heygen.webhooks.registered(**fields):
            pass
    with pytest.raises(InvalidInputError, match="neither url nor events"):
        await heygen.webhooks.update("ep_1")
    with pytest.raises(InvalidInputError, match="must be letters"):
        await heygen.webhooks.delete("../videos")
    assert not account.asked


# Registered for a block


async def test_an_endpoint_is_registered_for_its_block(heygen: HeyGen, account: Account) -> None:
    """The block has an endpoint whose secret signs deliveries; after it, only other endpoints are left."""
    await heygen.webhooks.create(f"{URL}/mine")
    receiver = Receiver()
    async with heygen.webhooks.registered(URL, events=ENDS) as endpoint:
        assert endpoint.secret is not None
        assert account.endpoints[endpoint.endpoint_id]["events"] == ENDS
        receiver.trust(endpoint.secret)
        event = receiver.receive(body_of(), signed(body_of(), secret=endpoint.secret))
        assert event is not None
    assert [endpoint["url"] for endpoint in account.endpoints.values()] == [f"{URL}/mine"]


async def test_an_error_in_the_block_removes_the_endpoint(heygen: HeyGen, account: Account) -> None:
    """An error in the block is raised unchanged, and the endpoint is removed."""
    with pytest.raises(ZeroDivisionError):
        async with heygen.webhooks.registered(URL):
            raise ZeroDivisionError
    assert account.made == 1
    assert not account.endpoints


Cancelled = Callable[[Callable[[], Awaitable[None]], float], Awaitable[None]]


async def by_anyio(work: Callable[[], Awaitable[None]], after: float) -> None:
    with anyio.move_on_after(after) as scope:
        await work()
    assert scope.cancelled_caught


async def by_asyncio(work: Callable[[], Awaitable[None]], after: float) -> None:
    """Cancel as `asyncio.timeout` and Ctrl-C under `asyncio.run` do: without a cancel scope of anyio."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(after):
            await work()


CANCELLED = pytest.mark.parametrize("cancelled", [by_anyio, by_asyncio])


@CANCELLED
async def test_cancelling_the_block_removes_the_endpoint(
    heygen: HeyGen, account: Account, cancelled: Cancelled
) -> None:
    """A cancelled block removes its endpoint, even if that takes a while."""

    async def work() -> None:
        async with heygen.webhooks.registered(URL):
            account.slow = 3
            await anyio.sleep_forever()

    await cancelled(work, 60)
    assert account.made == 1
    assert not account.endpoints


@CANCELLED
async def test_a_cancelled_registration_is_removed(heygen: HeyGen, account: Account, cancelled: Cancelled) -> None:
    """If a registration is cancelled, its id is read by a second POST under the same key, and it is removed."""
    account.slow = 5

    async def work() -> None:
        async with heygen.webhooks.registered(URL):
            pytest.fail("it was cancelled before")

    await cancelled(work, 2)
    assert account.made == 1
    assert not account.endpoints


async def test_an_endpoint_that_was_removed_already(
    heygen: HeyGen, account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    """Leaving a block whose endpoint was removed by another client is no error and no warning."""
    async with heygen.webhooks.registered(URL) as endpoint:
        del account.endpoints[endpoint.endpoint_id]
    assert not caplog.records


async def test_an_endpoint_that_cannot_be_removed_is_logged(
    heygen: HeyGen, account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    """If an endpoint cannot be removed, a warning has its id, and the block ends without an error within 10 s."""
    with caplog.at_level(logging.WARNING, logger="heygen_async"):
        async with heygen.webhooks.registered(URL) as endpoint:
            account.refuse = {"DELETE": 500}
            start = anyio.current_time()
    assert anyio.current_time() - start <= 10
    assert endpoint.endpoint_id in caplog.text
    assert "still registered" in caplog.text


async def test_an_unclear_registration_is_logged(
    heygen: HeyGen, account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    """If a registration is cancelled and HeyGen then does not answer, a warning is logged."""
    account.slow = 60
    with caplog.at_level(logging.WARNING, logger="heygen_async"), anyio.move_on_after(2):
        async with heygen.webhooks.registered(URL):
            pytest.fail("it was cancelled before")
    assert anyio.current_time() <= 13
    assert "may be registered" in caplog.text


async def test_a_failed_registration_says_where_to_look(heygen: HeyGen, account: Account) -> None:
    """The error of a failed registration has a note that names `heygen.webhooks.list()`."""
    account.refuse = {"POST": 500}
    with pytest.raises(errors.ServerError) as caught:
        async with heygen.webhooks.registered(URL):
            pytest.fail("it is not registered")
    assert any("heygen.webhooks.list()" in note for note in caught.value.__notes__)


def test_an_endpoint_is_a_value() -> None:
    """Endpoints with equal fields are equal and hash alike."""
    fields: dict[str, Any] = {"endpoint_id": "e", "url": URL, "status": "enabled", "created_at": MADE}
    assert {WebhookEndpoint(**fields): 1}[WebhookEndpoint(**fields)] == 1
