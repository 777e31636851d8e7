"""Identities of rows and requests, and the idempotency keys made of them.

All of them are hashes: no part of a name, an address or a script leaves the machine in a key.
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import hashlib
import json
import os
import unicodedata
import uuid
from collections.abc import Mapping, Sequence, Set as AbstractSet
from typing import Any

import attrs

from heygen_async.bulk.jobs.compact import NumberTable
from heygen_async.errors import InvalidInputError

_DIGITS = 40
_PLAIN = (dt.date, dt.time, dt.timedelta, decimal.Decimal, uuid.UUID, os.PathLike)


def body_hash(kind: str, body: Any) -> str:
    """Return the identity of a request; the order of its fields does not matter."""
    return _digest("body", kind, _canonical(body))


def row_hash(row: Any) -> str:
    """Return a hash of all cells of a row, by which a contact is recognised whose request has changed.

    Blanks around a cell play no part: nobody sees them, and programs add and remove them.

    Raises:
        InvalidInputError: The row holds an object without a stable form, such as one that is shown by its address.
    """
    if isinstance(row, Mapping):
        row = {name: cell.strip() if isinstance(cell, str) else cell for name, cell in row.items()}
    return _digest("row", _canonical(row))


def named(name: str) -> str:
    """Return the identity of a row that has a name: the cell of the id column, or `Job.name`."""
    return _digest("name", unicodedata.normalize("NFC", name))


@attrs.define
class Numbering:
    """Identities of rows without a name: the request, with its number among equal ones of the list."""

    _seen: NumberTable = attrs.field(factory=NumberTable)

    def identity(self, body: str) -> str:
        """Return the identity of the next row whose request has the hash *body*."""
        short = int(body[:15], 16)
        before = self._seen.get(short) or 0
        self._seen[short] = before + 1
        return _digest("request", body, str(before))


def idempotency_key(run: str, row: int, body: str, generation: int) -> str:
    """Return the `Idempotency-Key` of a row's POST, in the alphabet and length that HeyGen accepts.

    HeyGen replays the first answer under a key even if the body differs, so an edited request needs a new key. A new
    *generation* gives a failed render a new key, and a request that was changed and changed back.

    Args:
        run: Random id of the campaign.
        row: Number of the row in its journal.
        body: Hash of the request.
        generation: Number of earlier renders of the row.
    """
    return "ha-" + _digest("key", run, str(row), body, str(generation))


def batch_key(members: Sequence[str]) -> str:
    """Return the `Idempotency-Key` of a POST of many rows, made of the rows' keys in their order."""
    return "hb-" + _digest("batch", *members)


def _canonical(value: Any) -> str:
    return unicodedata.normalize("NFC", _ENCODER.encode(_sorted(value)))


def _sorted(value: Any) -> Any:
    """Return *value* with the names of mappings as text, so that they can be sorted."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return {str(name): _sorted(one) for name, one in value.items()}
    return [_sorted(one) for one in value] if isinstance(value, list | tuple) else value


def _stable(value: Any) -> Any:
    """Return a form of *value* that is the same in every process."""
    if isinstance(value, AbstractSet):
        return sorted(_canonical(one) for one in value)
    if isinstance(value, enum.Enum):
        return _sorted(value.value)
    if isinstance(value, _PLAIN):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    if attrs.has(type(value)):
        return _sorted(attrs.asdict(value, recurse=False))
    if isinstance(fields := getattr(value, "__dict__", None), dict) and hasattr(value, "__dataclass_fields__"):
        return _sorted(fields)
    raise InvalidInputError(
        f"row: a {type(value).__name__} has no form that is the same tomorrow, so the journal could not recognise the "
        "row; give a mapping of plain values, or a Job with a name of its own: Job(request=..., row=..., name=...)"
    )


_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_stable)


def _digest(*parts: str) -> str:
    hashed = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        hashed.update(len(data).to_bytes(8, "big") + data)  # lengths keep ("ab", "c") and ("a", "bc") apart
    return hashed.hexdigest()[:_DIGITS]
