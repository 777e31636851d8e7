"""Talk with the Video Agent: answer its questions at the keyboard until the video is finished.

Costs 0.0333 US dollars a second of video: about 1 US dollar for 30 seconds.

    python -m heygen_async.examples.chat_with_agent

Leave with Ctrl-C: the session is stopped. The program needs HEYGEN_API_KEY. To try it without a key, start
`heygen-async simulate --speed 60` in another terminal, then:

    export HEYGEN_API_BASE=http://127.0.0.1:8400 HEYGEN_API_KEY=simulator-key
"""

import asyncio

from heygen_async import ChatFailed, Draft, HeyGen, Progress, Question, Ready, Remark, VideoAgent

PROMPT = VideoAgent(prompt="A 30-second welcome to our bakery. Friendly tone.", mode="chat")


async def main() -> None:
    async with HeyGen() as heygen:
        async with heygen.video_agents.chat(PROMPT, on_exit="stop", deadline=3600) as chat:
            async for turn in chat:
                match turn:
                    case Question() | Draft(waits=True):
                        print(f"Agent: {turn.text}")
                        await chat.answer(await asyncio.to_thread(input, "You: "))
                    case Draft() | Remark():
                        print(f"Agent: {turn.text}")
                    case Progress():
                        print(f"{turn.status}, {turn.percent:.0f} %")
                    case Ready():
                        print(f"The video: {turn.video.video_url}")
                    case ChatFailed():
                        print(f"There is no video: {turn.reason}")


if __name__ == "__main__":
    asyncio.run(main())
