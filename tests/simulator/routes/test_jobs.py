"""Jobs that are not videos: statuses, files, batches, faults, events and charges."""

from __future__ import annotations

from typing import Any

import aiohttp
import anyio
import pytest

from heygen_async.simulator import (
    DropAfterAccept,
    FailedRender,
    NullVideoUrl,
    Server,
    Stuck,
    UnknownStatus,
    World,
    serve,
)
from heygen_async.simulator.account.prices import duration, price
from tests.helpers.simulator_ask import Ask, code

FILM = {"type": "url", "url": "https://example.com/film.mp4"}
SOUND = {"type": "url", "url": "https://example.com/sound.mp3"}
HELLO = {"type": "avatar", "avatar_id": "look_anna", "voice_id": "voice_warm", "script": "Hi Ada"}
MODEL_VIDEO = {"mode": "text_to_video", "model": "heygen-video-1", "prompt": "a lighthouse"}
LANGUAGES = ["French (France)", "Japanese (Japan)"]
TRANSLATION: dict[str, Any] = {"video": FILM, "output_languages": LANGUAGES, "title": "x"}

# Path, body, field of the id in the answer, status while running.
JOBS = [
    ("/v3/lipsyncs", {"video": FILM, "audio": SOUND, "title": "x"}, "lipsync_id", "running"),
    (
        "/v3/video-translations",
        TRANSLATION | {"output_languages": ["Hindi (India)"]},
        "video_translation_ids",
        "running",
    ),
    ("/v3/ai-clipping", {"video": FILM, "title": "x"}, "ai_clipping_id", "running"),
    ("/v3/background-removals", {"video": FILM, "title": "x"}, "id", "processing"),
    ("/v3/filler-word-removals", {"video": FILM, "title": "x"}, "filler_word_removal_id", "running"),
    ("/v3/models/videos", MODEL_VIDEO, "video_id", "processing"),
]
each_job = pytest.mark.parametrize(("path", "body", "field", "running"), JOBS, ids=[job[0] for job in JOBS])


@pytest.fixture(autouse=True)
def fixed_render_time(world: World) -> None:
    """All renders take 100 seconds."""
    world.render_seconds = lambda body: 100.0


async def make(ask: Ask, path: str, body: Any, field: str) -> str:
    status, made = await ask("POST", path, body)
    assert status in (200, 202), made
    found = made["data"][field]
    return str(found[0] if isinstance(found, list) else found)


async def fetch(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as bare, bare.get(url) as answer:
        await answer.read()
        return answer.status, answer.content_type


def urls(value: Any) -> list[str]:
    """Return all addresses of files in *value*."""
    if isinstance(value, dict):
        return [url for member in value.values() for url in urls(member)]
    if isinstance(value, list):
        return [url for member in value for url in urls(member)]
    return [value] if isinstance(value, str) and "/files/" in value else []


# --- single jobs


@each_job
async def test_a_job_is_completed_with_files(
    ask: Ask, world: World, path: str, body: Any, field: str, running: str
) -> None:
    """A job is pending, then has its kind's running status, then is completed and its files can be fetched."""
    one = f"{path}/{await make(ask, path, body, field)}"
    found_statuses = []
    for _ in range(3):
        found = (await ask("GET", one))[1]["data"]
        found_statuses.append((found["status"], bool(urls(found))))
        await anyio.sleep(50)
    assert found_statuses == [("pending", False), (running, False), ("completed", True)]
    found = (await ask("GET", one))[1]["data"]
    assert {(await fetch(url))[0] for url in urls(found)} == {200}
    assert len(world.ledger) == 1


@each_job
async def test_a_failed_job_is_not_billed(
    ask: Ask, world: World, path: str, body: Any, field: str, running: str
) -> None:
    """A failed job has a reason and is refunded."""
    world.faults.append(FailedRender(message="no face"))
    job_id = await make(ask, path, body, field)
    await anyio.sleep(101)
    found = (await ask("GET", f"{path}/{job_id}"))[1]["data"]
    assert (found["status"], found.get("failure_message", found.get("error"))) == ("failed", "no face")
    assert urls(found) == []
    assert world.refunds == [job_id]
    assert world.charged_usd == 0


@each_job
async def test_jobs_and_videos_share_the_slots(
    ask: Ask, world: World, path: str, body: Any, field: str, running: str
) -> None:
    """Jobs and videos share the slots; a request without a free slot gets a 429 and is not charged."""
    world.slots = 1
    await make(ask, path, body, field)
    assert code(await ask("POST", "/v3/videos", HELLO)) == (429, "rate_limit_exceeded")
    assert code(await ask("POST", path, body)) == (429, "rate_limit_exceeded")
    await anyio.sleep(101)
    await make(ask, "/v3/videos", HELLO, "video_id")
    assert len(world.ledger) == 2


@each_job
async def test_faults_apply_to_jobs(
    ask: Ask, http: aiohttp.ClientSession, world: World, path: str, body: Any, field: str, running: str
) -> None:
    """Undocumented statuses, late addresses and stuck renders affect jobs as they affect videos."""
    world.faults += [UnknownStatus(polls=1), NullVideoUrl(polls=1), Stuck(nth=2)]
    one, stuck = f"{path}/{await make(ask, path, body, field)}", f"{path}/{await make(ask, path, body, field)}"
    await anyio.sleep(101)
    seen = []
    for _ in range(3):
        async with http.get(one) as answer, http.get(stuck):  # an undocumented status does not fit the contract
            found = (await answer.json())["data"]
        seen.append((found["status"], bool(urls(found))))
    assert seen == [("compositing", False), ("completed", False), ("completed", True)]
    assert (await ask("GET", stuck))[1]["data"]["status"] == running


@pytest.mark.parametrize(
    "path", [path for path, _, _, _ in JOBS if path not in ("/v3/filler-word-removals", "/v3/models/videos")]
)
async def test_jobs_are_listed_and_deleted(ask: Ask, world: World, path: str) -> None:
    """Jobs are listed newest first, and a deleted job frees its slot."""
    _, body, field, _ = next(job for job in JOBS if job[0] == path)
    made = [await make(ask, path, body, field) for _ in range(3)]
    _, first = await ask("GET", f"{path}?limit=2")
    _, second = await ask("GET", f"{path}?limit=2&token={first['next_token']}")
    assert [job["id"] for page in (first, second) for job in page["data"]] == made[::-1]
    status, gone = await ask("DELETE", f"{path}/{made[1]}")
    assert (status, gone["data"]["id"], world.rendering) == (200, made[1], 2)
    assert [job["id"] for job in (await ask("GET", path))[1]["data"]] == [made[2], made[0]]
    assert code(await ask("DELETE", f"{path}/{made[1]}"))[0] == 404
    status, found = await ask("GET", f"{path}/{made[1]}")
    assert (status, found.get("data", {}).get("status")) == (
        (200, "deleted") if path == "/v3/background-removals" else (404, None)
    )


@pytest.mark.parametrize("path", ["/v3/lipsyncs", "/v3/video-translations"])
async def test_a_title_can_be_changed(ask: Ask, path: str) -> None:
    """PATCH changes the title of a job."""
    _, body, field, _ = next(job for job in JOBS if job[0] == path)
    one = f"{path}/{await make(ask, path, body, field)}"
    assert (await ask("PATCH", one, {"title": "Better"}))[1]["data"]["title"] == "Better"
    assert (await ask("GET", one))[1]["data"]["title"] == "Better"


async def test_a_repeat_after_a_lost_answer_gets_the_first_job(
    ask: Ask, http: aiohttp.ClientSession, world: World
) -> None:
    """A lost answer affects all costly POSTs, and a repeat under the key gets the first job."""
    world.faults.append(DropAfterAccept(nth=1))
    body = {"video": FILM, "audio": SOUND}
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await http.post("/v3/lipsyncs", json=body, headers={"Idempotency-Key": "k1"})
    _, made = await ask("POST", "/v3/lipsyncs", body, "k1")
    assert [charge.resource_id for charge in world.ledger] == [made["data"]["lipsync_id"]]
    assert (world.ledger[0].kind, world.ledger[0].idempotency_key) == ("lipsync", "k1")


async def test_a_request_id_is_a_key(ask: Ask, world: World) -> None:
    """A repeated request_id of a background removal gets the first job; Idempotency-Keys are ignored."""
    body = {"video": FILM, "request_id": "r1", "layers": ["mask", "background"]}
    first = await make(ask, "/v3/background-removals", body, "id")
    assert await make(ask, "/v3/background-removals", {"video": FILM, "request_id": "r1"}, "id") == first
    assert await make(ask, "/v3/background-removals", body | {"request_id": "r2"}, "id") != first
    await anyio.sleep(101)
    _, found = await ask("GET", f"/v3/background-removals/{first}")
    assert set(found["data"]["layers"]) == {"mask", "background"}
    assert [charge.idempotency_key for charge in world.ledger] == [None, None]


async def test_files_of_a_translation(ask: Ask) -> None:
    """A translation is a video or audio alone, with captions on request."""
    sound = await make(
        ask, "/v3/video-translations", TRANSLATION | {"translate_audio_only": True}, "video_translation_ids"
    )
    film = await make(ask, "/v3/video-translations", TRANSLATION | {"enable_caption": True}, "video_translation_ids")
    await anyio.sleep(101)
    types = []
    for one in (sound, film):
        found = (await ask("GET", f"/v3/video-translations/{one}"))[1]["data"]
        types.append([(await fetch(url))[1] for url in urls(found)])
    assert types == [["audio/mpeg"], ["video/mp4", "application/x-subrip", "text/vtt"]]


async def test_progress_rises(ask: Ask, world: World) -> None:
    """Progress is 0 while a job waits and 100 at its end."""
    world.queueing, world.slots = True, 1
    await make(ask, "/v3/videos", HELLO, "video_id")
    clips = await make(
        ask, "/v3/ai-clipping", {"video": FILM, "output_settings": {"aspect_ratio": "square"}}, "ai_clipping_id"
    )
    seen = []
    for _ in range(3):
        found = (await ask("GET", f"/v3/ai-clipping/{clips}"))[1]["data"]
        seen.append((found["progress"], [clip["aspect_ratio"] for clip in found["clips"]]))
        await anyio.sleep(140)
    assert seen == [(0, []), (40, []), (100, ["square"] * 3)]


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"resolution": "1080p"}, None),
        ({"resolution": "1080p", "aspect_ratio": "1:1"}, "aspect_ratio"),
        ({"mode": "reference_to_video", "resolution": "2k"}, "aspect_ratio"),
        ({"mode": "reference_to_video", "reference_images": [FILM] * 9, "reference_videos": [FILM] * 3}, None),
        (
            {"mode": "reference_to_video", "reference_images": [FILM] * 9, "reference_videos": [FILM] * 3}
            | {"reference_audio": [FILM]},
            "reference_images",
        ),
        ({"mode": "reference_to_video"}, "reference_images"),
        ({"mode": "reference_to_video", "reference_audio": [FILM]}, "reference_images"),
        ({"mode": "image_to_video", "image": FILM, "resolution": "2k"}, None),
        ({"mode": "image_to_video", "image": FILM, "aspect_ratio": "1:1"}, "aspect_ratio"),
        ({"mode": "image_to_video", "image": {"type": "url", "url": "nowhere"}}, "image.url"),
        ({"mode": "image_to_video", "image": {"type": "url", "url": "http://example.com/a.png"}}, "image.url"),
        ({"prompt": "x" * 32_000, "seed": 2**32 - 1, "callback_id": "c" * 256, "duration": 30}, None),
        ({"prompt": "x" * 32_001}, "prompt"),
        ({"seed": 2**32}, "seed"),
        ({"seed": -1}, "seed"),
        ({"callback_id": "c" * 257}, "callback_id"),
        ({"duration": 4}, "duration"),
        ({"prompt_enhancement": "ultraquality"}, None),
    ],
)
async def test_rules_of_model_videos(ask: Ask, changes: dict[str, Any], param: str | None) -> None:
    """Model videos keep to the limits, aspect ratios and references of November 2026."""
    status, found = await ask("POST", "/v3/models/videos", MODEL_VIDEO | changes)
    assert (status, found.get("error", {}).get("param")) == (400 if param else 202, param)


async def test_a_model_video_without_a_mode_follows_references(ask: Ask) -> None:
    """A request that names no mode is one of references, and needs one of them."""
    plain = {name: value for name, value in MODEL_VIDEO.items() if name != "mode"}
    status, found = await ask("POST", "/v3/models/videos", plain)
    assert (status, found["error"]["param"]) == (400, "reference_images")
    status, _ = await ask("POST", "/v3/models/videos", {**plain, "reference_images": [FILM]})
    assert status == 202


@pytest.mark.parametrize(
    ("kind", "body", "seconds", "usd"),
    [
        ("lipsync", {}, 30, 0.999),
        ("lipsync", {"mode": "precision", "start_time": 10, "end_time": 20}, 10, 0.667),
        ("video_translation", {"mode": "speed", "end_time": 100}, 100, 3.33),
        ("video_translation", {"translate_audio_only": True, "mode": "precision", "end_time": 100}, 100, 1.67),
        ("model_video", {"mode": "text_to_video", "duration": 10}, 10, 0.3),
        ("model_video", {"mode": "image_to_video", "resolution": "480p"}, 5, 0.1),
        ("model_video", {"mode": "text_to_video", "resolution": "2k"}, 5, 0.45),
        ("model_video", {}, 5, 0.3),
        ("model_video", {"mode": "reference_to_video", "reference_videos": [FILM] * 2, "resolution": "1080p"}, 5, 2.7),
        ("ai_clipping", {}, 30, 0.999),
        ("template", {}, 30, 2.001),
    ],
)
def test_prices(kind: str, body: dict[str, Any], seconds: float, usd: float) -> None:
    """Prices are per second, as the notes have them."""
    assert (duration(kind, body), price(kind, body)) == (seconds, usd)


# --- batches


async def test_a_batch_of_lipsyncs(ask: Ask, world: World) -> None:
    """A batch of lipsyncs waits for slots, has its own endpoints, and is charged per item."""
    world.slots = 1
    items = [{"video": FILM, "audio": SOUND, "title": name} for name in ("a", "b")]
    _, made = await ask("POST", "/v3/lipsyncs/batches", {"lipsyncs": items, "title": "All"}, "k1")
    path = f"/v3/lipsyncs/batches/{made['data']['batch_id']}"
    await anyio.sleep(110)
    batch = (await ask("GET", path))[1]["data"]
    assert (batch["status"], [item["status"] for item in batch["items"]]) == ("processing", ["completed", "processing"])
    _, found = await ask("GET", f"/v3/lipsyncs/statuses?lipsync_ids={batch['items'][1]['video_id']},x")
    assert [entry["status"] for entry in found["data"]] == ["running", "not_found"]
    assert code(await ask("GET", path.replace("lipsyncs", "video-translations"))) == (404, "not_found")
    assert world.charged_once_per("title")
    assert len(world.ledger) == 2


async def test_translations_are_counted_by_language(ask: Ask, world: World) -> None:
    """Each language is an item: it is charged and counts towards the limit of 100."""
    _, made = await ask("POST", "/v3/video-translations", TRANSLATION)
    assert len(made["data"]["video_translation_ids"]) == 2
    _, made = await ask("POST", "/v3/video-translations/batches", {"video_translations": [TRANSLATION, TRANSLATION]})
    _, found = await ask("GET", f"/v3/video-translations/statuses?batch_ids={made['data']['batch_id']}")
    assert [entry["item_index"] for entry in found["data"]] == [0, 1, 2, 3]
    assert [charge.body["output_language"] for charge in world.ledger] == LANGUAGES * 3
    status, found = await ask("POST", "/v3/video-translations/batches", {"video_translations": [TRANSLATION] * 51})
    assert (status, found["error"]["param"]) == (400, "video_translations")
    assert len(world.ledger) == 6


@pytest.mark.parametrize(
    ("path", "name", "item"),
    [
        ("/v3/lipsyncs/batches", "lipsyncs", {"video": FILM, "audio": SOUND}),
        ("/v3/video-translations/batches", "video_translations", TRANSLATION),
    ],
)
async def test_an_invalid_item_refuses_its_batch(ask: Ask, world: World, path: str, name: str, item: Any) -> None:
    """An invalid item refuses its batch, and the message has its index."""
    status, found = await ask("POST", path, {name: [item, item | {"video": 7}]})
    assert (status, found["error"]["param"]) == (400, name)
    assert found["error"]["message"] == "Invalid payload(s) at index 1."
    assert world.ledger == []


# --- proofreading, templates, scenes


async def test_a_proofread_becomes_a_translation(ask: Ask, world: World) -> None:
    """A proofread is free and can be corrected; the video made from it is charged as a translation."""
    _, made = await ask("POST", "/v3/video-translations/proofreads", TRANSLATION)
    first, second = made["data"]["proofread_ids"]
    path = f"/v3/video-translations/proofreads/{first}"
    assert (await ask("GET", path))[1]["data"]["status"] == "processing"
    assert code(await ask("GET", f"{path}/srt")) == (404, "not_found")
    assert code(await ask("POST", f"{path}/generate", {})) == (409, "resource_not_ready")
    await anyio.sleep(world.proofread_seconds)
    found = (await ask("GET", path))[1]["data"]
    assert (found["status"], found["output_language"]) == ("completed", "French (France)")
    srt = (await ask("GET", f"{path}/srt"))[1]["data"]
    assert await fetch(srt["srt_url"]) == (200, "application/x-subrip")
    await ask("PUT", f"{path}/srt", {"srt": {"type": "url", "url": "https://example.com/mine.srt"}})
    assert (await ask("GET", f"{path}/srt"))[1]["data"] == srt | {"srt_url": "https://example.com/mine.srt"}
    world.strict_catalog = False
    await ask("PUT", f"{path}/srt", {"srt": {"type": "asset_id", "asset_id": "a1"}})
    assert "/files/assets/a1?" in (await ask("GET", f"{path}/srt"))[1]["data"]["srt_url"]
    assert world.ledger == []
    _, spoken = await ask("POST", f"{path}/generate", {"captions": True})
    await anyio.sleep(101)
    _, found = await ask("GET", f"/v3/video-translations/{spoken['data']['video_translation_id']}")
    assert (found["data"]["output_language"], found["data"]["srt_caption_url"] is not None) == ("French (France)", True)
    assert [charge.kind for charge in world.ledger] == ["video_translation"]
    assert second != first
    _, log = await ask("GET", "/v3/webhooks/events?event_type=proofread_creation.success")
    assert [event["event_data"]["proofread_id"] for event in log["data"]] == [second, first]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, (200, None)),
        ({"scene_ids": ["welcome_scene_2"] * 2}, (200, None)),
        ({"scene_ids": ["x"]}, (400, "scene_ids")),
        ({"dimension": {"width": 1280, "height": 720}}, (200, None)),
        ({"dimension": {"width": 1280, "height": 722}}, (400, "dimension")),
        ({"dimension": {"width": 1281, "height": 720}}, (400, "dimension.width")),
    ],
)
async def test_a_template_is_filled_in(ask: Ask, changes: dict[str, Any], found: tuple[int, str | None]) -> None:
    """A template makes a video, if its scenes exist and the dimension fits."""
    body = {"variables": {"name": {"type": "text", "properties": {"content": "Ada"}}}} | changes
    status, made = await ask("POST", "/v3/templates/template_welcome", body)
    assert (status, made.get("error", {}).get("param")) == found


async def test_a_video_from_a_template(ask: Ask, world: World) -> None:
    """A video from a template has the requested files and is listed among the videos."""
    body = {"variables": {}, "include_gif": True, "subtitles": {"preset_name": "a"}, "title": "From a template"}
    _, made = await ask("POST", "/v3/templates/template_offer", body)
    await anyio.sleep(101)
    video = (await ask("GET", f"/v3/videos/{made['data']['id']}"))[1]["data"]
    assert (video["status"], video["title"]) == ("completed", "From a template")
    assert {(await fetch(url))[1] for url in urls(video)} >= {"image/gif", "video/mp4", "application/x-subrip"}
    assert video["captioned_video_url"]
    assert world.ledger[0].kind == "template"


async def test_scenes_of_a_video(ask: Ask) -> None:
    """The scenes of a video have their scripts."""
    video_id = await make(ask, "/v3/videos", HELLO, "video_id")
    _, found = await ask("GET", f"/v3/videos/{video_id}/scenes")
    assert [scene["script"] for scene in found["data"]["scenes"]] == ["Hi Ada"]
    talk = {"type": "avatar_video", "input": {"type": "avatar", "avatar_id": "look_anna", "script": "One"}}
    still = {"type": "image", "source": FILM, "duration": 3}
    studio = await make(ask, "/v3/videos", {"type": "studio", "scenes": [talk, still]}, "video_id")
    _, found = await ask("GET", f"/v3/videos/{studio}/scenes")
    assert [scene["script"] for scene in found["data"]["scenes"]] == ["One", None]


# --- events and the strict catalog


@each_job
async def test_events_of_jobs(
    server: Server, ask: Ask, world: World, path: str, body: Any, field: str, running: str
) -> None:
    """Events of listed types are in the log; others go only to the callback URL of the request."""
    callback = {} if path == "/v3/background-removals" else {"callback_url": "https://example.org/"}
    job_id = await make(ask, path, body | callback, field)
    await anyio.sleep(101)
    await ask("GET", "/v3/users/me")
    _, log = await ask("GET", f"/v3/webhooks/events?entity_id={job_id}")
    known = {
        "/v3/video-translations": ["video_translate.success"],
        "/v3/ai-clipping": ["ai_clipping.success"],
        "/v3/filler-word-removals": ["filler_word_removal.success"],
    }
    assert [event["event_type"] for event in log["data"]] == known.get(path, [])
    await anyio.sleep(1)
    assert [one.url for one in world.deliveries] == list(callback.values())


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/v3/lipsyncs", {"video": {"type": "asset_id", "asset_id": "x"}, "audio": SOUND}, "asset_id"),
        ("/v3/lipsyncs", {"video": FILM, "audio": SOUND, "folder_id": "x"}, "folder_id"),
        ("/v3/lipsyncs", {"video": FILM, "audio": SOUND, "folder_id": ""}, None),
        ("/v3/video-translations", {"video": FILM, "output_languages": ["Klingon"]}, "output_languages"),
        ("/v3/video-translations", {"video": FILM, "output_languages": ["Hindi (India)"]}, None),
        ("/v3/voices/speech", {"text": "Hi", "voice_id": "x"}, "voice_id"),
    ],
)
async def test_a_strict_catalog_refuses_unknown_ids(
    ask: Ask, world: World, path: str, body: Any, param: str | None
) -> None:
    """With a strict catalog, unknown assets, folders and languages get a 400 if the contract declares no 404."""
    world.strict_catalog = True
    status, found = await ask("POST", path, body)
    assert (status, found.get("error", {}).get("param")) == (400 if param else 200, param)


async def test_a_world_goes_on_without_its_server(world: World) -> None:
    """Renders end after the server has closed, and their events are in the log."""
    headers = {"x-api-key": "simulator-key"}
    async with (
        serve(world) as server,
        aiohttp.ClientSession(headers=headers) as http,
        http.post(f"{server.base_url}/v3/ai-clipping", json={"video": FILM}) as answer,
    ):
        assert answer.status == 202
    await anyio.sleep(1000)
    assert world.rendering == 0
    assert [event.event_type for event in world.outbox.events] == ["ai_clipping.success"]
