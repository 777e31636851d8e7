"""Every operation of the contract is served, answers as declared, and refuses requests that break the contract."""

from __future__ import annotations

import functools
import json
import re
from typing import Any

import aiohttp
import jsonschema
import pytest

from heygen_async.simulator import World
from heygen_async.simulator.contract.contract import Operation, operation
from heygen_async.simulator.router import COSTLY, ROUTES
from tests.helpers.furnished_account import DOCUMENT, OPERATIONS, PDF, Names, filled, furnish, path_of
from tests.helpers.json_schema import as_json_schema
from tests.helpers.simulator_ask import Ask
from tests.helpers.simulator_bodies import least, spoilt

WITH_BODY = [where for where in OPERATIONS if operation(*where).takes_body and not operation(*where).takes_form]
STREAMED = {("POST", "/v3/models/audio/tts/stream")}
WITHOUT_SLOT = {"/v3/avatars", "/v3/models/audio/tts", "/v3/models/audio/tts/stream"}
KEYED = [where for where in OPERATIONS if operation(*where).keyed]


@functools.cache
def answer_validator(method: str, template: str, status: int) -> jsonschema.Draft202012Validator:
    """Return jsonschema's validator for an answer."""
    schema = operation(method, template).answer_schema(status)
    translated = as_json_schema(DOCUMENT)
    return jsonschema.Draft202012Validator({**as_json_schema(schema), "components": translated["components"]})


def declared(asked: Operation) -> int:
    """Return the declared status of success."""
    (status,) = [int(status) for status in asked.document["responses"] if status.startswith("2")]
    return status


@pytest.fixture
async def names(ask: Ask, world: World) -> Names:
    world.strict_catalog = False  # the smallest requests name "x"
    world.slots = 100
    world.chat_stops = ("reviewing",)
    async with aiohttp.ClientSession() as storage:
        return await furnish(ask, storage)


async def request(http: aiohttp.ClientSession, asked: Operation, names: Names, key: str | None = None) -> Any:
    """Send the smallest request that *asked* accepts and return status and answer."""
    headers = {} if key is None else {"Idempotency-Key": key}
    more: dict[str, Any] = {}
    if asked.takes_form:
        more["data"] = form = aiohttp.FormData()
        form.add_field("file", PDF, filename="a.pdf")
    elif asked.takes_body:
        more["json"] = filled(least(asked), names)
    async with http.request(asked.method, path_of(asked, names), headers=headers, **more) as answer:
        is_json = answer.content_type == "application/json"
        return answer.status, await (answer.json() if is_json else answer.text())


def test_every_operation_is_served() -> None:
    """The server has routes for all 122 operations of the contract and no others."""
    assert sorted(ROUTES) == OPERATIONS
    assert len(OPERATIONS) == 122
    assert set(OPERATIONS) >= COSTLY


@pytest.mark.parametrize("where", OPERATIONS, ids=" ".join)
async def test_the_smallest_request_gets_the_declared_answer(
    http: aiohttp.ClientSession, names: Names, where: tuple[str, str]
) -> None:
    """The smallest request gets the declared status and a body that jsonschema finds valid."""
    asked = operation(*where)
    status, value = await request(http, asked, names)
    assert status == declared(asked), value
    if where in STREAMED:
        assert [json.loads(line.removeprefix("data: "))["type"] for line in value.split("\n\n")[:-2]] == ["audio"]
    else:
        assert list(answer_validator(*where, status).iter_errors(value)) == []


@pytest.mark.parametrize("where", WITH_BODY, ids=" ".join)
async def test_an_invalid_body_is_refused(
    http: aiohttp.ClientSession, names: Names, world: World, where: tuple[str, str]
) -> None:
    """Unknown fields of a closed schema, missing fields and wrong types get a 400 envelope and are not charged."""
    asked = operation(*where)
    before = len(world.ledger)
    body = filled(least(asked), names)
    for path, bad in spoilt(asked, body):
        async with http.request(asked.method, path_of(asked, names), json=bad) as answer:
            value = await answer.json()
        assert (answer.status, path) == (400, path)
        assert list(answer_validator(*where, 400).iter_errors(value)) == []
        assert value["error"]["code"] == "invalid_parameter"
    assert len(world.ledger) == before


@pytest.mark.parametrize("where", [where for where in OPERATIONS if "{" in where[1]], ids=" ".join)
async def test_an_unknown_id_gets_a_404(http: aiohttp.ClientSession, where: tuple[str, str]) -> None:
    """An unknown id gets a 404 in the declared envelope."""
    asked = operation(*where)
    unknown: Names = dict.fromkeys(["asset_batch", "x"], "nobody")
    path = re.sub(r"{\w+}", "nobody", asked.template)
    body = filled(least(asked), unknown) if asked.takes_body else None
    async with http.request(asked.method, path, json=body) as answer:
        value = await answer.json()
    assert answer.status == 404
    assert list(answer_validator(*where, 404).iter_errors(value)) == []


@pytest.mark.parametrize("where", KEYED, ids=" ".join)
async def test_a_key_is_honoured_where_the_contract_documents_it(
    http: aiohttp.ClientSession, names: Names, world: World, where: tuple[str, str]
) -> None:
    """A repeated key gets the first answer and makes no second charge; another key is another request."""
    asked = operation(*where)
    first = await request(http, asked, names, "k1")
    assert first[0] == declared(asked)
    charges = len(world.ledger)
    assert await request(http, asked, names, "k1") == first
    assert len(world.ledger) == charges
    if asked.template != "/v3/avatars/{group_id}/consent":  # its answers may be equal
        assert await request(http, asked, names, "k2") != first


@pytest.mark.parametrize("path", ["/v3/background-removals", "/v3/voices", "/v3/voices/clone", "/v3/voices/speech"])
async def test_a_key_is_ignored_elsewhere(http: aiohttp.ClientSession, names: Names, path: str) -> None:
    """Operations without documented keys treat a repeated key as a new request."""
    asked = operation("POST", path)
    assert await request(http, asked, names, "k1") != await request(http, asked, names, "k1")


@pytest.mark.parametrize("where", [where for where in OPERATIONS if where in COSTLY], ids=" ".join)
async def test_a_costly_request_is_charged_once(
    http: aiohttp.ClientSession, names: Names, world: World, where: tuple[str, str]
) -> None:
    """A costly request is charged once; without money or slots it is refused and charges nothing."""
    asked = operation(*where)
    before = len(world.ledger)
    status, _ = await request(http, asked, names)
    assert (status, len(world.ledger)) == (declared(asked), before + 1)
    world.balance_usd = 0
    assert (await request(http, asked, names))[0] == 402
    world.balance_usd, world.slots, world.batches_wait = 1e6, 0, False
    status, _ = await request(http, asked, names)
    assert status == (200 if where[1] in WITHOUT_SLOT else 429)
    assert len(world.ledger) == before + 1 + (where[1] in WITHOUT_SLOT)
