"""/v3/templates: templates, and videos made from them."""

from __future__ import annotations

from typing import Any

from heygen_async.simulator.http.replies import RefusalError, Reply, data_reply, invalid
from heygen_async.simulator.routes.videos import view
from heygen_async.simulator.views.call import RouteCall, Routes
from heygen_async.simulator.world import acceptance
from heygen_async.simulator.world.acceptance import RenderOrder
from heygen_async.simulator.world.known_ids import require_known, require_variables

LISTED = ("id", "name", "aspect_ratio", "thumbnail_url", "created_at", "updated_at")


def list_(call: RouteCall) -> Reply:
    """GET /v3/templates."""
    found = list(enumerate(call.world.library.templates.values()))
    return call.page_reply(found, lambda template: {name: template[name] for name in LISTED})


def get(call: RouteCall) -> Reply:
    """GET /v3/templates/{template_id}."""
    return data_reply(_find(call))


def create(call: RouteCall) -> Reply:
    """POST /v3/templates: makes a template of a video, whose script is its only text."""
    world, body = call.world, call.body
    video = world.videos.get(body["source_video_id"])
    if video is None or video.deleted:
        raise invalid("source_video_id", "There is no such video.")  # no 404 is declared here
    now = int(world.unix_time(world.now()))
    template_id = world.make_id("template", world.next_number("template"))
    scene: dict[str, Any] = {"scene_id": f"{template_id}-1", "script": video.body.get("script"), "variables": []}
    template: dict[str, Any] = {
        "id": template_id,
        "name": body.get("name") or video.title or "New template",
        "aspect_ratio": "16:9",
        "thumbnail_url": None,
        "created_at": now,
        "updated_at": now,
        "variables": {},
        "scenes": [scene],
        "scene_ids": [scene["scene_id"]],
        "elements": [{"element_id": f"{template_id}-text", "element_type": "text", "bindable_as": ["text"]}],
        "revision": 1,
        "source_video_id": video.video_id,
    }
    world.library.templates[template_id] = template
    return data_reply(template)


def update(call: RouteCall) -> Reply:
    """PATCH /v3/templates/{template_id}."""
    template = _find(call)
    if call.body.get("name"):
        template["name"] = call.body["name"]
    return data_reply(template)


def update_variables(call: RouteCall) -> Reply:
    """PUT /v3/templates/{template_id}/variables: replaces the variables. A revision that is not the last is refused."""
    template = _find(call)
    revision = call.body.get("revision")
    if revision is not None and revision != template.get("revision", 1):
        raise invalid("revision", f"The template is at revision {template.get('revision', 1)}.")
    named = [variable for variable in call.body["variables"] if isinstance(variable.get("name"), str)]
    if len(named) < len(call.body["variables"]):
        raise invalid("variables", "Each variable needs a name.")
    template["variables"] = {
        variable["name"]: {"name": variable["name"], "type": variable.get("variable_type", "text"), "properties": {}}
        for variable in named
    }
    template["revision"] = template.get("revision", 1) + 1
    return data_reply(template)


def delete(call: RouteCall) -> Reply:
    """DELETE /v3/templates/{template_id}."""
    template = _find(call)
    del call.world.library.templates[template["id"]]
    return data_reply({"id": template["id"]})


def generate(call: RouteCall) -> Reply:
    """POST /v3/templates/{template_id}."""
    template = _find(call)
    _require_scenes(call.body, template)
    _require_shape(call.body, template)
    require_variables(call.world, call.body, template)
    require_known(call.world, {name: value for name, value in call.body.items() if name != "variables"})
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
    ("POST", "/v3/templates"): create,
    ("POST", "/v3/templates/{template_id}"): generate,
    ("PATCH", "/v3/templates/{template_id}"): update,
    ("PUT", "/v3/templates/{template_id}/variables"): update_variables,
    ("DELETE", "/v3/templates/{template_id}"): delete,
}
