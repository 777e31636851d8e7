"""The server of a live page: on this machine only, behind a token, and deaf to what other sites send.

Whoever has the address can spend money, so it has a random token, and each press must come from the page itself: with
the cookie that the page has set, from its own origin, as JSON. The page loads nothing from elsewhere.
"""

from __future__ import annotations

import contextlib
import functools
import hmac
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

import anyio
import anyio.to_thread
import attrs
from aiohttp import web

from heygen_async.bulk.journal.queries import JournalReader
from heygen_async.bulk.wishes.wish import Wish, checked_wish
from heygen_async.errors import HeyGenError, InvalidInputError
from heygen_async.live.questions import question
from heygen_async.live.sight import Sight, as_event
from heygen_async.live.wishing import grant

T = TypeVar("T")
Begin = Callable[[], str]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

ALIVE_SECONDS = 15.0  # between signs of life, so that a lost connection is noticed
SLACK_SECONDS = 5.0  # a page is rendered a little before it asks for changes
BODY_BYTES = 4096
COOKIE = "heygen-live"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "frame-ancestors 'none'",
}


@attrs.frozen
class LivePage:
    """A page that is being served.

    Attributes:
        address: Its address, with the token: whoever has it can approve and spend.
    """

    address: str


@contextlib.asynccontextmanager
async def live_page(
    place: str, *, host: str = "127.0.0.1", port: int = 0, begin: Begin | None = None
) -> AsyncIterator[LivePage]:
    """Serve the page of a campaign while the block runs. The campaign goes on without it as with it.

    Args:
        place: Path of the journal, or address of the database.
        host: Address of this machine to listen at; others than loopback let the network in, without encryption.
        port: Port to listen at; 0 takes a free one.
        begin: Begins a run that continues the campaign, and says what comes of it; without it, the page has no button
            for that.

    Raises:
        InvalidInputError: The port cannot be used, or Jinja2 is not installed.
        JournalError: There is no such journal.
    """
    sight = Sight(place, can_begin=begin is not None)
    await anyio.to_thread.run_sync(sight.pulse)  # raises what is wrong with the journal
    desk = _Desk(sight, begin, is_open_to_others=host not in _LOOPBACK)
    runner = web.AppRunner(desk.application(), access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as exc:
            raise InvalidInputError(f"{host}:{port}: not free ({exc.strerror}); choose another --port") from exc
        taken = runner.addresses[0][1]
        name = f"[{host}]" if ":" in host else host
        yield LivePage(f"http://{name}:{taken}/{desk.token}/")
    finally:
        desk.closing.set()
        with anyio.CancelScope(shield=True):
            await runner.cleanup()


class _Desk:
    """Answers the requests of one page."""

    def __init__(self, sight: Sight, begin: Begin | None, *, is_open_to_others: bool) -> None:
        self.token = secrets.token_urlsafe(24)
        self.closing = anyio.Event()
        self._sight = sight
        self._begin = begin
        self._is_open_to_others = is_open_to_others
        self._cookie = secrets.token_urlsafe(24)

    def application(self) -> web.Application:
        app = web.Application(client_max_size=BODY_BYTES, middlewares=[self._guarded()])
        app.add_routes(
            [
                web.get("/{token}/", self._page),
                web.get("/{token}/parts", self._parts),
                web.get("/{token}/events", self._events),
                web.get(r"/{token}/files/{row:\d{1,9}}/{kind:\w+}", self._file),
                web.post("/{token}/question", self._question),
                web.post("/{token}/wishes", self._wish),
            ]
        )
        return app

    def _guarded(self) -> Any:
        @web.middleware
        async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
            if request.path == "/favicon.ico":  # browsers ask for it without being told to
                return web.Response(status=204)
            self._check_address(request)
            if request.method == "POST":
                self._check_press(request)
            try:
                answer = await handler(request)
            except HeyGenError as exc:
                answer = web.json_response({"text": exc.message}, status=422)
            if not answer.prepared:
                for name, value in _HEADERS.items():
                    answer.headers.setdefault(name, value)
            return answer

        return guarded

    def _check_address(self, request: web.Request) -> None:
        """Refuse requests without the token, and those of a name that a foreign site has pointed to this machine."""
        host = request.url.host or ""
        if not self._is_open_to_others and host not in _LOOPBACK:
            raise web.HTTPForbidden(text="This page is for this machine only.")
        given = request.match_info.get("token", "")
        if not hmac.compare_digest(given.encode(errors="replace"), self.token.encode()):
            raise web.HTTPNotFound(text="There is no page here. The address has a part that changes with each start.")

    def _check_press(self, request: web.Request) -> None:
        """Refuse a press that does not come from the page: another site may send requests, but not with all of this."""
        is_own = request.headers.get("Origin") == f"{request.scheme}://{request.host}"
        cookie = request.cookies.get(COOKIE, "")
        is_known = hmac.compare_digest(cookie.encode(errors="replace"), self._cookie.encode())
        if not (is_own and is_known and request.content_type == "application/json"):
            raise web.HTTPForbidden(text="This must come from the page itself.")

    async def _page(self, _: web.Request) -> web.Response:
        answer = self._html(await self._look(self._sight.page))
        answer.set_cookie(COOKIE, self._cookie, path=f"/{self.token}/", httponly=True, samesite="Strict")
        return answer

    async def _parts(self, _: web.Request) -> web.Response:
        return self._html(await self._look(self._sight.parts))

    @staticmethod
    def _html(text: str) -> web.Response:
        body = text.encode(errors="replace")  # half characters, which a cell may have
        return web.Response(body=body, content_type="text/html", charset="utf-8")

    async def _file(self, request: web.Request) -> web.StreamResponse:
        row, kind = int(request.match_info["row"]), request.match_info["kind"]
        found = await self._look(lambda: self._sight.file(row, kind))
        if found is None:
            raise web.HTTPNotFound(text="There is no such file.")
        return web.FileResponse(found)

    async def _question(self, request: web.Request) -> web.Response:
        wish = await _read_wish(request)

        def ask() -> str:
            is_at_rest = self._begin is not None and self._sight.is_at_rest()
            with JournalReader(self._sight.place, read_only=True, campaign=self._sight.campaign) as journal:
                return question(journal, wish, is_at_rest=is_at_rest)

        return web.json_response({"text": await self._look(ask)})

    async def _wish(self, request: web.Request) -> web.Response:
        wish = await _read_wish(request)
        is_to_begin = wish.kind == "go_on" and self._begin is not None and await self._look(self._sight.is_at_rest)
        if is_to_begin and self._begin is not None:
            return web.json_response({"text": self._begin()}, status=202)
        return web.json_response({"text": await self._look(lambda: grant(self._sight, wish))}, status=202)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Tell of rows that change and of parts that are to be rendered anew, while the page is looked at."""
        answer = web.StreamResponse(headers={**_HEADERS, "Content-Type": "text/event-stream"})
        await answer.prepare(request)
        with contextlib.suppress(ConnectionError):
            await self._follow(answer, _since(request))
        return answer

    async def _follow(self, answer: web.StreamResponse, since: float) -> None:
        sight = self._sight
        marks, pulse = await self._look(sight.marks), ""
        due = [row for row in await self._look(lambda: sight.changed_since(since)) if row in marks]
        alive_at = anyio.current_time()
        while not self.closing.is_set():
            if due:
                await answer.write(as_event("rows", await self._look(functools.partial(sight.rows, due))))
            now = await self._look(sight.pulse)
            if now != pulse:
                await answer.write(as_event("parts", {}))
            elif anyio.current_time() - alive_at > ALIVE_SECONDS:
                await answer.write(b": alive\n\n")
                alive_at = anyio.current_time()
            pulse = now
            with anyio.move_on_after(sight.pause):
                await self.closing.wait()
            former, marks = marks, await self._look(sight.marks)
            due = [row for row, mark in marks.items() if former.get(row) != mark]
        await answer.write(as_event("end", {}))

    async def _look(self, look: Callable[[], T]) -> T:
        """Look at the journal in a thread, so that a run in this process is not held up."""
        return await anyio.to_thread.run_sync(look)


def _since(request: web.Request) -> float:
    try:
        return float(request.query.get("since", "")) - SLACK_SECONDS
    except ValueError:
        return time.time() - SLACK_SECONDS


async def _read_wish(request: web.Request) -> Wish:
    try:
        given = await request.json()
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise InvalidInputError("a wish must be a JSON object")
    kind, details = checked_wish(given.pop("kind", None), given)
    return Wish(id=0, at=time.time(), kind=kind, details=details)
