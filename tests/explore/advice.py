"""The advice of `heygen-async status`, and what a person does who follows it and has to look at HeyGen."""

from __future__ import annotations

from pathlib import Path

from heygen_async import Journal
from heygen_async.bulk.campaign.decision import decide
from heygen_async.bulk.output.report.next_steps import steps
from heygen_async.cli.rendering.follow_run import rows_without_files
from heygen_async.simulator import World
from tests.explore.disk import JOURNAL
from tests.explore.faults import text_of


def advice(journal: Path) -> list[str]:
    """Return the commands that `heygen-async status` advises; none when nothing is left to do."""
    with Journal(journal, read_only=True) as opened:
        advised = steps(opened.wanted(), len(rows_without_files(opened)), JOURNAL, opened.several_found())
    commands = list(dict.fromkeys(command for step in advised for command in step.commands))
    # It offers the results of a whole campaign.
    return [] if any(" export " in one for one in commands) else commands


def adopt(journal: Path, number: int, world: World) -> bool:
    """Look at the renders that may be a row's, and say which one it is; return False if none of them is."""
    with Journal(journal) as opened:
        record = next(one for one in opened.records("unknown") if opened.number_of(one.id) == number)
        text, told = text_of(dict(record.body)), opened.several_found()[number]
        made = [charge.resource_id for charge in world.ledger if text_of(charge.body) == text]
        right = next((one for one in made if one in told), None)
        if right is not None:
            decide(opened, "adopt", adopted=right, rows=[record.id])
    return right is not None
