"""`Receiver`: deliveries go in, events that are HeyGen's and new come out."""

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
    """Takes HeyGen's deliveries and hands on each event once, as a signal to look.

        receiver = Receiver(secrets=["whsec_..."])
        app.router.add_route("*", receiver.path + "{rest:.*}", receiver.handler)  # or serve receiver.asgi
        async for event in receiver: ...

    What is forged, too old, seen before, too large or misshapen is refused and changes nothing. What is accepted is
    answered at once; if nobody reads, the newest *buffer* events are kept. Nothing here survives a restart, and HeyGen
    may deliver late, twice, in any order or never: before you act on an event, read what it is about.

    Use it in one event loop. It holds nothing that must be closed.

    Attributes:
        path: Where signed deliveries come.
        max_bytes: The largest body that is read.
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
        """Prepare to receive; nothing is opened.

        Args:
            secrets: Of the registered endpoints (`whsec_...`); more can be added later by `trust`. Without any, every
                signed delivery is refused.
            path: Of signed deliveries, as your server sees it, any prefix included.
            callback_token: The secret part of `callback_path()`, to keep it over a restart; else one is made.
            dedupe: What was seen of signed deliveries, to share it between receivers.
            observers: Called with every event, in the event loop: be quick. One that raises is logged.
            tolerance: Seconds that a delivery's date may be off.
            max_bytes: The largest body that is read.
            buffer: Events, and ids for each `signals`, that wait for a reader; then the oldest are dropped.
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
        self._seen_callbacks = SeenDeliveries()  # apart, so that what is unsigned cannot hide what is signed
        self._observers = tuple(observers)
        self._tolerance = tolerance
        self._buffer = buffer
        self._events: EventQueue[WebhookEvent] = EventQueue(buffer)
        self._listeners: weakref.WeakSet[EventQueue[str]] = weakref.WeakSet()

    def __repr__(self) -> str:
        """Name the path; never a secret."""
        return f"Receiver(path={self.path!r}, secrets={len(self._secrets)})"

    def trust(self, *secrets: str) -> None:
        """Accept what is signed by *secrets* too, such as the one that registering returned."""
        self._secrets = tuple(dict.fromkeys((*self._secrets, *check_secrets(secrets))))

    def distrust(self, *secrets: str) -> None:
        """Accept what is signed by *secrets* no longer, after a rotation."""
        gone = check_secrets(secrets)
        self._secrets = tuple(key for key in self._secrets if key not in gone)

    def callback_path(self) -> str:
        """Return the path for `callback_url`s, which nobody can guess: what comes there is not signed.

        Its events have `signed=False`. Whoever learns the path can make them up, so treat it like a password and
        believe an event only after a GET.
        """
        self._token = self._token or randomness.token_urlsafe(32)
        return f"{self.path}/{self._token}"

    def serves(self, path: str) -> bool:
        """True if deliveries come to *path*."""
        return self._is_callback(path) or path == self.path

    def receive(
        self, raw_body: bytes, headers: Headers, *, path: str | None = None, now: float | None = None
    ) -> WebhookEvent | None:
        """Judge one delivery: return its event and hand it on, or None if it was seen before. From the event loop only.

        Args:
            raw_body: The bytes as they came.
            headers: A mapping, or pairs; names in any case.
            path: Where it came to; without one, or anywhere but on `callback_path()`, it must be signed.
            now: Unix time; the machine's clock when absent.

        Raises:
            WebhookError: It is not to be believed, and nothing came of it.
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
        self._hand_on(event)
        return event

    def __aiter__(self) -> AsyncIterator[WebhookEvent]:
        """Read the events, those that wait first. Several readers share them; `close` ends them."""
        return self._events

    @property
    def signals(self) -> EndedIds:
        """The ids of what ended, for a run: see `heygen_async.bulk.watch.signals.Signals`."""
        return EndedIds(self)

    @property
    def dropped(self) -> int:
        """The number of events that were dropped unread because more than *buffer* waited."""
        return self._events.dropped

    def close(self) -> None:
        """End all readers once they have read what there is; deliveries are still answered."""
        self._events.close()
        for listener in tuple(self._listeners):
            listener.close()

    async def handler(self, request: web.Request) -> web.Response:
        """Answer a request of aiohttp's server: 200, or 400, 401, 404, 405, 408, 413, 415."""
        from heygen_async.webhooks import aiohttp_app  # noqa: PLC0415 - whoever serves ASGI need not load aiohttp

        return await aiohttp_app.respond(self, request)

    async def asgi(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve as an ASGI application: `uvicorn module:receiver.asgi`."""
        from heygen_async.webhooks import asgi_app  # noqa: PLC0415 - whoever serves aiohttp need not load it

        await asgi_app.respond(self, scope, receive, send)

    def listen(self) -> EventQueue[str]:
        """Return a new listener for ids of what ends from now on; `signals` does this for you."""
        mailbox: EventQueue[str] = EventQueue(self._buffer)
        self._listeners.add(mailbox)
        return mailbox

    def _is_callback(self, path: str) -> bool:
        """Compare in constant time; without a token, with one that nobody was told."""
        expected = f"{self.path}/{self._token or randomness.token_urlsafe(32)}"
        return hmac.compare_digest(expected.encode(), path.encode(errors="replace"))

    def _hand_on(self, event: WebhookEvent) -> None:
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
    """Ids of videos and sessions that are said to have ended. Each iteration hears them from its beginning on."""

    def __init__(self, receiver: Receiver) -> None:
        """Listen to *receiver*."""
        self._receiver = receiver

    def __aiter__(self) -> EventQueue[str]:
        """Begin to listen."""
        return self._receiver.listen()
