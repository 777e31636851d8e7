"""Writes `api/generated` and `api/resources.py` from the contract. Run it: `python -m tests.codegen.generate`."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import attrs

from tests.codegen.classes import ANSWERS_BY_HAND, WHERE
from tests.codegen.methods import Asked, ask, checks_query, job_functions, job_method, method, query_class
from tests.codegen.operations import RESOURCES, Op, Resource
from tests.codegen.values import Values, name_of
from tests.helpers.paths import CONTRACT, ROOT

TARGET = ROOT / "heygen_async" / "api" / "generated"
DOCUMENT = json.loads(CONTRACT.read_text(encoding="utf-8"))
VALUES = Values(DOCUMENT["components"]["schemas"])
NOTE = "# Written by tests/codegen/generate.py from HeyGen's contract: change that, not this."
MODULE = "heygen_async.api.generated"

Used: TypeAlias = tuple[str, str]  # a schema, and whether it is asked (request) or answered (answer)


@attrs.frozen
class Generator:
    """Writes the files from one version of the contract."""

    document: dict[str, Any]

    @property
    def values(self) -> Values:
        """Writes their classes."""
        return Values(self.document["components"]["schemas"])

    def schemas_of(self, resource: Resource) -> dict[Used, bool]:
        """Return the schemas of a resource and how they are used, inner ones first; True for those that get `extra`."""
        found: dict[Used, bool] = {}
        for op in resource.ops:
            asked = ask(self.document, self.values, op)
            if asked.body and self.values.schemas[asked.body].get("properties", {"oneOf": 1}):
                for arm in self.values.arms(asked.body):
                    self._collect((arm, "request"), found)
                    found[arm, "request"] = True
            if asked.answer not in ANSWERS_BY_HAND:
                self._collect((asked.answer, "answer"), found)
        return found

    def _collect(self, used: Used, found: dict[Used, bool]) -> None:
        name, use = used
        if used not in found:
            for inner in self.values.needs(name, request=use == "request"):
                self._collect((inner, use), found)
            found[used] = False

    def shared_schemas(self) -> dict[Used, bool]:
        """Return the schemas that several resources use."""
        seen: dict[Used, list[bool]] = {}
        for resource in RESOURCES:
            for used, extra in self.schemas_of(resource).items():
                seen.setdefault(used, []).append(extra)
        return {used: any(extras) for used, extras in seen.items() if len(extras) > 1}

    def write_class(self, used: Used, *, extra: bool) -> str:
        """Return the class of a schema."""
        name, use = used
        return self.values.answer(name) if use == "answer" else self.values.request(name, extra=extra)

    def module(self, resource: Resource, shared: dict[Used, bool]) -> str:
        """Return the module of a resource."""
        asked = {op.where: ask(self.document, self.values, op) for op in resource.ops}
        own = [
            self.write_class(used, extra=extra)
            for used, extra in self.schemas_of(resource).items()
            if used not in shared
        ]
        queries = [query_class(each) for each in asked.values() if checks_query(each)]
        jobs = [part for job in resource.jobs for part in job_functions(asked[job.get], job)]
        paths = sorted({"/".join(each.path.split("/")[:3]) for each in asked.values()})
        about = f'"""{resource.about[0].upper()}{resource.about[1:]}: {", ".join(f"`{path}`" for path in paths)}."""'
        constants = [part for part in jobs if part.startswith("_")]
        functions = [part for part in jobs if not part.startswith("_")]
        body = "\n\n\n".join([*constants, *own, *queries, self.resource_class(resource, asked), *functions])
        return f"{about}\n\n{NOTE}\n\nfrom __future__ import annotations\n\n{self.imports(body, shared)}\n\n{body}\n"

    def resource_class(self, resource: Resource, asked: dict[str, Asked]) -> str:
        """Return the class of a resource."""
        opening = (
            f"class {class_name(resource)}:\n"
            f'    """`heygen.{resource.name}`: {resource.about}."""\n\n'
            "    def __init__(self, caller: Caller) -> None:\n"
            '        """Ask by *caller*."""\n'
            "        self._caller = caller"
        )
        parts = [opening, *(method(each, resource, self.given(each.op)) for each in asked.values())]
        parts += [job_method(asked[job.get], job) for job in resource.jobs]
        return "\n\n".join(parts)

    def given(self, op: Op) -> str | None:
        """Return the type of the job that an operation gives."""
        if op.gives is None or op.gives[0] == "follow_video":
            return None
        return self.followers()[op.gives[0]][1]

    def followers(self) -> dict[str, tuple[str, str]]:
        """Return where the functions that follow jobs are, and what they follow."""
        return {
            f"follow_{job.of}": (
                f"{MODULE}.{resource.name}",
                ask(self.document, self.values, next(op for op in resource.ops if op.where == job.get)).kind,
            )
            for resource in RESOURCES
            for job in resource.jobs
        }

    def imports(self, body: str, shared: Iterable[Used]) -> str:
        """Return the imports that a module needs."""
        where = {**WHERE, "UPLOAD_SECONDS": "heygen_async.http.call", "VideoStatus": "heygen_async.api.handles.video"}
        where |= {name_of(name, answer=use == "answer"): f"{MODULE}.shared" for name, use in shared}
        where |= {name: place for name, (place, _) in self.followers().items()}
        where = {kind: place for place, kind in self.followers().values()} | where
        used = set(free_names(ast.parse(body), frozenset()))
        defined = {node.name for node in ast.parse(body).body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
        wanted = {name: place for name, place in where.items() if name in used - defined}
        lines = [f"from {place} import {name}" if place else f"import {name}" for name, place in wanted.items()]
        return "\n".join(lines)

    def shared_module(self, shared: dict[Used, bool]) -> str:
        """Return the module of what several resources use."""
        body = "\n\n\n".join(self.write_class(used, extra=extra) for used, extra in shared.items())
        about = '"""What several resources use."""'
        return f"{about}\n\n{NOTE}\n\nfrom __future__ import annotations\n\n{self.imports(body, ())}\n\n{body}\n"

    def files(self) -> Iterator[tuple[str, str]]:
        """Yield the name and text of each file, before it is laid out."""
        shared = self.shared_schemas()
        yield "__init__.py", '"""Resources that are written from the contract, not by hand."""\n'
        yield "resources.py", resources_module()
        yield "shared.py", self.shared_module(shared)
        for resource in RESOURCES:
            yield f"{resource.name}.py", self.module(resource, shared)


def class_name(resource: Resource) -> str:
    """Return the class of a resource."""
    return resource.name.title().replace("_", "")


def free_names(node: ast.AST, bound: frozenset[str]) -> Iterator[str]:
    """Yield the names that are read below *node* and are no arguments there."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        arguments = [*node.args.args, *node.args.kwonlyargs]
        for argument in arguments:
            yield from free_names(argument, bound)
        bound |= {argument.arg for argument in arguments}
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in bound:
        yield node.id
    for child in ast.iter_child_nodes(node):
        yield from free_names(child, bound)


def resources_module() -> str:
    """Return the module of the client's attributes."""
    where = {each.name: each.by_hand or f"{MODULE}.{each.name}" for each in RESOURCES}
    typed = [f"    from {where[each.name]} import {class_name(each)}" for each in RESOURCES]
    parts = []
    for each in RESOURCES:
        kind = class_name(each)
        parts.append(
            "    @functools.cached_property\n"
            f"    def {each.name}(self) -> {kind}:\n"
            f'        """{each.about[0].upper()}{each.about[1:]}."""\n'
            f"        from {where[each.name]} import {kind}  # noqa: PLC0415 - loaded when it is first used\n\n"
            f"        return {kind}(self._caller)"
        )
    head = [
        '"""The client\'s attributes for all that is not written by hand, loaded when they are first used."""',
        f"\n{NOTE}\n\nfrom __future__ import annotations\n",
        "import functools\nfrom typing import TYPE_CHECKING\n\nfrom heygen_async.http.caller import Caller\n",
        "if TYPE_CHECKING:",
        *typed,
        '\n\nclass Resources:\n    """What `HeyGen` inherits."""\n\n    _caller: Caller\n',
    ]
    return "\n".join(head) + "\n" + "\n\n".join(parts) + "\n"


def tidy(text: str) -> str:
    """Return *text* in the project's layout."""
    for arguments in (["check", "--select", "I", "--fix", "--quiet"], ["format", "--quiet"]):
        command = [sys.executable, "-m", "ruff", *arguments, "--stdin-filename", str(TARGET / "text.py"), "-"]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=True, cwd=ROOT)
        text = done.stdout
    return text


def place(name: str) -> Path:
    """Return where a file is written: the client's attributes stand above the resources that they load."""
    return TARGET.parent / name if name == "resources.py" else TARGET / name


def written() -> dict[str, str]:
    """Return the name and text of each file as it stands in the package."""
    return {path.name: path.read_text(encoding="utf-8") for path in [*TARGET.glob("*.py"), place("resources.py")]}


def files(document: dict[str, Any] = DOCUMENT) -> Iterator[tuple[str, str]]:
    """Yield the name and text of each file."""
    for name, text in Generator(document).files():
        yield name, tidy(text)


if __name__ == "__main__":
    TARGET.mkdir(exist_ok=True)
    for name, text in files():
        place(name).write_text(text, encoding="utf-8")
