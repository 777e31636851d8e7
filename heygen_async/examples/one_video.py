"""Render one video and print its address.

Costs about 0.15 US dollars: two seconds of an avatar's speech.

    python -m heygen_async.examples.one_video

It needs HEYGEN_API_KEY. To try it without a key, start `heygen-async simulate --speed 60` in another terminal, then:

    export HEYGEN_API_BASE=http://127.0.0.1:8400 HEYGEN_API_KEY=simulator-key
"""

import asyncio

from heygen_async import DirectVideo, HeyGen, HeyGenError

REQUEST = DirectVideo(
    avatar_id="look_anna",  # one of `heygen-async avatars looks`
    voice_id="voice_warm",  # one of `heygen-async voices list`
    script="Hi Ada, welcome aboard!",
)


async def main() -> None:
    async with HeyGen() as heygen:
        try:
            video = await heygen.render(REQUEST, deadline=1800)
        except HeyGenError as error:
            print(f"There is no video: {error}")
            print(f"Was money spent? {error.spent}")
            return
    print(f"Video {video.id} has {video.duration} seconds.")
    print(video.video_url)  # valid for a short time, so download it soon


if __name__ == "__main__":
    asyncio.run(main())
