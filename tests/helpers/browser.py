"""Chromium without a window, driven over its DevTools protocol: keys, scripts, what a screen reader is told."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import anyio
import attrs
import pytest
from anyio.abc import Process

NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_SECONDS = 30.0  # of real time
KEYS = {"Enter": ("\r", 13), "Tab": ("", 9), "Escape": ("", 27), " ": (" ", 32)}
_SHIFT = 8


def chromium() -> str:
    """Return the program; skip the test where there is none, unless the environment says that there must be one."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        if os.environ.get("HEYGEN_TESTS_NEED_BROWSER"):
            pytest.fail("Chromium is not installed, and HEYGEN_TESTS_NEED_BROWSER is set")
        pytest.skip("Chromium is not installed")
    return found


@attrs.define(eq=False)
class Tab:
    """One page in the browser.

    Attributes:
        requests: Addresses that it has asked for.
        complaints: Messages of its console, and errors that no script has caught.
    """

    _socket: aiohttp.ClientWebSocketResponse
    _session: str = ""
    _count: int = 0
    _answers: dict[int, Any] = attrs.field(factory=dict)
    _changed: anyio.Event = attrs.field(factory=anyio.Event)
    requests: list[str] = attrs.field(factory=list)
    complaints: list[str] = attrs.field(factory=list)

    async def begin(self) -> None:
        """Open an empty page and listen to it."""
        target = await self.send("Target.createTarget", url="about:blank")
        attached = await self.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log", "Accessibility"):
            await self.send(f"{domain}.enable")

    async def listen(self) -> None:
        """Take in what the browser says."""
        async for message in self._socket:
            said = message.json()
            if "id" in said:
                self._answers[said["id"]] = said
                self._changed.set()
                self._changed = anyio.Event()
                continue
            about = said.get("params", {})
            match said.get("method"):
                case "Network.requestWillBeSent":
                    self.requests.append(about["request"]["url"])
                case "Runtime.exceptionThrown":
                    self.complaints.append(str(about["exceptionDetails"]))
                case "Log.entryAdded" if about["entry"]["level"] == "error":
                    self.complaints.append(f"{about['entry']['text']} {about['entry'].get('url', '')}")

    async def send(self, method: str, **params: Any) -> Any:
        """Send a command and return its result."""
        self._count += 1
        number = self._count
        command = {"id": number, "method": method, "params": params}
        await self._socket.send_json({**command, "sessionId": self._session} if self._session else command)
        while number not in self._answers:
            await self._changed.wait()
        answer = self._answers.pop(number)
        assert "error" not in answer, f"{method}: {answer}"
        return answer["result"]

    async def go(self, address: str) -> None:
        """Open an address and wait until the page is there."""
        await self.send("Page.navigate", url=address)
        await self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    async def value(self, script: str) -> Any:
        """Return the value of an expression; a promise is waited for."""
        done = await self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in done, f"{script}: {done}"
        return done["result"].get("value")

    async def until(self, condition: str) -> None:
        """Wait until an expression is true."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not await self.value(f"Boolean({condition})"):
            assert time.monotonic() < deadline, (
                f"never true: {condition}\n{await self.value('document.body.innerText')}"
            )
            await anyio.sleep(0.1)

    async def press(self, key: str, *, shift: bool = False) -> None:
        """Press a key and let it go."""
        text, code = KEYS[key]
        about = {"key": key, "code": key, "windowsVirtualKeyCode": code, "modifiers": _SHIFT if shift else 0}
        await self.send("Input.dispatchKeyEvent", type="keyDown", text=text, **about)
        await self.send("Input.dispatchKeyEvent", type="keyUp", **about)

    async def spoken(self) -> list[tuple[str, str]]:
        """Return role and name of everything that a screen reader is told of."""
        tree = await self.send("Accessibility.getFullAXTree")
        nodes = [node for node in tree["nodes"] if not node.get("ignored")]
        return [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes]

    async def resize(self, width: int, *, dark: bool = False) -> None:
        """Give the page another width, and light or dark colors."""
        await self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.send("Emulation.setEmulatedMedia", features=[scheme])


@contextlib.asynccontextmanager
async def opened_tab(folder: Path) -> AsyncIterator[Tab]:
    """Start the browser with its files in *folder*, and yield an empty page."""
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--no-first-run"]
    command = [chromium(), *options, f"--user-data-dir={folder / 'profile'}", "about:blank"]
    async with await anyio.open_process(command, stdout=None) as process:
        try:
            address = await _address(process, folder / "profile" / "DevToolsActivePort")
            async with (
                aiohttp.ClientSession() as session,
                session.ws_connect(address, max_msg_size=0) as socket,
                anyio.create_task_group() as tasks,
            ):
                tab = Tab(socket)
                tasks.start_soon(tab.listen)
                await tab.begin()
                yield tab
                tasks.cancel_scope.cancel()
        finally:
            process.terminate()


async def _address(process: Process, note: Path) -> str:
    """Return the address of the protocol, which the browser writes into a file."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (note.exists() and note.read_text().count("\n")):
        assert process.returncode is None, "the browser has ended"
        assert time.monotonic() < deadline, "the browser does not begin"
        await anyio.sleep(0.1)
    port, path = note.read_text().split()
    return f"ws://127.0.0.1:{port}{path}"
