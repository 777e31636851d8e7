"""Upload portraits and let each of them speak.

Uploads cost nothing; each video costs about 0.15 US dollars.

    python -m heygen_async.examples.upload_files anna.png ben.jpg

Run it again with the same files: the journal remembers the uploads and the videos, so neither is made twice. The
program needs HEYGEN_API_KEY. To try it without a key, start `heygen-async simulate --speed 60` in another terminal,
then:

    export HEYGEN_API_BASE=http://127.0.0.1:8400 HEYGEN_API_KEY=simulator-key
"""

import asyncio
import sys

from heygen_async import HeyGen, ImageVideo, Job, Journal, NotUploaded, Upload, UploadProgressed


def show(event: UploadProgressed) -> None:
    print(f"file {event.index + 1}: {event.sent_bytes:,} of {event.total_bytes:,} bytes")


async def main(*portraits: str) -> None:
    async with HeyGen() as heygen:
        with Journal("portraits.db", create=True) as journal:
            files = [Upload(portrait, purpose="videos") for portrait in portraits]
            uploads = await heygen.assets.upload_many(files, memory=journal, on_progress=show)

        jobs = []
        for portrait, upload in zip(portraits, uploads, strict=True):
            if isinstance(upload, NotUploaded):
                print(f"{portrait} was not uploaded: {upload.error}")
                continue
            request = ImageVideo(image=upload.asset, voice_id="voice_warm", script="Hello, I can speak now!")
            jobs.append(Job(request=request, row={"portrait": portrait}))

        async with heygen.render_many(jobs, journal="portraits.db", download_to="videos") as results:
            async for result in results:
                print(result.row["portrait"], result)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
