"""Render one video for each person, three at a time, and store the files.

Costs about 0.20 US dollars a person: three seconds of an avatar's speech.

    python -m heygen_async.examples.many_videos

It needs HEYGEN_API_KEY. To try it without a key, start `heygen-async simulate --speed 60` in another terminal, then:

    export HEYGEN_API_BASE=http://127.0.0.1:8400 HEYGEN_API_KEY=simulator-key
"""

import asyncio
from collections.abc import Iterator

from heygen_async import Completed, DirectVideo, Failed, HeyGen, Job

PEOPLE = [
    {"name": "Ada", "city": "London"},
    {"name": "Ben", "city": "Oslo"},
    {"name": "Chloé", "city": "Lyon"},
    {"name": "Dan", "city": "Porto"},
]


def jobs() -> Iterator[Job]:
    """Yield one request for each person; the person comes back with the result."""
    for person in PEOPLE:
        script = f"Hi {person['name']}, greetings to {person['city']}!"
        yield Job(request=DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=script), row=person)


async def main() -> None:
    async with HeyGen() as heygen:
        async with heygen.render_many(
            jobs(), max_in_flight=3, download_to="videos", filename="{number}-{name}"
        ) as results:
            async for result in results:  # in the order in which renders end
                match result:
                    case Completed(row=person, file=file):
                        print(f"{person['name']}: {file}")
                    case Failed(row=person, error=error):
                        print(f"{person['name']}: failed, money spent: {error.spent}. {error}")
    print(f"{results.summary.completed} completed, {results.summary.failed.total()} failed")


if __name__ == "__main__":
    asyncio.run(main())
