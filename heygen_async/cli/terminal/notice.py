"""A notice at the end of a run: the bell, a command of the user, and a POST to an address of the user."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.parse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import attrs
from cyclopts import Parameter

from heygen_async.errors import InvalidInputError
from heygen_async.plain_text import clean

if TYPE_CHECKING:
    from rich.console import Console

NOTICE_SECONDS = 10.0  # for the POST


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class EndNotice:
    """Options for the notice at the end of a run."""

    on_finish: Annotated[
        str | None,
        Parameter(
            help="Command to run at the end, however it came; its standard input is the summary as JSON, and "
            "HEYGEN_EXIT_CODE, HEYGEN_COMPLETED and HEYGEN_FAILED are set."
        ),
    ] = None
    notify_url: Annotated[str | None, Parameter(help="Address that gets the summary as JSON at the end.")] = None

    def check(self) -> None:
        """Check the address, before anything is paid for.

        Raises:
            InvalidInputError: It is not an http or https address.
        """
        if self.notify_url is None:
            return
        parts = urllib.parse.urlsplit(self.notify_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise InvalidInputError(f"--notify-url {self.notify_url!r:.80}: must be an http or https address")

    def send(self, summary: Mapping[str, object]) -> None:
        """Give notice of *summary*. A notice that fails is told on stderr, and changes nothing else."""
        _console().bell()
        text = json.dumps(summary)
        if self.on_finish is not None:
            self._run(self.on_finish, text, summary)
        if self.notify_url is not None:
            self._post(self.notify_url, text)

    @staticmethod
    def _run(command: str, text: str, summary: Mapping[str, object]) -> None:
        names = {"HEYGEN_EXIT_CODE": "exit_code", "HEYGEN_COMPLETED": "completed", "HEYGEN_FAILED": "failed"}
        facts = {name: str(summary.get(fact, "")) for name, fact in names.items()}
        done = subprocess.run(command, shell=True, input=text, text=True, env={**os.environ, **facts}, check=False)  # noqa: S602 - the user's own command, in the user's own shell
        if done.returncode:
            _tell(f"--on-finish {command!r}: ended with code {done.returncode}")

    @staticmethod
    def _post(url: str, text: str) -> None:
        import urllib.request

        request = urllib.request.Request(url, text.encode(), {"Content-Type": "application/json"})  # noqa: S310 - `check` lets only http and https pass
        try:
            urllib.request.urlopen(request, timeout=NOTICE_SECONDS).close()  # noqa: S310 - the same
        except (OSError, ValueError) as exc:
            _tell(
                f"--notify-url: {type(exc).__name__} at {urllib.parse.urlsplit(url).hostname}, the notice was not sent"
            )


def _tell(text: str) -> None:
    _console().print(clean(f"heygen-async: {text}"), soft_wrap=True)


def _console() -> Console:
    from heygen_async.cli.terminal.console import PlainConsole

    return PlainConsole(stderr=True)
