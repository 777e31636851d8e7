"""Audio voices and their speech, generated images, and model videos that are read as videos."""

from __future__ import annotations

import base64
import io
import json
import wave
from typing import Any

import aiohttp
import anyio
import pytest

from heygen_async.simulator import World
from tests.helpers.simulator_ask import Ask, code

SOUND = {"type": "url", "url": "https://example.com/me.wav"}
FACE = {"type": "url", "url": "https://example.com/me.png"}
VOICES = "/v3/models/audio/voices"
TTS = "/v3/models/audio/tts"


async def test_an_instant_voice_is_made(ask: Ask, world: World) -> None:
    """It is pending, then it speaks; a second delete answers as the first."""
    status, made = await ask("POST", VOICES, {"mode": "instant", "name": "Me", "audio": [SOUND]})
    path = f"{VOICES}/{made['data']['voice_id']}"
    assert (status, (await ask("GET", path))[1]["data"]["status"]) == (200, "PENDING")
    speak = {"voice_id": made["data"]["voice_id"], "text": "Hi"}
    assert code(await ask("POST", TTS, speak)) == (400, "invalid_parameter")
    await anyio.sleep(world.clone_seconds)
    assert (await ask("POST", TTS, speak))[0] == 200
    _, listed = await ask("GET", f"{VOICES}?limit=2")
    assert [voice["name"] for voice in listed["data"]] == ["Me", "Mine"]
    assert [(await ask("DELETE", path))[1]["data"] for _ in range(2)] == [{"status": "ok"}] * 2
    assert code(await ask("GET", path)) == (404, "voice_not_found")


async def test_a_professional_voice_is_trained_anew(ask: Ask, world: World) -> None:
    """Name and language stay; it cannot be deleted meanwhile. An instant voice cannot be trained."""
    body = {"mode": "professional", "voice_id": "audio_narrator", "audio": [SOUND], "name": "Other"}
    assert (await ask("POST", VOICES, body))[1]["data"] == {"voice_id": "audio_narrator"}
    found = (await ask("GET", f"{VOICES}/audio_narrator"))[1]["data"]
    assert (found["status"], found["name"], found["language"]) == ("PENDING", "Narrator", "en")
    assert code(await ask("DELETE", f"{VOICES}/audio_narrator")) == (409, "conflict")
    await anyio.sleep(world.clone_seconds)
    assert (await ask("DELETE", f"{VOICES}/audio_narrator"))[0] == 200
    assert (await ask("POST", VOICES, body | {"voice_id": "audio_mine"}))[1]["error"]["param"] == "voice_id"


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({}, None),
        ({"voice_id": "voice_warm"}, "voice_id"),
        ({"seed": 1}, "seed"),
        ({"voice_id": "audio_narrator", "seed": 1, "speed": 2}, None),
        ({"voice_id": "audio_narrator", "expressiveness_boost": 0.5}, "expressiveness_boost"),
        ({"text": ""}, "text"),
    ],
)
async def test_speech(ask: Ask, world: World, changes: dict[str, Any], param: str | None) -> None:
    """Speech costs 15 US dollars a million characters; each kind of voice has settings of its own."""
    status, made = await ask("POST", TTS, {"voice_id": "audio_mine", "text": "one two three four five"} | changes)
    assert made.get("error", {}).get("param") == param
    if param is None:
        assert made["data"]["duration"] == (1.0 if "speed" in changes else 2.0)
        assert [charge.amount_usd for charge in world.ledger] == [pytest.approx(23 * 15e-6)]
        async with aiohttp.ClientSession() as bare, bare.get(made["data"]["audio_url"]) as answer:
            assert (answer.status, answer.content_type) == (200, "audio/wav")
    else:
        assert (status // 100, world.ledger) == (4, [])


async def test_speech_is_streamed(http: aiohttp.ClientSession) -> None:
    """Each event is a WAV file of its own, or the times of its words."""
    text = "one two three four five six"
    body = {"voice_id": "audio_mine", "text": text, "with_timestamps": True}
    async with http.post(f"{TTS}/stream", json=body) as answer:
        assert answer.content_type == "text/event-stream"
        lines = (await answer.text()).split("\n\n")
    assert lines[-2:] == ["data: [DONE]", ""]
    events = [json.loads(line.removeprefix("data: ")) for line in lines[:-2]]
    assert [event["type"] for event in events] == ["audio", "alignment"] * 2
    with wave.open(io.BytesIO(base64.b64decode(events[0]["audio"]))) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (44_100, 1, 2)
    words = [word for event in events[1::2] for word in event["word_alignments"]]
    assert ([word["text"] for word in words], words[-1]["end_time"]) == (text.split(), pytest.approx(2.4))


async def test_speech_is_converted(ask: Ask) -> None:
    """Another voice speaks the recording."""
    status, made = await ask("POST", "/v3/models/audio/speech-to-speech", {"voice_id": "audio_mine", "audio": SOUND})
    assert (status, sorted(made["data"])) == (200, ["audio_url", "duration"])
    unknown = {"voice_id": "audio_mine", "audio": {"type": "asset_id", "asset_id": "x"}}
    assert code(await ask("POST", "/v3/models/audio/speech-to-speech", unknown)) == (400, "invalid_parameter")


async def test_images_are_generated(ask: Ask, world: World) -> None:
    """The images are shown once all are made, each with a seed of its own."""
    body = {
        "model": "heygen-image-1",
        "identity_images": [FACE],
        "reference_images": [FACE],
        "num_images": 3,
        "seed": 7,
    }
    status, made = await ask("POST", "/v3/models/images", body)
    path = f"/v3/models/images/{made['data']['generation_id']}"
    assert (status, (await ask("GET", path))[1]["data"]["status"]) == (202, "pending")
    await anyio.sleep(world.image_seconds)
    found = (await ask("GET", path))[1]["data"]
    assert (found["status"], [image["seed"] for image in found["images"]]) == ("completed", [7, 8, 9])
    assert code(await ask("GET", "/v3/models/images/x")) == (404, "not_found")


async def test_a_model_video_is_read_as_a_video_too(ask: Ask) -> None:
    """The one path reads it; lists and bulk statuses of videos leave it out."""
    body = {"mode": "text_to_video", "model": "heygen-video-1", "prompt": "x"}
    _, made = await ask("POST", "/v3/models/videos", body)
    video_id = made["data"]["video_id"]
    assert (await ask("GET", f"/v3/videos/{video_id}"))[1]["data"]["status"] == "pending"
    await anyio.sleep(1000)
    found = (await ask("GET", f"/v3/videos/{video_id}"))[1]["data"]
    assert (found["status"], found["video_url"] is not None) == ("completed", True)
    assert (await ask("GET", "/v3/videos"))[1]["data"] == []
    assert (await ask("GET", f"/v3/videos/statuses?video_ids={video_id}"))[1]["data"][0]["status"] == "not_found"
