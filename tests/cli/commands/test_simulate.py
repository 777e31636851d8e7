"""`heygen-async simulate`: an account that refuses what it does not have, or any id with an open catalog."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import pytest


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


@pytest.mark.parametrize(("words", "unknown"), [([], 404), (["--open-catalog"], 200)])
def test_the_catalog_may_be_opened(words: list[str], unknown: int) -> None:
    """A beginner's wrong look is told at the first try; ids of a real account can be tried with an open catalog."""
    command = [sys.executable, "-m", "heygen_async.cli", "simulate", "--port", "0", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "200"}) as process:
        assert process.stdout is not None
        found = re.search(r"http://[\d.]+:\d+", process.stdout.readline())
        assert found is not None
        try:
            assert (status_of(found[0], "look_anna"), status_of(found[0], "my_look")) == (200, unknown)
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) == 130
