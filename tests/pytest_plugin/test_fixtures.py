"""The fixtures in suites of others: pytest runs in a process of its own, with the entry point as it is installed."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from tests.helpers.entry_points import OTHERS, install, python_with

# What stands at the top of each suite. The renders of the simulator take two minutes each.
COMMON = """
import asyncio, time
import pytest
from heygen_async import DirectVideo, Failed, HeyGen
from heygen_async.simulator import CompressedTimeLoop, FailedRender, VirtualTimeLoop

def request(name):
    return DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi {name}")

async def check(client, server, world, loop_type=None):
    assert loop_type is None or isinstance(asyncio.get_running_loop(), loop_type)
    began = time.monotonic()
    world.faults.append(FailedRender(contains="Ben"))
    assert server.world is world
    assert (await client.render(request("Ada"), deadline=1800)).status == "completed"
    async with client.render_many([request("Ben"), request("Zoe")]) as results:
        assert sum([isinstance(result, Failed) async for result in results]) == 1
    async with HeyGen("simulator-key", base_url=server.base_url) as other:
        await other.users.me()
    assert len(world.ledger) == 3 and len(world.refunds) == 1 and world.charged_once_per("script")
    assert time.monotonic() - began < 60
"""
PLAIN = """
def test_plain(heygen_server, heygen_world):
    async def main():
        async with HeyGen("simulator-key", base_url=heygen_server.base_url) as client:
            await check(client, heygen_server, heygen_world)
    asyncio.run(main())

def test_again(heygen_server, heygen_world, heygen_speed):
    assert heygen_speed == 400 and heygen_world.ledger == []
"""
ANYIO = """
@pytest.mark.anyio
class TestAnyio:
    async def test_render(self, heygen_client, heygen_server, heygen_world):
        await check(heygen_client, heygen_server, heygen_world, LOOP)

    async def test_again(self, heygen_client, heygen_world):
        await heygen_client.render(request("Ada"))
        assert len(heygen_world.ledger) == 1

@pytest.fixture
def anyio_backend():
    return BACKEND
"""
ASYNCIO = """
MARKED
class TestAsyncio:
    async def test_render(self, heygen_client, heygen_server, heygen_world):
        await check(heygen_client, heygen_server, heygen_world, LOOP)

    async def test_again(self, heygen_client, heygen_world):
        await heygen_client.render(request("Ada"))
        assert len(heygen_world.ledger) == 1
"""
FACTORIES = """
from heygen_async.simulator import VirtualTimeLoop

def pytest_asyncio_loop_factories(config, item):
    return {"virtual": VirtualTimeLoop}
"""
STRICT, AUTO = ["-o", "asyncio_mode=strict"], ["-o", "asyncio_mode=auto"]
NO_ASYNCIO, NO_ANYIO = ["-p", "no:asyncio"], ["-p", "no:anyio"]


def anyio(backend: str, loop: str) -> str:
    return COMMON + ANYIO.replace("BACKEND", backend).replace("LOOP", loop)


def asyncio(marked: str, loop: str) -> str:
    return COMMON + ASYNCIO.replace("MARKED", marked).replace("LOOP", loop)


MARK = "@pytest.mark.asyncio"
MODULE = '@pytest.mark.asyncio(loop_scope="module")'
VIRTUAL = '("asyncio", {"loop_factory": VirtualTimeLoop})'
COMPRESSED = '("asyncio", {"loop_factory": lambda: CompressedTimeLoop(200)})'

# Suite, options of pytest, and the number of tests that pass.
SUITES: dict[str, tuple[str, list[str], int]] = {
    "plain tests": (COMMON + PLAIN, NO_ASYNCIO, 2),
    "plain tests, without anyio's plugin": (COMMON + PLAIN, NO_ANYIO, 2),
    "anyio": (anyio('"asyncio"', "None"), NO_ASYNCIO, 2),
    "anyio, virtual time": (anyio(VIRTUAL, "VirtualTimeLoop"), NO_ASYNCIO, 2),
    "anyio, compressed time": (anyio(COMPRESSED, "CompressedTimeLoop"), NO_ASYNCIO, 2),
    "anyio beside pytest-asyncio": (anyio(VIRTUAL, "VirtualTimeLoop"), STRICT, 2),
    "pytest-asyncio, strict": (asyncio(MARK, "None"), STRICT, 2),
    "pytest-asyncio, auto": (asyncio("", "None"), AUTO, 2),
    "pytest-asyncio, one loop for a module": (asyncio(MODULE, "None"), STRICT, 2),
    "pytest-asyncio, one loop for the session": (
        asyncio("", "None"),
        [*AUTO, "-o", "asyncio_default_test_loop_scope=session"],
        2,
    ),
    "all together": (
        asyncio(MARK, "None") + PLAIN + ANYIO.replace("BACKEND", '"asyncio"').replace("LOOP", "None"),
        STRICT,
        6,
    ),
}


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with the metadata of an installed package that has this checkout's entry points."""
    return install(tmp_path)


def pytest_in(folder: Path, installed: Path, *options: str) -> tuple[int, str]:
    """Run the tests of *folder* as another project would, and return the exit code and the output."""
    arguments = ["-m", "pytest", "-q", "-W", "error", *OTHERS, *options, str(folder)]
    return python_with(installed, *arguments, folder=folder)


def scope_is_set(options: list[str]) -> list[str]:
    """Return *options* with the setting that pytest-asyncio asks for, where it is active."""
    return options if options == NO_ASYNCIO else [*options, "-o", "asyncio_default_fixture_loop_scope=function"]


def needs_pytest_asyncio(options: list[str]) -> None:
    if options != NO_ASYNCIO and importlib.util.find_spec("pytest_asyncio") is None:
        pytest.fail("pytest-asyncio is missing: install the dependency group `test`")


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """An empty folder for a suite."""
    folder = tmp_path / "suite"
    folder.mkdir()
    return folder


@pytest.mark.parametrize(("text", "options", "count"), SUITES.values(), ids=SUITES)
def test_the_fixtures_serve_every_kind_of_suite(
    suite: Path, installed: Path, text: str, options: list[str], count: int
) -> None:
    """A suite renders videos with a client and a server, whatever runs its tests, in seconds."""
    needs_pytest_asyncio(options)
    (suite / "test_theirs.py").write_text(text, encoding="utf-8")
    code, output = pytest_in(suite, installed, *scope_is_set(options))
    assert (code, re.findall(r"(\d+) passed", output)) == (0, [str(count)]), output


@pytest.mark.parametrize(("marked", "mode"), [(MARK, STRICT), ("", AUTO)])
def test_pytest_asyncio_runs_them_in_virtual_time(suite: Path, installed: Path, marked: str, mode: list[str]) -> None:
    """With a virtual event loop for pytest-asyncio, the simulator runs in the loop of the test."""
    needs_pytest_asyncio(mode)
    (suite / "conftest.py").write_text(FACTORIES, encoding="utf-8")
    (suite / "test_theirs.py").write_text(asyncio(marked, "VirtualTimeLoop"), encoding="utf-8")
    code, output = pytest_in(suite, installed, *scope_is_set(mode))
    assert (code, re.findall(r"(\d+) passed", output)) == (0, ["2"]), output


def test_a_test_on_trio_gets_a_clear_error(suite: Path, installed: Path) -> None:
    """A test that anyio runs on trio fails in one line that says what to do."""
    (suite / "test_theirs.py").write_text(anyio('"trio"', "None"), encoding="utf-8")
    code, output = pytest_in(suite, installed, *NO_ASYNCIO)
    assert code == 1
    assert (
        output.count("heygen_async runs on asyncio, and this test runs on trio. Let the fixture `anyio_backend`") >= 2
    )
    assert "Traceback" not in output


def test_a_test_marked_for_trio_gets_the_same_error(suite: Path, installed: Path) -> None:
    """A test that is marked for pytest-trio fails in the same words."""
    text = "import pytest\n\n@pytest.mark.trio\ndef test_theirs(heygen_client): ...\n"
    (suite / "test_theirs.py").write_text(text, encoding="utf-8")
    code, output = pytest_in(suite, installed, *NO_ASYNCIO, "-W", "ignore")
    assert code == 1
    assert "this test runs on trio" in output


def test_a_suite_may_choose_its_speed(suite: Path, installed: Path) -> None:
    """A fixture `heygen_speed` of the suite decides how fast the simulator in the thread is."""
    text = """
import json, urllib.request
import pytest

@pytest.fixture
def heygen_speed():
    return 50.0

def test_speed(heygen_server):
    with urllib.request.urlopen(heygen_server.base_url + "/_simulator/report") as answer:
        assert answer.headers["X-Simulator-Speed"] == "50"
        assert json.load(answer)["charges"] == 0
"""
    (suite / "test_theirs.py").write_text(text, encoding="utf-8")
    code, output = pytest_in(suite, installed, *NO_ASYNCIO)
    assert code == 0, output


def test_a_suite_that_does_not_use_the_fixtures_loads_nothing(suite: Path, installed: Path) -> None:
    """The plugin costs a session neither aiohttp nor the client nor the simulator, and can be turned off."""
    text = """
import sys

def test_modules(request):
    assert request.config.pluginmanager.has_plugin("heygen_async")
    loaded = sorted(name for name in sys.modules if name.startswith(("heygen_async", "aiohttp", "yarl")))
    assert loaded == ["heygen_async", "heygen_async.pytest_plugin"]
"""
    (suite / "test_theirs.py").write_text(text, encoding="utf-8")
    code, output = pytest_in(suite, installed, *NO_ASYNCIO)
    assert code == 0, output
    code, output = pytest_in(suite, installed, *NO_ASYNCIO, "-p", "no:heygen_async")
    assert code == 1
    assert "has_plugin" in output


def test_a_plain_test_has_a_blocking_client(suite: Path, installed: Path) -> None:
    """In a test without an event loop, `heygen_client` is the client that blocks."""
    if importlib.util.find_spec("heygen_async.sync") is None:
        pytest.skip("heygen_async.sync is not there yet")
    text = (
        COMMON
        + """
def test_plain(heygen_client, heygen_world):
    assert heygen_client.render(request("Ada"), deadline=1800).status == "completed"
    assert len(heygen_world.ledger) == 1
"""
    )
    (suite / "test_theirs.py").write_text(text, encoding="utf-8")
    code, output = pytest_in(suite, installed, *NO_ASYNCIO)
    assert code == 0, output
