"""Texts with {{ placeholders }}, compiled and filled by Jinja2, which is an extra.

Templates are sandboxed and strict: a template reads only the cells, and using a missing cell is a problem. Cells are
values and are never compiled, so braces and quotes in them are plain text.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from heygen_async.bulk.template.filters import filters, known_locale
from heygen_async.errors import InvalidInputError
from heygen_async.near_names import hint

_ENGLISH = "en"
_NO_FILTER = re.compile(r"No filter named '(\w+)'")  # as Jinja2 words it
_NOT_A_NAME = re.compile(r"\W+")
_PLACEHOLDER = re.compile(r"\{\{[-+]?(.*?)[-+]?\}\}", re.DOTALL)
_LIKE_A_NAME = re.compile(r"\w[\w .&-]*[.:?!%#]?")
_WORDS = frozenset({
    "and", "or", "not", "in", "is", "if", "else", "elif", "none", "true", "false", "None", "True", "False",
    "self", "loop", "super", "caller", "varargs", "kwargs",
})  # fmt: skip


@functools.lru_cache(maxsize=4096)
def as_name(column: str) -> str:
    """Return a column's name in the form of a placeholder: "First Name" is `first_name`, "1st" is `_1st`.

    A word of the template language gets an underscore: "In" is `in_`.
    """
    name = _NOT_A_NAME.sub("_", unicodedata.normalize("NFC", column).lower())
    name = "".join(letter if f"_{letter}".isidentifier() else "_" for letter in name).strip("_")
    if name in _WORDS:
        return f"{name}_"
    return f"_{name}" if name[:1].isdigit() else name


def resolve(names: Iterable[str], columns: Iterable[str]) -> dict[str, str]:
    """Return the column of each placeholder: the column of that name, else the only one with that `as_name`."""
    columns = tuple(columns)
    by_name: dict[str, list[str]] = {}
    for column in columns:
        by_name.setdefault(as_name(column), []).append(column)
    found = {}
    for name in names:
        candidates = [name] if name in columns else by_name.get(as_name(name), [])
        if len(candidates) == 1:
            found[name] = candidates[0]
    return found


def placeholder_of(column: str, columns: Iterable[str]) -> str | None:
    """Return the name by which a placeholder finds *column* among *columns*; None if it has to be renamed for that."""
    columns = tuple(columns)
    for name in (as_name(column), column):
        is_name = name.isidentifier() and name not in _WORDS
        if is_name and resolve([name], columns).get(name) == column:
            return name
    return None


def misspelt(text: str) -> tuple[str, str] | None:
    """Return the first placeholder of *text* whose name holds blanks, hyphens or dots, and its right form.

    `{{ E-Mail }}` would be a subtraction, `{{ First Name }}` is no template at all. `{{ name.upper }}` is an attribute.
    """
    for found in _PLACEHOLDER.finditer(text):
        name, _, filters = found[1].partition("|")
        if _is_misspelt(name.strip()):
            more = f" | {filters.strip()}" if filters else ""
            return found[0], f"{{{{ {as_name(name)}{more} }}}}"
    return None


def _is_misspelt(name: str) -> bool:
    """Return True for the name of a column that is no name in a template, False for any other expression."""
    words = re.findall(r"\w+", name)
    if not _LIKE_A_NAME.fullmatch(name) or _WORDS & {*words} or words[0].isdigit():
        return False
    return not all(map(str.isidentifier, name.split("."))) and bool(as_name(name))  # with dots it is an attribute


@attrs.frozen(kw_only=True)
class FilledText:
    """A text with its placeholders filled in.

    Attributes:
        text: The result.
        missing: Placeholders whose cells are missing and that the text needs.
        reason: The error that ended the template, if no missing cell explains it.
    """

    text: str = ""
    missing: tuple[str, ...] = ()
    reason: str | None = None


@attrs.frozen(kw_only=True)
class Text:
    """A compiled text.

    Attributes:
        source: Text of the template.
        names: Names of the placeholders.
        constant: Result for every row, if the text has no placeholders.
    """

    source: str
    names: frozenset[str]
    template: Any = attrs.field(repr=False, eq=False)
    constant: FilledText | None = attrs.field(default=None, repr=False)


class Placeholders:
    """Compiles and fills texts."""

    def __init__(self, locale: str) -> None:
        """Prepare Jinja2; the filters write numbers and dates in the form of *locale*.

        Raises:
            InvalidInputError: Jinja2 is not installed, or there is no such locale.
        """
        if locale != _ENGLISH:  # so that English templates need no Babel
            known_locale(locale)
        try:
            import jinja2  # noqa: PLC0415 - an extra: only templates need it
            import jinja2.meta  # noqa: PLC0415 - the same
            import jinja2.sandbox  # noqa: PLC0415 - the same
        except ImportError as exc:
            raise InvalidInputError('templates need Jinja2: pip install "heygen-async[templates]"') from exc
        self._errors = (jinja2.TemplateError, RecursionError)
        self._environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
            undefined=jinja2.StrictUndefined, autoescape=False, keep_trailing_newline=True
        )
        self._environment.globals.clear()  # every name is a column
        self._environment.filters.update(filters(locale, jinja2.Undefined))
        self._find = jinja2.meta.find_undeclared_variables
        self._missing = _missing_cell(jinja2.StrictUndefined)

    def compile(self, subject: str, text: str) -> Text:
        """Compile the text of *subject*.

        Raises:
            InvalidInputError: *text* is not a template.
        """
        wrong = misspelt(text)
        if wrong is not None:
            raise InvalidInputError(f"{subject}: {wrong[0]}: a name has no blanks, hyphens and dots; write {wrong[1]}")
        try:
            names = frozenset(self._find(self._environment.parse(text)))
            template = self._environment.from_string(text)
        except self._errors as exc:
            mend = self._near_filter(exc) or "placeholders look like {{ first_name }}; {{ 'text' }} for braces"
            raise InvalidInputError(f"{subject}: not a template: {_message_of(exc)}; {mend}") from exc
        constant = None if "{" in text else FilledText(text=template.render())
        return Text(source=text, names=names, template=template, constant=constant)

    def _near_filter(self, exc: Exception) -> str | None:
        """Return a hint if a text names a filter that does not exist."""
        named = _NO_FILTER.search(_message_of(exc))
        return None if named is None else hint(named[1], sorted(self._environment.filters))

    def fill(self, text: Text, cells: Mapping[str, str | None]) -> FilledText:
        """Fill in *text*. A cell that is None is missing, and it is reported if the text uses it without a default."""
        if text.constant is not None:
            return text.constant
        demanded: dict[str, None] = {}
        values: dict[str, Any] = {}
        for name in text.names:
            cell = cells.get(name)
            values[name] = self._missing(name, demanded) if cell is None else cell
        try:
            context = text.template.new_context(values, shared=True)  # no globals: every name is a column
            result = "".join(text.template.root_render_func(context))
        except Exception as exc:  # noqa: BLE001 - a template is a program: any error of it is a problem of the row
            return FilledText(missing=tuple(demanded), reason=None if demanded else _message_of(exc))
        return FilledText(text=result, missing=tuple(demanded))


def _message_of(exc: Exception) -> str:
    message = getattr(exc, "message", None) or str(exc)  # Jinja2's str() has more lines, with places in its own files
    return str(message or type(exc).__name__).removesuffix(".")


class _MissingCell:
    """A missing cell, which is recorded when a template uses it, and is false in a condition.

    No use of it raises, so that one pass over a text finds all missing cells.
    """

    _demanded: dict[str, None]
    _missing_name: str

    def _demand(self, *_: Any, **__: Any) -> Any:
        self._demanded[self._missing_name] = None
        return self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._demand()

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        self._demand()
        return ""

    def __len__(self) -> int:
        self._demand()
        return 0

    def __iter__(self) -> Iterator[Any]:
        self._demand()
        return iter(())

    def __contains__(self, item: object) -> bool:
        return bool(self._demand())

    def __eq__(self, other: object) -> bool:
        return bool(self._demand())

    def __int__(self) -> int:
        return len(self)

    def __float__(self) -> float:
        return float(len(self))

    __repr__ = __str__
    __hash__ = object.__hash__
    __ne__ = __eq__
    __lt__ = __le__ = __gt__ = __ge__ = __eq__
    __call__ = __getitem__ = __pos__ = __neg__ = _demand
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _demand
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = _demand
    __mod__ = __rmod__ = __pow__ = __rpow__ = _demand


def _missing_cell(undefined: type[Any]) -> Any:
    """Return a factory of missing cells that are Jinja2's `Undefined` too, so that `default` and `defined` work."""
    kind = type("MissingCell", (_MissingCell, undefined), {})

    def make(name: str, demanded: dict[str, None]) -> Any:
        cell = kind(name=name)
        cell._missing_name, cell._demanded = name, demanded  # noqa: SLF001 - made here
        return cell

    return make
