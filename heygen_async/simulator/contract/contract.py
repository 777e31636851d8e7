"""Operations of the contract, `openapi.json`, with their parameters, bodies and answers."""

from __future__ import annotations

import functools
import importlib.resources
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from heygen_async.simulator.contract.schema import Schema, Validator
from heygen_async.simulator.http.replies import FieldError

_INTEGER = re.compile(r"-?\d{1,18}")
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,18})?")
FORM = "multipart/form-data"


@attrs.frozen(kw_only=True)
class Operation:
    """One operation of the contract.

    Attributes:
        method: HTTP method in capitals.
        template: Path template, such as "/v3/videos/{video_id}".
        validator: Validator for the schemas of the contract.
        document: Description of the operation in the contract.
    """

    method: str
    template: str
    validator: Validator
    document: Mapping[str, Any]

    @property
    def keyed(self) -> bool:
        """True if the contract documents that it honours the Idempotency-Key."""
        return bool(self.document.get("x-idempotency-key") == "documented")

    @property
    def takes_body(self) -> bool:
        """True if it takes a body."""
        return "requestBody" in self.document

    @property
    def needs_body(self) -> bool:
        """True if a body is required."""
        return bool(self.document.get("requestBody", {}).get("required"))

    @property
    def takes_form(self) -> bool:
        """True if its body is a form with a file."""
        return self.takes_body and FORM in self.document["requestBody"]["content"]

    @property
    def form_fields(self) -> Schema:
        """Schemas of the form's fields by name."""
        schema = self.document["requestBody"]["content"][FORM]["schema"]
        fields: Schema = self.validator.resolve(schema)["properties"]
        return fields

    @property
    def default_limit(self) -> int:
        """Number of items of a page if the request names none."""
        return int(self._query_schemas()["limit"]["default"])

    def body_problems(self, body: dict[str, Any], *, is_open: bool = False) -> Iterator[FieldError]:
        """Yield the problems of *body*, a JSON object; see `Validator.is_open`."""
        schema = self.document["requestBody"]["content"]["application/json"]["schema"]
        return attrs.evolve(self.validator, is_open=is_open).problems(schema, body)

    def query_problems(self, query: Mapping[str, Any]) -> Iterator[FieldError]:
        """Yield the problems of *query*, which comes from `read_query`."""
        known = self._query_schemas()
        for name in self._required_names() - query.keys():
            yield FieldError(path=name, message=f"Query parameter '{name}' is required.")
        for name, value in query.items():
            if name in known:
                yield from self.validator.problems(known[name], value, name)
            else:
                yield FieldError(path=name, message=f"Unknown query parameter '{name}'.")

    def read_query(self, raw: Mapping[str, str]) -> dict[str, Any]:
        """Return *raw* with numbers where the contract asks for numbers. Invalid numbers stay text."""
        known = self._query_schemas()
        return {name: _number(known.get(name, {}), text) for name, text in raw.items()}

    def answer_schema(self, status: int) -> Schema:
        """Return the schema of the body of an answer with *status*."""
        answer = self.validator.resolve(self.document["responses"][str(status)])
        schema: Schema = answer["content"]["application/json"]["schema"]
        return schema

    def key_problems(self, key: str) -> Iterator[FieldError]:
        """Yield the problems of an Idempotency-Key."""
        schema = self.validator.document["components"]["parameters"]["IdempotencyKey"]["schema"]
        return self.validator.problems(schema, key, "Idempotency-Key")

    def _query_schemas(self) -> dict[str, Schema]:
        return {parameter["name"]: parameter["schema"] for parameter in self._query_parameters()}

    def _required_names(self) -> set[str]:
        return {parameter["name"] for parameter in self._query_parameters() if parameter.get("required")}

    def _query_parameters(self) -> list[Schema]:
        parameters = [self.validator.resolve(parameter) for parameter in self.document.get("parameters", ())]
        return [parameter for parameter in parameters if parameter["in"] == "query"]


def _number(schema: Schema, text: str) -> float | str:
    if schema.get("type") == "integer" and _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if schema.get("type") == "number" and _NUMBER.fullmatch(text) else text


@functools.cache
def operation(method: str, template: str) -> Operation:
    """Return an operation of the contract, which must exist."""
    document = _document()
    found = document["paths"][template][method.lower()]
    return Operation(method=method, template=template, validator=Validator(document), document=found)


@functools.cache
def _document() -> dict[str, Any]:
    text = importlib.resources.files(__package__).joinpath("openapi.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document
