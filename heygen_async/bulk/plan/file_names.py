"""Names of files: from a template and a row, such as every file system takes, and none of them twice."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any

import attrs

from heygen_async.api.requests.stored import body_of
from heygen_async.bulk.jobs.job import Job
from heygen_async.bulk.rows.readers.read_rows import cells_of
from heygen_async.errors import InvalidInputError

_NAME_BYTES = 120  # of UTF-8; file systems take 255, and paths on Windows 260 in all
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]+')
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[\d¹²³]) *(\..*)?", re.IGNORECASE)
_FACTS = ("number", "id", "title")


def check_template(template: str, columns: list[str]) -> None:
    """Refuse a template that is empty or names a column which the rows do not have."""
    if not template.strip():
        raise InvalidInputError("filename: empty; must be a template such as {number}-{id}")
    known = {*columns, *_FACTS}
    for name in _PLACEHOLDER.findall(template):
        if name not in known:
            raise InvalidInputError(
                f"filename {template!r}: there is no column {name!r}; the rows have {', '.join(sorted(known))}"
            )


def facts_of(job: Job, video_id: str, title: str | None) -> dict[str, Any]:
    """Return what a file name may be made of."""
    return {**cells_of(job.row), "number": f"{job.index + 1:04}", "id": video_id, "title": title or ""}


def file_name(template: str, facts: Mapping[str, Any]) -> str:
    """Return a name that every file system takes: placeholders filled, odd characters replaced, length cut."""
    filled = _PLACEHOLDER.sub(lambda found: str(facts.get(found[1], "")), template)
    filled = filled.encode(errors="replace").decode()  # JSON can hold halves of characters
    clean = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", filled))
    clean = clean.encode()[:_NAME_BYTES].decode(errors="ignore").strip(". ")
    return f"_{clean}" if not clean or _RESERVED.fullmatch(clean) else clean


def same_name(name: str) -> str:
    """Return what two names have in common that are one file to some file system: case and accents may not count."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


class FileNames:
    """The names that are given to rows as their videos come in: the second Ada becomes `Ada-2`."""

    def __init__(self, template: str, taken: Iterable[str] = ()) -> None:
        """Make names by *template*.

        Args:
            template: Such as `{number}-{first_name}`: {number} counts the rows from 1, {id} is the video's,
                {title} its title; any other name is a column of the row.
            taken: Files of other rows, whose names must not be given again.

        Raises:
            InvalidInputError: The template can give no name.
        """
        check_template(template, _PLACEHOLDER.findall(template))
        self._template = template
        self._taken = {same_name(PurePath(file).name) for file in taken}
        self._given: Counter[str] = Counter()  # the last number behind each name

    def give(self, facts: Mapping[str, Any], endings: Iterable[str]) -> str:
        """Return a name without its ending, such that no other row has a file of that name with any of *endings*."""
        stem = first = file_name(self._template, facts)
        wanted = tuple(endings)
        count = self._given[same_name(first)]
        while any(same_name(stem + ending) in self._taken for ending in wanted):
            count = max(2, count + 1)
            stem = f"{first}-{count}"
        self._given[same_name(first)] = count
        self._taken.update(same_name(stem + ending) for ending in wanted)
        return stem


@attrs.define
class Clashes:
    """Looks for rows whose files would have the same name, before anything is sent."""

    _template: str
    _first: dict[str, str] = attrs.field(factory=dict)

    def add(self, job: Job, where: str) -> str | None:
        """Take one row in, and return what is wrong with its name; *where* says which row it is."""
        made_up = f"{job.index:032x}"  # ids come later; they differ, and have 32 characters
        name = file_name(self._template, facts_of(job, made_up, body_of(job.request).get("title")))
        first = self._first.setdefault(same_name(name), where)
        if first == where:
            return None
        shown = name.replace(made_up, "{id}")
        return f"its file would be named {shown!r}, as that of {first}"
