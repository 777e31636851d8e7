"""Identities of rows and requests, and the idempotency keys made of them.

All of them are hashes: no part of a name, an address or a script leaves the machine in a key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

_DIGITS = 40


def body_hash(kind: str, body: Any) -> str:
    """Return the identity of a request; the order of its fields does not matter."""
    return _digest("body", kind, _canonical(body))


def row_key(row: Any) -> str:
    """Return the identity of a row, made of all its cells."""
    return _digest("row", _canonical(row))


def idempotency_key(run: str, row: str, body: str, generation: int) -> str:
    """Return the `Idempotency-Key` of a row's POST, in the alphabet and length that HeyGen accepts.

    HeyGen replays the first answer under a key even if the body differs, so an edited request needs a new key. A new
    *generation* gives a failed render a new key.
    """
    return "ha-" + _digest("key", run, row, body, str(generation))


def batch_key(members: Sequence[str]) -> str:
    """Return the `Idempotency-Key` of a POST of many rows, made of the rows' keys in their order."""
    return "hb-" + _digest("batch", *members)


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)


def _digest(*parts: str) -> str:
    hashed = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        hashed.update(len(data).to_bytes(8, "big") + data)  # lengths keep ("ab", "c") and ("a", "bc") apart
    return hashed.hexdigest()[:_DIGITS]
