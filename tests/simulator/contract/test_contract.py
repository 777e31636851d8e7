"""A walk over the contract: every operation is served, answers as declared, and refuses what does not fit."""

from __future__ import annotations

import functools
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
KEYED = [where for where in OPERATIONS if operation(*where).keyed]


@functools.cache
def second_opinion(method: str, template: str, status: int) -> jsonschema.Draft202012Validator:
    """Return another library's validator for an answer."""
    schema = operation(method, template).answer_schema(status)
    translated = as_json_schema(DOCUMENT)
    return jsonschema.Draft202012Validator({**as_json_schema(schema), "components": translated["components"]})


def declared(asked: Operation) -> int:
    """Return the status of success that the contract declares."""
    (status,) = [int(status) for status in asked.document["responses"] if status.startswith("2")]
    return status


@pytest.fixture
async def names(ask: Ask, world: World) -> Names:
    world.slots = 100
    world.chat_stops = ("reviewing",)
    async with aiohttp.ClientSession() as storage:
        return await furnish(ask, storage)


async def request(http: aiohttp.ClientSession, asked: Operation, names: Names, key: str | None = None) -> Any:
    """Send the least that *asked* takes; return status and answer."""
    headers = {} if key is None else {"Idempotency-Key": key}
    more: dict[str, Any] = {}
    if asked.takes_form:
        more["data"] = form = aiohttp.FormData()
        form.add_field("file", PDF, filename="a.pdf")
    elif asked.takes_body:
        more["json"] = filled(least(asked), names)
    async with http.request(asked.method, path_of(asked, names), headers=headers, **more) as answer:
        return answer.status, await answer.json()


def test_every_operation_is_served() -> None:
    """All 94 of the contract, and nothing else."""
    assert sorted(ROUTES) == OPERATIONS
    assert len(OPERATIONS) == 94
    assert set(OPERATIONS) >= COSTLY


@pytest.mark.parametrize("where", OPERATIONS, ids=" ".join)
async def test_the_least_request_gets_what_is_declared(
    http: aiohttp.ClientSession, names: Names, where: tuple[str, str]
) -> None:
    """The declared status, and a body that another library finds valid."""
    asked = operation(*where)
    status, value = await request(http, asked, names)
    assert status == declared(asked), value
    assert list(second_opinion(*where, status).iter_errors(value)) == []


@pytest.mark.parametrize("where", WITH_BODY, ids=" ".join)
async def test_what_does_not_fit_is_refused(
    http: aiohttp.ClientSession, names: Names, world: World, where: tuple[str, str]
) -> None:
    """Unknown fields where the schema is closed, missing ones, wrong types: 400 in the declared envelope, unpaid."""
    asked = operation(*where)
    before = len(world.ledger)
    body = filled(least(asked), names)
    for path, bad in spoilt(asked, body):
        async with http.request(asked.method, path_of(asked, names), json=bad) as answer:
            value = await answer.json()
        assert (answer.status, path) == (400, path)
        assert list(second_opinion(*where, 400).iter_errors(value)) == []
        assert value["error"]["code"] == "invalid_parameter"
    assert len(world.ledger) == before


@pytest.mark.parametrize("where", [where for where in OPERATIONS if "{" in where[1]], ids=" ".join)
async def test_what_is_not_there_is_a_404(http: aiohttp.ClientSession, where: tuple[str, str]) -> None:
    """In the declared envelope."""
    asked = operation(*where)
    nobody: Names = dict.fromkeys(["asset_batch", "x"], "nobody")
    path = re.sub(r"{\w+}", "nobody", asked.template)
    body = filled(least(asked), nobody) if asked.takes_body else None
    async with http.request(asked.method, path, json=body) as answer:
        value = await answer.json()
    assert answer.status == 404
    assert list(second_opinion(*where, 404).iter_errors(value)) == []


@pytest.mark.parametrize("where", KEYED, ids=" ".join)
async def test_a_key_is_honoured_where_it_is_marked(
    http: aiohttp.ClientSession, names: Names, world: World, where: tuple[str, str]
) -> None:
    """The first answer again, and nothing is made or paid twice; another key is another request."""
    asked = operation(*where)
    first = await request(http, asked, names, "k1")
    assert first[0] == declared(asked)
    charges = len(world.ledger)
    assert await request(http, asked, names, "k1") == first
    assert len(world.ledger) == charges
    if asked.template != "/v3/avatars/{group_id}/consent":  # its answer need not differ
        assert await request(http, asked, names, "k2") != first


@pytest.mark.parametrize("path", ["/v3/background-removals", "/v3/voices", "/v3/voices/clone", "/v3/voices/speech"])
async def test_a_key_is_ignored_elsewhere(http: aiohttp.ClientSession, names: Names, path: str) -> None:
    """Each request is one."""
    asked = operation("POST", path)
    assert await request(http, asked, names, "k1") != await request(http, asked, names, "k1")


@pytest.mark.parametrize("where", [where for where in OPERATIONS if where in COSTLY], ids=" ".join)
async def test_what_costs_is_charged_once_for_each(
    http: aiohttp.ClientSession, names: Names, world: World, where: tuple[str, str]
) -> None:
    """And refused where there is too little money or no slot; a refusal charges nothing."""
    asked = operation(*where)
    before = len(world.ledger)
    status, _ = await request(http, asked, names)
    assert (status, len(world.ledger)) == (declared(asked), before + 1)
    world.balance_usd = 0
    assert (await request(http, asked, names))[0] == 402
    world.balance_usd, world.slots, world.batches_wait = 1e6, 0, False
    status, _ = await request(http, asked, names)
    assert status == (200 if where[1] == "/v3/avatars" else 429)
    assert len(world.ledger) == before + 1 + (where[1] == "/v3/avatars")
