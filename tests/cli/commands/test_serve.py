"""`heygen-async serve` and `run --serve`: the live page of a campaign, from the command line."""

from __future__ import annotations

import contextlib
import http.cookiejar
import json
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from heygen_async.cli.rendering import live_page
from heygen_async.cli.terminal.progress import wide_console
from heygen_async.simulator import World
from tests.helpers.commands import call
from tests.helpers.journal_rows import prepared
from tests.helpers.stories import PEOPLE, write

COMMAND = [sys.executable, "-m", "heygen_async.cli"]
LOOKS = ["--set", "avatar_id=look_anna", "--set", "voice_id=voice_warm", "--script", "Hi {{ name }}."]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    write(PEOPLE)


class Browser:
    """Opens the page and presses its buttons."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())).open

    def page(self) -> str:
        with self._open(self.address, timeout=20) as answer:
            return str(answer.read().decode())

    def until(self, words: str) -> str:
        deadline = time.monotonic() + 30
        while words not in (page := self.page()):
            assert time.monotonic() < deadline, page
            time.sleep(0.1)
        return page

    def press(self, wish: dict[str, Any]) -> str:
        origin = re.match(r"http://[^/]+", self.address)
        assert origin is not None
        headers = {"Origin": origin[0], "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.address}wishes", json.dumps(wish).encode(), headers)  # noqa: S310 - ours
        with self._open(request, timeout=20) as answer:
            return str(json.load(answer)["text"])


@contextlib.contextmanager
def started(*words: str) -> Iterator[subprocess.Popen[str]]:
    """Start a command, and end it if the test ends first."""
    with subprocess.Popen([*COMMAND, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def address_in(process: subprocess.Popen[str]) -> str:
    """Return the address that a command has printed."""
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"Live page: (http://127\.0\.0\.1:\d+/\S+/)", line):
            return found[1]
    raise AssertionError("no address was printed")


@pytest.mark.usefixtures("_simulator_thread")
def test_run_serve_asks_on_its_page_and_ends_with_its_run(world: World) -> None:
    """Without a terminal, the page alone can approve; nothing is made before that."""
    words = ["run", "list.csv", *LOOKS, "--serve", "--canary", "1", "--speed", "500", "--no-preflight"]
    with started(*words) as process:
        browser = Browser(address_in(process))
        browser.until("Is the first video good?")
        assert len(world.ledger) == 1
        assert browser.press({"kind": "approve"}) == "The run is told."
        rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0, rest
    assert len(world.ledger) == 3


def test_serve_shows_a_campaign_until_ctrl_c(tmp_path: Path) -> None:
    """Its address is printed, and what may be done with it."""
    path = prepared(tmp_path / "spring.db")
    with started("serve", str(path), "--no-browser") as process:
        browser = Browser(address_in(process))
        assert process.stdout is not None
        assert process.stdout.readline() == "Whoever has this address can approve and spend.\n"
        page = browser.page()
        assert '<h1 dir="auto">spring</h1>' in page
        assert "No run is at work" in page
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 130


@pytest.mark.usefixtures("_simulator_thread")
def test_a_run_is_begun_on_the_page(world: World) -> None:
    """A campaign that stopped for an approval: somebody looks at the first video, approves, and lets it go on."""
    stopped = call("run", "list.csv", *LOOKS, "--canary", "1", "--approve", "--speed", "500", "--no-preflight")
    assert stopped.exit_code == 6, stopped.output
    with started("serve", "list.db", "--speed", "500") as process:
        browser = Browser(address_in(process))
        page = browser.until("Is the first video good?")
        assert "A run can be begun here" in page
        assert 'data-key="stop first"' not in page
        assert browser.press({"kind": "approve"}) == "Noted. It is done when the campaign is resumed."
        assert browser.press({"kind": "go_on"}) == "A run begins."
        page = browser.until("All 3 videos are ready.")
        assert "Approved: the other rows are made." in page
        browser.until("Nothing is left to send.")
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=20)
    assert process.returncode == 130, rest
    assert len(world.ledger) == 3


def test_why_a_run_does_not_begin_is_said_on_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as a missing key; the page stays."""
    monkeypatch.delenv("HEYGEN_API_KEY", raising=False)
    path = prepared(tmp_path / "spring.db")
    with started("serve", str(path)) as process:
        browser = Browser(address_in(process))
        browser.page()
        assert browser.press({"kind": "go_on"}) == "A run begins."
        assert "HEYGEN_API_KEY" in browser.until("Go on.")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)


@pytest.mark.usefixtures("_simulator_thread")
def test_ctrl_c_twice_leaves_a_run_that_was_begun_on_the_page(world: World) -> None:
    """The first one stops it from beginning more, as in `run`; the page ends with it."""
    call("run", "list.csv", *LOOKS, "--canary", "1", "--approve", "--speed", "500", "--no-preflight")
    with started("serve", "list.db") as process:
        browser = Browser(address_in(process))
        browser.page()
        browser.press({"kind": "approve"})
        browser.press({"kind": "go_on"})
        browser.until("A run is at work")
        process.send_signal(signal.SIGINT)
        browser.until("list.db")
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=20)
    assert process.returncode == 130, rest
    assert "Stopping: no more videos are begun." in rest


async def test_one_run_at_a_time_is_begun_on_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second press, before the first run has said that it is there, begins no other one."""
    monkeypatch.delenv("HEYGEN_API_KEY", raising=False)
    options = live_page.ServeOptions(journal=str(prepared(tmp_path / "c.db")), host="", port=0, opens=False)
    async with anyio.create_task_group() as tasks:
        runs = live_page._Runs(options, wide_console(), tasks)
        assert [runs.begin(), runs.begin()] == ["A run begins.", "A run is at work already."]
    assert capsys.readouterr().out.count("HEYGEN_API_KEY") == 1
    async with anyio.create_task_group() as tasks:
        assert live_page._Runs(options, wide_console(), tasks).begin() == "A run begins."


def test_a_page_needs_a_journal(tmp_path: Path) -> None:
    """Of a run that remembers nothing there is no page, nor of a campaign that is not there."""
    refused = call("run", "list.csv", *LOOKS, "--serve", "--no-journal")
    assert refused.exit_code == 2
    assert "leave --no-journal out" in refused.output
    assert "there is no such journal" in call("serve", str(tmp_path / "nowhere.db")).output


@pytest.mark.parametrize(
    ("platform", "variables", "output", "then"),
    [
        ("linux", {"DISPLAY": ":0"}, "terminal", "open"),
        ("linux", {"WAYLAND_DISPLAY": "w"}, "terminal", "open"),
        ("linux", {}, "terminal", "leave"),
        ("darwin", {}, "terminal", "open"),
        ("darwin", {}, "pipe", "leave"),
    ],
)
def test_a_browser_is_opened_where_a_person_sits(
    monkeypatch: pytest.MonkeyPatch, platform: str, variables: dict[str, str], output: str, then: str
) -> None:
    """Not on a server, and not for a program that reads the output."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: output == "terminal", raising=False)
    assert live_page.can_open() is (then == "open")


async def test_no_run_is_begun_where_no_lock_tells_of_another() -> None:
    """A database may be run by another machine already, and two runs could pay twice."""
    options = live_page.ServeOptions(
        journal="postgresql://me@db.example.com/videos", host="127.0.0.1", port=0, opens=False
    )
    async with anyio.create_task_group() as tasks:
        said = live_page._Runs(options, wide_console(), tasks).begin()
    assert said.startswith("Nothing begun: end all runs of this database, then: heygen-async resume ")
