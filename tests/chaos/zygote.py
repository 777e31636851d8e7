"""A process that has imported everything and forks a child for each campaign, so that a killed client costs little.

Reads one JSON object a line: `{"base_url", "journal", "folder", "resume", "kill_at", "speed", "submit"}`. The child
runs the campaign with the real client and sends SIGKILL to itself at its `kill_at`th point. Points are before and after
each journal transaction, each request and each download, in the middle of each file, and around the renaming of a file.
Writes one JSON object a line: the exit code of the child and the number of points that it passed.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from heygen_async import CinematicAvatar, DirectVideo, HeyGen, Job, VideoAgent
from heygen_async.bulk.download.part_file import PartFile
from heygen_async.bulk.journal.sqlite import SqliteBackend
from heygen_async.http.call import Request
from heygen_async.http.transport import Transport
from heygen_async.simulator import World, run, serve

ROWS = [
    Job(request=DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="Hi Ada"), row={"name": "Ada"}),
    Job(request=VideoAgent(prompt="Welcome Zoë"), row={"name": "Zoë"}),
    Job(request=CinematicAvatar(prompt="Bob walks", avatar_id="look_anna"), row={"name": "Bob"}),
    Job(request=DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="Hi Eve"), row={"name": "Eve"}),
]


class Points:
    """Counts the points that a child passes, and kills the child at one of them."""

    def __init__(self, kill_at: int) -> None:
        self.kill_at = kill_at
        self.passed = 0

    def passing(self) -> None:
        self.passed += 1
        if self.passed == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def arm(self) -> None:
        """Put points around transactions, requests, downloads and the writing of files."""
        atomically, exchange, download = SqliteBackend.atomically, Transport.exchange, Transport.download

        def killing_atomically(file: SqliteBackend, change: Callable[[], Any]) -> Any:
            if file._inside:
                return atomically(file, change)

            def killing_change() -> Any:
                made = change()
                self.passing()
                return made

            self.passing()
            made = atomically(file, killing_change)
            self.passing()
            return made

        async def killing_exchange(transport: Transport, request: Request) -> Any:
            self.passing()
            answer = await exchange(transport, request)
            self.passing()
            return answer

        @contextlib.asynccontextmanager
        async def killing_download(transport: Transport, url: str, **options: Any) -> AsyncIterator[Any]:
            self.passing()
            async with download(transport, url, **options) as opened:
                yield opened
                self.passing()
            self.passing()

        append, finish = PartFile.append, PartFile.finish

        def killing_append(part: PartFile, chunk: bytes) -> None:
            append(part, chunk[: len(chunk) // 2])
            self.passing()  # in the middle of a file
            append(part, chunk[len(chunk) // 2 :])

        def killing_finish(part: PartFile, final: Path) -> None:
            self.passing()
            finish(part, final)
            self.passing()

        PartFile.append = killing_append  # type: ignore[method-assign, assignment]  # calls the original
        PartFile.finish = killing_finish  # type: ignore[method-assign, assignment]  # as above
        SqliteBackend.atomically = killing_atomically  # type: ignore[method-assign, assignment]  # calls the original
        Transport.exchange = killing_exchange  # type: ignore[method-assign, assignment]  # as above
        Transport.download = killing_download  # type: ignore[method-assign, assignment]  # as above


async def campaign(order: dict[str, Any]) -> None:
    again = order["resume"] and Path(order["journal"]).exists()
    async with HeyGen("simulator-key", base_url=order["base_url"]) as heygen:
        running = heygen.render_many(
            ROWS,
            journal=order["journal"],
            max_in_flight=4,
            download_to=order["folder"],
            on_unknown="resubmit" if again else "hold",
            submit=order["submit"],
        )
        async with running as results:
            async for _ in results:
                pass


def child(order: dict[str, Any], report: int) -> None:
    """Run one campaign and never return."""
    code = 1
    points = Points(order["kill_at"])
    try:
        points.arm()
        run(lambda: campaign(order), speed=order["speed"])
        code = 0
    except BaseException:  # noqa: BLE001 - a child reports and ends
        traceback.print_exc()
    os.write(report, str(points.passed).encode())
    os._exit(code)


def warm_up() -> None:
    """Run a campaign of each kind, so that the children find all modules loaded and all converters made."""

    async def campaigns() -> None:
        async with serve(World()) as server:
            for submit in ("each", "batch"):
                place = Path(folder, submit)
                order = {"base_url": server.base_url, "journal": f"{place}.db", "folder": str(place), "submit": submit}
                await campaign({**order, "resume": False})
                await campaign({**order, "resume": True})

    with tempfile.TemporaryDirectory() as folder:
        run(campaigns)
    gc.collect()
    gc.freeze()  # else the collector of each child copies the memory that it shares


def main() -> None:
    warm_up()
    for line in sys.stdin:
        order = json.loads(line)
        inlet, outlet = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(inlet)
            child(order, outlet)
        os.close(outlet)
        _, status = os.waitpid(pid, 0)
        passed = os.read(inlet, 20)
        os.close(inlet)
        answer = {"code": os.waitstatus_to_exitcode(status), "points": int(passed or 0)}
        print(json.dumps(answer), flush=True)  # noqa: T201 - this is the answer


main()
