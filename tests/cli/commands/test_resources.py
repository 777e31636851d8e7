"""One thing at HeyGen at a time: `videos`, `agent`, `avatars`, `voices`, `account`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import attrs
import pytest

from heygen_async.api.generated.users import User, UserWallet
from heygen_async.cli.registry import COMMANDS
from heygen_async.cli.terminal.tables import clean, show_one
from heygen_async.simulator import FailedRender, World
from tests.helpers.commands import Said, call

FAST = ["--speed", "500"]
RESOURCES = ("account", "agent", "assets", "avatars", "videos", "voices")

pytestmark = pytest.mark.usefixtures("_play")


def lines(said: Said) -> list[dict[str, Any]]:
    assert said.exit_code == 0, said.output
    return [json.loads(line) for line in said.stdout.splitlines()]


@pytest.fixture
def video(_play: None) -> str:
    """The id of a video that is there."""
    (made,) = lines(call("agent", "create", "A bakery", "--json", *FAST))
    return str(made["id"])


@pytest.mark.parametrize("name", [name for name in COMMANDS if name.split()[0] in RESOURCES])
def test_every_command_says_what_it_costs(name: str) -> None:
    """In its first paragraph."""
    helped = call(*name.split(), "--help").stdout.split("\n\n")[1]
    costs = name in {"agent chat", "agent create"}
    assert ("Costs money" if costs else "Costs nothing") in " ".join(helped.split())


def test_a_prompt_becomes_an_address(world: World) -> None:
    """The address alone is on stdout, so that a script can take it; the way there is told beside it."""
    said = call("agent", "create", "- a bakery at dawn", "--avatar-id", "look_anna", "--orientation", "portrait", *FAST)
    assert said.exit_code == 0, said.output
    with urllib.request.urlopen(said.stdout.strip()) as answer:  # noqa: S310 - our own address
        assert answer.status == 200
    (session,) = world.sessions
    (charge,) = world.ledger
    assert charge.body == {"prompt": "- a bakery at dawn", "avatar_id": "look_anna", "orientation": "portrait"}
    told = said.stderr.splitlines()
    assert told[0] == f"session {session} is at work"
    assert told[-2].endswith(": completed")
    assert len(told) == len(set(told))


def test_an_agent_is_looked_after_later(world: World) -> None:
    """Its id is printed at once; get shows what was said, wait prints the address, as create would have."""
    world.thinking_seconds = 5000.0
    session = call("agent", "create", "A bakery", "--no-wait").stdout.strip()
    assert session in world.sessions
    shown = call("agent", "get", session)
    assert "thinking" in shown.stdout
    assert "user: A bakery" in shown.stdout
    assert lines(call("agent", "get", session, "--json"))[0]["messages"][0]["content"] == "A bakery"
    late = call("agent", "wait", session, "--deadline", "60", *FAST)
    assert late.exit_code == 4
    assert f"  It goes on at HeyGen: heygen-async agent wait {session}" in late.stderr
    assert call("agent", "stop", session).stdout == f"{session} is stopped\n"
    stopped = call("agent", "wait", session, *FAST)
    assert stopped.exit_code == 1
    assert f"session {session} failed" in stopped.stderr
    (other,) = lines(call("agent", "create", "A bakery", "--no-wait", "--json"))
    assert other["session_id"] in world.sessions


def test_a_failed_render_is_told(world: World) -> None:
    """Exit code 1, and nothing on stdout that could be taken for an address."""
    world.faults.append(FailedRender(message="The oven was cold."))
    said = call("agent", "create", "A bakery", *FAST)
    assert (said.exit_code, said.stdout) == (1, "")
    assert "The oven was cold." in said.stderr


def test_ctrl_c_leaves_the_agent_working(world: World) -> None:
    """And says how to come back to it."""
    world.thinking_seconds = 1e6
    command = [sys.executable, "-m", "heygen_async.cli", "agent", "create", "A bakery"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ}) as process:
        assert process.stderr is not None
        assert "is at work" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        told = process.stderr.read()
        assert process.wait(timeout=20) == 130
    (session,) = world.sessions
    assert told == f"It goes on at HeyGen: heygen-async agent wait {session}\n"
    assert len(world.ledger) == 1


def test_a_title_cannot_steer_the_terminal() -> None:
    """Nor break the line that it stands on; letters of any script stay."""
    assert clean("A \x1b[31mred\nloaf, Zoë 中") == "A  [31mred loaf, Zoë 中"


def test_videos_are_listed_and_shown(video: str) -> None:
    """Ids whole, times as people read them; machines get all fields."""
    listed = call("videos", "list")
    heading, row = listed.stdout.splitlines()
    assert heading.split() == ["id", "status", "seconds", "created", "title"]
    assert row.startswith(f"{video}  completed  ")
    assert row.endswith(" UTC")
    (same,) = lines(call("videos", "list", "--json"))
    assert same["id"] == video
    shown = call("videos", "get", video).stdout.splitlines()
    assert any(line.split()[:2] == ["status", "completed"] for line in shown)
    assert not any("failure_code" in line for line in shown)
    assert lines(call("videos", "get", video, "--json"))[0]["failure_code"] is None


def test_waiting_for_a_video_prints_its_address(video: str) -> None:
    said = call("videos", "wait", video, *FAST)
    assert said.exit_code == 0, said.output
    assert said.stdout.startswith("http://127.0.0.1")
    assert f"video {video} is there: " in said.stderr
    assert lines(call("videos", "wait", video, "--json", *FAST))[0]["id"] == video


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ([], {"{video}.mp4"}),
        (["--output", "new/folder"], {"new/folder/{video}.mp4"}),
        (["-o", "welcome.mp4"], {"welcome.mp4"}),
        (["-o", "new/welcome.mp4", "--files", "video, thumbnail, captions"], {"new/welcome.mp4", "new/welcome.jpg"}),
    ],
)
def test_a_video_is_downloaded(
    video: str, options: list[str], names: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Into a folder by its id, or as a file; where each file is comes on stdout, and nothing else is left."""
    monkeypatch.chdir(tmp_path)
    said = call("videos", "download", video, *options)
    assert said.exit_code == 0, said.output
    wanted = {name.replace("{video}", video) for name in names}
    assert set(said.stdout.splitlines()) == wanted
    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert files == wanted
    assert call("videos", "download", video, *options).exit_code == 0


def test_what_cannot_be_downloaded_is_told(video: str, tmp_path: Path, world: World) -> None:
    """Not yet made, no room for it, a name that is a template, a kind that is none."""
    (tmp_path / "taken").write_text("")
    unstored = call("videos", "download", video, "-o", str(tmp_path / "taken" / "x.mp4"))
    assert unstored.exit_code == 1
    assert f"To go on where it stopped: heygen-async videos download {video}" in unstored.stderr
    braces = call("videos", "download", video, "-o", "{id}.mp4")
    assert (braces.exit_code, "take another name" in braces.stderr) == (2, True)
    assert call("videos", "download", video, "--files", "film").exit_code == 2
    world.render_seconds = lambda body: 1e6
    call("agent", "create", "A bakery", "--deadline", "400", *FAST)
    (running,) = (one["id"] for one in lines(call("videos", "list", "--json")) if one["status"] != "completed")
    early = call("videos", "download", running)
    assert early.exit_code == 1
    assert f"`heygen-async videos wait {running}` tells when there is" in early.stderr


@pytest.mark.parametrize(
    ("typed", "options", "code"),
    [("y\n", [], 0), ("n\n", [], 7), ("\n", [], 7), ("", ["--yes"], 0)],
)
def test_deleting_asks_first(video: str, typed: str, options: list[str], code: int) -> None:
    """On a terminal, unless told not to."""
    said = call("videos", "delete", video, *options, answer=typed, at_terminal=True)
    assert said.exit_code == code, said.output
    assert (f"Delete {video}, without a title, for good?" in said.stderr) is not bool(options)
    assert (call("videos", "get", video).exit_code == 0) is (code == 7)


def test_nothing_is_deleted_where_nobody_can_be_asked(video: str) -> None:
    said = call("videos", "delete", video)
    assert said.exit_code == 2
    assert "say --yes" in said.stderr
    assert call("videos", "get", video).exit_code == 0


def test_avatars_looks_and_voices_are_found() -> None:
    """By the ids that requests take; filters are HeyGen's."""
    assert "group_anna" in call("avatars", "list", "--ownership", "private").stdout
    looks = lines(call("avatars", "looks", "--avatar", "group_anna", "--json"))
    assert [look["id"] for look in looks] == ["look_anna"]
    photos = lines(call("avatars", "looks", "--type", "photo_avatar", "--json"))
    assert {look["avatar_type"] for look in photos} == {"photo_avatar"}
    assert "Anna in the office" in call("avatars", "get", "look_anna").stdout
    assert "looks_count" in call("avatars", "get", "group_anna").stdout
    assert call("avatars", "get", "nobody").exit_code == 1
    french = lines(call("voices", "list", "--language", "French", "--json"))
    assert [voice["voice_id"] for voice in french] == ["voice_claire"]
    assert lines(call("voices", "list", "--type", "public", "--gender", "male", "--json"))
    assert "Claire" in call("voices", "get", "voice_claire").stdout


def test_a_list_stops_where_it_was_asked_to() -> None:
    """And says so beside it, not in it; an empty one too."""
    said = call("voices", "list", "--limit", "2", "--json")
    assert len(lines(said)) == 2
    assert said.stderr == "There are more than 2: --limit 20 shows more.\n"
    none = call("voices", "list", "--language", "Klingon")
    assert (none.exit_code, none.stdout, none.stderr) == (0, "", "There are none.\n")
    assert call("voices", "list", "--limit", "500").exit_code == 0


def test_a_terminal_gets_the_same_table() -> None:
    """In bold, and no wider than it is."""
    said = call("voices", "list", env={"FORCE_COLOR": "1", "COLUMNS": "60"})
    assert "\x1b[1m" in said.stdout
    assert "voice_claire" in said.stdout


def test_the_account_says_who_it_is_and_what_is_left() -> None:
    said = call("account")
    assert said.exit_code == 0, said.output
    facts = dict(line.split(None, 1) for line in said.stdout.splitlines())
    assert facts["email"] == "simulator@example.com"
    assert facts["billing_type"] == "wallet"
    assert facts["wallet.remaining_balance"] == "1000000"
    assert facts["wallet.auto_reload.enabled"] == "no"
    assert lines(call("account", "--json"))[0]["wallet"]["currency"] == "usd"


@pytest.mark.parametrize("words", [["account"], ["videos", "list"], ["agent", "create", "A bakery"]])
def test_without_a_key_it_says_so(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEYGEN_API_KEY")
    said = call(*words)
    assert said.exit_code == 3
    assert "HEYGEN_API_KEY" in said.stderr


def test_a_reader_that_has_gone_ends_it_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    """`| head -1` closes the pipe."""
    reader, writer = os.pipe()
    os.close(reader)
    wallet = UserWallet(currency="usd")
    user = User(email=None, first_name=None, last_name=None, username="u", wallet=wallet)
    with os.fdopen(writer, "w") as out:
        monkeypatch.setattr(sys, "stdout", out)
        with pytest.raises(SystemExit) as left:
            show_one(user, in_json=True)
    assert left.value.code == 0
    assert attrs.asdict(user)["wallet"]["currency"] == "usd"


def test_a_chat_is_led_by_lines(world: World) -> None:
    """Questions and drafts are answered from stdin; the last line is the address."""
    said = call("agent", "chat", "A bakery", *FAST, answer="yes\n" * 9)
    assert said.exit_code == 0, said.output
    (session,) = world.sessions
    assert session in said.output
    assert len(world.ledger) == 1


@pytest.mark.parametrize("words", [[], ["A bakery", "--session-id", "s1"]])
def test_a_chat_is_a_new_one_or_an_old_one(words: list[str]) -> None:
    said = call("agent", "chat", *words)
    assert (said.exit_code, "give either a prompt" in said.stderr) == (2, True)
