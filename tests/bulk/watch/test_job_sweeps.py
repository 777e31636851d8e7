"""Sweeps of translations and lipsyncs: few requests, and no odd bulk answer ends, hides or loses a paid job."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import anyio
import pytest

from heygen_async import Completed, DirectVideo, Failed, HeyGen, Result, errors
from heygen_async.api.generated.clipping import ClippingRequest
from heygen_async.api.generated.lipsyncs import LipsyncRequest
from heygen_async.api.generated.translations import TranslationRequest
from heygen_async.simulator import AlteredAnswer, DropBefore, ErrorAnswer, FailedRender, Fault, UnknownStatus, World

FILM = "https://example.com/film.mp4"
LIPSYNCS, TRANSLATIONS = "/v3/lipsyncs", "/v3/video-translations"


def lipsyncs(count: int) -> list[LipsyncRequest]:
    return [LipsyncRequest(video=FILM, audio=FILM, title=f"Film {n}") for n in range(count)]


def translations(count: int) -> list[TranslationRequest]:
    return [
        TranslationRequest(video=FILM, output_languages=["French (France)"], title=f"Film {n}") for n in range(count)
    ]


REQUESTS: dict[str, Callable[[int], list[Any]]] = {LIPSYNCS: lipsyncs, TRANSLATIONS: translations}


async def collect(heygen: HeyGen, requests: Sequence[Any], **settings: Any) -> list[Result]:
    async with heygen.render_many(requests, **settings) as results:
        return [result async for result in results]


def gets(world: World, path: str) -> Counter[str]:
    """Return how often jobs below *path* were asked for in bulk and by themselves."""
    routes = [seen.route for seen in world.requests if seen.method == "GET" and seen.path.startswith(path)]
    return Counter("bulk" if route.endswith("/statuses") else "single" for route in routes)


def singly(world: World, path: str) -> Counter[str]:
    """Return how often each job was asked for by itself."""
    return Counter(seen.path for seen in world.requests if seen.method == "GET" and seen.route.startswith(f"{path}/{{"))


@pytest.mark.parametrize("path", REQUESTS)
async def test_eight_jobs_take_few_requests(heygen: HeyGen, world: World, path: str) -> None:
    """Jobs that end at different times are swept, and each is read once for its details."""
    world.slots, world.render_seconds = 8, lambda body: 60.0 + 10 * int(body["title"].rsplit(" ", 1)[1])
    results = await collect(heygen, REQUESTS[path](8), max_in_flight=8)
    assert all(isinstance(result, Completed) and result.video.video_url for result in results)
    assert set(singly(world, path).values()) == {1}
    assert len(singly(world, path)) == 8
    assert gets(world, path)["bulk"] <= 30
    assert world.now() < 130 + 8


@pytest.mark.parametrize("path", REQUESTS)
async def test_a_hundred_jobs_take_few_requests(heygen: HeyGen, world: World, path: str) -> None:
    """One request tells about up to a hundred jobs."""
    world.slots, world.render_seconds = 100, lambda body: 60.0 + int(body["title"].rsplit(" ", 1)[1]) % 50
    results = await collect(heygen, REQUESTS[path](100), max_in_flight=100)
    assert all(isinstance(result, Completed) for result in results)
    assert gets(world, path)["single"] == 100
    assert gets(world, path)["bulk"] <= 50


async def test_kinds_are_swept_side_by_side(heygen: HeyGen, world: World) -> None:
    """Each kind has bulk statuses of its own; a kind without them is asked for one by one."""
    world.slots, world.render_seconds = 20, lambda _: 100.0
    videos = [DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi {n}") for n in range(5)]
    requests = [*lipsyncs(5), *videos, *translations(5), ClippingRequest(video=FILM)]
    results = await collect(heygen, requests, max_in_flight=20)
    assert all(isinstance(result, Completed) for result in results)
    assert world.now() < 100 + 15
    assert {*singly(world, LIPSYNCS).values(), *singly(world, TRANSLATIONS).values()} == {1}
    assert sum(singly(world, "/v3/ai-clipping").values()) > 2


ODD: dict[str, dict[str, Any]] = {
    "left out": {"data.0": {}},
    "an entry of nothing": {"data.0": None},
    "no word": {"data.0.status": 7},
    "an unknown word": {"data.0.status": "lipsyncing"},
    "not found": {"data.0.status": "not_found"},
    "another id": {"data.0.video_id": "other"},
}


@pytest.mark.parametrize("fields", ODD.values(), ids=ODD)
@pytest.mark.parametrize("path", REQUESTS)
async def test_an_odd_entry_leads_to_a_look_at_the_job(
    heygen: HeyGen, world: World, path: str, fields: dict[str, Any]
) -> None:
    """A job that the bulk answer does not tell of, or says not to know, is read by itself; its mates are swept on."""
    world.render_seconds = lambda _: 200.0
    times = 1 if "data.0.status" in fields else 2  # a job is left out twice before it is read by itself
    world.faults.append(AlteredAnswer(path=f"{path}/statuses", fields=fields, times=times))
    results = await collect(heygen, REQUESTS[path](4), max_in_flight=4)
    assert all(isinstance(result, Completed) for result in results), results
    assert sorted(count > 1 for count in singly(world, path).values()) == [False, False, False, True]
    assert len(world.ledger) == 4
    assert world.now() < 200 + 35


@pytest.mark.parametrize("word", ["failed", "FAILED ", "completed"])
@pytest.mark.parametrize("path", REQUESTS)
async def test_a_bulk_status_alone_ends_no_job(heygen: HeyGen, world: World, path: str, word: str) -> None:
    """A job that bulk statuses call ended, untruly, is completed when its details say so."""
    world.render_seconds = lambda _: 200.0
    world.faults.append(AlteredAnswer(path=f"{path}/statuses", fields={"data.*.status": word}))
    results = await collect(heygen, REQUESTS[path](3), max_in_flight=3)
    assert all(isinstance(result, Completed) for result in results), results
    assert 200 <= world.now() < 200 + 35


async def test_a_job_that_no_bulk_answer_knows_is_completed(heygen: HeyGen, world: World) -> None:
    """Bulk answers that know no job for the whole run lose none."""
    world.faults.append(AlteredAnswer(path=f"{LIPSYNCS}/statuses", fields={"data.*.status": "not_found"}))
    results = await collect(heygen, lipsyncs(3), max_in_flight=3)
    assert all(isinstance(result, Completed) for result in results), results


@pytest.mark.parametrize("path", REQUESTS)
async def test_a_failed_job_is_told_by_its_details(heygen: HeyGen, world: World, path: str) -> None:
    """A job that failed is read once and is a failed row that costs nothing."""
    world.faults.append(FailedRender())
    (result,) = await collect(heygen, REQUESTS[path](1))
    assert isinstance(result, Failed)
    assert isinstance(result.error, errors.RenderFailedError)
    assert result.error.spent == "no"
    assert list(singly(world, path).values()) == [1]


@pytest.mark.parametrize("path", REQUESTS)
async def test_a_deleted_job_is_given_up_by_its_details(heygen: HeyGen, world: World, path: str) -> None:
    """A job that is gone ends after several looks at itself over minutes, as a row that is paid for."""
    world.render_seconds = lambda _: 2000.0
    async with heygen.render_many(REQUESTS[path](2), max_in_flight=2) as results:
        while len(world.ledger) < 2:
            await anyio.sleep(1)
        await heygen.raw("DELETE", f"{path}/{world.ledger[0].video_id}")
        gone, done = await results.collect()
    assert isinstance(gone.error, errors.NotFoundError)
    assert gone.error.spent == "yes"
    assert isinstance(done, Completed)
    assert singly(world, path)[f"{path}/{world.ledger[0].video_id}"] >= 3
    assert 2000 <= world.now() < 2000 + 20


REFUSALS: dict[str, Fault] = {
    "404": ErrorAnswer(path="/v3/*/statuses", status=404, code="not_found"),
    "403": ErrorAnswer(path="/v3/*/statuses", status=403, code="forbidden"),
    "500": ErrorAnswer(path="/v3/*/statuses", status=500),
    "lost": DropBefore(path="/v3/*/statuses", method="GET"),
    "HTML": ErrorAnswer(path="/v3/*/statuses", status=502, html=True),
    "no list": AlteredAnswer(path="/v3/*/statuses", fields={"data": {}}),
    "empty": AlteredAnswer(path="/v3/*/statuses", fields={"data": []}),
}


@pytest.mark.parametrize("name", REFUSALS)
@pytest.mark.parametrize("path", REQUESTS)
async def test_where_bulk_statuses_fail_jobs_are_read_one_by_one(
    heygen: HeyGen, world: World, path: str, name: str
) -> None:
    """Bulk statuses that are refused or fail delay no end by more than the pause between single looks."""
    world.render_seconds = lambda _: 300.0
    world.faults.append(REFUSALS[name])
    results = await collect(heygen, REQUESTS[path](5), max_in_flight=5)
    assert all(isinstance(result, Completed) for result in results), results
    assert world.now() < 300 + 30 + 5
    if name in {"404", "403"}:
        assert gets(world, path)["bulk"] == 1


async def test_a_refusal_of_one_kind_leaves_the_others_swept(heygen: HeyGen, world: World) -> None:
    """Lipsyncs without bulk statuses are asked for one by one; translations are swept on."""
    world.render_seconds = lambda _: 200.0
    world.faults.append(ErrorAnswer(path=f"{LIPSYNCS}/statuses", status=404))
    results = await collect(heygen, [*lipsyncs(3), *translations(3)], max_in_flight=6)
    assert all(isinstance(result, Completed) for result in results), results
    assert set(singly(world, TRANSLATIONS).values()) == {1}
    assert min(singly(world, LIPSYNCS).values()) > 1


async def test_an_unknown_key_ends_the_run(heygen: HeyGen, world: World) -> None:
    """A 401 of bulk statuses is an `AuthenticationError`."""
    world.faults.append(ErrorAnswer(path=f"{LIPSYNCS}/statuses", status=401, code="unauthorized"))
    with pytest.raises(errors.AuthenticationError):
        await collect(heygen, lipsyncs(3))


async def test_each_by_itself_sends_no_bulk_request(heygen: HeyGen, world: World) -> None:
    """With `each`, jobs are asked for one by one as videos are."""
    assert len(await collect(heygen, lipsyncs(3), watch="each")) == 3
    assert gets(world, LIPSYNCS)["bulk"] == 0


async def test_an_undocumented_status_leaves_the_bulk_to_details(heygen: HeyGen, world: World) -> None:
    """Words that no reference has end nothing: the job is read until it has ended."""
    world.faults.append(UnknownStatus())
    results = await collect(heygen, [*lipsyncs(2), *translations(2)], max_in_flight=4)
    assert all(isinstance(result, Completed) for result in results), results


async def test_a_signal_of_a_job_is_a_reason_to_look_at_once(heygen: HeyGen, world: World) -> None:
    """A translation that a webhook names is looked at before the next sweep is due."""
    world.render_seconds = lambda _: 6.0

    class EndOfTheFirst:
        async def __aiter__(self) -> AsyncIterator[str]:
            await anyio.sleep(7)
            yield str(world.ledger[0].video_id)

    async with heygen.render_many(translations(1), watch=EndOfTheFirst()) as results:
        assert len(await results.collect()) == 1
    assert 7 <= world.now() < 8
