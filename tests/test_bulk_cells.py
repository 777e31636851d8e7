"""Cells and problems: what counts as nothing, what a value looks like as text, what a problem says."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import pickle
import uuid
from typing import Any

import pytest
from hypothesis import given, strategies as st

from heygen_async import InvalidInputError, Problem, is_missing
from heygen_async.bulk.cells import cell_text
from heygen_async.bulk.problems import ProblemError, first_error

UTC = dt.timezone.utc  # noqa: UP017 - the word that people write


@pytest.mark.parametrize(
    "cell",
    [
        "",
        " ",
        "\t\n",
        "\xa0",
        "\u200b",
        " \ufeff ",
        "nan",
        "NaN",
        "None",
        "NULL",
        "null",
        "#N/A",
        " #N/A ",
        "#REF!",
        "<NA>",
        "NaT",
        None,
        float("nan"),
    ],
)
def test_nothing_is_missing(cell: Any) -> None:
    """Blanks, invisible characters, and what programs write for nothing."""
    assert is_missing(cell)


@pytest.mark.parametrize("cell", ["Ada", "Null", "Nan", "none", "0", "false", "-", "#1", "NAN", 0, False])
def test_something_is_not_missing(cell: Any) -> None:
    """People are called Null and Nan; zero is a number."""
    assert not is_missing(cell)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", "x"),
        (None, ""),
        (3.0, "3"),
        (-0.5, "-0.5"),
        (1e20, "1e+20"),
        (float("inf"), "inf"),
        (float("nan"), ""),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        (decimal.Decimal("1.50"), "1.50"),
        (decimal.Decimal("1E+3"), "1000"),
        (decimal.Decimal("NaN"), ""),
        (dt.date(2026, 3, 1), "2026-03-01"),
        (dt.datetime(2026, 3, 1), "2026-03-01"),  # noqa: DTZ001 - a day has no time zone
        (dt.datetime(2026, 3, 1, tzinfo=UTC), "2026-03-01 00:00:00+00:00"),
        (dt.time(9, 5), "09:05:00"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (["a", 1, None, 1.5], '["a", 1, null, 1.5]'),
        ({"d": dt.date(2026, 3, 1), "x": ("ü", float("nan"))}, '{"d": "2026-03-01", "x": ["ü", ""]}'),
    ],
)
def test_values_are_the_text_that_a_person_would_type(value: Any, text: str) -> None:
    """The same list from a frame, a workbook or a CSV file has the same texts."""
    assert cell_text(value) == text


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_anything_that_json_knows_becomes_text(value: Any) -> None:
    """And lists stay readable as JSON, numbers that are none included."""
    text = cell_text(value)
    assert isinstance(text, str)
    if isinstance(value, list | dict):
        assert len(json.loads(text)) == len(value)


def test_bytes_are_no_text() -> None:
    """Somebody must say in which encoding they are."""
    with pytest.raises(ValueError, match="decode them first"):
        cell_text(b"x")


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({}, "wrong; mend it"),
        (
            {"source": "leads.csv", "line": 17, "column": "first_name"},
            "leads.csv line 17, column first_name: wrong; mend it",
        ),
        ({"source": "leads.csv"}, "leads.csv: wrong; mend it"),
        ({"line": 3, "unit": "row"}, "row 3: wrong; mend it"),
        (
            {"column": "a", "value": "x" * 99},
            "column a: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; wrong; mend it",
        ),
        ({"line": 3, "field": "script"}, "line 3: wrong; mend it (field script)"),
    ],
)
def test_a_problem_says_where_what_why_and_the_mend(facts: dict[str, Any], says: str) -> None:
    """In one line."""
    assert str(Problem(reason="wrong", mend="mend it", **facts)) == says


def test_problems_become_one_error() -> None:
    """The first is the message, the others are notes; it pickles with its problem."""
    problems = [Problem(reason=f"wrong {n}", mend="mend", line=n) for n in (1, 2)]
    error = first_error(problems)
    assert isinstance(error, InvalidInputError)
    assert error.message == "line 1: wrong 1; mend"
    assert error.__notes__ == ["line 2: wrong 2; mend"]
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(again, ProblemError)
    assert again.problem == problems[0]
