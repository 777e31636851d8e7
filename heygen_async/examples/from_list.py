"""Check and price a contact list, and render one video for each row if all rows are good.

Costs about 0.25 US dollars a row. The check costs nothing, and nothing is sent if a row has an error.

    python -m heygen_async.examples.from_list contacts.csv

The list is a .csv, .jsonl, .xlsx or .parquet file with the columns email, first_name and company. The program needs
`pip install "heygen-async[templates]"` and HEYGEN_API_KEY. To try it without a key, start
`heygen-async simulate --speed 60` in another terminal, then:

    export HEYGEN_API_BASE=http://127.0.0.1:8400 HEYGEN_API_KEY=simulator-key
"""

import asyncio
import sys

from heygen_async import Completed, HeyGen, Template

TEMPLATE = Template(
    "direct",
    {
        "avatar_id": "look_anna",
        "voice_id": "voice_warm",
        "script": "Hi {{ first_name | title_name }}, greetings to all at {{ company | default('your company') }}!",
    },
    columns={"title": "email"},  # each video's title is the address of its recipient
)


async def main(contacts: str = "contacts.csv") -> None:
    async with HeyGen() as heygen:
        plan = await heygen.plan(contacts, TEMPLATE)
        for problem in plan.problems:
            print(f"{problem.severity}: {problem}")
        if plan.errors:
            print(f"{plan.bad} of {plan.rows} rows have errors, so nothing was sent.")
            return
        print(f"{plan.rows} rows for about {plan.price}")
        async with heygen.run(plan, max_in_flight="auto", download_to="videos") as results:
            async for result in results:
                email = result.row["email"]
                print(email, result.file if isinstance(result, Completed) else result.error)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
