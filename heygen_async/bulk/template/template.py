"""`Template`: a request whose text fields hold {{ placeholders }}, which are filled from a row.

Placeholders are Jinja2's, sandboxed and strict. A name without a column is an error, and so is an empty cell, unless
the template provides for it: `{{ city | default("your town") }}` or `{% if city %}`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from heygen_async.api.generated.background_removal import BackgroundRemovalRequest
from heygen_async.api.generated.clipping import ClippingRequest
from heygen_async.api.generated.filler_words import FillerWordRemovalRequest
from heygen_async.api.generated.lipsyncs import LipsyncRequest
from heygen_async.api.generated.models import TextToVideo
from heygen_async.api.generated.translations import TranslationRequest
from heygen_async.api.renders import check_row
from heygen_async.api.requests.from_template import FromTemplate
from heygen_async.api.requests.modes import CinematicAvatar, DirectVideo, ImageVideo, VideoAgent
from heygen_async.bulk.rows.cells import is_missing
from heygen_async.bulk.rows.problems import Problem, first_error
from heygen_async.bulk.rows.readers.values import mapping_row
from heygen_async.bulk.rows.table import Row
from heygen_async.bulk.template import field_paths, newer_words
from heygen_async.bulk.template.cell_problems import (
    invalid_value,
    missing_cell,
    no_column,
    required_field,
    told_once,
    uncomputed_cell,
    unknown_mode,
)
from heygen_async.bulk.template.column_checks import dotted_columns, foreign_placeholders, unused_column
from heygen_async.bulk.template.placeholders import Placeholders, Text, resolve
from heygen_async.errors import InvalidInputError
from heygen_async.near_names import hint

if TYPE_CHECKING:
    from heygen_async.api.renders import RenderRequest

MODES: Mapping[str, type[Any]] = {
    "direct": DirectVideo,
    "image": ImageVideo,
    "cinematic": CinematicAvatar,
    "agent": VideoAgent,
    "template": FromTemplate,
    "translation": TranslationRequest,
    "lipsync": LipsyncRequest,
    "clipping": ClippingRequest,
    "background_removal": BackgroundRemovalRequest,
    "filler_word_removal": FillerWordRemovalRequest,
    "text_to_video": TextToVideo,
}
_MODE = "mode"
_SPOKEN = ("script", "prompt")


@attrs.frozen(kw_only=True)
class _Content:
    """The text of a field for one row with the column that it comes from, or problems."""

    text: str = ""
    column: str | None = None
    problems: tuple[Problem, ...] = ()


class Template:
    """Makes one request for each row.

    Attributes:
        mode: The mode as it was given.
    """

    def __init__(
        self,
        mode: str,
        fields: Mapping[str, Any],
        *,
        columns: Mapping[str, str] | None = None,
        locale: str = "en",
        lenient: bool = False,
    ) -> None:
        """Compile the texts of requests of *mode*.

        Args:
            mode: One of `MODES`: "direct", "image", "cinematic", "agent", "template", "translation", ...; or a text
                with placeholders that gives one of them for each row. A row then uses the fields that its mode has.
            fields: Field -> text. A part of a field is given by its path (`voice_settings.speed`) or in a mapping.
                A field whose text is empty for a row is not sent.
            columns: Field -> column. If the cell of that column is not empty, it is the field's value, unchanged. The
                column of `mode` holds the mode of the row.
            locale: Locale in which the filters `number` and `date` write.
            lenient: True to send fields and words (engines, resolutions, modes) that this version does not know, by the
                `extra` of the requests. A new field's text is read as JSON if it is JSON: `8`, `true`, `["a"]`.

        Raises:
            InvalidInputError: Unknown mode, field or locale, or a text that is not a template.
        """
        self.mode = mode
        self._columns = dict(columns or {})
        self._mode_column = self._columns.pop(_MODE, None)
        texts = field_paths.flatten(fields)
        self._placeholders = Placeholders(locale)
        self._lenient = lenient
        self._mode_text = self._placeholders.compile(_MODE, mode)
        modes = self._modes()
        field_paths.check_paths({*texts, *self._columns})
        paths = [*texts, *(path for path in self._columns if path not in texts)]
        self._readers = _readers(modes, paths, lenient=lenient)
        self._texts = {path: self._placeholders.compile(path, text) for path, text in texts.items()}
        self._constants = {
            path: _Content(text=text.constant.text)
            for path, text in self._texts.items()
            if text.constant is not None and path not in self._columns
        }
        self._known: tuple[tuple[str, ...], dict[str, str]] = ((), {})

    def names(self) -> frozenset[str]:
        """Return the columns that the template needs: its placeholders, and the columns that fields are mapped to."""
        return frozenset(self._needs())

    def findings(self, columns: Collection[str]) -> list[Problem]:
        """Return the problems of a table with *columns*.

        Missing columns and placeholders in the form of another program are errors, unused columns are warnings.
        """
        needs = self._needs()
        found = resolve(needs, columns)
        mapped = {*self._columns.values(), self._mode_column}
        texts = {path: text.source for path, text in self._texts.items()}
        dotted = dotted_columns(texts, columns)
        missing = [
            dotted.get(name) or no_column(name, field, columns, is_placeholder=name not in mapped)
            for name, field in sorted(needs.items())
            if name not in found
        ]
        foreign = foreign_placeholders(texts, columns)
        unused = [unused_column(name, columns) for name in columns if name not in found.values()]
        return missing + foreign + unused

    def used_columns(self, columns: Collection[str]) -> list[str]:
        """Return those of *columns* that a field uses, in their order."""
        used = set(resolve(self._needs(), columns).values())
        return [name for name in columns if name in used]

    def spoken_names(self) -> frozenset[str] | None:
        """Return the columns that the script or the prompt needs; None if there is neither."""
        spoken = [path for path in _SPOKEN if path in self._texts or path in self._columns]
        names = {name for path in spoken if path in self._texts for name in self._texts[path].names}
        return frozenset(names | {self._columns[path] for path in spoken if path in self._columns}) if spoken else None

    def check(self, columns: Collection[str] | None) -> list[Problem]:
        """Return the warnings about unused columns; none if *columns* is None, for columns that are not known.

        Raises:
            InvalidInputError: A column that the template needs is missing; the error's notes name further ones.
        """
        found = [] if columns is None else self.findings(columns)
        errors = [problem for problem in found if problem.severity == "error"]
        if errors:
            raise first_error(errors)
        return found

    def spoken_texts(self, row: Row) -> dict[str, str]:
        """Return the script and the prompt for *row*, also if another field has a problem; those that can be filled."""
        columns = self._resolve(tuple(row.cells))
        contents = {
            path: self._content(row, columns, path, self._texts.get(path), self._columns.get(path)) for path in _SPOKEN
        }
        return {path: content.text for path, content in contents.items() if content.text and not content.problems}

    def attempt(self, row: Mapping[str, Any]) -> tuple[RenderRequest | None, list[Problem]]:
        """Return the request for *row*, or None and all problems: each missing cell and each invalid field."""
        found = mapping_row(None, 0, row)
        return (None, [found]) if isinstance(found, Problem) else self._build(found)

    def problems(self, row: Mapping[str, Any]) -> list[Problem]:
        """Return all problems of *row*; empty if it can be rendered."""
        return self.attempt(row)[1]

    def render(self, row: Mapping[str, Any]) -> RenderRequest:
        """Return the request for *row*: a `Row`, or any mapping of column names to values.

            request = template.render({"first_name": "Ada", "joined": date(2026, 3, 1)})

        Raises:
            InvalidInputError: A needed cell is empty, or the request would break a rule. The error names the line,
                and its notes hold the further problems of the row.
        """
        request, problems = self.attempt(row)
        if request is None:
            raise first_error(problems)
        return request

    def _modes(self) -> list[str]:
        """Return the modes that rows may have."""
        if self._mode_column is None and not self._mode_text.names:
            if self.mode not in MODES:
                raise InvalidInputError(f"mode {self.mode!r}: {hint(self.mode, MODES, 'must be one of')}")
            return [self.mode]
        return list(MODES)

    def _needs(self) -> dict[str, str]:
        """Return the needed columns, each with a field that needs it."""
        needs = {name: path for path, text in self._texts.items() for name in text.names}
        needs |= dict.fromkeys(self._mode_text.names, _MODE)
        needs |= {column: path for path, column in self._columns.items()}
        return needs if self._mode_column is None else {**needs, self._mode_column: _MODE}

    def _build(self, row: Row) -> tuple[RenderRequest | None, list[Problem]]:
        columns = self._resolve(tuple(row.cells))
        content = self._content(row, columns, _MODE, self._mode_text, self._mode_column)
        mode = content.text.strip().lower()
        if content.problems or mode not in MODES:
            return None, list(content.problems) or [unknown_mode(row, content.text, content.column, MODES)]
        contents = {
            path: self._constants.get(path)
            or self._content(row, columns, path, self._texts.get(path), self._columns.get(path))
            for path in self._readers[mode]
        }
        request, problems = self._request(row, mode, contents)
        return request, told_once(problems, row) if row.flaws else problems

    def _request(
        self, row: Row, mode: str, contents: Mapping[str, _Content]
    ) -> tuple[RenderRequest | None, list[Problem]]:
        problems = [problem for content in contents.values() for problem in content.problems]
        given = {path: content.column for path, content in contents.items()}
        values: dict[str, Any] = {}
        for path, content in contents.items():
            if content.problems or not content.text.strip():
                continue
            try:
                values[path] = self._readers[mode][path](content.text)
            except InvalidInputError as exc:
                problems.append(invalid_value(row, path, given.get(path), exc.message))
        failed = [problem.field for problem in problems if problem.field is not None]
        tree = field_paths.nest(values)
        known, extra = newer_words.split(MODES[mode], tree) if self._lenient else (tree, {})
        lacking = [name for name in field_paths.missing_fields(MODES[mode], known) if name not in failed]
        problems += [required_field(row, mode, name, given) for name in lacking]
        request, found = field_paths.build(MODES[mode], known, failed=[*failed, *lacking], extra=extra)
        problems += [invalid_value(row, problem.field, given.get(problem.field), problem.reason) for problem in found]
        try:
            if not problems:
                check_row(request)
        except InvalidInputError as exc:
            problems.append(invalid_value(row, exc.param or "", given.get(exc.param or ""), exc.message))
        return (None if problems else request), problems

    def _content(
        self, row: Row, columns: Mapping[str, str], field: str, text: Text | None, column: str | None
    ) -> _Content:
        """Return the content of a field: the cell of its column if there is one, else its text, filled in."""
        if column is None and text is not None and text.constant is not None:
            return _Content(text=text.constant.text)
        cell = None if column is None else _cell(row, columns, column)
        flaw = None if column is None else uncomputed_cell(row, columns.get(column))
        if flaw is not None:
            return _Content(problems=(attrs.evolve(flaw, field=field),))
        if cell is not None:
            return _Content(text=cell, column=columns[str(column)])
        if text is None:
            return _Content(column=column)
        used = [columns.get(name) for name in sorted(text.names)] if row.flaws else []
        uncomputed = [flaw for name in used if (flaw := uncomputed_cell(row, name)) is not None]
        if uncomputed:
            return _Content(problems=tuple(attrs.evolve(flaw, field=field) for flaw in uncomputed))
        filled = self._placeholders.fill(text, {name: _cell(row, columns, name) for name in text.names})
        only = next(iter(text.names)) if len(text.names) == 1 else None
        problems = [missing_cell(row, columns.get(name), name, field) for name in filled.missing]
        if filled.reason is not None:
            mend = "change the cell or the template"
            problems.append(row.problem(filled.reason, mend, column=columns.get(only or ""), field=field))
        return _Content(text=filled.text, column=columns.get(only or ""), problems=tuple(problems))

    def _resolve(self, columns: tuple[str, ...]) -> dict[str, str]:
        """Return the column of each placeholder; kept for the next row, which usually has the same columns."""
        if self._known[0] != columns:
            self._known = (columns, resolve(self._needs(), columns))
        return self._known[1]


def _readers(
    modes: Collection[str], paths: Collection[str], *, lenient: bool
) -> dict[str, dict[str, field_paths.Read]]:
    """Return for each mode the readers of its fields; with several modes, a field need not exist in all.

    If *lenient*, a field that no mode has is newer than this version and goes to all of them.
    """
    found: dict[str, dict[str, field_paths.Read]] = {mode: {} for mode in modes}
    for path in paths:
        if lenient and not any(field_paths.has_field(MODES[mode], path) for mode in modes):
            for readers in found.values():
                readers[path] = newer_words.read_json
            continue
        refusals = []
        for mode in modes:
            try:
                found[mode][path] = field_paths.field_reader(MODES[mode], path)
            except InvalidInputError as exc:
                refusals.append(exc)
        if len(refusals) == len(modes):
            raise refusals[0]
    return found


def _cell(row: Row, columns: Mapping[str, str], name: str) -> str | None:
    """Return the cell of the placeholder *name*, None if it is missing."""
    cell = row.cells[columns[name]] if name in columns else None
    return None if cell is None or is_missing(cell) else cell
