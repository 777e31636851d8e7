"""Every program of `heygen_async.examples` runs against the simulator."""

from __future__ import annotations

import ast
import http.client
import importlib
import io
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
import uvicorn

from heygen_async.examples.__main__ import examples
from heygen_async.simulator import Server, World, serve_in_thread
from tests.helpers.documents import write_lists
from tests.helpers.entry_points import install, python_with

NAMES = [module.rpartition(".")[2] for module, _ in examples()]
SIMULATED = sorted(set(NAMES) - {"fastapi_service", "own_tests", "sync_script"})
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(64)
# Arguments of each program, and lines of its output.
ARGUMENTS = {"from_list": ("contacts.csv",), "upload_files": ("anna.png", "missing.png")}
OUTPUT = {
    "behind_proxy": ["HeyGen can be reached, and knows simulator (request "],
    "campaign": ["Finn videos/Finn.mp4", "The report: campaign.html"],
    "database_to_database": ["contact 1: completed", "contact 3: completed"],
    "notebook": ["2 rows for about ", "Ada 12 completed ", "Ben 3 completed "],
    "several_accounts": ["sales Ada completed", "support Eve completed"],
    "chat_with_agent": ["Agent: ", "You: ", "The video: http://"],
    "from_list": ["2 rows for about ", "ada@example.com videos/"],
    "many_videos": ["Dan: videos/0004-Dan.mp4", "4 completed, 0 failed"],
    "observe_progress": ["10 of 10 ended, 0 rendering", "  10 POST /v3/videos"],
    "one_video": ["Video ", " seconds.", "http://"],
    "resume_after_crash": ["20 completed", "All rows by state: {'completed': 20}"],
    "upload_files": ["file 1: 72 of 72 bytes", "missing.png was not uploaded", "anna.png Completed("],
    "webhook_receiver": ["HeyGen says: avatar_video.success for Ada", "Row 2 has ended"],
}


@pytest.fixture
def free_port() -> int:
    """A free port of this machine."""
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


@pytest.fixture
def at_home(server: Server, free_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working folder with the files that the programs read, and the simulator in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEYGEN_API_KEY", "simulator-key")
    monkeypatch.setenv("HEYGEN_API_BASE", server.base_url)
    monkeypatch.setattr(sys, "stdin", io.StringIO("Yes, go on.\n" * 3))
    monkeypatch.setenv("PORT", str(free_port))
    write_lists(tmp_path)
    (tmp_path / "anna.png").write_bytes(PICTURE)


def program(name: str) -> Any:
    return importlib.import_module(f"heygen_async.examples.{name}")


@pytest.mark.parametrize("name", SIMULATED)
async def test_a_program_runs(name: str, at_home: None, server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """A program prints the promised lines and pays for no script twice."""
    await program(name).main(*ARGUMENTS.get(name, ()))
    output = capsys.readouterr().out
    assert not [line for line in OUTPUT[name] if line not in output], output
    assert server.world.charged_once_per("script")


@pytest.mark.parametrize("name", ["campaign", "database_to_database", "resume_after_crash", "upload_files"])
async def test_a_program_with_a_journal_pays_once(
    name: str, at_home: None, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """A program with a journal that is cancelled halfway and started twice more pays for each row once."""
    arguments = ARGUMENTS.get(name, ())
    with anyio.move_on_after(60):
        await program(name).main(*arguments)
    assert server.world.ledger
    for _ in range(2):
        await program(name).main(*arguments)
    assert server.world.charged_once_per("script")
    assert not server.world.refunds


async def test_a_list_with_errors_is_not_sent(
    at_home: None, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """A list with errors is not sent, and the program prints the line of each error."""
    Path("contacts.csv").write_text("email,first_name,company\nada@example.com,,Analytical\n", encoding="utf-8")
    await program("from_list").main()
    output = capsys.readouterr().out
    assert "error: contacts.csv line 2, column first_name" in output
    assert "1 of 1 rows have errors, so nothing was sent." in output
    assert not server.world.ledger


async def test_an_account_without_credit_ends_in_plain_words(
    at_home: None, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without credit the first program prints the error and that no money was spent."""
    server.world.balance_usd = 0.0
    await program("one_video").main()
    assert "Was money spent? no" in capsys.readouterr().out


@pytest.mark.usefixtures("_simulator_thread", "_compressed_time")
def test_the_script_without_asyncio_runs(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The blocking program prints the results of its rows and pays for each script once."""
    monkeypatch.chdir(tmp_path)
    program("sync_script").main()
    shown = capsys.readouterr()
    assert {"Ada", "Ben", "Chloé"} <= {line.partition(" ")[0] for line in shown.out.splitlines()}
    assert "3 of " in shown.err
    assert world.charged_once_per("script")
    assert len(world.ledger) == 4


def test_the_program_with_tests_of_its_own_passes(tmp_path: Path) -> None:
    """The tests of the example pass without a server, run as the docstring says."""
    code, output = python_with(install(tmp_path), "-m", "heygen_async.examples.own_tests", folder=tmp_path)
    assert (code, output.count("PASSED")) == (0, 2), output


@pytest.fixture
def service(free_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The FastAPI service on uvicorn, at `free_port`: the account that it uses."""
    monkeypatch.chdir(tmp_path)
    with serve_in_thread(World(), speed=100) as simulated:
        monkeypatch.setenv("HEYGEN_API_KEY", "simulator-key")
        monkeypatch.setenv("HEYGEN_API_BASE", simulated.base_url)
        fastapi_service = program("fastapi_service")
        monkeypatch.setattr(fastapi_service, "PUBLIC_URL", f"http://127.0.0.1:{free_port}")
        config = uvicorn.Config(fastapi_service.make_app(), port=free_port, log_level="warning")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield simulated.world
        finally:
            server.should_exit = True
            thread.join(20)


def test_the_fastapi_service_renders_and_tells(service: World, free_port: int) -> None:
    """An order is rendered; its events tell the progress; HeyGen delivers to the service, which is registered once."""
    connection = http.client.HTTPConnection("127.0.0.1", free_port, timeout=60)
    connection.request("POST", "/videos", json.dumps({"name": "Ada"}), {"Content-Type": "application/json"})
    answered = connection.getresponse()
    assert (answered.status, json.load(answered)) == (202, {"number": 0})
    connection.request("GET", "/videos/0/events")
    events = connection.getresponse()
    assert events.headers["Content-Type"].startswith("text/event-stream")
    told = [json.loads(line.removeprefix("data: ")) for line in events.read().decode().splitlines() if line]
    statuses = [state["status"] for state in told]
    assert statuses[-2:] == ["rendered", "completed"]
    assert set(statuses) <= {"ordered", "rendering", "rendered", "completed"}
    assert told[-1]["url"].startswith("http://")
    assert [(one.event_type, one.status) for one in service.deliveries] == [("avatar_video.success", 200)]
    assert len(service.ledger) == len(service.outbox.endpoints) == 1
    kept = json.loads(Path("heygen-webhook.json").read_text(encoding="utf-8"))
    assert kept["url"] == f"http://127.0.0.1:{free_port}/heygen/"
    connection.request("GET", "/videos/1/events")
    assert connection.getresponse().status == 404
    connection.close()


def test_all_programs_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m heygen_async.examples` lists each program with its command."""
    command = [sys.executable, "-m", "heygen_async.examples"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert {f"  python -m heygen_async.examples.{name}" for name in NAMES} <= set(listed.splitlines())


@pytest.mark.parametrize("name", NAMES)
def test_a_program_says_how_to_run_it(name: str) -> None:
    """The docstring has a sentence, the costs and the command; an import does not run the program."""
    tree = ast.parse(Path(program(name).__file__).read_text(encoding="utf-8"))
    first, blank, costs, *rest = (ast.get_docstring(tree) or "").splitlines()
    assert first.endswith(".")
    assert not blank
    assert "cost" in costs.lower()
    assert any(line.lstrip().partition("python -m ")[2].startswith(f"heygen_async.examples.{name}") for line in rest)
    assert 'if __name__ == "__main__"' in ast.unparse(tree.body[-1]).replace("'", '"')
