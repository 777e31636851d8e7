"""A simulated account that has an object of every kind, and the path of each operation on these objects."""

from __future__ import annotations

import re
from typing import Any

import aiohttp
import anyio

from heygen_async.simulator.contract.contract import Operation, operation
from tests.helpers.simulator_ask import Ask

DOCUMENT = operation("GET", "/v3/users/me").validator.document


OPERATIONS = sorted(
    (method.upper(), path)
    for path, methods in DOCUMENT["paths"].items()
    for method in methods
    if method in {"get", "post", "put", "patch", "delete"}
)


PDF = b"%PDF-1.7"


FILM = {"type": "url", "url": "https://example.com/film.mp4"}


QUERIES = {
    "/v3/assets": "username=simulator",
    "/v3/assets/search": "query=heart&type=icon",
    "/v3/assets/statuses": "asset_ids={asset_id}",
    "/v3/audio/sounds": "query=calm",
    "/v3/lipsyncs/statuses": "lipsync_ids={lipsync_id}",
    "/v3/video-translations/statuses": "video_translation_ids={video_translation_id}",
    "/v3/videos/statuses": "video_ids={video_id}",
}


Names = dict[str, str]

OF_MODELS = {"/v3/models/videos/": "model_video", "/v3/models/audio/voices/": "audio_voice"}


async def furnish(ask: Ask, storage: aiohttp.ClientSession) -> Names:
    """Create an object of every kind in an account, and return the ids by name."""
    names = {
        "group_id": "group_anna",
        "look_id": "look_anna",
        "voice_id": "voice_mine",
        "template_id": "template_welcome",
        "generation_id": "generation_demo",
        "audio_voice": "audio_mine",
        "brand_kit_id": "kit_house",
        "brand_glossary_id": "glossary_names",
    }

    async def make(name: str, path: str, body: Any, field: str) -> None:
        status, made = await ask("POST", path, body)
        assert status < 300, made
        found = made["data"][field]
        names[name] = found[0] if isinstance(found, list) else found

    slot = {"filename": "a.pdf", "content_type": "application/pdf", "size_bytes": len(PDF)}
    await make("asset_batch", "/v3/assets/direct-uploads/batches", {"files": [slot]}, "batch_id")
    _, made = await ask("POST", "/v3/assets/direct-uploads", slot)
    names["asset_id"] = made["data"]["asset_id"]
    async with storage.put(made["data"]["upload_url"], data=PDF, headers=made["data"]["upload_headers"]) as answer:
        assert answer.status == 200
    await ask("POST", f"/v3/assets/{names['asset_id']}/complete", {})
    await make("multipart_id", "/v3/assets/direct-uploads/multipart", slot, "multipart_id")
    hello = {"type": "avatar", "avatar_id": "look_anna", "script": "Hi"}
    await make("video_id", "/v3/videos", hello, "video_id")
    await make("video_batch", "/v3/videos/batches", {"videos": [hello]}, "batch_id")
    await make("session_id", "/v3/video-agents", {"prompt": "x", "mode": "chat"}, "session_id")
    sync = {"video": FILM, "audio": FILM}
    await make("lipsync_id", "/v3/lipsyncs", sync, "lipsync_id")
    await make("lipsync_batch", "/v3/lipsyncs/batches", {"lipsyncs": [sync]}, "batch_id")
    dub = {"video": FILM, "output_languages": ["French (France)"], "title": "x"}
    await make("video_translation_id", "/v3/video-translations", dub, "video_translation_ids")
    await make("translation_batch", "/v3/video-translations/batches", {"video_translations": [dub]}, "batch_id")
    await make("proofread_id", "/v3/video-translations/proofreads", dub, "proofread_ids")
    await make("clipping", "/v3/ai-clipping", {"video": FILM}, "ai_clipping_id")
    await make("background", "/v3/background-removals", {"video": FILM}, "id")
    await make("filler_word_removal_id", "/v3/filler-word-removals", {"video": FILM}, "filler_word_removal_id")
    dream = {"mode": "text_to_video", "model": "heygen-video-1", "prompt": "x"}
    await make("model_video", "/v3/models/videos", dream, "video_id")
    await make("folder_id", "/v3/folders", {"name": "x"}, "folder_id")
    await make("endpoint_id", "/v3/webhooks/endpoints", {"url": "https://example.com/"}, "endpoint_id")
    await anyio.sleep(1000)
    _, session = await ask("GET", f"/v3/video-agents/{names['session_id']}")
    names["resource_id"] = session["data"]["messages"][0]["resource_ids"][0]
    return names


def path_of(asked: Operation, names: Names) -> str:
    """Return the path of an operation, filled with ids of *names*."""
    template = asked.template
    resource = template.split("/")[2]
    special = {
        "batch_id": {"assets": "asset_batch", "lipsyncs": "lipsync_batch", "videos": "video_batch"}.get(
            resource, "translation_batch"
        ),
        "job_id": {"ai-clipping": "clipping"}.get(resource, "background"),
    }
    path = template
    for name in re.findall(r"{(\w+)}", template):
        wanted = OF_MODELS.get(template.partition("{")[0], special.get(name, name))
        path = path.replace(f"{{{name}}}", names[wanted])
    query = QUERIES.get(template, "") if asked.method == "GET" else ""
    return f"{path}?{query.format(**names)}" if query else path


def filled(body: dict[str, Any], names: Names) -> dict[str, Any]:
    """Return *body* with its placeholders replaced by ids of *names*."""
    return {name: value.format(**names) if isinstance(value, str) else value for name, value in body.items()}
