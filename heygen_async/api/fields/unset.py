"""`UNSET`: a field of a change that is left as it is, beside None, which clears it."""

from __future__ import annotations

import enum
from typing import Any, Final

import attrs

from heygen_async.api.fields.rules import Rule


class Unset(enum.Enum):
    """The type of `UNSET`."""

    UNSET = enum.auto()

    def __repr__(self) -> str:
        """Return the name of the one value."""
        return "UNSET"


UNSET: Final = Unset.UNSET
"""The value of a field that a change leaves as it is. None clears the field."""


def if_set(rule: Rule) -> Rule:
    """Apply *rule* to everything but `UNSET` and None."""

    def check(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is not UNSET and value is not None:
            rule(owner, attribute, value)

    return check
