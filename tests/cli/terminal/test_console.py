"""Foreign text at the terminal: messages, codes, titles and cells command nothing, whichever command prints them."""

from __future__ import annotations

import ast
import io
import json
from pathlib import Path

import pytest
from rich.console import Console
from rich.live import Live
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

from heygen_async import Failed, Summary, errors
from heygen_async.bulk.jobs.job import Job
from heygen_async.cli.terminal.chat_screen import Screen
from heygen_async.cli.terminal.console import PlainConsole, json_line, say
from heygen_async.cli.terminal.progress import ProgressBoard
from heygen_async.cli.terminal.summary import show_summary
from heygen_async.plain_text import CONTROLS
from heygen_async.simulator import ErrorAnswer, FailedRender, World
from tests.helpers.commands import call
from tests.helpers.paths import PACKAGE

MARKUP = "[red]x[/red] [/] [link=https://evil.example]y[/link] :bomb:"
EVIL = f"evil\x1b]0;title\x07\x1b[2J\x9b31m\r\x08\x7f\u202egpj\u2066 {MARKUP}"
FAST = ["--speed", "500"]
CLI = PACKAGE / "cli"
# Files that print texts of this package only.
OWN_TEXTS = {"__init__.py", "help_layout.py", "commands/guide.py", "commands/schema.py"}
CLEANING = ("clean(", "clean_lines(", "json_line(")


def obeyed(text: str) -> list[str]:
    """Return the control characters of an output, apart from its line breaks."""
    return CONTROLS.findall(text.replace("\n", ""))


def plain(text: str) -> None:
    """Check that an output shows *EVIL* as text: no control characters, no markup that was obeyed."""
    assert "evil" in text
    assert obeyed(text) == []
    assert MARKUP in " ".join(text.split())


def taken(shown: io.StringIO) -> str:
    """Return what was shown since the last time."""
    text = shown.getvalue()
    shown.seek(0)
    shown.truncate()
    return text


def test_a_console_shows_text_as_text() -> None:
    """Text in strings, tables and styles is shown without control characters, markup and emoji codes."""
    shown = io.StringIO()
    console = PlainConsole(file=shown, width=300)
    table = Table(EVIL)
    table.add_row(Text(EVIL), EVIL)
    for renderable in (EVIL, Text(EVIL, style="red"), table):
        console.print(renderable)
        plain(taken(shown))


def test_a_console_keeps_its_own_styles_and_displays() -> None:
    """Colors, moves of the cursor and line breaks that this program asks for reach the terminal."""
    shown = io.StringIO()
    console = PlainConsole(file=shown, width=80, force_terminal=True, color_system="standard", legacy_windows=False)
    console.print(Text("red", style="red"))
    console.print(Markdown("# Title\n\nfirst\n\nsecond"))
    with Live(Text(EVIL), console=console, refresh_per_second=1):
        pass
    text = shown.getvalue()
    assert "\x1b[31mred\x1b[0m\n" in text
    assert "\x1b[?25l" in text  # the cursor is hidden during the display
    assert "\x1b]0;" not in text
    assert not set("\x07\x08\x7f\x9b\u202e\u2066") & set(text)


def test_a_result_is_one_line_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    """Scripts read one result a line."""
    say(EVIL + "\nsecond")
    out = capsys.readouterr().out
    plain(out)
    assert out.count("\n") == 1


def test_json_is_printable_and_says_the_same() -> None:
    """JSON escapes all characters that a terminal obeys, also DEL, and gives them back to a program."""
    line = json_line({"title": EVIL})
    assert obeyed(line) == []
    assert json.loads(line) == {"title": EVIL}


# Displays, on a console of the caller


@pytest.fixture
def shown() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def console(shown: io.StringIO) -> Console:
    """A console that obeys markup, as programs that use the displays may give one."""
    return Console(file=shown, width=400)


def failed() -> Failed:
    error = errors.RenderFailedError(EVIL, code=EVIL)
    return Failed(job=Job(request=None, index=0), resource_id="v1", seconds=1.0, error=error)  # type: ignore[arg-type]


def test_a_board_shows_failures_as_text(console: Console, shown: io.StringIO) -> None:
    """Codes and messages of failed rows are HeyGen's; reasons of the summary as well."""
    board = ProgressBoard(console, 1, lambda: 0.0)
    board.add(failed())
    console.print(board._view())
    plain(taken(shown))
    summary = Summary()
    summary.add(failed())
    show_summary(console, summary, board, {"Files": EVIL})
    plain(shown.getvalue())


def test_a_chat_shows_text_as_text(console: Console, shown: io.StringIO) -> None:
    """Messages of the agent, of errors and of this program, which quote ids, are shown as text."""
    screen = Screen(console)
    screen.show_error(EVIL)
    screen.show_note(EVIL)
    screen.show_session(EVIL)
    plain(shown.getvalue())


# Commands


@pytest.mark.usefixtures("_simulator_thread")
def test_no_command_obeys_the_messages_of_heygen(world: World, tmp_path: Path) -> None:
    """Codes and messages of refusals and of failed renders come out as text from each command that shows them."""
    world.faults.append(FailedRender(code=EVIL, message=EVIL))
    contacts, journal = tmp_path / "contacts.csv", str(tmp_path / "c.db")
    contacts.write_text("name\nAda\n", encoding="utf-8")
    request = ["--set", "avatar_id=look_anna", "--set", "voice_id=voice_warm", "--script", "Hi {{ name }}", *FAST]
    ran = call("run", str(contacts), *request, "--journal", journal, "--output", str(tmp_path / "out"))
    assert ran.exit_code == 5
    plain(ran.output)
    plain(call("status", journal).output)
    assert obeyed(call("audit", journal).output) == []
    plain(call("agent", "create", "A bakery", *FAST).output)
    world.faults[:] = [ErrorAnswer(status=400, code=EVIL, message=EVIL)]
    for words in (["videos", "get", "v1"], ["videos", "list"], ["account"], ["agent", "stop", "s1"]):
        refused = call(*words)
        assert refused.exit_code == 1
        plain(refused.output)
    assert obeyed(call("auth", "status").output) == []
    world.faults[:] = [ErrorAnswer(method="POST", status=400, code=EVIL, message=EVIL)]
    other = ["--output", str(tmp_path / "out"), "--journal"]
    plain(call("run", str(contacts), *request, *other, str(tmp_path / "second.db")).output)
    in_json = call("run", str(contacts), *request, *other, str(tmp_path / "third.db"), "--json")
    assert obeyed(in_json.output) == []


def test_names_and_cells_of_a_list_are_shown_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of files, columns and cells are in the problems of a plan, and in errors about arguments."""
    monkeypatch.delenv("HEYGEN_API_KEY", raising=False)
    rows = tmp_path / "[red]rows[bold].jsonl"
    rows.write_text(json.dumps({"name": "nan", EVIL: EVIL}) + "\n", encoding="utf-8")
    said = call("plan", str(rows), "--set", "avatar_id=a", "--set", "voice_id=v", "--script", "Hi {{ name }}")
    assert obeyed(said.output) == []
    assert "[red]rows[bold].jsonl: 1 row," in said.output
    said = call("plan", str(tmp_path / EVIL.replace("/", "")))
    assert said.exit_code == 2
    assert obeyed(said.output) == []


# The rule for the code


def printed_elsewhere(source: Path) -> list[str]:
    """Return the calls of a file that bring text to a terminal past `console.py`."""
    found = []
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            bare = called == "print" and not ast.unparse(node.args[0]).startswith(CLEANING)
            if bare or called == "Console" or called.endswith(("stdout.write", "stderr.write")):
                found.append(f"{source.name}:{node.lineno}: {called}")
    return found


def test_commands_print_by_the_functions_that_clean() -> None:
    """A command has no bare `print` of a value, and no console but `PlainConsole`."""
    files = [file for file in CLI.rglob("*.py") if file.relative_to(CLI).as_posix() not in OWN_TEXTS]
    found = [call for file in files for call in printed_elsewhere(file)]
    assert found == []


def test_a_bare_print_is_found(tmp_path: Path) -> None:
    """Each way around is found; the other functions are allowed."""
    file = tmp_path / "a.py"
    file.write_text(
        "print(clean(x))\nprint(x)\nConsole()\nsys.stdout.write(x)\nPlainConsole()\nconsole.print(x)\nsay(x)\n"
    )
    assert printed_elsewhere(file) == ["a.py:2: print", "a.py:3: Console", "a.py:4: sys.stdout.write"]
