"""Names of files, made from a template and a row: valid on every file system and given once only."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import PurePath
from typing import Any

import attrs

from heygen_async.api.requests.stored import body_of
from heygen_async.bulk.jobs.job import Job
from heygen_async.bulk.rows.readers.read_rows import cells_of
from heygen_async.bulk.template.placeholders import resolve
from heygen_async.errors import InvalidInputError
from heygen_async.near_names import hint

_NAME_BYTES = 120  # in UTF-8; file systems take 255, and Windows takes paths of 260
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
# Beside the characters that some system refuses, those that show a name in another way than it is: line separators,
# and marks that turn the direction of the text, so that "exe.mp4" is shown for "4pm.exe".
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+')
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[\d¹²³]) *(\..*)?", re.IGNORECASE)
_FACTS = ("number", "id", "title")
_OWN = re.compile(r"([^{}]*)\{(number|id)\}(?=$|[^{}0-9a-f])")
_OWN_BEFORE_BYTES = 60  # so that the number or the id is within the bytes of a name
_ID_DIGITS = 32
_ID = re.compile(rf"[0-9a-f]{{{_ID_DIGITS}}}(?![0-9a-f])")
_NUMBER = re.compile(r"[0-9]+")


def check_template(template: str, columns: list[str]) -> None:
    """Raise `InvalidInputError` if a template is empty or names a column that the rows do not have."""
    if not template.strip():
        raise InvalidInputError("filename: empty; must be a template such as {number}-{id}")
    known = {*columns, *_FACTS}
    for name in _PLACEHOLDER.findall(template):
        if _value_name(name, known) is None:
            raise InvalidInputError(
                f"filename {template!r}: there is no column {name!r}; {hint(name, sorted(known), 'the rows have')}"
            )


def columns_of(template: str, columns: Iterable[str]) -> set[str]:
    """Return the columns that a template of file names uses."""
    return set(resolve(_PLACEHOLDER.findall(template), columns).values())


def _value_name(name: str, known: Collection[str]) -> str | None:
    """Return the fact or the column of a placeholder: `{first_name}` also finds "First Name", as in a script."""
    return name if name in known else resolve([name], known).get(name)


def facts_of(job: Job, video_id: str, title: str | None) -> dict[str, Any]:
    """Return the values of the placeholders of a file name."""
    return {**cells_of(job.row), "number": f"{job.index + 1:04}", "id": video_id, "title": title or ""}


def _filled(name: str, facts: Mapping[str, Any]) -> str:
    known = _value_name(name, facts)
    if known is not None:
        return str(facts[known])
    return "" if name.isidentifier() else f"{{{name}}}"


def file_name(template: str, facts: Mapping[str, Any]) -> str:
    """Return a name that every file system takes: fill placeholders, replace forbidden characters, cut the length."""
    filled = _PLACEHOLDER.sub(lambda found: _filled(found[1], facts), template)
    filled = filled.encode(errors="replace").decode()  # JSON can hold lone surrogates
    clean = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", filled))
    clean = clean.encode()[:_NAME_BYTES].decode(errors="ignore").strip(". ")
    return f"_{clean}" if not clean or _RESERVED.fullmatch(clean) else clean


def name_key(name: str) -> str:
    """Return a key that is equal for names of one file on some file system, which may ignore case and accents."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


@attrs.frozen
class OwnNames:
    """The names of a template that gives each row a name of its own, whatever its cells hold: `{number}-{first_name}`.

    Such names need not be remembered. The number or the id stands first or after a fixed text, and the next sign, if
    it is no placeholder, cannot belong to it.

    Attributes:
        fact: "number" or "id".
        before: The text before it, as it stands in the names.
    """

    fact: str
    before: str

    @classmethod
    def of(cls, template: str) -> OwnNames | None:
        """Return the names of *template*; None if two rows may have the same one."""
        found = _OWN.match(template)
        if found is None or len(found[1].encode()) > _OWN_BEFORE_BYTES:
            return None
        if unicodedata.combining(template[found.end() :][:1] or " "):
            return None  # an accent, which makes another letter of the last sign of an id
        zeros = "0" * _ID_DIGITS
        return cls(found[2], file_name(f"{found[1]}{{x}}", {"x": zeros})[:-_ID_DIGITS])

    def tells_apart(self, facts: Mapping[str, Any]) -> bool:
        """Return True if no other row can have the name of the row with these *facts*; an id may be of an odd form."""
        return self.fact == "number" or bool(_ID.fullmatch(str(facts["id"])))

    def is_of(self, row: int, name: str) -> bool:
        """Return True if the template can give *name* to no other row than the one with this number."""
        found = (_ID if self.fact == "id" else _NUMBER).match(name, len(self.before))
        is_own = found is not None and (self.fact == "id" or found[0] == f"{row:04}")
        return is_own and name.startswith(self.before)


class FileNames:
    """Gives each row a file name of its own when its video is ready: the second Ada becomes `Ada-2`."""

    def __init__(self, template: str, taken: Iterable[str] = ()) -> None:
        """Make names by *template*.

        Args:
            template: Such as `{number}-{first_name}`: {number} counts the rows from 1, {id} and {title} are those of
                the video; any other name is a column of the row.
            taken: Files of other rows, whose names must not be given again.

        Raises:
            InvalidInputError: The template is empty.
        """
        check_template(template, _PLACEHOLDER.findall(template))
        self._template = template
        self._own = OwnNames.of(template)
        self._taken = {name_key(PurePath(file).name) for file in taken}
        self._given: Counter[str] = Counter()  # the last number after each name

    def give(
        self, facts: Mapping[str, Any], endings: Iterable[str], is_there: Callable[[str], bool] = lambda _: False
    ) -> str:
        """Return a name without its ending. No other row has a file of that name with one of *endings*.

        *is_there* tells if the folder has a file of a name already: one of another campaign, or of the user.
        """
        stem = first = file_name(self._template, facts)
        wanted = tuple(endings)
        remembers = self._own is None or not self._own.tells_apart(facts)
        count = self._given[name_key(first)]
        while any(name_key(stem + ending) in self._taken or is_there(stem + ending) for ending in wanted):
            count = max(2, count + 1)
            stem = f"{first}-{count}"
        if remembers:
            self._given[name_key(first)] = count
            self._taken.update(name_key(stem + ending) for ending in wanted)
        return stem


@attrs.define
class Clashes:
    """Finds rows whose files would have equal names, before anything is sent."""

    _template: str
    _own: OwnNames | None = attrs.field(init=False)
    _first: dict[str, str] = attrs.field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        self._own = OwnNames.of(self._template)

    def add(self, job: Job, place: str) -> str | None:
        """Add a row and return a problem with its name, if there is one; *place* is the row's place for messages."""
        if self._own is not None:
            return None
        made_up = f"{job.index:032x}"  # ids come later; they differ, and have 32 characters
        name = file_name(self._template, facts_of(job, made_up, body_of(job.request).get("title")))
        first = self._first.setdefault(name_key(name), place)
        if first == place:
            return None
        shown = name.replace(made_up, "{id}")
        return f"its file would be named {shown!r}, like that of {first}"
