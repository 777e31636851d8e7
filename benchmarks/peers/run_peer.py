"""Runs a peer of the benchmarks: a program that prints what it has measured, beside a small server of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PEERS = Path(__file__).parent


def run_peer(name: str, *arguments: object, speed: float) -> dict[str, float]:
    """Run a peer against a server whose videos end *speed* times as fast as HeyGen's, and return its figures.

    The peer gets the server's address before its own *arguments*.
    """
    server = [sys.executable, str(PEERS / "server.py"), "1", str(speed)]
    with subprocess.Popen(server, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        origin = f"http://127.0.0.1:{int(process.stdout.readline())}"
        command = [sys.executable, str(PEERS / f"{name}.py"), origin, *map(str, arguments)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        process.stdin.close()
    found: dict[str, float] = json.loads(done.stdout)
    return found
