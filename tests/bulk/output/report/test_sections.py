"""The parts of a report, each by itself: markup, wording, charts, mends, advice."""

from __future__ import annotations

import html.parser
import itertools
import json
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from heygen_async.bulk.output.report import charts, sections
from heygen_async.bulk.output.report.next_steps import command, steps
from heygen_async.bulk.output.report.page import environment
from heygen_async.bulk.output.report.queries import RenderSpan
from heygen_async.bulk.output.report.remedies import remedy_for
from heygen_async.bulk.output.report.wording import count, dollars, either, moment, span

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inside: st.lists(inside) | st.dictionaries(TEXTS, inside),
    max_leaves=20,
)
SOME_SECONDS = st.floats(0, 1e7, allow_nan=False)


class Texts(html.parser.HTMLParser):
    """The elements and the text of some markup."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def rendered(source: str, **values: object) -> str:
    return str(environment().from_string(source).render(values))


# Escaping


@pytest.mark.unmeasured
@given(JSON)
def test_embedded_json_is_read_as_it_was_and_ends_no_element(value: object) -> None:
    """JSON in a script element holds no `<`, so it cannot hold the `</script` that would end the element."""
    text = rendered("{{ value|tojson }}", value=value)
    assert json.loads(text) == value
    assert not set("<>&") & set(text)


def test_a_number_that_json_does_not_know_is_refused() -> None:
    """NaN is an error here; in the page it would be one that only the reader sees."""
    with pytest.raises(ValueError, match="JSON"):
        rendered("{{ value|tojson }}", value={"seconds": float("nan")})


@given(TEXTS, TEXTS)
def test_text_and_attributes_are_read_as_they_were(text: str, value: str) -> None:
    """Templates escape every text and every attribute; a parser reads the same characters back."""
    source = '<p title="{{ value }}"{{ {"data-value": value}|xmlattr }}>{{ text }}<b>{{ text }}</b></p>'
    found = Texts(rendered(source, text=text, value=value))
    assert found.elements == [("p", {"title": value, "data-value": value}), ("b", {})]
    assert found.text == text + text


# Wording


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (185, "3 min 5 s"),
        (3600, "1 h"),
        (4379, "1 h 12 min"),
        (183600, "2 d 3 h"),
        (86400 * 1000, "1,000 d"),
    ],
)
def test_durations_are_said_as_people_do(seconds: float, words: str) -> None:
    """Two units at most."""
    assert span(seconds) == words


def test_numbers_and_lists_are_said_as_people_do() -> None:
    """With their nouns, and money to the cent."""
    assert (count(1, "row"), count(2000, "row")) == ("1 row", "2,000 rows")
    assert count(1, "row is", "rows are") == "1 row is"
    assert (dollars(7, 7.001), dollars(1, 1234.5)) == ("7.00", "1.00 to 1,234.50")
    assert (either([]), either(["a"]), either(["a", "b", "c"])) == ("", "a", "a, b and c")
    assert re.fullmatch(r"\d{1,2} [A-Z][a-z]{2} 20\d\d, \d\d:\d\d .+", moment(1.8e9))


# Charts


def renders(*times: tuple[float, float | None]) -> list[RenderSpan]:
    return [RenderSpan("completed", begun, ended, batched=False) for begun, ended in times]


def described(chart: charts.Chart | None) -> str:
    return chart.description if chart else ""


@given(st.lists(st.tuples(SOME_SECONDS, SOME_SECONDS), min_size=1, max_size=30), st.sampled_from([None, 1, 10, 500]))
def test_the_timeline_has_the_area_of_all_renders(times: list[tuple[float, float]], limit: int | None) -> None:
    """What each slice of time holds adds up to the time of all renders, and stays inside the drawing."""
    spans = [(begun, begun + took) for begun, took in times]
    first, last = min(begun for begun, _ in spans), max(ended for _, ended in spans)
    drawn = charts.timeline(renders(*spans), last, limit)
    if last - first < charts._LEAST_SECONDS:
        assert drawn is None
        return
    levels = charts._levels([(begun - first, ended - first) for begun, ended in spans], last - first)
    area = sum(levels) * (last - first) / len(levels)
    assert area == pytest.approx(sum(ended - begun for begun, ended in spans), rel=1e-6, abs=1e-3)
    assert max(levels) <= len(spans) + 1e-6
    assert "at once on average" in described(drawn)
    assert_inside(drawn)
    assert ("allowed" in described(drawn)) == (limit is not None)


@given(st.lists(SOME_SECONDS, max_size=60))
def test_the_histogram_counts_every_render(seconds: list[float]) -> None:
    """Each stands in one bar; the bars stay inside the drawing."""
    drawn = charts.histogram(seconds)
    if not any(seconds):
        assert drawn is None
        return
    assert drawn is not None
    titles = [shape.title for shape in drawn.shapes if shape.tag == "rect"]
    bars = [int(re.sub(r".*: ([\d,]+) renders?", r"\1", title).replace(",", "")) for title in titles]
    assert sum(bars) == len(seconds)
    assert 1 <= len(bars) <= 21
    assert_inside(drawn)


def assert_inside(chart: charts.Chart | None) -> None:
    """All shapes stand inside the drawing, and there are few labels."""
    assert chart is not None
    for shape in chart.shapes:
        for name, value in shape.attributes.items():
            if name in {"x", "x1", "x2"}:
                assert -1 <= float(value) <= charts.WIDTH + 1, shape
            if name in {"y", "y1", "y2"}:
                assert -1 <= float(value) <= charts.HEIGHT + 1, shape
    assert 4 <= sum(shape.tag == "text" for shape in chart.shapes) <= 18


@pytest.mark.parametrize(
    ("values", "median", "late"),
    [([5.0], 5.0, 5.0), ([1.0, 2.0], 1.0, 2.0), ([float(n) for n in range(1, 101)], 50.0, 95.0)],
)
def test_percentiles_are_values_that_were_seen(values: list[float], median: float, late: float) -> None:
    """The nearest rank: no number between two renders."""
    assert (charts.percentile(values, 0.5), charts.percentile(values, 0.95)) == (median, late)


def test_a_few_very_long_renders_do_not_squeeze_the_others() -> None:
    """They stand in the last bar, and that is said."""
    drawn = charts.histogram([*(100.0 + n for n in range(199)), 90_000.0])
    assert drawn is not None
    assert any("1 took longer, in the last bar" in shape.text for shape in drawn.shapes)
    assert "the longest 1 d 1 h" in described(drawn)
    assert described(drawn).startswith("200 renders: half took up to 3 min 19 s, 95 % up to 4 min 49 s")


def test_nothing_is_drawn_of_nothing() -> None:
    """No renders, or none that took time."""
    assert charts.timeline([], 5.0, 10) is None
    assert charts.timeline(renders((3.0, 3.0)), 3.0, None) is None
    assert charts.histogram([0.0, -1.0]) is None


def test_an_open_render_is_drawn_until_the_last_change() -> None:
    """It may have ended since; nobody looked."""
    assert described(charts.timeline(renders((0, None), (0, 50)), 100.0, None)).startswith("1.5 at once")


@given(st.floats(0.01, 1e8), st.integers(1, 20))
def test_steps_of_axes_are_round_and_few(high: float, most: int) -> None:
    """At most so many fit."""
    assert high <= charts._round_step(high, most) * most
    assert high <= charts._time_step(high, most) * most * (1 + 1e-9)
    assert str(charts._round_step(high, most)).rstrip("0") in {"1", "2", "5"}


# Mends

CODES = """
invalid_parameter download_failed content_policy_violation avatar_not_usable avatar_consent_required avatar_expired
script_too_short tts_text_invalid voice_unavailable resource_limit_reached resource_limit_exceeded
unlimited_mode_disabled ephemeral_upload_disabled unauthorized authentication_failed insufficient_credit
trial_limit_exceeded subscription_required plan_upgrade_required forbidden resource_access_denied
insufficient_api_key_scope phone_verification_required voice_not_usable ai_vendor_access_restricted not_found
resource_not_found video_not_found avatar_not_found avatar_group_not_found voice_not_found asset_not_found
asset_not_available request_in_progress resource_not_ready brand_kit_not_ready conflict payload_too_large
rate_limit_exceeded quota_exceeded internal_error voice_provider_error service_unavailable gateway_timeout
rendering_failed outcome_unknown RenderFailedError NotFoundError OutcomeUnknownError BadRequestError
PermissionDeniedError PayloadTooLargeError RateLimitError ServerError ConflictError InvalidInputError
""".split()  # noqa: SIM905 - fifty words read best as words


@pytest.mark.parametrize("code", CODES)
def test_every_code_of_the_catalogue_has_its_mend(code: str) -> None:
    """In capitals too. Source: HeyGen's page of error codes; and the classes by which we count what has no code."""
    mend = remedy_for(code)
    assert mend is not remedy_for("no such code")
    assert remedy_for(code.upper()) is mend
    assert mend.meaning.endswith(".")
    assert mend.fix.endswith(".")


@pytest.mark.parametrize(
    ("code", "way"),
    [
        ("invalid_parameter", "edit"),
        ("content_policy_violation", "edit"),
        ("rendering_failed", "again"),
        ("?", "again"),
    ],
)
def test_a_request_that_would_be_refused_again_is_not_to_be_repeated(code: str, way: str) -> None:
    """It must change first."""
    assert remedy_for(code).way == way


def test_no_code_is_not_an_unknown_code() -> None:
    """HeyGen gives null for some failures."""
    assert remedy_for("").meaning == "HeyGen gave no reason."


# Advice

HERE = Path("campaign.db")


@pytest.mark.parametrize(
    ("counts", "not_stored", "said", "typed"),
    [
        (
            {"completed": 2},
            0,
            ["Every row has its video.", "This writes all that is known", "This compares the campaign"],
            [
                "export campaign.db mail-merge.csv --mail-merge",
                "export campaign.db results.csv",
                "audit campaign.db",
            ],
        ),
        ({"planned": 2}, 0, ["2 rows are left: 2 not yet begun."], ["resume campaign.db"]),
        (
            {"planned": 1200, "submitted": 1, "intended": 1},
            0,
            ["1,202 rows are left: 1,200 not yet begun, 1 being made at HeyGen and 1 sent,"],
            ["resume campaign.db"],
        ),
        ({"completed": 2}, 1, ["1 finished video is not on this disk"], ["resume campaign.db"]),
        (
            {"failed": 1},
            0,
            ["1 row failed"],
            ["retry campaign.db --failed", "resume campaign.db"],
        ),
        (
            {"unknown": 2},
            0,
            ["2 rows need your decision"],
            ["audit campaign.db", "resume campaign.db --on-unknown resubmit"],
        ),
        ({}, 0, ["No rows are in this campaign yet"], ["run contacts.csv --journal campaign.db ..."]),
    ],
)
def test_what_is_left_is_said_with_the_command(
    counts: dict[str, int], not_stored: int, said: list[str], typed: list[str]
) -> None:
    """One step for each sort of thing that is left."""
    found = steps(Counter(counts), not_stored, str(HERE))
    assert len(found) == len(said)
    assert all(step.text.startswith(words) for step, words in zip(found, said, strict=True))
    commands = itertools.chain.from_iterable(step.commands for step in found)
    assert list(commands) == [f"heygen-async {line}" for line in typed]


def test_of_several_renders_a_person_names_the_right_one() -> None:
    """To send such a row again would pay for it a third time; each row has a command of its own."""
    several = {7: "row 7: 2 renders at HeyGen may be it: a, b", 9: "row 9: 2 renders at HeyGen may be it: c, d"}
    first, second = steps(Counter(unknown=3), 0, str(HERE), several)
    assert first.text.startswith("2 rows may each have one of several renders")
    assert all(words in first.text for words in several.values())
    assert first.commands == tuple(f"heygen-async decide campaign.db --row {row} --adopt ID" for row in several)
    assert second.text.startswith("1 row needs your decision")


def test_a_path_with_spaces_is_one_word() -> None:
    """As a shell reads it."""
    assert command("resume", "my campaign's.db") == """heygen-async resume 'my campaign'"'"'s.db'"""


# Sections


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({}, "There are no rows yet."),
        ({"completed": 1}, "The video is ready."),
        ({"completed": 3}, "All 3 videos are ready."),
        ({"completed": 1, "failed": 1}, "1 of 2 videos is ready."),
        ({"completed": 2000, "planned": 1}, "2,000 of 2,001 videos are ready."),
    ],
)
def test_the_headline_is_the_campaign_in_one_sentence(counts: dict[str, int], words: str) -> None:
    """For who reads nothing else."""
    assert sections.headline(Counter(counts)) == words


def test_the_bar_is_filled_by_all_rows() -> None:
    """Each state by its share, and in words."""
    drawn = sections.progress(Counter(completed=3, failed=1))
    assert [shape.attributes["width"] for shape in drawn.shapes] == [750, 250]
    assert drawn.description == "3 ready and 1 failed"
