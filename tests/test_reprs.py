"""A repr has the fields that are set, and none that are private."""

from __future__ import annotations

import attrs

from heygen_async import (
    AssetUrl,
    DirectVideo,
    Failed,
    FromTemplate,
    InvalidInputError,
    Job,
    Problem,
    Row,
    Summary,
    Template,
    TranslationRequest,
    Video,
    VoiceSettings,
    read_rows,
)
from heygen_async.bulk.plan.plan import PROBLEMS_SHOWN, make_plan
from heygen_async.reprs import ShortRepr, html_table


@attrs.frozen(repr=False)
class Sample(ShortRepr):
    a: int
    b: int = 2
    c: list[int] = attrs.field(factory=list)
    d: str = attrs.field(default="", repr=lambda value: f"<{len(value)} characters>")
    secret: str = attrs.field(default="", repr=False)
    e: int = attrs.field(default=attrs.Factory(lambda self: self.a, takes_self=True))


def test_fields_at_their_defaults_are_left_out() -> None:
    """Required fields and changed ones are shown, by their own repr if they have one; private ones never."""
    assert repr(Sample(1)) == "Sample(a=1, e=1)"
    assert repr(Sample(1, b=3, c=[4], d="xyz", secret="s")) == "Sample(a=1, b=3, c=[4], d=<3 characters>, e=1)"


def test_requests_and_values_have_short_reprs() -> None:
    """Of twenty fields a repr shows those that are set, required ones first, also in requests that are generated."""
    request = DirectVideo(avatar_id="look_anna", voice_id="voice", script="Hi", voice_settings=VoiceSettings(speed=1.1))
    assert (
        repr(request) == "DirectVideo(avatar_id='look_anna', voice_id='voice', voice_settings=VoiceSettings(speed=1.1))"
    )
    assert repr(TranslationRequest(video=AssetUrl(url="https://x.example/a"), output_languages=["German"])) == (
        "TranslationRequest(output_languages=('German',), video=AssetUrl())"
    )
    assert repr(FromTemplate(template_id="t", variables={"name": "Ada"})) == "FromTemplate(template_id='t')"
    assert repr(Video(id="v", status="completed", duration=3.2)) == "Video(id='v', status='completed', duration=3.2)"
    assert repr(Row(line=3, cells={"name": "Ada"})) == "Row(line=3)"
    assert repr(Problem(reason="empty", mend="fill it", column="name")) == (
        "Problem(reason='empty', mend='fill it', column='name')"
    )
    assert repr(Job(request=request, row=1, key="k", index=2)).endswith(", key='k', index=2)")


CELL = '<td style="text-align: left">'


def test_every_text_is_escaped() -> None:
    """Names and messages come from elsewhere; a table without rows has its title only."""
    shown = html_table("<b>", ("<i>",), [("<script>", None)])
    assert "<script>" not in shown
    assert shown.count("&lt;") == 3
    assert f"{CELL}</td>" in shown
    assert html_table("2 rows", ("a",), []) == "<p><b>2 rows</b></p>"
    assert "<thead>" not in html_table("2 rows", (), [(1,)])


def test_a_problem_and_a_summary_are_tables() -> None:
    """A problem shows its place and remedy, a summary its counts; kinds of trouble that did not occur are left out."""
    problem = Problem(reason="is empty", mend="fill it", source="leads.csv", line=3, column="name")
    assert "leads.csv line 3, column name" in problem._repr_html_()
    summary = Summary()
    assert "look at these" not in summary._repr_html_()
    job = Job(request=DirectVideo(avatar_id="a", voice_id="v", script="Hi"))
    summary.add(Failed(job=job, resource_id=None, error=InvalidInputError("wrong", spent="unknown")))
    summary.not_stored = 1
    shown = summary._repr_html_()
    assert all(part in shown for part in ("1 InvalidInputError", "look at these", "not stored", "1 row"))


def test_a_plan_shows_its_price_and_its_first_problems() -> None:
    """A plan shows what it costs by kind, and at most twenty problems."""
    template = Template("direct", {"avatar_id": "look_anna", "voice_id": "voice_warm", "script": "Hi {{ name }}"})
    good = make_plan(read_rows([{"name": "Ada"}]), template)
    assert "rows: 1 row, 0 of them bad, for about" in good._repr_html_()
    assert "problems" not in good._repr_html_()
    template = Template("direct", {"avatar_id": "a", "voice_id": "v", "script": "Hi {{ name }} {{ n }}"})
    bad = make_plan(read_rows([{"name": "", "n": n} for n in range(PROBLEMS_SHOWN + 1)]), template)
    assert f"{PROBLEMS_SHOWN + 1} problems, the first {PROBLEMS_SHOWN}" in bad._repr_html_()
    assert bad._repr_html_().count("rows row") == PROBLEMS_SHOWN
