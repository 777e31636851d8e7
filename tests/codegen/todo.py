"""What is to be done here after the contract has changed: what to regenerate, what to write by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tests.codegen.changes import Change
from tests.codegen.facts import Schema, operations
from tests.codegen.generate import Generator
from tests.codegen.operations import RESOURCES

PLACE = "heygen_async/simulator/contract/openapi.json"
GENERATED = {op.where for resource in RESOURCES for op in resource.ops}


def todo(old: Schema, new: Schema, found: Sequence[Change]) -> Iterator[str]:
    """Yield what is to be done; nothing if nothing has changed."""
    if not found:
        return
    yield from ("", "TO DO", "", f"put it in the place of {PLACE}")
    before = {operation.name for operation in operations(old).values()}
    after = {operation.name for operation in operations(new).values()}
    for name in sorted(after - before - GENERATED):
        yield f"{name} has no method: name it in tests/codegen/operations.py, or write it by hand"
    for name in sorted(before - after):
        where = "tests/codegen/operations.py" if name in GENERATED else "heygen_async/api"
        yield f"{name} is gone: take its method out of {where}"
    if any(change.text.startswith("error.") for change in found):
        yield "errors look different: see heygen_async/http/wire.py and heygen_async/errors.py"
    of_errors = ("error.", "status ")  # those are read in one place for all
    by_hand = {change.operation for change in found if not change.text.startswith(of_errors)} & before & after
    for name in sorted(by_hand - GENERATED):
        yield f"{name} has changed and is written by hand: see heygen_async/api"
    yield _regenerate(old, new)


def _regenerate(old: Schema, new: Schema) -> str:
    try:
        stale = regenerated(old, new)
    except Exception as exc:  # noqa: BLE001 - whatever a contract has that the generator has never met
        return f"the generator cannot write from it yet, it stops at {exc!r}: see tests/codegen, classes and wording"
    if not stale:
        return "nothing is to be regenerated"
    return f"python -m tests.codegen.generate  # writes anew: {', '.join(stale)}"


def regenerated(old: Schema, new: Schema) -> list[str]:
    """Return the names of the generated files that change with the contract."""
    before = dict(Generator(_completed(old, new)).files())
    return [name for name, text in Generator(dict(new)).files() if text != before[name]]


def _completed(old: Schema, new: Schema) -> dict[str, Any]:
    """Return *old* with the operations and schemas that only *new* has, which the table may name already."""
    paths = {path: {**methods, **old["paths"].get(path, {})} for path, methods in new["paths"].items()}
    schemas = {**new["components"]["schemas"], **old["components"]["schemas"]}
    return {**old, "paths": {**old["paths"], **paths}, "components": {**old["components"], "schemas": schemas}}
