"""The types of the blocking client are those of the asynchronous one, and all that they promise is there."""

from __future__ import annotations

import ast
import inspect
from contextlib import AbstractContextManager
from typing import Any, assert_type

import attrs
import pytest

from heygen_async import Completed, DirectVideo, Failed, HeyGen as AsyncHeyGen, Job, User, Video
from heygen_async.sync import HeyGen
from tests.codegen.sync_stub import LEFT_OUT, TARGET, line_of, place_of, stub


def test_regenerating_the_stub_changes_nothing() -> None:
    """The types that are checked in are those of the client."""
    pytest.importorskip("ruff", reason="the layout is ruff's")
    assert stub() == TARGET.read_text(encoding="utf-8")


def public(kind: type[Any]) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


def test_each_public_name_of_the_client_has_a_type_or_is_left_out_on_purpose() -> None:
    """No method of the asynchronous client is forgotten, and the stub invents none."""
    classes = {node.name: node for node in ast.parse(stub()).body if isinstance(node, ast.ClassDef)}
    listed = {one.name for one in classes["HeyGen"].body if isinstance(one, ast.FunctionDef)}
    listed |= {ast.unparse(one.target) for one in classes["HeyGen"].body if isinstance(one, ast.AnnAssign)}
    instance = set(vars(AsyncHeyGen("key", base_url="http://127.0.0.1:9")))
    there = public(AsyncHeyGen) | {name for name in instance if not name.startswith("_")}
    assert {name for name in listed if not name.startswith("_")} == (there - LEFT_OUT - {"aclose"}) | {"close"}
    assert "Audio" in classes, "a resource with lists only"


def test_names_are_followed_to_where_they_are_defined() -> None:
    """The generator resolves imports, dotted names and builtins, and finds the classes that a class inherits from."""
    where = "heygen_async.heygen"
    assert place_of(ast.parse("polling.Called", mode="eval").body, where) == (
        "heygen_async.api.handles.polling",
        "Called",
    )
    assert place_of(ast.Name("str"), where) is None
    assert place_of(ast.Constant(1), where) is None
    assert place_of(ast.parse("(1).real", mode="eval").body, where) is None
    assert [place[1] for place in line_of((where, "HeyGen"))] == ["HeyGen", "Client", "BaseClient", "Resources"]


@attrs.frozen
class Person:
    name: str


def typed(heygen: HeyGen, hello: DirectVideo) -> None:
    """Never called: mypy checks the `assert_type` lines. The names that it imports exist for type checkers only."""
    from collections.abc import Iterator

    from heygen_async.sync import Results, Run

    assert_type(heygen.render(hello), Video)
    assert_type(heygen.users.me(), User)
    run = heygen.render_many([Job(request=hello, row=Person("Ada"))])
    assert_type(run, Run[Person])
    assert_type(iter(run), Iterator[Completed[Person] | Failed[Person]])
    with run as results:
        assert_type(results, Results[Person])
        for result in results:
            assert_type(result.row, Person)
    assert_type(heygen.videos.create(hello).wait(), Video)
    assert_type(list(heygen.videos.list()), list[Video])
    blocks: list[AbstractContextManager[Any]] = [heygen, run, heygen.webhooks.registered("https://example.com")]
    assert blocks


def test_the_types_are_checked_by_mypy() -> None:
    """`typed` has the statements that mypy checks."""
    assert inspect.getsource(typed).count(" assert_type(") == 8
