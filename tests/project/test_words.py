"""Words of messages: what people read in a terminal, in results and on pages is no jargon of this package."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.paths import PACKAGE

FOLDERS = ("api", "cli", "bulk", "workers", "live")

FORBIDDEN = re.compile(r"\b(the books|[Uu]ndecided|under way|POSTs?|mend|encoding=|api_key=|Rates\()", re.ASCII)
COUNTED = re.compile(r" (rows|videos|renders|differences|problems|cells|files|notes|columns|requests)\b")

# Words that stand in no message for people: statements of databases, types of annotations and the like.
NO_MESSAGE = re.compile(r"^(SELECT|INSERT|UPDATE|DELETE|CREATE|WITH|CASE)\b|\bFROM (jobs|lists|former)\b")

# Messages for programmers, in which a number cannot be 1 or a word has to stand.
ALLOWED = {
    "api/models.py": "the name of a request in an error of its answer",
    "api/uploads/batch.py": "a broken answer of HeyGen, with the numbers as they came",
    "bulk/jobs/in_flight.py": "an assertion about the engine itself",
    "bulk/journal/postgres.py": "an error after which the change is made again, and which nobody sees",
    "bulk/prices/price.py": "an error of Rates, which only programs make",
    "bulk/run/result_stream.py": "a repr",
    "bulk/run/run_options.py": "an error of an option that only programs give",
    "cli/commands/demo.py": "200 rows",
}


def messages(source: Path) -> Iterator[tuple[int, str, bool]]:
    """Yield each text of a file that is no docstring: its line, its words, and True if it counts without a singular."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    documents = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    chosen = {id(part) for node in ast.walk(tree) if isinstance(node, ast.IfExp) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            for before, after in zip(node.values, node.values[1:], strict=False):
                if isinstance(before, ast.FormattedValue) and isinstance(after, ast.Constant):
                    yield (
                        node.lineno,
                        str(after.value),
                        id(node) not in chosen and bool(COUNTED.match(str(after.value))),
                    )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
            yield node.lineno, node.value, False


def wrong(source: Path) -> list[str]:
    """Return the messages of a file with a forbidden word, or with "1 rows"."""
    found = []
    for line, text, is_plural in messages(source):
        if NO_MESSAGE.search(text) or " " not in text:
            continue
        if is_plural or FORBIDDEN.search(text):
            found.append(f"{source.name}:{line}: {text}")
    return found


@pytest.mark.parametrize("folder", FOLDERS)
def test_messages_have_words_of_people(folder: str) -> None:
    """No Python, no jargon, and no "1 rows" in what a command prints."""
    sources = sorted((PACKAGE / folder).rglob("*.py"))
    assert sources
    found = [
        message for source in sources if str(source.relative_to(PACKAGE)) not in ALLOWED for message in wrong(source)
    ]
    assert found == []


def test_errors_have_words_of_people() -> None:
    assert wrong(PACKAGE / "errors.py") == []


@pytest.mark.parametrize("page", sorted((PACKAGE / "live").glob("*.html")), ids=lambda page: page.name)
def test_pages_have_words_of_people(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text
    assert FORBIDDEN.findall(text) == []


def test_wrong_words_are_found(tmp_path: Path) -> None:
    """The rule finds what it is for, and leaves docstrings and a chosen singular alone."""
    source = tmp_path / "a.py"
    source.write_text(
        '"""Rows under way."""\n'
        'A = f"{n} rows are sent"\n'
        'B = "1 row" if n == 1 else f"{n} rows are"\n'
        'C = "give encoding=\\"cp1252\\""\n'
        'D = "SELECT 1 AS undecided FROM jobs"\n',
        encoding="utf-8",
    )
    assert sorted(message.partition(": ")[0] for message in wrong(source)) == ["a.py:2", "a.py:4"]
