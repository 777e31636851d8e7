"""The group of commands and how it ends: errors in one line, exit codes that scripts can use."""

from __future__ import annotations

import enum
import sys
from typing import Any

import click
from rich.console import Console

from heygen_async.cli.demo import demo
from heygen_async.cli.interrupts import InterruptedRunError
from heygen_async.cli.journal import audit, export, resume, retry, status
from heygen_async.cli.report import report
from heygen_async.cli.run import run
from heygen_async.cli.simulate import simulate
from heygen_async.errors import (
    AuthenticationError,
    DeadlineExceededError,
    HeyGenError,
    InsufficientCreditError,
    InvalidInputError,
    QuotaExceededError,
)


class Exit(enum.IntEnum):
    """Exit codes."""

    DONE = 0
    API = 1
    INPUT = 2
    AUTHENTICATION = 3
    DEADLINE = 4
    SOME_FAILED = 5
    PAUSED = 6
    NOTHING_TO_DO = 7
    UNDECIDED = 8
    INTERRUPTED = 130


_CODES: tuple[tuple[type[HeyGenError], Exit], ...] = (
    (InvalidInputError, Exit.INPUT),
    (AuthenticationError, Exit.AUTHENTICATION),
    (DeadlineExceededError, Exit.DEADLINE),
    (InsufficientCreditError, Exit.PAUSED),
    (QuotaExceededError, Exit.PAUSED),
    (HeyGenError, Exit.API),
)


class _App(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; say what went wrong in plain words and leave with the code for it."""
        try:
            return super().invoke(ctx)
        except HeyGenError as exc:
            console = Console(stderr=True, soft_wrap=True, highlight=False)
            console.print(f"heygen-async: {exc}", markup=False)
            for note in getattr(exc, "__notes__", ()):
                console.print(f"  {note}", markup=False)
            sys.exit(next(code for kind, code in _CODES if isinstance(exc, kind)))
        except (KeyboardInterrupt, InterruptedRunError):
            sys.exit(Exit.INTERRUPTED)


@click.group(cls=_App, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="heygen-async")
def app() -> None:
    """Render videos with HeyGen: one contact list, one video a row, each paid for once.

    \b
    Exit codes: 0 done, 1 API or network, 2 usage or bad rows, 3 API key, 4 deadline,
    5 some rows failed or are left, 6 out of credit or quota, 7 nothing to do,
    8 rows wait for your decision, 130 interrupted.
    """  # noqa: D301 - click reads the control character


for command in (run, resume, status, retry, export, report, audit, demo, simulate):
    app.add_command(command)
