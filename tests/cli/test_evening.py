"""The evening before the send: what a run says before, while and after it works, and the files that it leaves."""

from __future__ import annotations

import csv
import http.server
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from heygen_async.simulator import FailedRender, World
from tests.helpers.commands import call
from tests.helpers.stories import PEOPLE, run, write


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin in an empty folder, with a list of three."""
    monkeypatch.chdir(tmp_path)
    write(PEOPLE)


def table(path: str, separator: str = ",", encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    """Return the lines of a CSV file by their columns."""
    with Path(path).open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file, delimiter=separator))


@pytest.mark.unmeasured
@pytest.mark.usefixtures("_simulator_thread")
@pytest.mark.parametrize(
    ("answer", "options", "charges"),
    [
        ("n\n", (), 0),
        ("", (), 0),
        ("y\n", (), 3),
        (None, (), 3),
        ("n\n", ("--yes",), 3),
        ("n\n", ("--budget", "50"), 3),
    ],
)
def test_a_run_says_what_it_is_about_to_do(
    world: World, answer: str | None, options: tuple[str, ...], charges: int
) -> None:
    """A terminal without a budget is asked; everybody else reads the same lines, and it begins."""
    result = run(*options, answer=answer)
    assert len(world.ledger) == charges
    assert result.exit_code == (0 if charges else 8), result.output
    for words in (
        "3 videos will be made.",
        r"Price: about \d\.\d\d, at most \d\.\d\d US dollars \(prices of 2026-",
        r"Balance of the account: [\d,]+\.\d\d US dollars\.",
        r"Ready about \d\d:\d\d( tomorrow)?, .* from now, 10 at a time\.",
    ):
        assert re.search(words, result.output), words
    assert ("Begin?" in result.output) == (answer is not None and not options)
    assert ("Budget: 50.00 US dollars, enough for all." in result.output) == ("--budget" in options)


@pytest.mark.usefixtures("_simulator_thread")
def test_a_second_run_counts_what_it_sends() -> None:
    """Rows that have their video are not announced, priced or waited for."""
    run()
    write([*PEOPLE, ("di@x.example", "Di")])
    result = run("--json")
    assert "1 video will be made; 3 rows need none now." in result.stderr
    progress = [json.loads(line) for line in result.stdout.splitlines()]
    assert progress[-1]["waiting"] == 0


@pytest.mark.usefixtures("_simulator_thread")
def test_results_go_back_to_the_crm(world: World) -> None:
    """Each row has the page of its video and what was said; the file opens as the list does."""
    Path("list.csv").write_text("Vorname;email\nAda;ada@x.example\nZoë;zoe@x.example\n", encoding="cp1252")
    words = ["--set", "avatar_id=look_anna", "--set", "voice_id=voice_warm", "--script", "Hallo {{ Vorname }}"]
    result = call("run", "list.csv", *words, "--speed", "500", "--encoding", "cp1252", "--no-preflight")
    assert result.exit_code == 0, result.output
    assert "mail-merge.csv has the links" in result.output
    rows = table("videos/results.csv", ";", "cp1252")
    assert [(row["Vorname"], row["heygen_said"], row["heygen_state"]) for row in rows] == [
        ("Ada", "Hallo Ada", "completed"),
        ("Zoë", "Hallo Zoë", "completed"),
    ]
    pages = {video_id: f"/{video_id}" for video_id in world.videos}
    assert all(pages[row["heygen_video_id"]] in row["heygen_link"] for row in rows)
    assert all(row["heygen_thumbnail"] and float(row["heygen_usd"]) > 0 and row["heygen_date"] for row in rows)
    links = table("videos/mail-merge.csv", ";", "cp1252")
    assert [list(row.items()) for row in links] == [
        [("email", row["email"]), ("heygen_link", row["heygen_link"])] for row in rows
    ]
    assert call("export", "list.db", "links.csv", "--mail-merge").exit_code == 0
    assert table("links.csv", ";", "cp1252") == links


@pytest.mark.usefixtures("_simulator_thread")
def test_links_need_a_column_that_tells_whose_they_are() -> None:
    """The error names the columns, and the way."""
    Path("list.csv").write_text("name\nAda\n", encoding="utf-8")
    assert run().exit_code == 0
    assert not Path("videos/mail-merge.csv").exists()
    result = call("export", "list.db", "links.csv", "--mail-merge")
    assert result.exit_code == 2
    assert "no column identifies a person; there are name. Name it when the list is run: --id COLUMN" in result.stderr
    assert call("export", "list.db", "links.jsonl", "--mail-merge").exit_code == 2


@pytest.mark.usefixtures("_simulator_thread")
def test_notice_is_given_at_the_end() -> None:
    """A command gets the summary on its standard input, an address gets it by POST; failures of both change nothing."""
    got: list[bytes] = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Listener) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/done"
        result = run("--on-finish", 'cat >summary.json; echo "$HEYGEN_COMPLETED" >count', "--notify-url", url)
        thread.join(10)
    assert result.exit_code == 0, result.output
    assert Path("count").read_text() == "3\n"
    assert json.loads(Path("summary.json").read_text())["completed"] == 3
    assert json.loads(got[0]) == json.loads(Path("summary.json").read_text())
    write([*PEOPLE, ("di@x.example", "Di")])
    second = run("--on-finish", "exit 3", "--notify-url", url)
    assert second.exit_code == 0
    assert "--on-finish 'exit 3': ended with code 3" in second.stderr
    assert "--notify-url: URLError at 127.0.0.1, the notice was not sent" in second.stderr
    assert run("--notify-url", "ftp://x").exit_code == 2


@pytest.fixture
def _slow_simulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    command = [sys.executable, "-m", "heygen_async.cli", "simulate", "--port", "0", "--speed", "400", "--slots", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "200"}) as process:
        assert process.stdout is not None
        found = re.search(r"http://[\d.]+:\d+", process.stdout.readline())
        assert found is not None
        monkeypatch.setenv("HEYGEN_API_BASE", found[0])
        monkeypatch.setenv("HEYGEN_API_KEY", "simulator-key")
        yield
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 130


@pytest.mark.unmeasured
@pytest.mark.usefixtures("_slow_simulator")
def test_the_files_of_a_killed_run_are_current() -> None:
    """The results are there as soon as the first row has ended, and whole after a kill."""
    words = ["--set", "avatar_id=look_anna", "--set", "voice_id=voice_warm", "--script", "Hi {{ name }}"]
    command = [sys.executable, "-m", "heygen_async.cli", "run", "list.csv", *words, "--speed", "400"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while not Path("videos/mail-merge.csv").exists():  # it is written after the results
            assert process.poll() is None
        process.kill()
    rows = table("videos/results.csv")
    assert [row["email"] for row in rows] == [email for email, _ in PEOPLE]
    assert rows[0]["heygen_state"] == "completed"
    assert table("videos/mail-merge.csv")[0]["email"] == PEOPLE[0][0]
    assert call("resume", "list.db", "--speed", "400").exit_code == 0
    assert [row["heygen_state"] for row in table("videos/results.csv")] == ["completed"] * 3


@pytest.mark.usefixtures("_simulator_thread")
def test_rows_that_an_earlier_run_has_left_are_announced(world: World) -> None:
    """The budget was enough for some: the next run names it, the others and their price; more money lets them go."""
    assert run("--budget", "0.3").exit_code == 6
    left = 3 - len(world.ledger)
    assert 0 < left < 3
    again = run()
    words = f"{left} video{'s' * (left > 1)} will be made; {3 - left} rows need none now."
    assert words in again.output
    assert re.search(r"Budget: 0\.30 US dollars \(0\.\d\d are spent\), enough for about 0 of", again.output)
    assert again.exit_code == 6
    whole = run("--budget", "9")
    assert re.search(r"Budget: 9\.00 US dollars \(0\.\d\d are spent\), enough for all\.", whole.output)
    assert whole.exit_code == 0
    assert len(world.ledger) == 3


@pytest.mark.usefixtures("_simulator_thread")
def test_a_run_that_its_budget_stops_is_summed_up() -> None:
    """As every other one, with its files, the row of the list, and the command that lets all others go."""
    stopped = run("--budget", "0.3")
    assert stopped.exit_code == 6
    assert re.search(r"Completed +[12] of [12] rows? *\n", stopped.stdout)
    assert "Left" in stopped.stdout
    assert [row["heygen_state"] for row in table("videos/results.csv")].count("completed") in {1, 2}
    assert re.search(r"and the next row may cost up to 0\.\d\d, but 0\.\d\d are left", stopped.stderr)
    assert re.search(r"No more was sent from row [34] on\.", stopped.stderr)
    assert "To continue: heygen-async resume list.db --budget 1usd\n" in stopped.stderr.replace("2usd", "1usd")
    assert "resume list.db\n" not in stopped.stderr


@pytest.mark.usefixtures("_simulator_thread")
def test_a_run_without_a_terminal_names_the_failed(world: World) -> None:
    """In lines of their own, when it happens; `retry` says what comes next, and that nothing does."""
    world.faults.append(FailedRender(nth=2))
    assert re.search(r"^row [234] \((Ada|Bo|Cy)\): The render failed on purpose", run().stdout, re.MULTILINE)
    planned = call("retry", "list.db", "--failed").stdout
    assert planned == "Planned again: 1 row. To send them: heygen-async resume list.db\n"
    nothing = call("retry", "list.db", "--failed")
    assert nothing.exit_code == 7
    assert nothing.stdout == "No row has failed, so there is nothing to plan again.\n"


@pytest.mark.usefixtures("_simulator_thread")
def test_files_have_the_encoding_of_the_list() -> None:
    """As the list was read; in UTF-8, which is said, if a text has a character that the encoding lacks."""
    Path("list.csv").write_bytes("email;name\nj@x.example;Jürgen\n".encode("cp1252"))
    assert run("--encoding", "cp1252").exit_code == 0
    for file in ("videos/results.csv", "videos/mail-merge.csv"):
        assert Path(file).read_text(encoding="cp1252").startswith("email;")
    assert "Jürgen" in Path("videos/results.csv").read_text(encoding="cp1252")
    assert call("export", "list.db", "out.csv").stdout == "1 row written to out.csv\n"
    assert "Jürgen" in Path("out.csv").read_text(encoding="cp1252")
    assert run("--encoding", "cp1252", "--again", script="Cześć {{ name }}").exit_code == 0
    said = call("export", "list.db", "out.csv").stdout
    assert "It is in UTF-8: cp1252, the encoding of the list, lacks a character that it needs." in said
    assert "Cześć Jürgen" in table("out.csv", ";")[0]["heygen_said"]


@pytest.mark.usefixtures("_simulator_thread")
def test_the_command_that_plan_names_has_all_that_was_typed() -> None:
    """Also the options that say how HeyGen is asked."""
    words = ["--set", "avatar_id=look_anna", "--set", "voice_id=voice_warm", "--script", "Hi {{ name }}"]
    result = call("plan", "list.csv", *words, "--no-preflight", "--base-url", "http://127.0.0.1:9")
    assert " --no-preflight --base-url http://127.0.0.1:9 --budget " in result.stdout.replace("\n", " ")
