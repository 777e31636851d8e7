"""The tool that compares contracts: it finds what was planted, calls it by its name, and knows what is to be done."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.codegen.changes import Change, changes
from tests.codegen.diff import main, report
from tests.codegen.facts import operations
from tests.codegen.generate import DOCUMENT, files, written
from tests.codegen.todo import regenerated, todo
from tests.helpers.paths import CONTRACT, ROOT

pytestmark = pytest.mark.unmeasured

OLDER = ROOT / "tests" / "codegen" / "openapi-2026-09.json.gz"

Spec = dict[str, Any]
Plant = Callable[[Spec], Any]

SMALL: Spec = {
    "openapi": "3.0.3",
    "paths": {
        "/v3/things": {
            "parameters": [{"name": "team", "in": "query", "schema": {"type": "string"}}],
            "post": {
                "parameters": [{"$ref": "#/components/parameters/Key"}],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewThing"}}},
                },
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
                    "400": {"$ref": "#/components/responses/Bad"},
                    "429": {"description": "too many"},
                },
            },
        },
        "/v3/things/{thing_id}": {
            "get": {
                "parameters": [
                    {"name": "thing_id", "in": "path", "required": True, "schema": {"type": "string"}},
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 100}},
                ],
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}
                },
            }
        },
    },
    "components": {
        "parameters": {"Key": {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}}},
        "responses": {
            "Bad": {
                "content": {
                    "application/json": {
                        "schema": {"$ref": "#/components/schemas/Error"},
                        "examples": {"bad": {"value": {"error": {"code": "invalid_parameter"}}}},
                    }
                }
            }
        },
        "schemas": {
            "Error": {"type": "object", "properties": {"error": {"$ref": "#/components/schemas/Problem"}}},
            "Problem": {"type": "object", "required": ["code"], "properties": {"code": {"type": "string"}}},
            "NewThing": {
                "type": "object",
                "required": ["name"],
                "additionalProperties": False,
                "properties": {
                    "name": {"type": "string", "minLength": 1, "maxLength": 100},
                    "size": {"type": "integer", "nullable": True},
                    "color": {"type": "string", "enum": ["red", "blue"], "default": "red"},
                    "speed": {"type": "number", "minimum": 0, "exclusiveMinimum": True, "maximum": 2},
                    "tags": {"type": "array", "maxItems": 3, "items": {"type": "string"}},
                    "part": {"anyOf": [{"$ref": "#/components/schemas/Part"}, {"enum": [None], "nullable": True}]},
                },
            },
            "Part": {
                "oneOf": [{"$ref": "#/components/schemas/Wheel"}, {"$ref": "#/components/schemas/Door"}],
                "discriminator": {
                    "propertyName": "kind",
                    "mapping": {"wheel": "#/components/schemas/Wheel", "door": "#/components/schemas/Door"},
                },
            },
            "Wheel": {
                "type": "object",
                "required": ["kind"],
                "properties": {"kind": {"type": "string", "enum": ["wheel"]}, "spokes": {"type": "integer"}},
            },
            "Door": {
                "type": "object",
                "required": ["kind"],
                "properties": {"kind": {"type": "string", "enum": ["door"]}, "handle": {"type": "string"}},
            },
            "Thing": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": {"type": "string"},
                    "status": {"type": "string", "x-known-values": ["new", "old"]},
                    "mode": {"type": "string", "enum": ["a", "b"]},
                    "inner": {"$ref": "#/components/schemas/Thing"},
                    "more": {"type": "object", "additionalProperties": {"type": "number"}},
                },
            },
        },
    },
}
POST, GET = "POST /v3/things", "GET /v3/things/{thing_id}"


def schema(spec: Spec, name: str) -> Any:
    return spec["components"]["schemas"][name]


def fields(spec: Spec, name: str) -> Any:
    return schema(spec, name)["properties"]


def post(spec: Spec) -> Any:
    return spec["paths"]["/v3/things"]["post"]


def get(spec: Spec) -> Any:
    return spec["paths"]["/v3/things/{thing_id}"]["get"]


def bad(spec: Spec) -> Any:
    return spec["components"]["responses"]["Bad"]["content"]["application/json"]


def planted(plant: Plant, spec: Spec = SMALL) -> Spec:
    changed = copy.deepcopy(spec)
    plant(changed)
    return changed


# What is planted -> (operation, text, breaks).
BOTH = [POST, GET]
PLANTS: list[tuple[Plant, list[str], str, bool]] = [
    # operations
    (lambda s: s["paths"].pop("/v3/things/{thing_id}"), [GET], "operation is gone", True),
    (lambda s: s["paths"]["/v3/things"].update(get=get(s)), ["GET /v3/things"], "operation is new", False),
    (lambda s: post(s).update(deprecated=True), [POST], "is deprecated", False),
    # parameters
    (lambda s: get(s)["parameters"].pop(), [GET], "query limit: gone", True),
    (
        lambda s: get(s)["parameters"].append({"name": "q", "in": "query", "schema": {"type": "string"}}),
        [GET],
        "query q: new, optional",
        False,
    ),
    (
        lambda s: get(s)["parameters"].append({"name": "q", "in": "query", "required": True, "schema": {}}),
        [GET],
        "query q: new, required",
        True,
    ),
    (lambda s: get(s)["parameters"][1]["schema"].update(maximum=50), [GET], "query limit: maximum 100 -> 50", True),
    (lambda s: get(s)["parameters"][1].update(required=True), [GET], "query limit: now required", True),
    (lambda s: get(s)["parameters"][0]["schema"].update(type="integer"), [GET], "path 1: type string -> integer", True),
    (lambda s: post(s)["parameters"].pop(), [POST], "header Idempotency-Key: gone", True),
    (lambda s: s["paths"]["/v3/things"].pop("parameters"), [POST], "query team: gone", True),
    # bodies
    (lambda s: post(s).pop("requestBody"), [POST], "body: gone", True),
    (lambda s: post(s)["requestBody"].update(required=False), [POST], "body: now optional", False),
    (lambda s: get(s).update(requestBody=post(s)["requestBody"]), [GET], "body: new, required", True),
    # fields of requests
    (lambda s: fields(s, "NewThing").pop("size"), [POST], "body.size: gone", True),
    (lambda s: fields(s, "NewThing").update(x={"type": "string"}), [POST], "body.x: new, optional", False),
    (lambda s: schema(s, "NewThing")["required"].append("size"), [POST], "body.size: now required", True),
    (lambda s: schema(s, "NewThing").pop("required"), [POST], "body.name: now optional", False),
    (
        lambda s: fields(s, "NewThing")["size"].pop("nullable"),
        [POST],
        "body.size: type integer or null -> integer",
        True,
    ),
    (
        lambda s: fields(s, "NewThing")["size"].update(type="number"),
        [POST],
        "body.size: type integer or null -> number or null",
        False,
    ),
    (
        lambda s: fields(s, "NewThing")["tags"]["items"].pop("type"),
        [POST],
        "body.tags[]: type string -> anything",
        False,
    ),
    (lambda s: fields(s, "NewThing")["color"]["enum"].pop(), [POST], "body.color: values gone: blue", True),
    (lambda s: fields(s, "NewThing")["color"]["enum"].append("green"), [POST], "body.color: values new: green", False),
    (
        lambda s: fields(s, "NewThing")["color"].pop("enum"),
        [POST],
        "body.color: no longer limited to certain values",
        False,
    ),
    (
        lambda s: fields(s, "NewThing")["name"].update(enum=["Ada", "Bob"]),
        [POST],
        "body.name: now one of Ada, Bob",
        True,
    ),
    (
        lambda s: fields(s, "NewThing")["color"].update(default="blue"),
        [POST],
        'body.color: default "red" -> "blue"',
        False,
    ),
    (lambda s: fields(s, "NewThing")["name"].update(maxLength=50), [POST], "body.name: maxLength 100 -> 50", True),
    (lambda s: fields(s, "NewThing")["name"].update(maxLength=500), [POST], "body.name: maxLength 100 -> 500", False),
    (lambda s: fields(s, "NewThing")["name"].pop("maxLength"), [POST], "body.name: maxLength 100 -> none", False),
    (lambda s: fields(s, "NewThing")["name"].update(minLength=2), [POST], "body.name: minLength 1 -> 2", True),
    (lambda s: fields(s, "NewThing")["name"].update(minLength=0), [POST], "body.name: minLength 1 -> none", False),
    (lambda s: fields(s, "NewThing")["name"].update(pattern="^a"), [POST], "body.name: pattern none -> ^a", True),
    (lambda s: fields(s, "NewThing")["speed"].update(minimum=1), [POST], "body.speed: exclusiveMinimum 0 -> 1", True),
    (lambda s: fields(s, "NewThing")["tags"].update(minItems=1), [POST], "body.tags: minItems none -> 1", True),
    (lambda s: schema(s, "NewThing").pop("additionalProperties"), [POST], "body: takes further fields", False),
    (
        lambda s: schema(s, "Wheel").update(additionalProperties=False),
        [POST],
        "body.part<wheel>: takes no further fields",
        True,
    ),
    (lambda s: fields(s, "Wheel").pop("spokes"), [POST], "body.part<wheel>.spokes: gone", True),
    (lambda s: schema(s, "Door")["required"].append("handle"), [POST], "body.part<door>.handle: now required", True),
    (lambda s: schema(s, "Part")["oneOf"].pop(), [POST], "body.part<door>: gone", True),
    (lambda s: fields(s, "NewThing")["part"]["anyOf"].pop(), [POST], "body.part: type object or null -> object", True),
    # fields of answers
    (lambda s: fields(s, "Thing").pop("id"), BOTH, "answer.id: gone", True),
    (lambda s: fields(s, "Thing").update(x={"type": "string"}), BOTH, "answer.x: new", False),
    (lambda s: schema(s, "Thing")["required"].pop(), BOTH, "answer.id: now optional", True),
    (lambda s: schema(s, "Thing")["required"].append("mode"), BOTH, "answer.mode: now required", False),
    (lambda s: fields(s, "Thing")["id"].update(nullable=True), BOTH, "answer.id: type string -> string or null", True),
    (
        lambda s: fields(s, "Thing")["more"]["additionalProperties"].update(type="integer"),
        BOTH,
        "answer.more{}: type number -> integer",
        False,
    ),
    (lambda s: fields(s, "Thing")["mode"]["enum"].append("c"), BOTH, "answer.mode: values new: c", False),
    (lambda s: fields(s, "Thing")["mode"]["enum"].pop(), BOTH, "answer.mode: values gone: b", False),
    (lambda s: fields(s, "Thing")["id"].update(maxLength=9), BOTH, "answer.id: maxLength none -> 9", False),
    (
        lambda s: fields(s, "Thing")["status"]["x-known-values"].append("lost"),
        BOTH,
        "answer.status: known values new: lost",
        False,
    ),
    (
        lambda s: fields(s, "Thing")["status"]["x-known-values"].pop(),
        BOTH,
        "answer.status: known values gone: old",
        False,
    ),
    # errors
    (lambda s: post(s)["responses"].pop("429"), [POST], "status 429: gone", False),
    (
        lambda s: post(s)["responses"].update({"402": {"$ref": "#/components/responses/Bad"}}),
        [POST],
        "status 402: new: invalid_parameter",
        False,
    ),
    (lambda s: post(s)["responses"].update({"503": {}}), [POST], "status 503: new", False),
    (
        lambda s: bad(s)["examples"].update(more={"value": {"error": {"code": "too_long"}}}),
        [POST],
        "status 400: error codes new: too_long",
        False,
    ),
    (
        lambda s: fields(s, "Problem")["code"].update(enum=["invalid_parameter", "too_long"]),
        [POST],
        "status 400: error codes new: too_long",
        False,
    ),
    (
        lambda s: bad(s).update(examples={}, example={"error": {"code": "bad_request"}}),
        [POST],
        "status 400: error codes gone: invalid_parameter",
        False,
    ),
    (lambda s: schema(s, "Problem").update(required=[]), [POST], "error.error.code: now optional", True),
]


@pytest.mark.parametrize(("plant", "where", "text", "breaks"), PLANTS, ids=[plant[2] for plant in PLANTS])
def test_what_is_planted_is_found(plant: Plant, where: list[str], text: str, breaks: bool) -> None:  # noqa: FBT001 - a column of the table
    """By its operation and its full path, and as breaking or not; two changes at most, where one brings another."""
    found = changes(SMALL, planted(plant))
    assert {Change(name, text, breaks=breaks) for name in where} <= set(found)
    assert len(found) <= len(where) + 1


def test_the_way_back_undoes_it() -> None:
    """What is new one way is gone the other way; nothing is told twice or left out."""
    for plant, where, _, _ in PLANTS:
        there, back = changes(SMALL, planted(plant)), changes(planted(plant), SMALL)
        assert {change.operation for change in there} == {change.operation for change in back} == set(where)


REWRITTEN: list[Plant] = [
    lambda s: fields(s, "NewThing").update(size={"type": ["integer", "null"]}),
    lambda s: fields(s, "NewThing").update(size={"oneOf": [{"type": "integer"}, {"type": "null"}]}),
    lambda s: fields(s, "NewThing")["part"].update(anyOf=[{"$ref": "#/components/schemas/Part"}, {"type": "null"}]),
    lambda s: fields(s, "NewThing").update(speed={"type": "number", "exclusiveMinimum": 0, "maximum": 2}),
    lambda s: fields(s, "NewThing").update(color={"enum": ["blue", "red"], "default": "red", "description": "Of it."}),
    lambda s: fields(s, "Wheel").update(kind={"const": "wheel"}),
    lambda s: fields(s, "Thing").update(id={"allOf": [{"type": "string"}], "example": "t1"}),
    lambda s: s["components"]["schemas"].update(
        Wheel={
            "allOf": [
                {"$ref": "#/components/schemas/Round"},
                {"required": ["kind"], "properties": {"kind": {"const": "wheel"}}},
            ]
        },
        Round={"type": "object", "properties": {"spokes": {"type": "integer"}}},
    ),
    lambda s: (schema(s, "Part").pop("discriminator"), s),
    lambda s: schema(s, "Thing").pop("type"),
    lambda s: s["components"]["schemas"].update(Other=schema(s, "Thing")),
    lambda s: (
        s["paths"].update({"/v3/things/{id}": s["paths"].pop("/v3/things/{thing_id}")})
        or get_by_id(s)["parameters"][0].update(name="id")
    ),
    lambda s: post(s).update({"summary": "Make a thing.", "x-source": "elsewhere"}),
]


def get_by_id(spec: Spec) -> Any:
    return spec["paths"]["/v3/things/{id}"]["get"]


@pytest.mark.parametrize("plant", REWRITTEN, ids=range(len(REWRITTEN)))
def test_another_way_to_say_the_same_is_no_change(plant: Plant) -> None:
    """OpenAPI 3.1 for 3.0, another order, words, names of schemas and of ids."""
    assert changes(SMALL, planted(plant)) == changes(planted(plant), SMALL) == []


def test_a_body_that_is_a_form_is_told_from_json() -> None:
    form = {"multipart/form-data": {"schema": {"type": "object", "properties": {"file": {"type": "string"}}}}}
    found = changes(SMALL, planted(lambda s: post(s)["requestBody"].update(content=form)))
    assert [change.text for change in found] == ["body (multipart/form-data): new, required", "body: gone"]


def test_arms_that_look_alike_are_numbered() -> None:
    """They have no names of their own."""
    arms = [{"type": "object", "properties": {name: {"type": "string"}}} for name in "ab"]
    spec = planted(lambda s: fields(s, "NewThing").update(part={"oneOf": arms}))
    paths = operations(spec)["POST /v3/things"].asked
    assert ("body", "part", "<object 1>", "a") in paths
    assert ("body", "part", "<object 2>", "b") in paths


def test_what_refers_to_itself_only_ends() -> None:
    """A damaged document is read to its end, too."""
    spec = planted(lambda s: fields(s, "Thing").update(inner={"$ref": "#/components/schemas/Loop"}))
    spec["components"]["schemas"]["Loop"] = {"$ref": "#/components/schemas/Loop"}
    assert operations(spec)


# Our own contract


def test_our_contract_equals_itself_and_all_of_it_is_read() -> None:
    assert changes(DOCUMENT, copy.deepcopy(DOCUMENT)) == []
    assert len(operations(DOCUMENT)) == 122


@pytest.mark.parametrize("name", sorted(DOCUMENT["components"]["schemas"])[::24])
def test_nothing_of_our_contract_is_overlooked(name: str) -> None:
    """Any schema that is used, emptied, is a change of each operation that uses it."""
    used = json.dumps([DOCUMENT["paths"], DOCUMENT["components"]]).count(f'schemas/{name}"')
    found = changes(
        DOCUMENT, planted(lambda s: s["components"]["schemas"].update({name: {"type": "boolean"}}), DOCUMENT)
    )
    assert bool(found) == bool(used)


# What is printed


def test_breaking_changes_come_first_by_operation() -> None:
    def plant(spec: Spec) -> None:
        fields(spec, "NewThing").pop("size")
        fields(spec, "Thing").update(x={})
        get(spec)["parameters"].pop()

    assert list(report(changes(SMALL, planted(plant)))) == [
        "2 breaking changes and 2 others, in 2 operations",
        "",
        "BREAKING",
        "",
        POST,
        "  body.size: gone",
        "",
        GET,
        "  query limit: gone",
        "",
        "OTHERS",
        "",
        POST,
        "  answer.x: new",
        "",
        GET,
        "  answer.x: new",
    ]


def test_what_happens_to_many_operations_is_told_once() -> None:
    spec = planted(lambda s: fields(s, "StandardAPIError").pop("doc_url"), DOCUMENT)
    lines = list(report(changes(DOCUMENT, spec)))
    assert lines[0] == "122 breaking changes and 0 others, in 122 operations"
    assert lines[4].startswith("122 operations, from ")
    assert lines[5:] == ["  error.error.doc_url: gone"]


def saved(spec: Spec, path: Path) -> str:
    path.write_text(json.dumps(spec), encoding="utf-8")
    return str(path)


def test_the_exit_code_says_whether_something_has_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0, 1, and 2 for what is no contract; without a second file it is compared with ours."""
    same, other = saved(SMALL, tmp_path / "a"), saved(planted(PLANTS[0][0]), tmp_path / "b")
    assert main([str(CONTRACT)]) == main([same, same]) == 0
    assert capsys.readouterr().out == "0 breaking changes and 0 others, in 0 operations\n" * 2
    assert main([other, same]) == 1
    assert f"{GET}\n  operation is gone" in capsys.readouterr().out
    for arguments in ([], ["a", "b", "c"], [str(tmp_path / "none")], [saved({}, tmp_path / "c")]):
        assert main(arguments) == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        assert shown.err


def test_the_older_copy_is_compared_with_the_newer_one(capsys: pytest.CaptureFixture[str]) -> None:
    """The way of taking over a contract, on the copies of September and November 2026: 28 operations were added."""
    assert main([str(CONTRACT), str(OLDER)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert re.match(r"\d+ breaking changes and \d+ others, in \d+ operations", lines[0])
    new = lines.index("  operation is new")
    assert lines[new - 1] == "28 operations, from GET /v3/api_keys/self to GET /v3/videos/{video_id}/voice-capabilities"
    assert "  body.message: now optional" in lines
    place = lines.index("POST /v3/assets/{asset_id}/complete")
    assert lines[place + 1 : place + 3] == ["  body.multipart_id: new, optional", "  body.parts: new, optional"]
    assert lines[-1].startswith("python -m tests.codegen.generate  # writes anew: assets.py")
    assert main([str(OLDER), str(CONTRACT)]) == 1
    assert "28 operations, from GET /v3/api_keys/self" in capsys.readouterr().out


# What is to be done


def lines_of(plant: Plant) -> list[str]:
    spec = planted(plant, DOCUMENT)
    return list(todo(DOCUMENT, spec, changes(DOCUMENT, spec)))[4:]


TITLE = {"type": "string", "nullable": True}
TO_DO: list[tuple[Plant, set[str]]] = [
    (lambda s: fields(s, "CreateLipsyncRequest").update(language=TITLE), {"lipsyncs.py"}),
    (lambda s: fields(s, "CreateLipsyncRequest")["mode"]["enum"].append("draft"), {"lipsyncs.py"}),
    (lambda s: fields(s, "CreditPool").pop("resets_at"), {"users.py"}),
    (lambda s: s["components"]["responses"].pop("Error402"), set()),
    (lambda s: fields(s, "CreateVideoFromAvatar").pop("title"), set()),
]


@pytest.mark.parametrize(("plant", "names"), TO_DO[:3] + TO_DO[4:])
def test_what_is_said_to_be_regenerated_is_what_the_generator_changes(plant: Plant, names: set[str]) -> None:
    """The message is checked against the files as they are, laid out."""
    pytest.importorskip("ruff", reason="the layout is ruff's")
    spec = planted(plant, DOCUMENT)
    there = written()
    assert {name for name, text in files(spec) if text != there[name]} == set(regenerated(DOCUMENT, spec)) == names


STOPS = (
    "the generator cannot write from it yet, it stops at KeyError('/v3/users/me'): "
    "see tests/codegen, classes and wording"
)


@pytest.mark.parametrize(
    ("plant", "lines"),
    [
        (
            lambda s: fields(s, "CreditPool").pop("resets_at"),
            ["python -m tests.codegen.generate  # writes anew: users.py"],
        ),
        (
            lambda s: s["paths"]["/v3/lipsyncs"]["post"]["responses"].pop("402"),
            ["nothing is to be regenerated"],
        ),
        (
            lambda s: fields(s, "VideoDetail").pop("title"),
            [
                "GET /v3/video-agents/{session_id}/videos has changed and is written by hand: see heygen_async/api",
                "GET /v3/videos has changed and is written by hand: see heygen_async/api",
                "GET /v3/videos/{video_id} has changed and is written by hand: see heygen_async/api",
                "nothing is to be regenerated",
            ],
        ),
        (
            lambda s: s["paths"].update({"/v3/new": {"get": s["paths"]["/v3/users/me"]["get"]}}),
            [
                "GET /v3/new has no method: name it in tests/codegen/operations.py, or write it by hand",
                "nothing is to be regenerated",
            ],
        ),
        (
            lambda s: fields(s, "StandardAPIError").pop("doc_url"),
            [
                "errors look different: see heygen_async/http/wire.py and heygen_async/errors.py",
                "nothing is to be regenerated",
            ],
        ),
        (
            lambda s: s["paths"]["/v3/videos"].pop("get"),
            ["GET /v3/videos is gone: take its method out of heygen_async/api", "nothing is to be regenerated"],
        ),
        (
            lambda s: s["paths"].pop("/v3/users/me"),
            [
                "GET /v3/users/me is gone: take its method out of tests/codegen/operations.py",
                STOPS,
            ],
        ),
    ],
)
def test_what_is_to_be_done_is_told(plant: Plant, lines: list[str]) -> None:
    assert lines_of(plant) == lines


def test_the_place_of_the_contract_is_told() -> None:
    """The first thing to do is to replace the one copy that there is; without changes there is nothing to do."""
    spec = planted(TO_DO[0][0], DOCUMENT)
    (place,) = re.findall(r"\S+\.json", list(todo(DOCUMENT, spec, changes(DOCUMENT, spec)))[3])
    assert ROOT / place == CONTRACT
    assert list(todo(DOCUMENT, DOCUMENT, [])) == []
