"""Placeholders: strict about names and empty cells, typed values, and every refusal names its line."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, strategies as st

from heygen_async import CinematicAvatar, DirectVideo, InvalidInputError, VideoAgent
from heygen_async.bulk.rows import Row
from heygen_async.bulk.template import Template

DIRECT = {"avatar_id": "look_anna", "voice_id": "v", "script": "Hi {{ name }}"}


def row(**cells: str) -> Row:
    return Row(line=7, cells=cells)


def test_a_row_fills_the_placeholders() -> None:
    """Names with quotes, braces and emoji are text, not template."""
    request = Template("direct", DIRECT).render(row(name='Zoë "{{ 1 }}" O\'Brien 🎉'))
    assert request == DirectVideo(avatar_id="look_anna", voice_id="v", script='Hi Zoë "{{ 1 }}" O\'Brien 🎉')


def test_any_field_may_hold_placeholders_and_gets_its_type() -> None:
    """Numbers, switches and lists are read from text."""
    fields = {"prompt": "{{ p }}", "avatar_id": "a, {{ look }}", "duration": "{{ d }}", "enhance_prompt": "Yes"}
    request = Template("cinematic", fields).render(row(p="walks", look="b", d="8"))
    assert request == CinematicAvatar(prompt="walks", avatar_id=("a", "b"), duration=8, enhance_prompt=True)


def test_agent_mode_makes_agent_requests() -> None:
    """The modes are named as people say them."""
    assert Template("agent", {"prompt": "Hi {{ n }}"}).render(row(n="Ada")) == VideoAgent(prompt="Hi Ada")


def test_names_are_known_before_any_row_is_read() -> None:
    """A column that does not exist is refused at once, with those that do."""
    template = Template("direct", {**DIRECT, "title": "{{ company }}"})
    assert template.names == {"name", "company"}
    template.check(["name", "company"])
    with pytest.raises(InvalidInputError, match="placeholder company: no such column; the rows have name, city"):
        template.check(["name", "city"])


@pytest.mark.parametrize("blank", ["", "  ", "\t"])
def test_an_empty_cell_is_refused_where_it_is_needed(blank: str) -> None:
    """Nobody wants to be greeted with "Hi ,"."""
    with pytest.raises(InvalidInputError, match="line 7: column 'name' is empty here, but the template needs it"):
        Template("direct", DIRECT).render(row(name=blank))


@pytest.mark.parametrize(
    ("script", "spoken"),
    [
        ('Hi {{ name | default("friend") }}', "Hi friend"),
        ("Hi{% if name %} {{ name }}{% endif %}!", "Hi!"),
        ("Hi {{ name or 'you' }}", "Hi you"),
    ],
)
def test_a_template_may_say_what_to_do_about_an_empty_cell(script: str, spoken: str) -> None:
    """Then it is no error."""
    request = Template("direct", {**DIRECT, "script": script}).render(row(name=" "))
    assert isinstance(request, DirectVideo)
    assert request.script == spoken


@pytest.mark.parametrize(
    ("mode", "fields", "says"),
    [
        ("movie", {}, "mode 'movie': must be one of direct, image, cinematic, agent"),
        ("direct", {"scripts": "x"}, "DirectVideo has no field 'scripts'"),
        ("direct", {"extra": "x"}, "DirectVideo has no field 'extra'"),
        ("direct", {"script": "Hi {{ name"}, "script: not a template"),
        ("direct", {"script": "{{ name.__class__.__mro__ }}", "avatar_id": "a"}, "line 7"),
        ("direct", {"script": "{{ 1 / 0 }}", "avatar_id": "a"}, "line 7: division by zero"),
        ("direct", {"script": "Hi"}, "direct mode: .*avatar_id.*give it with --set"),
        ("direct", {"script": "{{ name * 6000 }}", "avatar_id": "a"}, "line 7: DirectVideo.script"),
        ("cinematic", {"prompt": "p", "avatar_id": "a", "duration": "soon"}, "duration: 'soon' is not a whole number"),
        ("cinematic", {"prompt": "p", "avatar_id": "a", "auto_duration": "si"}, "'si' is neither true nor false"),
    ],
)
def test_what_cannot_work_is_refused_in_plain_words(mode: str, fields: dict[str, str], says: str) -> None:
    """Subject, value, reason; before anything is sent."""
    with pytest.raises(InvalidInputError, match=says):
        Template(mode, fields).render(row(name="x"))


@given(st.text(min_size=1, max_size=200).filter(lambda text: text.strip()))
def test_a_cell_arrives_as_it_stands(text: str) -> None:
    """Whatever a person is called, that is what is spoken."""
    request = Template("direct", {**DIRECT, "script": "Hi {{ name }}!"}).render(row(name=text))
    assert isinstance(request, DirectVideo)
    assert request.script == f"Hi {text}!"


def test_without_jinja_the_refusal_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra."""
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(InvalidInputError, match=r"pip install .heygen-async\[cli\]"):
        Template("direct", DIRECT)
