"""The name of the person or company that a row is about, for messages: guessed from the names of the columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_FIRST = ("firstname", "vorname", "givenname", "prenom", "nombre", "nome")
_LAST = ("lastname", "nachname", "surname", "familyname", "nom", "apellido", "apellidos", "cognome")
_WHOLE = ("name", "fullname", "contactname", "kontakt", "ansprechpartner", "contact", "recipient", "empfanger")
_COMPANY = ("company", "companyname", "firma", "unternehmen", "organization", "organisation", "account")
_ADDRESS = ("email", "emailaddress", "mail", "emailadresse")

_STRANGE = re.compile(r"[\d@_/()\[\]{}<>\",;:+*&.]")  # signs that names of people do not have
_LONG_NAME = 40  # characters

_ACCENTS = str.maketrans("äöüéèêáàâíìîóòôúùûñç", "aoueeeaaaiiiooouuunc")


def name_in(row: Any) -> str | None:
    """Return the name of a person in *row*, else of a company, else an e-mail address; None if none is found."""
    if not isinstance(row, Mapping):
        return None
    cells = {_plain(column): str(value).strip() for column, value in row.items() if value is not None}
    first, last = _cell(cells, _FIRST), _cell(cells, _LAST)
    return " ".join(filter(None, (first, last))) or _cell(cells, (*_WHOLE, *_COMPANY, *_ADDRESS)) or None


def name_columns(columns: Iterable[str]) -> list[str]:
    """Return the columns with the first, last or whole names of people."""
    return [column for column in columns if _plain(column) in {*_FIRST, *_LAST, *_WHOLE}]


def oddness(name: str) -> int:
    """Return how much a name deserves a look before it is spoken: 0 for a plain one, up to 3 for one like `J. P2`."""
    bare = name.strip()
    if _STRANGE.search(bare) or bare.isupper() or bare.islower() or len(bare) > _LONG_NAME:
        return 3 if bare else 0
    if re.search(r"[-'\u2019 ]", bare):
        return 2
    return 0 if bare.isascii() else 1


def mail_column(columns: Iterable[str]) -> str | None:
    """Return the column with the e-mail address of a row; None if none has such a name."""
    return next((column for column in columns if _plain(column) in _ADDRESS), None)


def _plain(column: object) -> str:
    """Return the name of a column in lower case, without accents, spaces and signs."""
    return re.sub(r"[^a-z0-9]", "", str(column).lower().translate(_ACCENTS))


def _cell(cells: Mapping[str, str], names: tuple[str, ...]) -> str:
    """Return the first cell that is not blank of the columns *names*."""
    return next((cells[name] for name in names if cells.get(name)), "")
