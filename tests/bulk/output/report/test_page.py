"""A campaign as a page: true to its journal, safe whatever stands in a row, and whole."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
import sys
import time
from pathlib import Path
from typing import Any

import attrs
import pytest

from heygen_async import CinematicAvatar, DirectVideo, HeyGen, Job, Journal, VideoAgent, errors, write_report
from heygen_async.bulk.jobs import keys
from heygen_async.bulk.jobs.records import Entry, Links, SavedFile
from heygen_async.bulk.output.report.gallery import SHOWN_ROWS, Gallery, collect
from heygen_async.bulk.output.report.paths import ReportPaths
from heygen_async.bulk.output.report.queries import ReportData
from heygen_async.simulator import DropBefore, ErrorAnswer, FailedRender, World
from tests.helpers.journal_rows import entry, take_in
from tests.helpers.report_page import Page


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "campaign.db"


def page_of(path: Path, name: str = "report.html") -> Page:
    return Page(write_report(path, path.parent / name).read_text(encoding="utf-8"))


def script(n: int) -> Job:
    return Job(
        request=DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi number {n};"), row={"n": str(n)}
    )


def shift(path: Path, changes: str, *values: object) -> None:
    """Change the journal by hand, as time and accidents would."""
    with Journal(path) as journal:
        journal._db.execute(f"UPDATE jobs SET {changes}", values)  # noqa: S608 - our own words


# True to the journal


@pytest.fixture
async def campaign(heygen: HeyGen, world: World, path: Path) -> Path:
    """Rows of three kinds: rendered, failed in two ways, undecided, and some that were never sent."""
    world.faults += [
        FailedRender(contains="number 3;", code="rendering_failed", message="no face"),
        FailedRender(contains="number 4;", code="rendering_failed", message="no face either"),
        FailedRender(contains="number 5;", code="FACE_TOO_SMALL", message="step closer"),
        DropBefore(method="POST", path="/v3/video-agents", nth=1),
    ]
    jobs: list[Job] = [
        Job(request=VideoAgent(prompt="Lost"), row={"n": "lost"}),
        Job(request=VideoAgent(prompt="Welcome"), row={"n": "agent"}),
        Job(request=CinematicAvatar(prompt="walks", avatar_id="look_anna"), row={"n": "cinema"}),
        *map(script, range(20)),
    ]
    async with heygen.render_many(
        jobs, journal=path, download_to=path.parent / "out", max_in_flight=4, submit="each"
    ) as results:
        async for result in results:
            if result.row["n"] == "9":
                results.stop_submitting()
    return path


async def test_totals_and_rows_agree_with_the_journal(campaign: Path) -> None:
    """Each number of the page is one of the journal; each row is there with what was asked and what came."""
    page = page_of(campaign)
    with Journal(campaign, read_only=True) as journal:
        counts, records = journal.counts(), list(journal.records())
    assert counts["failed"] == 3
    assert counts["unknown"] == 1
    assert counts["planned"] > 0
    assert page.totals == {
        "Rows": 23,
        "Ready": counts["completed"],
        "Failed": 3,
        "To be decided": 1,
        "Not yet begun": counts["planned"],
    }
    assert page.text("p.headline") == f"{counts['completed']} of 23 videos are ready."
    rows = page.data["rows"]
    assert [row["id"] for row in rows] == [record.id for record in records]
    for row, record in zip(rows, records, strict=True):
        assert row["state"] == record.state
        assert row["cells"] == [[0, record.row["n"]]]
        assert row.get("script") == record.body.get("script")
        assert row.get("prompt") == record.body.get("prompt")
        assert (row.get("video"), row.get("code"), row.get("error")) == (
            record.video_id,
            record.error_code,
            record.error,
        )
        assert ("file" in row) == (record.state == "completed")
        assert ("link" in row) == (record.video_id is not None)


async def test_files_are_named_relative_to_the_page(campaign: Path) -> None:
    """Both can be moved together; none of them is loaded before it is played."""
    rows = [row for row in page_of(campaign).data["rows"] if "file" in row]
    assert rows
    assert all((campaign.parent / row["file"]).is_file() for row in rows)
    assert all(row["file"].startswith("out/") for row in rows)
    (campaign.parent / "pages").mkdir()
    page = Page(write_report(campaign, campaign.parent / "pages" / "r.html").read_text(encoding="utf-8"))
    assert page.data["rows"][1]["file"].startswith("../out/")


async def test_the_costs_are_those_of_the_completed_rows(campaign: Path, world: World) -> None:
    """By kind and together, least and most; failed ones are not billed, and what is unclear is told."""
    spent = page_of(campaign).texts["table.figures"][0]
    with Journal(campaign, read_only=True) as journal:
        seconds = {kind: seconds for kind, (_, seconds) in journal.rendered().items()}
        counts = journal.counts()
    low = seconds["avatar"] * 0.05
    high = seconds["avatar"] * 0.0667
    rest = 7.0 + seconds["video_agent"] * 0.0333
    assert f"{low:.2f} to {high:.2f}" in spent
    assert f"{low + rest:.2f} to {high + rest:.2f}" in spent
    assert "Cinematic shots1" in spent
    assert f"Together{counts['completed']}" in spent
    page = page_of(campaign)
    assert "1 render may have been paid for without a video in this report: 1 to be decided." in page.text("p.warning")
    assert "up to " in page.text("p.warning")


async def test_it_says_what_is_left_and_what_to_type(campaign: Path) -> None:
    """In plain words, with commands that name this journal."""
    page = page_of(campaign)
    assert page.commands[:5] == [
        f"heygen-async resume {campaign}",
        f"heygen-async audit {campaign}",
        f"heygen-async resume {campaign} --on-unknown resubmit",
        f"heygen-async retry {campaign} --failed",
        f"heygen-async resume {campaign}",
    ]
    steps = page.text("div.step")
    assert re.search(r"\d+ rows are left: \d+ not yet begun\.", steps)
    assert "1 row needs your decision" in steps
    assert "3 rows failed" in steps


async def test_failures_are_grouped_with_what_helps(campaign: Path) -> None:
    """The most frequent first, with an example; a code that nobody knows gets what is always sensible."""
    page = page_of(campaign)
    table = page.texts["table.failures"][0]
    assert table.index("rendering_failed") < table.index("FACE_TOO_SMALL")
    assert "no face" in table
    assert "It is not billed." in table
    assert "HeyGen gave a code that this version does not know." in table
    assert f"heygen-async retry {campaign} --failed --code FACE_TOO_SMALL" in page.commands
    buttons = [told["data-code"] for tag, told in page.elements if tag == "button" and "data-code" in told]
    assert buttons == ["rendering_failed", "FACE_TOO_SMALL"]


async def test_a_finished_campaign_has_nothing_left(heygen: HeyGen, path: Path) -> None:
    """And says so; both charts are there, and say in words what they show."""
    async with heygen.render_many([script(n) for n in range(3)], journal=path, max_in_flight=2) as results:
        assert len([result async for result in results]) == 3
    shift(path, "submitted_at = 1e9 + 60 * id, ended_at = 1e9 + 60 * id + 100 * id, intended_at = 1e9")
    page = page_of(path)
    assert page.text("p.headline") == "All 3 videos are ready."
    assert "Every row has its video" in page.text("div.step")
    assert page.text("desc.timeline-desc").startswith("1.4 at once on average over 7 min; at most 2")
    assert (
        page.text("desc.histogram-desc")
        == "3 renders: half took up to 3 min 20 s, 95 % up to 5 min, the longest 5 min."
    )
    assert "failures" not in page.text("h2.failures")
    assert page.tags["table"] == 1


def test_cards_have_the_names_of_people_and_what_can_be_shown_of_their_videos(path: Path) -> None:
    """The page of a video as HeyGen named it, and its still image if it is stored; else what is known."""
    (path.parent / "still.jpg").write_bytes(b"x")
    people: list[Any] = [
        {"Nr": "7", "Vorname": "Jürgen", "Nachname": "Müller", "E-Mail": "j@x.example"},
        {"Nr": "8", "E-Mail": "anna@x.example"},
        {"Nr": "9"},
    ]
    with Journal(path, create=True) as journal:
        take_in(journal, *(attrs.evolve(entry(str(n)), row=row) for n, row in enumerate(people)))
        for job_id, links in ((1, Links(page="https://heygen.example/p/1")), (2, Links())):
            journal.intend(job_id)
            journal.submitted(job_id, video_id=f"v{job_id}")
            journal.completed(job_id, video_id=f"v{job_id}", duration=2.0, price=(0.1, 0.14), links=links)
        journal.stored(1, "thumbnail", SavedFile(file="still.jpg", size_bytes=1))
    page = page_of(path)
    first, second, third = page.data["rows"]
    assert [row["title"] for row in (first, second, third)] == ["Jürgen Müller", "anna@x.example", "9"]
    assert (first["link"], first["still"], first["usd"]) == ("https://heygen.example/p/1", "still.jpg", 0.14)
    assert (second["link"], second.get("still")) == ("https://app.heygen.com/videos/v2", None)
    assert not {"link", "still", "usd", "ended"} & third.keys()


def test_a_journal_of_before_the_links_has_a_report(path: Path) -> None:
    """Its videos are found by their ids."""
    many(path, 1)
    shift(path, "state = 'completed', video_id = 'v1'")
    with Journal(path) as journal:
        journal._db.execute("DROP TABLE links")
    with ReportData(path) as data:
        assert data.pages() == {}
    assert page_of(path).data["rows"][0]["link"] == "https://app.heygen.com/videos/v1"


def test_the_page_is_called_as_its_campaign_and_names_its_list(path: Path) -> None:
    """Times are elements that the browser shows in the reader's own time zone."""
    with Journal(path, create=True) as journal:
        take_in(journal, entry("1"))
        journal.name_source(1, "/home/me/Herbst 2026.csv")
        journal.intend(1)
    page = page_of(path)
    assert page.text("h1") == "campaign"
    assert page.text("p.eyebrow") == "Video campaign · list Herbst 2026.csv"
    times = [told["datetime"] or "" for tag, told in page.elements if tag == "time"]
    assert len(times) == 3
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", at) for at in times)


async def test_rows_of_a_batch_are_said_to_have_waited(heygen: HeyGen, path: Path) -> None:
    """Their render times hold the time until their turn."""
    async with heygen.render_many([script(n) for n in range(3)], journal=path, submit="batch") as results:
        assert len([result async for result in results]) == 3
    assert "3 renders were sent in batches" in page_of(path).source


async def test_out_of_credit_is_seen_as_rows_that_are_left(heygen: HeyGen, world: World, path: Path) -> None:
    """Nothing failed: resume goes on."""
    world.faults.append(ErrorAnswer(method="POST", status=402, code="insufficient_credit"))
    with pytest.raises(errors.InsufficientCreditError):
        async with heygen.render_many([script(1)], journal=path) as results:
            assert [result async for result in results] == []
    page = page_of(path)
    assert page.totals["Not yet begun"] == 1
    assert "No video is ready" in page.source
    assert "no render has been accepted yet" in page.source.lower()


def test_an_empty_campaign_is_a_page_too(path: Path) -> None:
    """It says how to begin."""
    Journal(path, create=True).close()
    page = page_of(path)
    assert page.totals == {}, "zeros are left out"
    assert page.text("p.headline") == "There are no rows yet."
    assert page.commands == [f"heygen-async run contacts.csv --journal {path} ..."]
    assert page.data == {"columns": [], "rows": []}
    assert "Nothing has been sent yet" in page.text("p.dates")


def test_a_campaign_of_failures_only(path: Path) -> None:
    """A refusal before anything was accepted, one with an unclear outcome, one without a code."""
    with Journal(path, create=True) as journal:
        take_in(journal, *(entry(str(n)) for n in range(4)))
        for job_id, (code, spent) in enumerate(
            [("invalid_parameter", "no"), ("invalid_parameter", "no"), ("outcome_unknown", "unknown"), ("", "no")], 1
        ):
            journal.intend(job_id)
            journal.failed(job_id, code=code, error=f"message {job_id}", spent=spent)  # type: ignore[arg-type]
    page = page_of(path)
    assert page.text("p.headline") == "0 of 4 videos are ready."
    assert page.totals["Failed"] == 4
    assert page.tags["figure"] == 0
    table = page.texts["table.failures"][0]
    assert "invalid_parameter2" in table
    assert "message 1" in table
    assert "message 2" not in table
    assert "HeyGen gave no reason." in table
    assert f"heygen-async export {path} failed.csv" in page.commands
    assert "1 failed with an unclear outcome" in page.text("p.warning")


def test_failed_rows_that_left_the_list_need_nothing(path: Path) -> None:
    """No command is advised that would plan them again and never send them."""
    with Journal(path, create=True) as journal:
        take_in(journal, entry("a"), entry("b"))
        for job_id in (1, 2):
            journal.failed(job_id, code="x", error="x", spent="no")
        take_in(journal, entry("c"))
        journal.begin_again(1)
    page = page_of(path)
    assert f"heygen-async resume {path}" in page.commands
    assert "1 row is left" in page.text("div.step")
    assert "retry" not in page.text("div.step")


def test_renders_under_way_are_told_and_drawn_until_the_last_change(path: Path) -> None:
    """They will be billed when they finish; what was sent without an answer is not drawn."""
    with Journal(path, create=True) as journal:
        take_in(journal, entry("1"), entry("2"), entry("3"))
        for job_id in (1, 2, 3):
            journal.intend(job_id)
        journal.submitted(1, video_id="v1")
        journal.submitted(2, video_id="v2")
        journal.completed(2, video_id="v2", duration=2.0)
    shift(path, "submitted_at = 1e9, ended_at = CASE id WHEN 2 THEN 1e9 + 100 END, intended_at = 1e9 WHERE id < 3")
    shift(path, "intended_at = 1e9 + 200 WHERE id = 3")
    page = page_of(path)
    assert "3 rows are left" not in page.text("div.step")
    assert "2 rows are left: 1 being made at HeyGen and 1 sent, with the answer still to come." in page.text("div.step")
    assert "2 renders being made will be billed when finished." in page.source
    assert page.text("desc.timeline-desc").startswith("1.5 at once on average over 3 min 20 s.")


def test_earlier_tries_may_have_been_paid_for(path: Path) -> None:
    """A row whose text was changed when its video was there, and one that was sent again without knowing."""
    with Journal(path, create=True) as journal:
        take_in(journal, entry("1"), entry("2"))
        for job_id in (1, 2):
            journal.intend(job_id)
        journal.submitted(1, video_id="v1")
        journal.completed(1, video_id="v1", duration=2.0)
        journal.unknown(2, code="outcome_unknown", error="lost")
        journal.begin_again(2)
        take_in(journal, entry("1", script="Hello Ada"), again=True)
    warning = page_of(path).text("p.warning")
    assert warning.startswith("2 renders may have been paid for")
    assert "1 given up in an earlier try and 1 replaced after their rows were changed" in warning


def test_a_kind_without_a_known_price_is_not_passed_over(path: Path) -> None:
    """Its length is told, and that its price is missing."""
    with Journal(path, create=True) as journal:
        take_in(journal, entry("1"), attrs.evolve(entry("2"), kind="hologram"))
        for job_id, price in ((1, (3.0, 4.0)), (2, (None, None))):
            journal.intend(job_id)
            journal.submitted(job_id, video_id=f"v{job_id}")
            journal.completed(job_id, video_id=f"v{job_id}", duration=60.0, price=price)
    spent = page_of(path).texts["table.figures"][0]
    assert "hologram11 minno price known" in spent
    assert "3.00 to 4.00, and what has no known price" in spent


def test_a_file_that_is_gone_is_told(path: Path, tmp_path: Path) -> None:
    """Names with odd characters are links all the same; a relative one is looked for beside the journal too."""
    names = ["out/a b#1%?.mp4", str(tmp_path / "out" / "ä&<.mp4"), "out/gone.mp4", "javascript:alert(1)"]
    (tmp_path / "out").mkdir()
    for name in (*names[:2], names[3]):
        (tmp_path / name).write_bytes(b"x")
    with Journal(path, create=True) as journal:
        journal.set_meta(settings=json.dumps({"download_to": "out", "max_in_flight": "auto"}))
        take_in(journal, *(entry(str(n)) for n in range(5)))
        for job_id in range(1, 6):
            journal.intend(job_id)
            journal.submitted(job_id, video_id="v")
            journal.completed(job_id, video_id="v", duration=None)
            if job_id < 5:
                journal.stored(job_id, "video", SavedFile(file=names[job_id - 1], size_bytes=1))
    page = page_of(path)
    rows = page.data["rows"]
    assert [row.get("file") for row in rows] == [
        "out/a%20b%231%25%3F.mp4",
        "out/%C3%A4%26%3C.mp4",
        None,
        "javascript%3Aalert%281%29",
        None,
    ]
    assert rows[2]["missing"] == "out/gone.mp4"
    assert "2 finished videos are not on this disk" in page.text("div.step")


# Safe whatever stands in a row

NASTY = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]></style></title></textarea>",
    "\"><img src=x onerror=alert(1)> ' onload='alert(1)",
    "&lt;b&gt; &amp; &#60;",
    "${alert(1)} $style $$ {{ x }} %s",
    "🎉👩‍👩‍👧 Zoë",
    "مرحبا \u202eabc\u202c שלום",
    "line\nbreak\r\ttab\u2028\u2029 \x00\x01\x7f",
    "x" * 10_000,
    "javascript:alert(1)",
    "=1+1",
]


def marked(path: Path, text: str) -> Path:
    """A campaign with *text* wherever something foreign can stand: cells, their names, scripts, ids, errors, codes."""
    with Journal(path, create=True) as journal:
        row = {text: text, "name": text, "list": [text], "none": None}
        body = {"script": text, "prompt": text, "title": text}
        rows: list[Any] = [row, text, [text], None]
        take_in(
            journal,
            *(
                Entry(identity=str(n), row=row, kind=text, body=body, body_hash=keys.body_hash(text, [body, n]))
                for n, row in enumerate(rows)
            ),
        )
        for job_id in (1, 2, 3):
            journal.intend(job_id)
        journal.submitted(1, video_id=text, session_id=text)
        journal.completed(1, video_id=text, duration=1.0)
        journal.stored(1, "video", SavedFile(file=text.replace("\x00", ""), size_bytes=1))
        journal.failed(2, code=text, error=text, spent="no")
        journal.unknown(3, code=text, error=text)
    return path


@pytest.mark.unmeasured
@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_what_stands_in_a_row_stays_text(tmp_path: Path, text: str) -> None:
    """The page has the elements of a harmless campaign, no more, and the text comes out of its data as it went in."""
    harmless = page_of(marked(tmp_path / "c.db", "harmless"))
    path = marked(tmp_path / "d.db", text)
    page = page_of(path)
    words = len(next(command for command in page.commands if "--code" in command).split(" "))
    spans = page.tags["span"] - (words - 6)
    assert page.tags | {"span": spans} == harmless.tags
    assert not [told for _, told in page.elements if any(name.startswith("on") for name in told)]
    first, second, third, fourth = page.data["rows"]
    columns = page.data["columns"]
    assert {columns[place]: cell for place, cell in first["cells"]} == {
        text: text,
        "name": text,
        "list": json.dumps([text], ensure_ascii=False),
    }
    assert second["cells"] == [[columns.index("row"), text]]
    assert json.loads(third["cells"][0][1]) == [text]
    assert "cells" not in fourth
    assert fourth["title"] == "Row 4"
    assert first["title"] == first["script"] == first["prompt"] == first["video"] == text
    assert second["code"] == second["error"] == third["error"] == text
    assert first["link"].startswith("https://app.heygen.com/videos/")


def test_the_name_of_a_journal_is_text_too(tmp_path: Path) -> None:
    """In the title, the heading and the commands, where a shell would take it for one word."""
    path = marked(tmp_path / "<b>it's $title & co.db", "x")
    page = page_of(path)
    assert page.text("h1") == path.stem
    assert page.text("title").startswith(path.stem)
    assert page.tags["b"] == 0
    assert any("""'"'"'""" in command for command in page.commands)


def test_the_page_may_do_nothing_but_what_it_needs(path: Path) -> None:
    """Its own script and style by their hashes, files that lie beside it; nothing from elsewhere, no handlers."""
    page = page_of(marked(path, "x"))
    (policy,) = [told["content"] or "" for _, told in page.elements if told.get("http-equiv")]
    script, style = page.text("script"), page.text("style")
    for kind, text in (("script", script), ("style", style)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "http" not in policy
    for _, told in page.elements:
        assert not {"style", "src", "srcset", "action", "formaction"} & told.keys()
        assert (told.get("href") or "#").startswith("#")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|Function\(", script)
    assert not re.search(r"url\(|@import|@font-face", style)


def test_the_page_can_be_read_without_eyes(path: Path) -> None:
    """One main heading, no level left out, headers in tables, names for drawings and fields."""
    page = page_of(marked(path, "x"))
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))
    ids = [told["id"] for _, told in page.elements if "id" in told]
    assert len(ids) == len(set(ids))
    for tag, told in page.elements:
        if tag == "th":
            assert told["scope"] in {"col", "row"}
        if tag == "svg":
            assert set((told["aria-labelledby"] or "").split()) <= set(ids)
        if tag in {"input", "select"}:
            assert told["id"] in [other["for"] for label, other in page.elements if label == "label"]
    assert ("html", {"lang": "en"}) in page.elements


def test_texts_can_be_read_on_their_grounds(path: Path) -> None:
    """In light and in dark, contrast is at least 4.5 to 1, as WCAG 2 asks of small text."""
    style = page_of(marked(path, "x")).text("style")
    light, dark = (
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", part.partition("}")[0]))
        for part in style.split(":root {")[1:3]
    )
    assert light.keys() == dark.keys()
    for colors in (light, dark):
        for text in ("text", "quiet", "accent", "done", "bad", "doubt", "busy", "idle"):
            for ground in ("surface", "sunk", "ground"):
                at_least = 3.0 if text == "idle" else 4.5  # idle is for borders
                assert contrast(colors[text], colors[ground]) >= at_least, (text, ground)
        for ground in ("head-a", "head-b", "frame-a", "frame-b"):
            assert contrast("#ffffff", colors[ground]) >= 4.5


def contrast(one: str, other: str) -> float:
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def luminance(color: str) -> float:
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


# Large ones


def many(path: Path, count: int, text: str = "Hi") -> None:
    with Journal(path, create=True) as journal:
        take_in(journal, *(entry(str(n), script=f"{text} {n}") for n in range(count)))


def test_three_thousand_rows_are_all_there(path: Path) -> None:
    """In one page of a size that opens."""
    many(path, 3000)
    shift(
        path, "state = 'completed', submitted_at = 1e9 + id, ended_at = 1e9 + 2 * id, duration = 1, intended_at = 1e9"
    )
    page = page_of(path)
    assert len(page.data["rows"]) == 3000
    assert (
        page.text("p.notice")
        == "The gallery needs JavaScript, which is switched off here. results.csv lists every row."
    )
    assert page.totals["Ready"] == 3000
    assert len(page.source) < 1_500_000


@pytest.mark.unmeasured
def test_a_larger_campaign_shows_its_beginning_and_its_troubles(path: Path) -> None:
    """And says so, and what has the rest; totals are of all rows."""
    many(path, SHOWN_ROWS + 20)
    shift(
        path, "state = 'failed', error_code = 'x', spent = 'no' WHERE id IN (5, ?, ?)", SHOWN_ROWS + 3, SHOWN_ROWS + 9
    )
    page = page_of(path)
    ids = [row["id"] for row in page.data["rows"]]
    assert ids == [*range(1, SHOWN_ROWS + 1), SHOWN_ROWS + 3, SHOWN_ROWS + 9]
    assert "holds the first 5,000 and 2 further ones that failed or are to be decided" in page.texts["p.notice"][0]
    assert f"heygen-async export {path} results.csv" in page.texts["p.notice"][0]
    assert page.totals["Rows"] == SHOWN_ROWS + 20


def test_long_texts_leave_room_for_fewer_rows(path: Path) -> None:
    """A page of many megabytes would not open."""
    many(path, 50, "long " * 200)
    with ReportData(path) as journal:
        gallery = Gallery(total=50, room=10_000)
        places = ReportPaths(journal=path.parent, report=path.parent)
        assert gallery.add(journal.records(), places, 50) == len(gallery.rows) == 10
        assert not gallery.is_whole
        assert collect(journal, places).is_whole


# The file


def test_a_page_is_replaced_whole(path: Path, tmp_path: Path) -> None:
    """What was there goes in one moment, and nothing else is left behind."""
    many(path, 2)
    target = tmp_path / "pages" / "report.html"
    target.parent.mkdir()
    target.write_text("old")
    assert write_report(path, target) == target
    assert target.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("name", ["results.csv", "campaign.db", "nowhere/report.html", "folder.html"])
def test_a_place_that_cannot_take_it_is_refused(path: Path, tmp_path: Path, name: str) -> None:
    """In particular the journal itself; nothing is changed."""
    many(path, 1)
    (tmp_path / "folder.html").mkdir()
    before = sorted(tmp_path.iterdir())
    with pytest.raises(errors.InvalidInputError, match=name):
        write_report(path, tmp_path / name)
    assert set(tmp_path.iterdir()) <= {*before, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))}


def test_a_journal_in_use_can_be_reported_on(path: Path) -> None:
    """The open journal will do as well as its path, and the run that has it is not disturbed."""
    with Journal(path, create=True) as journal:
        take_in(journal, entry("1"))
        page = Page(write_report(journal, path.with_suffix(".htm")).read_text(encoding="utf-8"))
        assert page.totals["Not yet begun"] == 1
        journal.intend(1)


def test_all_questions_are_answered_as_of_one_moment(path: Path) -> None:
    """Totals and rows of a page agree though a run is at work."""
    many(path, 2)
    with Journal(path) as journal, ReportData(path) as reading:
        with reading.at_one_moment():
            assert reading.counts() == {"planned": 2}
            journal.intend(1)
            journal.failed(1, code="x", error="y", spent="no")
            assert reading.counts() == {"planned": 2}
            assert reading.failure_groups() == []
        assert reading.counts() == {"planned": 1, "failed": 1}


def test_a_report_of_no_journal_is_an_error(tmp_path: Path) -> None:
    """And leaves no page."""
    with pytest.raises(errors.JournalError, match="there is no such journal"):
        write_report(tmp_path / "nowhere.db", tmp_path / "r.html")
    assert list(tmp_path.iterdir()) == []


def test_without_jinja_a_report_says_what_to_install(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jinja2 comes with an extra; without it the page is not begun."""
    many(path, 1)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(errors.InvalidInputError, match=r"needs Jinja2: pip install .heygen-async\[templates\]"):
        write_report(path, path.parent / "r.html")
    assert not (path.parent / "r.html").exists()


def test_the_dates_are_those_of_the_rows(path: Path) -> None:
    """The first POST and the last change, in this machine's time."""
    many(path, 2)
    now = time.time()
    shift(path, "state = 'submitted', intended_at = ?, submitted_at = ? + 60 * id", now - 3600, now - 3600)
    began = time.strftime("%H:%M", time.localtime(now - 3600))
    changed = time.strftime("%H:%M", time.localtime(now - 3480))
    assert re.search(rf"Begun .*, {began} .*; last changed .*, {changed} ", page_of(path).text("p.dates"))
