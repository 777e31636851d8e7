"""`auth_status`: where the key comes from, whether it is accepted, whose account it is; and no word of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from heygen_async import InvalidInputError
from heygen_async.cli.commands.auth import auth_status
from heygen_async.simulator import ErrorAnswer, Server, World
from tests.helpers.commands import call

KEY = "MARKER-key-0123456789-f3a9"


@pytest.fixture
def world() -> World:
    return World(api_keys=(KEY,))


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEYGEN_API_KEY", raising=False)


async def status(capsys: pytest.CaptureFixture[str], **options: Any) -> tuple[int, list[str]]:
    """Return exit code and lines; the key is in none of them."""
    code = await auth_status(**options)
    shown = capsys.readouterr()
    assert "MARKER" not in shown.out + shown.err
    return code, shown.out.splitlines()


async def test_a_key_that_is_accepted(
    server: Server, world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One GET, which is free."""
    monkeypatch.setenv("HEYGEN_API_KEY", KEY)
    assert await status(capsys, base_url=server.base_url) == (
        0,
        [
            "Key:      API key ...f3a9, from the environment variable HEYGEN_API_KEY",
            "HeyGen:   accepts it (127.0.0.1)",
            "Account:  Sim Ulator, simulator@example.com, user simulator, pays by wallet",
        ],
    )
    assert [(seen.method, seen.path) for seen in world.requests] == [("GET", "/v3/users/me")]


@pytest.mark.parametrize("word", ["api_key", "bearer_token"])
async def test_a_key_that_is_refused(server: Server, capsys: pytest.CaptureFixture[str], word: str) -> None:
    """The same exit code as of every other command; HeyGen's words stay out, which could quote it."""
    code, lines = await status(capsys, base_url=server.base_url, **{word: "MARKER-another-key-0000"})
    assert code == 3
    assert lines[0].endswith(f"...0000, from the argument {word}")
    assert lines[1].startswith("HeyGen:   refuses it (AuthenticationError(401, unauthorized, req_")
    assert lines[2].startswith("Mend:     ")
    assert len(lines) == 3


async def test_a_file_that_others_can_read(
    server: Server, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is used, and its owner is told."""
    monkeypatch.setenv("HEYGEN_CONFIG_DIR", str(tmp_path))
    file = tmp_path / "credentials"
    file.write_text(json.dumps({"oauth": {"access_token": KEY}}))
    file.chmod(0o644)
    code, lines = await status(capsys, base_url=server.base_url)
    assert code == 0
    assert lines[0] == f"Key:      bearer token of a function, from the file {file}"
    assert lines[1] == (f"Note:     {file} is open to other users of this machine (mode 0644): run `chmod 600 {file}`")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "Key:      no API key: set the environment variable HEYGEN_API_KEY"),
        ({"api_key": "MARKER key"}, "Key:      api_key: has a space at character 7 of 10; copy it again"),
    ],
)
async def test_no_key_or_none_that_can_be_one(
    capsys: pytest.CaptureFixture[str], options: dict[str, Any], says: str
) -> None:
    """Nobody is asked."""
    code, (line,) = await status(capsys, **options)
    assert code == 3
    assert line.startswith(says)


async def test_a_function_that_gives_no_token(server: Server, world: World, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = await status(capsys, base_url=server.base_url, bearer_token=lambda: "MARKER token")
    assert code == 3
    assert lines[0] == "Key:      bearer token of a function, from the argument bearer_token"
    assert lines[1].startswith("HeyGen:   not asked: bearer_token: what the function returned can be no token")
    assert world.requests == []


async def test_a_heygen_that_cannot_be_asked(server: Server, world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Then nothing is said of the key; and a person does not wait for ever."""
    world.faults.append(ErrorAnswer(status=503, message=f"You said {KEY}"))
    code, lines = await status(capsys, base_url=server.base_url, api_key=KEY)
    assert code == 1
    assert lines[1].startswith("HeyGen:   could not be asked (ServerError(503, service_unavailable, req_")
    world.latency_seconds = 100
    code, lines = await status(capsys, base_url=server.base_url, api_key=KEY)
    assert code == 4
    assert lines[1].startswith("HeyGen:   could not be asked (DeadlineExceededError()")


async def test_an_address_that_is_none_is_no_matter_of_the_key() -> None:
    with pytest.raises(InvalidInputError, match="base_url"):
        await auth_status(api_key=KEY, base_url="ftp://x", say=lambda line: None)


def test_the_command(simulator: str) -> None:
    """As it is typed: the exit code tells scripts."""
    asked = call("auth", "status", env={"HEYGEN_API_KEY": "simulator-key", "HEYGEN_API_BASE": simulator})
    assert asked.exit_code == 0, asked.output
    assert "accepts it" in asked.stdout
    assert "simulator-key" not in asked.output
    assert call("auth", "status", env={"HEYGEN_API_KEY": "", "HEYGEN_CONFIG_DIR": "/nowhere"}).exit_code == 3
