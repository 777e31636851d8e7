"""`heygen-async simulate`: an account that refuses what it does not have, or any id with an open catalog."""

from __future__ import annotations

import datetime as dt
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from heygen_async import InvalidInputError
from heygen_async.cli.commands.simulate import read_outage
from tests.helpers.commands import call


def status_of(address: str, look_id: str) -> int:
    """Ask for a video of a look, and return the HTTP status."""
    body = json.dumps({"type": "avatar", "avatar_id": look_id, "voice_id": "voice_warm", "script": "Hi"}).encode()
    headers = {"x-api-key": "simulator-key", "Content-Type": "application/json"}
    try:
        with urllib.request.urlopen(urllib.request.Request(f"{address}/v3/videos", body, headers)) as answer:  # noqa: S310 - our own
            return int(answer.status)
    except urllib.error.HTTPError as exc:
        with exc:
            return exc.code


@contextmanager
def simulating(*words: str) -> Iterator[tuple[str, str]]:
    """Run the command in a process; yield its address and the lines that it prints."""
    command = [sys.executable, "-m", "heygen_async.cli", "simulate", "--port", "0", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "200"}) as process:
        assert process.stdout is not None
        shown = ""
        while "Ctrl-C" not in shown:
            shown += process.stdout.readline()
        found = re.search(r"http://[\d.]+:\d+", shown)
        assert found is not None
        try:
            yield found[0], shown
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) == 130


@pytest.mark.parametrize(("words", "unknown"), [([], 404), (["--open-catalog"], 200)])
def test_the_catalog_may_be_opened(words: list[str], unknown: int) -> None:
    """A beginner's wrong look is told at the first try; ids of a real account can be tried with an open catalog."""
    with simulating(*words) as (address, _):
        assert (status_of(address, "look_anna"), status_of(address, "my_look")) == (200, unknown)


def test_a_bad_evening_is_rehearsed() -> None:
    """What will happen is said, with the time by both clocks; an outage that has begun answers 503."""
    with simulating("--failures", "5%", "--speed", "60", "--outage", "0s+10m", "--outage", "2h+1h") as (address, shown):
        assert "5 % of all renders fail.\n" in shown
        outages = re.findall(r"It answers 503 from \d\d:\d\d to \d\d:\d\d by its clock: (.*) from now\.", shown)
        assert outages == ["0 s", "2 min 0 s"]
        assert status_of(address, "look_anna") == 503


def test_an_outage_may_drop_connections() -> None:
    with simulating("--outage", "0s+10m", "--outage-kind", "drop") as (address, shown):
        assert "It drops connections from" in shown
        with pytest.raises((ConnectionError, urllib.error.URLError, http.client.HTTPException)):
            status_of(address, "look_anna")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("22:00+10m", (dt.time(22, 0), 600.0)),
        ("7:05 + 1h", (dt.time(7, 5), 3600.0)),
        ("20m+90s", (1200.0, 90.0)),
        ("20+10", (20.0, 10.0)),
    ],
)
def test_outages_are_read(text: str, read: tuple[object, float]) -> None:
    assert read_outage(text) == read


@pytest.mark.parametrize("text", ["", "22:00", "+10m", "25:00+10m", "22:61+1m", "22:00+", "ten+10m", "22:00-22:10"])
def test_other_words_are_no_outage(text: str) -> None:
    """The error shows both forms."""
    with pytest.raises(InvalidInputError, match=r"22:00\+10m, or a time after the start: 20m\+10m"):
        read_outage(text)


@pytest.mark.parametrize("text", ["5", "101%", "many", "nan"])
def test_other_words_are_no_share(text: str) -> None:
    refused = call("simulate", "--failures", text)
    assert refused.exit_code == 2
    assert "is not a share, such as 5% or 0.05" in refused.stderr
