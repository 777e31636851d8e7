"""Run a campaign with a budget, a canary, a breaker and a journal.

Costs at most 5 US dollars, over all runs of this campaign together.

    python -m heygen_async.examples.campaign

Two rows go first. The others are sent only after `looks_good` has approved of the first two. Start the program again,
and only rows that are new, changed or not yet sent are rendered. It needs HEYGEN_API_KEY, and for the report
`pip install "heygen-async[templates]"`. To try it without a key, start `heygen-async simulate --speed 60` in another
terminal, then:

    export HEYGEN_API_BASE=http://127.0.0.1:8400 HEYGEN_API_KEY=simulator-key
"""

import asyncio
from collections.abc import Sequence

from heygen_async import Completed, DirectVideo, HeyGen, Job, Result, RunPausedError, write_report

NAMES = ["Ada", "Ben", "Chloé", "Dan", "Eve", "Finn"]


async def looks_good(first: Sequence[Result]) -> bool:
    """Decide from the results of the canary if the other rows may be sent."""
    return all(isinstance(result, Completed) and (result.video.duration or 0) < 60 for result in first)


async def main() -> None:
    jobs = [
        Job(
            request=DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi {name}, nice to meet you!"),
            row={"name": name},
            name=name,  # tells this row from the others, whatever else changes in it
        )
        for name in NAMES
    ]
    async with HeyGen() as heygen:
        try:
            async with heygen.render_many(
                jobs,
                journal="campaign.db",
                download_to="videos",
                filename="{name}",
                budget_usd=5,
                canary=2,
                approve=looks_good,
                breaker=(3, 5),  # stop when 3 of the last 5 rows have failed with one code
            ) as results:
                async for result in results:
                    print(result.row["name"], result.file if isinstance(result, Completed) else result.error)
        except RunPausedError as error:
            print(f"Paused: {error}")  # heygen.resume("campaign.db", budget_usd=10) sends the rest
    print("The report:", write_report("campaign.db", "campaign.html"))


if __name__ == "__main__":
    asyncio.run(main())
