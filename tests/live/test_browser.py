"""The live page and the report in a real browser: by keyboard, as a screen reader is told, at all widths."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from heygen_async import DirectVideo, HeyGen, Job, Journal, write_report
from heygen_async.bulk.campaign.wish_keeper import wait_for_wish
from heygen_async.live.server import live_page
from heygen_async.simulator import FailedRender, World, run, serve
from tests.helpers.browser import Tab, chromium, opened_tab

pytestmark = pytest.mark.browser

SPEED = 30.0  # of the run and the page; the browser's time is real
NAMED = {"button", "link", "textbox", "searchbox", "combobox", "spinbutton", "dialog", "image", "Video"}
Story = Callable[[Tab, HeyGen, World], Awaitable[None]]


@pytest.fixture(autouse=True)
def _browser() -> None:
    chromium()


def tell(story: Story, folder: Path) -> None:
    """Let a story happen between a browser and a simulated HeyGen, in compressed time."""

    async def main() -> None:
        world = World()
        async with (
            serve(world) as server,
            HeyGen("simulator-key", base_url=server.base_url) as heygen,
            opened_tab(folder) as tab,
        ):
            await story(tab, heygen, world)

    run(main, speed=SPEED)


def jobs(count: int) -> list[Job]:
    return [
        Job(
            request=DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi number {n};"),
            row={"name": f"Ada {n:02}"},
        )
        for n in range(count)
    ]


async def check_names(tab: Tab) -> None:
    """Whatever can be used or looked at has a name that can be spoken."""
    nameless = [role for role, name in await tab.spoken() if role in NAMED and not name.strip()]
    assert nameless == []


async def check_widths(tab: Tab) -> None:
    """The page fits, from a phone to a desk, in light and dark."""
    for width in (360, 390, 768, 1280):
        for dark in (False, True):
            await tab.resize(width, dark=dark)
            assert await tab.value("document.documentElement.scrollWidth") <= width, (width, dark)


async def focused(tab: Tab) -> str:
    return str(await tab.value("document.activeElement.textContent || document.activeElement.id"))


@pytest.mark.unmeasured
def test_a_person_approves_by_keyboard_and_sees_the_videos_come(tmp_path: Path) -> None:
    """The press asks with its cost, "No" has the focus, and nothing is fetched from elsewhere."""
    path = tmp_path / "c.db"
    Journal(path, create=True).close()

    async def story(tab: Tab, heygen: HeyGen, world: World) -> None:
        async with (
            live_page(str(path)) as page,
            heygen.render_many(
                jobs(12), journal=path, canary=3, approve=wait_for_wish, download_to=tmp_path / "out", submit="each"
            ) as results,
        ):
            await tab.go(page.address)
            await tab.until("document.querySelector('[data-wish=approve]')")
            assert await tab.value("document.querySelectorAll('.side video').length") == 3
            await check_names(tab)
            await check_widths(tab)
            await tab.value("document.querySelector('[data-wish=approve]').focus()")
            await tab.press("Enter")
            await tab.until("document.querySelector('dialog[open]')")
            assert ("dialog", await tab.value("document.getElementById('question').textContent")) in await tab.spoken()
            assert "Make 9 more videos? This costs" in await tab.value("document.querySelector('dialog').innerText")
            assert await focused(tab) == "No"
            await tab.press("Escape")
            await tab.until("!document.querySelector('dialog[open]')")
            assert await focused(tab) == "Approve"
            assert len(world.ledger) == 3
            await tab.press(" ")
            await tab.until("document.querySelector('dialog[open]')")
            await tab.press("Tab", shift=True)
            assert await focused(tab) == "Yes"
            await tab.press("Enter")
            await tab.until("document.querySelector('.toast').textContent === 'The run is told.'")
            await tab.until("!document.querySelector('[data-part=approval]')")
            await results.collect()
            await tab.until("document.querySelectorAll('.badge.completed').length === 12")
            await tab.until("document.querySelector('.headline').textContent.includes('All 12')")
            await tab.until("document.querySelector('.wishes').textContent.includes('Approved')")
            foreign = [url for url in tab.requests if not url.startswith((page.address, "about:", "data:"))]
            assert [url for url in foreign if not url.endswith("/favicon.ico")] == []
        await tab.until("document.querySelector('.toast').textContent.includes('no more')")
        assert tab.complaints == []
        assert len(world.ledger) == 12

    tell(story, tmp_path)


@pytest.mark.unmeasured
def test_a_card_that_is_shown_stays_while_rows_change(tmp_path: Path) -> None:
    """So a video that plays goes on; a row that fails brings the button that makes it again."""
    path = tmp_path / "c.db"
    Journal(path, create=True).close()

    async def story(tab: Tab, heygen: HeyGen, world: World) -> None:
        world.faults.append(FailedRender(contains="number 1;", code="rendering_failed", message="no face"))
        async with (
            live_page(str(path)) as page,
            heygen.render_many(
                jobs(6), journal=path, max_in_flight=2, download_to=tmp_path / "out", submit="each"
            ) as results,
        ):
            await tab.go(page.address)
            await tab.until("document.querySelector('.card video')")
            await tab.value("window.kept = document.querySelector('.card video'), 0")
            await results.collect()
            await tab.until("document.querySelectorAll('.badge.completed').length === 5")
            assert await tab.value("window.kept.isConnected")
            await tab.until("document.querySelector('[data-wish=retry]')")
            await check_names(tab)
            assert await tab.value("document.querySelector('#usd') === null"), "there is no budget to change"

    tell(story, tmp_path)


@pytest.mark.unmeasured
def test_the_report_sorts_copies_and_prints_in_a_browser(tmp_path: Path) -> None:
    """From the disk, without a server."""
    path = tmp_path / "c.db"

    async def story(tab: Tab, heygen: HeyGen, world: World) -> None:
        async with heygen.render_many(jobs(60), journal=path, max_in_flight=20) as results:
            async for _ in results:
                if results.summary.completed == 10:
                    results.stop_submitting()
        await tab.go(write_report(path, tmp_path / "c.html").as_uri())
        await check_names(tab)
        await check_widths(tab)
        assert await tab.value("document.querySelectorAll('.card').length") == 24
        await tab.value("document.getElementById('as-table').focus()")
        await tab.press("Enter")
        await check_names(tab)
        await check_widths(tab)
        names = "[...document.querySelectorAll('#list tbody th')].map((cell) => cell.textContent)"
        assert await tab.value(f"{names}.at(0)") == "Ada 00"
        for direction, first in (("ascending", "Ada 00"), ("descending", "Ada 59")):
            await tab.value("document.querySelector('#list [data-key=title]').focus()")
            await tab.press("Enter")
            assert await tab.value("document.querySelector('#list [aria-sort]').ariaSort") == direction
            assert await tab.value(f"{names}.at(0)") == first
            assert await focused(tab) == "Name"
        await tab.value("window.copied = [], navigator.clipboard.writeText = async (text) => copied.push(text)")
        await tab.value("document.getElementById('copy-all').click()")
        await tab.until("copied.length === 1")
        with Journal(path, read_only=True) as journal:
            ready = [journal.links(record.id).page or "" for record in journal.records("completed")]
        lines = (await tab.value("copied[0]")).splitlines()
        assert sorted(line.split("\t")[1] for line in lines) == sorted(ready)
        await tab.value("dispatchEvent(new Event('beforeprint'))")
        assert await tab.value("document.querySelectorAll('#paper tbody tr').length") == 60
        assert tab.complaints == []
        assert all(url.startswith("file:") for url in tab.requests)

    tell(story, tmp_path)
