"""Runs the command line in this process and captures its output."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator, Mapping

import attrs

from heygen_async.cli import main


@attrs.frozen(kw_only=True)
class CommandResult:
    """Exit code and output of a command."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        """Stdout, then stderr."""
        return self.stdout + self.stderr


class Keyboard(io.StringIO):
    """Standard input that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


def call(
    *words: str, answer: str = "", env: Mapping[str, str] | None = None, at_terminal: bool = False
) -> CommandResult:
    """Run `heygen-async` with *words*; *answer* is its standard input, *env* is added to the environment."""
    out, err = io.StringIO(), io.StringIO()
    with (
        _setting(Keyboard(answer) if at_terminal else io.StringIO(answer), env or {}),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main(words)
            code = 0
        except SystemExit as exc:
            code = exc.code if isinstance(exc.code, int) else 0 if exc.code is None else 1
    return CommandResult(exit_code=code, stdout=out.getvalue(), stderr=err.getvalue())


@contextlib.contextmanager
def _setting(typed: io.StringIO, env: Mapping[str, str]) -> Iterator[None]:
    stdin, before = sys.stdin, {name: os.environ.get(name) for name in env}
    sys.stdin = typed
    os.environ.update(env)
    try:
        yield
    finally:
        sys.stdin = stdin
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
