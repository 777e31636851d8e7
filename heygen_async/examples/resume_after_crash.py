"""Continue a run after a crash or Ctrl-C, without paying twice.

Costs about 0.15 US dollars a row, once, however often the program is started.

    python -m heygen_async.examples.resume_after_crash

Stop it with Ctrl-C while it runs, or kill it, and start it again: renders that were submitted are followed to their
end, rows that were not sent are sent now, and completed rows are left alone. It needs HEYGEN_API_KEY. To try it without
a key, start `heygen-async simulate --speed 10` in another terminal, then:

    export HEYGEN_API_BASE=http://127.0.0.1:8400 HEYGEN_API_KEY=simulator-key
"""

import asyncio
from collections.abc import Iterator

from heygen_async import Completed, DirectVideo, HeyGen, Job, Journal

JOURNAL = "greetings.db"  # every row is written here before its request is sent


def jobs() -> Iterator[Job]:
    for number in range(1, 21):
        script = f"Hello, number {number}!"
        request = DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=script)
        yield Job(request=request, row={"number": number})


async def main() -> None:
    async with HeyGen() as heygen:
        # heygen.resume(JOURNAL) continues without the jobs: their requests are in the journal.
        async with heygen.render_many(jobs(), journal=JOURNAL, max_in_flight=5) as results:
            async for result in results:
                print(result.row["number"], "completed" if isinstance(result, Completed) else result.error)
    with Journal(JOURNAL, read_only=True) as journal:
        print("All rows by state:", dict(journal.counts()))


if __name__ == "__main__":
    asyncio.run(main())
