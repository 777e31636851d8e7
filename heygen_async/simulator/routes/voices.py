"""/v3/voices: lists, designed voices, clones, and speech."""

from __future__ import annotations

from typing import Any

from heygen_async.simulator.account import prices
from heygen_async.simulator.account.catalog import CatalogVoice
from heygen_async.simulator.http.replies import RefusalError, Reply, data_reply, invalid
from heygen_async.simulator.storage.generated_files import store_file
from heygen_async.simulator.views.call import RouteCall, Routes
from heygen_async.simulator.world.known_ids import require_declared

VOICE = "/v3/voices/{voice_id}"
DESIGNS = 3
MP3 = b"ID3\x04\x00\x00\x00\x00\x00\x00"


def voices(call: RouteCall) -> Reply:
    """GET /v3/voices."""
    found = [(index, voice) for index, voice in enumerate(call.world.library.voices.values()) if _fits(call, voice)]
    return call.page_reply(found, CatalogVoice.view)


def voice(call: RouteCall) -> Reply:
    """GET /v3/voices/{voice_id}."""
    found = _find(call)
    return data_reply(found.detail(found.status(call.world.now())))


def delete(call: RouteCall) -> Reply:
    """DELETE /v3/voices/{voice_id}."""
    found = _find(call)
    if not found.private:
        raise RefusalError(403, "resource_access_denied", "Public voices cannot be deleted.")
    del call.world.library.voices[found.id]
    return data_reply({"voice_id": found.id})


def design(call: RouteCall) -> Reply:
    """POST /v3/voices: designs three voices at once, free of charge, since no price is documented."""
    gender = call.body.get("gender") or "female"
    designs = [_add(call, f"Design {number}", gender) for number in range(1, DESIGNS + 1)]
    return data_reply({"voices": [design.view() for design in designs], "seed": call.body.get("seed", 0)})


def clone(call: RouteCall) -> Reply:
    """POST /v3/voices/clone. The clone can be used after `clone_seconds`."""
    require_declared(call.world, call.body)
    made = _add(call, call.body["voice_name"], "female", ready_at=call.world.now() + call.world.clone_seconds)
    return data_reply({"voice_clone_id": made.id})


def speech(call: RouteCall) -> Reply:
    """POST /v3/voices/speech: makes a file at once, free of charge, since no price is documented."""
    world = call.world
    require_declared(world, call.body)
    speaker = world.library.voices.get(call.body["voice_id"])
    if speaker is not None and speaker.engine != "starfish":
        raise invalid("voice_id", f"Engine {speaker.engine} of this voice is not supported; only starfish is.")
    words = call.body["text"].split()
    seconds = round(max(1, len(words)) / prices.WORDS_PER_SECOND / call.body.get("speed", 1), 2)
    seconds_per_word = seconds / max(1, len(words))
    return data_reply(
        {
            "audio_url": store_file(world, call.origin, "speech.mp3", "audio/mpeg", MP3 + call.body["text"].encode()),
            "duration": seconds,
            "request_id": world.make_id("speech", world.next_number("speech")),
            "word_timestamps": [
                {"word": word, "start": index * seconds_per_word, "end": (index + 1) * seconds_per_word}
                for index, word in enumerate(words)
            ],
        }
    )


def _add(call: RouteCall, name: str, gender: str, *, ready_at: float | None = None) -> CatalogVoice:
    world = call.world
    made = CatalogVoice(
        id=world.make_id("voice", world.next_number("voice")),
        name=name,
        language=call.body.get("language") or "English",
        gender=gender,
        private=True,
        ready_at=ready_at,
    )
    world.library.voices[made.id] = made
    return made


def _find(call: RouteCall) -> CatalogVoice:
    found = call.world.library.voices.get(call.names["voice_id"])
    if found is None:
        raise RefusalError(404, "voice_not_found", "There is no such voice.")
    return found


def _fits(call: RouteCall, voice: CatalogVoice) -> bool:
    query: Any = call.query
    return (
        voice.private == (query.get("type", "public") == "private")
        and query.get("engine") in {None, voice.engine}
        and query.get("language", voice.language).lower() == voice.language.lower()
        and query.get("gender", voice.gender).lower() == voice.gender
    )


ROUTES: Routes = {
    ("GET", "/v3/voices"): voices,
    ("POST", "/v3/voices"): design,
    ("POST", "/v3/voices/clone"): clone,
    ("POST", "/v3/voices/speech"): speech,
    ("GET", VOICE): voice,
    ("DELETE", VOICE): delete,
}
