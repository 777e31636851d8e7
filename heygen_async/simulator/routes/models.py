"""/v3/models: audio voices and their speech, and generated images. Model videos are jobs, see `jobs`."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterator
from typing import Any

from heygen_async.simulator.account import prices
from heygen_async.simulator.account.catalog import CatalogAudioVoice
from heygen_async.simulator.account.library import ImageGeneration
from heygen_async.simulator.account.sample_data import FILES_URL
from heygen_async.simulator.http.replies import RefusalError, Reply, data_reply, invalid
from heygen_async.simulator.storage.generated_files import store_file
from heygen_async.simulator.views.call import RouteCall, Routes
from heygen_async.simulator.world import acceptance
from heygen_async.simulator.world.known_ids import require_declared

Body = dict[str, Any]

VOICES = "/v3/models/audio/voices"
VOICE = f"{VOICES}/{{voice_id}}"
TTS = "/v3/models/audio/tts"
IMAGES = "/v3/models/images"
RATE = 44_100
SAMPLES_PER_PART = 441  # a hundredth of a second: the parts of a stream need no real sound
WORDS_PER_PART = 5
OF_PROFESSIONALS = ("seed", "speed", "pitch_shift", "pitch_variance")
IMAGE_WIDTH = 1024


def create_voice(call: RouteCall) -> Reply:
    """POST /v3/models/audio/voices: makes a voice, or trains a professional one anew. The simulator's are free."""
    world, body = call.world, call.body
    require_declared(world, {"audio": body["audio"]})
    known = world.library.audio_voices.get(body.get("voice_id") or "")
    if body.get("voice_id") and (known is None or known.mode != "professional"):
        raise invalid("voice_id", "There is no such professional voice of yours.")
    number = world.next_number("audio_voice")
    made = CatalogAudioVoice(
        id=known.id if known else world.make_id("audio_voice", number),
        number=known.number if known else number,
        name=known.name if known else body.get("name") or "Voice",
        mode=body["mode"],
        language=known.language if known else body.get("language"),
        created_at=known.created_at if known else int(world.unix_time(world.now())),
        ready_at=world.now() + world.clone_seconds,
    )
    world.library.audio_voices[made.id] = made
    return data_reply({"voice_id": made.id})


def voices(call: RouteCall) -> Reply:
    """GET /v3/models/audio/voices, newest first."""
    now = call.world.now()
    found = sorted(call.world.library.audio_voices.values(), key=lambda voice: -voice.number)
    return call.page_reply([(-voice.number, voice) for voice in found], lambda voice: voice.view(voice.status(now)))


def voice(call: RouteCall) -> Reply:
    """GET /v3/models/audio/voices/{voice_id}."""
    found = _find(call, call.names["voice_id"])
    return data_reply(found.view(found.status(call.world.now())))


def delete_voice(call: RouteCall) -> Reply:
    """DELETE /v3/models/audio/voices/{voice_id}. A second delete answers as the first."""
    library = call.world.library
    if call.names["voice_id"] in library.deleted_audio_voices:
        return data_reply({"status": "ok"})
    found = _find(call, call.names["voice_id"])
    if found.mode == "professional" and found.status(call.world.now()) == "PENDING":
        raise RefusalError(409, "conflict", "The voice is being trained; wait until it is ACTIVE or FAILED.")
    del library.audio_voices[found.id]
    library.deleted_audio_voices.add(found.id)
    return data_reply({"status": "ok"})


def speech(call: RouteCall) -> Reply:
    """POST /v3/models/audio/tts: makes a file at once, for 15 US dollars a million characters."""
    _require_speaker(call)
    acceptance.charge_speech(call.world, call.body)
    return data_reply(_spoken(call, call.body["text"]))


def stream(call: RouteCall) -> Reply:
    """POST /v3/models/audio/tts/stream: server-sent events with a WAV file for each few words, then [DONE]."""
    _require_speaker(call)
    acceptance.charge_speech(call.world, call.body)
    lines = [f"data: {json.dumps(event)}\n\n" for event in _events(call.body)]
    body = "".join([*lines, "data: [DONE]\n\n"]).encode()
    return Reply(body=body, headers={"Content-Type": "text/event-stream"})


def convert(call: RouteCall) -> Reply:
    """POST /v3/models/audio/speech-to-speech: makes a file at once, free of charge, since no price is documented."""
    require_declared(call.world, {"audio": call.body["audio"]})
    _require_speaker(call)
    return data_reply(_spoken(call, "words of the recording"))


def create_images(call: RouteCall) -> Reply:
    """POST /v3/models/images: free of charge, since no price is documented."""
    world, body = call.world, call.body
    require_declared(world, body)
    generation_id = world.make_id("generation", world.next_number("generation"))
    count = body.get("num_images", 1)
    first = body.get("seed") or 0
    images = [
        {
            "image_id": f"{generation_id}-{number}",
            "image_url": f"{FILES_URL}/images/{generation_id}-{number}.png",
            "seed": first + number,
            "width": IMAGE_WIDTH,
            "height": IMAGE_WIDTH,
        }
        for number in range(count)
    ]
    item = {
        "generation_id": generation_id,
        "model": body["model"],
        "status": "completed",
        "num_images": count,
        "images": images,
        "created_at": int(world.unix_time(world.now())),
        "failure_code": None,
        "failure_message": None,
    }
    world.library.images[generation_id] = ImageGeneration(item=item, ready_at=world.now() + world.image_seconds)
    return data_reply({"generation_id": generation_id, "status": "pending"}, status=202)


def images(call: RouteCall) -> Reply:
    """GET /v3/models/images/{generation_id}."""
    found = call.world.library.images.get(call.names["generation_id"])
    if found is None:
        raise RefusalError(404, "not_found", "There are no such images.")
    return data_reply(found.view(call.world.now()))


def _require_speaker(call: RouteCall) -> None:
    """Refuse unknown voices, voices that are not ready, and settings of the other kind of voices."""
    speaker = _find(call, call.body["voice_id"])
    if speaker.status(call.world.now()) != "ACTIVE":
        raise invalid("voice_id", "The voice is not ACTIVE yet.")
    instant = speaker.mode == "instant"
    wrong = OF_PROFESSIONALS if instant else ("expressiveness_boost",)
    for name in wrong:
        if call.body.get(name) is not None:
            raise invalid(name, f"Not for {speaker.mode} voices.")


def _find(call: RouteCall, voice_id: str) -> CatalogAudioVoice:
    found = call.world.library.audio_voices.get(voice_id)
    if found is None:
        raise RefusalError(404, "voice_not_found", "There is no such audio voice.", param="voice_id")
    return found


def _spoken(call: RouteCall, text: str) -> Body:
    url = store_file(call.world, call.origin, "speech.wav", "audio/wav", _wav() + text.encode())
    return {"audio_url": url, "duration": _seconds(len(text.split()), call.body)}


def _seconds(words: int, body: Body) -> float:
    return round(max(1, words) / prices.WORDS_PER_SECOND / (body.get("speed") or 1), 2)


def _events(body: Body) -> Iterator[Body]:
    words = body["text"].split() or [body["text"]]
    per_word = _seconds(1, body)
    for index, first in enumerate(range(0, len(words), WORDS_PER_PART)):
        yield {"type": "audio", "part_index": index, "audio": base64.b64encode(_wav()).decode()}
        if body.get("with_timestamps"):
            spoken = enumerate(words[first : first + WORDS_PER_PART], first)
            yield {
                "type": "alignment",
                "word_alignments": [
                    {"text": word, "start_time": at * per_word, "end_time": (at + 1) * per_word, "confidence": 1.0}
                    for at, word in spoken
                ],
            }


def _wav() -> bytes:
    """Return a WAV file of silence: 44.1 kHz, mono, 16 bits."""
    samples = bytes(2 * SAMPLES_PER_PART)
    layout = struct.pack("<IHHIIHH", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    chunks = b"WAVEfmt " + layout + b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks


ROUTES: Routes = {
    ("POST", VOICES): create_voice,
    ("GET", VOICES): voices,
    ("GET", VOICE): voice,
    ("DELETE", VOICE): delete_voice,
    ("POST", TTS): speech,
    ("POST", f"{TTS}/stream"): stream,
    ("POST", "/v3/models/audio/speech-to-speech"): convert,
    ("POST", IMAGES): create_images,
    ("GET", f"{IMAGES}/{{generation_id}}"): images,
}
