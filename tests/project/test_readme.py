"""README.md is short, and its lists are those of the package."""

from __future__ import annotations

import pytest

from tests.helpers.paths import README
from tests.helpers.readme_parts import written

MOST_LINES = 300


def test_the_readme_can_be_read_in_a_few_minutes() -> None:
    """The rest is in the guides."""
    assert len(README.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_the_lists_are_those_of_the_package() -> None:
    """Help, guides and examples; `python -m tests.helpers.readme_parts` writes them."""
    text = README.read_text(encoding="utf-8")
    assert written(text) == text


def test_a_list_without_a_place_is_missed() -> None:
    """The test above can fail."""
    with pytest.raises(ValueError, match="no place for the help"):
        written("# A README without lists\n")
