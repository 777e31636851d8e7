"""Statuses as words. HeyGen documents them in small letters."""

from __future__ import annotations

from typing import Any

import attrs

from heygen_async.http.lenient import ESSENTIAL


def as_word(status: str) -> str:
    """Return a status as the contract spells it, without spaces around it and in small letters."""
    return status.strip().lower()


def word_of(status: Any) -> str | None:
    """Return a status as the contract spells it; None if it is no word at all."""
    return as_word(status) if isinstance(status, str) else None


def status_or_none() -> Any:
    """Return the attrs field of a status that may be absent. One that does not read is an error, not absent."""
    return attrs.field(default=None, converter=attrs.converters.optional(as_word), metadata={ESSENTIAL: True})
