"""Cells and problems: missing values, values as text, and messages."""

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
        "#SPILL!",
        "#GETTING_DATA",
        "#WERT!",
        "#BEZUG!",
        "#¡VALOR!",
        "Loading...",
        "<NA>",
        "NaT",
        None,
        float("nan"),
    ],
)
def test_empty_cells_are_missing(cell: Any) -> None:
    """Blank cells, invisible characters, and programs' marks of a missing value are missing."""
    assert is_missing(cell)


@pytest.mark.parametrize(
    "cell", ["Ada", "Null", "Nan", "none", "0", "false", "-", "#1", "NAN", "#SALE!", "loading", 0, False]
)
def test_names_and_numbers_are_not_missing(cell: Any) -> None:
    """People are called Null and Nan, and zero is a number."""
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
    """A list has the same texts from a data frame, a workbook or a CSV file."""
    assert cell_text(value) == text


@pytest.mark.unmeasured
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
        lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    )
)
def test_anything_that_json_knows_becomes_text(value: Any) -> None:
    """Lists and mappings become JSON that can be read again, also with numbers such as NaN."""
    text = cell_text(value)
    assert isinstance(text, str)
    if isinstance(value, list | dict):
        assert len(json.loads(text)) == len(value)


def test_bytes_are_refused() -> None:
    """The encoding of bytes is not known, so they are refused."""
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
def test_characters_that_text_cannot_hold_are_refused(value: Any, says: str) -> None:
    """JSON can contain characters that files and terminals do not take; they are refused."""
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
    """Values of NumPy in a program's mappings have the text of Python's values."""
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
def test_a_problem_names_place_value_reason_and_remedy(facts: dict[str, Any], says: str) -> None:
    """A problem is one line of place, value, reason and remedy, without control characters of a terminal."""
    assert str(Problem(reason="wrong", mend="mend it", **facts)) == says


def test_problems_become_one_error() -> None:
    """The first problem is the message and the others are notes; the error is pickled with its problem."""
    problems = [Problem(reason=f"wrong {n}", mend="mend", line=n) for n in (1, 2)]
    error = first_error(problems)
    assert isinstance(error, InvalidInputError)
    assert error.message == "line 1: wrong 1; mend"
    assert error.__notes__ == ["line 2: wrong 2; mend"]
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(again, ProblemError)
    assert again.problem == problems[0]
