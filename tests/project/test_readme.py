"""README.md is run: its examples against the simulator, its commands against the command line.

Each python block is a whole script. One with an `async def main()` meets the simulator, in virtual time; one without
brings its own, or needs none. A comment before a block names it, `<!-- example: NAME -->`, or says why it cannot be
run, `<!-- skip: REASON -->`.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import openpyxl
import pytest

from heygen_async.cli.app import make_app
from heygen_async.cli.registry import COMMANDS
from heygen_async.simulator import Server
from tests.helpers.commands import call
from tests.helpers.paths import README
from tests.helpers.postgres import binary
from tests.helpers.readme_help import helped

BLOCK = re.compile(
    r"(?:^<!--\s*(?P<word>example|skip)\b:?\s*(?P<said>.*?)\s*-->\s*\n+)?"
    r"^```(?P<language>[\w-]*)[^\n]*\n(?P<code>.*?)^```\s*$",
    re.MULTILINE | re.DOTALL,
)
MAIN = "async def main("
SHELL = {"console", "sh", "bash", "shell"}


@attrs.frozen(kw_only=True)
class Block:
    """A fenced block of README.md: its first line of code, and what the comment before it said."""

    language: str
    code: str
    line: int
    name: str
    skipped: str | None


def blocks(text: str) -> Iterator[Block]:
    """Every fenced block, in order."""
    for found in BLOCK.finditer(text):
        line = text.count("\n", 0, found.start("code")) + 1
        named = found["said"] if found["word"] == "example" else None
        yield Block(
            language=found["language"],
            code=found["code"],
            line=line,
            name=named or f"line-{line}",
            skipped=found["said"] if found["word"] == "skip" else None,
        )


def commands(block: Block) -> Iterator[list[str]]:
    """The words of each `heygen-async` command of a shell block; lines that end in a backslash go on."""
    for typed in block.code.replace("\\\n", " ").splitlines():
        words = shlex.split(typed.strip().removeprefix("$ "), comments=True)
        while words and re.fullmatch(r"\w+=.*", words[0]):
            del words[0]  # HEYGEN_API_KEY=... heygen-async run
        if words and words[0] == "heygen-async":
            stops = [n for n, word in enumerate(words) if word in {"|", ">", "&&", "||", ";"}]
            yield words[1 : min(stops, default=len(words))]


TEXT = README.read_text(encoding="utf-8") if README.exists() else ""
BLOCKS = list(blocks(TEXT))
PYTHON = [block for block in BLOCKS if block.language in {"python", "py"}]
TYPED = [(block, words) for block in BLOCKS if block.language in SHELL for words in commands(block)]


@pytest.fixture
def at_home(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of one's own with a contact list, and the simulator in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEYGEN_API_KEY", "simulator-key")
    monkeypatch.setenv("HEYGEN_API_BASE", server.base_url)
    lists(tmp_path)


def test_the_readme_has_examples() -> None:
    """The tests below are parametrized by the README: an empty list would pass."""
    assert PYTHON
    assert TYPED
    assert all(block.skipped for block in PYTHON if block.skipped is not None), "a skip has a reason"


def execute(block: Block) -> dict[str, Any]:
    """Run a block as a module that is imported, and return its names."""
    if block.skipped is not None:
        pytest.skip(block.skipped)
    # Empty lines first, so that a traceback has the README's line numbers.
    code = compile("\n" * (block.line - 1) + block.code, str(README), "exec", dont_inherit=True)
    names: dict[str, Any] = {"__name__": "readme"}
    exec(code, names)  # noqa: S102 - running the README is the test
    return names


@pytest.mark.parametrize("block", [block for block in PYTHON if MAIN in block.code], ids=lambda block: block.name)
async def test_an_example_runs(block: Block, at_home: None, server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever copies an example gets what it promises: it asks the server, and says what came of it."""
    await execute(block)["main"]()
    assert server.world.requests
    assert capsys.readouterr().out


@pytest.mark.parametrize("block", [block for block in PYTHON if MAIN not in block.code], ids=lambda block: block.name)
def test_an_example_without_a_main_runs(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An example for somebody's tests brings its own simulator and event loop."""
    monkeypatch.chdir(tmp_path)
    defined = execute(block).keys() - {"__name__", "__builtins__"}
    assert defined


def test_the_help_is_that_of_the_command_line() -> None:
    """`python -m tests.helpers.readme_help` writes it."""
    assert helped(TEXT) == TEXT


# Commands that are only parsed here, and why; all others run.
SERVES = {"simulate": "serves until Ctrl-C; the fixture `simulator` starts it as a process"}
TAKES_SPEED = {"agent create", "agent wait", "run", "videos wait", "worker"}
DATABASE = "postgresql://me@db.example.com/videos"
MAY_END = {"run": {0, 5}, "resume": {0, 7}, "retry": {7}}
NEWEST = {"VIDEO_ID": ("videos", "list")}


def test_every_command_runs(
    simulator: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """In the order of the README, in one folder, as a reader would type them; what serves is only parsed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEYGEN_API_KEY", "simulator-key")
    monkeypatch.setenv("HEYGEN_API_BASE", simulator)
    lists(tmp_path)
    ran = []
    for block, typed in TYPED:
        name = named(typed)
        if name in SERVES:
            make_app().parse_args(typed)
            continue
        if DATABASE in typed and binary("initdb") is None:
            ran.append(name)  # PostgreSQL is not on this machine; .ci/run demands it
            continue
        words = [request.getfixturevalue("database") if word == DATABASE else newest(word) for word in typed]
        is_fast = name in TAKES_SPEED or (name == "resume" and DATABASE not in typed)
        said = call(*words, *(["--speed", "500"] if is_fast else []))
        assert said.exit_code in MAY_END.get(name, {0}), f"README.md:{block.line}: {words}\n{said.output}"
        assert said.output
        ran.append(name)
    assert set(ran) == {named(words) for _, words in TYPED} - SERVES.keys()


def named(words: list[str]) -> str:
    """The command, of one word or two."""
    both = " ".join(words[:2])
    return both if both in COMMANDS else words[0]


def newest(word: str) -> str:
    """A word of the README, or the id that it stands for: of the newest that there is."""
    if word not in NEWEST:
        return word
    listed = call(*NEWEST[word], "--limit", "1", "--json").stdout
    return str(json.loads(listed)["id"])


def lists(folder: Path) -> None:
    """Write the contact lists that the README speaks of."""
    rows = "email,first_name,company\nada@example.com,Ada,Analytical\ngrace@example.com,Grace,Navy\n"
    (folder / "contacts.csv").write_text(rows, encoding="utf-8")
    (folder / "leads.csv").write_text(rows, encoding="utf-8")
    (folder / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    book = openpyxl.Workbook()
    book.create_sheet("Leads")
    for row in (["First Name", "Voice", "Kind"], ["ADA", "voice_claire", None], ["BEN", None, "agent"]):
        book["Leads"].append(row)
    book.save(folder / "leads.xlsx")


SAMPLE = """
<!-- example: first -->
```python
async def main(): pass
```

```console
$ KEY=1 heygen-async run contacts.csv \\
    --output videos | tee log
done
```

<!-- skip: needs a public address -->

```python
serve()
```
"""


def test_blocks_are_read_with_their_comments() -> None:
    """The reader of blocks sees names, reasons, lines, and commands over several lines."""
    first, typed, last = blocks(SAMPLE)
    assert (first.name, first.line, first.skipped) == ("first", 4, None)
    assert list(commands(typed)) == [["run", "contacts.csv", "--output", "videos"]]
    assert (last.name, last.skipped) == ("line-16", "needs a public address")
