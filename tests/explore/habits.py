"""The user's habits, drawn from a seed: what they start, and how it is interrupted."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Literal

import attrs

Command = Literal["run", "resume", "retry", "audit", "delete files", "move folder"]

HOUR = 3600.0
AT_A_MOMENT = ("crash at a moment", "power cut at a moment")
AT_A_POINT = (
    "crash before a commit",
    "crash after a commit",
    "power cut after a commit",
    "crash at a request",
    "crash at an answer",
    "crash at a step",
)
CRASHES = (*AT_A_MOMENT, *AT_A_POINT)


@attrs.frozen(kw_only=True)
class Interruption:
    """One thing that happens while a command runs.

    Attributes:
        kind: Kind, in words.
        at: Seconds since the command began; of a crash at a commit, request, answer or step its number.
        amount: Seconds or number, if the kind has one.
    """

    kind: str
    at: float
    amount: float = 0.0

    def __str__(self) -> str:
        """Return the interruption in words."""
        amount = f" ({self.amount:g})" if self.amount else ""
        return f"{self.kind}{amount} at {self.at:.6g}"


@attrs.frozen(kw_only=True)
class Sitting:
    """One command of the user.

    Attributes:
        command: The command.
        habit: The habit that it shows, in words.
        list: Number of the list, of a run.
        options: Options in addition to those of the night.
        interruptions: What happens meanwhile.
        pause: Seconds until the next command.
    """

    command: Command
    habit: str
    list: int = 0
    options: Mapping[str, Any] = attrs.field(factory=dict)
    interruptions: tuple[Interruption, ...] = ()
    pause: float = 1.0

    def __str__(self) -> str:
        """Return the sitting in words."""
        options = "".join(f", {name}={value!r}" for name, value in self.options.items())
        broken = f"; {', '.join(map(str, self.interruptions))}" if self.interruptions else ""
        return f"{self.command} list {self.list}: {self.habit}{options}{broken}; then {self.pause:.6g} s"


def draw_interruptions(rng: random.Random, *, gently: bool) -> tuple[Interruption, ...]:
    """Return what happens during a command: often nothing. *gently* leaves crashes out."""
    count = rng.choice([0, 1, 1, 1, 2])
    kinds = [*INTERRUPTIONS] if not gently else [kind for kind in INTERRUPTIONS if kind not in CRASHES]
    return tuple(_interruption(rng, rng.choice(kinds)) for _ in range(count))


def _interruption(rng: random.Random, kind: str) -> Interruption:
    moment = rng.choice([rng.uniform(0, 3), rng.uniform(0, 60), rng.uniform(0, 400)])
    if kind == "crash at a step":
        return Interruption(kind=kind, at=rng.choice([rng.randint(1, 300), rng.randint(1, 2_000)]))
    if kind in AT_A_POINT:
        return Interruption(kind=kind, at=rng.choice([rng.randint(1, 8), rng.randint(1, 40)]))
    amounts: dict[str, list[float]] = {
        "asleep": [60, HOUR, 22.9 * HOUR, 25 * HOUR, 25 * HOUR],
        "asleep, with a clock that stood still": [60, HOUR, 22.9 * HOUR, 25 * HOUR, 25 * HOUR],
        "clock set": [-48 * HOUR, -HOUR, -10, 10, HOUR, 48 * HOUR],
        "disk full": [1, 3, 30],
    }
    return Interruption(kind=kind, at=moment, amount=rng.choice(amounts.get(kind, [0.0])))


INTERRUPTIONS = (
    *CRASHES,
    "Ctrl-C",
    "Ctrl-C twice",
    "cancelled",
    "asleep",
    "asleep, with a clock that stood still",
    "clock set",
    "disk full",
    "another process",
)


HABITS = (
    "the list",
    "list edited",
    "list shortened",
    "list grown",
    "list re-exported",
    "list put back",
    "run again",
    "run again, other options",
    "resume",
    "resume, other options",
    "resume, resubmit unknown",
    "resume, skip unknown",
    "retry --failed",
    "resume after retry",
    "audit --fix",
    "files deleted",
    "folder moved",
    "canary approved",
    "canary not approved",
    "nobody to approve of a canary",
    "results read slowly",
)


def draw_pause(rng: random.Random) -> float:
    """Return the seconds between two commands."""
    return rng.choice([0.0, 1.0, rng.uniform(0, 300), rng.uniform(0, 300), HOUR, 23.5 * HOUR, 30 * HOUR])
