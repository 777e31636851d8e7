"""Rules of the project as a whole: the cost of importing, public names, dependencies, files at the top, errors."""

from __future__ import annotations

import ast
import graphlib
import importlib
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

import heygen_async
from heygen_async import errors
from tests.helpers.paths import PACKAGE, ROOT

TOP_LEVEL = {
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "benchmarks",
    "heygen_async",
    "pyproject.toml",
    "tests",
}
DEPENDENCIES = {"aiohttp", "anyio", "attrs", "cattrs"}
IMPORTED_AS = DEPENDENCIES | {"yarl"}  # aiohttp takes and returns yarl.URL: the two come together
# What the programs to copy need besides the package; the first lines of each say so.
OF_EXAMPLES = {"fastapi_service": {"fastapi", "uvicorn"}}
# Imported inside the function that needs it, and only where a caller has asked for it.
OPTIONAL = {
    "babel",
    "dbos",
    "jinja2",
    "narwhals",
    "openpyxl",
    "opentelemetry",
    "pandas",
    "polars",
    "psycopg",
    "pyarrow",
    "rich",
    "sqlalchemy",
}
SOURCES = sorted(PACKAGE.rglob("*.py"))


def module_name(source: Path) -> str:
    """`heygen_async/api/__init__.py` -> `heygen_async.api`."""
    return ".".join(source.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def python(code: str, *arguments: str) -> str:
    """Run *code* in a fresh interpreter in which warnings are errors, and return its output."""
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# Importing


def test_importing_the_package_loads_the_standard_library_only() -> None:
    """`import heygen_async` is cheap: a name's module, and with it aiohttp, is loaded when the name is used."""
    loaded = python("import sys; before = set(sys.modules); import heygen_async; print(*(set(sys.modules) - before))")
    foreign = {name.partition(".")[0] for name in loaded.split()} - set(sys.stdlib_module_names)
    assert foreign == {"heygen_async"}


def test_errors_load_the_standard_library_only() -> None:
    """A program that only catches the errors does not load HTTP."""
    loaded = python(
        "import sys; before = set(sys.modules); import heygen_async.errors; print(*(set(sys.modules) - before))"
    )
    foreign = {name.partition(".")[0] for name in loaded.split()} - set(sys.stdlib_module_names)
    assert foreign == {"heygen_async"}


def test_the_client_loads_nothing_of_runs_and_commands() -> None:
    """A program that renders one video loads no journal, no command, no simulator and no worker."""
    empty = set(python("import sys; print(*sys.modules)").split())  # a measured process has those of coverage
    loaded = set(python("import sys; from heygen_async import HeyGen; print(*sys.modules)").split()) - empty
    parts = {name.split(".")[1] for name in loaded if name.startswith("heygen_async.")}
    assert "api" in parts
    assert not parts & {"bulk", "cli", "examples", "live", "otel", "simulator", "sync", "workers"}
    assert not loaded & {"sqlite3", "tomllib", "cattrs.preconf", "psycopg", "openpyxl"}
    late = {"api.requests.modes", "api.agents.sessions", "api.videos", "api.webhooks", "telemetry.row_events"}
    assert not loaded & {f"heygen_async.{name}" for name in late}  # each is loaded when it is first used


IMPORT_ALL = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
"""


def test_every_module_can_be_imported() -> None:
    """Every module can be imported, and none warns."""
    names = [module_name(source) for source in SOURCES if source.stem != "__main__"]
    assert not python(IMPORT_ALL, *names)


def test_every_module_can_be_imported_first() -> None:
    """Imports at the top of modules form no circle, so each module can be the first to be imported."""
    modules = {module_name(source): source for source in SOURCES}
    graph = {name: set(imported_at_once(source, modules)) for name, source in modules.items()}
    assert sum(map(len, graph.values())) > len(graph)
    graphlib.TopologicalSorter(graph).prepare()


def imported_at_once(source: Path, modules: Collection[str]) -> Iterator[str]:
    """Yield the package's modules that importing *source* imports; not those for type checkers or inside functions."""
    waiting: list[ast.AST] = [ast.parse(source.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield from [name for name in (inner, str(node.module)) if name in modules][:1]
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def test_a_circle_of_imports_is_seen(tmp_path: Path) -> None:
    """The test of circles fails for a circle: an import under `else` counts, one for type checkers does not."""
    (tmp_path / "a.py").write_text("class A:\n    from b import c\n")
    (tmp_path / "b.py").write_text("if TYPE_CHECKING:\n    import a\nelse:\n    import a\ndef f():\n    import c\n")
    graph = {name: set(imported_at_once(tmp_path / f"{name}.py", {"a", "b", "c"})) for name in ("a", "b")}
    assert graph == {"a": {"b"}, "b": {"a"}}
    with pytest.raises(graphlib.CycleError):
        graphlib.TopologicalSorter(graph).prepare()


# Public names


def test_public_names_are_sorted_and_unique() -> None:
    """`__all__` is sorted and has no name twice."""
    assert list(heygen_async.__all__) == sorted(set(heygen_async.__all__))


@pytest.mark.parametrize("name", heygen_async.__all__)
def test_a_public_name_resolves_and_is_listed(name: str) -> None:
    """Each name of `__all__` can be read and is found by completion."""
    assert getattr(heygen_async, name) is not None
    assert name in dir(heygen_async)


def test_a_type_checker_sees_what_a_program_sees() -> None:
    """`__init__.pyi` re-exports each public name explicitly, as the same object that a program gets."""
    tree = ast.parse((PACKAGE / "__init__.pyi").read_text(encoding="utf-8"))
    seen = {
        alias.name: (node.module, alias.asname)
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert sorted(seen) == list(heygen_async.__all__)
    for name, (module, shown) in seen.items():
        assert shown == name, "an explicit re-export"
        assert module is not None
        assert getattr(importlib.import_module(module), name) is getattr(heygen_async, name)


def test_the_public_names_are_written_once() -> None:
    """`__init__.py` has no list of names, and its docstring groups them by purpose."""
    source = (PACKAGE / "__init__.py").read_text(encoding="utf-8")
    assert source.count("\n") < 40
    assert not re.findall(r"^\s+[\"']?\w+Error\b", source, re.MULTILINE)
    named = set(re.findall(r"\b[A-Z]\w+\b", heygen_async.__doc__ or "")) & set(heygen_async.__all__)
    assert {"HeyGen", "DirectVideo", "Video", "Results", "Completed", "Worker", "Receiver"} <= named


def test_the_version_is_that_of_the_distribution() -> None:
    """`heygen_async.__version__` is the version of the installed distribution."""
    assert heygen_async.__version__ == importlib.metadata.version("heygen-async")


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A wrong name is an AttributeError, with lazy loading too."""
    with pytest.raises(AttributeError, match="has no attribute 'no_such_name'"):
        _ = heygen_async.no_such_name  # type: ignore[attr-defined]  # the case


# Dependencies


def imports(source: Path) -> Iterator[tuple[str, bool]]:
    """Yield each imported package of a file with True if the import is late: in a function or for type checkers."""

    def walk(node: ast.AST, *, late: bool) -> Iterator[tuple[str, bool]]:
        if isinstance(node, ast.Import):
            yield from ((alias.name.partition(".")[0], late) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source}:{node.lineno}: imports are absolute here"
            yield (node.module or "").partition(".")[0], late
        late = late or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        late = late or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
        for child in ast.iter_child_nodes(node):
            yield from walk(child, late=late)

    return walk(ast.parse(source.read_text(encoding="utf-8")), late=False)


# Imported for type checkers only: they bring the one with them, and aiohttp the other.
ONLY_TYPES = {"multidict", "typing_extensions"}


@pytest.mark.parametrize(
    "source",
    [source for source in SOURCES if PACKAGE / "cli" not in source.parents],
    ids=module_name,
)
def test_the_core_imports_its_four_dependencies_only(source: Path) -> None:
    """All other libraries are optional, and imported by the function that needs them."""
    allowed = set(sys.stdlib_module_names) | IMPORTED_AS | {"heygen_async"}
    if source.parent.name == "pytest_plugin":
        allowed |= {"pytest", "pytest_asyncio"}
    allowed |= OF_EXAMPLES.get(source.stem, set())
    at_import = {name for name, late in imports(source) if not late}
    when_used = {name for name, late in imports(source) if late}
    assert at_import <= allowed
    assert when_used <= allowed | OPTIONAL | ONLY_TYPES


def test_the_tested_floors_are_the_promised_ones() -> None:
    """`.constraints-floors.txt` holds exactly the lower bounds of pyproject.toml, of the extras too.

    The workers' tests need a database; their dbos is pinned at its floor in `.constraints.txt`.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    promised = dict(_floor(line) for line in (*project["dependencies"], *extras))
    assert (
        promised.pop("dbos")
        == dict(_floor(line) for line in _pins(".constraints.txt") if line.startswith("dbos"))["dbos"]
    )
    del promised["psycopg"]
    tested = dict(_floor(line) for line in _pins(".constraints-floors.txt"))
    assert {name: tested.get(name) for name in promised} == promised
    with_the_api = {"opentelemetry-sdk", "opentelemetry-semantic-conventions"}
    assert tested.keys() - promised.keys() == with_the_api
    assert {_floor(line)[0] for line in project["dependencies"]} == DEPENDENCIES


def _pins(name: str) -> list[str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def _floor(line: str) -> tuple[str, tuple[int, int, int]]:
    """Return the name and the version, of three numbers, of a requirement or a pin."""
    found = re.fullmatch(r"([a-z0-9-]+)(?:\[.+\])?[>=]=([\d.]+)b?\d*(?:,<\d+)?", line)
    assert found is not None, line
    major, minor, patch = (*map(int, found[2].split(".")), 0, 0)[:3]
    return found[1], (major, minor, patch)


# The first version of each optional library without a known way out of its sandbox, and the reason.
SAFE_SINCE = {"jinja2": (3, 1, 6)}  # CVE-2025-27516: a template of a campaign file could call str.format


def test_optional_libraries_with_known_holes_are_not_admitted() -> None:
    """A template may come from somebody else, so a Jinja2 whose sandbox has a way out does not satisfy any extra."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    asked = [
        re.fullmatch(r"([a-z0-9-]+)(?:\[.+\])?>=([\d.]+)(?:,<\d+)?", line)
        for lines in extras.values()
        for line in lines
    ]
    floors = [(found[1], tuple(map(int, found[2].split(".")))) for found in asked if found is not None]
    assert len(floors) == len(asked)
    assert {name for name, _ in floors} >= SAFE_SINCE.keys()
    assert [(name, floor) for name, floor in floors if floor < SAFE_SINCE.get(name, ())] == []


def test_development_tools_are_pinned_exactly() -> None:
    """Tools are pinned, so that a later run uses the same; dependencies are not, so that the newest are tested."""
    lines = (ROOT / ".constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", pin) for pin in pins)
    assert pins == sorted(pins, key=lambda pin: pin.partition("==")[0])
    assert not {pin.partition("==")[0] for pin in pins} & DEPENDENCIES


# Files


def test_the_top_folder_holds_the_known_names_only() -> None:
    """The top folder holds eight names besides dotfiles; everything else is in a folder."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    names = {line.partition("/")[0].strip('"') for line in done.stdout.splitlines()}
    assert {name for name in names if not name.startswith(".")} <= TOP_LEVEL


def test_the_readme_names_the_two_make_commands() -> None:
    """README.md names `make demo` and `make test`."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make demo" in readme
    assert "make test" in readme


def test_the_changelog_has_the_current_version() -> None:
    """CHANGELOG.md has a section for unreleased changes or for the present version."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## \[?(Unreleased|{re.escape(version)})\b", changelog, re.MULTILINE)


# The tree of errors


def drawn_tree(text: str) -> dict[str, str | None]:
    """Return each name's parent in a tree that is drawn with box characters, four columns a level, as by `tree`."""
    parents: dict[str, str | None] = {}
    path: list[str] = []
    for line in text.splitlines():
        found = re.match(r"(?P<indent>\s*[│├└─\s]*)(?P<name>[A-Z]\w*Error)\b", line)
        if found is None:
            continue
        branch = re.search(r"[├└]", found["indent"])
        if branch is None and parents:
            continue  # prose that begins with the name of an error
        depth = 0 if branch is None else branch.start() // 4 + 1
        del path[depth:]
        parents[found["name"]] = path[-1] if path else None
        path.append(found["name"])
    return parents


def test_the_tree_in_the_docstring_is_the_tree_of_classes() -> None:
    """The drawing in the docstring of errors.py shows the real classes."""
    classes = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    real = {
        kind.__name__: None if kind is errors.HeyGenError else kind.__bases__[0].__name__
        for kind in classes
        if issubclass(kind, errors.HeyGenError)
    }
    assert drawn_tree(errors.__doc__ or "") == real


def test_a_drawn_tree_is_read_with_its_levels() -> None:
    """`drawn_tree` finds each name's parent at any depth."""
    drawing = "Words.\n\nAError\n├── BError\n│   └── CError\n└── DError\n\nAError is the root.\n"
    assert drawn_tree(drawing) == {"AError": None, "BError": "AError", "CError": "BError", "DError": "AError"}


def test_every_error_is_public() -> None:
    """Every error of the drawing is a public name, so that users can catch it."""
    assert set(drawn_tree(errors.__doc__ or "")) <= set(heygen_async.__all__)
