"""Number formats: plain ones are followed, others leave the number as it is."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from heygen_async.bulk.rows.number_formats import ShownNumber, shown_number


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (7, "General", "7"),
        (0.1 + 0.2, "General", "0.3"),
        (7, "@", "7"),
        (1067, "00000", "01067"),
        (123456, "00000", "123456"),
        (123456789, "00000-0000", "12345-6789"),
        (1234567, "00000-0000", "00123-4567"),
        (4155551234, "(000) 000-0000", "(415) 555-1234"),
        (123456789, "000-00-0000", "123-45-6789"),
        (1067, "\\D-00000", "D-01067"),
        (1067, "[<=99999]00000;00000-0000", "01067"),
        (123456789, "[<=99999]00000;00000-0000", "12345-6789"),
        (7, '"No. "000', "No. 007"),
        (5, '0 "kg"', "5 kg"),
        (5, "0_)", "5 "),
        (5, "[Red]0", "5"),
        (0.15, "0%", "15%"),
        (0.155, "0.0%", "15.5%"),
        (0.125, "0%", "13%"),
        (3.7, "0", "4"),
        (-0.4, "0", "0"),
        (-3, "000", "-003"),
        (-3, "000;(000)", "(003)"),
        (0, '0;-0;"none "0', "none 0"),
        (1234.5, "0.00", "1234.50"),
        (1.5, "0.0#", "1.5"),
        (1.25, "0.0##0", "1.2500"),
        (0, "#", ""),
        (1e300, "0", "1" + "0" * 300),
        (12, "#,##0", "12"),
    ],
)
def test_a_plain_format_is_followed(value: float, number_format: str, text: str) -> None:
    """Zeros, digits, literals, percent, sections and conditions give the text that Excel shows."""
    assert shown_number(value, number_format) == ShownNumber(text)


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (1234, "#,##0", "1234"),
        (1234.5, "#,##0.00 €", "1234.5"),
        (12, "[$€-407] 0", "12"),
        (12, '0 "$"', "12"),
        (-3, "0.00;(0.00)", "-3"),
        (5, "0E+00", "5"),
        (0.5, "# ?/?", "0.5"),
        (5, "* 0", "5"),
        (5, "[DBNum1]0", "5"),
        (0, '0;-0;"zero"', "0"),
        (5, '"hidden"', "5"),
        (5, "[<3]0", "5"),
        (1234567, '0.0,"k"', "1234567"),
    ],
)
def test_any_other_format_leaves_the_number(value: float, number_format: str, text: str) -> None:
    """A format that depends on the region, or is not known here, leaves the plain number, and it is told."""
    assert shown_number(value, number_format) == ShownNumber(text, is_as_shown=False)


@given(value=st.integers(-(10**15), 10**15), zeros=st.integers(1, 20))
def test_zeros_never_change_a_number(value: int, zeros: int) -> None:
    """A format of zeros pads, and loses no digit."""
    text = shown_number(value, "0" * zeros).text
    assert int(text) == value
    assert len(text.removeprefix("-")) == max(zeros, len(str(abs(value))))


@given(value=st.floats(0, 1e6), places=st.integers(0, 4))
def test_decimals_are_rounded_as_people_do(value: float, places: int) -> None:
    """The text differs from the number by half of its last decimal at the most."""
    shown = shown_number(value, "0." + "0" * places if places else "0")
    assert abs(Decimal(shown.text) - Decimal(format(value, ".15g"))) <= Decimal(5).scaleb(-places - 1)


@given(
    value=st.floats(allow_nan=False, allow_infinity=False),
    number_format=st.text('0#.,%;-\\"[]<=>5 $€E/?*_@dk', max_size=12),
)
def test_any_format_gives_a_text(value: float, number_format: str) -> None:
    """No format raises, whatever a program has written."""
    assert isinstance(shown_number(value, number_format).text, str)
