"""The path of a receiver below the prefixes of proxies and frameworks, in the old and the new meaning of `path`."""

from __future__ import annotations

import pytest

from heygen_async import Receiver, WebhookEvent
from tests.helpers.deliveries import SECRET, ask_asgi, body_of, signed

TOKEN = "t0k3n_" * 8

# What the server or framework passes on: `root_path` and `path`. Since 2024 `path` is the whole one, before it was the
# rest behind `root_path`. The receiver's own path is /heygen.
SERVED: dict[str, tuple[str | None, str]] = {
    "alone": (None, "/heygen"),
    "alone, empty root": ("", "/heygen"),
    "alone, with a slash": ("", "/heygen/"),
    "behind a proxy, new": ("/api", "/api/heygen"),
    "behind a proxy, old": ("/api", "/heygen"),
    "behind a proxy whose root has a slash": ("/api/", "/api/heygen"),
    "mounted at its own path, new": ("/heygen", "/heygen"),
    "mounted at its own path, new, with a slash": ("/heygen", "/heygen/"),
    "mounted at its own path, old": ("/heygen", ""),
    "mounted at its own path, old, with a slash": ("/heygen", "/"),
    "mounted below another path, new": ("/hooks", "/hooks/heygen"),
    "mounted below another path, old": ("/hooks", "/heygen"),
    "mounted at its own path behind a proxy, new": ("/api/v1/heygen", "/api/v1/heygen/"),
    "mounted at its own path behind a proxy, old": ("/api/v1/heygen", "/"),
}
REFUSED: dict[str, tuple[str, str]] = {
    "another path": ("/api", "/api/videos"),
    "a mount of another name": ("/hooks", "/hooks/"),
    "a root that only begins alike": ("/hey", "/heygen/x"),
    "the root of the proxy": ("/api", "/api"),
    "a longer path": ("/heygen", "/heygen/x"),
}


@pytest.fixture
def received() -> list[WebhookEvent]:
    """Events that the receiver passed on."""
    return []


@pytest.fixture
def receiver(received: list[WebhookEvent]) -> Receiver:
    """A receiver at /heygen."""
    return Receiver(SECRET, callback_token=TOKEN, observers=[received.append])


@pytest.mark.parametrize(("root", "path"), SERVED.values(), ids=SERVED)
async def test_a_prefix_may_be_in_the_path_or_beside_it(
    receiver: Receiver, received: list[WebhookEvent], root: str | None, path: str
) -> None:
    """A delivery arrives by each way in which servers and frameworks tell of prefixes."""
    answered = await ask_asgi(receiver, "POST", path, signed(body_of()), body_of(), root_path=root)
    assert (answered.status, len(received)) == (200, 1)
    assert received[0].signed


@pytest.mark.parametrize(("root", "path"), SERVED.values(), ids=SERVED)
async def test_the_path_of_callbacks_has_the_same_prefixes(
    receiver: Receiver, received: list[WebhookEvent], root: str | None, path: str
) -> None:
    """An unsigned delivery is accepted below the receiver's path, by its secret part alone."""
    below = f"{path.rstrip('/')}/{TOKEN}"
    assert (await ask_asgi(receiver, "POST", f"{below[:-1]}x", [], body_of(), root_path=root)).status == 404
    assert (await ask_asgi(receiver, "POST", below, [], body_of(), root_path=root)).status == 200
    assert [event.signed for event in received] == [False]


@pytest.mark.parametrize(("root", "path"), REFUSED.values(), ids=REFUSED)
async def test_other_paths_stay_closed(receiver: Receiver, received: list[WebhookEvent], root: str, path: str) -> None:
    """A path that is not the receiver's is refused, and the answer names the right one."""
    answered = await ask_asgi(receiver, "POST", path, signed(body_of()), body_of(), root_path=root)
    assert (answered.status, received) == (404, [])
    assert answered.text == "no deliveries are accepted at this path, only at /heygen"


async def test_the_prefix_may_be_part_of_the_own_path(received: list[WebhookEvent]) -> None:
    """A receiver whose path names the proxy's prefix is found as well."""
    receiver = Receiver(SECRET, path="/api/heygen", observers=[received.append])
    for path in ("/api/heygen", "/heygen"):
        answered = await ask_asgi(
            receiver, "POST", path, signed(body_of(at=path), event_id=path), body_of(at=path), root_path="/api"
        )
        assert answered.status == 200
    assert len(received) == 2


@pytest.mark.parametrize("data", [b"null", b"{}"])
def test_an_event_without_data_is_an_event(receiver: Receiver, data: bytes) -> None:
    """HeyGen sends null for the data of some events: the event has its type and no ids."""
    body = b'{"event_type": "photo_avatar_train.success", "event_data": %s}' % data
    event = receiver.receive(body, signed(body))
    assert event is not None
    assert (event.event_type, event.ended, event.data, event.resource_ids) == (
        "photo_avatar_train.success",
        "success",
        {},
        (),
    )
