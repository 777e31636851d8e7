"""Reads the fenced blocks of README.md and of the guides, and runs the Python among them.

A Python block is a whole script. A comment before a block names it, `<!-- example: NAME -->`, or tells why it cannot
be run, `<!-- skip: REASON -->`.
"""

from __future__ import annotations

import ast
import inspect
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import CodeType
from typing import Any

import attrs
import openpyxl
import pytest

from tests.helpers.paths import PACKAGE

GUIDES = sorted((PACKAGE / "guides").glob("*.md"))
SHELL = {"console", "sh", "bash", "shell"}

_BLOCK = re.compile(
    r"(?:^<!--\s*(?P<word>example|skip)\b:?\s*(?P<text>.*?)\s*-->\s*\n+)?"
    r"^```(?P<language>[\w-]*)[^\n]*\n(?P<code>.*?)^```\s*$",
    re.MULTILINE | re.DOTALL,
)


@attrs.frozen(kw_only=True)
class Block:
    """A fenced block, with the line number of its code, and the name or the reason from the comment before it."""

    path: Path
    language: str
    code: str = attrs.field(repr=False)
    line: int
    name: str
    skipped: str | None

    @property
    def place(self) -> str:
        """File and name, as the id of a test."""
        return f"{self.path.stem}-{self.name}"


def blocks(path: Path, text: str | None = None) -> Iterator[Block]:
    """Yield each fenced block of *path* in order; *text* replaces the content of the file."""
    text = path.read_text(encoding="utf-8") if text is None else text
    for found in _BLOCK.finditer(text):
        line = text.count("\n", 0, found.start("code")) + 1
        named = found["text"] if found["word"] == "example" else None
        yield Block(
            path=path,
            language=found["language"],
            code=found["code"],
            line=line,
            name=named or f"line-{line}",
            skipped=found["text"] if found["word"] == "skip" else None,
        )


def commands(block: Block) -> Iterator[list[str]]:
    """Yield the words of each `heygen-async` command of a shell block; a backslash at the end continues the line."""
    for typed in block.code.replace("\\\n", " ").splitlines():
        words = shlex.split(typed.strip().removeprefix("$ "), comments=True)
        while words and re.fullmatch(r"\w+=.*", words[0]):
            del words[0]  # HEYGEN_API_KEY=... heygen-async run
        if words and words[0] == "heygen-async":
            stops = [n for n, word in enumerate(words) if word in {"|", ">", "&&", "||", ";"}]
            yield words[1 : min(stops, default=len(words))]


def execute(block: Block, replacing: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Run a block as an imported module and return its names; *replacing* maps text of the code to other text."""
    names: dict[str, Any] = {"__name__": "document"}
    exec(_compiled(block, replacing or {}), names)  # noqa: S102 - running the documents is the test
    return names


def awaits(block: Block) -> bool:
    """Return True if a block has an `await` at its top level, as cells of notebooks may."""
    return bool(_compiled(block, {}).co_flags & inspect.CO_COROUTINE) if block.skipped is None else False


async def execute_cell(block: Block) -> None:
    """Run a block as a cell of a notebook."""
    await eval(_compiled(block, {}), {"__name__": "notebook"})  # noqa: S307 - running the documents is the test


def _compiled(block: Block, replacing: Mapping[str, str]) -> CodeType:
    if block.skipped is not None:
        pytest.skip(block.skipped)
    source = block.code
    for word, other in replacing.items():
        source = source.replace(word, other)
    # Empty lines first, so that a traceback shows the line numbers of the file.
    source = "\n" * (block.line - 1) + source
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    code: CodeType = compile(source, str(block.path), "exec", flags=flags, dont_inherit=True)
    return code


def write_lists(folder: Path) -> None:
    """Write the contact lists and files that the documents mention."""
    rows = "email,first_name,company\nada@example.com,Ada,Analytical\ngrace@example.com,Grace,Navy\n"
    (folder / "contacts.csv").write_text(rows, encoding="utf-8")
    (folder / "leads.csv").write_text(rows, encoding="utf-8")
    (folder / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    book = openpyxl.Workbook()
    book.create_sheet("Leads")
    for row in (["First Name", "Voice", "Kind"], ["ADA", "voice_claire", None], ["BEN", None, "agent"]):
        book["Leads"].append(row)
    book.save(folder / "leads.xlsx")
