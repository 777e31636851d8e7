"""Numbers, times and money as people say them."""

from __future__ import annotations

import datetime as dt

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def count(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: 1 row, 2,000 rows."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def span(seconds: float) -> str:
    """Return a duration: 42 s, 3 min 5 s, 1 h 12 min, 2 d 3 h."""
    whole = round(seconds)
    for unit, part, names in ((_DAY, _HOUR, ("d", "h")), (_HOUR, _MINUTE, ("h", "min")), (_MINUTE, 1, ("min", "s"))):
        if whole >= unit:
            rest = whole % unit // part
            return f"{whole // unit:,} {names[0]}" + (f" {rest} {names[1]}" if rest else "")
    return f"{whole} s"


def dollars(low: float, high: float) -> str:
    """Return a range of money: 7.00, 1.10 to 1.47."""
    least, most = f"{low:,.2f}", f"{high:,.2f}"
    return least if least == most else f"{least} to {most}"


def moment(unix_seconds: float) -> str:
    """Return a moment in this machine's time zone: 3 Nov 2026, 14:03 UTC."""
    local = dt.datetime.fromtimestamp(unix_seconds, dt.UTC).astimezone()
    return f"{local.day} {local:%b %Y, %H:%M} {local.tzname()}"


def iso(unix_seconds: float) -> str:
    """Return a moment as programs read it: 2026-11-03T14:03:00+00:00."""
    return dt.datetime.fromtimestamp(round(unix_seconds), dt.UTC).isoformat()


def either(words: list[str]) -> str:
    """Return words as a list in a sentence: a, b and c."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
