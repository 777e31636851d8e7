"""Number formats of workbooks: the text that Excel shows for a number, where the format is plain.

Plain are zeros, digits, literals and percent: `00000`, `(000) 000-0000`, `"No. "000`, `0.0%`. A format that groups
thousands or names a currency is written differently in each region, and a template may have to calculate with the
number: there the number itself remains.

Source: ECMA-376 part 1, 18.8.31 (numFmt).
"""

from __future__ import annotations

import decimal
import operator
import re
from collections.abc import Sequence
from decimal import Decimal

import attrs

from heygen_async.bulk.rows.cells import cell_text

_TOKEN = re.compile(r'"([^"]*)"|\\(.)|(\[[^\]]*\])|(_.)|(\*.)|([\s\S])')
_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)\]")
_COLOR = re.compile(r"\[(?:black|blue|cyan|green|magenta|red|white|yellow|color ?\d+)\]", re.IGNORECASE)
_CURRENCY = re.compile(r"[$\u00a2-\u00a5\u20a0-\u20cf]")
_SIGNS = " -+/():!^&'~{}<>="  # stand for themselves without quotes
_COMPARE = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "<>": operator.ne,
}
_UNFORMATTED = {"", "general", "@"}
_GROUPED = 1000  # from here on, thousands are grouped


@attrs.frozen
class ShownNumber:
    """A number as text.

    Attributes:
        text: The text.
        is_as_shown: True if Excel shows the same; else the text is the plain number.
    """

    text: str
    is_as_shown: bool = True


@attrs.frozen
class _Token:
    kind: str  # "digit", "point", "comma", "percent", "literal", "currency"
    text: str = ""


@attrs.frozen
class _Section:
    """One section of a format.

    Attributes:
        tokens: Parts of the format; None if it has a part that is not known here, such as a fraction.
        condition: Comparison and limit by which the section is chosen.
    """

    tokens: tuple[_Token, ...] | None
    condition: tuple[str, Decimal] | None = None

    def count(self, kind: str) -> int:
        return sum(token.kind == kind for token in self.tokens or ())


def shown_number(value: float, number_format: str) -> ShownNumber:
    """Return a number as its format shows it, or the plain number."""
    plain = (
        cell_text(value) if float(value).is_integer() else format(value, ".15g")
    )  # further digits are rounding errors
    if number_format.lower() in _UNFORMATTED:
        return ShownNumber(plain)
    number = Decimal(plain)
    section, has_sign = _section_for(number, [_section(part) for part in _split(number_format)])
    if section is None or section.tokens is None or not section.count("digit"):
        return ShownNumber(plain, is_as_shown=False)
    text = _written(abs(number), section)
    is_amount = section.count("point") and section.count("literal") and not section.count("percent")
    if section.count("comma") or section.count("currency") or is_amount:
        return ShownNumber(plain, is_as_shown=text == plain.removeprefix("-") and abs(number) < _GROUPED)
    return ShownNumber(f"-{text}" if has_sign and text.strip("0.") else text)


def _written(number: Decimal, section: _Section) -> str:
    """Return the digits of a number with the literals of its section between them."""
    tokens = list(section.tokens or ())
    point = next((at for at, token in enumerate(tokens) if token.kind == "point"), len(tokens))
    places = sum(token.kind == "digit" for token in tokens[point:])
    scaled = number.scaleb(2 * section.count("percent"))
    digits = format(scaled.quantize(Decimal(1).scaleb(-places), decimal.ROUND_HALF_UP, _EXACT), "f").replace(".", "")
    whole, fraction = digits[: len(digits) - places], digits[len(digits) - places :]
    return _whole(whole.lstrip("0"), tokens[:point]) + _fraction(fraction, tokens[point:])


def _whole(digits: str, tokens: Sequence[_Token]) -> str:
    """Fill the digits in from the right; those that are left over go before the first placeholder."""
    first = next((at for at, token in enumerate(tokens) if token.kind == "digit"), None)
    written: list[str] = []
    for at in range(len(tokens) - 1, -1, -1):
        token = tokens[at]
        if token.kind != "digit":
            written.append(token.text)
        elif at == first:
            written.append(digits or ("0" if token.text == "0" else ""))
        else:
            written.append(digits[-1:] or ("0" if token.text == "0" else ""))
            digits = digits[:-1]
    return "".join(reversed(written))


def _fraction(digits: str, tokens: Sequence[_Token]) -> str:
    written, rest = "", digits
    for at, token in enumerate(tokens):
        if token.kind == "digit":
            is_needed = rest.strip("0") or any(one.kind == "digit" and one.text == "0" for one in tokens[at:])
            written, rest = written + (rest[:1] if is_needed else ""), rest[1:]
        else:
            written += token.text
    return written


def _section_for(number: Decimal, sections: Sequence[_Section]) -> tuple[_Section | None, bool]:
    """Return the section of a number, and True if a minus sign stands before it."""
    if any(section.condition is not None for section in sections):
        for section in sections:
            if section.condition is None or _COMPARE[section.condition[0]](number, section.condition[1]):
                return section, number < 0
        return None, False
    if number < 0 and len(sections) > 1:
        return sections[1], False
    return sections[2 if number == 0 and len(sections) > 2 else 0], number < 0  # noqa: PLR2004 - the third is for zero


def _split(number_format: str) -> list[str]:
    parts = [""]
    for found in _TOKEN.finditer(number_format):
        if found[6] == ";":
            parts.append("")
        else:
            parts[-1] += found[0]
    return parts


def _section(part: str) -> _Section:
    tokens: list[_Token] = []
    condition: tuple[str, Decimal] | None = None
    for quoted, escaped, bracket, blank, fill, sign in (found.groups() for found in _TOKEN.finditer(part)):
        limit = _CONDITION.fullmatch(bracket or "")
        if limit is not None:
            condition = limit[1], Decimal(limit[2])
        elif _COLOR.fullmatch(bracket or ""):
            continue
        elif (bracket is not None and not bracket.startswith("[$")) or fill is not None:
            return _Section(None, condition)
        elif bracket is not None:
            tokens.append(_Token("currency", bracket[2:-1].partition("-")[0]))
        elif blank is not None:
            tokens.append(_Token("literal", " "))
        elif quoted is not None or escaped is not None:
            text = quoted if quoted is not None else escaped
            tokens.append(_Token("currency" if _CURRENCY.search(text) else "literal", text))
        else:
            token = _plain_token(sign)
            if token is None:
                return _Section(None, condition)
            tokens.append(token)
    return _Section(tuple(tokens), condition)


def _plain_token(sign: str) -> _Token | None:
    """Return the token of a character that stands without quotes; None for one that is not known here."""
    if sign in {"0", "#"}:
        return _Token("digit", sign)
    kinds = {".": "point", ",": "comma", "%": "percent"}
    if sign in kinds:
        return _Token(kinds[sign], "" if sign == "," else sign)
    if _CURRENCY.match(sign):
        return _Token("currency", sign)
    return _Token("literal", sign) if sign in _SIGNS or not sign.isascii() else None


_EXACT = decimal.Context(prec=400)  # a float has at most 309 digits before its point
