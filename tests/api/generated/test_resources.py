"""A walk over the contract with the client: each operation has one method, which sends and reads what is declared."""

from __future__ import annotations

import contextlib
import inspect
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import aiohttp
import anyio
import attrs
import pytest

from heygen_async import (
    AssetBase64,
    ContractError,
    DirectVideo,
    HeyGen,
    InvalidInputError,
    OutcomeUnknownError,
    VideoAgent,
)
from heygen_async.api.agents.session_job import AgentJob
from heygen_async.api.generated.lipsyncs import Lipsync, LipsyncRequest
from heygen_async.api.generated.templates import TemplateVideo
from heygen_async.api.handles import server_job
from heygen_async.api.handles.video import VideoJob
from heygen_async.http import wire
from heygen_async.http.pages import Listing
from heygen_async.simulator import DropAfterAccept, World
from heygen_async.simulator.contract.contract import Operation, operation
from heygen_async.simulator.router import COSTLY
from tests.codegen.generate import files, written
from tests.codegen.methods import RENAMED
from tests.codegen.operations import BY_HAND, RESOURCES
from tests.helpers.contract_bodies import build
from tests.helpers.furnished_account import OPERATIONS, PDF, Names, filled, furnish, path_of
from tests.helpers.simulator_ask import Ask
from tests.helpers.simulator_bodies import least

NAMES = [*BY_HAND, *(resource.name for resource in RESOURCES)]
FILM = "https://example.com/film.mp4"
ENDPOINT = "/v3/webhooks/endpoints/{endpoint_id}"
SOURCE = re.compile(r"Source: `([A-Z]+) (/v3/[^`]*)`(, `\w+: \w+`)?")


@pytest.mark.unmeasured
async def test_regenerating_changes_nothing() -> None:
    """What is checked in is what the generator writes."""
    pytest.importorskip("ruff", reason="the layout is ruff's")
    assert dict(files()) == written()


def test_resources_are_loaded_when_they_are_used() -> None:
    """A client costs nothing for what it does not use."""
    code = (
        "import sys; from heygen_async import HeyGen; heygen = HeyGen('k');"
        "loaded = lambda: sorted(n.split('.')[-1] for n in sys.modules if n.startswith('heygen_async.api.generated.'));"
        "print(loaded()); heygen.lipsyncs; print(loaded()); print(heygen.lipsyncs is heygen.lipsyncs)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "['lipsyncs', 'shared']", "True"]


def methods(heygen: HeyGen) -> dict[tuple[str, str], list[Callable[..., Any]]]:
    """Return the methods of each operation, as their docstrings tell; a method of one of its forms does not count."""
    found: dict[tuple[str, str], list[Callable[..., Any]]] = {}
    for name in NAMES:
        resource = getattr(heygen, name)
        for _, method in inspect.getmembers(resource, inspect.ismethod):
            told = SOURCE.search(inspect.getdoc(method) or "")
            if told and not method.__name__.startswith("_") and not told[3]:
                found.setdefault((told[1], told[2]), []).append(method)
    return found


async def test_each_operation_has_exactly_one_method(heygen: HeyGen) -> None:
    """All 122, and none that is not there."""
    found = methods(heygen)
    assert sorted(found) == OPERATIONS
    assert [where for where, ways in found.items() if len(ways) != 1] == []
    assert len(found) == 122


@pytest.fixture
async def names(ask: Ask, world: World) -> Names:
    world.strict_catalog = False  # the least calls name "x"
    world.slots = 100
    world.chat_stops = ("reviewing",)
    async with aiohttp.ClientSession() as storage:
        return await furnish(ask, storage)


def arguments(asked: Operation, names: Names, method: Callable[..., Any]) -> dict[str, Any]:
    """Return what the least call of a method needs."""
    path, _, query = path_of(asked, names).partition("?")
    ids = dict(zip(re.findall(r"{(\w+)}", asked.template), _ids(asked.template, path), strict=True))
    if asked.takes_form:
        return {"content": PDF, "filename": "a.pdf"}
    given: dict[str, Any] = dict(part.split("=") for part in query.split("&")) if query else {}
    if asked.template.endswith("/statuses"):
        given = {name: [value] for name, value in given.items()}
    given = {RENAMED.get(name, name): value for name, value in given.items()}
    return {**ids, **given, **_request(asked, names, method)}


def _ids(template: str, path: str) -> list[str]:
    return [told for name, told in zip(template.split("/"), path.split("/"), strict=True) if name[:1] == "{"]


def _request(asked: Operation, names: Names, method: Callable[..., Any]) -> dict[str, Any]:
    if not asked.takes_body:
        return {}
    schema = asked.document["requestBody"]["content"]["application/json"]["schema"]
    body = filled(least(asked), names)
    wanted = [name for name in ("request", "requests", "reply") if name in inspect.signature(method).parameters]
    if not wanted:
        known = asked.validator.resolve(schema).get("properties", {})
        if asked.template == ENDPOINT:
            body = {"url": FILM}  # without a change nothing is sent
        return {RENAMED.get(name, name): build(known[name], value) for name, value in body.items()}
    if wanted == ["requests"]:
        return {"requests": [_by_hand(item) for item in body["videos"]]}
    if asked.template in {"/v3/videos", "/v3/video-agents"}:
        return {"request": _by_hand(body)}
    return {wanted[0]: build(schema, body)}


def _by_hand(body: dict[str, Any]) -> Any:
    fields = {name: value for name, value in body.items() if name != "type"}
    return VideoAgent(**fields) if "prompt" in fields else DirectVideo(**fields)


async def called(method: Callable[..., Any], given: dict[str, Any]) -> Any:
    """Return what a method gives, or the list of all that it yields."""
    made = method(**given)
    if isinstance(made, contextlib.AbstractAsyncContextManager):
        async with made as events:
            return [event async for event in events]
    return [item async for item in made] if isinstance(made, Listing) else await made


@pytest.mark.parametrize("where", OPERATIONS, ids=" ".join)
async def test_the_method_sends_and_reads_its_operation(
    heygen: HeyGen, world: World, names: Names, where: tuple[str, str]
) -> None:
    """It is the operation that its docstring names, with a key where the contract takes one."""
    (method,) = methods(heygen)[where]
    asked = operation(*where)
    before = len(world.requests)
    made = await called(method, arguments(asked, names, method))
    sent = world.requests[before]
    assert (sent.method, sent.route) == where
    assert (sent.key is not None) == asked.keyed
    expected = {"/v3/videos": VideoJob, "/v3/video-agents": AgentJob}.get(where[1]) if where[0] == "POST" else None
    kind = expected or object
    assert isinstance(made, kind)
    for value in made if isinstance(made, list | tuple) else [made]:
        assert (
            attrs.has(type(value))
            or isinstance(value, VideoJob | AgentJob | server_job.ServerJob)
            or where[0] == "DELETE"
        )


@pytest.mark.parametrize("where", sorted(COSTLY), ids=" ".join)
async def test_a_lost_answer_is_never_paid_twice(
    heygen: HeyGen, world: World, names: Names, where: tuple[str, str]
) -> None:
    """With a key it is asked again and paid once; without one it is an OutcomeUnknownError, and not asked again."""
    (method,) = methods(heygen)[where]
    asked = operation(*where)
    given = arguments(asked, names, method)
    paid, sent = len(world.ledger), len(world.requests)
    world.faults.append(DropAfterAccept(nth=1))
    if asked.keyed:
        await called(method, given)
        assert len(world.requests) == sent + 2
    else:
        with pytest.raises(OutcomeUnknownError):
            await called(method, given)
        assert len(world.requests) == sent + 1
    assert len(world.ledger) == paid + 1


# Lists


async def test_a_list_is_read_by_items_or_by_pages(heygen: HeyGen) -> None:
    """As often as one likes; the pages hold the same items."""
    for _ in range(5):
        await heygen.lipsyncs.create(LipsyncRequest(video=FILM, audio=FILM))
    listing = heygen.lipsyncs.list(limit=2)
    assert repr(listing) == "Listing('/v3/lipsyncs')"
    by_item = [item.id async for item in listing]
    by_page = [[item.id for item in page.items] async for page in listing.pages()]
    assert [len(page) for page in by_page] == [2, 2, 1]
    assert [each for page in by_page for each in page] == by_item
    assert len(set(by_item)) == 5


# Refusals before anything is sent


async def test_a_request_of_another_kind_is_refused(heygen: HeyGen, world: World) -> None:
    """A dictionary has not been checked."""
    with pytest.raises(InvalidInputError, match="request: a dict; must be a LipsyncRequest"):
        await heygen.lipsyncs.create({"video": FILM})  # type: ignore[arg-type] # the case
    with pytest.raises(InvalidInputError, match="must be a DigitalTwin or PhotoAvatar or PromptAvatar"):
        await heygen.avatars.create(LipsyncRequest(video=FILM, audio=FILM))  # type: ignore[arg-type] # the case
    assert world.requests == []


@pytest.mark.parametrize(
    ("content", "filename", "reason"),
    [
        (b"", "a.pdf", "content: 0 bytes; must be 1 to 33,554,432"),
        (bytes(33_554_433), "a.pdf", "content: 33,554,433 bytes"),
        (PDF, "", "without quotes and line breaks"),
        (PDF, 'a".pdf', "without quotes"),
        (PDF, "a\r\nX-Evil: 1", "without quotes"),
    ],
)
async def test_an_upload_is_refused(heygen: HeyGen, world: World, content: bytes, filename: str, reason: str) -> None:
    """What HeyGen would not take, and what would break the form."""
    with pytest.raises(InvalidInputError, match=reason):
        await heygen.assets.create(content, filename=filename)
    assert world.requests == []


@pytest.mark.parametrize("ids", [[], ["x"] * 101, ["a/b"], ["a,b"], ["fine", ""]])
async def test_statuses_take_one_to_a_hundred_ids(heygen: HeyGen, world: World, ids: list[str]) -> None:
    """And ids only."""
    with pytest.raises(InvalidInputError):
        await heygen.lipsyncs.statuses(ids)
    assert world.requests == []


async def test_a_refusal_names_the_field(heygen: HeyGen) -> None:
    """Subject, value, reason."""
    with pytest.raises(InvalidInputError, match=r"NewFolder.name: ''; must have at least 1 character"):
        await heygen.folders.create("")
    with pytest.raises(InvalidInputError, match=r"NewFolder.name: 257 characters; must be at most 256"):
        await heygen.folders.create("x" * 257)
    with pytest.raises(InvalidInputError, match=r"VoiceDesign.seed: -1; must be a whole number, at least 0"):
        await heygen.voices.design("warm", seed=-1)
    with pytest.raises(InvalidInputError, match=r"LipsyncRequest.video: 'image/png'; must be an AssetUrl or AssetId"):
        LipsyncRequest(video=AssetBase64(data="AA==", media_type="image/png"), audio=FILM)


@pytest.mark.parametrize("variables", [{1: "x"}, {"x": {1, 2}}, {"x": float("nan")}, "x", [("x", 1)]])
async def test_variables_are_what_json_can_carry(variables: Any) -> None:
    """Names are text."""
    with pytest.raises(InvalidInputError, match=r"TemplateVideo\.variables"):
        TemplateVideo(variables=variables)


async def test_an_answer_of_tomorrow_is_read(heygen: HeyGen) -> None:
    """New fields and words are no errors; what is missing names its place."""
    data = {"id": "l", "status": "polishing", "tomorrow": [1], "created_at": 1.5}
    assert wire.decode(data, Lipsync).status == "polishing"
    with pytest.raises(ContractError, match="'status' is missing"):
        wire.decode({"id": "l"}, Lipsync)


async def test_a_session_is_answered_in_a_word(heygen: HeyGen, world: World) -> None:
    """Plain text is a reply; then the session goes on to its video."""
    world.chat_stops = ("reviewing",)
    job = await heygen.video_agents.create(VideoAgent(prompt="x", mode="chat"))
    await anyio.sleep(600)
    run = await heygen.video_agents.reply(job.id, "go on")
    assert run.session_id == job.id
    assert (await job.wait()).video_url
    (video,) = await heygen.video_agents.videos(job.id)
    assert video.status == "completed"
