"""What a newer contract changes: `python -m tests.codegen.diff NEW.json [OLD.json]`; without OLD, against ours.

Exit code 0 if nothing has changed, 1 if something has, 2 if a file cannot be read. A file may be packed: OLD.json.gz.
The newer one comes from https://developers.heygen.com/openapi/external-api.json. Three commands take it over:

1. `python -m tests.codegen.diff NEW.json` tells what breaks and what is to be done. Do it in our copy, which is
   `heygen_async/simulator/contract/openapi.json`: it has a name for each schema, and `x-source` says where a fact was
   read. New operations get a line in `tests/codegen/operations.py` and a route in the simulator.
2. `python -m tests.codegen.generate` writes `heygen_async/api/generated` anew. It stops at a field that has no
   description in `tests/codegen/wording.py`.
3. `python -m pytest tests/codegen tests/api tests/simulator` compares client, contract copy and simulator.

The copy of September 2026, packed beside this file, is the older one of the tests.
"""

from __future__ import annotations

import gzip
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
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    document: Any = json.loads(content)
    if not isinstance(document, dict) or "paths" not in document:
        raise ValueError(f"{path}: is no OpenAPI document: it has no paths")
    return document


def _failed(message: str) -> int:
    sys.stderr.write(f"{message}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
