"""README.md is run: its examples against the simulator, its commands against the command line.

Each python block is a whole script. One with an `async def main()` meets the simulator, in virtual time; one without
brings its own, or needs none. A comment before a block names it, `<!-- example: NAME -->`, or says why it cannot be
run, `<!-- skip: REASON -->`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import click
import pytest

from heygen_async.cli.app import app
from heygen_async.simulator import Server

README = Path(__file__).parent.parent / "README.md"
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
    rows = "email,first_name,company\nada@example.com,Ada,Analytical\ngrace@example.com,Grace,Navy\n"
    (tmp_path / "contacts.csv").write_text(rows, encoding="utf-8")


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


@pytest.mark.parametrize(("block", "words"), TYPED, ids=[f"{block.line}-{' '.join(words)}" for block, words in TYPED])
def test_a_command_exists(block: Block, words: list[str]) -> None:
    """Every command and option that the README types is known to the command line."""
    command: click.Command = app
    context = click.Context(app, info_name="heygen-async")
    options = set(app.get_help_option_names(context))
    seen: list[str] = []
    for word in words:
        if word.startswith("-"):
            seen.append(word.partition("=")[0])
        elif isinstance(command, click.Group):
            known = command.get_command(context, word)
            assert known is not None, f"README.md:{block.line}: no command {word!r}"
            command = known
    options |= {name for option in (*app.params, *command.params) for name in option.opts}
    options |= {name for option in (*app.params, *command.params) for name in option.secondary_opts}
    assert set(seen) <= options


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
