"""Render with several HeyGen accounts at once, each with its own key, slots and credit.

Costs about 0.20 US dollars a video, to the account that renders it.

    python -m heygen_async.examples.several_accounts

Each account has a client. Clients of one key share its limits; clients of different keys share nothing. The keys are in
HEYGEN_API_KEY_SALES and HEYGEN_API_KEY_SUPPORT; an account without a key of its own uses HEYGEN_API_KEY. To try it
without a key, start `heygen-async simulate --speed 60` in another terminal, then:

    export HEYGEN_API_BASE=http://127.0.0.1:8400 HEYGEN_API_KEY=simulator-key
"""

import asyncio
import os

from heygen_async import Completed, DirectVideo, HeyGen, Job

NAMES = {"sales": ["Ada", "Ben"], "support": ["Chloé", "Dan", "Eve"]}


async def render(account: str, names: list[str]) -> None:
    jobs = [
        Job(request=DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi {name}!"), row=name)
        for name in names
    ]
    async with HeyGen(os.environ.get(f"HEYGEN_API_KEY_{account.upper()}")) as heygen:
        async with heygen.render_many(jobs, max_in_flight="auto") as results:
            async for result in results:
                print(account, result.row, "completed" if isinstance(result, Completed) else result.error)


async def main() -> None:
    async with asyncio.TaskGroup() as tasks:
        for account, names in NAMES.items():
            tasks.create_task(render(account, names))


if __name__ == "__main__":
    asyncio.run(main())
