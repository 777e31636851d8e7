"""The Python of README.md and of the guides runs against the simulator, their commands on the command line.

A python block with an `async def main()` runs against the simulator in virtual time; one without starts its own
simulator or needs none. The commands of a document run in its order, in one folder, as a reader would type them.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from heygen_async import Campaign, simulator as simulators
from heygen_async.cli.app import make_app
from heygen_async.cli.registry import COMMANDS
from heygen_async.simulator import Server, World
from tests.helpers.commands import call
from tests.helpers.documents import (
    GUIDES,
    SHELL,
    Block,
    awaits,
    blocks,
    commands,
    execute,
    execute_cell,
    write_lists,
)
from tests.helpers.paths import PACKAGE, README
from tests.helpers.postgres import binary

pytestmark = pytest.mark.unmeasured

DOCUMENTS = [README, *GUIDES]
BLOCKS = [block for path in DOCUMENTS for block in blocks(path)]
PYTHON = [block for block in BLOCKS if block.language in {"python", "py"}]
TYPED = [(block, words) for block in BLOCKS if block.language in SHELL for words in commands(block)]
DATABASE = "postgresql://me@db.example.com/videos"
PORT = "8480"  # of the documents' servers; in tests a free one
SPEED = 500.0
MAIN = "async def main("

WITH_DATABASE = [block for block in PYTHON if MAIN in block.code and DATABASE in block.code]
WITH_MAIN = [block for block in PYTHON if MAIN in block.code and DATABASE not in block.code]
SYNC = "heygen_async.sync"
CELLS = [block for block in PYTHON if MAIN not in block.code and awaits(block)]
BLOCKING = [block for block in PYTHON if MAIN not in block.code and SYNC in block.code]
WITHOUT_MAIN = [block for block in PYTHON if MAIN not in block.code and block not in [*CELLS, *BLOCKING]]
CAMPAIGNS = [block for block in BLOCKS if block.language == "toml"]


def place(block: Block) -> str:
    return block.place


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working folder with contact lists, and the simulator's key in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEYGEN_API_KEY", "simulator-key")
    write_lists(tmp_path)


@pytest.fixture
def free_port() -> str:
    """A free port of this machine."""
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return str(opened.getsockname()[1])


def test_the_documents_have_examples() -> None:
    """The tests below are parametrized by the documents: an empty list would pass."""
    assert {block.path for block in PYTHON} == set(DOCUMENTS) - {PACKAGE / "guides" / "commands.md"}
    assert TYPED
    assert CAMPAIGNS
    assert all(block.skipped for block in PYTHON if block.skipped is not None), "a skip has a reason"


@pytest.mark.parametrize("block", WITH_MAIN, ids=place)
async def test_an_example_runs(
    block: Block,
    at_home: None,
    server: Server,
    free_port: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An example sends requests to the server and prints its result."""
    monkeypatch.setenv("HEYGEN_API_BASE", server.base_url)
    await execute(block, {PORT: free_port})["main"]()
    assert server.world.requests
    assert capsys.readouterr().out


@pytest.mark.parametrize("block", WITH_DATABASE, ids=place)
def test_an_example_with_a_database_runs(
    block: Block, at_home: None, simulator: str, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An example with PostgreSQL runs in compressed time; virtual time would stand still while threads wait."""
    monkeypatch.setenv("HEYGEN_API_BASE", simulator)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):  # capsys would close the stderr that DBOS keeps for its log
        simulators.run(execute(block, {DATABASE: database})["main"], speed=SPEED)
    assert printed.getvalue()


@pytest.mark.parametrize("block", CELLS, ids=place)
async def test_a_cell_of_a_notebook_runs(
    block: Block, at_home: None, server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A cell with `await` at its top level runs in a running event loop."""
    monkeypatch.setenv("HEYGEN_API_BASE", server.base_url)
    await execute_cell(block)
    assert server.world.ledger
    assert capsys.readouterr().out


@pytest.mark.usefixtures("_simulator_thread", "_compressed_time")
@pytest.mark.parametrize("block", BLOCKING, ids=place)
def test_an_example_without_a_loop_runs(
    block: Block, at_home: None, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """An example of the blocking client renders, in compressed time."""
    execute(block)
    assert world.ledger
    assert capsys.readouterr().out


@pytest.mark.parametrize("block", WITHOUT_MAIN, ids=place)
def test_an_example_without_a_main_runs(block: Block, at_home: None) -> None:
    """An example for tests of one's own starts its own simulator and event loop."""
    assert execute(block).keys() - {"__name__", "__builtins__"}


@pytest.mark.parametrize("block", CAMPAIGNS, ids=place)
def test_a_campaign_file_can_be_used(block: Block, at_home: None) -> None:
    """A campaign file of the documents is valid, and every row of its list can be rendered."""
    Path("campaign.toml").write_text(block.code, encoding="utf-8")
    campaign = Campaign.load("campaign.toml")
    template = campaign.template()
    assert not [problem for row in campaign.table() for problem in template.problems(row)]


# Commands that are only parsed here, and why; all others run.
SERVES = {
    "simulate": "serves until Ctrl-C; the fixture `simulator` starts it as a process",
    "serve": "serves until Ctrl-C; tests/cli/commands/test_serve.py starts it as a process",
}
MAY_END = {"run": {0, 5}, "resume": {0, 7}, "retry": {7}, "decide": {7}}
ANSWERS = {"agent chat": "Yes, go on.\n" * 3}
NEWEST = {"VIDEO_ID": ("videos", "list")}


@pytest.mark.parametrize(
    "path", [path for path in DOCUMENTS if any(block.path == path for block, _ in TYPED)], ids=lambda path: path.stem
)
def test_every_command_runs(
    path: Path, at_home: None, simulator: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """The commands of a document run in its order; a command that serves is only parsed."""
    monkeypatch.setenv("HEYGEN_API_BASE", simulator)
    for block, typed in TYPED:
        name = named(typed)
        if block.path != path:
            continue
        if name in SERVES:
            make_app().parse_args(typed)
        elif DATABASE not in typed or binary("initdb") is not None:  # .ci/run demands PostgreSQL
            words = [request.getfixturevalue("database") if word == DATABASE else newest(word) for word in typed]
            result = call(*words, answer=ANSWERS.get(name, ""))
            assert result.exit_code in MAY_END.get(name, {0}), f"{path.name}:{block.line}: {words}\n{result.output}"
            assert result.output


def named(words: list[str]) -> str:
    """Return the command, of one word or two."""
    both = " ".join(words[:2])
    return both if both in COMMANDS else words[0]


def newest(word: str) -> str:
    """Return a word of a document, or the newest id if the word stands for an id."""
    if word not in NEWEST:
        return word
    listed = call(*NEWEST[word], "--limit", "1", "--json").stdout
    return str(json.loads(listed)["id"])


# Links


def links(path: Path) -> Iterator[str]:
    """Yield the targets of the links and pictures of a document, except those on the web."""
    for target in re.findall(r"\]\(([^)]+)\)", path.read_text(encoding="utf-8")):
        if "://" not in target:
            yield target


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_every_link_leads_to_a_file(path: Path) -> None:
    """Every relative link leads to a file; guides link to each other without a folder."""
    assert not [target for target in links(path) if not (path.parent / target).is_file()]


# The reader of documents

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
    """`blocks` finds names, reasons and lines, and `commands` joins commands of several lines."""
    first, typed, last = blocks(README, SAMPLE)
    assert (first.name, first.line, first.skipped) == ("first", 4, None)
    assert list(commands(typed)) == [["run", "contacts.csv", "--output", "videos"]]
    assert (last.name, last.skipped) == ("line-16", "needs a public address")
