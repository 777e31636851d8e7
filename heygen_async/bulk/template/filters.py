"""Filters of templates: names in title case, numbers and dates in the form of a language."""

from __future__ import annotations

import datetime as dt
import decimal
import importlib
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from heygen_async.errors import InvalidInputError

_PARTICLES = frozenset({
    "al", "bin", "da", "de", "del", "della", "den", "der", "di", "dos", "du", "ibn", "la", "le", "ten", "ter", "van",
    "vom", "von", "y", "zu", "zum", "zur",
})  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+")
_DIGITS = 13  # most before the decimal point, and most decimals: together they fit into a decimal's 28
_ZEROS = 100  # most after the decimal point
_ENGLISH = "en"
_PLAIN = "plain"  # as `reads`: the number is written as programs do, 1234.5
_DIGITAL_DAY = re.compile(r"(\d{1,4})[./-] ?(\d{1,2})[./-] ?(\d{1,4})\.?(?:,? \d{1,2}:\d\d(?::\d\d)?)?")
_SHORT_YEAR = 2
_SPACES = re.compile("[ \u00a0\u202f]")
_MC = re.compile(r"mc(?=[^\W\d_]{3})")


def title_name(text: str) -> str:
    """Return a name in title case: "ADA LOVELACE" and "ada lovelace" become "Ada Lovelace".

    A name in mixed case is not changed: McDonald, O'Neil, van der Berg, DiCaprio.
    """
    bare = unicodedata.normalize("NFC", " ".join(text.split()))
    if not (bare.isupper() or bare.islower()):
        return bare
    parts = bare.lower().split(" ")
    last = len(parts) - 1
    return " ".join(part if part in _PARTICLES and at < last else _capital(part) for at, part in enumerate(parts))


def _capital(part: str) -> str:
    """Return a part of a name with a capital after each hyphen, dot and apostrophe, except for the s in "Joe's"."""

    def capital(found: re.Match[str]) -> str:
        word = found[0]
        if len(word) == 1 and found.start() and part[found.start() - 1] in "'\u2019":
            return word
        mc = _MC.match(word)
        return f"Mc{word[2:].title()}" if mc else word.title()

    return _WORD.sub(capital, part)


def number(text: object, decimals: int | None = None, *, locale: str, reads: str | None = None) -> str:
    """Return a number in the form of *locale*: 1234.5 is 1,234.5 in "en" and 1.234,5 in "de".

    Args:
        text: A plain number (1234.5), one in the form of the locale *reads*, or without it one in the form of *locale*.
        decimals: Number of decimals; those of *text* if absent.
        locale: Locale of the result, such as "de" or "pt_BR".
        reads: Locale of *text*; "plain" for a plain number.
    """
    numbers = _babel("numbers")
    if reads == _PLAIN:
        value = _plain_number(str(text))
    else:
        value = _number(numbers, str(text), locale) if reads is None else _local_number(numbers, str(text), reads)
    if not -_ZEROS < value.adjusted() < _DIGITS:
        raise InvalidInputError(f"{text!r:.60} has too many digits for a number; write it as text")
    if decimals is not None:
        value = _rounded(value, decimals)
    pattern = None if decimals is None else "#,##0." + "0" * decimals if decimals else "#,##0"
    written = numbers.format_decimal(value, format=pattern, locale=known_locale(locale), decimal_quantization=False)
    return str(written)


def date(text: object, format: str = "long", *, locale: str, reads: str | None = None) -> str:  # noqa: A002 - its name in Babel and Jinja2
    """Return a date in the form of *locale*: 2026-03-01 is "March 1, 2026" in "en" and "1. März 2026" in "de".

    Args:
        text: A day or time in ISO form, in the form *reads*, or without it in digits as *locale* writes it: 01.03.2026
            in "de". English alone does not tell a day from a month.
        format: "short", "medium", "long", "full", or a pattern such as "EEEE, d MMMM".
        locale: Locale of the result, such as "de" or "pt_BR".
        reads: Form of *text*, as `datetime.strptime` takes it: "%d.%m.%Y".
    """
    dates = _babel("dates")
    day = _day(dates, str(text).strip(), reads, locale)
    return str(dates.format_date(day, format=format, locale=known_locale(locale)))


def filters(locale: str, undefined: type[Any]) -> Mapping[str, Callable[..., Any]]:
    """Return the filters by name. They return a missing cell unchanged, so that `default` can follow."""

    def localised(function: Callable[..., str]) -> Callable[..., Any]:
        def call(value: object, *args: Any, **options: Any) -> Any:
            return value if isinstance(value, undefined) else function(value, *args, **{"locale": locale, **options})

        return call

    def title(value: object) -> Any:
        return value if isinstance(value, undefined) else title_name(str(value))

    return {"title_name": title, "number": localised(number), "date": localised(date)}


def _plain_number(text: str) -> decimal.Decimal:
    value = _as_plain(text)
    if value is None:
        raise InvalidInputError(
            f'{text!r:.60} is not a plain number such as 1234.5; say how it is written: number(reads="de")'
        )
    return value


def _as_plain(text: str) -> decimal.Decimal | None:
    try:
        value = decimal.Decimal(text.strip().replace("_", "?"))  # 1_0 is a number in Python only
    except decimal.InvalidOperation:
        return None
    return value if value.is_finite() else None


def _number(numbers: Any, text: str, locale: str) -> decimal.Decimal:
    """Return a plain number, or one in the form of *locale*; a number that differs between the two is refused."""
    plain = _as_plain(text)
    if known_locale(locale).language == _ENGLISH:
        return _plain_number(text) if plain is None else plain
    try:
        local = _local_number(numbers, text, locale)
    except InvalidInputError:
        if plain is None:
            raise
        return plain
    if plain not in {None, local}:
        raise InvalidInputError(
            f"{text!r:.60} is {local} as {locale!r} writes it, and {plain} as programs do; say which: "
            f'number(reads="{locale}") or number(reads="{_PLAIN}")'
        )
    return local


def _rounded(value: decimal.Decimal, decimals: object) -> decimal.Decimal:
    if not isinstance(decimals, int) or not 0 <= decimals <= _DIGITS:
        raise InvalidInputError(f"{decimals!r:.60} decimals: must be a whole number from 0 to {_DIGITS}")
    return value.quantize(decimal.Decimal(1).scaleb(-decimals), decimal.ROUND_HALF_UP)


def _local_number(numbers: Any, text: str, locale: str) -> decimal.Decimal:
    known = known_locale(locale)
    group = numbers.get_group_symbol(known)
    bare = text.strip().replace("_", "?")
    written = _SPACES.sub(group, bare) if _SPACES.fullmatch(group) else bare  # whichever space a keyboard has
    try:
        return decimal.Decimal(numbers.parse_decimal(written, locale=known, strict=True))
    except ValueError as exc:
        raise InvalidInputError(f"{text!r:.60} is not a number as {locale!r} writes it") from exc


def _day(dates: Any, text: str, reads: str | None, locale: str) -> dt.date:
    try:
        return dt.datetime.fromisoformat(text) if reads is None else dt.datetime.strptime(text, reads)  # noqa: DTZ007 - a day has no time zone
    except ValueError:
        day = _local_day(dates, text, locale) if reads is None and locale != _ENGLISH else None
        if day is not None:
            return day
        raise InvalidInputError(
            f"{text!r:.60} is not a day {'such as 2026-03-01' if reads is None else f'as {reads!r} writes it'}; "
            'say how it is written: date(reads="%d.%m.%Y")'
        ) from None


def _local_day(dates: Any, text: str, locale: str) -> dt.date | None:
    """Return the day that *text* names in digits, in the order in which *locale* writes day, month and year."""
    found = _DIGITAL_DAY.fullmatch(text)
    if found is None:
        return None
    pattern = str(dates.get_date_format("short", known_locale(locale)))
    order = "".join(dict.fromkeys(letter for letter in pattern.lower() if letter in "dmy"))
    parts = dict(zip(order, found.groups(), strict=True))
    try:
        form = "%Y-%m-%d" if len(parts["y"]) > _SHORT_YEAR else "%y-%m-%d"
        return dt.datetime.strptime(f"{parts['y']}-{parts['m']}-{parts['d']}", form).date()  # noqa: DTZ007 - as above
    except ValueError:
        return None


def known_locale(locale: str) -> Any:
    """Return Babel's locale of that name.

    Raises:
        InvalidInputError: There is no such locale, or Babel is not installed.
    """
    core = _babel("core")
    try:
        return core.Locale.parse(locale.replace("-", "_"))
    except (core.UnknownLocaleError, ValueError, TypeError, AttributeError):
        raise InvalidInputError(f"locale {locale!r}: unknown; such as en, de, fr, es, it, pt_BR, nl") from None


def _babel(module: str) -> Any:
    try:
        return importlib.import_module(f"babel.{module}")
    except ImportError as exc:
        raise InvalidInputError('number and date need Babel: pip install "heygen-async[templates]"') from exc
