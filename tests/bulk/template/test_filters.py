"""Filters of templates: names in title case, numbers and dates in the form of a language."""

from __future__ import annotations

import decimal
import re
import sys

import pytest
from hypothesis import given, strategies as st

from heygen_async import DirectVideo, InvalidInputError, Row, Template
from heygen_async.bulk.template.filters import number, title_name

NARROW = "\u202f"  # the space that French puts between thousands


def script_of(script: str, locale: str = "en", **cells: str) -> str:
    request = Template("direct", {"avatar_id": "a", "script": script}, locale=locale).render(Row(line=2, cells=cells))
    assert isinstance(request, DirectVideo)
    return request.script or ""


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("ADA LOVELACE", "Ada Lovelace"),
        ("ada lovelace", "Ada Lovelace"),
        ("  ada   lovelace ", "Ada Lovelace"),
        ("McDonald", "McDonald"),
        ("MCDONALD", "McDonald"),
        ("mcgregor-smith", "McGregor-Smith"),
        ("mcy", "Mcy"),
        ("O'Neil", "O'Neil"),
        ("o'neil", "O'Neil"),
        ("O\u2019NEIL", "O\u2019Neil"),
        ("JOE'S", "Joe's"),
        ("van der Berg", "van der Berg"),
        ("VAN DER BERG", "van der Berg"),
        ("JAN VAN DER BERG", "Jan van der Berg"),
        ("VAN", "Van"),
        ("DiCaprio", "DiCaprio"),
        ("jean-luc", "Jean-Luc"),
        ("J.R.R. TOLKIEN", "J.R.R. Tolkien"),
        ("a.j.", "A.J."),
        ("zoë", "Zoë"),
        ("ZOE\u0308", "Zoë"),
        ("élodie", "Élodie"),
        ("李小龍", "李小龍"),
        ("مريم", "مريم"),
        ("", ""),
    ],
)
def test_names_are_written_in_title_case(cell: str, name: str) -> None:
    """Names in one case are written in title case; names in mixed case are not changed."""
    assert title_name(cell) == name


@given(st.text(max_size=30))
def test_title_case_does_not_change_its_own_result(text: str) -> None:
    """A second pass changes no name, and no word is lost."""
    once = title_name(text)
    assert title_name(once) == once or once.islower() or once.isupper()
    assert len(once.split()) == len(text.split())


@pytest.mark.parametrize(
    ("locale", "number", "day"),
    [
        ("en", "1,234,567.5", "March 1, 2026"),
        ("en-GB", "1,234,567.5", "1 March 2026"),
        ("de", "1.234.567,5", "1. März 2026"),
        ("fr", f"1{NARROW}234{NARROW}567,5", "1 mars 2026"),
        ("es", "1.234.567,5", "1 de marzo de 2026"),
        ("it", "1.234.567,5", "1 marzo 2026"),
        ("pt", "1.234.567,5", "1 de março de 2026"),
        ("nl", "1.234.567,5", "1 maart 2026"),
    ],
)
def test_numbers_and_dates_follow_the_locale(locale: str, number: str, day: str) -> None:
    """Numbers and dates follow Unicode's tables, for the locale of the template or of one filter."""
    assert script_of("{{ n | number }} {{ d | date }}", locale, n="1234567.5", d="2026-03-01") == f"{number} {day}"
    here = f'{{{{ n | number(locale="{locale}") }}}} {{{{ d | date(locale="{locale}") }}}}'
    assert script_of(here, n="1234567.5", d="2026-03-01 09:30:00") == f"{number} {day}"


@pytest.mark.parametrize(
    ("script", "cell", "spoken"),
    [
        ("{{ c | number(2) }}", "1234.5", "1,234.50"),
        ("{{ c | number(0) }}", "1234.56", "1,235"),
        ("{{ c | number(2) }}", "0.125", "0.13"),
        ("{{ c | number(13) }}", "9" * 13 + "." + "9" * 13, "9,999,999,999,999." + "9" * 13),
        ("{{ c | number }}", "0.123456789", "0.123456789"),
        ('{{ c | number(reads="de") }}', "1.234,50", "1,234.5"),
        ('{{ c | date("EEEE, d MMMM") }}', "2026-03-01", "Sunday, 1 March"),
        ('{{ c | date("short") }}', "2026-03-01", "3/1/26"),
        ('{{ c | date(reads="%d.%m.%Y") }}', "01.03.2026", "March 1, 2026"),
        ("{{ c | title_name }}", "ADA", "Ada"),
        ('{{ empty | number | default("some") }}', "", "some"),
        ('{{ empty | title_name | default("friend") }}', "", "friend"),
    ],
)
def test_filters_read_the_forms_of_cells(script: str, cell: str, spoken: str) -> None:
    """The form of a cell can be named; a missing cell is returned unchanged, so that `default` can follow."""
    assert script_of(script, c=cell, empty=" ") == spoken


@given(
    value=st.decimals("-9999999999999", "9999999999999", places=13),
    decimals=st.none() | st.integers(0, 13),
)
def test_a_number_is_not_changed_by_its_separators(value: decimal.Decimal, decimals: int | None) -> None:
    """A written number, read again, is equal to the given one up to the decimals that were asked for."""
    written = number(f"{value:f}", decimals, locale="en")
    places = -int(value.as_tuple().exponent) if decimals is None else decimals
    assert abs(decimal.Decimal(written.replace(",", "")) - value) <= decimal.Decimal(5).scaleb(-places - 1)


@pytest.mark.parametrize(
    ("script", "cell", "says"),
    [
        ("{{ c | number }}", "1.234,50", r"line 2, column c: '1.234,50' is not a plain number.*number\(reads=\"de\"\)"),
        ('{{ c | number(reads="xx") }}', "1", "locale 'xx': unknown"),
        ("{{ c | date(locale=1) }}", "2026-03-01", "locale 1: unknown"),
        ("{{ c | number }}", "1e999999999", "'1e999999999' has too many digits for a number"),
        ("{{ c | number }}", "1e-999999999", "has too many digits for a number"),
        ("{{ c | number }}", "1" * 14, "has too many digits for a number"),
        ('{{ c | number(reads="de") }}', "1" * 14, "has too many digits for a number"),
        ("{{ c | number(-1) }}", "1", "-1 decimals: must be a whole number from 0 to 13"),
        ("{{ c | number('x') }}", "1", "'x' decimals: must be a whole number"),
        ("{{ c | number }}", "inf", "'inf' is not a plain number"),
        ("{{ c | number }}", "1_0", "'1_0' is not a plain number"),
        ('{{ c | number(reads="de") }}', "1_0", "'1_0' is not a number as 'de' writes it"),
        ('{{ c | number(reads="de") }}', "viel", "'viel' is not a number as 'de' writes it"),
        ('{{ c | number(locale="xx_YY") }}', "1", "locale 'xx_YY': unknown; such as en, de"),
        ("{{ c | date }}", "01.03.2026", r"'01.03.2026' is not a day such as 2026-03-01; .*date\(reads="),
        ('{{ c | date(reads="%d.%m.%Y") }}', "2026-03-01", r"is not a day as '%d.%m.%Y' writes it"),
        ("{{ c | number }}", " ", "column c: is empty here"),
        ("{{ c | title_name }}", " ", "column c: is empty here"),
    ],
)
def test_a_cell_that_a_filter_cannot_read_is_a_problem(script: str, cell: str, says: str) -> None:
    """The form of a number is not guessed: 1.234 may be a thousand or a little more than one."""
    with pytest.raises(InvalidInputError, match=says):
        script_of(script, c=cell)


@pytest.mark.parametrize("locale", ["klingon", "", "de_DE_x_y_z", "xx-YY"])
def test_a_locale_that_does_not_exist_is_refused_at_once(locale: str) -> None:
    """An unknown locale is refused when the template is made."""
    with pytest.raises(InvalidInputError, match=f"locale '{locale}': unknown; such as en, de"):
        Template("direct", {"script": "Hi"}, locale=locale)


def test_without_babel_the_refusal_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the filters `number` and `date` need Babel; the error gives the command that installs it."""
    monkeypatch.setitem(sys.modules, "babel.numbers", None)
    monkeypatch.setitem(sys.modules, "babel.dates", None)
    assert script_of("{{ c | title_name }}", c="ADA") == "Ada"
    for name in ("number", "date"):
        with pytest.raises(InvalidInputError, match=r'pip install "heygen-async\[templates\]"'):
            script_of(f"{{{{ c | {name} }}}}", c="1")


@pytest.mark.parametrize(
    ("cell", "locale", "spoken"),
    [
        ("1,50", "de", "1,5"),
        ("1.234,50", "de", "1.234,5"),
        ("1234.5", "de", "1.234,5"),
        ("1234.567", "de", "1.234,567"),
        ("12", "de", "12"),
        ("1,5", "de-AT", "1,5"),
        ("1 234,5", "fr", f"1{NARROW}234,5"),
        ("1\u00a0234,5", "fr", f"1{NARROW}234,5"),
        ("1234.5", "en", "1,234.5"),
    ],
)
def test_numbers_are_read_in_the_locale_of_the_campaign(cell: str, locale: str, spoken: str) -> None:
    """A decimal comma is understood where it is usual; a plain number always is."""
    assert script_of("{{ c | number }}", locale, c=cell) == spoken


@pytest.mark.parametrize(
    ("cell", "locale", "spoken"),
    [
        ("01.03.2026", "de", "1. März 2026"),
        ("1.3.26", "de", "1. März 2026"),
        ("01.03.2026 14:30", "de", "1. März 2026"),
        ("2026-03-01", "de", "1. März 2026"),
        ("01/03/2026", "en_GB", "1 March 2026"),
        ("03/01/2026", "en_US", "March 1, 2026"),
        ("1. 3. 2026", "cs", "1. března 2026"),
        ("01-03-2026", "nl", "1 maart 2026"),
    ],
)
def test_dates_are_read_in_the_locale_of_the_campaign(cell: str, locale: str, spoken: str) -> None:
    """Day, month and year stand in the order of the locale."""
    assert script_of("{{ c | date }}", locale, c=cell) == spoken


@pytest.mark.parametrize(
    ("script", "cell", "locale", "says"),
    [
        ("{{ c | number }}", "1.234", "de", "'1.234' is 1234 as 'de' writes it, and 1.234 as programs do; say which"),
        ("{{ c | number }}", "abc", "de", "'abc' is not a number as 'de' writes it"),
        ("{{ c | number }}", "1,5", "en", "is not a plain number such as 1234.5; say how it is written"),
        ("{{ c | date }}", "01/03/2026", "en", "is not a day such as 2026-03-01"),
        ("{{ c | date }}", "31.02.2026", "de", "is not a day such as 2026-03-01"),
        ("{{ c | date }}", "13/14/2026", "fr", "is not a day such as 2026-03-01"),
        ("{{ c | date }}", "1. März 2026", "de", "is not a day such as 2026-03-01"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(script: str, cell: str, locale: str, says: str) -> None:
    """A wrong sum or a wrong day would be spoken: neither is guessed."""
    with pytest.raises(InvalidInputError, match=re.escape(says)):
        script_of(script, locale, c=cell)


def test_a_number_that_is_read_in_two_ways_can_be_explained() -> None:
    """`reads` says which of the two it is."""
    script = '{{ c | number(reads="plain") }} {{ c | number(reads="de") }}'
    assert script_of(script, "de", c="1.234") == "1,234 1.234"
