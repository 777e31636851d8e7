"""README.md is short, and its lists are those of the package."""

from __future__ import annotations

import json
import re

import pytest

from tests.helpers.paths import README, ROOT
from tests.helpers.readme_parts import COMPARED, written

MOST_LINES = 300
BASELINE = ROOT / "benchmarks" / "baseline_scheduler.json"


def test_the_readme_can_be_read_in_a_few_minutes() -> None:
    """The rest is in the guides."""
    assert len(README.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_the_lists_are_those_of_the_package() -> None:
    """Help, guides, examples and figures; `python -m tests.helpers.readme_parts` writes them."""
    text = README.read_text(encoding="utf-8")
    assert written(text) == text


def test_a_list_without_a_place_is_missed() -> None:
    """The test above can fail."""
    with pytest.raises(ValueError, match="no place for the help"):
        written("# A README without lists\n")


@pytest.mark.parametrize(
    ("name", "case"),
    [
        ("heygen_async", "known pool, 500 jobs, 20 slots"),
        ("script, GET every 5 s", "script, GET every 5 s"),
        ("script, growing pauses", "script, GET after 2 s x 1.5 to 30 s"),
    ],
)
def test_the_figures_are_those_of_the_benchmarks(name: str, case: str) -> None:
    """The table shows what `bench_compared.py` recorded, and that agrees with the baseline of `bench_scheduler.py`."""
    shown = json.loads(COMPARED.read_text(encoding="utf-8"))[name]
    recorded = json.loads(BASELINE.read_text(encoding="utf-8"))[case]
    assert shown["requests"] == round(1 + recorded["looks_per_job"], 2)
    assert shown["seconds until noticed"] == recorded["lag_mean"]


def test_every_figure_of_the_comparison_is_in_the_generated_table() -> None:
    """Prose beside it could not be checked: it names the videos and slots of the benchmark, and no result."""
    section = README.read_text(encoding="utf-8").partition("## Compared")[2].partition("## Licence")[0]
    before, _, rest = section.partition("<!-- figures -->")
    prose = before + rest.partition("<!-- end of figures -->")[2]
    assert not re.findall(r"\d", prose)
