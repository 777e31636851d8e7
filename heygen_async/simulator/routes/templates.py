"""/v3/templates: templates, and videos made from them."""

from __future__ import annotations

from typing import Any

from heygen_async.simulator.http.replies import RefusalError, Reply, data_reply, invalid
from heygen_async.simulator.routes.videos import view
from heygen_async.simulator.views.call import RouteCall, Routes
from heygen_async.simulator.world import acceptance
from heygen_async.simulator.world.acceptance import RenderOrder
from heygen_async.simulator.world.known_ids import require_known

LISTED = ("id", "name", "aspect_ratio", "thumbnail_url", "created_at", "updated_at")


def list_(call: RouteCall) -> Reply:
    """GET /v3/templates."""
    found = list(enumerate(call.world.library.templates.values()))
    return call.page_reply(found, lambda template: {name: template[name] for name in LISTED})


def get(call: RouteCall) -> Reply:
    """GET /v3/templates/{template_id}."""
    return data_reply(_find(call))


def generate(call: RouteCall) -> Reply:
    """POST /v3/templates/{template_id}. Names of variables are not checked, since no source states that HeyGen does."""
    template = _find(call)
    _require_scenes(call.body, template)
    _require_shape(call.body, template)
    require_known(call.world, call.body)
    (render,) = acceptance.accept(call.world, [RenderOrder(kind="template", body=call.body)], call.key)
    return data_reply(view(call, render))


def _find(call: RouteCall) -> dict[str, Any]:
    template = call.world.library.templates.get(call.names["template_id"])
    if template is None:
        raise RefusalError(404, "not_found", "There is no such template.")
    return template


def _require_scenes(body: dict[str, Any], template: dict[str, Any]) -> None:
    unknown = [scene_id for scene_id in body.get("scene_ids") or () if scene_id not in template["scene_ids"]]
    if unknown:
        raise invalid("scene_ids", f"The template has no scene {unknown[0]}.")


def _require_shape(body: dict[str, Any], template: dict[str, Any]) -> None:
    dimension = body.get("dimension")
    if not dimension:
        return
    width, height = map(int, template["aspect_ratio"].split(":"))
    if dimension["width"] * height != dimension["height"] * width:
        raise invalid("dimension", f"The template is {template['aspect_ratio']}.")


ROUTES: Routes = {
    ("GET", "/v3/templates"): list_,
    ("GET", "/v3/templates/{template_id}"): get,
    ("POST", "/v3/templates/{template_id}"): generate,
}
