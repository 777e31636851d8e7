"""/v3/video-translations: one job per language, their batches, and proofreads of the text before the job."""

from __future__ import annotations

import functools
from typing import Any

from heygen_async.simulator.account.job_kinds import TRANSLATION
from heygen_async.simulator.account.library import ProofreadState
from heygen_async.simulator.account.sample_data import LANGUAGES
from heygen_async.simulator.http.replies import RefusalError, Reply, data_reply, invalid
from heygen_async.simulator.routes import jobs
from heygen_async.simulator.routes.jobs import batch_routes, delete, get, job_routes, list_, order, rename
from heygen_async.simulator.storage.generated_files import store_file
from heygen_async.simulator.storage.presigned import presign
from heygen_async.simulator.views.call import RouteCall, Routes
from heygen_async.simulator.world import acceptance
from heygen_async.simulator.world.acceptance import RenderOrder
from heygen_async.simulator.world.known_ids import require_declared
from heygen_async.simulator.world.outbox import Notice

Body = dict[str, Any]

PATH = "/v3/video-translations"
PROOFREADS = f"{PATH}/proofreads"
MOST_ITEMS = 100


def create(call: RouteCall) -> Reply:
    """POST /v3/video-translations. The answer has an id for each language."""
    _require_languages(call, call.body)
    renders = acceptance.accept(call.world, _orders(call.body), call.key)
    return data_reply({"video_translation_ids": [render.video_id for render in renders]})


def create_batch(call: RouteCall) -> Reply:
    """POST /v3/video-translations/batches. Each language counts as one of the 100 items."""
    count = sum(len(item["output_languages"]) for item in call.body["video_translations"])
    if count > MOST_ITEMS:
        raise invalid("video_translations", f"At most {MOST_ITEMS} items after expansion; got {count}.")
    return jobs.create_batch("video_translations", _orders, call)


def languages(_: RouteCall) -> Reply:
    """GET /v3/video-translations/languages."""
    return data_reply({"languages": list(LANGUAGES)})


def create_proofreads(call: RouteCall) -> Reply:
    """POST /v3/video-translations/proofreads: makes a text for each language, free of charge until `generate`."""
    _require_languages(call, call.body)
    proofreads = [_new_proofread(call, language) for language in call.body["output_languages"]]
    return data_reply({"proofread_ids": [proofread.id for proofread in proofreads], "status": "processing"})


def list_proofreads(call: RouteCall) -> Reply:
    """GET /v3/video-translations/proofreads, newest first."""
    found = [(-proofread.number, proofread) for proofread in reversed(call.world.library.proofreads.values())]
    return call.page_reply(found, functools.partial(_view, call))


def delete_proofread(call: RouteCall) -> Reply:
    """DELETE /v3/video-translations/proofreads/{proofread_id}."""
    proofread = _find(call)
    del call.world.library.proofreads[proofread.id]
    return data_reply({"id": proofread.id})


def get_proofread(call: RouteCall) -> Reply:
    """GET /v3/video-translations/proofreads/{proofread_id}."""
    return data_reply(_view(call, _find(call)))


def generate(call: RouteCall) -> Reply:
    """POST /v3/video-translations/proofreads/{proofread_id}/generate: makes the video and charges for it."""
    proofread = _find(call)
    if proofread.status(call.world.now()) != "completed":
        raise RefusalError(409, "resource_not_ready", "The proofread is still being made.")
    body = {**proofread.body, **call.body, "output_language": proofread.language}
    (render,) = acceptance.accept(call.world, [order(TRANSLATION, body)], call.key)
    return data_reply({"video_translation_id": render.video_id, "status": "processing"})


def get_srt(call: RouteCall) -> Reply:
    """GET /v3/video-translations/proofreads/{proofread_id}/srt. Early requests get a 404; the contract has no 409."""
    proofread = _find(call)
    if proofread.status(call.world.now()) != "completed":
        raise RefusalError(404, "not_found", "The text is still being made.")
    return data_reply({"srt_url": proofread.srt_url, "original_srt_url": proofread.original_srt_url})


def put_srt(call: RouteCall) -> Reply:
    """PUT /v3/video-translations/proofreads/{proofread_id}/srt."""
    proofread = _find(call)
    source = call.body["srt"]
    if source["type"] == "url":
        proofread.srt_url = source["url"]
    else:
        require_declared(call.world, call.body)
        path = f"/files/assets/{source['asset_id']}"
        proofread.srt_url = presign(call.world, call.origin, path, call.world.url_seconds)
    return data_reply(_view(call, proofread))


def _require_languages(call: RouteCall, body: Body) -> None:
    require_declared(call.world, body)
    unknown = [language for language in body["output_languages"] if language not in LANGUAGES]
    if unknown and call.world.strict_catalog:
        raise invalid("output_languages", f"There is no language {unknown[0]}.")


def _orders(body: Body) -> list[RenderOrder]:
    return [order(TRANSLATION, {**body, "output_language": language}) for language in body["output_languages"]]


def _new_proofread(call: RouteCall, language: str) -> ProofreadState:
    world = call.world
    number = world.next_number("proofread")
    proofread_id = world.make_id("proofread", number)
    text = f"1\n00:00:00,000 --> 00:00:01,000\n({language})\n".encode()
    url = store_file(world, call.origin, f"{proofread_id}.srt", "application/x-subrip", text)
    proofread = ProofreadState(
        id=proofread_id,
        number=number,
        language=language,
        body=call.body,
        created_at=world.now(),
        ready_at=world.now() + world.proofread_seconds,
        srt_url=url,
        original_srt_url=url,
    )
    world.library.proofreads[proofread_id] = proofread
    data = {"proofread_id": proofread_id}
    notice = Notice(event_type="proofread_creation.success", data=data, entity_id=proofread_id)
    world.schedule_notice(proofread.ready_at, notice)
    return proofread


def _find(call: RouteCall) -> ProofreadState:
    proofread = call.world.library.proofreads.get(call.names["proofread_id"])
    if proofread is None:
        raise RefusalError(404, "not_found", "There is no such proofread.")
    return proofread


def _view(call: RouteCall, proofread: ProofreadState) -> dict[str, Any]:
    return {
        "id": proofread.id,
        "status": proofread.status(call.world.now()),
        "title": proofread.body["title"],
        "created_at": int(call.world.unix_time(proofread.created_at)),
        "input_language": None,
        "output_language": proofread.language,
        "submitted_for_review": False,
        "failure_message": None,
    }


ROUTES: Routes = {
    ("POST", PATH): create,
    ("POST", f"{PATH}/batches"): create_batch,
    ("GET", f"{PATH}/languages"): languages,
    ("POST", PROOFREADS): create_proofreads,
    ("GET", PROOFREADS): list_proofreads,
    ("GET", f"{PROOFREADS}/{{proofread_id}}"): get_proofread,
    ("DELETE", f"{PROOFREADS}/{{proofread_id}}"): delete_proofread,
    ("POST", f"{PROOFREADS}/{{proofread_id}}/generate"): generate,
    ("GET", f"{PROOFREADS}/{{proofread_id}}/srt"): get_srt,
    ("PUT", f"{PROOFREADS}/{{proofread_id}}/srt"): put_srt,
    **batch_routes(TRANSLATION),
    **job_routes(TRANSLATION, list_, get, delete, rename),
}
