"""The contract, `openapi.json`: which operations there are, what they take and what they answer."""

from __future__ import annotations

import functools
import importlib.resources
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from heygen_async.simulator.replies import Problem
from heygen_async.simulator.schema import Schema, Validator

_INTEGER = re.compile(r"-?\d{1,18}")


@attrs.frozen(kw_only=True)
class Operation:
    """One operation of the contract.

    Attributes:
        method: In capitals.
        template: Like "/v3/videos/{video_id}".
        validator: For the schemas of the contract.
        document: What the contract says of it.
    """

    method: str
    template: str
    validator: Validator
    document: Mapping[str, Any]

    @property
    def keyed(self) -> bool:
        """Whether it is documented to honour the Idempotency-Key."""
        return bool(self.document.get("x-idempotency-key") == "documented")

    @property
    def takes_body(self) -> bool:
        """Whether it reads a body."""
        return "requestBody" in self.document

    @property
    def needs_body(self) -> bool:
        """Whether the body must be there."""
        return bool(self.document.get("requestBody", {}).get("required"))

    def body_problems(self, body: dict[str, Any]) -> Iterator[Problem]:
        """Yield what is wrong with *body*."""
        schema = self.document["requestBody"]["content"]["application/json"]["schema"]
        return self.validator.problems(schema, body)

    def query_problems(self, query: Mapping[str, Any]) -> Iterator[Problem]:
        """Yield what is wrong with *query*, whose numbers are numbers already."""
        known = self._query_schemas()
        for name, value in query.items():
            if name in known:
                yield from self.validator.problems(known[name], value, name)
            else:
                yield Problem(path=name, message=f"Unknown query parameter '{name}'.")

    def read_query(self, raw: Mapping[str, str]) -> dict[str, Any]:
        """Return *raw* with whole numbers where the contract wants them; what is none stays text."""
        known = self._query_schemas()
        return {name: _number(known.get(name, {}), text) for name, text in raw.items()}

    def answer_schema(self, status: int) -> Schema:
        """Return the schema of the answer with *status*."""
        answer = self.validator.resolve(self.document["responses"][str(status)])
        schema: Schema = answer["content"]["application/json"]["schema"]
        return schema

    def key_problems(self, key: str) -> Iterator[Problem]:
        """Yield what is wrong with an Idempotency-Key."""
        schema = self.validator.document["components"]["parameters"]["IdempotencyKey"]["schema"]
        return self.validator.problems(schema, key, "Idempotency-Key")

    def _query_schemas(self) -> dict[str, Schema]:
        parameters = [self.validator.resolve(parameter) for parameter in self.document.get("parameters", ())]
        return {parameter["name"]: parameter["schema"] for parameter in parameters if parameter["in"] == "query"}


def _number(schema: Schema, text: str) -> int | str:
    return int(text) if schema.get("type") == "integer" and _INTEGER.fullmatch(text) else text


@functools.cache
def operation(method: str, template: str) -> Operation:
    """Return the contract's operation."""
    document = _document()
    found = document["paths"][template][method.lower()]
    return Operation(method=method, template=template, validator=Validator(document), document=found)


@functools.cache
def _document() -> dict[str, Any]:
    text = importlib.resources.files(__package__).joinpath("openapi.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document
