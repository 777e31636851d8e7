"""The help of a command loads no HTTP: its function imports the client when it runs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from heygen_async.cli.registry import COMMANDS

HEAVY = (
    "aiohttp",
    "cattrs",
    "jinja2",
    "openpyxl",
    "heygen_async.api.client",
    "heygen_async.bulk.run",
    "heygen_async.http",
)
CODE = """
import contextlib, io, sys
from heygen_async.cli import main
for name in sys.argv[1].split(","):
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown), contextlib.suppress(SystemExit):
        main([*name.split(), "--help"])
    assert "Usage" in shown.getvalue(), name
    print(name, [heavy for heavy in sys.argv[2].split(",") if heavy in sys.modules])
"""


@pytest.fixture(scope="module")
def loaded() -> dict[str, str]:
    """The heavy modules that are loaded after the help of each command, in one process."""
    command = [sys.executable, "-W", "error", "-c", CODE, ",".join(COMMANDS), ",".join(HEAVY)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return {name: modules for name, _, modules in (line.rpartition(" [") for line in done.stdout.splitlines())}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_loads_no_http(loaded: dict[str, str], name: str) -> None:
    """Neither aiohttp nor the client nor the engine."""
    assert loaded[name] == "]"


def test_a_heavy_module_would_be_seen() -> None:
    """The check can fail: a command that runs loads the client."""
    code = f"import sys, heygen_async.heygen; print([heavy for heavy in {HEAVY!r} if heavy in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert "'aiohttp'" in done.stdout
