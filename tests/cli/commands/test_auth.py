"""`heygen-async auth status`: the origin of the key, HeyGen's answer and the account. The key is never printed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from heygen_async import HeyGen, InvalidInputError, errors
from heygen_async.account.credentials_file import store_key
from heygen_async.cli.commands.auth import _remedy, auth_status
from heygen_async.simulator import AlteredAnswer, ErrorAnswer, Server, World, run, serve
from tests.helpers.commands import call

KEY = "MARKER-key-0123456789-f3a9"


@pytest.fixture
def world() -> World:
    return World(api_keys=(KEY,))


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEYGEN_API_KEY", raising=False)


@pytest.fixture
def simulator_with_key(world: World) -> Iterator[str]:
    """Address of a simulator in a thread, which takes KEY alone."""
    started, finished = threading.Event(), threading.Event()
    address: list[str] = []

    async def main() -> None:
        async with serve(world) as running:
            address.append(running.base_url)
            started.set()
            await anyio.to_thread.run_sync(finished.wait)

    thread = threading.Thread(target=lambda: run(main, speed=1))
    thread.start()
    assert started.wait(20)
    yield address[0]
    finished.set()
    thread.join(20)


async def status(capsys: pytest.CaptureFixture[str], **options: Any) -> tuple[int, list[str]]:
    """Return the exit code and the printed lines, after a check that no key is in them."""
    code = await auth_status(**options)
    shown = capsys.readouterr()
    assert "MARKER" not in shown.out + shown.err
    return code, shown.out.splitlines()


async def test_a_key_that_is_accepted(
    server: Server, world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key is checked by one GET request."""
    monkeypatch.setenv("HEYGEN_API_KEY", KEY)
    assert await status(capsys, base_url=server.base_url) == (
        0,
        [
            "Key:      API key ...f3a9, from the environment variable HEYGEN_API_KEY",
            "HeyGen:   accepts it (127.0.0.1)",
            "Account:  Sim Ulator, simulator@example.com, user simulator, pays by wallet",
            "May:      key 'Simulator', active, full, until it is revoked",
        ],
    )
    assert [seen.path for seen in world.requests] == ["/v3/users/me", "/v3/api_keys/self"]


async def test_the_rights_of_a_key(
    server: Server, world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key with chosen rights is shown with them; if HeyGen does not tell them, the key is accepted all the same."""
    rights = {
        "data.key_name": None,
        "data.scope_mode": "custom",
        "data.scopes": ["videos:read", "videos:write"],
        "data.expires_at": "2027-01-01",
    }
    world.faults.append(AlteredAnswer(path="/v3/api_keys/self", fields=rights))
    monkeypatch.setenv("HEYGEN_API_KEY", KEY)
    code, lines = await status(capsys, base_url=server.base_url)
    assert (code, lines[-1]) == (0, "May:      active, videos:read, videos:write, until 2027-01-01")
    world.faults[:] = [ErrorAnswer(path="/v3/api_keys/self", status=404, code="not_found", message="x")]
    code, lines = await status(capsys, base_url=server.base_url)
    assert code == 0
    assert lines[-1].startswith("May:      could not be asked (NotFoundError(404, not_found, req_")


@pytest.mark.parametrize("word", ["api_key", "bearer_token"])
async def test_a_key_that_is_refused(server: Server, capsys: pytest.CaptureFixture[str], word: str) -> None:
    """A refused key has exit code 3. HeyGen's message is not shown, as it could quote the key."""
    code, lines = await status(capsys, base_url=server.base_url, **{word: "MARKER-another-key-0000"})
    assert code == 3
    assert lines[0].endswith(f"...0000, from the argument {word}")
    assert lines[1].startswith("HeyGen:   refuses it (AuthenticationError(401, unauthorized, req_")
    assert lines[2].startswith("Remedy:   ")
    assert len(lines) == 3


async def test_a_file_that_others_can_read(
    server: Server, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A credentials file with open permissions is used, with a note to its owner."""
    monkeypatch.setenv("HEYGEN_CONFIG_DIR", str(tmp_path))
    file = tmp_path / "credentials"
    file.write_text(json.dumps({"oauth": {"access_token": KEY}}))
    file.chmod(0o644)
    code, lines = await status(capsys, base_url=server.base_url)
    assert code == 0
    assert lines[0] == f"Key:      bearer token of a function, from the file {file}"
    assert lines[1] == (f"Note:     {file} is open to other users of this machine (mode 0644): run `chmod 600 {file}`")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "Key:      no API key: set the environment variable HEYGEN_API_KEY"),
        ({"api_key": "MARKER key"}, "Key:      api_key: has a space at character 7 of 10; copy it again"),
    ],
)
async def test_a_missing_or_malformed_key(
    capsys: pytest.CaptureFixture[str], options: dict[str, Any], message: str
) -> None:
    """A missing or malformed key has exit code 3, without a request."""
    code, (line,) = await status(capsys, **options)
    assert code == 3
    assert line.startswith(message)


async def test_a_function_without_a_token(server: Server, world: World, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = await status(capsys, base_url=server.base_url, bearer_token=lambda: "MARKER token")
    assert code == 3
    assert lines[0] == "Key:      bearer token of a function, from the argument bearer_token"
    assert lines[1].startswith("HeyGen:   not asked: bearer_token: the function returned a value that cannot be")
    assert world.requests == []


async def test_a_heygen_that_cannot_be_asked(server: Server, world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """An outage is reported as such, not as a wrong key, after at most 30 seconds."""
    world.faults.append(ErrorAnswer(status=503, message=f"You said {KEY}"))
    code, lines = await status(capsys, base_url=server.base_url, api_key=KEY)
    assert code == 1
    assert lines[1].startswith("HeyGen:   could not be asked (ServerError(503, service_unavailable, req_")
    world.latency_seconds = 100
    code, lines = await status(capsys, base_url=server.base_url, api_key=KEY)
    assert code == 4
    assert lines[1].startswith("HeyGen:   could not be asked (DeadlineExceededError()")


async def test_an_unusable_base_url_is_reported_as_bad_input() -> None:
    with pytest.raises(InvalidInputError, match="base_url"):
        await auth_status(api_key=KEY, base_url="ftp://x", write=lambda line: None)


def test_the_remedy_for_a_401_of_another_server_is_its_address() -> None:
    """A gateway or a mistyped address may refuse a good key."""
    remedy = _remedy(HeyGen(KEY, base_url="https://gateway.example"))
    assert remedy.startswith("check the address https://gateway.example (--base-url, HEYGEN_API_BASE) first")
    assert _remedy(HeyGen(KEY)).startswith("make a new key")


def test_the_command(simulator: str) -> None:
    """The command exits with the code of `auth_status`."""
    result = call("auth", "status", env={"HEYGEN_API_KEY": "simulator-key", "HEYGEN_API_BASE": simulator})
    assert result.exit_code == 0, result.output
    assert "accepts it" in result.stdout
    assert "simulator-key" not in result.output
    assert call("auth", "status", env={"HEYGEN_API_KEY": "", "HEYGEN_CONFIG_DIR": "/nowhere"}).exit_code == 3


@pytest.mark.parametrize("content", [None, '{"oauth": {"access_token": "t"}}', "old-key"])
def test_a_key_is_asked_for_tried_and_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, simulator_with_key: str, content: str | None
) -> None:
    """It lands where the official command line keeps it, for this user alone; a session beside it is kept."""
    folder = tmp_path / "config"
    monkeypatch.setenv("HEYGEN_CONFIG_DIR", str(folder))
    file = folder / "credentials"
    if content is not None:
        folder.mkdir()
        file.write_text(content)
    refused = call("auth", "login", "--base-url", simulator_with_key, answer="another-key-of-12345\n")
    assert "argument" not in refused.stdout  # it was typed
    assert refused.exit_code == 3
    assert "Nothing was stored." in refused.stdout
    assert (file.read_text() if file.exists() else None) == content
    done = call("auth", "login", "--base-url", simulator_with_key, answer=f"{KEY}\n")
    assert done.exit_code == 0, done.output
    assert f"Stored:   {file}" in done.stdout
    assert KEY not in done.output
    assert file.stat().st_mode & 0o777 == 0o600
    stored = json.loads(file.read_text())
    assert stored["api_key"] == KEY
    assert stored.get("oauth") == ({"access_token": "t"} if content and content.startswith("{") else None)
    assert call("auth", "status", "--base-url", simulator_with_key).exit_code == 0
    assert (
        "HEYGEN_API_KEY is set"
        in call(
            "auth", "login", "--base-url", simulator_with_key, answer=f"{KEY}\n", env={"HEYGEN_API_KEY": KEY}
        ).stdout
    )


def test_a_key_that_cannot_be_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is tried; a folder that cannot be written is told."""
    monkeypatch.setenv("HEYGEN_CONFIG_DIR", str(tmp_path))
    assert call("auth", "login", answer="two words\n").exit_code == 2
    assert call("auth", "login", answer="\n").exit_code == 2


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """The error names the file."""
    (tmp_path / "file").write_text("")
    with pytest.raises(errors.AuthenticationError, match="file/credentials: cannot be written"):
        store_key(tmp_path / "file" / "credentials", KEY)
