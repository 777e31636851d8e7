"""Who is who: the identity of a row, of a request, and the key under which it is paid for once.

All are hashes: nothing of a name, an address or a script leaves the machine in a key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

_DIGITS = 40


def body_hash(kind: str, body: Any) -> str:
    """Return the identity of a request: the same for the same fields in any order."""
    return _digest("body", kind, _canonical(body))


def row_key(row: Any) -> str:
    """Return the identity of a row by all its cells."""
    return _digest("row", _canonical(row))


def idempotency_key(run: str, row: str, body: str, generation: int) -> str:
    """Return the `Idempotency-Key` of a row's POST.

    HeyGen replays the first answer under a key even if the body differs, so an edited request must get another key;
    and a render that failed gets another one only by a new *generation*. Within HeyGen's alphabet and length.
    """
    return "ha-" + _digest("key", run, row, body, str(generation))


def batch_key(members: Sequence[str]) -> str:
    """Return the `Idempotency-Key` of a POST of many rows: made of theirs, in their order."""
    return "hb-" + _digest("batch", *members)


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)


def _digest(*parts: str) -> str:
    hashed = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        hashed.update(len(data).to_bytes(8, "big") + data)  # lengths keep ("ab", "c") and ("a", "bc") apart
    return hashed.hexdigest()[:_DIGITS]
