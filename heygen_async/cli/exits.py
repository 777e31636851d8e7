"""Exit codes, which scripts can rely on."""

from __future__ import annotations

import enum

from heygen_async.errors import (
    AuthenticationError,
    DeadlineExceededError,
    HeyGenError,
    InsufficientCreditError,
    InvalidInputError,
    QuotaExceededError,
    RunPausedError,
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


class InterruptedRunError(Exception):
    """A second signal ended the run at once."""


_CODES: tuple[tuple[type[HeyGenError], Exit], ...] = (
    (InvalidInputError, Exit.INPUT),
    (AuthenticationError, Exit.AUTHENTICATION),
    (DeadlineExceededError, Exit.DEADLINE),
    (InsufficientCreditError, Exit.PAUSED),
    (RunPausedError, Exit.PAUSED),
    (QuotaExceededError, Exit.PAUSED),
    (HeyGenError, Exit.API),
)


def code_of(error: HeyGenError) -> Exit:
    """Return the exit code for the error that ended a command."""
    return next(code for kind, code in _CODES if isinstance(error, kind))
