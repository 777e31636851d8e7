"""Lists and journals: what a row of a list is to the journal, by its identity, its cells and its request."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anyio
import attrs
import pytest

from heygen_async import Completed, DirectVideo, Failed, HeyGen, Job, Journal, Merge, errors
from heygen_async.bulk.campaign.campaign import preview
from heygen_async.bulk.campaign.list_taker import ListTaker
from heygen_async.bulk.jobs import keys
from heygen_async.bulk.jobs.job import numbered
from heygen_async.bulk.jobs.records import Match
from heygen_async.bulk.jobs.row_match import KnownRow, match_of
from heygen_async.simulator import ErrorAnswer, World
from tests.helpers.journal_rows import entry

SAME, OTHER = entry("ada"), entry("ada", script="Other")
PLANNED = KnownRow(1, SAME.identity, SAME.row_hash, SAME.body_hash, "planned", None, 1, 0)


def known(state: str, spent: Any = None) -> KnownRow:
    return attrs.evolve(PLANNED, state=state, spent=spent)


@pytest.mark.parametrize(
    ("state", "spent", "same", "other", "fed_back"),
    [
        ("planned", None, "unchanged", "replaced", "unchanged"),
        ("dropped", None, "new", "replaced", "new"),
        ("intended", None, "unchanged", "busy", "unchanged"),
        ("submitted", None, "unchanged", "busy", "unchanged"),
        ("unknown", "unknown", "unchanged", "busy", "unchanged"),
        ("completed", "yes", "unchanged", "changed", "unchanged"),
        ("failed", "no", "unchanged", "replaced", "retried"),
        ("failed", "yes", "unchanged", "changed", "unchanged"),
        ("failed", "unknown", "unchanged", "changed", "unchanged"),
    ],
)
def test_a_row_of_a_list_meets_a_row_of_the_journal(
    state: str, spent: Any, same: Match, other: Match, fed_back: Match
) -> None:
    """What is paid for, or may be, is never planned again by a list alone; what cost nothing is."""
    row = known(state, spent)
    assert match_of(SAME, row, mark=2, is_made=True) == same
    assert match_of(OTHER, row, mark=2, is_made=False) == other
    assert match_of(attrs.evolve(SAME, again=True), row, mark=2, is_made=False) == fed_back
    assert match_of(SAME, row, mark=1, is_made=False) == "repeated"


@pytest.mark.parametrize(
    ("state", "same", "first", "third"),
    [
        ("planned", "unchanged", "unchanged", "changed"),
        ("dropped", "changed", "unchanged", "changed"),
        ("failed", "unchanged", "unchanged", "changed"),
    ],
)
def test_a_row_that_is_to_be_rendered_again_has_its_former_video(
    state: str, same: Match, first: Match, third: Match
) -> None:
    """The request of the former video needs no render; a third one needs a word of its own."""
    row, former = known(state, "no" if state == "failed" else None), {"first"}
    assert match_of(SAME, row, mark=2, is_made=True, former=former) == same
    assert match_of(attrs.evolve(SAME, body_hash="first"), row, mark=2, is_made=True, former=former) == first
    assert match_of(OTHER, row, mark=2, is_made=False, former=former) == third


def test_a_row_that_the_journal_does_not_have() -> None:
    """It is new, unless another row has a video of the same request already."""
    assert match_of(SAME, None, mark=2, is_made=False) == "new"
    assert match_of(SAME, None, mark=2, is_made=True) == "equal"


def dv(text: str) -> DirectVideo:
    return DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=text)


def greetings(*names: str, text: str = "Hi", **cells: str) -> list[Job]:
    return [Job(request=dv(f"{text} {name}"), row={"name": name, **cells}) for name in names]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "c.db"


async def run(heygen: HeyGen, jobs: Any, path: Path, **options: Any) -> tuple[list[Any], Merge]:
    async with heygen.render_many(jobs, journal=path, **options) as results:
        found = [result async for result in results]
    assert results.merge is not None
    return found, results.merge


@pytest.mark.parametrize(
    "second",
    [
        greetings("Ada", "Bo", "Cy", newsletter="yes"),
        greetings("Cy", "Ada", "Bo"),
        [Job(request=dv(f"Hi {name}")) for name in ("Ada", "Bo", "Cy")],
    ],
    ids=["one more column", "another order", "no cells"],
)
async def test_cells_that_nothing_uses_play_no_part(
    heygen: HeyGen, world: World, path: Path, second: list[Job]
) -> None:
    """A list that was exported again renders nothing again."""
    await run(heygen, greetings("Ada", "Bo", "Cy"), path)
    found, merge = await run(heygen, second, path)
    assert (found, merge.unchanged, len(world.ledger)) == ([], 3, 3)


async def test_an_edited_script_waits_for_a_word(heygen: HeyGen, world: World, path: Path) -> None:
    """A full stop that became an exclamation mark pays for nothing by itself; `again` does, under new keys."""
    await run(heygen, greetings("Ada", "Bo"), path)
    found, merge = await run(heygen, greetings("Ada", "Bo", text="Hello"), path)
    assert (found, merge.changed, merge.waiting, len(world.ledger)) == ([], 2, 2, 2)
    found, merge = await run(heygen, greetings("Ada", "Bo", text="Hello"), path, again=True)
    assert (len(found), merge.waiting, len(world.ledger)) == (2, 0, 4)
    found, _ = await run(heygen, greetings("Ada", "Bo"), path, again=True)
    assert [type(result) for result in found] == [Completed] * 2
    assert len(world.ledger) == 6  # changed and changed back: HeyGen would replay the first answer under the first key


@pytest.mark.parametrize("fails", [False, True], ids=["not sent", "failed free"])
@pytest.mark.parametrize("named", [True, False], ids=["by its id", "by its cells"])
async def test_a_third_request_keeps_the_first_video(
    heygen: HeyGen, world: World, path: Path, *, named: bool, fails: bool
) -> None:
    """`--again` made no video before the list was edited once more: the row has its video until the next word."""

    def ada(text: str) -> list[Job]:
        return [Job(request=dv(text), row={"name": "Ada"}, name="ada" if named else None)]

    ((first,), _) = await run(heygen, ada("Hi"), path)
    if fails:
        world.faults.append(ErrorAnswer(method="POST", nth=1, status=400, code="invalid_parameter"))
        await run(heygen, ada("Hello"), path, again=True)
    else:
        with Journal(path) as journal:
            await ListTaker(journal, again=True).take_all(numbered(ada("Hello")))
    for text in ("Good day", "Good day", "Hello"):
        found, merge = await run(heygen, ada(text), path)
        assert (found, merge.changed, len(world.ledger)) == ([], 1, 1)
        with Journal(path) as journal:
            record, ((body,),) = journal.get(1), journal._rows("SELECT body FROM requests")
        script = json.loads(body)["script"]
        assert (record.state, record.video_id, script) == ("completed", first.video.id, "Hi")
    found, merge = await run(heygen, ada("Good day"), path, again=True)
    assert (len(found), merge.waiting, len(world.ledger)) == (1, 0, 2)


async def test_a_former_render_keeps_the_hash_of_its_own_request(heygen: HeyGen, path: Path) -> None:
    """A row that is rendered again remembers what its first video was made of."""
    await run(heygen, greetings("Ada"), path)
    with Journal(path) as journal:
        first = journal.get(1).body_hash
    await run(heygen, [Job(request=dv("Hello Ada"), row={"name": "Ada"})], path, again=True)
    with Journal(path) as journal:
        assert journal._rows("SELECT body_hash FROM former") == [(first,)]
        assert journal.get(1).body_hash != first


async def test_a_request_that_has_a_video_under_another_name_waits_for_a_word(
    heygen: HeyGen, world: World, path: Path
) -> None:
    """The same words for a new contact: perhaps the same contact with another id."""
    await run(heygen, [Job(request=dv("Hi"), name="1")], path)
    found, merge = await run(heygen, [Job(request=dv("Hi"), name="1"), Job(request=dv("Hi"), name="2")], path)
    assert (found, merge.equal, len(world.ledger)) == ([], 1, 1)
    found, merge = await run(
        heygen, [Job(request=dv("Hi"), name="1"), Job(request=dv("Hi"), name="2")], path, again=True
    )
    assert (len(found), len(world.ledger)) == (1, 2)


async def test_rows_that_left_the_list_are_dropped(heygen: HeyGen, world: World, path: Path) -> None:
    """A corrected list sends its own rows only; a row that comes back is sent."""
    with Journal(path, create=True) as journal:
        await ListTaker(journal).take_all(numbered(greetings("Ada", "Bo", "Unsubscribed")))
    found, merge = await run(heygen, greetings("Ada", "Bob"), path)
    assert (len(found), merge.dropped, merge.removed) == (2, 2, 2)
    assert {charge.body["script"] for charge in world.ledger} == {"Hi Ada", "Hi Bob"}
    with Journal(path) as journal:
        assert journal.counts() == {"completed": 2, "dropped": 2}
    found, merge = await run(heygen, greetings("Ada", "Bo"), path)
    assert ([result.row["name"] for result in found], merge.new) == (["Bo"], 1)


async def test_the_form_of_a_letter_does_not_matter(heygen: HeyGen, world: World, path: Path) -> None:
    """A letter with its accent in one character or in two is the same letter."""
    await run(heygen, greetings("Zo\u00e9"), path)
    found, merge = await run(heygen, greetings("Zoe\u0301"), path)
    assert (found, merge.unchanged) == ([], 1)
    assert keys.named("Zo\u00e9") == keys.named("Zoe\u0301")


async def test_two_requests_for_one_row_are_two_rows(heygen: HeyGen, world: World, path: Path) -> None:
    """None of them is dropped; a second run renders neither."""
    row = {"name": "Ada"}
    jobs = [Job(request=dv("Welcome"), row=row), Job(request=dv("Goodbye"), row=row)]
    found, merge = await run(heygen, jobs, path)
    assert (len(found), merge.new) == (2, 2)
    found, merge = await run(heygen, jobs, path)
    assert (found, merge.unchanged, len(world.ledger)) == ([], 2, 2)


async def test_two_requests_under_one_name_are_told(heygen: HeyGen, world: World, path: Path) -> None:
    """A name belongs to one row: the second request fails with the mend, and costs nothing."""
    jobs = [Job(request=dv("1"), name="x"), Job(request=dv("2"), name="x"), Job(request=dv("1"), name="x")]
    found, merge = await run(heygen, jobs, path)
    failed = next(result for result in found if isinstance(result, Failed))
    assert isinstance(failed.error, errors.InvalidInputError)
    assert "item 1: an earlier row has the same id 'x'" in failed.error.message
    assert (merge.new, merge.repeated, len(world.ledger)) == (1, 1, 1)


class Contact:
    """A row without a stable form."""


@attrs.frozen
class Person:
    name: str
    tags: frozenset[str]


async def test_a_row_without_a_stable_form_needs_a_name(heygen: HeyGen, world: World, path: Path) -> None:
    """An object that is shown by its address would be another row tomorrow."""
    jobs = [Job(request=dv("1"), row=Contact()), Job(request=dv("2"), row=Contact(), name="two")]
    found, _ = await run(heygen, jobs, path)
    failed = next(result for result in found if isinstance(result, Failed))
    assert "a Contact has no form that is the same tomorrow" in failed.error.message
    assert len(world.ledger) == 1


def test_sets_and_records_have_a_stable_form() -> None:
    """The order of a set does not matter; attrs classes are told apart by their values."""
    one, other = Person("Ada", frozenset("abc")), Person("Ada", frozenset("cba"))
    assert (
        keys.row_hash({"who": one}) == keys.row_hash({"who": other}) != keys.row_hash({"who": Person("Bo", one.tags)})
    )


async def test_failed_rows_fed_back_are_sent_again(heygen: HeyGen, world: World, path: Path) -> None:
    """Exactly the rows of the list of failed rows, whatever its extra columns."""
    with Journal(path, create=True) as journal:
        await ListTaker(journal).take_all(numbered(greetings("Ada", "Bo", "Cy")))
        for job_id in (1, 2):
            journal.intend(job_id)
            journal.failed(job_id, code="rendering_failed", error="no face", spent="no")
    failed = greetings("Ada", "Bo", heygen_error_code="rendering_failed", heygen_error="no face")
    found, merge = await run(heygen, failed, path)
    assert (len(found), merge.retried, merge.dropped) == (2, 2, 1)
    assert {charge.body["script"] for charge in world.ledger} == {"Hi Ada", "Hi Bo"}


async def test_a_preview_counts_and_prices_without_a_change(heygen: HeyGen, path: Path) -> None:
    """What a list would do is known before anything is decided."""
    await run(heygen, greetings("Ada", "Bo"), path)
    with Journal(path) as journal:
        before = [*journal.records()]
        merge = preview(journal, greetings("Ada", "Bo", "Cy", text="Hello"))
        assert [*journal.records()] == before
    assert (merge.new, merge.changed) == (1, 2)
    assert 0 < merge.low_usd < merge.high_usd


async def test_a_list_that_was_not_taken_in_whole_is_known(heygen: HeyGen, world: World, path: Path) -> None:
    """Its source raised: nothing is dropped, and the journal says that the list is not whole."""

    def broken() -> Any:
        yield from greetings("Ada")
        raise RuntimeError("the file ends here")

    await run(heygen, greetings("Bo"), path)
    with pytest.raises(RuntimeError):
        await run(heygen, broken(), path)
    with Journal(path) as journal:
        newest = journal.newest_list()
        assert newest is not None
        assert not newest.whole
    assert len(world.ledger) == 1


@pytest.mark.unmeasured
async def test_an_async_source_is_read_a_little_ahead_of_the_run(heygen: HeyGen, world: World, path: Path) -> None:
    """The first video is there long before the source has ended, and no more than a stated number of rows is read."""
    read = 0

    async def slow() -> Any:
        nonlocal read
        for n in range(10):
            yield dv(f"Hi {n}")
            read += 1
            await anyio.sleep(600)

    async with heygen.render_many(slow(), journal=path) as results:
        async for result in results:
            assert isinstance(result, Completed)
            assert anyio.current_time() < 600
            break
    assert read == 1
    found, merge = await run(heygen, slow(), path)
    assert (len(found), merge.new, len(world.ledger)) == (9, 9, 10)


async def test_an_async_source_without_end_is_read_in_pages(heygen: HeyGen, world: World, path: Path) -> None:
    """The source runs ahead of the slots by no more than a page."""
    read = 0

    async def endless() -> Any:
        nonlocal read
        while True:
            read += 1
            yield dv(f"Hi {read}")

    async with heygen.render_many(endless(), journal=path, max_in_flight=2) as results:
        async for _ in results:
            break
    assert read < 500


async def test_an_async_source_that_raises_ends_after_its_rows(heygen: HeyGen, world: World, path: Path) -> None:
    """The rows before the error are followed to their end, then it is raised."""

    async def broken() -> Any:
        yield dv("Hi 1")
        yield dv("Hi 2")
        raise RuntimeError("the stream broke")

    with pytest.raises(RuntimeError, match="the stream broke"):
        await run(heygen, broken(), path)
    with Journal(path) as journal:
        assert journal.counts() == {"completed": 2}
