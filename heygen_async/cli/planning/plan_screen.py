"""The screen of `plan`, and the same facts for machines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import attrs
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from heygen_async import Merge, Price, Problem
from heygen_async.api.requests.kinds import label_of
from heygen_async.bulk.plan.plan import PROBLEMS_SHOWN, Plan
from heygen_async.bulk.prices.price_list import AS_OF
from heygen_async.bulk.rows.folded_problems import FoldedProblem, fold
from heygen_async.bulk.rows.problems import counted
from heygen_async.bulk.template.column_checks import UNUSED
from heygen_async.bulk.template.placeholders import placeholder_of
from heygen_async.cli.planning.verdict import Verdict
from heygen_async.plain_text import clean, clean_lines

_KINDS = "the kinds of the looks and the languages of the voices"


def unused_columns(plan: Plan) -> list[str]:
    """Return the columns that no field uses."""
    return [str(note.column) for note in plan.problems if note.reason == UNUSED and note.column is not None]


def folded_notes(plan: Plan) -> list[FoldedProblem]:
    """Return the warnings of a plan, folded, without those of unused columns."""
    notes = (one for one in plan.problems if one.severity == "warning" and one.reason != UNUSED)
    return fold(notes, plan.rows)


def show_notes(console: Console, plan: Plan) -> None:
    """Print the warnings of a plan and its unused columns."""
    _show_problems(console, "note", "yellow", folded_notes(plan))
    if unused := unused_columns(plan):
        written = next(filter(None, (placeholder_of(name, plan.table.find_columns()) for name in unused)), None)
        use = "" if written is None else f". To use one, write its placeholder, such as {{{{ {written} }}}}"
        console.print(clean(f"Unused columns: {', '.join(unused)}{use}."))


def show_plan(console: Console, plan: Plan, earlier: Iterable[str], verdict: Verdict) -> None:
    """Print a plan for a person, the verdict last; *earlier* are lines about earlier runs."""
    show_notes(console, plan)
    _show_samples(console, plan)
    console.print()
    _show_problems(console, "problem", "red", fold(plan.errors, plan.rows))
    good = plan.rows - plan.bad
    rows = counted(plan.rows, "row")
    console.print(clean(f"{plan.table.name}: {rows}, {good:,} can be rendered, {plan.bad:,} cannot"))
    for line in earlier:
        console.print(clean(line))
    if verdict.intent.due:
        _show_price(console, plan, verdict)
    console.print()
    for number, line in enumerate(verdict.lines()):
        style = ("bold red" if verdict.plan.errors else "bold green") if not number else ""
        console.print(Text(clean(line), style=style), soft_wrap=not console.is_terminal)


def _show_price(console: Console, plan: Plan, verdict: Verdict) -> None:
    if len(plan.kinds) > 1:
        for kind, (count, price) in plan.kinds.items():
            console.print(f"  {label_of(kind)}: {count:,}, {price}")
    for line in verdict.intent.money_lines(dt.datetime.now().astimezone()):
        console.print(clean(line))
    for note in sorted(plan.price.notes):
        console.print(f"  {note}")
    if why := price_reason(plan):
        console.print(clean(why))


def price_reason(plan: Plan) -> str | None:
    """Return why the price is as wide as it is, or why it differs from one without a look-up; None if it cannot."""
    if not plan.is_checked:
        return f"The price spans a wide range: without a look-up at HeyGen, {_KINDS} are not known."
    if plan.looks:
        kinds = ", ".join(sorted({kind.replace("_", " ") for kind in plan.looks.values()}))
        return f"Priced by {_KINDS} as HeyGen has them ({kinds}); without a key the price is another, wider one."
    return None


def _show_samples(console: Console, plan: Plan) -> None:
    if plan.samples:
        console.print()
    for sample in plan.samples:
        console.print(Text(f"{sample.unit} {sample.line:,}, {sample.why}", style="bold"))
        text = Text(clean_lines(sample.text))
        if console.is_terminal:
            console.print(Padding(text, (0, 0, 0, 2)))
        else:
            console.print(Text("  ").append_text(text), soft_wrap=True)


def _show_problems(console: Console, word: str, color: str, folded: list[FoldedProblem]) -> None:
    for one in folded[:PROBLEMS_SHOWN]:
        if not console.is_terminal:
            console.print(f"{word}  {clean(str(one))}", soft_wrap=True)
            continue
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        grid.add_row(Text(word, style=color), Text(clean(str(one))))
        console.print(grid)
    if len(folded) > PROBLEMS_SHOWN:
        console.print(f"... and {counted(len(folded) - PROBLEMS_SHOWN, f'{word}')} more: --json has all")


def plan_facts(plan: Plan, merge: Merge | None, verdict: Verdict) -> dict[str, Any]:
    """Return the facts of the screen for machines."""
    intent, now = verdict.intent, dt.datetime.now().astimezone()
    folded = [*fold(plan.errors, plan.rows), *folded_notes(plan)]
    surely, likely = intent.budget_rows
    return {
        "list": plan.table.name,
        "format": plan.table.format,
        "rows": plan.rows,
        "can_be_rendered": plan.rows - plan.bad,
        "bad_rows": list(plan.bad_rows),
        "problems": [_problem_facts(one) for one in folded],
        "unused_columns": unused_columns(plan),
        "samples": [{"row": one.line, "why": one.why, "text": one.text} for one in plan.samples],
        "kinds": {kind: {"rows": count, **_usd(price)} for kind, (count, price) in plan.kinds.items()},
        "price_usd": _usd(plan.price),
        "unknown_prices": plan.price.unknown,
        "price_notes": sorted(plan.price.notes),
        "prices_as_of": AS_OF,
        "is_checked": plan.is_checked,
        "earlier_runs": None if merge is None else attrs.asdict(merge),
        "to_send": intent.due,
        "to_send_usd": _usd(intent.price),
        "budget_usd": intent.budget_usd,
        "spent_usd": intent.spent_usd,
        "budget_rows": {"surely": surely, "likely": likely},
        "balance_usd": intent.balance_usd,
        "slots": intent.slots,
        "seconds": round(intent.seconds),
        "ready_at": intent.ready_at(now).isoformat(timespec="seconds") if intent.due else None,
        "verdict": verdict.text,
        "next": verdict.next,
        "exit_code": verdict.exit_code,
    }


def _usd(price: Price) -> dict[str, float]:
    return {name: round(getattr(price, name), 4) for name in ("low", "expected", "high")}


def _problem_facts(folded: FoldedProblem) -> dict[str, Any]:
    first: Problem = folded.first
    return {
        "severity": first.severity,
        "rows": list(folded.rows),
        "column": first.column,
        "field": first.field,
        "reason": first.reason,
        "how_to_fix": first.mend,
        "text": str(folded),
    }
