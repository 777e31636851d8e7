"""The way of one journaled row through the package: files that it passes, and calls that lead from file to file.

python benchmarks/bench_row_path.py        prints JSON; no bar, a figure for maintainers
python benchmarks/bench_row_path.py --list also lists the files in the order in which the row meets them
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from types import FrameType

import heygen_async
from heygen_async import DirectVideo, HeyGen
from heygen_async.simulator import World, run, serve

HERE = Path(heygen_async.__file__).parent
ROW = DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="Hi Ada")


class Trace:
    """The files and calls between files of the package, without those of its simulator."""

    def __init__(self) -> None:
        self.files: dict[str, None] = {}
        self.edges: set[tuple[str, str]] = set()

    def note(self, frame: FrameType, event: str, _: object) -> None:
        """Note a call, for `sys.setprofile`."""
        if event != "call" or (callee := name_of(frame)) is None:
            return
        self.files.setdefault(callee)
        caller = None if frame.f_back is None else name_of(frame.f_back)
        if caller is not None and caller != callee:
            self.edges.add((caller, callee))


def name_of(frame: FrameType) -> str | None:
    """Return the name of a frame's file below the package; None if it is elsewhere."""
    path = Path(frame.f_code.co_filename)
    if not path.is_relative_to(HERE) or path.is_relative_to(HERE / "simulator"):
        return None
    return str(path.relative_to(HERE))


async def one_row(heygen: HeyGen, folder: Path) -> None:
    """Render one row with a journal and a file."""
    async with heygen.render_many([ROW], journal=folder / "c.db", download_to=folder / "out") as results:
        async for _ in results:
            pass


async def main() -> None:
    """Run a row to load what is loaded late, then trace another one."""
    trace = Trace()
    async with serve(World()) as server, HeyGen("simulator-key", base_url=server.base_url) as heygen:
        for traced in (False, True):
            with tempfile.TemporaryDirectory() as folder:
                sys.setprofile(trace.note if traced else None)
                try:
                    await one_row(heygen, Path(folder))
                finally:
                    sys.setprofile(None)
    print(json.dumps({"files": len(trace.files), "call_edges": len(trace.edges)}))
    if "--list" in sys.argv:
        print("\n".join(trace.files))


if __name__ == "__main__":
    run(main)
