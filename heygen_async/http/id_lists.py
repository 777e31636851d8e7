"""Many ids as one query parameter."""

from __future__ import annotations

import re
from collections.abc import Iterable

from heygen_async.errors import InvalidInputError
from heygen_async.http.call import path_id

MOST_IDS = 100  # HeyGen: "At most 100 ids per request."

_VALID = re.compile(r"[A-Za-z0-9_,-]+")


def id_list(ids: Iterable[str]) -> str:
    """Return ids joined by commas. All are checked in one pass; only after a failure each by itself, to name it."""
    listed = list(ids)
    joined = ",".join(map(str, listed))
    if _VALID.fullmatch(joined) and joined.count(",") == len(listed) - 1 and "" not in listed:
        return joined
    return ",".join(map(path_id, listed))


def id_lists(**lists: Iterable[str]) -> dict[str, str]:
    """Return one query parameter for each list that is not empty. All lists together may hold a hundred ids."""
    by_name = {name: list(ids) for name, ids in lists.items()}
    count = sum(map(len, by_name.values()))
    if not 0 < count <= MOST_IDS:
        raise InvalidInputError(f"{' and '.join(by_name)}: {count} ids, must be 1 to {MOST_IDS} at a time")
    return {name: id_list(ids) for name, ids in by_name.items() if ids}
