"""Completion in shells: `heygen-async --install-completion`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from heygen_async.cli.app import make_app
from heygen_async.cli.registry import COMMANDS
from tests.helpers.commands import call

SHELLS = ["bash", "zsh", "fish"]


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_knows_the_commands_and_options(shell: str) -> None:
    """The completion script names all commands, also those in groups, and options."""
    script = make_app().generate_completion(shell=shell)  # type: ignore[arg-type] # one of three names
    for word in {word for name in COMMANDS for word in name.split()}:
        assert word in script
    for option in ("budget", "canary", "on-unknown"):
        assert option in script


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_is_installed_where_the_shell_looks_for_it(
    shell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the script and the shell's start file are written; the shell can parse the script."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("ZSH_CUSTOM", "ZDOTDIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "BASH_COMPLETION_USER_DIR"):
        monkeypatch.delenv(name, raising=False)
    result = call("--install-completion", "--shell", shell)
    assert result.exit_code == 0, result.output
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    (script,) = (path for path in files if path.name not in {".bashrc", ".zshrc"})
    assert "heygen-async" in script.name
    assert len(files) == (1 if shell == "fish" else 2)
    if program := shutil.which(shell):
        subprocess.run([program, "-n", str(script)], check=True)
    else:
        pytest.skip(f"{shell} is not installed; the script was written, but not parsed")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["heygen-async", "re"], {"report", "resume", "retry"}),
        (["heygen-async", "run", "--can"], {"--canary"}),
        (["heygen-async", "run", "--on-unknown", ""], {"hold", "resubmit", "skip"}),
    ],
)
@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_completes(typed: list[str], offered: set[str], tmp_path: Path) -> None:
    """Bash offers the matching commands, options and values."""
    script = tmp_path / "heygen-async"
    script.write_text(make_app().generate_completion(shell="bash"), encoding="utf-8")  # noqa: S604 - a word
    lines = (
        f"source {script}",
        f"COMP_WORDS=({' '.join(repr(word) for word in typed)})",
        f"COMP_CWORD={len(typed) - 1}",
        "complete -p heygen-async | grep -o -- '-F [^ ]*' | cut -c4- > name",
        "$(cat name)",
        'printf "%s\\n" "${COMPREPLY[@]}"',
    )
    command = ["bash", "-c", "\n".join(lines)]
    done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert {line.strip() for line in done.stdout.splitlines()} == offered
