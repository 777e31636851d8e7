"""/v3/users/me, /v3/avatars/looks and /v3/voices: who asks, and what there is to choose from."""

from __future__ import annotations

from heygen_async.simulator.calls import Call, Routes
from heygen_async.simulator.catalog import LOOKS, USERNAME, VOICES, Look, Voice
from heygen_async.simulator.replies import RefusalError, Reply, data_reply


def me(call: Call) -> Reply:
    """GET /v3/users/me."""
    return data_reply(
        {
            "username": USERNAME,
            "email": "simulator@example.com",
            "first_name": "Sim",
            "last_name": "Ulator",
            "billing_type": "wallet",
            "wallet": {
                "currency": "usd",
                "remaining_balance": round(call.world.balance_usd - call.world.charged_usd, 4),
                "auto_reload": {"enabled": False, "threshold_usd": None, "amount_usd": None},
            },
            "subscription": None,
            "usage_based": None,
        }
    )


def looks(call: Call) -> Reply:
    """GET /v3/avatars/looks."""
    found = [(place, look) for place, look in enumerate(LOOKS) if _wanted(call, look)]
    return call.page_reply(found, Look.view)


def look(call: Call) -> Reply:
    """GET /v3/avatars/looks/{look_id}."""
    for found in LOOKS:
        if found.id == call.names["look_id"]:
            return data_reply(found.view())
    raise RefusalError(404, "avatar_not_found", "There is no such look.")


def voices(call: Call) -> Reply:
    """GET /v3/voices."""
    found = [(place, voice) for place, voice in enumerate(VOICES) if _spoken(call, voice)]
    return call.page_reply(found, Voice.view)


def voice(call: Call) -> Reply:
    """GET /v3/voices/{voice_id}."""
    for found in VOICES:
        if found.id == call.names["voice_id"]:
            return data_reply(found.detail())
    raise RefusalError(404, "voice_not_found", "There is no such voice.")


def _wanted(call: Call, look: Look) -> bool:
    query = call.query
    return (
        query.get("group_id") in {None, look.group_id}
        and query.get("avatar_type") in {None, look.avatar_type}
        and query.get("ownership") in {None, "private" if look.private else "public"}
    )


def _spoken(call: Call, voice: Voice) -> bool:
    query = call.query
    return (
        voice.private == (query.get("type", "public") == "private")
        and query.get("engine") in {None, voice.engine}
        and query.get("language", voice.language).lower() == voice.language.lower()
        and query.get("gender", voice.gender).lower() == voice.gender
    )


ROUTES: Routes = {
    ("GET", "/v3/users/me"): me,
    ("GET", "/v3/avatars/looks"): looks,
    ("GET", "/v3/avatars/looks/{look_id}"): look,
    ("GET", "/v3/voices"): voices,
    ("GET", "/v3/voices/{voice_id}"): voice,
}
