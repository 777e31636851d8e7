"""What a newer contract changes: `python -m tests.codegen.diff NEW.json [OLD.json]`; without OLD, against ours.

Exit code 0 if nothing has changed, 1 if something has, 2 if a file cannot be read. Where the newer one comes from:
https://developers.heygen.com/openapi/external-api.json
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.codegen.changes import Change, changes
from tests.codegen.facts import Schema
from tests.codegen.todo import todo
from tests.helpers.paths import CONTRACT

MANY = 5  # operations with the same change: told once, not for each


def main(arguments: Sequence[str]) -> int:
    """Print what has changed, and what is to be done about it."""
    if not 1 <= len(arguments) <= 2:
        return _failed(__doc__ or "")
    try:
        new, old = (_read(Path(name)) for name in (*arguments, str(CONTRACT))[:2])
    except (OSError, ValueError) as exc:
        return _failed(str(exc))
    found = changes(old, new)
    sys.stdout.writelines(f"{line}\n" for line in (*report(found), *todo(old, new, found)))
    return 1 if found else 0


def report(found: Sequence[Change]) -> Iterator[str]:
    """Yield the lines about changes, those that break first."""
    breaking = [change for change in found if change.breaks]
    others = [change for change in found if not change.breaks]
    operations = len({change.operation for change in found})
    yield f"{len(breaking)} breaking changes and {len(others)} others, in {operations} operations"
    for title, part in (("BREAKING", breaking), ("OTHERS", others)):
        if part:
            yield from ("", title)
            yield from _grouped(part)


def _grouped(found: Sequence[Change]) -> Iterator[str]:
    where: dict[str, list[str]] = {}
    for change in found:
        where.setdefault(change.text, []).append(change.operation)
    everywhere = {text: names for text, names in where.items() if len(names) >= MANY}
    for text, names in everywhere.items():
        yield from ("", f"{len(names)} operations, from {names[0]} to {names[-1]}", f"  {text}")
    rest = [change for change in found if change.text not in everywhere]
    for operation, part in itertools.groupby(rest, key=lambda change: change.operation):
        yield from ("", operation)
        yield from (f"  {change.text}" for change in part)


def _read(path: Path) -> Schema:
    document: Any = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(document, dict) or "paths" not in document:
        raise ValueError(f"{path}: is no OpenAPI document: it has no paths")
    return document


def _failed(message: str) -> int:
    sys.stderr.write(f"{message}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
