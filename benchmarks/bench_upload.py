"""Memory and time of an upload of 2 GB, compared with an upload of 64 MB.

The file is sparse, so that it takes no room on the disk. HeyGen and its storage are one server in a process of its
own, which discards the bytes. Asserts that all bytes arrive and that the large upload needs at most 8 MB more memory
than the small one. Rates depend on the machine and include loopback and hashing.

    python benchmarks/bench_upload.py
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import subprocess
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import anyio
from aiohttp import web

from heygen_async import HeyGen

MEGABYTE = 1024 * 1024
SMALL, LARGE = 64 * MEGABYTE, 2048 * MEGABYTE
MAX_GROWTH = 8 * MEGABYTE  # of the large upload over the small one; the file is 1,984 MB larger
MAX_SECONDS = 30.0


def serve(pipe: Connection) -> None:
    """Serve as HeyGen and its storage: count the bytes and discard them."""
    counted = announced = 0

    async def answer(request: web.Request) -> web.Response:
        nonlocal announced, counted
        if request.method == "PUT":
            counted = 0
            async for chunk in request.content.iter_any():
                counted += len(chunk)
            return web.Response()
        body = await request.read()
        if request.path.endswith("/direct-uploads"):
            announced = json.loads(body)["size_bytes"]
        if request.path.endswith("/complete") and counted != announced:
            return web.json_response({"error": {"code": "invalid_parameter"}}, status=400)
        if request.path.endswith("/statuses"):
            return web.json_response({"data": [{"video_id": "a1", "status": "completed"}]})
        given: dict[str, Any] = {
            "asset_id": "a1",
            "upload_url": f"http://{request.host}/storage",
            "upload_headers": {"Content-Type": "video/mp4"},
            "max_bytes": 2**40,
            "expires_in_seconds": 3600,
            "status": "pending_upload",
            "mime_type": "video/mp4",
            "size_bytes": counted,
            "url": "https://example.com",
        }
        return web.json_response({"data": given})

    async def main() -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        pipe.send(runner.addresses[0][1])
        await anyio.sleep_forever()

    anyio.run(main)


def film(folder: Path, size: int) -> Path:
    """Return a sparse file that begins like a film."""
    path = folder / f"{size}.mp4"
    with path.open("wb") as file:
        file.write(b"\x00\x00\x00\x18ftypisom")
        file.truncate(size)
    return path


def peak_bytes() -> int:
    """Return the peak memory of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


async def upload(address: str, path: Path) -> dict[str, Any]:
    """Upload a file and measure."""
    async with HeyGen("k", base_url=address) as heygen:
        await heygen.assets.upload(b"PK\x03\x04" + bytes(100))  # loads all modules and opens a connection
        before, began, cpu = peak_bytes(), time.perf_counter(), time.process_time()
        done = await heygen.assets.upload(path)
        return {
            "bytes": done.size_bytes,
            "seconds": round(time.perf_counter() - began, 2),
            "cpu_seconds": round(time.process_time() - cpu, 2),
            "peak_growth_mb": round((peak_bytes() - before) / MEGABYTE, 1),
            "peak_mb": round(peak_bytes() / MEGABYTE, 1),
        }


def measured(address: str, path: Path) -> dict[str, Any]:
    """Upload in a process of its own, because the peak of a process never falls."""
    command = [sys.executable, __file__, address, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    """Upload both files, print the costs and assert the limits."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    server.start()
    address = f"http://127.0.0.1:{here.recv()}"
    with tempfile.TemporaryDirectory() as folder:
        small, large = (measured(address, film(Path(folder), size)) for size in (SMALL, LARGE))
    server.terminate()
    server.join()
    print(json.dumps({"64 MB": small, "2 GB": large}, indent=1))
    assert (small["bytes"], large["bytes"]) == (SMALL, LARGE)
    growth = (large["peak_mb"] - small["peak_mb"]) * MEGABYTE
    assert growth <= MAX_GROWTH, f"2 GB needed {growth / MEGABYTE:.1f} MB more than 64 MB"
    assert large["seconds"] <= MAX_SECONDS, f"2 GB took {large['seconds']} s"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(anyio.run(upload, sys.argv[1], Path(sys.argv[2]))))
    else:
        main()
