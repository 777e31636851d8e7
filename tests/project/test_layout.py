"""Rules of the layout: sizes of folders and files, places of tests, names of classes, first words of docstrings."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.helpers.paths import PACKAGE, ROOT

MAX_MODULES = 12
LARGE_FOLDERS = {"api/generated", "cli/commands", "examples"}  # written by a program; one file a command or program

MAX_LINES = 320
MAX_LONG_FILES = 3
GENERATED = re.compile(r"^# Written by tests/codegen/", re.MULTILINE)

TESTS_OF_NO_FOLDER = {"chaos", "codegen", "explore", "helpers", "project"}

# Each class that has the name of another one, and the reason.
SHARED_CLASS_NAMES = {
    "Assets": "heygen.assets: the generated resource, extended by hand with uploads",
    "Models": "heygen.models: the generated resource, extended by hand with streamed speech",
    "HeyGen": "heygen_async.sync: the client whose methods block",
}

FRAGMENT = re.compile(r"(its|it|they|who|what|whose|how|nothing|nobody|the same|do the same)\b", re.IGNORECASE)
# Folders whose docstrings start with their subject or a verb; "." is for the modules at the top of the package.
CLEAN_FOLDERS = [
    ".",
    "account",
    "api",
    "bulk",
    "cli",
    "examples",
    "guides",
    "http",
    "live",
    "simulator",
    "webhooks",
    "workers",
]


def sources(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def parsed(source: Path) -> ast.Module:
    return ast.parse(source.read_text(encoding="utf-8"), str(source))


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Write files into *folder*, for a check that must fail, and return the folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


# Folders


def large_folders(package: Path) -> dict[str, int]:
    """Return the number of modules, without `__init__`, of each folder that has too many."""
    counts: dict[str, int] = defaultdict(int)
    for source in sources(package):
        counts[source.parent.relative_to(package).as_posix()] += source.stem != "__init__"
    return {folder: count for folder, count in counts.items() if count > MAX_MODULES and folder not in LARGE_FOLDERS}


def test_no_folder_of_the_package_is_large() -> None:
    """A folder has at most twelve modules, except those of `LARGE_FOLDERS`."""
    assert large_folders(PACKAGE) == {}


def test_a_large_folder_is_found(tmp_path: Path) -> None:
    """A thirteenth module is too many; `__init__` and the folders of the exceptions do not count."""
    full = {f"full/m{n}.py": "" for n in range(MAX_MODULES)}
    generated = {f"api/generated/m{n}.py": "" for n in range(MAX_MODULES + 1)}
    package = write(tmp_path, {"full/__init__.py": "", **full, **generated})
    assert large_folders(package) == {}
    write(package, {"full/one_more.py": ""})
    assert large_folders(package) == {"full": MAX_MODULES + 1}


# Files


def long_files(package: Path) -> list[str]:
    """Return the files of the package that are long, except generated ones."""
    texts = {source.relative_to(package).as_posix(): source.read_text(encoding="utf-8") for source in sources(package)}
    return [name for name, text in texts.items() if text.count("\n") > MAX_LINES and not GENERATED.search(text)]


def test_few_files_of_the_package_are_long() -> None:
    """At most three files have more than 320 lines."""
    found = long_files(PACKAGE)
    assert len(found) <= MAX_LONG_FILES, found


def test_a_long_file_is_found(tmp_path: Path) -> None:
    """A file of 321 lines is long, unless a program has written it."""
    marked = "# Written by tests/codegen/generate.py\n"
    lines = {"short.py": "\n" * MAX_LINES, "long.py": "\n" * (MAX_LINES + 1), "api.py": marked + "\n" * MAX_LINES}
    assert long_files(write(tmp_path, lines)) == ["long.py"]


# Tests


def strange_test_folders(tests: Path, package: Path) -> list[str]:
    """Return the folders of tests that have no counterpart in the package."""
    folders = sorted({source.parent.relative_to(tests) for source in sources(tests)})
    own = [folder for folder in folders if folder.parts[:1] and folder.parts[0] not in TESTS_OF_NO_FOLDER]
    return [folder.as_posix() for folder in own if not (package / folder).is_dir()]


def test_every_folder_of_tests_mirrors_one_of_the_package() -> None:
    """The tests of `heygen_async/bulk/run` are in `tests/bulk/run`."""
    assert strange_test_folders(ROOT / "tests", PACKAGE) == []


def test_a_folder_of_tests_without_a_counterpart_is_found(tmp_path: Path) -> None:
    """A folder counts at any depth, unless it is below one that has no counterpart on purpose."""
    package = write(tmp_path / "package", {"bulk/run/scheduler.py": ""})
    files = ["test_errors.py", "bulk/run/test_scheduler.py", "bulk/plan/test_plan.py", "helpers/data/rows.py"]
    tests = write(tmp_path / "tests", dict.fromkeys(files, ""))
    assert strange_test_folders(tests, package) == ["bulk/plan"]


def imported_names(tree: ast.Module) -> Iterator[str]:
    """Yield the dotted name of each import of a module, at any depth."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names)


def imports_of_tests(tests: Path) -> list[str]:
    """Return each import of a test module or of a conftest, with the file that has it."""
    found = []
    for source in sources(tests):
        for name in imported_names(parsed(source)):
            ours = name.startswith(("tests.", ".", "test_", "conftest"))
            if ours and any(part.startswith("test_") or part == "conftest" for part in name.split(".")):
                found.append(f"{source.relative_to(tests).as_posix()}: {name}")
    return found


def test_no_test_imports_another_one() -> None:
    """Tests share code by `tests.helpers` and by fixtures only."""
    assert imports_of_tests(ROOT / "tests") == []


@pytest.mark.parametrize(
    "line",
    [
        "import tests.bulk.test_b",
        "from tests.bulk.test_b import jobs",
        "from tests.bulk import test_b",
        "from .test_b import jobs",
        "from tests.conftest import heygen",
        "def late():\n    from tests.bulk.test_b import jobs",
    ],
)
def test_an_import_of_a_test_is_found(tmp_path: Path, line: str) -> None:
    """Every way to write the import is found; helpers and functions of the package may be imported."""
    allowed = "from tests.helpers.commands import call\nfrom heygen_async.webhooks import test_delivery\n"
    tests = write(tmp_path, {"test_a.py": line, "test_c.py": allowed})
    assert [found.partition(":")[0] for found in imports_of_tests(tests)] == ["test_a.py"]


# Names


def shared_class_names(package: Path) -> dict[str, list[str]]:
    """Return the modules of each public class name that more than one module defines."""
    modules: dict[str, list[str]] = defaultdict(list)
    for source in sources(package):
        for node in parsed(source).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                modules[node.name].append(source.relative_to(package).as_posix())
    return {name: places for name, places in modules.items() if len(places) > 1}


def test_a_public_class_name_means_one_class() -> None:
    """No two modules define a class of one name, except those of `SHARED_CLASS_NAMES`, which has no other names."""
    found = shared_class_names(PACKAGE)
    assert found.keys() == SHARED_CLASS_NAMES.keys(), found


def test_a_class_name_of_two_modules_is_found(tmp_path: Path) -> None:
    """Private classes and classes within classes may have the name of another one."""
    files = {
        "a.py": "class State: ...\nclass _Row: ...\nclass A:\n    class Inner: ...\n",
        "b/c.py": "class State: ...\nclass _Row: ...\nclass Inner: ...\n",
    }
    assert shared_class_names(write(tmp_path, files)) == {"State": ["a.py", "b/c.py"]}


# Docstrings


def fragments(files: Iterable[Path]) -> list[str]:
    """Return place and first line of each docstring that starts with a word of `FRAGMENT`."""
    found = []
    for source in files:
        for node in ast.walk(parsed(source)):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                text = (ast.get_docstring(node) or "").strip()
                if FRAGMENT.match(text):
                    found.append(f"{source.name}:{getattr(node, 'lineno', 1)}: {text.splitlines()[0]}")
    return found


@pytest.mark.parametrize("folder", CLEAN_FOLDERS)
def test_a_docstring_names_its_subject(folder: str) -> None:
    """A docstring starts with a verb or with its subject, not with a pronoun or a question word."""
    files = sorted(PACKAGE.glob("*.py")) if folder == "." else sources(PACKAGE / folder)
    assert files
    assert fragments(files) == []


@pytest.mark.parametrize(
    "text",
    [
        "Its rows.",
        "It ends.",
        "They end.",
        "Who asks.",
        "What comes back.",
        "Whose row it is.",
        "How many rows.",
        "Nothing ends.",
        "Nobody asks.",
        "The same with rows.",
        "Do the same with rows.",
        "\n    what comes back.\n    ",
    ],
)
def test_a_fragment_is_found(tmp_path: Path, text: str) -> None:
    """A fragment is found in a module, a class and a method; a longer word that begins like one is none."""
    quoted = f'"""{text}"""'
    source = f"{quoted}\nclass A:\n    {quoted}\n    async def a(self):\n        {quoted}\n"
    write(tmp_path, {"a.py": source, "b.py": '"""Italic rows, whatever it says."""\n'})
    assert [place.partition(":")[0] for place in fragments(sources(tmp_path))] == ["a.py"] * 3
