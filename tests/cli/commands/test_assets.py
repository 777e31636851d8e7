"""Files brought to HeyGen from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from heygen_async.simulator import World
from tests.helpers.commands import call

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)

pytestmark = pytest.mark.usefixtures("_play")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "logo.png").write_bytes(PNG)
    (tmp_path / "same.png").write_bytes(PNG)
    (tmp_path / "other.png").write_bytes(PNG + b"x")
    (tmp_path / "empty.png").write_bytes(b"")
    return tmp_path


def test_files_become_ids(folder: Path, world: World) -> None:
    """One a line, in their order; what is twice the same is sent once."""
    said = call("assets", "upload", "logo.png", "same.png", "other.png")
    assert said.exit_code == 0, said.output
    logo, same, other = said.stdout.splitlines()
    assert (logo == same, logo == other) == (True, False)
    assert {logo, other} == set(world.assets)
    listed = call("assets", "list")
    assert listed.exit_code == 0, listed.output
    assert logo in listed.stdout
    assert "other.png" in listed.stdout


def test_one_bad_file_does_not_lose_the_others(folder: Path, world: World) -> None:
    """It is named with its reason; exit code 5."""
    said = call("assets", "upload", "empty.png", "logo.png", "gone.png", "--json")
    assert said.exit_code == 5, said.output
    (done,) = [json.loads(line) for line in said.stdout.splitlines()]
    assert done["asset_id"] in world.assets
    assert done["filename"] == "logo.png"
    assert "heygen-async: empty.png: " in said.stderr
    assert "heygen-async: gone.png: " in said.stderr


def test_a_terminal_sees_bars(folder: Path) -> None:
    said = call("assets", "upload", "logo.png", env={"FORCE_COLOR": "1", "COLUMNS": "100"})
    assert said.exit_code == 0, said.output
    assert "logo.png" in said.stderr


def test_files_are_needed(folder: Path) -> None:
    said = call("assets", "upload")
    assert (said.exit_code, "no file is named" in said.stderr) == (2, True)
