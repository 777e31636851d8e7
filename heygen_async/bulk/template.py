"""A request whose text fields hold {{ placeholders }}, to be filled from a row.

Placeholders are Jinja2's, sandboxed and strict: a name that is no column is an error, and so is an empty
cell, unless the template says what to do then: `{{ city | default("your town") }}` or `{% if city %}`.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Collection, Mapping
from typing import Any

import attrs

from heygen_async.api.modes import CinematicAvatar, DirectVideo, ImageVideo, VideoAgent, VideoRequest
from heygen_async.bulk.rows import Row
from heygen_async.errors import InvalidInputError

MODES: Mapping[str, type[VideoRequest]] = {
    "direct": DirectVideo,
    "image": ImageVideo,
    "cinematic": CinematicAvatar,
    "agent": VideoAgent,
}
_SWITCH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class Template:
    """Builds one request a row.

    Attributes:
        mode: As given.
        names: The columns that its placeholders ask for.
    """

    def __init__(self, mode: str, fields: Mapping[str, str]) -> None:
        """Prepare requests of *mode* ("direct", "image", "cinematic", "agent") from texts by field name.

        Raises:
            InvalidInputError: Unknown mode or field, or a text that is no template.
        """
        if mode not in MODES:
            raise InvalidInputError(f"mode {mode!r}: must be one of {', '.join(MODES)}")
        self.mode = mode
        self._kind = MODES[mode]
        self._readers = {name: _reader(name, self._kind) for name in fields}
        self._jinja = _Jinja()
        self._texts = {name: self._jinja.compiled(name, text) for name, text in fields.items()}
        self.names = frozenset().union(*(self._jinja.names(text) for text in fields.values()))

    def check(self, columns: Collection[str]) -> None:
        """Refuse placeholders that no column fills."""
        missing = sorted(self.names.difference(columns))
        if missing:
            raise InvalidInputError(
                f"placeholder {', '.join(missing)}: no such column; the rows have {', '.join(columns)}"
            )

    def render(self, row: Row) -> VideoRequest:
        """Return the request for *row*.

        Raises:
            InvalidInputError: A needed cell is empty, or the request would break a rule; says the line.
        """
        cells = self._jinja.cells(row)
        try:
            values = {name: self._readers[name](self._jinja.filled(text, cells)) for name, text in self._texts.items()}
            return self._kind(**values)
        except InvalidInputError as exc:
            raise InvalidInputError(f"line {row.line}: {exc.message}") from exc
        except TypeError as exc:  # a required field is absent
            raise InvalidInputError(f"{self.mode} mode: {exc}; give it with --set") from exc


class _Jinja:
    """The one place that knows Jinja2, which is an extra."""

    def __init__(self) -> None:
        try:
            import jinja2  # noqa: PLC0415 - an extra: only templates need it
            import jinja2.meta  # noqa: PLC0415 - the same
            import jinja2.sandbox  # noqa: PLC0415 - the same
        except ImportError as exc:
            raise InvalidInputError('templates need Jinja2: pip install "heygen-async[cli]"') from exc
        self._errors = (jinja2.TemplateError, ArithmeticError, LookupError, TypeError, ValueError)
        self._environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
            undefined=jinja2.StrictUndefined, autoescape=False, keep_trailing_newline=True
        )
        self._find = jinja2.meta.find_undeclared_variables
        self._empty = _empty_cell(jinja2.StrictUndefined)

    def compiled(self, name: str, text: str) -> Any:
        try:
            return self._environment.from_string(text)
        except self._errors as exc:
            raise InvalidInputError(f"{name}: not a template: {exc}") from exc

    def names(self, text: str) -> set[str]:
        return self._find(self._environment.parse(text))

    def cells(self, row: Row) -> dict[str, Any]:
        return {name: text if text.strip() else self._empty(name=name) for name, text in row.cells.items()}

    def filled(self, template: Any, cells: Mapping[str, Any]) -> str:
        try:
            return str(template.render(cells))
        except self._errors as exc:
            raise InvalidInputError(str(exc)) from exc


def _empty_cell(strict: type[Any]) -> type[Any]:
    """Return the value of an empty cell: an error wherever it is shown, false wherever it is asked about."""

    class EmptyCell(strict):  # type: ignore[misc]  # Jinja2 is an extra, so its class is an argument
        def __init__(self, *, name: str) -> None:
            super().__init__(
                hint=f"column {name!r} is empty here, but the template needs it; fill the cell or write "
                f'{{{{ {name} | default("...") }}}}',
                name=name,
            )

        def __bool__(self) -> bool:
            return False

    return EmptyCell


def _reader(name: str, kind: type[VideoRequest]) -> Any:
    """Return what turns the text for a field into its value, by the type that the field declares."""
    declared = {field.name: field.type for field in attrs.fields(attrs.resolve_types(kind)) if field.name != "extra"}
    if name not in declared:
        raise InvalidInputError(f"{kind.__name__} has no field {name!r}; it has {', '.join(declared)}")
    accepted = _alternatives(declared[name])
    if bool in accepted:
        return lambda text: _switch(name, text)
    if int in accepted or float in accepted:
        return lambda text: _number(name, text, whole=float not in accepted)
    if any(typing.get_origin(kind) is tuple for kind in accepted):
        return lambda text: tuple(part.strip() for part in text.split(","))
    return str


def _alternatives(declared: Any) -> tuple[Any, ...]:
    if typing.get_origin(declared) in {typing.Union, types.UnionType}:
        return typing.get_args(declared)
    return (declared,)


def _switch(name: str, text: str) -> bool:
    try:
        return _SWITCH[text.strip().lower()]
    except KeyError:
        raise InvalidInputError(f"{name}: {text!r:.60} is neither true nor false") from None


def _number(name: str, text: str, *, whole: bool) -> float:
    try:
        return int(text) if whole else float(text)
    except ValueError:
        raise InvalidInputError(f"{name}: {text!r:.60} is not a {'whole ' if whole else ''}number") from None
