"""What has changed from one contract to another, and what of it breaks a client that was made for the first.

What we send may have become less welcome, what we read may have become less certain: a new required field, a value
that is gone and a tighter limit break a request; a field that is gone or may now be null breaks the reading of an
answer. New words in an answer break nothing here: the client reads words that it does not know.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from tests.codegen.facts import ANYTHING, Fact, Operation, Path, Schema, operations


@attrs.frozen
class Change:
    """One change.

    Attributes:
        operation: METHOD /path.
        text: What, with the field's full path.
        breaks: It can break a client that was made for the old contract.
    """

    operation: str
    text: str
    breaks: bool


def changes(old: Schema, new: Schema) -> list[Change]:
    """Return what has changed from *old* to *new*, in the order of operations."""
    before, after = operations(old), operations(new)
    found = [Change(before[key].name, "operation is gone", breaks=True) for key in before if key not in after]
    found += [Change(after[key].name, "operation is new", breaks=False) for key in after if key not in before]
    for key, is_now in after.items():
        if key in before:
            found += _of_operation(before[key], is_now)
    return sorted(found, key=lambda change: (change.operation.partition(" ")[2], change.operation, change.text))


def _of_operation(before: Operation, after: Operation) -> Iterator[Change]:
    for text, breaks in (
        *_of_fields(before.asked, after.asked, is_asked=True),
        *_of_fields(before.answered, after.answered, is_asked=False),
        *_of_codes(before.codes, after.codes),
    ):
        yield Change(after.name, text, breaks=breaks)
    if after.deprecated != before.deprecated:
        yield Change(after.name, "is deprecated" if after.deprecated else "is no longer deprecated", breaks=False)


def _of_codes(before: Mapping[str, frozenset[str]], after: Mapping[str, frozenset[str]]) -> Iterator[tuple[str, bool]]:
    for status in sorted({*before, *after}):
        if status not in after:
            yield f"status {status}: gone", False
        elif status not in before:
            yield f"status {status}: new{_listed(': ', after[status])}", False
        else:
            for word, codes in (("new", after[status] - before[status]), ("gone", before[status] - after[status])):
                yield from [(f"status {status}: error codes {word}: {_listed('', codes)}", False)] if codes else []


def _of_fields(
    before: Mapping[Path, Fact], after: Mapping[Path, Fact], *, is_asked: bool
) -> Iterator[tuple[str, bool]]:
    for path in before:
        if path not in after and path[:-1] not in before.keys() - after.keys():  # its owner is gone: that is told
            yield f"{written(path)}: gone", True
    for path, fact in after.items():
        if path not in before and path[:-1] not in after.keys() - before.keys():
            need = "required" if fact.required else "optional"
            a_new_duty = is_asked and fact.required and not path[-1].startswith("<")
            yield f"{written(path)}: new{f', {need}' if is_asked else ''}", a_new_duty
        elif path in before:
            for text, breaks in _of_field(before[path], fact, is_asked=is_asked):
                yield f"{written(path)}: {text}", breaks


def _of_field(before: Fact, after: Fact, *, is_asked: bool) -> Iterator[tuple[str, bool]]:
    """Yield what has changed about a field; what narrows it breaks requests, what widens it breaks answers."""
    if before.required != after.required:
        yield "now required" if after.required else "now optional", after.required == is_asked
    if before.kinds != after.kinds:
        narrower, wider = bool(before.kinds - after.kinds), bool(after.kinds - before.kinds)
        yield f"type {_types(before.kinds)} -> {_types(after.kinds)}", narrower if is_asked else wider
    if before.closed != after.closed:
        yield "takes no further fields" if after.closed else "takes further fields", after.closed and is_asked
    yield from _of_values(before, after, is_asked=is_asked)
    for name in sorted({*before.limits, *after.limits}):
        was, now = before.limits.get(name), after.limits.get(name)
        if was != now:
            yield f"{name} {_told(was)} -> {_told(now)}", is_asked and _is_tighter(name, was, now)


def _of_values(before: Fact, after: Fact, *, is_asked: bool) -> Iterator[tuple[str, bool]]:
    if before.values is None and after.values is not None:
        yield f"now one of {_listed('', after.values)}", is_asked
    elif before.values is not None and after.values is None:
        yield "no longer limited to certain values", False
    elif before.values is not None and after.values is not None:
        if gone := before.values - after.values:
            yield f"values gone: {_listed('', gone)}", is_asked
        if new := after.values - before.values:
            yield f"values new: {_listed('', new)}", False
    for word, values in (("new", after.known - before.known), ("gone", before.known - after.known)):
        if values:
            yield f"known values {word}: {_listed('', values)}", False


def _is_tighter(name: str, was: Any, now: Any) -> bool:
    if now is None or name == "default":
        return False
    if was is None or name in {"pattern", "format", "multipleOf", "uniqueItems"}:
        return True
    return bool(now > was) if name in {"minimum", "exclusiveMinimum"} or name.startswith("min") else bool(now < was)


def written(path: Path) -> str:
    """Return a path as a person writes it: body.videos[]<avatar>.script."""
    return "".join(step if n == 0 or step[0] in "<[{" else f".{step}" for n, step in enumerate(path))


def _types(kinds: frozenset[str]) -> str:
    if kinds == ANYTHING:
        return "anything"
    shown = kinds - {"integer"} if "number" in kinds else kinds
    return " or ".join(sorted(shown, key=lambda kind: (kind == "null", kind)))


def _told(limit: Any) -> str:
    return "none" if limit is None else str(limit)


def _listed(before: str, values: frozenset[str]) -> str:
    """Return values without the quotation marks of JSON."""
    texts = [str(json.loads(value)) if value[:1] == '"' else value for value in sorted(values)]
    return before + ", ".join(texts) if texts else ""
