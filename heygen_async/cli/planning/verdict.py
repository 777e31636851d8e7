"""`Verdict`: whether a list can be run as it is, in how many rows, and by which command."""

from __future__ import annotations

import math
from collections.abc import Sequence

import attrs

from heygen_async.bulk.plan.plan import Plan
from heygen_async.bulk.rows.problems import counted
from heygen_async.cli.rendering.intent import Intent

_LONGEST_CHOICE = 300  # characters of --rows that can still be pasted


@attrs.frozen(kw_only=True)
class Verdict:
    """The last lines of `plan`.

    Attributes:
        plan: The plan.
        intent: Rows, price and time of a run of the good rows.
        words: Words of the command that would run the plan: `heygen-async run campaign.toml leads.csv`.
        is_chosen: True if the rows were chosen by their numbers already.
    """

    plan: Plan
    intent: Intent
    words: str
    is_chosen: bool = False

    @property
    def exit_code(self) -> int:
        """2 if a row cannot be rendered, 7 if there is no row, else 0."""
        return 2 if self.plan.errors else 0 if self.plan.rows else 7

    @property
    def text(self) -> str:
        """The verdict itself."""
        plan, due = self.plan, self.intent.due
        good = plan.rows - plan.bad
        if not plan.rows:
            return f"Nothing to do: {'no row is chosen' if plan.table.is_part else 'the list has no rows'}."
        if plan.bad and good and self.are_rows_to_blame:
            have = "1 row has a problem" if plan.bad == 1 else f"{plan.bad:,} rows have problems"
            return f"Not yet ready: {good:,} of {counted(plan.rows, 'row')} can be sent; {have} (above)."
        if plan.errors:
            which = "no row can be sent" if plan.bad == plan.rows else "the run would be refused"
            return f"Not ready: {which}, because of the problems above."
        if not due:
            return f"Nothing to send: none of {counted(plan.rows, 'row')} needs a video now."
        if due < good:
            return f"Ready: {due:,} of {counted(plan.rows, 'row')} will be sent; the others need no video now."
        return f"Ready: all {plan.rows:,} rows can be sent." if plan.rows > 1 else "Ready: the row can be sent."

    @property
    def are_rows_to_blame(self) -> bool:
        """True if the run would begin without the bad rows."""
        return all(problem.line is not None for problem in self.plan.errors)

    @property
    def next(self) -> str | None:
        """The command that comes next; None if something must be corrected first."""
        plan = self.plan
        if not plan.errors:
            return self._run() if self.intent.due else None
        if plan.bad == plan.rows or not self.are_rows_to_blame or self.is_chosen:
            return None
        rows = others(plan.bad_rows)
        return f"{self._run()} --rows {rows}" if len(rows) <= _LONGEST_CHOICE else None

    def _run(self) -> str:
        if self.intent.budget_usd is not None or not self.intent.high_usd:
            return self.words
        return f"{self.words} --budget {math.ceil(self.intent.high_usd)}usd"

    def lines(self) -> list[str]:
        """Return the verdict and the next step."""
        command = self.next
        if not self.plan.errors:
            return [self.text, *([f"Next: {command}"] if command else [])]
        correct = "Nothing was sent. Correct the problems, then plan again."
        return [self.text, correct, *([f"Or send the good rows now: {command}"] if command else [])]


def others(bad: Sequence[int]) -> str:
    """Return the numbers of all rows but *bad*, as `--rows` takes them: `1-5,7-10,12-`."""
    begin, parts = 1, []
    for number in sorted(set(bad)):
        if number > begin:
            parts.append(f"{begin}-{number - 1}" if number - 1 > begin else f"{begin}")
        begin = number + 1
    return ",".join([*parts, f"{begin}-"])
