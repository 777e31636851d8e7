"""A mutant: the client with a deliberate fault, made by changing a few words of its source while nights are played."""

from __future__ import annotations
import __future__

import ast
import contextlib
import functools
import importlib
import inspect
import textwrap
from collections.abc import Iterator
from types import CodeType
from typing import Any

import attrs

from tests.explore.night import Night


@attrs.frozen
class Edit:
    """A change of one function.

    Attributes:
        place: Module below `heygen_async`, and the name of the function in it: "bulk.run.slots:Slots.take".
        texts: Texts in the source of the function, without its indentation, and those in their places.
    """

    place: str
    texts: tuple[tuple[str, str], ...]

    @property
    def function(self) -> Any:
        """The function, without its decorators."""
        module, _, path = self.place.partition(":")
        found: Any = importlib.import_module(f"heygen_async.{module}")
        for name in path.split("."):
            found = inspect.getattr_static(found, name)
        found = found.fget if isinstance(found, property) else getattr(found, "__func__", found)
        return inspect.unwrap(found)

    @contextlib.contextmanager
    def made(self) -> Iterator[None]:
        """Let the function run with its change."""
        function = self.function
        former = function.__code__
        function.__code__ = _changed(self)
        try:
            yield
        finally:
            function.__code__ = former


@attrs.frozen
class Mutant:
    """A deliberate fault.

    Attributes:
        name: Fault, in words.
        edits: Changes that make it.
        needs: Words of a night, without which it cannot be seen: all of them, of those with "|" one of its parts.
    """

    name: str
    edits: tuple[Edit, ...]
    needs: tuple[str, ...] = ()

    def can_be_seen(self, night: Night) -> bool:
        """Return True if a night has what is needed; others need not be played."""
        return all(any(word in night.words for word in need.split("|")) for need in self.needs)

    @contextlib.contextmanager
    def alive(self) -> Iterator[None]:
        """Let the client have the fault."""
        with contextlib.ExitStack() as stack:
            for edit in self.edits:
                stack.enter_context(edit.made())
            yield


def mutant(name: str, *edits: tuple[str, str, str], needs: tuple[str, ...] = ()) -> Mutant:
    """Return a mutant of edits that are given as place, old and new text."""
    texts: dict[str, list[tuple[str, str]]] = {}
    for place, old, new in edits:
        texts.setdefault(place, []).append((old, new))
    return Mutant(name, tuple(Edit(place, tuple(pairs)) for place, pairs in texts.items()), needs)


@functools.cache
def _changed(edit: Edit) -> CodeType:
    """Return the code of a function with its change.

    Raises:
        ValueError: The source does not have a text exactly once: the client was changed, and the mutant must follow.
    """
    function = edit.function
    lines, _ = inspect.getsourcelines(function)
    source = textwrap.dedent("".join(lines))
    for old, new in edit.texts:
        if source.count(old) != 1:
            raise ValueError(f"{edit.place} has {source.count(old)} times, not once: {old!r}")
        source = source.replace(old, new)
    tree = ast.parse("class Owner:\n" + textwrap.indent(source, "    "))  # for a `super()` without arguments
    (definition,) = tree.body[0].body  # type: ignore[attr-defined]  # of a class
    definition.decorator_list = []
    flags = __future__.annotations.compiler_flag
    made = compile(tree, f"<mutant of {edit.place}>", "exec", flags=flags, dont_inherit=True)
    (owner,) = [one for one in made.co_consts if isinstance(one, CodeType)]
    (code,) = [one for one in owner.co_consts if isinstance(one, CodeType) and one.co_name == function.__name__]
    if code.co_freevars != function.__code__.co_freevars:
        raise ValueError(f"{edit.place} uses names of the function around it, and cannot be changed alone")
    return code
