"""`heygen-async assets`: uploading and listing files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from heygen_async.simulator import World
from tests.helpers.commands import call

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)

pytestmark = pytest.mark.usefixtures("_simulator_thread")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "logo.png").write_bytes(PNG)
    (tmp_path / "same.png").write_bytes(PNG)
    (tmp_path / "other.png").write_bytes(PNG + b"x")
    (tmp_path / "empty.png").write_bytes(b"")
    return tmp_path


def test_upload_prints_one_id_a_file(folder: Path, world: World) -> None:
    """The ids come in the order of the files; files with equal content are uploaded once."""
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
    """A file that cannot be uploaded is reported with the reason; the others are uploaded; exit code 5."""
    said = call("assets", "upload", "empty.png", "logo.png", "gone.png", "--json")
    assert said.exit_code == 5, said.output
    (done,) = [json.loads(line) for line in said.stdout.splitlines()]
    assert done["asset_id"] in world.assets
    assert done["filename"] == "logo.png"
    assert "heygen-async: empty.png: " in said.stderr
    assert "heygen-async: gone.png: " in said.stderr


def test_a_terminal_shows_progress_bars(folder: Path) -> None:
    said = call("assets", "upload", "logo.png", env={"FORCE_COLOR": "1", "COLUMNS": "100"})
    assert said.exit_code == 0, said.output
    assert "logo.png" in said.stderr


def test_upload_without_files_is_refused(folder: Path) -> None:
    said = call("assets", "upload")
    assert (said.exit_code, "no file is given" in said.stderr) == (2, True)
