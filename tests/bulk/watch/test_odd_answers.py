"""Answers with odd fields: no side field, no odd row and no misshapen bulk answer hides the end of a paid render."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import anyio
import attrs
import pytest

from heygen_async import Completed, DirectVideo, Failed, HeyGen, Journal, Result, VideoAgent, errors
from heygen_async.api.agents.sessions import AgentMessage, Session
from heygen_async.api.generated.background_removal import BackgroundRemovalRequest, CutOut
from heygen_async.api.generated.clipping import Clip, ClippedVideo, ClippingRequest
from heygen_async.api.generated.filler_words import FillerWordRemoval, FillerWordRemovalRequest
from heygen_async.api.generated.lipsyncs import Lipsync, LipsyncRequest
from heygen_async.api.generated.models import ModelVideo, TextToVideo
from heygen_async.api.generated.translations import Translation, TranslationRequest
from heygen_async.api.handles.video import Video
from heygen_async.simulator import AlteredAnswer, DropBefore, ErrorAnswer, FailedRender, World

FILM = "https://example.com/film.mp4"
SWEEPS, BATCHES = "/v3/videos/statuses", "/v3/videos/batches/*"
DETAILS = "/v3/videos/[!bs]*"  # ids of videos begin with other letters than `batches` and `statuses`
READS = "GET /v3/videos/{video_id}"

ODD: dict[str, Any] = {"a number": -7.5, "an object": {"odd": [1]}, "a list": ["odd"], "a flag": True, "text": "odd"}
DECISIVE = {"id", "video_id", "session_id", "status", "video_url", "audio_url", "layers", "clips", "messages"}

JOBS: dict[str, tuple[Any, type[Any]]] = {
    "/v3/video-translations": (TranslationRequest(video=FILM, output_languages=["French (France)"]), Translation),
    "/v3/lipsyncs": (LipsyncRequest(video=FILM, audio=FILM), Lipsync),
    "/v3/ai-clipping": (ClippingRequest(video=FILM), ClippedVideo),
    "/v3/background-removals": (BackgroundRemovalRequest(video=FILM, layers=["foreground", "mask"]), CutOut),
    "/v3/filler-word-removals": (FillerWordRemovalRequest(video=FILM), FillerWordRemoval),
    "/v3/models/videos": (TextToVideo(model="heygen-video-1", prompt="A boat"), ModelVideo),
}


def side_fields(kind: type[Any], place: str = "data.") -> list[str]:
    return [place + field.name for field in attrs.fields(kind) if field.name not in DECISIVE]


def scripts(count: int) -> list[DirectVideo]:
    return [DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi {n}") for n in range(count)]


async def collect(heygen: HeyGen, requests: Any, **settings: Any) -> list[Result]:
    async with heygen.render_many(requests, **settings) as results:
        return [result async for result in results]


# Details


@pytest.mark.unmeasured
@pytest.mark.parametrize("field", side_fields(Video))
@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
async def test_a_side_field_hides_no_end(heygen: HeyGen, world: World, field: str, value: Any) -> None:
    """A completed video is read once and delivered with its file, whatever one side field holds."""
    world.faults.append(AlteredAnswer(path=DETAILS, fields={field: value}))
    (result,) = await collect(heygen, scripts(1))
    assert isinstance(result, Completed), result
    assert result.video.video_url
    assert result.video.duration is None or isinstance(result.video.duration, float)
    assert world.request_counts()[READS] == 1


@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
@pytest.mark.parametrize("path", JOBS)
async def test_side_fields_hide_no_end_of_a_job(heygen: HeyGen, world: World, path: str, value: Any) -> None:
    """Jobs of other kinds end, too, with all of their side fields odd at once."""
    request, made = JOBS[path]
    fields = [*side_fields(made), *side_fields(Clip, "data.clips.*."), "data.clips.0.id", "data.clips.1.status"]
    world.faults.append(AlteredAnswer(method="GET", path=path, fields=dict.fromkeys(fields, value)))
    (result,) = await collect(heygen, [request], deadline=1800)
    assert isinstance(result, Completed), result
    assert result.video.video_url
    if made is ClippedVideo:
        assert len(result.video.urls) == 3  # type: ignore[attr-defined]  # a SeenAsVideo


@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
async def test_side_fields_hide_no_end_of_a_session(heygen: HeyGen, world: World, value: Any) -> None:
    """An agent's session names its video, with all of its side fields odd at once."""
    fields = [*side_fields(Session), "data.messages", *side_fields(AgentMessage, "data.messages.*.")]
    world.faults.append(AlteredAnswer(method="GET", path="/v3/video-agents/", fields=dict.fromkeys(fields, value)))
    (result,) = await collect(heygen, [VideoAgent(prompt="Welcome")], deadline=1800)
    assert isinstance(result, Completed), result


@pytest.mark.parametrize("field", ["failure_message", "failure_code", "title", "created_at"])
@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
async def test_a_side_field_hides_no_failure(heygen: HeyGen, world: World, field: str, value: Any) -> None:
    """A failed render is a failed row and costs nothing, whatever the fields around its failure hold."""
    world.faults += [FailedRender(), AlteredAnswer(path=DETAILS, fields={f"data.{field}": value})]
    (result,) = await collect(heygen, scripts(1), watch="each")
    assert isinstance(result, Failed)
    assert isinstance(result.error, errors.RenderFailedError)
    assert result.error.spent == "no"


@pytest.mark.unmeasured
@pytest.mark.parametrize("value", [7, None, {}, []])
async def test_an_end_without_a_status_is_no_end(heygen: HeyGen, world: World, value: Any) -> None:
    """A status that does not read decides nothing: the row is read again until it does."""
    world.faults.append(AlteredAnswer(path=DETAILS, fields={"data.status": value}, between=(0, 900)))
    (result,) = await collect(heygen, scripts(1), watch="each")
    assert isinstance(result, Completed)
    assert world.now() >= 900


@pytest.mark.unmeasured
@pytest.mark.parametrize("value", [7, {}, []])
async def test_a_file_without_an_address_is_no_end(heygen: HeyGen, world: World, value: Any) -> None:
    """A completed video whose address does not read has not ended: it is read again until it has one."""
    world.faults.append(AlteredAnswer(path=DETAILS, fields={"data.video_url": value}, between=(0, 900)))
    (result,) = await collect(heygen, scripts(1))
    assert isinstance(result, Completed)
    assert result.video.video_url


# Statuses in another case


@pytest.mark.parametrize("watch", ["sweep", "each"])
@pytest.mark.parametrize("word", ["COMPLETED", " completed ", "Completed\n"])
async def test_a_status_is_read_as_its_word(heygen: HeyGen, world: World, watch: str, word: str) -> None:
    """A render whose `completed` is written otherwise is completed, in details as in the sweep."""
    world.render_seconds = lambda _: 15.0  # it ends before the first look
    world.faults.append(AlteredAnswer(path=DETAILS, fields={"data.status": word}))
    world.faults.append(AlteredAnswer(path=SWEEPS, fields={"data.*.status": word}))
    (result,) = await collect(heygen, scripts(1), watch=watch, deadline=600)
    assert isinstance(result, Completed), result
    assert result.video.status == "completed"


@pytest.mark.parametrize("path", [DETAILS, *JOBS])
async def test_a_failure_is_read_as_its_word(heygen: HeyGen, world: World, path: str) -> None:
    """A render of any kind whose `failed` is written otherwise has failed."""
    world.render_seconds = lambda _: 15.0
    world.faults.append(FailedRender())
    world.faults.append(AlteredAnswer(method="GET", path=path, fields={"data.status": "FAILED "}))
    request = JOBS[path][0] if path in JOBS else scripts(1)[0]
    (result,) = await collect(heygen, [request], watch="each", deadline=600)
    assert isinstance(result.error, errors.RenderFailedError)


async def test_a_session_that_fails_is_read_by_its_word(heygen: HeyGen, world: World) -> None:
    """A session whose `failed` is written otherwise has failed."""
    world.faults.append(FailedRender(while_thinking=True))
    world.faults.append(AlteredAnswer(method="GET", path="/v3/video-agents/", fields={"data.status": " Failed"}))
    (result,) = await collect(heygen, [VideoAgent(prompt="Welcome")], deadline=600)
    assert isinstance(result.error, errors.RenderFailedError)


# The sweep

ODD_STATUSES: dict[str, dict[str, Any]] = {
    "a status of no word": {"data.0.status": {}},
    "a status of nothing": {"data.0.status": None},
    "an unknown status": {"data.0.status": "compositing"},
    "not found": {"data.0.status": "not_found"},
}
LEFT_OUT: dict[str, dict[str, Any]] = {
    "an id of no text": {"data.0.video_id": {"id": 1}},
    "left out": {"data.0": {}},
    "an entry of no object": {"data.0": "odd"},
    "an entry of nothing": {"data.0": None},
}
ODD_ENTRIES = {**ODD_STATUSES, **LEFT_OUT, "another id": {"data.0.video_id": "somebody-elses"}}


@pytest.mark.unmeasured
@pytest.mark.parametrize("name", ODD_ENTRIES)
async def test_an_odd_row_is_read_by_itself_and_blocks_no_mate(heygen: HeyGen, world: World, name: str) -> None:
    """A row that the sweep cannot tell of is read by itself; its mates are swept on and read together at their ends."""
    world.render_seconds = lambda _: 200.0
    times = 1 if name in ODD_STATUSES else 2  # a row is left out twice before it is read by itself
    world.faults.append(AlteredAnswer(path=SWEEPS, fields=ODD_ENTRIES[name], times=times))
    results = await collect(heygen, scripts(5), max_in_flight=5, submit="each")
    assert all(isinstance(result, Completed) for result in results), results
    assert world.now() < 200 + 30 + 5
    reads: dict[str, int] = {}
    for seen in world.requests:
        if seen.route == "/v3/videos/{video_id}":
            reads[seen.path] = reads.get(seen.path, 0) + 1
    assert [count > 1 for count in reads.values()] == [True]
    assert sum(seen.path == "/v3/videos" and seen.method == "GET" for seen in world.requests) == 1
    assert sum(seen.path == SWEEPS for seen in world.requests) > 10


ODD_SWEEPS: dict[str, AlteredAnswer | ErrorAnswer] = {
    "empty": AlteredAnswer(path=SWEEPS, fields={"data": []}),
    "all odd": AlteredAnswer(path=SWEEPS, fields={"data.*": 7}),
    "an object": AlteredAnswer(path=SWEEPS, fields={"data": {}}),
    "text": AlteredAnswer(path=SWEEPS, fields={"data": "odd"}),
    "nothing": AlteredAnswer(path=SWEEPS, fields={"data": None}),
    "500": ErrorAnswer(path=SWEEPS, status=500),
    "HTML": ErrorAnswer(path=SWEEPS, status=502, html=True),
}


@pytest.mark.unmeasured
@pytest.mark.parametrize("fault", ODD_SWEEPS.values(), ids=ODD_SWEEPS)
async def test_while_sweeps_tell_nothing_rows_are_read_one_by_one(
    heygen: HeyGen, world: World, fault: AlteredAnswer | ErrorAnswer
) -> None:
    """Sweeps that fail or say nothing for hours delay no end by more than the pause between single looks."""
    world.render_seconds = lambda _: 300.0
    world.faults.append(fault)
    results = await collect(heygen, scripts(5), max_in_flight=5, submit="each")
    assert all(isinstance(result, Completed) for result in results), results
    assert world.now() < 300 + 30 + 5


# Batches

ODD_ITEMS: dict[str, dict[str, Any]] = {
    **ODD_STATUSES,
    **LEFT_OUT,
    "an index of no number": {"data.0.item_index": {}},
    "an index of text": {"data.0.item_index": "0"},
    "another index": {"data.0.item_index": 4711},
    "no index": {"data.0.item_index": None},
}


@pytest.mark.unmeasured
@pytest.mark.parametrize("fields", ODD_ITEMS.values(), ids=ODD_ITEMS)
async def test_an_odd_item_of_a_batch_blocks_no_mate(heygen: HeyGen, world: World, fields: dict[str, Any]) -> None:
    """All items of a batch end in time, whatever the bulk answer says of one of them."""
    world.render_seconds = lambda _: 200.0
    world.faults.append(AlteredAnswer(path=SWEEPS, fields=fields))
    results = await collect(heygen, scripts(5), max_in_flight=5, submit="batch")
    assert all(isinstance(result, Completed) for result in results), results
    assert world.now() < 200 + 60
    assert len(world.ledger) == 5


@pytest.mark.unmeasured
@pytest.mark.parametrize("fault", ODD_SWEEPS.values(), ids=ODD_SWEEPS)
async def test_while_bulk_answers_tell_nothing_a_batch_is_read_by_itself(
    heygen: HeyGen, world: World, fault: AlteredAnswer | ErrorAnswer
) -> None:
    """The items of a batch end in time, too, when bulk answers fail or say nothing for hours."""
    world.render_seconds = lambda _: 300.0
    world.faults.append(fault)
    results = await collect(heygen, scripts(5), max_in_flight=5, submit="batch")
    assert all(isinstance(result, Completed) for result in results), results
    assert world.now() < 300 + 90


@pytest.mark.parametrize(
    "fields",
    [
        {"data.title": 7, "data.created_at": "odd", "data.counts_by_status": 7, "data.total_items": "5"},
        {"data.items.*.error": "odd", "data.status": "odd"},
        {"data.items.0.status": {}},
        {"data.items.0": 7},
    ],
)
async def test_side_fields_of_a_batch_hide_no_items(heygen: HeyGen, world: World, fields: dict[str, Any]) -> None:
    """A batch that is read by itself names its videos, whatever its side fields or one of its items hold."""
    world.render_seconds = lambda _: 200.0
    world.faults.append(ErrorAnswer(path=SWEEPS, status=403, code="forbidden"))
    world.faults.append(AlteredAnswer(path=BATCHES, fields=fields, between=(0, 60)))
    results = await collect(heygen, scripts(5), max_in_flight=5, submit="batch")
    assert all(isinstance(result, Completed) for result in results), results
    assert world.now() < 200 + 90


@pytest.mark.parametrize("slots", [1, 10])
@pytest.mark.parametrize("status", ["processing", "completed"])
async def test_an_item_that_a_bulk_answer_names_wrongly_gets_the_video_that_its_batch_names(
    heygen: HeyGen, world: World, slots: int, status: str
) -> None:
    """Of an id that HeyGen does not know the batch is asked, also if the item still waits for its turn."""
    world.slots = slots
    world.render_seconds = lambda _: 100.0
    for item in range(3):
        fields = {f"data.{item}.video_id": f"other{item}", f"data.{item}.status": status}
        world.faults.append(AlteredAnswer(path=SWEEPS, fields=fields, between=(0, 60)))
    results = await collect(heygen, scripts(3), max_in_flight=3, submit="batch")
    assert {result.resource_id for result in results if isinstance(result, Completed)} == set(world.videos)
    assert len(world.ledger) == len(results) == 3
    assert sum(seen.route == "/v3/videos/batches/{batch_id}" for seen in world.requests) <= 30


async def test_one_name_of_several_items_is_believed_of_none(heygen: HeyGen, world: World) -> None:
    """Items that a bulk answer gives one id are named by their batch, without any look at that id."""
    world.faults.append(AlteredAnswer(path=SWEEPS, fields={"data.*.video_id": "other", "data.*.status": "processing"}))
    results = await collect(heygen, scripts(3), max_in_flight=3, submit="batch")
    assert {result.resource_id for result in results if isinstance(result, Completed)} == set(world.videos)
    assert not [seen for seen in world.requests if seen.path == "/v3/videos/other"]


async def test_a_wrong_id_of_an_item_in_a_journal_is_mended_by_its_batch(
    heygen: HeyGen, world: World, tmp_path: Path
) -> None:
    """A journal that has kept an id which HeyGen does not know gets the right one from the batch, a failed row too."""
    path = tmp_path / "c.db"
    world.render_seconds = lambda _: 100.0
    with anyio.move_on_after(30):
        await collect(heygen, scripts(3), journal=path, submit="batch")
    right = set(world.videos)
    with Journal(path) as journal:
        for job_id in (1, 2):
            journal.submitted(job_id, video_id=f"other{job_id}")
        journal.failed(2, code="video_not_found", error="not found", spent="yes")
        journal.look_again(2)
    async with heygen.resume(path) as resumed:
        results = [result async for result in resumed]
    assert {result.resource_id for result in results if isinstance(result, Completed)} == right
    assert len(world.ledger) == 3


@pytest.mark.parametrize("answers", [{"data.items.1.video_id": "other"}, {"data.items": "odd"}])
async def test_an_id_that_no_batch_corrects_ends_its_row_after_minutes(
    heygen: HeyGen, world: World, answers: dict[str, Any]
) -> None:
    """A batch that says the same, or nothing that reads, leaves its items to the looks that find nothing."""
    world.faults.append(AlteredAnswer(path=SWEEPS, fields={"data.1.video_id": "other", "data.1.status": "failed"}))
    world.faults.append(AlteredAnswer(path=BATCHES, fields=answers))
    results = [one for one in await collect(heygen, scripts(2), max_in_flight=2, submit="batch") if one.error]
    assert {type(result.error) for result in results} == {errors.NotFoundError}
    assert {result.error.spent for result in results if result.error} == {"yes"}
    assert 300 <= world.now() < 900


@pytest.mark.unmeasured
async def test_an_item_that_no_answer_names_ends_at_its_deadline(heygen: HeyGen, world: World) -> None:
    """An item that HeyGen never names ends as an error that says that it is paid for; its mates are completed."""
    world.faults.append(AlteredAnswer(path=SWEEPS, fields={"data.0.item_index": None}))
    world.faults.append(AlteredAnswer(path=BATCHES, fields={"data.items.0.item_index": None}))
    results = await collect(heygen, scripts(3), max_in_flight=3, submit="batch", deadline=400)
    assert sorted(type(result).__name__ for result in results) == ["Completed", "Completed", "Failed"]
    (failed,) = [result for result in results if isinstance(result, Failed)]
    assert isinstance(failed.error, errors.DeadlineExceededError)
    assert failed.error.spent == "yes"


async def test_half_a_character_in_an_answer_ends_no_run(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """A title, a failure and a session's message with half a character or a NUL are recorded like any other."""
    odd = "\ud83d Zoë \x00"
    fields = {"data.title": odd, "data.failure_message": odd, "data.messages.*.content": odd}
    world.faults += [FailedRender(nth=1), AlteredAnswer(method="GET", fields=fields)]
    requests = [*scripts(3), VideoAgent(prompt="Welcome")]
    options = {"journal": tmp_path / "c.db", "download_to": tmp_path / "out", "filename": "{title}"}
    results = await collect(heygen, requests, watch="each", **options)
    assert sorted(type(result).__name__ for result in results) == ["Completed", "Completed", "Completed", "Failed"]
    assert all(result.file for result in results if isinstance(result, Completed)), results


async def test_a_bulk_answer_alone_ends_no_item_of_a_batch(heygen: HeyGen, world: World) -> None:
    """Items without videos that a bulk answer calls failed are rendered on, because their batch does not say so."""
    world.slots = 1
    world.faults.append(AlteredAnswer(path=SWEEPS, fields={"data.*.status": "failed"}, between=(0, 60)))
    results = await collect(heygen, scripts(3), max_in_flight=3, submit="batch")
    assert [type(result) for result in results] == [Completed] * 3


async def test_an_outage_fills_no_log(heygen: HeyGen, world: World, caplog: pytest.LogCaptureFixture) -> None:
    """A server that cannot be reached is no warning of each look; a refusal is one."""
    world.faults += [
        DropBefore(method="GET", path=SWEEPS, times=12),
        ErrorAnswer(method="GET", path=SWEEPS, status=403),
    ]
    with caplog.at_level(logging.INFO, "heygen_async"):
        results = await collect(heygen, scripts(3))
    assert {type(result) for result in results} == {Completed}
    told = [record for record in caplog.records if "bulk statuses failed" in record.getMessage()]
    assert {(record.levelname, "ConnectionLostError" in record.getMessage()) for record in told} == {
        ("INFO", True),
        ("WARNING", False),
    }
