"""The explorer's part of `make test`: nights that meet every kind of trouble and habit, and mutants that they find.

After a change of how nights are drawn, `python -m tests.explore --choose --nights 600` chooses the nights anew, and
`python -m tests.explore.mutants` finds the mutants.
"""

from __future__ import annotations

import os
import re
import sys
from multiprocessing import get_context

import pytest

from tests.explore import __main__ as command_line
from tests.explore.choosing import EVERY_KIND
from tests.explore.drawing import draw_night
from tests.explore.explorer import play
from tests.explore.mutants.hunt import MUTANTS, meets
from tests.explore.tally import Tally, founds

pytestmark = pytest.mark.explore

SEEDS = (361, 329, 468, 136, 144, 53, 64, 388, 295, 432, 220, 154, 434, 435, 400, 418, 271, 222, 9, 112)
# Nights that broke an invariant once.
FOUND = (
    122,
    3_006_528,
    9_000_201,
    9_000_224,
    9_000_902,
    9_001_552,
    300_000_408,
    500_000_144,
    500_001_776,
    510_000_750,
    550_002_096,
)
CAUGHT = {
    "the budget reserves the least price": 1,
    "rows without a name are new in each list": 1,
    "max_in_flight does not bind": 2,
    "ids of former renders are forgotten": 12,
    "a key is trusted for ever by a running process": 193,
    "a connection that broke is taken for one that was never opened": 4,
    "retry sends rows again that are paid for": 293,
    "an edited row is paid for again without a word": 7,
    "deleted files are not fetched again": 19,
    "a shortened list sends the rows that it no longer has": 24,
    "a search does not wait until HeyGen's lists can be trusted": 155,
    "a batch is sent again without the rows that were settled meanwhile": 404,
    "a batch is asked for in bulk only": 152,
    "a video that a row had before is paid for again": 262,
    "rows that wait for the disk are forgotten when the run is left": 767,
    "a run that is left forgets the POSTs on the wire": 41,
    "a row that is edited before it is rendered anew loses its video": 265,
    "a closed gate says for ever that requests are too many": 104,
}
PROCESSES = max(2, os.cpu_count() or 1)


def test_every_kind_of_trouble_and_habit_is_met_and_no_invariant_is_broken() -> None:
    """A fixed set of nights finds no fault, and none of the kinds is missing from it."""
    tally = Tally()
    for found in founds(SEEDS + FOUND, PROCESSES):
        tally.add(found)
    assert not tally.faults
    assert set(tally.met) >= EVERY_KIND


def test_mutants_are_found() -> None:
    """A known night finds each of these deliberate faults, and none without the fault."""
    with get_context("spawn").Pool(PROCESSES, maxtasksperchild=None) as pool:
        faults = pool.starmap(meets, CAUGHT.items(), chunksize=1)
    assert [name for name, fault in zip(CAUGHT, faults, strict=True) if fault is None] == []


@pytest.mark.parametrize("name", MUTANTS)
def test_each_mutant_fits_the_source(name: str) -> None:
    """The words that a mutant replaces are in the client, so that its fault can be made and undone."""
    mutant = MUTANTS[name]
    before = [edit.function.__code__ for edit in mutant.edits]
    with mutant.alive():
        assert all(edit.function.__code__ is not code for edit, code in zip(mutant.edits, before, strict=True))
    assert [edit.function.__code__ for edit in mutant.edits] == before


def test_a_night_is_the_same_each_time() -> None:
    """A seed tells the same story twice, to the last event."""
    night = draw_night(SEEDS[0])
    assert play(night).story == play(night).story


def test_a_broken_invariant_is_shrunken_and_replayed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A night that finds a fault is told in its shortest form, with one command that tells the same story again."""
    name = next(iter(CAUGHT))
    with MUTANTS[name].alive():
        monkeypatch.setattr(sys, "argv", ["explore", "--night", str(CAUGHT[name]), "--shrink"])
        assert command_line.main() == 1
        shrunken = capsys.readouterr().out
        (pieces,) = re.findall(r"--only (\S+)", shrunken)
        assert len(pieces.split(",")) < len(draw_night(CAUGHT[name]).pieces)
        monkeypatch.setattr(sys, "argv", ["explore", "--night", str(CAUGHT[name]), "--only", pieces])
        assert command_line.main() == 1
    assert capsys.readouterr().out == shrunken
