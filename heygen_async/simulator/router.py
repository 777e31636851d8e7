"""Finds the route of a request, authenticates it, and checks it against the contract."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from typing import Any

import attrs

from heygen_async.simulator.contract.contract import Operation, operation
from heygen_async.simulator.contract.rules import broken_rules
from heygen_async.simulator.http.incoming import IncomingRequest
from heygen_async.simulator.http.multipart import MEDIA_TYPE as FORM_TYPE, Form
from heygen_async.simulator.http.replies import FieldError, RefusalError, invalid_items
from heygen_async.simulator.routes import (
    agents,
    assets,
    avatars,
    jobs,
    library,
    models,
    templates,
    translations,
    videos,
    voices,
    webhooks,
)
from heygen_async.simulator.views.call import Handler, RouteCall, Routes
from heygen_async.simulator.world.outbox import LOCAL_HOSTS, host_of
from heygen_async.simulator.world.world import World

ROUTES: Routes = {
    **videos.ROUTES,
    **agents.ROUTES,
    **assets.ROUTES,
    **avatars.ROUTES,
    **jobs.ROUTES,
    **library.ROUTES,
    **models.ROUTES,
    **templates.ROUTES,
    **translations.ROUTES,
    **voices.ROUTES,
    **webhooks.ROUTES,
}
COSTLY = frozenset(
    {
        ("POST", "/v3/videos"),
        ("POST", "/v3/videos/batches"),
        ("POST", "/v3/video-agents"),
        ("POST", "/v3/templates/{template_id}"),
        ("POST", "/v3/avatars"),
        ("POST", "/v3/lipsyncs"),
        ("POST", "/v3/lipsyncs/batches"),
        ("POST", "/v3/video-translations"),
        ("POST", "/v3/video-translations/batches"),
        ("POST", "/v3/video-translations/proofreads/{proofread_id}/generate"),
        ("POST", "/v3/ai-clipping"),
        ("POST", "/v3/background-removals"),
        ("POST", "/v3/filler-word-removals"),
        ("POST", "/v3/models/videos"),
        ("POST", "/v3/models/audio/tts"),
        ("POST", "/v3/models/audio/tts/stream"),
    }
)
BATCHES = {
    "/v3/videos/batches": "videos",
    "/v3/lipsyncs/batches": "lipsyncs",
    "/v3/video-translations/batches": "video_translations",
}


@attrs.frozen(kw_only=True)
class Route:
    """The route of a request.

    Attributes:
        template: Path template, such as "/v3/videos/{video_id}"; the path itself if it is unknown.
        names: Values of the path's parameters by name.
        handler: Handler of the operation; None if the path or the method is unknown.
    """

    template: str
    names: Mapping[str, str] = attrs.field(factory=dict)
    handler: Handler | None = None


def find_route(method: str, path: str) -> Route:
    """Return the route of a request."""
    template, names = _match(path)
    return Route(template=template, names=names, handler=ROUTES.get((method, template)))


def authenticate(world: World, headers: Mapping[str, str]) -> None:
    """Check the credentials of a request.

    Raises:
        RefusalError: 401, there are none or they are not of this account.
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    if headers.get("x-api-key", bearer) not in world.api_keys:
        raise RefusalError(401, "unauthorized", "Missing or invalid credentials.")


def read_call(world: World, incoming: IncomingRequest, found: Route) -> RouteCall:
    """Return the valid call of a request.

    Raises:
        RefusalError: 404 or 405 for an unknown operation, 400 for a request that breaks the contract.
    """
    if found.handler is None:
        known = any(template == found.template for _, template in ROUTES)
        if known:
            raise RefusalError(405, "method_not_allowed", f"No {incoming.method} on {found.template}.")
        raise RefusalError(404, "not_found", f"There is nothing at {incoming.path}.")
    op = operation(incoming.method, found.template)
    return RouteCall(
        world=world,
        operation=op,
        names=found.names,
        query=_query(op, incoming),
        body=_body(world, op, incoming),
        key=_key(op, incoming),
        origin=incoming.origin,
        handler=found.handler,
    )


def _query(op: Operation, incoming: IncomingRequest) -> dict[str, Any]:
    names = [name for name, _ in incoming.query]
    if twice := [name for name in names if names.count(name) > 1]:
        raise _refusal([FieldError(path=twice[0], message=f"Query parameter '{twice[0]}' is given twice.")])
    query = op.read_query(dict(incoming.query))
    _refuse(list(op.query_problems(query)))
    return query


def _key(op: Operation, incoming: IncomingRequest) -> str | None:
    key = incoming.headers.get("idempotency-key")
    if key is None or not op.keyed:
        return None
    _refuse(list(op.key_problems(key)))
    return key


def _body(world: World, op: Operation, incoming: IncomingRequest) -> dict[str, Any]:
    if not op.takes_body or (incoming.is_empty and not op.needs_body):
        return {}
    if op.takes_form:
        return _form(op, incoming)
    body = _json_object(incoming)
    problems = list(op.body_problems(_with_https(world, op, body), is_open=world.open_contract))
    if not problems:
        problems = list(broken_rules(op.template, body))
    if op.template in BATCHES:
        _refuse_items(BATCHES[op.template], problems)
    _refuse(problems)
    return body


def _with_https(world: World, op: Operation, body: dict[str, Any]) -> dict[str, Any]:
    """Return *body* for the check against the contract.

    The contract forbids http for webhook receivers. Here, receivers on this machine may use it, unless the world
    forbids it too; their http is replaced by https for the check.
    """
    url = body.get("url")
    if world.https_webhooks_only or not op.template.startswith("/v3/webhooks/") or not isinstance(url, str):
        return body
    return {**body, "url": re.sub("^http:", "https:", url)} if host_of(url) in LOCAL_HOSTS else body


def _form(op: Operation, incoming: IncomingRequest) -> dict[str, Any]:
    form = incoming.form or Form(problem=f"Content-Type should be {FORM_TYPE}; got '{_content_type(incoming)}'.")
    if form.problem is not None:
        raise RefusalError(400, "invalid_parameter", form.problem)
    fields = form.parts
    names = [field.name for field in fields]
    wrong = [
        *(FieldError(path=name, message=f"'{name}' is required.") for name in op.form_fields if name not in names),
        *(FieldError(path=name, message=f"Unknown field '{name}'.") for name in names if name not in op.form_fields),
        *(FieldError(path=field.name, message="Input should be a file.") for field in fields if field.filename is None),
        *(FieldError(path=name, message="Given twice.") for name in set(names) if names.count(name) > 1),
    ]
    _refuse(wrong)
    return {field.name: field for field in fields}


def _json_object(incoming: IncomingRequest) -> dict[str, Any]:
    kind = _content_type(incoming)
    if kind != "application/json":
        raise RefusalError(400, "invalid_parameter", f"Content-Type should be application/json; got '{kind}'.")
    try:
        body = json.loads(incoming.body)
    except (ValueError, RecursionError) as exc:
        raise RefusalError(400, "invalid_parameter", f"The body is not valid JSON: {exc}.") from None
    if not isinstance(body, dict):
        raise RefusalError(400, "invalid_parameter", "The body should be a JSON object.")
    return body


def _content_type(incoming: IncomingRequest) -> str:
    return incoming.headers.get("content-type", "").partition(";")[0].strip().lower()


def _refuse_items(name: str, problems: list[FieldError]) -> None:
    item = re.compile(name + r"\[(\d+)\]")
    indexes = sorted({int(found[1]) for problem in problems if (found := item.match(problem.path))})
    if indexes:
        raise invalid_items(indexes, problems, param=name)


def _refuse(problems: list[FieldError]) -> None:
    if problems:
        raise _refusal(problems)


def _refusal(problems: list[FieldError]) -> RefusalError:
    first = problems[0]
    message = f"{first.path}: {first.message}" if first.path else first.message
    return RefusalError(400, "invalid_parameter", message, param=first.path, problems=problems)


@functools.cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    # Templates with fewer parameters come first, so that /v3/videos/statuses is not taken for a video.
    templates = sorted({template for _, template in ROUTES}, key=lambda template: template.count("{"))
    return tuple((re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)), template) for template in templates)


@functools.lru_cache(maxsize=4096)  # the same few videos are asked for again and again
def _match(path: str) -> tuple[str, Mapping[str, str]]:
    for pattern, template in _patterns():
        if found := pattern.fullmatch(path):
            return template, found.groupdict()
    return path, {}
