"""What several resources use."""

# Written by tests/codegen/generate.py from HeyGen's contract: change that, not this.

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from heygen_async.api.fields.contract_rules import required, string
from heygen_async.api.fields.extra import extra_fields


@attrs.frozen(kw_only=True)
class Deleted:
    """What was deleted.

    Attributes:
        id: Its id.

    Source: `DeletedId`.
    """

    id: str


@attrs.frozen(kw_only=True)
class Rename:
    """Another title.

    Attributes:
        title: Its name at HeyGen.
        extra: Further fields.

    Source: `UpdateTitleRequest`.
    """

    title: str = attrs.field(validator=[required, string()])
    extra: Mapping[str, Any] | None = extra_fields()
