"""A receiver within FastAPI and Starlette, called as a server calls them, and behind a real uvicorn."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from heygen_async import Receiver, WebhookEvent
from tests.helpers.deliveries import SECRET, ask_asgi, body_of, signed

Build = Callable[[Receiver], Any]


def fastapi_route(receiver: Receiver) -> Any:
    app = FastAPI()
    app.router.routes.append(Route(receiver.path + "{rest:path}", receiver))
    return app


def fastapi_mount(receiver: Receiver) -> Any:
    app = FastAPI()
    app.mount(receiver.path, receiver)
    return app


def fastapi_below(receiver: Receiver) -> Any:
    app, inner = FastAPI(), FastAPI()
    inner.router.routes.append(Route(receiver.path + "{rest:path}", receiver))
    app.mount("/v1", inner)
    return app


def starlette_route(receiver: Receiver) -> Any:
    return Starlette(routes=[Route(receiver.path, receiver)])


def starlette_mount(receiver: Receiver) -> Any:
    return Starlette(routes=[Mount("/hooks", receiver)])


def starlette_all(receiver: Receiver) -> Any:
    return Starlette(routes=[Mount("/", receiver)])


# How the receiver is added, and the paths at which it answers.
PLACES: dict[str, tuple[Build, list[str]]] = {
    "FastAPI, a route": (fastapi_route, ["/heygen", "/heygen/"]),
    "FastAPI, mounted at its own path": (fastapi_mount, ["/heygen/"]),
    "FastAPI, within a mounted application": (fastapi_below, ["/v1/heygen", "/v1/heygen/"]),
    "Starlette, a route": (starlette_route, ["/heygen"]),
    "Starlette, mounted at another path": (starlette_mount, ["/hooks/heygen", "/hooks/heygen/"]),
    "Starlette, the whole application": (starlette_all, ["/heygen", "/heygen/"]),
}
CASES = {f"{name}: {path}": (build, path) for name, (build, paths) in PLACES.items() for path in paths}


@pytest.fixture
def received() -> list[WebhookEvent]:
    """Events that the receiver passed on."""
    return []


@pytest.fixture
def receiver(received: list[WebhookEvent]) -> Receiver:
    """A receiver at /heygen."""
    return Receiver(SECRET, observers=[received.append])


@pytest.mark.parametrize("proxy", ["", "/proxy"])
@pytest.mark.parametrize(("build", "path"), CASES.values(), ids=CASES)
async def test_a_receiver_is_a_part_of_an_application(
    receiver: Receiver, received: list[WebhookEvent], build: Build, path: str, proxy: str
) -> None:
    """A probe and a delivery are answered wherever the receiver stands, also behind a proxy's prefix."""
    app = build(receiver)
    probe = await ask_asgi(app, "OPTIONS", proxy + path, [], root_path=proxy)
    assert (probe.status, "POST" in probe.headers.get("allow", "")) == (200, True)
    answered = await ask_asgi(app, "POST", proxy + path, signed(body_of()), body_of(), root_path=proxy)
    assert (answered.status, len(received)) == (200, 1)


@pytest.fixture(params=["", "/proxy"])
def port(request: pytest.FixtureRequest, receiver: Receiver) -> Iterator[int]:
    """Port of a FastAPI application on uvicorn, for callers on the inner side of a proxy."""
    config = uvicorn.Config(fastapi_route(receiver), log_level="critical", lifespan="off", root_path=request.param)
    server = uvicorn.Server(config)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(20)


def test_uvicorn_serves_it(port: int, received: list[WebhookEvent]) -> None:
    """A delivery over a socket arrives; uvicorn tells of its root path as its version does."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST", "/heygen", body_of(), dict(signed(body_of())))
    answered = connection.getresponse()
    assert (answered.status, answered.read()) == (200, b"received")
    connection.close()
    assert len(received) == 1
