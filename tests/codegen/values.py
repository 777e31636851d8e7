"""Classes of schemas, as source text."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from typing import Any

import attrs

from tests.codegen.classes import (
    ANSWERS_BY_HAND,
    ANSWERS_TOO,
    CHANGES,
    KINDS,
    NAMES,
    PRIVATE,
    REQUESTS_BY_HAND,
    SIDE_FIELDS,
    TOGETHER,
)
from tests.codegen.wording import EXTRA, UNSURE, is_unsure, meaning

Schema = dict[str, Any]

_LENIENT = re.compile(r"_at$|duration|progress|_pct$|score|offset")  # integers that may become fractions


_EXTRA = [f"        extra: {EXTRA}"]


@attrs.frozen
class Shape:
    """The code of a field.

    Attributes:
        type: Type annotation.
        rule: Expression of the validator.
        converter: Expression of the converter, or empty.
        needs: Schemas whose classes the type uses.
        refuses_none: True if the rule refuses None.
    """

    type: str
    rule: str
    converter: str = ""
    needs: tuple[str, ...] = ()
    refuses_none: bool = False


def name_of(schema_name: str, *, answer: bool = False) -> str:
    """Return the name of a schema's class."""
    names = {**NAMES, **ANSWERS_TOO} if answer else NAMES
    return names.get(schema_name, (schema_name,))[0]


def target(schema: Schema) -> str | None:
    """Return the schema that *schema* refers to, directly or as `X or null`."""
    if "anyOf" in schema:
        schema = schema["anyOf"][0]
    ref = schema.get("$ref")
    return ref.rpartition("/")[2] if ref else None


class Values:
    """Writes the classes of a contract."""

    def __init__(self, schemas: dict[str, Schema]) -> None:
        self.schemas = schemas

    def arms(self, name: str) -> list[str]:
        """Return the schemas of a union, or the schema itself."""
        return [str(target(arm)) for arm in self.schemas[name].get("oneOf", ())] or [name]

    def tag(self, name: str) -> tuple[str, str] | None:
        """Return the field and value that identify a schema among the forms of a union."""
        schema = self.schemas[name]
        for field in ("type", "mode"):
            words = schema.get("properties", {}).get(field, {}).get("enum", ())
            if field in schema.get("required", ()) and len(words) == 1:
                return field, words[0]
        return None

    def request(self, name: str, *, extra: bool) -> str:
        """Return the class of a request schema."""
        schema, tag = self.schemas[name], self.tag(name)
        lines = [f'    wire_tag: ClassVar[tuple[str, str]] = ("{tag[0]}", "{tag[1]}")'] if tag else []
        lines += [f'    kind: ClassVar[str] = "{KINDS[name]}"'] if name in KINDS else []
        fields = {field: part for field, part in self.fields(name) if not tag or field != tag[0]}
        for field, part in fields.items():
            required = field in schema.get("required", ())
            clears = name in CHANGES and clearable(part)
            lines.append(self.request_field(field, part, required=required, clears=clears))
        if extra:
            lines.append("    extra: Mapping[str, Any] | None = extra_fields()")
        if name in TOGETHER:
            lines += [
                "\n    def __attrs_post_init__(self) -> None:",
                '        """Check the fields against each other."""',
                f"        cross_field_rules.{TOGETHER[name]}(self)",
            ]
        kind = f"{name_of(name)}(ShortRepr)"
        about = [*_about(fields, changes=name in CHANGES), *(_EXTRA if extra else [])]
        return _class(kind, NAMES[name][1], name, about, lines, schema)

    def request_field(self, field: str, schema: Schema, *, required: bool, clears: bool = False) -> str:
        """Return one field of a request; one that *clears* is sent as null if it is None."""
        shape = self.request_shape(field, schema)
        if clears:
            settings = [f"converter={shape.converter}"] if shape.converter else []
            parts = ["default=UNSET", *settings, f"validator=if_set({shape.rule})", *_visibility(field, shape.type)]
            return f"    {field}: {shape.type} | Unset | None = attrs.field({', '.join(parts)})"
        rule = shape.rule
        if required and not shape.refuses_none:
            rule = f"[required, {rule}]"
        elif not required and shape.refuses_none and not rule.startswith("one_of("):
            rule = f"optional({rule})"
        parts = [] if required else ["default=None"]
        converter = shape.converter
        if converter == "as_asset" and not required:
            converter = "attrs.converters.optional(as_asset)"
        parts += [f"converter={converter}"] if shape.converter else []
        parts += [f"validator={rule}", *_visibility(field, shape.type)]
        kind = shape.type if required else f"{shape.type} | None"
        return f"    {field}: {kind} = attrs.field({', '.join(parts)})"

    def request_shape(self, field: str, schema: Schema) -> Shape:
        """Return the code of a field of a request."""
        name = target(schema)
        if name in REQUESTS_BY_HAND:
            kind, rule, converter = REQUESTS_BY_HAND[name]
            return Shape(kind, rule, converter, refuses_none=rule.endswith(("asset()", "reference()")))
        if name:
            kinds = [name_of(arm) for arm in self.arms(name)]
            return Shape(" | ".join(kinds), f"instance_of({', '.join(kinds)})", needs=tuple(self.arms(name)))
        if "enum" in schema:
            return _choice(schema)
        return getattr(self, f"_{schema['type']}")(field, schema)  # type: ignore[no-any-return] # one method a type

    def _string(self, field: str, schema: Schema) -> Shape:
        if schema.get("format") == "uri" or re.search(r"(^|_)url$", field):
            return Shape("str", "web_address()")
        if "pattern" in schema:
            return Shape("str", "color")
        low, high = schema.get("minLength", 0), schema.get("maxLength")
        return Shape("str", f"string({low}, {high})" if high else f"string({low})" if low else "string()")

    def _integer(self, _: str, schema: Schema) -> Shape:
        return _number("int", schema, "whole=True")

    def _number(self, _: str, schema: Schema) -> Shape:
        return _number("float", schema)

    def _boolean(self, _: str, __: Schema) -> Shape:
        return Shape("bool", "boolean()")

    def _array(self, field: str, schema: Schema) -> Shape:
        item = self.request_shape(field, schema["items"])
        limits = [str(schema.get("minItems", 0)), str(schema.get("maxItems", ""))]
        rule = f"items({', '.join([item.rule, *(limits if limits[1] else limits[:1] if limits[0] != '0' else [])])})"
        converter = "as_assets" if item.converter == "as_asset" else "as_tuple"
        return Shape(f"tuple[{item.type}, ...]", rule, converter, item.needs)

    def _object(self, _: str, __: Schema) -> Shape:
        return Shape("Mapping[str, Any]", "json_object", refuses_none=True)

    def answer(self, name: str) -> str:
        """Return the class of an answer."""
        required = self.schemas[name].get("required", ()) if "oneOf" not in self.schemas[name] else ("id", "type")
        side = SIDE_FIELDS.get(name, ())
        fields = dict(self.fields(name))
        lines = [
            _status_field(field, required=field in required, side=field in side)
            if field == "status"
            else self._answer_field(field, part, required=field in required and field not in side)
            for field, part in fields.items()
        ]
        title = {**NAMES, **ANSWERS_TOO}[name][1]
        kind = f"{name_of(name, answer=True)}(Value)"
        return _class(kind, title, name, _about(fields), lines, self.schemas[name])

    def fields(self, name: str) -> Iterator[tuple[str, Schema]]:
        """Yield the fields of a schema, required ones first."""
        schema = self.schemas[self.arms(name)[0]]
        required = schema.get("required", ())
        yield from sorted(schema["properties"].items(), key=lambda field: (field[0] not in required, field[0]))

    def _answer_field(self, field: str, schema: Schema, *, required: bool) -> str:
        kind = self.answer_type(field, schema)
        if not required:
            parts = ["default=None", *_visibility(field, kind)]
            return f"    {field}: {kind} | None = " + (
                "None" if len(parts) == 1 else f"attrs.field({', '.join(parts)})"
            )
        kind = f"{kind} | None" if schema.get("nullable") else kind
        settings = _visibility(field, kind)
        return f"    {field}: {kind}" + (f" = attrs.field({', '.join(settings)})" if settings else "")

    def answer_type(self, field: str, schema: Schema) -> str:
        """Return the type of a field of an answer."""
        name = target(schema)
        if name:
            return ANSWERS_BY_HAND.get(name) or name_of(name, answer=True)
        kind = schema["type"]
        if kind == "array":
            return f"tuple[{self.answer_type(field, schema['items'])}, ...]"
        if kind == "object":
            inner = schema.get("additionalProperties")
            return f"Mapping[str, {self.answer_type(field, inner) if isinstance(inner, dict) else 'Any'}]"
        if kind == "integer":
            return "float" if _LENIENT.search(field) else "int"
        return {"string": "str", "number": "float", "boolean": "bool"}[str(kind)]

    def needs(self, name: str, *, request: bool) -> list[str]:
        """Return the schemas whose classes the class of *name* uses."""
        found: list[str] = []
        for _, part in self.fields(name):
            inner = part.get("items", part)
            if (used := target(inner)) and used not in REQUESTS_BY_HAND and used not in ANSWERS_BY_HAND:
                found += self.arms(used) if request else [used]
        return found


def clearable(schema: Schema) -> bool:
    """Return True if a change may set the field to null."""
    return bool(schema.get("nullable"))


def _class(kind: str, title: str, name: str, about: list[str], lines: list[str], schema: Schema) -> str:
    head = [
        "@attrs.frozen(kw_only=True, repr=False)",
        f"class {kind}:",
        f'    """{title}',
        "",
        "    Attributes:",
        *about,
    ]
    doubt = ["", f"    {UNSURE}"] if is_unsure(schema) else []
    return "\n".join([*head, *doubt, "", f"    Source: `{name}`.", '    """', "", *lines])


def _about(fields: dict[str, Schema], *, changes: bool = False) -> list[str]:
    return [
        line_of(field, meaning(field, part) + (" None clears it." if changes and clearable(part) else ""))
        for field, part in fields.items()
    ]


def line_of(field: str, text: str, indent: int = 8) -> str:
    """Return the lines of a docstring about a field."""
    first, more = " " * indent, " " * (indent + 4)
    return textwrap.fill(f"{field}: {text}", 118, initial_indent=first, subsequent_indent=more, break_long_words=False)


def _status_field(field: str, *, required: bool, side: bool) -> str:
    """Return the field of a status, which is read as its word."""
    if side:
        return f"    {field}: str | None = attrs.field(default=None, converter=attrs.converters.optional(as_word))"
    if required:
        return f"    {field}: str = attrs.field(converter=as_word)"
    return f"    {field}: str | None = status_or_none()"


def _choice(schema: Schema) -> Shape:
    words = [word for word in schema["enum"] if word is not None]
    listed = ", ".join(f'"{word}"' if schema["type"] == "string" else str(word) for word in words)
    if schema["type"] == "string":
        return Shape(f"Literal[{listed}]", f"one_of({listed})", refuses_none=True)
    return Shape(f"Literal[{listed}]", f"one_number_of({listed})")


def _number(kind: str, schema: Schema, *more: str) -> Shape:
    low, high = schema.get("minimum"), schema.get("maximum")
    limits = [f"{limit:.12g}" for limit in (low, high) if low is not None and limit is not None]
    above = ["above=True"] if schema.get("exclusiveMinimum") is True else []
    step = [f"step={schema['multipleOf']}"] if "multipleOf" in schema else []
    return Shape(kind, f"number({', '.join([*limits, *above, *more, *step])})")


def _visibility(field: str, kind: str) -> list[str]:
    """Return the arguments that keep a field out of repr and hash."""
    hidden = field in PRIVATE or re.search(r"(^|_)url$", field)
    return (["repr=False"] if hidden else []) + (["hash=False"] if "Mapping" in kind else [])
