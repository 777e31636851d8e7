"""`heygen.webhooks.ensure`, on the simulator: an address is registered once, by any number of starts and processes."""

from __future__ import annotations

import json
import logging
import os
import stat
from pathlib import Path
from typing import Any

import anyio
import pytest

from heygen_async import APIError, AuthenticationError, HeyGen, Receiver, WebhookEndpoint
from heygen_async.simulator import DropAfterAccept, ErrorAnswer, World
from tests.helpers.deliveries import body_of, signed

URL = "https://hooks.example.com/heygen"
ENDS = ("avatar_video.success", "avatar_video.fail")
ENDPOINTS = "/v3/webhooks/endpoints"


def registered(world: World) -> list[tuple[str, str, list[str] | None]]:
    """Return id, address and types of all endpoints of the account."""
    return [(one.endpoint_id, one.url, one.events) for one in world.outbox.endpoints.values()]


def secret_at_heygen(world: World, endpoint: WebhookEndpoint) -> str:
    return world.outbox.endpoints[endpoint.endpoint_id].secret


async def test_an_address_is_registered_once(heygen: HeyGen, world: World) -> None:
    """Any number of starts leaves one endpoint, and each knows a secret that HeyGen signs with from then on."""
    other = await heygen.webhooks.create(f"{URL}/mine")
    first = await heygen.webhooks.ensure(URL, events=ENDS)
    assert first.secret == secret_at_heygen(world, first)
    second = await heygen.webhooks.ensure(URL, events=reversed(ENDS))
    assert second.endpoint_id == first.endpoint_id
    assert second.secret == secret_at_heygen(world, second) != first.secret
    assert len(registered(world)) == 2
    assert other.endpoint_id in world.outbox.endpoints


async def test_a_known_secret_is_kept(heygen: HeyGen, world: World) -> None:
    """A start that knows the secret rotates nothing, so other processes can go on with it."""
    first = await heygen.webhooks.ensure(URL)
    second = await heygen.webhooks.ensure(f"{URL}/", secret=first.secret)
    assert second == first
    assert secret_at_heygen(world, first) == first.secret


async def test_a_file_keeps_the_secret(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """Restarts read the secret from the file, which nobody else may read; a lost file leads to a new secret."""
    file = tmp_path / "secret.json"
    first = await heygen.webhooks.ensure(URL, secret_file=file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert await heygen.webhooks.ensure(URL, secret_file=str(file)) == first
    file.write_text("{", encoding="utf-8")
    renewed = await heygen.webhooks.ensure(URL, secret_file=file)
    assert renewed.secret == secret_at_heygen(world, first) != first.secret
    assert json.loads(file.read_text(encoding="utf-8"))["secret"] == renewed.secret
    assert len(registered(world)) == 1


async def test_a_file_of_an_earlier_endpoint_is_not_believed(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """An endpoint that was removed and registered anew has another secret than the file."""
    file = tmp_path / "secret.json"
    first = await heygen.webhooks.ensure(URL, secret_file=file)
    await heygen.webhooks.delete(first.endpoint_id)
    await heygen.webhooks.create(URL)
    second = await heygen.webhooks.ensure(URL, secret_file=file)
    assert second.secret == secret_at_heygen(world, second) != first.secret


async def test_processes_that_start_together_share_one_endpoint(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """Four starts at once with one file take turns: one endpoint, one secret, which a receiver of any of them takes."""
    found: list[WebhookEndpoint] = []

    async def start() -> None:
        found.append(await heygen.webhooks.ensure(URL, secret_file=tmp_path / "secret.json"))

    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(start)
    assert len(registered(world)) == 1
    assert {one.secret for one in found} == {secret_at_heygen(world, found[0])}
    receiver = Receiver()
    receiver.trust(str(found[-1].secret))
    assert receiver.receive(body_of(), signed(body_of(), secret=secret_at_heygen(world, found[0])))


@pytest.mark.parametrize(
    ("before", "wanted"),
    [(ENDS, ("batch.finished",)), (None, ENDS), (ENDS, None)],
    ids=["others", "some of all", "all"],
)
async def test_other_types_of_events_are_set(heygen: HeyGen, world: World, before: Any, wanted: Any) -> None:
    """The endpoint has the wanted types afterwards, and there is one."""
    await heygen.webhooks.create(URL, events=before)
    endpoint = await heygen.webhooks.ensure(URL, events=wanted)
    ((_, _, events),) = registered(world)
    assert events == (None if wanted is None else list(wanted))
    assert endpoint.events == wanted
    assert endpoint.secret == secret_at_heygen(world, endpoint)


async def test_it_waits_for_the_server_that_heygen_probes(
    heygen: HeyGen, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """While the server has not started, HeyGen refuses its address; the registration is repeated, and made once."""
    refusal = ErrorAnswer(method="POST", path=ENDPOINTS, status=400, times=3, code="invalid_parameter")
    world.faults += [refusal, DropAfterAccept(method="POST", path=ENDPOINTS, nth=1)]
    began = anyio.current_time()
    with caplog.at_level(logging.INFO, logger="heygen_async"):
        endpoint = await heygen.webhooks.ensure(URL)
    assert [one for one, *_ in registered(world)] == [endpoint.endpoint_id]
    assert 6 <= anyio.current_time() - began < 10
    assert caplog.text.count("the webhook endpoint was refused, will try again") == 3


async def test_it_gives_up_with_the_reason(heygen: HeyGen, world: World) -> None:
    """A server that never answers is an error with HeyGen's words and a hint, after *within* seconds."""
    world.faults.append(ErrorAnswer(method="POST", path=ENDPOINTS, status=400, message="The URL does not answer."))
    began = anyio.current_time()
    with pytest.raises(APIError, match="The URL does not answer") as caught:
        await heygen.webhooks.ensure(URL, within=10)
    assert 8 <= anyio.current_time() - began <= 11
    assert caught.value.__notes__ == [f"HeyGen probes a new address: {URL} must answer OPTIONS and GET with 200"]


async def test_a_wrong_key_is_not_tried_for_long(server: Any, world: World) -> None:
    """An error that no later try can mend is raised at once."""
    began = anyio.current_time()
    async with HeyGen("wrong-key", base_url=server.base_url) as client:
        with pytest.raises(AuthenticationError):
            await client.webhooks.ensure(URL)
    assert anyio.current_time() - began < 2
    assert not registered(world)


async def test_an_address_of_this_machine_may_be_plain_http(heygen: HeyGen, world: World) -> None:
    """A simulator delivers to http on this machine; HeyGen delivers to https only, and so does the check."""
    for host in ("127.0.0.1", "localhost", "[::1]"):
        endpoint = await heygen.webhooks.ensure(f"http://{host}:{os.getpid() % 60000 + 1}/heygen")
        assert endpoint.endpoint_id in world.outbox.endpoints
    await heygen.webhooks.update(endpoint.endpoint_id, url="http://localhost/heygen")
    for refused in ("http://hooks.example.com/heygen", "http://localhost.example.com/", "http://10.0.0.1/"):
        with pytest.raises(ValueError, match="must begin with https"):
            await heygen.webhooks.ensure(refused)
