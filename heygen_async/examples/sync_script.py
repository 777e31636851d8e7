"""Render videos in a plain script, without asyncio.

Costs about 0.20 US dollars a person: three seconds of an avatar's speech.

    python -m heygen_async.examples.sync_script

The same client works in Django views, Celery tasks and threads. It needs HEYGEN_API_KEY. To try it without a key, start
`heygen-async simulate --speed 60` in another terminal, then:

    export HEYGEN_API_BASE=http://127.0.0.1:8400 HEYGEN_API_KEY=simulator-key
"""

from collections.abc import Iterator

from heygen_async import Completed, DirectVideo, Job
from heygen_async.sync import HeyGen

PEOPLE = ["Ada", "Ben", "Chloé"]


def greeting(name: str) -> DirectVideo:
    return DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi {name}, welcome aboard!")


def jobs() -> Iterator[Job[str]]:
    """Yield one request for each person. The generator is read in this thread, row by row."""
    for name in PEOPLE:
        yield Job(request=greeting(name), row=name)


def main() -> None:
    with HeyGen() as heygen:
        video = heygen.render(greeting("everybody"), download_to="videos")
        print(f"{video.id}: {video.duration} seconds")
        with heygen.render_many(jobs(), max_in_flight=3, download_to="videos", progress=True) as results:
            for result in results:
                print(result.row, result.file if isinstance(result, Completed) else result.error)
        voices = [voice.name for voice in heygen.voices.list(limit=10)]
        print(f"There are {len(voices)} voices.")


if __name__ == "__main__":
    main()
