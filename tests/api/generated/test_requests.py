"""The requests that are written from the contract, against the simulator, which reads the contract for itself."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest

from heygen_async import InvalidInputError
from heygen_async.http import wire
from heygen_async.simulator.contract.contract import operation
from heygen_async.simulator.contract.rules import broken_rules
from tests.codegen.classes import ANSWERS_BY_HAND, NAMES, REQUESTS_BY_HAND, TOGETHER
from tests.codegen.generate import DOCUMENT, VALUES
from tests.codegen.methods import ContractOperation, checks_query, query_name, read_operation
from tests.codegen.operations import RESOURCES
from tests.helpers.contract_bodies import ALSO, SCHEMAS, build, class_of, inside, least, outside, variants

REPLY = ("POST /v3/video-agents/{session_id}", "SendVideoAgentMessageRequest")
ASKED = [(resource, read_operation(DOCUMENT, VALUES, op)) for resource in RESOURCES for op in resource.ops]
BODIES = [
    (asked.op.where, arm)
    for _, asked in ASKED
    if asked.body and SCHEMAS[asked.body].get("properties", {"oneOf": 1})
    for arm in VALUES.arms(asked.body)
] + [REPLY]


def refused_by_simulator(where: str, body: Any) -> bool:
    method, _, path = where.partition(" ")
    return bool(list(operation(method, path).body_problems(body)) or list(broken_rules(path, body)))


def refused_by_model(schema: str, body: dict[str, Any]) -> bool:
    try:
        sent = wire.encode(build({"$ref": f"#/components/schemas/{schema}"}, body))
    except (InvalidInputError, TypeError, KeyError):  # the last two: what Python itself refuses
        return True
    assert json.loads(wire.dumps(sent)) == body
    return False


@pytest.mark.parametrize(("where", "schema"), BODIES)
def test_model_and_simulator_accept_the_same(where: str, schema: str) -> None:
    """For each field values at its limits, beyond them, of other types, and left out; inner objects too."""
    verdicts = []
    for way, body in variants(schema):
        tag = VALUES.tag(schema)
        whole = {**({tag[0]: tag[1]} if tag else {}), **body}
        refused = refused_by_simulator(where, whole)
        assert (refused_by_model(schema, whole), way) == (refused, way)
        verdicts.append(refused)
    assert verdicts.count(True) >= 3
    assert verdicts.count(False) >= 1


STUDIO = {"type": "avatar", "avatar_id": "a"}
SPEAKS = {"script": "s", "voice_id": "v"}
FILM = {"type": "video", "source": {"type": "asset_id", "asset_id": "a"}}
STILL = {"type": "image", "source": {"type": "asset_id", "asset_id": "a"}}
MODEL = {"model": "heygen-video-1", "prompt": "p"}
URLS = [{"type": "url", "url": "https://example.com/a.png"}]
HTTP = [{"type": "url", "url": "http://example.com/a.png"}]
CONSENT = "POST /v3/avatars/{group_id}/consent", "CreateAvatarConsentRequest"


def studio(**scene: Any) -> tuple[str, str, dict[str, Any]]:
    return "POST /v3/videos", "CreateVideoFromStudio", {"type": "studio", "scenes": [scene]}


def speaker(**fields: Any) -> tuple[str, str, dict[str, Any]]:
    return studio(type="avatar_video", input={**STUDIO, **fields})


def model_video(mode: str, **fields: Any) -> tuple[str, str, dict[str, Any]]:
    schema = {
        "image_to_video": "ImageToVideoRequest",
        "text_to_video": "TextToVideoRequest",
        "reference_to_video": "ReferenceToVideoRequest",
    }[mode]
    return "POST /v3/models/videos", schema, {"mode": mode, **MODEL, **fields}


@pytest.mark.parametrize(
    ("case", "refused"),
    [
        (speaker(), True),
        (speaker(script="s", audio_url="https://example.com/a.mp3"), True),
        (speaker(audio_asset_id="a"), False),
        (speaker(audio_asset_id="a", voice_settings={"speed": 1.1}), False),
        (speaker(script="s", voice_settings={"speed": 1.1}), False),
        (speaker(script="s", engine={"type": "avatar_iii"}, motion_prompt="m"), True),
        (speaker(script="s", engine={"type": "avatar_v"}, motion_prompt="m"), False),
        (speaker(script="s", engine={"type": "avatar_v"}, expressiveness="low"), True),
        (speaker(script="s", engine={"type": "avatar_iv"}, expressiveness="low"), False),
        (studio(**STILL), True),
        (studio(**STILL, duration=2), False),
        (studio(**STILL, **SPEAKS), False),
        (studio(**STILL, **SPEAKS, duration=2), True),
        (studio(**STILL, script="s"), True),
        (studio(**STILL, **SPEAKS, audio_asset_id="a"), True),
        (studio(**FILM), False),
        (studio(**FILM, **SPEAKS, playback={"mode": "loop"}), False),
        (studio(**FILM, playback={"mode": "loop"}), True),
        (studio(**FILM, playback={"mute": True}), False),
        ((*CONSENT, {"consent_text": "a < b"}), True),
        ((*CONSENT, {"consent_text": "fine", "reroute_url": "https://example.com/"}), False),
        ((*CONSENT, {"consent_video": URLS[0], "consent_text": "fine"}), True),
        ((*CONSENT, {"consent_video": URLS[0]}), False),
        (model_video("text_to_video", resolution="2k"), False),
        (model_video("text_to_video", resolution="2k", aspect_ratio="1:1"), True),
        (model_video("reference_to_video", reference_images=URLS, resolution="1080p"), True),
        (model_video("reference_to_video", reference_images=URLS, resolution="1080p", aspect_ratio="9:16"), False),
        (model_video("reference_to_video"), True),
        (model_video("reference_to_video", reference_audio=URLS), True),
        (model_video("reference_to_video", reference_videos=URLS), False),
        (model_video("reference_to_video", reference_videos=HTTP), True),
        (model_video("image_to_video", image=URLS[0]), False),
        (model_video("image_to_video", image=URLS[0], aspect_ratio="16:9"), True),
        (model_video("image_to_video", image=HTTP[0]), True),
        (model_video("reference_to_video", reference_images=URLS * 9, reference_videos=URLS * 3), False),
        (
            model_video(
                "reference_to_video", reference_images=URLS * 9, reference_videos=URLS * 3, reference_audio=URLS
            ),
            True,
        ),
    ],
)
def test_what_fields_say_together_is_judged_alike(case: tuple[str, str, dict[str, Any]], refused: bool) -> None:  # noqa: FBT001 - a column of the table
    """No schema can say it, so both sides have it by hand."""
    where, schema, body = case
    assert refused_by_simulator(where, body) is refused
    assert refused_by_model(schema, body) is refused


@pytest.mark.parametrize("address", ["x", "", "ftp://example.com/", "https://", "https://a b"])
def test_what_is_no_address_is_refused_here_only(address: str) -> None:
    """The contract calls most addresses text; a call that can never come helps nobody."""
    body = {**least("CreateLipsyncRequest"), "callback_url": address}
    assert not refused_by_simulator("POST /v3/lipsyncs", body)
    assert refused_by_model("CreateLipsyncRequest", body)


@pytest.mark.parametrize(
    "asked", [asked for _, asked in ASKED if checks_query(asked)], ids=lambda asked: asked.op.where
)
def test_parameters_are_judged_alike(asked: ContractOperation) -> None:
    """Lists take what the contract allows: page sizes, words, numbers."""
    resource = next(resource for resource, each in ASKED if each is asked)
    module = __import__(f"heygen_async.api.generated.{resource.name}", fromlist=["x"])
    kind = getattr(module, query_name(asked))
    fine = {name: next(inside(name, part["schema"])) for name, part in asked.query.items() if part["required"]}
    contract = operation(asked.method, asked.path)
    count = 0
    for name, part in asked.query.items():
        for value in [*inside(name, part["schema"]), *outside(name, part["schema"])]:
            if part["schema"]["type"] == "string" and not isinstance(value, str):
                continue  # in an address all is text
            query = {**fine, name: value}
            refused = bool(list(contract.query_problems(query)))
            try:
                sent = wire.encode(kind(**query))
            except InvalidInputError:
                assert refused, query
                count += 1
            else:
                assert not refused, query
                assert sent == query
    assert count >= 3


@pytest.mark.parametrize(("where", "schema"), BODIES)
def test_a_field_of_tomorrow_can_be_sent_today(where: str, schema: str) -> None:
    """`extra` is sent as it is, also in place of a field that is known."""
    body = least(schema)
    request = build(
        {"$ref": f"#/components/schemas/{schema}"}, {**body, **dict([VALUES.tag(schema) or ("extra", None)])}
    )
    more = attrs.evolve(request, extra={"tomorrow": [1]})
    assert wire.encode(more) == {**wire.encode(request), "tomorrow": [1]}
    known = next(iter(attrs.fields_dict(class_of(schema))))
    newer = attrs.evolve(request, extra={known: 1})
    assert wire.encode(newer) == {**wire.encode(request), known: 1}


def test_tables_name_schemas_of_the_contract() -> None:
    """A schema that leaves the contract leaves these tables too."""
    assert set(ALSO) | set(NAMES) | set(TOGETHER) | set(REQUESTS_BY_HAND) | set(ANSWERS_BY_HAND) <= set(SCHEMAS)
