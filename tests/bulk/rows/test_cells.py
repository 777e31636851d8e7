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
from heygen_async.bulk.rows.cells import cell_text
from heygen_async.bulk.rows.problems import ProblemError, first_error

UTC = dt.timezone.utc  # noqa: UP017 - the word that people write
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


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
        st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
        lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
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
    ("value", "says"),
    [
        ("a\0b", "a NUL character, which no text has"),
        ("\ud800", r"half a character \(a lone surrogate\)"),
        (["\udfff"], r"half a character \(a lone surrogate\)"),
    ],
)
def test_what_no_text_holds_is_no_text(value: Any, says: str) -> None:
    """JSON and programs can carry it, and no file, no terminal and no voice takes it."""
    with pytest.raises(ValueError, match=says):
        cell_text(value)


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("bool_", True, "true"),
        ("float32", 3, "3"),
        ("float32", 1.1, "1.1"),
        ("float32", "nan", ""),
        ("float64", 1.5, "1.5"),
        ("int64", 7, "7"),
    ],
)
def test_values_of_numpy_are_the_same_text(kind: str, value: Any, text: str) -> None:
    """A program's mappings may hold them."""
    numpy = pytest.importorskip("numpy")
    assert cell_text(getattr(numpy, kind)(value)) == text


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
        ({"column": "full\nname"}, r"column full\nname: wrong; mend it"),
        ({"column": "\x1b[31ma\u202e\u2028b\ud800"}, r"column \x1b[31ma\u202e\u2028b\ud800: wrong; mend it"),
        ({"column": "größe 👩\u200d🚀"}, "column größe 👩\u200d🚀: wrong; mend it"),
    ],
)
def test_a_problem_says_where_what_why_and_the_mend(facts: dict[str, Any], says: str) -> None:
    """In one line, and no name of a column tells a terminal what to do."""
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
