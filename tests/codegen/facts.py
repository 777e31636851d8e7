"""From a contract to plain facts: each operation, each field of it under its full path, all references resolved.

OpenAPI 3.0 and 3.1 are read alike: `nullable`, a type "null" and an arm that is null are one thing, `const` is a choice
of one, and a boolean `exclusiveMinimum` is the number beside it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import attrs

Schema: TypeAlias = Mapping[str, Any]
Path: TypeAlias = tuple[str, ...]

METHODS = ("get", "put", "post", "delete", "patch")
ANYTHING = frozenset({"string", "integer", "number", "boolean", "object", "array", "null"})
LIMITS = (
    *("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"),
    *("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"),
    *("pattern", "format", "multipleOf", "uniqueItems"),
)
_OF_UNIONS = {"oneOf", "anyOf", "discriminator", "x-ref"}
_OF_VALUES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


@attrs.frozen(kw_only=True)
class Fact:
    """What a contract says of one field.

    Attributes:
        required: It must be there.
        kinds: Types that it may have; "number" comes with "integer".
        values: The only ones it may have, as JSON; None if it is free.
        known: Values that it has so far, as JSON, where it may get others.
        limits: Such as maxLength; the default, as JSON, is among them.
        closed: An object that takes no other fields.
    """

    required: bool
    kinds: frozenset[str]
    values: frozenset[str] | None = None
    known: frozenset[str] = frozenset()
    limits: Mapping[str, Any] = attrs.field(factory=dict)
    closed: bool = False


@attrs.frozen(kw_only=True)
class Operation:
    """One operation.

    Attributes:
        name: METHOD /path.
        asked: Its parameters and its body.
        answered: What comes back, and what errors look like.
        codes: Status -> the error codes that are named for it; empty for good statuses.
        deprecated: It is to go.
    """

    name: str
    asked: Mapping[Path, Fact]
    answered: Mapping[Path, Fact]
    codes: Mapping[str, frozenset[str]]
    deprecated: bool


def operations(document: Schema) -> dict[str, Operation]:
    """Return the operations of a contract. Those of two contracts are the same if only names in the path differ."""
    reader = Reader(document)
    return {
        re.sub(r"{\w+}", "{}", f"{method.upper()} {path}"): reader.operation(method, path, item)
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    }


@attrs.frozen
class Reader:
    """Reads one contract."""

    document: Schema

    def operation(self, method: str, path: str, item: Schema) -> Operation:
        """Return what is said of an operation."""
        said = item[method]
        parameters = [self.resolved(each) for each in (*item.get("parameters", ()), *said.get("parameters", ()))]
        answers = {status: self.resolved(answer) for status, answer in said.get("responses", {}).items()}
        return Operation(
            name=f"{method.upper()} {path}",
            asked={**dict(self._parameters(path, parameters)), **dict(self._body(said))},
            answered=dict(self._answers(answers)),
            codes={status: self._codes(status, answer) for status, answer in answers.items()},
            deprecated=bool(said.get("deprecated")),
        )

    def resolved(self, node: Schema) -> Schema:
        """Follow a reference, and those that it leads to; what stands beside it counts too."""
        seen = set()
        while (ref := node.get("$ref")) and ref not in seen:
            seen.add(ref)
            node = {**self._at(ref), **{name: part for name, part in node.items() if name != "$ref"}}
        return node

    def _at(self, ref: str) -> Schema:
        found: Any = self.document
        for step in ref.removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        target: Schema = found
        return target

    def _parameters(self, path: str, parameters: list[Schema]) -> Iterator[tuple[Path, Fact]]:
        names = re.findall(r"{(\w+)}", path)
        for each in parameters:
            in_path = each["in"] == "path"
            name = f"{names.index(each['name']) + 1}" if in_path and each["name"] in names else each["name"]
            yield from self.fields(
                each.get("schema", {}), (f"{each['in']} {name}",), required=bool(each.get("required"))
            )

    def _body(self, said: Schema) -> Iterator[tuple[Path, Fact]]:
        body = self.resolved(said.get("requestBody", {}))
        for kind, content in body.get("content", {}).items():
            root = "body" if kind == "application/json" else f"body ({kind})"
            yield from self.fields(content.get("schema", {}), (root,), required=bool(body.get("required")))

    def _answers(self, answers: Mapping[str, Schema]) -> Iterator[tuple[Path, Fact]]:
        """Yield the fields of the first good answer and of the first error."""
        for root, is_one in (("answer", re.compile("2..")), ("error", re.compile("[45]..|default"))):
            schemas = [self._schema(answer) for status, answer in sorted(answers.items()) if is_one.fullmatch(status)]
            yield from self.fields(schemas[0], (root,)) if schemas and schemas[0] else ()

    @staticmethod
    def _schema(answer: Schema) -> Schema:
        schema: Schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
        return schema

    def _codes(self, status: str, answer: Schema) -> frozenset[str]:
        """Return the codes that an error answer names: in its schema or in its examples."""
        if status.startswith("2"):
            return frozenset()
        code = self._property(self._property(self._schema(answer), "error"), "code")
        declared = {*code.get("enum", ()), *code.get("x-known-values", ())}
        content = answer.get("content", {}).get("application/json", {})
        examples = [self.resolved(each).get("value") for each in content.get("examples", {}).values()]
        shown = {_code_in(example) for example in (*examples, content.get("example"))}
        return frozenset(map(str, (declared | shown) - {None}))

    def _property(self, schema: Schema, name: str) -> Schema:
        return self._part(self._part(schema).get("properties", {}).get(name, {}))

    # Schemas

    def fields(
        self, schema: Schema, path: Path, *, required: bool = True, trail: tuple[str, ...] = ()
    ) -> Iterator[tuple[Path, Fact]]:
        """Yield a field and all fields within it; what contains itself is told once."""
        arms, nullable = self._arms(schema)
        facts = [_fact(arm, required=required) for arm in arms]
        yield path, _together(facts, required=required, nullable=nullable)
        if len(arms) == 1 and "x-label" not in arms[0]:
            yield from self._inner(arms[0], path, trail)
            return
        labels = [self._label(arm) for arm in arms]
        for number, (arm, fact) in enumerate(zip(arms, facts, strict=True)):
            label = labels[number] if labels.count(labels[number]) == 1 else f"{labels[number]} {number + 1}"
            yield (*path, f"<{label}>"), fact
            yield from self._inner(arm, (*path, f"<{label}>"), trail)

    def _inner(self, schema: Schema, path: Path, trail: tuple[str, ...]) -> Iterator[tuple[Path, Fact]]:
        ref = schema.get("x-ref")
        if ref in trail:
            return
        trail = (*trail, ref) if ref else trail
        needed = schema.get("required", ())
        for name, part in schema.get("properties", {}).items():
            yield from self.fields(part, (*path, name), required=name in needed, trail=trail)
        if isinstance(schema.get("items"), Mapping):
            yield from self.fields(schema["items"], (*path, "[]"), trail=trail)
        if isinstance(schema.get("additionalProperties"), Mapping):
            yield from self.fields(schema["additionalProperties"], (*path, "{}"), trail=trail)

    def _arms(self, schema: Schema) -> tuple[list[Schema], bool]:
        """Return the forms that a value may have, each merged into one schema, and whether it may be null."""
        ref = schema.get("$ref", "")
        schema = self._merged({**self.resolved(schema), "x-ref": ref})
        nullable = schema.get("nullable") is True or _is_null(schema)
        choices = schema.get("oneOf") or schema.get("anyOf")
        if not choices:
            return ([] if _is_null(schema) else [schema]), nullable
        beside = {name: part for name, part in schema.items() if name not in _OF_UNIONS}
        tags = {ref: tag for tag, ref in schema.get("discriminator", {}).get("mapping", {}).items()}
        arms: list[Schema] = []
        for choice in choices:
            inner, may_be_null = self._arms(choice)
            label = {"x-label": tags[choice["$ref"]]} if choice.get("$ref") in tags else {}
            arms += [self._merged({"allOf": [beside, {**arm, **label}]}) for arm in inner]
            nullable = nullable or may_be_null
        return arms, nullable

    def _merged(self, schema: Schema) -> Schema:
        """Put the parts of `allOf` into one schema."""
        if "allOf" not in schema:
            return schema
        whole: dict[str, Any] = {}
        for part in (*map(self._part, schema["allOf"]), {name: x for name, x in schema.items() if name != "allOf"}):
            together = {
                "properties": {**whole.get("properties", {}), **part.get("properties", {})},
                "required": sorted({*whole.get("required", ()), *part.get("required", ())}),
            }
            whole |= part
            whole |= {name: value for name, value in together.items() if value}
        return whole

    def _part(self, schema: Schema) -> Schema:
        return self._merged(self.resolved(schema))

    def _label(self, arm: Schema) -> str:
        """Return how an arm is told from the others: by its tag, else by its name, else by its type."""
        if "x-label" in arm:
            return str(arm["x-label"])
        needed = arm.get("required", ())
        for name, part in arm.get("properties", {}).items():
            values = _values(self.resolved(part))
            if name in needed and values is not None and len(values) == 1:
                return str(json.loads(next(iter(values))))
        return str(arm.get("x-ref", "")).rpartition("/")[2] or "/".join(sorted(_kinds(arm)))


def _fact(schema: Schema, *, required: bool) -> Fact:
    return Fact(
        required=required,
        kinds=_kinds(schema),
        values=_values(schema),
        known=frozenset(map(_json, schema.get("x-known-values", ()))),
        limits=_limits(schema),
        closed=schema.get("additionalProperties") is False,
    )


def _limits(schema: Schema) -> dict[str, Any]:
    limits = {name: schema[name] for name in LIMITS if schema.get(name) is not None}
    for side, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if limits.get(side) is True:
            limits[side] = limits.pop(bound)
    for name in ("minLength", "minItems", "minProperties"):
        if limits.get(name) == 0:
            del limits[name]  # says nothing
    if schema.get("default") is not None:
        limits["default"] = _json(schema["default"])
    return {name: limit for name, limit in limits.items() if limit is not False}


def _together(facts: list[Fact], *, required: bool, nullable: bool) -> Fact:
    """Return one fact for a field that may have several forms."""
    null = frozenset({"null"}) if nullable else frozenset[str]()
    if len(facts) == 1:
        return attrs.evolve(facts[0], kinds=facts[0].kinds | null)
    return Fact(required=required, kinds=frozenset[str]().union(null, *(fact.kinds for fact in facts)))


def _kinds(schema: Schema) -> frozenset[str]:
    said = schema.get("type")
    kinds = {said} if isinstance(said, str) else set(said or ())
    if not kinds and (values := _values(schema)):
        kinds = {_OF_VALUES[type(json.loads(value))] for value in values}
    if not kinds and "properties" in schema:
        kinds = {"object"}
    return frozenset({*kinds, "integer"} if "number" in kinds else kinds) or ANYTHING


def _values(schema: Schema) -> frozenset[str] | None:
    if "const" in schema:
        return frozenset({_json(schema["const"])})
    values = [_json(value) for value in schema.get("enum", ()) if value is not None]
    return frozenset(values) if values else None


def _is_null(schema: Schema) -> bool:
    return schema.get("type") == "null" or schema.get("enum") == [None]


def _code_in(example: Any) -> str | None:
    error = example.get("error") if isinstance(example, dict) else None
    return error.get("code") if isinstance(error, dict) else None


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
