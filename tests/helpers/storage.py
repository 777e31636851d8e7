"""Servers for uploads that the simulator does not offer: lost connections, and storage on another host."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import attrs
from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\r\n--\r\n" * 100
MP4 = b"\x00\x00\x00\x18ftypisom" + b"\x01" * 100
FORM_BYTES = 32 * 1024 * 1024


@asynccontextmanager
async def listening(handler: Handler, host: str = "127.0.0.1") -> AsyncIterator[str]:
    """Run a server that answers every request with *handler*, and yield its address."""
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", handler)
    # In virtual time, aiohttp 3.10 would check the age of an idle connection in an endless loop.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01, keepalive_timeout=1e7)
    await runner.setup()
    await web.TCPSite(runner, host, 0).start()
    try:
        yield f"http://{host}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def line_to(server: str, *after: int | None) -> AsyncIterator[str]:
    """Run a proxy to *server* and yield its address.

    Each number of *after* is for one connection, in order, which is closed after that many bytes. None does not close
    it, and later connections are not closed either.
    """
    left = list(after)
    host, _, port = server.removeprefix("http://").partition(":")
    tasks: set[asyncio.Task[None]] = set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int | None) -> None:
        carried = 0
        with contextlib.suppress(OSError):
            while chunk := await reader.read(64 * 1024):
                carried += len(chunk)
                if most is not None and carried > most:
                    break
                writer.write(chunk)
                await writer.drain()
        writer.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        most = left.pop(0) if left else None
        there, back = await asyncio.open_connection(host, int(port))
        answers = asyncio.create_task(carry(there, writer, None))
        tasks.add(answers)
        await carry(reader, back, most)
        writer.close()

    listener = await asyncio.start_server(connect, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@attrs.define
class Depot:
    """A HeyGen for direct uploads, with its storage on another host.

    Attributes:
        put: Answers a PUT to the storage; None stores the hash of the body.
        status: Status of the file at each look; the last one stays.
        error: Error of the file, shown with its status.
        max_bytes: Size limit of an upload slot.
        takes_parts: True if it takes uploads in parts.
        headers: Headers of the last PUT.
        bodies: SHA-256 of each body that was PUT.
        asked: Method and path of each request to HeyGen.
    """

    put: Handler | None = None
    status: list[str] = attrs.field(factory=lambda: ["completed"])
    error: dict[str, Any] | None = None
    max_bytes: int = 2**40
    takes_parts: bool = True
    headers: dict[str, str] = attrs.field(factory=dict)
    bodies: list[str] = attrs.field(factory=list)
    asked: list[str] = attrs.field(factory=list)
    _storage: str = ""

    async def heygen(self, request: web.Request) -> web.Response:
        """Answer a request to HeyGen."""
        await request.read()
        self.asked.append(f"{request.method} {request.path}")
        if request.path.endswith("/multipart") and not self.takes_parts:
            return web.json_response({"error": {"code": "not_found", "message": "no such path"}}, status=404)
        if "/direct-uploads" in request.path:
            given: dict[str, Any] = {
                "asset_id": "a1",
                "upload_url": f"{self._storage}/bucket/a1?X-Amz-Signature=s3cret",
                "upload_headers": {"Content-Type": "video/mp4", "x-amz-meta-one": "1"},
                "max_bytes": self.max_bytes,
                "expires_in_seconds": 3600,
                "status": "pending_upload",
            }
            if "batches" in request.path:
                given = {"batch_id": "b1", "items": [given]}
        elif request.path.endswith("/statuses"):
            word = self.status.pop(0) if len(self.status) > 1 else self.status[0]
            return web.json_response({"data": [{"video_id": "a1", "status": word, "error": self.error}]})
        else:
            given = {"asset_id": "a1", "mime_type": "video/mp4", "size_bytes": 1, "status": "processing", "url": "u"}
        return web.json_response({"data": given})

    async def storage(self, request: web.Request) -> web.StreamResponse:
        """Answer a request to the storage."""
        self.headers = dict(request.headers)
        if self.put is not None:
            return await self.put(request)
        digest = hashlib.sha256()
        async for chunk in request.content.iter_any():
            digest.update(chunk)
        self.bodies.append(digest.hexdigest())
        return web.Response()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        """Serve HeyGen and the storage, and yield HeyGen's address."""
        async with listening(self.storage, "127.0.0.2") as self._storage, listening(self.heygen) as address:
            yield address
