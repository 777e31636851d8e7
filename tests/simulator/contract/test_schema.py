"""Schema validator, rules between fields, and prices."""

from __future__ import annotations

import copy
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings, strategies as st

from heygen_async.simulator.account.catalog import LOOKS
from heygen_async.simulator.account.prices import duration, price
from heygen_async.simulator.contract.contract import operation
from heygen_async.simulator.contract.rules import look_problems, url_problems, video_problems
from heygen_async.simulator.contract.schema import Validator, is_web_address
from heygen_async.simulator.http.replies import FieldError
from heygen_async.simulator.router import ROUTES
from tests.helpers.json_schema import as_json_schema

ANIMAL = {
    "oneOf": [{"$ref": "#/animals/cat"}, {"$ref": "#/animals/dog"}],
    "discriminator": {"propertyName": "kind", "mapping": {"cat": "#/animals/cat", "dog": "#/animals/dog"}},
}
DOCUMENT = {
    "animals": {
        "cat": {
            "type": "object",
            "properties": {"kind": {"enum": ["cat"]}, "lives": {"type": "integer", "maximum": 9}},
            "required": ["kind", "lives"],
            "additionalProperties": False,
        },
        "dog": {
            "type": "object",
            "properties": {"kind": {"enum": ["dog"]}},
            "additionalProperties": {"type": "string"},
        },
    },
}


def problem_paths(schema: dict[str, Any], value: Any) -> list[str]:
    return [problem.path for problem in Validator(DOCUMENT).problems(schema, value, "$")]


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "string"}, ["", "x"], [1, None, [], True]),
        ({"type": "string", "nullable": True}, [None, "x"], [1]),
        ({"type": "integer"}, [0, -3], [1.0, True, "1", None]),
        ({"type": "number"}, [0, 1.5], [True, "1", float("nan"), float("inf")]),
        ({"type": "boolean"}, [True, False], [0, "true"]),
        ({"enum": ["a", "b"]}, ["a"], ["c", None]),
        ({"enum": ["a", None], "nullable": True}, ["a", None], ["c"]),
        ({"type": "number", "minimum": 1, "maximum": 2}, [1, 2], [0.99, 2.01]),
        ({"type": "number", "minimum": 0, "exclusiveMinimum": True}, [0.1], [0]),
        ({"type": "number", "maximum": 2, "exclusiveMaximum": True}, [1.9], [2]),
        ({"type": "integer", "multipleOf": 2}, [0, 4], [3]),
        ({"type": "string", "minLength": 1, "maxLength": 3}, ["a", "äöü"], ["", "abcd"]),
        ({"type": "string", "pattern": "^#[0-9A-F]{6}$"}, ["#00FF00"], ["00FF00"]),
        (
            {"type": "string", "format": "uri"},
            ["https://example.com/a?b=c"],
            ["ftp://example.com", "x", "http://[", ""],
        ),
        ({"type": "string", "format": "date"}, ["whatever"], []),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 2}, [[1], [1, 2]], [[], [1, 2, 3]]),
        ({"type": "array"}, [[], [1, "a", None]], [{}]),
        ({"type": "object"}, [{}, {"a": 1}], [[], "a"]),
        ({}, [None, 1, "a", {}], []),
        ({"nullable": True, "anyOf": [{"type": "integer"}, {"enum": [None], "nullable": True}]}, [None, 3], ["a"]),
        (ANIMAL, [{"kind": "cat", "lives": 9}, {"kind": "dog", "name": "Rex"}], [7, None]),
    ],
)
def test_each_keyword_is_checked(schema: dict[str, Any], good: list[Any], bad: list[Any]) -> None:
    """Each keyword that the contract uses is checked at its bounds."""
    assert [value for value in good if problem_paths(schema, value)] == []
    assert [value for value in bad if not problem_paths(schema, value)] == []


@pytest.mark.parametrize(
    ("schema", "value", "paths"),
    [
        (ANIMAL, {"kind": "cat"}, ["$.lives"]),
        (ANIMAL, {"kind": "cat", "lives": 10, "wings": 2}, ["$.lives", "$.wings"]),
        (ANIMAL, {"kind": "dog", "name": 7}, ["$.name"]),
        (ANIMAL, {"lives": 3}, ["$.kind"]),
        (ANIMAL, {"kind": "cow"}, ["$.kind"]),
        (ANIMAL, {"kind": ["cat"]}, ["$.kind"]),
        ({"type": "array", "items": {"type": "integer"}}, [1, "b", 3, "d"], ["$[1]", "$[3]"]),
        ({"type": "string", "minLength": 4, "pattern": "x"}, "a", ["$", "$"]),
    ],
)
def test_each_problem_has_a_path(schema: dict[str, Any], value: Any, paths: list[str]) -> None:
    """All problems are found at once, each with its path."""
    assert problem_paths(schema, value) == paths


@pytest.mark.parametrize(
    ("value", "paths"),
    [
        ({"pet": {"kind": "cat", "lives": 9, "wings": 2}}, []),
        ({"pet": {"kind": "cow", "horns": 2}}, []),
        ({"pet": {"kind": "cat", "lives": 10}}, ["pet.lives"]),
        ({"pet": {"kind": "dog", "name": 7}}, ["pet.name"]),
        ({"pet": {"kind": 5}}, ["pet.kind"]),
        ({"size": "huge", "hue": 1}, []),
        ({"size": 4}, ["size"]),
    ],
)
def test_an_open_contract_accepts_new_fields_and_words(value: dict[str, Any], paths: list[str]) -> None:
    """A field or word of a newer contract passes; limits and types of known fields are kept."""
    owner = {
        "type": "object",
        "properties": {"pet": ANIMAL, "size": {"enum": ["small", "large"]}},
        "additionalProperties": False,
    }
    assert [problem.path for problem in Validator(DOCUMENT, is_open=True).problems(owner, value)] == paths
    assert [problem.path for problem in Validator(DOCUMENT, is_open=True).problems(ANIMAL, {"kind": "cow"})] == ["kind"]
    cows = Validator(DOCUMENT, is_open=True).problems({"type": "array", "items": ANIMAL}, [{"kind": "cow"}], "pets")
    assert [problem.path for problem in cows] == ["pets[0].kind"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(body=st.dictionaries(st.sampled_from(["type", "script", "avatar_id", "engine", "scenes", "x"]), json_values))
def test_any_body_can_be_checked(body: dict[str, Any]) -> None:
    """Any JSON body gets a list of problems; only bodies that fit the schema reach the rules."""
    asked = operation("POST", "/v3/videos")
    problems = list(asked.body_problems(body)) or list(video_problems(body))
    assert all(problem.message.endswith(".") for problem in problems)


def body_validator(template: str) -> jsonschema.Draft202012Validator:
    """Return jsonschema's validator for the body of a POST."""
    document = as_json_schema(operation("POST", template).validator.document)
    schema = document["paths"][template]["post"]["requestBody"]["content"]["application/json"]["schema"]
    formats = jsonschema.FormatChecker(formats=())
    formats.checks("uri")(lambda text: not isinstance(text, str) or is_web_address(text))
    return jsonschema.Draft202012Validator({**schema, "components": document["components"]}, format_checker=formats)


VALIDATORS = {
    template: body_validator(template) for template in ("/v3/videos", "/v3/videos/batches", "/v3/video-agents")
}


def names_of(schemas: dict[str, Any]) -> list[str]:
    return sorted({name for schema in schemas.values() for name in schema.get("properties", {})} | {"nonsense"})


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_jsonschema_accepts_the_same_bodies(data: st.DataObject) -> None:
    """Our validator and jsonschema accept the same bodies, valid ones with members changed, dropped and added."""
    template = data.draw(st.sampled_from(sorted(VALIDATORS)))
    body = copy.deepcopy(data.draw(st.sampled_from(VALID_BODIES[template])))
    names = names_of(operation("POST", template).validator.document["components"]["schemas"])
    for _ in range(data.draw(st.integers(0, 3))):
        items = body.get("videos")
        place = items[-1] if isinstance(items, list) and items and isinstance(items[-1], dict) else body
        place[data.draw(st.sampled_from(names))] = data.draw(MEMBERS)
    ours = list(operation("POST", template).body_problems(body))
    theirs = list(VALIDATORS[template].iter_errors(body))
    assert bool(ours) == bool(theirs), (body, ours, theirs)


def test_every_route_is_in_the_contract() -> None:
    """Every route is an operation of the contract."""
    for method, template in ROUTES:
        assert operation(method, template).template == template


HELLO = {"type": "avatar", "avatar_id": "look_anna", "voice_id": "voice_warm", "script": "Hi"}
FACE = {"type": "url", "url": "https://example.com/face.png"}
PICTURE = {"type": "image", "image": FACE, "script": "Hi", "voice_id": "voice_warm"}
WALK = {"type": "cinematic_avatar", "prompt": "walks", "avatar_id": ["look_anna"]}
FILM = {"type": "url", "url": "https://example.com/film.MP4"}
ASSET = {"type": "asset_id", "asset_id": "a1"}
SILENT = {"type": "image", "source": FACE, "duration": 3}
SPOKEN = {"type": "video", "source": FILM, "script": "Hi", "voice_id": "v", "playback": {"mode": "loop"}}
V3 = {"engine_settings": {"engine_type": "elevenlabs", "model": "eleven_v3", "stability": 0.3}}


MEMBERS = st.none() | st.booleans() | st.integers(-1, 20) | st.sampled_from([
    "", "x", "avatar", "image", "9:16", "720p", "webm", "chat", "https://example.com/a", 0.3, 1.5, [], {}, [1], ["a"],
    [ASSET], [ASSET] * 21, ASSET, FACE, FILM, V3, SILENT, SPOKEN, [SILENT], [SPOKEN, SILENT], {"type": "avatar_v"},
    {"type": "avatar_x"}, {"type": "color", "value": "#00FF00"}, {"type": "color", "value": "green"}, {"style": None},
    {"image": FACE, "scale": 0}, {"image": FACE, "placement": {"offset_x": -1}}, {"speed": 0.4}, {"speed": 1.5},
])  # fmt: skip
VALID_BODIES: dict[str, list[dict[str, Any]]] = {
    "/v3/videos": [HELLO, PICTURE, WALK, {"type": "studio", "scenes": [SILENT, SPOKEN]}, {}],
    "/v3/videos/batches": [{"videos": [HELLO, PICTURE]}, {"videos": [WALK], "title": "All"}, {"videos": []}, {}],
    "/v3/video-agents": [{"prompt": "A welcome"}, {"prompt": "A chat", "files": [ASSET]}, {}],
}


def base64(media_type: str) -> dict[str, str]:
    return {"type": "base64", "media_type": media_type, "data": "AA=="}


def studio(*scenes: dict[str, Any]) -> dict[str, Any]:
    return {"type": "studio", "scenes": list(scenes)}


def broken_paths(body: dict[str, Any]) -> list[str]:
    problems = list(operation("POST", "/v3/videos").body_problems(body)) or list(video_problems(body))
    return [problem.path for problem in problems]


@pytest.mark.parametrize(
    "body",
    [
        HELLO,
        {"type": "avatar", "avatar_id": "a", "audio_url": "https://example.com/a.mp3"},
        HELLO | {"engine": {"type": "avatar_v"}, "motion_prompt": "nods"},
        HELLO | {"expressiveness": "high", "motion_prompt": "nods"},
        HELLO | {"background": {"type": "color", "value": "#00FF00"}},
        HELLO | {"background": {"type": "image", "asset_id": "a1"}},
        HELLO | {"voice_settings": {"engine_settings": V3["engine_settings"] | {"stability": 0.5}}},
        HELLO | {"script": "x" * 5000, "title": None, "folder_id": ""},
        PICTURE,
        PICTURE | {"output_format": "webm"},
        {"type": "image", "image": ASSET, "audio_asset_id": "a2"},
        WALK | {"auto_duration": True},
        WALK | {"duration": 15, "references": [FILM] * 3 + [FACE] * 8},
        WALK | {"references": [ASSET] * 11},
        studio({"type": "avatar_video", "input": HELLO | {"type": "avatar"}}, SILENT, SPOKEN),
        studio({"type": "video", "source": FILM}),
        studio({"type": "image", "source": FACE, "audio_asset_id": "a1"}),
    ],
)
def test_a_valid_body_breaks_no_rule(body: dict[str, Any]) -> None:
    """Valid bodies break no rule, at the bounds too."""
    assert broken_paths(body) == []


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({"type": "avatar_shots"}, ["type"]),
        ({"script": "Hi"}, ["type"]),
        ({"type": "avatar", "script": "Hi"}, ["avatar_id"]),
        ({"type": "avatar", "avatar_id": "a"}, ["script"]),
        (HELLO | {"audio_url": "https://example.com/a.mp3"}, ["audio_url"]),
        (HELLO | {"script": ""}, ["script"]),
        (HELLO | {"script": "x" * 5001}, ["script"]),
        (HELLO | {"callback_url": "example.com"}, ["callback_url"]),
        (HELLO | {"image": FACE}, ["image"]),
        (HELLO | {"resolution": "8k"}, ["resolution"]),
        (HELLO | {"voice_settings": {"speed": 2}}, ["voice_settings.speed"]),
        (HELLO | {"voice_settings": V3}, ["voice_settings.engine_settings.stability"]),
        (HELLO | {"engine": {"type": "avatar_v"}, "expressiveness": "low"}, ["expressiveness"]),
        (
            HELLO | {"engine": {"type": "avatar_iii"}, "expressiveness": "low", "motion_prompt": "nods"},
            ["expressiveness", "motion_prompt"],
        ),
        (HELLO | {"background": {"type": "color"}}, ["background.value"]),
        (HELLO | {"background": {"type": "color", "value": "red"}}, ["background.value"]),
        (HELLO | {"background": {"type": "image"}}, ["background.url"]),
        (HELLO | {"background": {"type": "image", "url": "u", "asset_id": "a"}}, ["background.url"]),
        (HELLO | {"output_format": "webm", "background": {"type": "color", "value": "#000000"}}, ["background"]),
        (PICTURE | {"voice_id": None}, ["voice_id"]),
        (PICTURE | {"engine": {"type": "avatar_iv"}}, ["engine"]),
        (PICTURE | {"image": {"type": "url", "url": "face.png"}}, ["image.url"]),
        (WALK | {"callback_url": "https://example.com"}, ["callback_url"]),
        (WALK | {"avatar_id": "look_anna"}, ["avatar_id"]),
        (WALK | {"avatar_id": []}, ["avatar_id"]),
        (WALK | {"avatar_id": ["a"] * 4}, ["avatar_id"]),
        (WALK | {"aspect_ratio": "4:5"}, ["aspect_ratio"]),
        (WALK | {"duration": 3}, ["duration"]),
        (WALK | {"duration": 10, "auto_duration": True}, ["duration"]),
        (WALK | {"references": [FILM] * 4}, ["references"]),
        (WALK | {"references": [base64("video/mp4")] * 4}, ["references"]),
        (WALK | {"references": [base64("image/png")] * 9}, ["references"]),
        (WALK | {"references": [ASSET] * 12}, ["references"]),
        (WALK | {"references": [{"type": "url", "url": "http://["}]}, ["references[0].url"]),
        (studio(), ["scenes"]),
        (studio(SILENT | {"script": "Hi", "voice_id": "v"}), ["scenes[0].duration"]),
        (studio(SILENT, {"type": "image", "source": FACE}), ["scenes[1].duration"]),
        (studio({"type": "video", "source": FILM, "script": "Hi"}), ["scenes[0].voice_id"]),
        (studio(SPOKEN | {"audio_asset_id": "a"}), ["scenes[0].audio_asset_id"]),
        (studio({"type": "video", "source": FILM, "playback": {"mode": "loop"}}), ["scenes[0].playback.mode"]),
        (studio({"type": "avatar_video", "input": {"type": "avatar", "avatar_id": "a"}}), ["scenes[0].input.script"]),
    ],
)
def test_a_broken_rule_is_reported_with_its_path(body: dict[str, Any], paths: list[str]) -> None:
    """Each rule that a request alone can break is reported with the path of the field."""
    assert broken_paths(body) == paths


@pytest.mark.parametrize(
    ("look_id", "changes", "paths"),
    [
        ("look_anna", {}, []),
        ("look_ben", {"expressiveness": "high", "motion_prompt": "nods"}, []),
        ("look_ben", {"engine": {"type": "avatar_iii"}}, ["engine"]),
        ("look_chloe", {"engine": {"type": "avatar_v"}}, ["engine"]),
        ("look_anna", {"expressiveness": "high"}, ["expressiveness"]),
        ("look_anna", {"motion_prompt": "nods"}, ["motion_prompt"]),
        ("look_anna", {"motion_prompt": "nods", "engine": {"type": "avatar_v"}}, []),
    ],
)
def test_some_rules_depend_on_the_look(look_id: str, changes: dict[str, Any], paths: list[str]) -> None:
    """Some rules depend on the type of the look and its engines."""
    look = next(look for look in LOOKS if look.id == look_id)
    assert [problem.path for problem in look_problems(HELLO | changes, look)] == paths


def test_an_invalid_url_of_a_file_is_reported() -> None:
    """Each file of an agent with an invalid URL is reported."""
    body = {"files": [FACE, {"type": "url", "url": "x"}, ASSET]}
    assert list(url_problems(body)) == [
        FieldError(path="files[1].url", message="Input should be an http or https URL."),
    ]


@pytest.mark.parametrize("text", ["http://", "https:// x.org", "http://x y", "//x.org"])
def test_a_web_address_has_scheme_and_host(text: str) -> None:
    """A web address has a scheme, a host and no blanks."""
    assert not is_web_address(text)


@pytest.mark.parametrize(
    ("kind", "body", "seconds", "usd"),
    [
        ("avatar", {"script": "word " * 150}, 60.0, 4.002),
        ("avatar", {"script": "Hi"}, 1.0, 0.0667),
        ("avatar", {"script": "word " * 150, "voice_settings": {"speed": 1.5}}, 40.0, 2.668),
        ("avatar", {"audio_url": "https://example.com/a.mp3"}, 30.0, 2.001),
        ("image", {"script": "word " * 150}, 60.0, 3.0),
        ("cinematic_avatar", {}, 10.0, 7.0),
        ("cinematic_avatar", {"duration": 4}, 4.0, 7.0),
        ("video_agent", {"prompt": "A welcome"}, 30.0, 0.999),
        ("video_agent", {"prompt": "A 60-second welcome"}, 60.0, 1.998),
        ("video_agent", {"prompt": "about 2 minutes long"}, 120.0, 3.996),
        ("studio", studio(SILENT, {"type": "avatar_video", "input": {"script": "word " * 25}}), 13.0, 0.8671),
    ],
)
def test_prices_depend_on_the_length(kind: str, body: dict[str, Any], seconds: float, usd: float) -> None:
    """Prices are those of section 6 of the notes, at 150 words a minute."""
    assert duration(kind, body) == pytest.approx(seconds)
    assert price(kind, body) == pytest.approx(usd)


@pytest.mark.parametrize(
    ("look", "fields", "usd"),
    [
        ("photo_avatar", {}, 3.0),
        ("photo_avatar", {"engine": {"type": "avatar_iii"}}, 2.598),
        ("photo_avatar", {"engine": {"type": "avatar_v"}}, 3.0),
        ("photo_avatar", {"resolution": "4k"}, 4.002),
        ("digital_twin", {"engine": {"type": "avatar_iii"}}, 1.002),
        ("digital_twin", {"resolution": "4k", "engine": {"type": "avatar_v"}}, 4.998),
        ("studio_avatar", {}, 4.002),
        (None, {"engine": None}, 4.002),
        (None, {"engine": {"type": "avatar_6"}, "resolution": "2k"}, 6.0),
    ],
)
def test_prices_depend_on_engine_look_and_resolution(look: str | None, fields: dict[str, Any], usd: float) -> None:
    """A minute of speech at the prices of November 2026; an engine that the notes do not name has a price, too."""
    body = {"avatar_id": "a", "script": "word " * 150, **fields}
    assert price("avatar", body, lambda _: look) == pytest.approx(usd)
