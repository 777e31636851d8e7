"""The live page over HTTP: what it shows and sends, and whom it obeys."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import anyio
import attrs
import pytest
from yarl import URL

from heygen_async import DirectVideo, Failed, HeyGen, Job, Journal, VideoAgent, errors
from heygen_async.bulk.campaign.wish_keeper import wait_for_wish
from heygen_async.bulk.jobs.records import SavedFile
from heygen_async.bulk.run.run_options import RunSettings
from heygen_async.bulk.wishes.wish_box import WishBox
from heygen_async.live import server
from heygen_async.live.server import live_page
from heygen_async.live.sight import Sight
from heygen_async.simulator import DropBefore, FailedRender, World
from tests.helpers.journal_rows import entry, prepared, take_in
from tests.helpers.report_page import Page


@pytest.fixture
def path(tmp_path: Path) -> Path:
    Journal(tmp_path / "c.db", create=True).close()
    return tmp_path / "c.db"


class Visitor:
    """A browser that has opened the page: it keeps the cookie and sends the origin, as browsers do."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self.session = session
        self.url = URL(address)
        self.headers = {"Origin": str(self.url.origin())}

    async def page(self, place: str = "") -> Page:
        async with self.session.get(self.url.join(URL(place))) as answer:
            assert answer.status == 200
            return Page(await answer.text())

    async def press(self, place: str, wish: Any, **changes: Any) -> tuple[int, str]:
        async with self.session.post(
            self.url.join(URL(place)), **{"json": wish, "headers": self.headers, **changes}
        ) as answer:
            if answer.content_type != "application/json":
                return answer.status, await answer.text()
            return answer.status, (await answer.json())["text"]

    async def asks(self, kind: str, **details: Any) -> str:
        return (await self.press("question", {"kind": kind, **details}))[1]


async def visitor_of(address: str, session: aiohttp.ClientSession) -> Visitor:
    visitor = Visitor(session, address)
    await visitor.page()
    return visitor


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as made:
        yield made


def jobs(count: int) -> list[Job]:
    return [
        Job(
            request=DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi number {n};"),
            row={"name": f"Ada {n}"},
        )
        for n in range(count)
    ]


def pending(path: Path) -> list[tuple[str, Any]]:
    with WishBox(path) as box:
        return [(wish.kind, dict(wish.details)) for wish in box.pending()]


async def event(stream: aiohttp.StreamReader, name: str) -> Any:
    """Return the data of the next event with this name."""
    while True:
        line = (await stream.readline()).decode()
        assert line, "the stream has ended"
        if line == f"event: {name}\n":
            return json.loads((await stream.readline()).decode().removeprefix("data: "))


# A run in this process


async def test_the_first_videos_are_looked_at_and_approved_of(
    heygen: HeyGen, path: Path, session: aiohttp.ClientSession, world: World
) -> None:
    """They stand side by side, the press asks with its cost, and the others are made."""
    async with (
        live_page(str(path)) as page,
        heygen.render_many(
            jobs(7), journal=path, canary=2, approve=wait_for_wish, budget_usd=40, download_to=path.parent / "out"
        ) as results,
    ):
        visitor = await visitor_of(page.address, session)
        for _ in range(2):
            await anext(results)
        await anyio.sleep(5)
        shown = await visitor.page()
        assert shown.text("h2.approval") == "Are the first videos good?"
        assert shown.texts["figcaption"][:2] == ["Ada 0Hi number 0;", "Ada 1Hi number 1;"]
        videos = [told["src"] or "" for tag, told in shown.elements if tag == "video"]
        assert videos == ["files/1/video", "files/2/video"]
        async with session.get(visitor.url.join(URL(videos[0])), headers={"Range": "bytes=0-7"}) as answer:
            assert (answer.status, len(await answer.read())) == (206, 8)
        text = await visitor.asks("approve")
        assert re.fullmatch(
            r"Make 5 more videos\? This costs [\d.]+ to [\d.]+ US dollars by HeyGen's price list. "
            r"Of the budget, 3\d.\d\d are left.",
            text,
        )
        assert await visitor.press("wishes", {"kind": "approve"}) == (202, "The run is told.")
        assert len(await results.collect()) == 5
        after = await visitor.page("parts")
        assert "approval" not in after.text("h2.approval")
        assert "Approved: the other rows are made." in after.text("ul.wishes")
    assert len(world.ledger) == 7


async def test_the_page_follows_the_run(heygen: HeyGen, path: Path, session: aiohttp.ClientSession) -> None:
    """Rows come as they change, parts are said to have changed, and the end of the page is said."""
    async with contextlib.AsyncExitStack() as stack, contextlib.AsyncExitStack() as pages:
        page = await pages.enter_async_context(live_page(str(path)))
        visitor = await visitor_of(page.address, session)
        stream = await stack.enter_async_context(session.get(visitor.url.join(URL("events?since=0"))))
        assert stream.content_type == "text/event-stream"
        await event(stream.content, "parts")
        async with heygen.render_many(jobs(3), journal=path) as results:
            await results.collect()
        seen: dict[int, str] = {}
        while list(seen.values()) != ["completed"] * 3:
            rows = await event(stream.content, "rows")
            seen |= {row["id"]: row["state"] for row in rows}
            assert all(row["cells"] == [["name", row["title"]]] for row in rows)
        again = await stack.enter_async_context(session.get(visitor.url.join(URL("events?since=1"))))
        assert [row["id"] for row in await event(again.content, "rows")] == [1, 2, 3]
        strange = await stack.enter_async_context(session.get(visitor.url.join(URL("events?since=x"))))
        await event(strange.content, "parts")
        with anyio.fail_after(60):
            while b": alive" not in await strange.content.readline():
                pass
        ended = anyio.Event()

        async def read_to_the_end() -> None:
            await event(stream.content, "end")
            ended.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read_to_the_end)
            await anyio.sleep(1)
            await pages.aclose()
            await ended.wait()


async def test_a_run_is_paused_and_goes_on(heygen: HeyGen, path: Path, session: aiohttp.ClientSession) -> None:
    """The buttons are those that fit, and say what goes on."""
    async with (
        live_page(str(path)) as page,
        heygen.render_many(jobs(30), journal=path, max_in_flight=2, submit="each") as results,
    ):
        visitor = await visitor_of(page.address, session)
        await anext(results)
        shown = await visitor.page()
        assert shown.text("h2.control") == "A run is at work"
        assert re.search(r"Ready about \d\d:\d\d, in about \d+ min", shown.text("p.ready"))
        assert "next" not in shown.text("h2.next"), "nothing need be typed while a run is at work"
        assert "will be finished and paid for, up to" in await visitor.asks("pause")
        await visitor.press("wishes", {"kind": "pause"})
        await anyio.sleep(11)
        assert (await visitor.page()).text("h2.control") == "The run is paused"
        assert (await visitor.asks("go_on")).startswith("Make ")
        await anyio.sleep(3600)
        assert (await visitor.asks("stop")).startswith("Begin no more videos? This costs nothing.")
        await visitor.press("wishes", {"kind": "stop"})
        await anyio.sleep(2)
        assert (await visitor.page()).text("h2.control") == "The run is ending"
        await results.collect()


# Nobody at work


@pytest.fixture
async def left(heygen: HeyGen, path: Path, world: World) -> Path:
    """A campaign with a row that failed, one to be decided, and one that waits."""
    world.faults += [
        FailedRender(contains="number 0;", code="rendering_failed", message="no face"),
        DropBefore(method="POST", path="/v3/video-agents", nth=1),
    ]
    rows: list[Job] = [Job(request=VideoAgent(prompt="Lost"), row={"name": "Lost Agent"}), *jobs(30)]
    async with heygen.render_many(rows, journal=path, budget_usd=90, max_in_flight=2, submit="each") as results:
        async for result in results:
            if isinstance(result, Failed) and result.row["name"] == "Ada 0":
                results.stop_submitting()
    return path


async def test_what_is_left_is_decided_on_the_page(left: Path, session: aiohttp.ClientSession, heygen: HeyGen) -> None:
    """Each press says its cost; the next run does what was wished."""
    async with live_page(str(left)) as page:
        visitor = await visitor_of(page.address, session)
        shown = await visitor.page()
        assert shown.text("h2.control") == "No run is at work"
        assert f"heygen-async resume {left}" in shown.commands
        assert shown.text("p.ready") == ""
        assert "press Go on" in Sight(str(left), can_begin=True).page()
        assert shown.text("h2.held") == "1 row needs your decision"
        assert "Lost Agent (row 1)" in shown.text("ul.held")
        wishes = {told["data-wish"] for tag, told in shown.elements if tag == "button" and "data-wish" in told}
        assert wishes == {"send_again", "give_up", "retry", "budget"}
        assert "is paid for twice" in await visitor.asks("send_again", row=1)
        assert "may have been paid for already" in await visitor.asks("give_up")
        assert await visitor.asks("send_again", row=5) == "This is decided already."
        assert (await visitor.asks("retry", code="rendering_failed")).startswith(
            "Make 1 failed video again? This costs"
        )
        assert "None can be made again" in await visitor.asks("retry", code="no_such_code")
        assert "in place of 90.00?" in await visitor.asks("budget", usd=250)
        assert "are spent already" in await visitor.asks("budget", usd=0.01)
        noted = "Noted. It is done when the campaign is resumed."
        assert await visitor.press("wishes", {"kind": "give_up", "row": 1}) == (202, noted)
        assert await visitor.press("wishes", {"kind": "retry", "code": "rendering_failed"}) == (202, noted)
        assert await visitor.press("wishes", {"kind": "budget", "usd": 250}) == (202, noted)
        assert "Give row 1 up. It is done when the campaign is resumed." in (await visitor.page()).text("ul.wishes")
        async with heygen.resume(left) as results:
            await results.collect()
        said = (await visitor.page()).text("ul.wishes")
        assert "1 given up." in said
        assert "1 are made again now." in said
        assert "The budget is 250.00 US dollars now." in said


async def test_a_new_budget_begins_no_run_and_says_so(path: Path, session: aiohttp.ClientSession) -> None:
    """Where nobody works on the campaign, the question about a budget names the press that comes next."""
    with Journal(path) as journal:
        take_in(journal, entry())
        journal.set_meta(settings=RunSettings(budget_usd=4).to_json())
    async with live_page(str(path), begin=lambda: "A run begins.") as page:
        visitor = await visitor_of(page.address, session)
        assert (await visitor.asks("budget", usd=9)).endswith("none begins by this: press Go on afterwards.")
    async with live_page(str(path)) as page:
        visitor = await visitor_of(page.address, session)
        assert "Go on" not in await visitor.asks("budget", usd=9)


async def test_a_held_row_has_the_number_of_its_list(path: Path, session: aiohttp.ClientSession) -> None:
    """On the page, and in the words of what was wished about it."""
    with Journal(path) as journal:
        take_in(journal, attrs.evolve(entry(), line=17))
        journal.intend(1)
        journal.unknown(1, code="outcome_unknown", error="lost")
    with WishBox(path) as box:
        box.put("give_up", {"row": 1})
    async with live_page(str(path)) as page:
        shown = (await (await visitor_of(page.address, session)).page()).source
    assert "(row 17)" in shown
    assert "Give row 17 up" in shown


async def test_a_campaign_without_a_budget_has_none_to_change(path: Path, session: aiohttp.ClientSession) -> None:
    """Prices are told without one."""
    with Journal(path) as journal:
        take_in(journal, entry("1"), entry("2"))
    async with live_page(str(path)) as page:
        visitor = await visitor_of(page.address, session)
        assert await visitor.asks("budget", usd=5) == "This campaign has no budget."
        assert "budget" not in await visitor.asks("go_on")
        assert (await visitor.page()).text("input.usd") == ""


async def test_files_are_those_of_the_journal(path: Path, session: aiohttp.ClientSession) -> None:
    """By row and kind: nothing else on the disk can be asked for, and what is gone is not there."""
    journal_path = prepared(path.with_name("p.db"))
    with Journal(journal_path) as journal:
        journal.stored(1, "video", SavedFile(file="v.mp4", size_bytes=5))
    async with live_page(str(journal_path)) as page:
        places = ("1/video", "99/video", "1/thumbnail", "1/journal", "x/video", "..%2f..%2fp.db/video")
        for place in places:
            async with session.get(f"{page.address}files/{place}") as answer:
                assert answer.status == 404, place
        path.with_name("v.mp4").write_bytes(b"video")
        async with session.get(f"{page.address}files/1/video") as answer:
            assert (answer.status, answer.content_type, await answer.read()) == (200, "video/mp4", b"video")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


# Whom it obeys


@pytest.mark.parametrize(
    "changes",
    [
        {"headers": {}},
        {"headers": {"Origin": "https://evil.example"}},
        {"headers": {"Origin": "null"}},
        {"headers": {"Origin": "http://127.0.0.1:1"}},
        {"json": None, "data": '{"kind": "approve"}'},
        {"json": None, "data": {"kind": "approve"}},
        {"cookies": {server.COOKIE: "guessed"}},
    ],
)
async def test_a_press_of_another_site_is_refused(
    path: Path, session: aiohttp.ClientSession, changes: dict[str, Any]
) -> None:
    """Even if it knows the address: the origin, the cookie and the type must be those of the page itself."""
    async with live_page(str(path)) as page:
        visitor = await visitor_of(page.address, session)
        if "cookies" in changes:
            session.cookie_jar.clear()
        for place in ("wishes", "question"):
            assert await visitor.press(place, {"kind": "approve"}, **changes) == (
                403,
                "This must come from the page itself.",
            )
        session.cookie_jar.clear()
        assert (await visitor.press("wishes", {"kind": "approve"}))[0] == 403, "without a cookie"
        assert pending(path) == []


async def test_the_address_is_a_secret(path: Path, session: aiohttp.ClientSession) -> None:
    """Without the token there is no page; a foreign name that leads to this machine gets none either."""
    async with live_page(str(path)) as page:
        url = URL(page.address)
        for place in ("/", "/guess/", "/guess/events", "/guess/files/1/video"):
            async with session.get(url.join(URL(place))) as answer:
                assert answer.status == 404
                assert "c.db" not in await answer.text()
        async with session.get(url, headers={"Host": "evil.example"}) as answer:
            assert answer.status == 403
        async with live_page(str(path)) as other:
            assert URL(other.address).path != url.path
    assert len(url.path) > 30


async def test_the_page_may_talk_to_itself_only(path: Path, session: aiohttp.ClientSession) -> None:
    """Nothing from elsewhere, no frame around it, nothing kept, and a cookie that other sites do not send."""
    async with live_page(str(path)) as page, session.get(page.address) as answer:
        source = await answer.text()
        assert answer.headers["Content-Security-Policy"] == "frame-ancestors 'none'"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        cookie = answer.headers["Set-Cookie"]
        assert "SameSite=Strict" in cookie
        assert "HttpOnly" in cookie
    (policy,) = [told["content"] or "" for _, told in Page(source).elements if told.get("http-equiv")]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "connect-src 'self'; base-uri 'none'; form-action 'none'" in policy
    assert "http" not in policy
    assert "unsafe" not in policy
    assert "; ;" not in policy
    assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|\beval\b|Function\(", source)


@pytest.mark.parametrize("body", ["[]", "{", '{"kind": "delete"}', '{"kind": "budget", "usd": -1}', '"approve"'])
async def test_what_is_no_wish_is_refused(path: Path, session: aiohttp.ClientSession, body: str) -> None:
    """With a sentence, and nothing is stored."""
    async with live_page(str(path)) as page:
        visitor = await visitor_of(page.address, session)
        headers = {**visitor.headers, "Content-Type": "application/json"}
        status, text = await visitor.press("wishes", None, json=None, data=body, headers=headers)
        assert status == 422
        assert text
        assert (await visitor.press("wishes", {"kind": "retry", "code": "x" * 5000}))[0] == 413
        assert pending(path) == []


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 1 }}", "Zoë 🎉 مرحبا"]
)
async def test_what_stands_in_a_row_stays_text(path: Path, session: aiohttp.ClientSession, text: str) -> None:
    """In the names of rows to be decided, in codes, in commands."""
    with Journal(path) as journal:
        take_in(journal, entry("1"), entry("2"))
        journal._db.execute("UPDATE requests SET row = ?", (json.dumps({"name": text}),))
        for job_id in (1, 2):
            journal.intend(job_id)
        journal.unknown(1, code=text, error=text)
        journal.failed(2, code=text, error=text, spent="no")
    with WishBox(path) as box:
        box.put("retry", {"code": text})
    async with live_page(str(path)) as page:
        shown = await (await visitor_of(page.address, session)).page()
    assert f"{text} (row 1)" in shown.text("ul.held")
    assert shown.tags["img"] == 0
    assert shown.tags["script"] == 2
    assert not [told for _, told in shown.elements if any(name.startswith("on") for name in told)]


# Beginning


async def test_a_page_needs_a_journal_and_a_free_port(path: Path) -> None:
    """Both are said before anything is served."""
    with pytest.raises(errors.JournalError, match="no such journal"):
        async with live_page(str(path.with_name("nowhere.db"))):
            pass
    async with live_page(str(path)) as page:
        port = URL(page.address).port or 0
        with pytest.raises(errors.InvalidInputError, match=f"127.0.0.1:{port}: not free"):
            async with live_page(str(path), port=port):
                pass


async def test_a_page_for_the_network_is_reached_by_any_name(path: Path, session: aiohttp.ClientSession) -> None:
    """As its person wished; the token protects it all the same."""
    async with live_page(str(path), host="0.0.0.0") as page:  # noqa: S104 - what is tested
        url = URL(page.address).with_host("127.0.0.1")
        async with session.get(url, headers={"Host": "desk.example"}) as answer:
            assert answer.status == 200
        async with session.get(url.join(URL("/guess/"))) as answer:
            assert answer.status == 404
