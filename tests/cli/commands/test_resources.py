"""Commands for single objects at HeyGen: `videos`, `agent`, `avatars`, `voices`, `account`."""

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
from heygen_async.cli.terminal.tables import show_one
from heygen_async.simulator import FailedRender, World
from tests.helpers.commands import CommandResult, call

FAST = ["--speed", "500"]
RESOURCES = ("account", "agent", "assets", "avatars", "videos", "voices")

pytestmark = pytest.mark.usefixtures("_simulator_thread")


def lines(said: CommandResult) -> list[dict[str, Any]]:
    assert said.exit_code == 0, said.output
    return [json.loads(line) for line in said.stdout.splitlines()]


@pytest.fixture
def video(_simulator_thread: None) -> str:
    """Render a video and return its id."""
    (made,) = lines(call("agent", "create", "A bakery", "--json", *FAST))
    return str(made["id"])


@pytest.mark.parametrize("name", [name for name in COMMANDS if name.split()[0] in RESOURCES])
def test_the_help_of_a_command_names_its_cost(name: str) -> None:
    """The first paragraph of the help has "Costs money" or "Free"."""
    about = call(*name.split(), "--help").stdout.split("\n\n")[1]
    costs = name in {"agent chat", "agent create"}
    assert ("Costs money" if costs else "Free") in " ".join(about.split())


def test_agent_create_prints_the_address(world: World) -> None:
    """Only the address is on stdout, for scripts; each new status is a line on stderr."""
    said = call("agent", "create", "- a bakery at dawn", "--avatar-id", "look_anna", "--orientation", "portrait", *FAST)
    assert said.exit_code == 0, said.output
    with urllib.request.urlopen(said.stdout.strip()) as answer:  # noqa: S310 - our own address
        assert answer.status == 200
    (session,) = world.sessions
    (charge,) = world.ledger
    assert charge.body == {"prompt": "- a bakery at dawn", "avatar_id": "look_anna", "orientation": "portrait"}
    messages = said.stderr.splitlines()
    assert messages[0] == f"session {session} is at work"
    assert messages[-2].endswith(": completed")
    assert len(messages) == len(set(messages))


def test_a_session_is_shown_awaited_and_stopped_later(world: World) -> None:
    """With --no-wait, `create` prints the id at once; `get`, `wait` and `stop` take it later."""
    world.thinking_seconds = 5000.0
    session = call("agent", "create", "A bakery", "--no-wait").stdout.strip()
    assert session in world.sessions
    shown = call("agent", "get", session)
    assert "thinking" in shown.stdout
    assert "user: A bakery" in shown.stdout
    assert lines(call("agent", "get", session, "--json"))[0]["messages"][0]["content"] == "A bakery"
    late = call("agent", "wait", session, "--deadline", "60", *FAST)
    assert late.exit_code == 4
    assert f"  It continues at HeyGen: heygen-async agent wait {session}" in late.stderr
    assert call("agent", "stop", session).stdout == f"{session} is stopped\n"
    stopped = call("agent", "wait", session, *FAST)
    assert stopped.exit_code == 1
    assert f"session {session} failed" in stopped.stderr
    (other,) = lines(call("agent", "create", "A bakery", "--no-wait", "--json"))
    assert other["session_id"] in world.sessions


def test_a_failed_render_is_reported(world: World) -> None:
    """A failed render has exit code 1 and no output on stdout, where a script expects an address."""
    world.faults.append(FailedRender(message="The oven was cold."))
    said = call("agent", "create", "A bakery", *FAST)
    assert (said.exit_code, said.stdout) == (1, "")
    assert "The oven was cold." in said.stderr


def test_ctrl_c_leaves_the_agent_working(world: World) -> None:
    """Ctrl-C prints the command that waits for the session again."""
    world.thinking_seconds = 1e6
    command = [sys.executable, "-m", "heygen_async.cli", "agent", "create", "A bakery"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ}) as process:
        assert process.stderr is not None
        assert "is at work" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        message = process.stderr.read()
        assert process.wait(timeout=20) == 130
    (session,) = world.sessions
    assert message == f"It continues at HeyGen: heygen-async agent wait {session}\n"
    assert len(world.ledger) == 1


def test_videos_are_listed_and_shown(video: str) -> None:
    """A table has whole ids and readable times; JSON has all fields."""
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
    assert f"video {video} is ready: " in said.stderr
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
    """In a folder a file is named after the video's id; the path of each file is printed; no other file remains."""
    monkeypatch.chdir(tmp_path)
    said = call("videos", "download", video, *options)
    assert said.exit_code == 0, said.output
    wanted = {name.replace("{video}", video) for name in names}
    assert set(said.stdout.splitlines()) == wanted
    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert files == wanted
    assert call("videos", "download", video, *options).exit_code == 0


def test_a_download_that_fails_is_reported(video: str, tmp_path: Path, world: World) -> None:
    """A video that is not ready, a folder that cannot be made, a name with braces, and an unknown kind are errors."""
    (tmp_path / "taken").write_text("")
    unstored = call("videos", "download", video, "-o", str(tmp_path / "taken" / "x.mp4"))
    assert unstored.exit_code == 1
    assert f"To continue it: heygen-async videos download {video}" in unstored.stderr
    braces = call("videos", "download", video, "-o", "{id}.mp4")
    assert (braces.exit_code, "choose another name" in braces.stderr) == (2, True)
    assert call("videos", "download", video, "--files", "film").exit_code == 2
    world.render_seconds = lambda body: 1e6
    call("agent", "create", "A bakery", "--deadline", "400", *FAST)
    (running,) = (one["id"] for one in lines(call("videos", "list", "--json")) if one["status"] != "completed")
    early = call("videos", "download", running)
    assert early.exit_code == 1
    assert f"`heygen-async videos wait {running}` waits for it" in early.stderr


@pytest.mark.parametrize(
    ("typed", "options", "code"),
    [("y\n", [], 0), ("n\n", [], 7), ("\n", [], 7), ("", ["--yes"], 0)],
)
def test_deleting_asks_first(video: str, typed: str, options: list[str], code: int) -> None:
    """`delete` asks on a terminal; --yes answers in advance."""
    said = call("videos", "delete", video, *options, answer=typed, at_terminal=True)
    assert said.exit_code == code, said.output
    assert (f"Delete {video}, without a title, permanently?" in said.stderr) is not bool(options)
    assert (call("videos", "get", video).exit_code == 0) is (code == 7)


def test_without_a_terminal_delete_needs_yes(video: str) -> None:
    said = call("videos", "delete", video)
    assert said.exit_code == 2
    assert "use --yes" in said.stderr
    assert call("videos", "get", video).exit_code == 0


def test_avatars_looks_and_voices_are_found() -> None:
    """The lists show the ids that requests take; filters are passed on to HeyGen."""
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


def test_a_list_stops_at_its_limit() -> None:
    """A message on stderr says that there are more items, or that there are none."""
    said = call("voices", "list", "--limit", "2", "--json")
    assert len(lines(said)) == 2
    assert said.stderr == "There are more than 2: --limit 20 shows more.\n"
    none = call("voices", "list", "--language", "Klingon")
    assert (none.exit_code, none.stdout, none.stderr) == (0, "", "There are none.\n")
    assert call("voices", "list", "--limit", "500").exit_code == 0


def test_a_terminal_gets_the_same_table() -> None:
    """A terminal gets bold headings and the same ids."""
    said = call("voices", "list", env={"FORCE_COLOR": "1", "COLUMNS": "60"})
    assert "\x1b[1m" in said.stdout
    assert "voice_claire" in said.stdout


def test_account_shows_owner_and_balance() -> None:
    said = call("account")
    assert said.exit_code == 0, said.output
    facts = dict(line.split("  ", 1) for line in said.stdout.splitlines())
    assert facts["E-mail"].strip() == "simulator@example.com"
    assert facts["Pays"].strip() == "from a prepaid balance"
    assert facts["Balance"].strip() == "1,000,000.00 US dollars"
    assert lines(call("account", "--json"))[0]["wallet"]["currency"] == "usd"


@pytest.mark.parametrize("words", [["account"], ["videos", "list"], ["agent", "create", "A bakery"]])
def test_without_a_key_the_variable_is_named(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEYGEN_API_KEY")
    said = call(*words)
    assert said.exit_code == 3
    assert "HEYGEN_API_KEY" in said.stderr


def test_a_closed_pipe_ends_the_output_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader such as `head -1` closes the pipe: exit code 0, no traceback."""
    reader, writer = os.pipe()
    os.close(reader)
    wallet = UserWallet(currency="usd")
    user = User(email=None, first_name=None, last_name=None, username="u", wallet=wallet)
    with os.fdopen(writer, "w") as out:
        monkeypatch.setattr(sys, "stdout", out)
        with pytest.raises(SystemExit) as exited:
            show_one(user, in_json=True)
    assert exited.value.code == 0
    assert attrs.asdict(user)["wallet"]["currency"] == "usd"


def test_a_chat_reads_answers_from_stdin(world: World) -> None:
    """Lines on stdin answer questions and drafts until one video is made."""
    said = call("agent", "chat", "A bakery", *FAST, answer="yes\n" * 9)
    assert said.exit_code == 0, said.output
    (session,) = world.sessions
    assert session in said.output
    assert len(world.ledger) == 1


@pytest.mark.parametrize("words", [[], ["A bakery", "--session-id", "s1"]])
def test_a_chat_takes_either_a_prompt_or_a_session(words: list[str]) -> None:
    said = call("agent", "chat", *words)
    assert (said.exit_code, "give either a prompt" in said.stderr) == (2, True)
