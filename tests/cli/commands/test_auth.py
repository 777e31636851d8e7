"""`heygen-async auth status`: the origin of the key, HeyGen's answer and the account. The key is never printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from heygen_async import HeyGen, InvalidInputError
from heygen_async.cli.commands.auth import _remedy, auth_status
from heygen_async.simulator import AlteredAnswer, ErrorAnswer, Server, World
from tests.helpers.commands import call

KEY = "MARKER-key-0123456789-f3a9"


@pytest.fixture
def world() -> World:
    return World(api_keys=(KEY,))


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEYGEN_API_KEY", raising=False)


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
