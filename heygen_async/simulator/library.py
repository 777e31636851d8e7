"""What the account has to choose from, and what it has added."""

from __future__ import annotations

from typing import Any

import attrs

from heygen_async.simulator.catalog import PICTURES


@attrs.define(kw_only=True)
class Library:
    """Everything that is neither a job nor a file of the account.

    Attributes:
        pictures: Public images and icons, as the search lists them.
    """

    pictures: list[dict[str, Any]] = attrs.field(factory=lambda: list(PICTURES))
