"""Cells: any value as the text that a person would have typed, and the texts that mean an empty cell."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import math
import numbers
import re
from collections.abc import Mapping
from typing import Any

# Exact spellings that programs write for a missing value. "Null", "Nan" and "none" are kept: they are names and words.
_MISSING = frozenset({"NULL", "null", "None", "NaN", "nan", "<NA>", "NaT", "N/A", "n/a", "Loading..."})
# Errors of spreadsheets, in the languages in which they are exported. "Loading..." and "#ERROR!" are Google's.
_CELL_ERRORS = frozenset({
    # English
    "#N/A", "#NULL!", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#SPILL!", "#CALC!", "#GETTING_DATA",
    "#FIELD!", "#BLOCKED!", "#BUSY!", "#CONNECT!", "#UNKNOWN!", "#EXTERNAL!", "#PYTHON!", "#TIMEOUT!", "#ERROR!",
    # German
    "#NV", "#WERT!", "#BEZUG!", "#ZAHL!", "#ÜBERLAUF!", "#KALK!", "#FELD!", "#BLOCKIERT!", "#VERBINDEN!",
    "#UNBEKANNT!",
    # French
    "#VALEUR!", "#NOM?", "#NOMBRE!", "#NUL!", "#PROPAGATION!", "#CALCUL!", "#CHAMP!",
    # Spanish
    "#N/D", "#¡VALOR!", "#¡REF!", "#¿NOMBRE?", "#¡NUM!", "#¡DIV/0!", "#¡NULO!", "#¡DESBORDAMIENTO!", "#¡CALC!",
    # Italian and Portuguese
    "#VALORE!", "#RIF!", "#NOME?", "#NULLO!", "#ESPANSIONE!", "#VALOR!", "#NÚM!", "#NULO!", "#DESPEJAR!",
    # Dutch
    "#N/B", "#WAARDE!", "#VERW!", "#NAAM?", "#GETAL!", "#LEEG!", "#DEEL/0!", "#OVERLOOP!",
    # Polish
    "#N/D!", "#ARG!", "#ADR!", "#NAZWA?", "#LICZBA!", "#ZERO!", "#DZIEL/0!",
})  # fmt: skip
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"  # left by a copy from a web page in a cell that looks empty


def is_missing(cell: object) -> bool:
    """Return True if *cell* is empty, blank, or a mark of a missing value (`nan`, `None`, `NULL`, `#N/A`, `#WERT!`)."""
    text = cell if isinstance(cell, str) else cell_text(cell)
    bare = text.strip().strip(_INVISIBLE).strip()
    return not bare or bare in _MISSING or bare in _CELL_ERRORS


def cell_text(value: object) -> str:
    """Return *value* as text: 3.0 is "3", midnight of a day is the date, None and not-a-number are empty.

    A list gives the same texts from a spreadsheet, a data frame or a CSV file, and so its rows have the same identity
    in a journal. Lists and mappings become JSON.

    Raises:
        ValueError: *value* is bytes, whose encoding is not known, or has a character that text cannot hold (`flaw_of`).
    """
    text = value if isinstance(value, str) else _written(value)
    flaw = flaw_of(text)
    if flaw is not None:
        raise ValueError(flaw)
    return text


def flaw_of(text: str) -> str | None:
    """Return the kind of a character in *text* that files and terminals do not take, or None. JSON can contain one."""
    found = _NO_TEXT.search(text)
    if found is None:
        return None
    return "a NUL character, which no text has" if found[0] == "\0" else "half a character (a lone surrogate)"


def _written(value: object) -> str:
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:  # pandas' two kinds of missing values
        return ""
    if type(value).__name__ in {"bool", "bool_"}:  # NumPy's, too
        return "true" if value else "false"
    if isinstance(value, float):
        return _float_text(value)
    if isinstance(value, decimal.Decimal):
        return "" if value.is_nan() else format(value, "f")  # 1.50 stays 1.50: it may be a price
    if isinstance(value, bytes | bytearray | memoryview):
        raise ValueError("bytes, not text; decode them first")  # noqa: TRY004 - the value of a cell, no argument
    return _other_text(value)


def _float_text(value: float) -> str:
    if math.isnan(value):
        return ""
    if value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004 - beyond it a float does not know its last digit
        return str(int(value))
    return repr(float(value))  # float(): NumPy's own repr names its type


def _other_text(value: object) -> str:
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time() and value.tzinfo is None
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    if isinstance(value, numbers.Real):  # NumPy's: 1.1 in 32 bits is 1.1, not its value in 64
        return "" if value != value else str(value).removesuffix(".0")  # noqa: PLR0124 - only not-a-number is not itself
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(_plain(value), ensure_ascii=False)
    return str(value)


def _plain(value: Any) -> Any:
    """Return *value* in types that JSON has."""
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return cell_text(value)
