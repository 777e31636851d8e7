"""`Receiver`: verifies deliveries and passes each new event on, once."""

from __future__ import annotations

import hmac
import logging
import re
import secrets as randomness
import time
import weakref
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING

from heygen_async.errors import InvalidInputError
from heygen_async.webhooks.event_queue import EventQueue
from heygen_async.webhooks.events import WebhookEvent, read_event
from heygen_async.webhooks.request_handler import too_large
from heygen_async.webhooks.seen_deliveries import SeenDeliveries
from heygen_async.webhooks.signature import TOLERANCE_SECONDS, Headers, Secrets, check_secrets, verify

if TYPE_CHECKING:
    from aiohttp import web

    from heygen_async.webhooks.asgi_app import Message, Receive, Send

logger: logging.Logger = logging.getLogger("heygen_async")

MAX_BYTES = 1024 * 1024
BUFFER = 1024

_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32,}")

EventObserver = Callable[[WebhookEvent], None]


class Receiver:
    """A receiver of HeyGen's deliveries. It passes each event on once, as a signal to look at the resource.

        receiver = Receiver(secrets=["whsec_..."])
        app.router.add_route("*", receiver.path + "{rest:.*}", receiver.handler)  # aiohttp
        app.mount(receiver.path, receiver)  # FastAPI and Starlette, at `/heygen/`: it is an ASGI application
        async for event in receiver: ...

    A delivery that is forged, too old, too large or malformed is refused; one that was seen before is ignored. An
    accepted delivery is answered at once. Without a reader the newest *buffer* events are kept. Events are lost at a
    restart, and HeyGen may deliver late, twice, in any order or never: before you act on an event, read its resource.

    Use a receiver in one event loop. It need not be closed.

    Attributes:
        path: Path of signed deliveries.
        max_bytes: Size of the largest accepted body.
    """

    def __init__(
        self,
        secrets: Secrets = (),
        *,
        path: str = "/heygen",
        callback_token: str | None = None,
        dedupe: SeenDeliveries | None = None,
        observers: Sequence[EventObserver] = (),
        tolerance: float = TOLERANCE_SECONDS,
        max_bytes: int = MAX_BYTES,
        buffer: int = BUFFER,
    ) -> None:
        """Create a receiver. No socket is opened: add it to your server.

        Args:
            secrets: Secrets of the registered endpoints (`whsec_...`); `trust` adds more later. Without any, every
                signed delivery is refused.
            path: Path of signed deliveries as your server sees it. Prefixes that an ASGI server or framework names as
                `root_path` (a proxy's prefix, a `mount`) may be left out.
            callback_token: Secret part of `callback_path()`, so that the path survives a restart; random by default.
            dedupe: Memory of signed deliveries, for receivers that share one.
            observers: Called with every event, in the event loop: they must be quick. Their exceptions are logged.
            tolerance: Most seconds between a delivery's timestamp and now.
            max_bytes: Size of the largest accepted body.
            buffer: Most unread events, and most unread ids of each `signals` loop; beyond it the oldest are dropped.
        """
        if not _PATH.fullmatch(path):
            raise InvalidInputError(f"path {path!r:.80}: must be like /heygen/webhook, without a slash at its end")
        if callback_token is not None and not _TOKEN.fullmatch(callback_token):
            raise InvalidInputError("callback_token: must be 32 or more of A-Z a-z 0-9 - _, and impossible to guess")
        self.path = path
        self.max_bytes = max_bytes
        self._secrets = check_secrets(secrets)
        self._token = callback_token
        self._seen = SeenDeliveries() if dedupe is None else dedupe
        self._seen_callbacks = SeenDeliveries()  # apart, so that no unsigned delivery can suppress a signed one
        self._observers = tuple(observers)
        self._tolerance = tolerance
        self._buffer = buffer
        self._events: EventQueue[WebhookEvent] = EventQueue(buffer)
        self._listeners: weakref.WeakSet[EventQueue[str]] = weakref.WeakSet()

    def __repr__(self) -> str:
        """Return a text with the path and the number of secrets."""
        return f"Receiver(path={self.path!r}, secrets={len(self._secrets)})"

    def trust(self, *secrets: str) -> None:
        """Accept deliveries signed with *secrets* too, such as the secret of a new endpoint."""
        self._secrets = tuple(dict.fromkeys((*self._secrets, *check_secrets(secrets))))

    def distrust(self, *secrets: str) -> None:
        """Refuse deliveries signed with *secrets* from now on, after a rotation."""
        removed = check_secrets(secrets)
        self._secrets = tuple(key for key in self._secrets if key not in removed)

    def callback_path(self) -> str:
        """Return the path for `callback_url`s. It has a random part, because HeyGen does not sign these deliveries.

        Events from this path have `signed=False`. Anyone who knows the path can forge them, so treat it like a
        password, and read the resource with a GET before you act on an event.
        """
        self._token = self._token or randomness.token_urlsafe(32)
        return f"{self.path}/{self._token}"

    def serves(self, path: str) -> bool:
        """Return True if *path* is one for deliveries; a slash at its end does not matter."""
        return self._is_callback(path) or path.removesuffix("/") == self.path

    def receive(
        self, raw_body: bytes, headers: Headers, *, path: str | None = None, now: float | None = None
    ) -> WebhookEvent | None:
        """Verify one delivery, pass its event on and return it; None if it was seen before. Use it in the event loop.

        Args:
            raw_body: The bytes of the body, unchanged.
            headers: A mapping, or pairs; names in any case.
            path: Path of the request. Only on `callback_path()` a delivery need not be signed.
            now: Unix time; by default the system clock's.

        Raises:
            WebhookError: The delivery is refused, and has no effect.
            InvalidInputError: The body is not bytes.
        """
        if len(raw_body) > self.max_bytes:
            raise too_large(self.max_bytes)
        now = time.time() if now is None else now
        if path is not None and self._is_callback(path):
            event, seen = read_event(raw_body), self._seen_callbacks
        else:
            event, seen = verify(raw_body, headers, self._secrets, now=now, tolerance=self._tolerance), self._seen
        if not seen.is_new(event, raw_body, now):
            return None
        self._publish(event)
        return event

    def __aiter__(self) -> AsyncIterator[WebhookEvent]:
        """Iterate over the events, unread ones first. Several readers share them; `close` ends all loops."""
        return self._events

    @property
    def signals(self) -> EndedIds:
        """Ids of renders that have ended, as `signals=` of a run: see `heygen_async.bulk.watch.signals.Signals`."""
        return EndedIds(self)

    @property
    def dropped(self) -> int:
        """The number of events that were dropped unread because there were more than *buffer*."""
        return self._events.dropped

    def close(self) -> None:
        """End all readers once they have read the waiting events. Deliveries are still answered."""
        self._events.close()
        for listener in tuple(self._listeners):
            listener.close()

    async def handler(self, request: web.Request) -> web.Response:
        """Answer a request of aiohttp's server: 200, or 400, 401, 404, 405, 408, 413, 415."""
        from heygen_async.webhooks import aiohttp_app  # noqa: PLC0415 - an ASGI server need not load aiohttp

        return await aiohttp_app.respond(self, request)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve as an ASGI application: a route or mount of FastAPI and Starlette, or alone (`uvicorn m:receiver`)."""
        from heygen_async.webhooks import asgi_app  # noqa: PLC0415 - aiohttp's server need not load it

        await asgi_app.respond(self, scope, receive, send)

    def listen(self) -> EventQueue[str]:
        """Return a queue of ids of renders that end from now on. Each loop over `signals` calls this."""
        listener: EventQueue[str] = EventQueue(self._buffer)
        self._listeners.add(listener)
        return listener

    def _is_callback(self, path: str) -> bool:
        """Compare in constant time. Without a token the path is compared with a random one."""
        expected = f"{self.path}/{self._token or randomness.token_urlsafe(32)}"
        return hmac.compare_digest(expected.encode(), path.removesuffix("/").encode(errors="replace"))

    def _publish(self, event: WebhookEvent) -> None:
        for observer in self._observers:
            try:
                observer(event)
            except Exception:
                logger.exception("the observer %r failed on %s", observer, event.event_type)
        self._events.put(event)
        if event.ended:
            for listener in tuple(self._listeners):
                for resource_id in event.resource_ids:
                    listener.put(resource_id)


class EndedIds:
    """Ids of videos and sessions that have ended, by their events. Each loop gets the ids from its start on."""

    def __init__(self, receiver: Receiver) -> None:
        """Listen to *receiver*."""
        self._receiver = receiver

    def __aiter__(self) -> EventQueue[str]:
        """Start to listen."""
        return self._receiver.listen()
