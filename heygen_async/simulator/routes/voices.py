"""/v3/voices: to choose from, to design, to clone, and to let speak."""

from __future__ import annotations

from typing import Any

from heygen_async.simulator.account import prices
from heygen_async.simulator.account.catalog import CatalogVoice
from heygen_async.simulator.http.replies import RefusalError, Reply, data_reply, invalid
from heygen_async.simulator.views.call import RouteCall, Routes
from heygen_async.simulator.views.known_ids import require_declared
from heygen_async.simulator.views.made_files import store

VOICE = "/v3/voices/{voice_id}"
DESIGNED = 3
MP3 = b"ID3\x04\x00\x00\x00\x00\x00\x00"


def voices(call: RouteCall) -> Reply:
    """GET /v3/voices."""
    found = [(place, voice) for place, voice in enumerate(call.world.library.voices.values()) if _fits(call, voice)]
    return call.page_reply(found, CatalogVoice.view)


def voice(call: RouteCall) -> Reply:
    """GET /v3/voices/{voice_id}."""
    found = _find(call)
    return data_reply(found.detail(found.status(call.world.now())))


def delete(call: RouteCall) -> Reply:
    """DELETE /v3/voices/{voice_id}."""
    found = _find(call)
    if not found.private:
        raise RefusalError(403, "resource_access_denied", "It is everybody's.")
    del call.world.library.voices[found.id]
    return data_reply({"voice_id": found.id})


def design(call: RouteCall) -> Reply:
    """POST /v3/voices: three proposals, at once. No price is documented, so nothing is charged."""
    gender = call.body.get("gender") or "female"
    made = [_add(call, f"Design {number}", gender) for number in range(1, DESIGNED + 1)]
    return data_reply({"voices": [one.view() for one in made], "seed": call.body.get("seed", 0)})


def clone(call: RouteCall) -> Reply:
    """POST /v3/voices/clone; it takes a while."""
    require_declared(call.world, call.body)
    made = _add(call, call.body["voice_name"], "female", ready_at=call.world.now() + call.world.clone_seconds)
    return data_reply({"voice_clone_id": made.id})


def speech(call: RouteCall) -> Reply:
    """POST /v3/voices/speech: a file at once. No price is documented, so nothing is charged."""
    require_declared(call.world, call.body)
    speaker = call.world.library.voices.get(call.body["voice_id"])
    if speaker is not None and speaker.engine != "starfish":
        raise invalid("voice_id", f"Engine {speaker.engine} of this voice is not supported; only starfish is.")
    words = call.body["text"].split()
    seconds = round(max(1, len(words)) / prices.WORDS_PER_SECOND / call.body.get("speed", 1), 2)
    each = seconds / max(1, len(words))
    return data_reply(
        {
            "audio_url": store(call, "speech.mp3", "audio/mpeg", MP3 + call.body["text"].encode()),
            "duration": seconds,
            "request_id": call.world.make_id("speech", call.world.next_number("speech")),
            "word_timestamps": [
                {"word": word, "start": place * each, "end": (place + 1) * each} for place, word in enumerate(words)
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
