"""Show the progress of a run from its events: rows, retries, and the time that is left.

Costs about 0.15 US dollars for each of ten videos.

    python -m heygen_async.examples.observe_progress

It needs HEYGEN_API_KEY. To try it without a key, start `heygen-async simulate --speed 60` in another terminal, then:

    export HEYGEN_API_BASE=http://127.0.0.1:8400 HEYGEN_API_KEY=simulator-key
"""

import asyncio
from collections import Counter

from heygen_async import DirectVideo, Event, HeyGen, JobEnded, JobRendered, JobSubmitted, RequestEnded, RetryPlanned


class ProgressPrinter:
    """Counts what happens. An observer is called in the event loop, so it must be quick."""

    def __init__(self) -> None:
        self.rendering = 0
        self.ended: Counter[str] = Counter()
        self.requests: Counter[str] = Counter()

    def __call__(self, event: Event) -> None:
        match event:
            case JobSubmitted():
                self.rendering += 1
            case JobRendered():
                self.rendering -= 1
            case JobEnded(outcome=outcome):
                self.ended[outcome or "unknown"] += 1
            case RequestEnded(method=method, route=route):
                self.requests[f"{method} {route}"] += 1
            case RetryPlanned(route=route, error=error, seconds=seconds):
                print(f"{route} failed with {error} and is repeated in {seconds:.1f} s")


async def main() -> None:
    requests = [
        DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hello, number {number}!")
        for number in range(1, 11)
    ]
    progress = ProgressPrinter()
    async with HeyGen(observers=[progress]) as heygen:
        async with heygen.render_many(requests, max_in_flight=4) as results:
            async for _ in results:
                left = "" if results.seconds_left is None else f", about {results.seconds_left:.0f} s left"
                print(f"{progress.ended.total()} of {len(requests)} ended, {progress.rendering} rendering{left}")
    for route, count in progress.requests.most_common():
        print(f"{count:>4} {route}")


if __name__ == "__main__":
    asyncio.run(main())
