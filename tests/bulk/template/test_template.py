"""Templates: strict placeholders, typed values, and problems that name their line."""

from __future__ import annotations

import json
import sys
import types
from typing import Any

import pytest
from hypothesis import given, strategies as st

from heygen_async import (
    CinematicAvatar,
    DirectVideo,
    InvalidInputError,
    Problem,
    Row,
    Template,
    VideoAgent,
    VoiceSettings,
    is_missing,
)
from heygen_async.http import wire

DIRECT = {"avatar_id": "look_anna", "voice_id": "v", "script": "Hi {{ name }}"}


def row(**cells: str) -> Row:
    return Row(line=7, cells=cells)


def test_a_row_fills_the_placeholders() -> None:
    """Quotes, braces and emoji in a cell are plain text."""
    request = Template("direct", DIRECT).render(row(name='Zoë "{{ 1 }}" O\'Brien 🎉'))
    assert request == DirectVideo(avatar_id="look_anna", voice_id="v", script='Hi Zoë "{{ 1 }}" O\'Brien 🎉')


def test_any_field_may_hold_placeholders_and_gets_its_type() -> None:
    """Numbers, booleans and lists are read from text."""
    fields = {"prompt": "{{ p }}", "avatar_id": "a, {{ look }}", "duration": "{{ d }}", "enhance_prompt": "Yes"}
    request = Template("cinematic", fields).render(row(p="walks", look="b", d="8"))
    assert request == CinematicAvatar(prompt="walks", avatar_id=("a", "b"), duration=8, enhance_prompt=True)


def test_agent_mode_makes_agent_requests() -> None:
    """The mode `agent` makes a `VideoAgent`."""
    assert Template("agent", {"prompt": "Hi {{ n }}"}).render(row(n="Ada")) == VideoAgent(prompt="Hi Ada")


def test_names_are_known_before_any_row_is_read() -> None:
    """A missing column is refused before any row is read, with the columns that there are."""
    template = Template("direct", {**DIRECT, "title": "{{ company }}"})
    assert template.names() == {"name", "company"}
    template.check(["name", "company"])
    with pytest.raises(InvalidInputError, match="column company: no such column; the rows have name, city"):
        template.check(["name", "city"])


def test_a_mapping_of_ones_own_is_a_row() -> None:
    """A plain mapping is rendered as a `Row` would be; its values become text, and its problems have no line."""
    template = Template("direct", {**DIRECT, "voice_settings.speed": "{{ speed }}"})
    ada: dict[str, Any] = {"name": "Ada", "speed": 1.25}
    request = template.render(ada)
    assert isinstance(request, DirectVideo)
    assert (request.script, request.voice_settings) == ("Hi Ada", VoiceSettings(speed=1.25))
    assert template.problems(types.MappingProxyType(ada)) == []
    found = str(template.problems({"name": "", "speed": 1})[0])
    assert found.startswith("column name: is empty here, but the template needs it; fill the cell or write")
    wrong: Any = "Ada"
    with pytest.raises(InvalidInputError, match=r"^a str; must be a mapping of column names to values"):
        template.render(wrong)
    with pytest.raises(InvalidInputError, match=r"^column name: bytes, not text; decode them first; give text"):
        template.render({"name": b"Ada", "speed": 1})


def test_a_row_that_could_not_be_read_is_a_problem_of_the_template_too() -> None:
    """A `Problem` of a table, given to a template, remains the problem that it is."""
    problem = Problem(reason="2 cells", mend="quote it", source="leads.csv", line=3)
    found: Any = problem
    assert Template("direct", DIRECT).problems(found) == [problem]


@pytest.mark.parametrize("blank", ["", "  ", "\t"])
def test_an_empty_cell_is_refused_where_it_is_needed(blank: str) -> None:
    """An empty name is a problem, because no video should greet with "Hi ,"."""
    with pytest.raises(InvalidInputError, match="line 7, column name: is empty here, but the template needs it"):
        Template("direct", DIRECT).render(row(name=blank))


@pytest.mark.parametrize(
    ("script", "spoken"),
    [
        ('Hi {{ name | default("friend") }}', "Hi friend"),
        ("Hi{% if name %} {{ name }}{% endif %}!", "Hi!"),
        ("Hi {{ name or 'you' }}", "Hi you"),
    ],
)
def test_a_template_may_provide_for_an_empty_cell(script: str, spoken: str) -> None:
    """An empty cell is no problem if the template has a default or a condition."""
    request = Template("direct", {**DIRECT, "script": script}).render(row(name=" "))
    assert isinstance(request, DirectVideo)
    assert request.script == spoken


@pytest.mark.parametrize(
    ("mode", "fields", "says"),
    [
        ("movie", {}, "mode 'movie': must be one of direct, image, cinematic, agent"),
        ("direct", {"scripts": "x"}, "scripts: no such field"),
        ("direct", {"extra": "x"}, "extra: no such field"),
        ("direct", {"script": "Hi {{ name"}, "script: not a template"),
        ("direct", {"script": "{{ name.__class__.__mro__ }}", "avatar_id": "a"}, "line 7"),
        ("direct", {"script": "{{ name | uper }}"}, "not a template: No filter named 'uper'; did you mean upper?"),
        ("direct", {"script": "{{ name | qqqqqq }}"}, "No filter named 'qqqqqq'; there are abs, attr"),
        (
            "direct",
            {"script": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "avatar_id": "a"},
            "line 7: maximum recursion depth",
        ),
        ("direct", {"script": "{{ 1 / 0 }}", "avatar_id": "a"}, "line 7: division by zero"),
        ("direct", {"script": "Hi"}, "direct mode: .*avatar_id.*give it with --set"),
        ("direct", {"script": "{{ name * 6000 }}", "avatar_id": "a"}, "line 7, column name: 6,000 characters"),
        (
            "cinematic",
            {"prompt": "p", "avatar_id": "a", "duration": "soon"},
            "line 7: 'soon' is not a whole number such as 8; .*field duration",
        ),
        ("cinematic", {"prompt": "p", "avatar_id": "a", "auto_duration": "si"}, "'si' is neither true nor false"),
    ],
)
def test_a_wrong_template_is_refused_in_plain_words(mode: str, fields: dict[str, str], says: str) -> None:
    """The error names the subject, the value and the reason, before anything is sent."""
    with pytest.raises(InvalidInputError, match=says):
        Template(mode, fields).render(row(name="x"))


@given(st.text(min_size=1, max_size=200).filter(lambda text: not is_missing(text)))
def test_a_cell_is_not_changed(text: str) -> None:
    """Any name arrives in the script unchanged."""
    request = Template("direct", {**DIRECT, "script": "Hi {{ name }}!"}).render(row(name=text))
    assert isinstance(request, DirectVideo)
    assert request.script == f"Hi {text}!"


def test_without_jinja_the_refusal_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error gives the command that installs the extra."""
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(InvalidInputError, match=r"pip install .heygen-async\[templates\]"):
        Template("direct", DIRECT)


# Fields in fields

NASTY = ['"', "'", "{{ 7 * 7 }}", "{% raw %}", '"}, "script": "x', "\\", "\n", "</script>", "${x}", "%s", "\u2028"]


def body_of(fields: dict[str, Any], mode: str = "direct", /, **cells: str) -> dict[str, Any]:
    return json.loads(json.dumps(wire.encode(Template(mode, fields).render(row(**cells)))))  # type: ignore[no-any-return]


def test_parts_of_fields_are_given_by_their_paths() -> None:
    """Parts are typed by their paths; nested mappings give equal requests."""
    fields = {
        **DIRECT,
        "voice_settings.speed": "{{ speed }}",
        "voice_settings.engine_settings.engine_type": "elevenlabs",
        "voice_settings.engine_settings.stability": "0.5",
        "voice_settings.engine_settings.use_speaker_boost": "yes",
        "background.value": "{{ color }}",
        "engine.type": "avatar_v",
        "engine.reference_look_id": "{{ look }}",
        "caption.style": "default",
        "watermark.image.asset_id": "asset_1",
        "watermark.placement.offset_x": "-0.5",
    }
    body = body_of(fields, name="Ada", speed="1.1", color="#112233", look="l")
    assert body["voice_settings"] == {
        "speed": 1.1,
        "engine_settings": {"engine_type": "elevenlabs", "stability": 0.5, "use_speaker_boost": True},
    }
    assert body["background"] == {"type": "color", "value": "#112233"}
    assert body["engine"] == {"type": "avatar_v", "reference_look_id": "l"}
    assert body["caption"] == {"style": "default"}
    assert body["watermark"] == {"image": {"type": "asset_id", "asset_id": "asset_1"}, "placement": {"offset_x": -0.5}}
    tree = {**DIRECT, "voice_settings": {"speed": "{{ speed }}", "pitch": 2}, "remove_background": True}
    body = body_of(tree, name="Ada", speed="1.1")
    assert body["voice_settings"] == {"speed": 1.1, "pitch": 2}
    assert body["remove_background"] is True


def test_parts_that_have_a_short_form_may_use_it() -> None:
    """A color, an engine's name and an address can stand for the whole field."""
    body = body_of({**DIRECT, "background": "{{ c }}", "engine": "avatar_iii"}, name="Ada", c="#112233")
    assert body["background"] == {"type": "color", "value": "#112233"}
    assert body["engine"] == {"type": "avatar_iii"}
    body = body_of({**DIRECT, "background.url": "https://example.com/a.png"}, name="Ada")
    assert body["background"] == {"type": "image", "url": "https://example.com/a.png"}
    image = {"voice_id": "v", "script": "Hi", "image": "https://example.com/a.png"}
    assert body_of(image, "image")["image"] == {"type": "url", "url": "https://example.com/a.png"}


@pytest.mark.parametrize("cell", NASTY)
def test_a_cell_changes_its_field_only(cell: str) -> None:
    """A cell is a value; it is neither compiled as a template nor pasted into JSON."""
    text = f"x{cell}y"
    fields = {**DIRECT, "title": "{{ name }}", "voice_settings.locale": "{{ name }}", "callback_id": "a {{ name }}"}
    body = body_of(fields, name=text)
    assert body["title"] == body["voice_settings"]["locale"] == text
    assert body["callback_id"] == f"a {text}"
    assert set(body) == {"type", "avatar_id", "voice_id", "script", "title", "voice_settings", "callback_id"}
    mapped = Template("direct", DIRECT, columns={"title": "name"}).render(row(name=text))
    assert isinstance(mapped, DirectVideo)
    assert mapped.title == text


def test_an_empty_field_is_not_sent() -> None:
    """An empty optional cell leaves its field out."""
    fields = {**DIRECT, "title": "{% if t %}{{ t }}{% endif %}", "voice_settings.speed": '{{ s | default("") }}'}
    assert set(body_of(fields, name="Ada", t="", s="")) == {"type", "avatar_id", "voice_id", "script"}


def test_lists_leave_out_empty_items() -> None:
    """A row without a second look has a list of one look."""
    fields = {"prompt": "p", "avatar_id": 'a, {{ second | default("") }}'}
    assert body_of(fields, "cinematic", second="")["avatar_id"] == ["a"]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"voice_settings.sped": "1"}, r"voice_settings.sped: no such field; did you mean speed\?"),
        ({"title.x": "1"}, "title.x: no such field; title has no parts"),
        ({"voice_settings": "fast"}, "voice_settings: has parts; give voice_settings.speed, voice_settings.pitch"),
        ({"background": "#112233", "background.value": "#112233"}, "background: given as a whole and in parts"),
        ({"title": ["a,b"]}, "title: a list; must be text, a number, true or false, or a list of texts without commas"),
        ({"voice_settings": {"speed": None}}, "voice_settings.speed: a NoneType"),
        ({"title": "{% for %}"}, "title: not a template: .*placeholders look like"),
    ],
)
def test_fields_that_do_not_exist_are_refused_at_once(fields: dict[str, Any], says: str) -> None:
    """Unknown fields and parts are refused when the template is made."""
    with pytest.raises(InvalidInputError, match=says):
        Template("direct", {**DIRECT, **fields})


# Columns


def test_a_column_overrides_a_field_where_its_cell_is_not_empty() -> None:
    """If the mapped cell is empty, the field's own text is used; without one the field is not sent."""
    columns = {"voice_id": "Voice", "voice_settings.speed": "Speed", "title": "Title"}
    template = Template("direct", DIRECT, columns=columns)
    assert template.names() == {"name", "Voice", "Speed", "Title"}
    cells = {"name": "Ada", "Voice": "v2", "Speed": "1.2", "Title": "{{ name }}"}
    request = template.render(row(**cells))
    assert isinstance(request, DirectVideo)
    assert (request.voice_id, request.title) == ("v2", "{{ name }}")
    assert request.voice_settings == VoiceSettings(speed=1.2)
    plain = template.render(row(name="Ada", Voice=" ", Speed="NULL"))
    assert plain == DirectVideo(avatar_id="look_anna", voice_id="v", script="Hi Ada")


def test_placeholders_find_columns_with_spaces_and_capitals() -> None:
    """A placeholder finds the column whose name is equal to it in lower case, with underscores for other characters."""
    template = Template("direct", {**DIRECT, "script": "{{ first_name }} {{ e_mail }} {{ _1st }} {{ größe_cm }}"})
    cells = {"First Name": "Ada", "E-Mail": "a@b.c", "1st": "x", "Größe (cm)": "170"}
    request = template.render(row(**cells))
    assert isinstance(request, DirectVideo)
    assert request.script == "Ada a@b.c x 170"
    assert template.check(list(cells)) == []


def test_a_placeholder_that_fits_two_columns_is_refused() -> None:
    """Two columns of similar names are ambiguous, unless one of them has exactly the placeholder's name."""
    template = Template("direct", {**DIRECT, "script": "{{ first_name }}"})
    with pytest.raises(InvalidInputError, match="column first_name: no such column"):
        template.check(["First Name", "FIRST NAME"])
    assert len(template.check(["First Name", "first_name"])) == 1


def test_every_row_may_have_its_mode() -> None:
    """The mode may come from a column or a text; each row uses the fields that its mode has."""
    fields = {**DIRECT, "prompt": "Greet {{ name }}"}
    by_column = Template("direct", fields, columns={"mode": "Kind"})
    by_text = Template("{{ Kind | lower }}", fields)
    for template in (by_column, by_text):
        assert template.names() == {"name", "Kind"}
        assert isinstance(template.render(row(name="Ada", Kind="Direct")), DirectVideo)
        agent = template.render(row(name="Ada", Kind="agent"))
        assert agent == VideoAgent(prompt="Greet Ada", avatar_id="look_anna", voice_id="v")
    assert isinstance(by_column.render(row(name="Ada", Kind="")), DirectVideo)


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("movie", "line 7, column Kind: 'movie'; is not a mode; must be one of direct, image, cinematic, agent"),
        ("", "line 7, column Kind: is empty here, but the template needs it"),
    ],
)
def test_a_mode_that_does_not_exist_is_a_problem_of_its_row(kind: str, says: str) -> None:
    """An unknown or empty mode is a problem of the cell."""
    with pytest.raises(InvalidInputError, match=says):
        Template("{{ Kind }}", DIRECT).render(row(name="Ada", Kind=kind))


def test_a_field_that_no_mode_has_is_refused_even_where_modes_vary() -> None:
    """A misspelt field is refused, although a field need not exist in every mode."""
    with pytest.raises(InvalidInputError, match="scirpt: no such field"):
        Template("{{ Kind }}", {"scirpt": "x"})


# Findings and problems


def test_missing_and_unused_columns_are_found_before_a_run() -> None:
    """Missing columns are errors, with a suggestion; unused columns are warnings."""
    template = Template("direct", {**DIRECT, "title": "{{ fist_name }}"}, columns={"voice_id": "Voice"})
    columns = ["name", "first_name", "email"]
    found = template.findings(columns)
    assert [(problem.severity, problem.column) for problem in found] == [
        ("error", "Voice"),
        ("error", "fist_name"),
        ("warning", "first_name"),
        ("warning", "email"),
    ]
    assert "did you mean {{ first_name }}? (field title)" in str(found[1])
    with pytest.raises(InvalidInputError, match="column Voice: no such column") as caught:
        template.check(columns)
    assert len(caught.value.__notes__) == 1
    assert [problem.column for problem in template.check(["name", "fist_name", "Voice", "x y"])] == ["x y"]
    assert template.check(None) == []


def test_all_problems_of_a_row_are_found_at_once() -> None:
    """Each missing cell and each invalid field is reported with line, column, value, reason and remedy."""
    fields = {
        "avatar_id": "{{ look }}",
        "script": "Hi {{ first }}, {{ last | upper }} of {{ company.name }} {{ 1 + age }}",
        "title": "{{ first }}",
        "resolution": "{{ size }}",
        "voice_settings.speed": "{{ speed }}",
        "voice_settings.pitch": "{{ pitch }}",
        "output_format": "avi",
        "remove_background": "{{ wanted }}",
    }
    cells = {"first": "", "last": "NULL", "company": "", "age": " ", "size": "8k", "speed": "9", "pitch": "high"}
    bad = Row(line=17, source="leads.csv", cells={**cells, "wanted": "perhaps", "look": "anna"})
    template = Template("direct", fields)
    problems = template.problems(bad)
    assert {(problem.column, problem.field) for problem in problems} == {
        ("first", "script"),
        ("last", "script"),
        ("company", "script"),
        ("age", "script"),
        ("first", "title"),
        ("size", "resolution"),
        ("speed", "voice_settings.speed"),
        ("pitch", "voice_settings.pitch"),
        (None, "output_format"),
        ("wanted", "remove_background"),
    }
    assert all(problem.line == 17 and problem.reason and problem.mend for problem in problems)
    by_column = {problem.column: problem for problem in problems}
    assert str(by_column["last"]).startswith("leads.csv line 17, column last: 'NULL'; counts as empty here")
    assert by_column["last"].value == "NULL"
    with pytest.raises(InvalidInputError) as caught:
        template.render(bad)
    assert len(caught.value.__notes__) == len(problems) - 1


def test_a_good_row_has_no_problems() -> None:
    """Rules between fields are checked after each field is right by itself."""
    template = Template("direct", {**DIRECT, "background.value": "#112233", "output_format": "{{ f }}"})
    assert template.problems(row(name="Ada", f="mp4")) == []
    [problem] = template.problems(row(name="Ada", f="webm"))
    assert problem.field == "background"
    assert "must be absent with output_format webm" in problem.reason


@pytest.mark.parametrize(
    ("mode", "fields", "says"),
    [
        (
            "direct",
            {"script": "Hi", "avatar_id": "{% if look %}{{ look }}{% endif %}"},
            "avatar_id is required, but is empty here",
        ),
        ("cinematic", {}, "cinematic mode: prompt is required; give it with --set prompt"),
        ("direct", {**DIRECT, "background.asset_id": "a", "background.url": "https://x.y/z"}, "both given"),
        ("direct", {**DIRECT, "background.type": "color"}, "must be a color"),
        ("direct", {**DIRECT, "background.type": "colour", "background.value": "#112233"}, "did you mean 'color'"),
        ("direct", {**DIRECT, "watermark.scale": "1"}, "is required; .*field watermark.image"),
        ("direct", {**DIRECT, "watermark.image": "me.png"}, "must be an AssetUrl"),
        ("direct", {**DIRECT, "watermark.image.url": "me.png"}, "must be an address"),
        ("direct", {**DIRECT, "engine.type": "avatar_vi"}, "must be avatar_iii with no other fields; or avatar_iv"),
        (
            "direct",
            {**DIRECT, "voice_settings.engine_settings.stability": "1"},
            "engine_type None with stability: must be",
        ),
        ("direct", {**DIRECT, "voice_settings.speed": "1,5"}, "'1,5' is not a number such as 1.5"),
        ("direct", {**DIRECT, "voice_settings.pitch": "1_0"}, "'1_0' is not a number such as 1.5"),
        ("cinematic", {"prompt": "p", "avatar_id": "a", "duration": "8.5"}, "'8.5' is not a whole number"),
        (
            "direct",
            {**DIRECT, "title": "{{ no_column }}"},
            "line 7, column no_column: no such column; the rows have name",
        ),
        (
            "direct",
            {**DIRECT, "title": "{{ name.first }}"},
            "line 7, column name: 'str object' has no attribute 'first'",
        ),
    ],
)
def test_problems_inside_fields_name_their_place(mode: str, fields: dict[str, str], says: str) -> None:
    """A problem inside a field names the field's path and the column."""
    with pytest.raises(InvalidInputError, match=says):
        Template(mode, fields).render(row(name="Ada", look=""))


def test_problems_in_parts_do_not_hide_those_elsewhere() -> None:
    """A part that cannot be read is reported once, and problems of other parts are found too."""
    fields = {**DIRECT, "watermark.image": "{{ logo }}", "watermark.opacity": "{{ o }}", "background.value": "{{ c }}"}
    problems = Template("direct", fields).problems(row(name="Ada", logo="", o="2", c="red"))
    assert {problem.field for problem in problems} == {"watermark.image", "watermark.opacity", "background.value"}


def test_whole_numbers_may_come_from_a_spreadsheet() -> None:
    """8.0 is read as the whole number 8."""
    fields = {"prompt": "p", "avatar_id": "a", "duration": "{{ d }}"}
    assert body_of(fields, "cinematic", d="8.0")["duration"] == 8


@pytest.mark.parametrize(
    "use",
    [
        "{{ x }}",
        "{{ x ~ 'a' }}",
        "{{ x | upper }}",
        "{{ x | int + 1 }}",
        "{{ x | float }}",
        "{{ x | length }}",
        "{{ x.y.z }}",
        "{{ x[0] }}",
        "{{ x() }}",
        "{{ x.title() }}",
        "{{ x + 1 }}",
        "{{ 1 - x }}",
        "{{ -x }}",
        "{{ x * 2 }}",
        "{{ 1 / x }}",
        "{{ x > 1 }}",
        "{{ x == 'a' }}",
        "{{ x != 'a' }}",
        "{% for c in x %}{{ c }}{% endfor %}",
        "{{ 'a' in x }}",
        "{{ x | join }}",
        "{{ x % 2 }}",
        "{{ x ** 2 }}",
        "{{ x | pprint }}",
    ],
)
def test_every_use_of_a_missing_cell_is_found(use: str) -> None:
    """Every use of a missing cell is found, and the rest of the text is checked too."""
    problems = Template("direct", {**DIRECT, "script": use + "{{ y }}"}).problems(row(x="", y=""))
    assert {problem.column for problem in problems} == {"x", "y"}


@pytest.mark.parametrize(
    "use",
    [
        "{% if x %}a{% endif %}",
        "{% if x is defined %}a{% endif %}",
        "{{ x | default('') }}",
        "{{ x or '' }}",
        "{% if not x %}{% endif %}",
    ],
)
def test_conditions_and_defaults_take_missing_cells(use: str) -> None:
    """Conditions and defaults are no use of a missing cell."""
    assert Template("direct", {**DIRECT, "script": "Hi" + use}).problems(row(x="#N/A")) == []


def test_a_column_may_be_called_anything() -> None:
    """Columns may have the names of Jinja2's own functions."""
    names = ["range", "dict", "self_", "loop", "namespace", "cycler", "lipsum"]
    script = " ".join(f"{{{{ {name} }}}}" for name in names)
    request = Template("direct", {**DIRECT, "script": script}).render(row(**{name: name for name in names}))
    assert isinstance(request, DirectVideo)
    assert request.script == " ".join(names)


@pytest.mark.parametrize(
    "code", ["{{ ''.__class__ }}", "{{ name.__init__.__globals__ }}", "{{ name.format.__self__ }}"]
)
def test_a_template_reads_only_cells(code: str) -> None:
    """A template from another person cannot read Python objects."""
    assert Template("direct", {**DIRECT, "script": code}).problems(row(name="x"))
