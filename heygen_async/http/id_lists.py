"""Many ids as one query parameter."""

from __future__ import annotations

import re
from collections.abc import Iterable

from heygen_async.errors import InvalidInputError
from heygen_async.http.call import path_id

AT_ONCE = 100  # HeyGen: "At most 100 ids per request."

_SOUND = re.compile(r"[A-Za-z0-9_,-]+")


def id_list(ids: Iterable[str]) -> str:
    """Return ids as one parameter. They are checked all at once; each by itself only to say which is wrong."""
    listed = list(ids)
    joined = ",".join(listed)
    if _SOUND.fullmatch(joined) and joined.count(",") == len(listed) - 1 and "" not in listed:
        return joined
    return ",".join(map(path_id, listed))


def id_lists(**lists: Iterable[str]) -> dict[str, str]:
    """Return the parameters of those lists that hold ids; a request may name a hundred in all."""
    given = {name: list(ids) for name, ids in lists.items()}
    count = sum(map(len, given.values()))
    if not 0 < count <= AT_ONCE:
        raise InvalidInputError(f"{' and '.join(given)}: {count} ids, must be 1 to {AT_ONCE} at a time")
    return {name: id_list(ids) for name, ids in given.items() if ids}
