"""Placeholders that work: those that are recommended can be pasted, and wrong ones get the right one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from heygen_async import InvalidInputError, Row, Template
from heygen_async.bulk.template.placeholders import placeholder_of, resolve

COLUMNS = ["Kunden-Nr.", "Vorname", "E-Mail", "Contact.Name", "In", "1st", "%"]


def script_errors(script: str, columns: list[str] | None = None) -> list[str]:
    """Return the problems of a script with a list of *columns*."""
    try:
        template = Template("agent", {"prompt": script})
    except InvalidInputError as exc:
        return [str(exc)]
    return [str(one) for one in template.findings(columns or COLUMNS) if one.severity == "error"]


@pytest.mark.parametrize(
    ("column", "columns", "name"),
    [
        ("Kunden-Nr.", COLUMNS, "kunden_nr"),
        ("Vorname", COLUMNS, "vorname"),
        ("In", COLUMNS, "in_"),
        ("1st", COLUMNS, "_1st"),
        ("%", COLUMNS, None),
        ("None", ["None", "self"], "none_"),
        ("self", ["None", "self"], "self_"),
        ("Email", ["Email", "email"], "Email"),
        ("email", ["Email", "email"], "email"),
        ("First Name", ["First Name", "first-name"], None),
        ("名字", ["名字"], "名字"),
        ("x²", ["x²"], "x"),
    ],
)
def test_each_column_has_a_placeholder_that_finds_it(column: str, columns: list[str], name: str | None) -> None:
    """The placeholder is a name of the template language; two columns that look alike have none."""
    assert placeholder_of(column, columns) == name


@pytest.mark.unmeasured
@given(columns=st.lists(st.text(max_size=8), min_size=1, max_size=4, unique=True))
def test_what_is_recommended_works(columns: list[str]) -> None:
    """Pasted into a template, the placeholder of a column gives the cell of that column."""
    for column in columns:
        name = placeholder_of(column, columns)
        if name is not None:
            assert resolve([name], columns) == {name: column}
            row = Row(line=2, cells={other: "right" if other == column else "wrong" for other in columns})
            request: Any = Template("agent", {"prompt": f"{{{{ {name} }}}}"}).render(row)
            assert request.prompt == "right"


def test_unused_columns_are_told_with_their_placeholders() -> None:
    """The remedy can be pasted, or says that the column has to be renamed."""
    found = Template("agent", {"prompt": "{{ vorname }}"}).findings(COLUMNS)
    assert [one.mend for one in found] == [
        "write {{ kunden_nr }} or leave it",
        "write {{ e_mail }} or leave it",
        "write {{ contact_name }} or leave it",
        "write {{ in_ }} or leave it",
        "write {{ _1st }} or leave it",
        "leave it, or rename it to use it",
    ]


@pytest.mark.parametrize(
    ("script", "right"),
    [
        ("{{ E-Mail }}", "{{ e_mail }}"),
        ("{{Kunden-Nr.}}", "{{ kunden_nr }}"),
        ("{{ First Name }}", "{{ first_name }}"),
        ("{{ First Name | title_name }}", "{{ first_name | title_name }}"),
        ("{{- Anrede & Titel -}}", "{{ anrede_titel }}"),
        ("{{ 1st Name }}", "{{ _1st_name }}"),
        ("{{ Vorname! }}", "{{ vorname }}"),
    ],
)
def test_a_name_with_blanks_and_hyphens_gets_its_right_form(script: str, right: str) -> None:
    """`{{ E-Mail }}` would be a subtraction: the message has what to write."""
    (message,) = script_errors(f"Hi {script}!")
    assert message == f"prompt: {script}: a name has no blanks, hyphens and dots; write {right}"


@pytest.mark.parametrize(
    "script",
    [
        "{{ vorname.upper() }}",
        "{{ vorname if _1st else in_ }}",
        "{{ vorname or 'you' }}",
        "{% for part in vorname %}{{ loop.index }}{% endfor %}",
        "{{ '{Vorname} <<Vorname>>' }}",
        "50 % off, and 20 % more % of it",
        "A <break time='1s'/> and {# {Vorname} #} «really» [softly] 5 < 6 > 4",
        "{{ vorname }} {{ 3 - 1 }}",
    ],
)
def test_other_expressions_and_signs_are_left_alone(script: str) -> None:
    """Filters, conditions, loops, comments, and signs that are text."""
    assert script_errors(script) == []


@pytest.mark.parametrize(
    ("script", "shown"),
    [
        ("{Vorname}", "{Vorname}"),
        ("{ vorname }", "{ vorname }"),
        ("<<Vorname>>", "<<Vorname>>"),
        ("« Vorname »", "« Vorname »"),
        ("[[Vorname]]", "[[Vorname]]"),
        ("[Vorname]", "[Vorname]"),
        ("%Vorname%", "%Vorname%"),
        ("%%Vorname%%", "%%Vorname%%"),
        ("*|VORNAME|*", "*|VORNAME|*"),
        ("${Vorname}", "${Vorname}"),
        ("{!Vorname}", "{!Vorname}"),
    ],
)
def test_a_placeholder_of_another_program_is_a_problem(script: str, shown: str) -> None:
    """The braces of mailing programs would be spoken; the remedy is the placeholder of the column."""
    (message,) = script_errors(f"Hi {script}, hi {script}!")
    assert message == (
        f"{shown!r}; is no placeholder here and would be spoken as it is; write {{{{ vorname }}}} (field prompt)"
    )


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("Hi <<Vornahme>>", "and there is no column Vornahme; write {{ vorname }}"),
        ("Hi {XYZ}", "and there is no column XYZ; placeholders look like {{ first_name }}"),
        ("Hi {{ contact.name }}", "'contact.name'; a placeholder has no dots; write {{ contact_name }}"),
        ("Hi {{ vornahme }}", "did you mean {{ vorname }}?"),
        ("Hi {{ contact.town }}", "column contact: no such column"),
    ],
)
def test_a_column_that_is_not_there_gets_the_nearest(script: str, says: str) -> None:
    """A misspelt name, in any braces, is told once, with the placeholder of the nearest column."""
    (message,) = script_errors(script)
    assert says in message


def test_fields_from_columns_are_told_as_columns() -> None:
    """A field that is mapped to a column names columns, not placeholders."""
    template = Template("agent", {"prompt": "{{ vorname }}"}, columns={"avatar_id": "Vornahme"})
    assert template.findings(["Vorname"])[0].mend == "did you mean Vorname?"
