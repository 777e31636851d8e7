"""The hint `did you mean NAME?` for a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable

_LISTED = 30  # names at most in a hint


def near_name(name: object, known: Iterable[str]) -> str | None:
    """Return the one of *known* that is most like *name*; None if none is. Case plays no part."""
    import difflib  # noqa: PLC0415 - loaded for a message only

    by_lower = {one.lower(): one for one in known}
    near = difflib.get_close_matches(str(name).lower(), by_lower, 1)
    return by_lower[near[0]] if near else None


def hint(name: object, known: Iterable[str], otherwise: str = "there are") -> str:
    """Return `did you mean NAME?`, or *otherwise* and the names of *known* if none of them is like *name*."""
    names = list(known)
    near = near_name(name, names)
    if near is not None:
        return f"did you mean {near}?"
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"{otherwise} {', '.join(names[:_LISTED]) or 'none'}{more}"
