"""Check, price and render a list in a notebook, and get the results as a table.

Costs about 0.20 US dollars a row; the plan costs nothing.

    python -m heygen_async.examples.notebook

Copy the cells of `main` into Jupyter, VS Code or Colab: `await` works at the top level there. `plan` and
`results.summary` are shown as tables. It needs `pip install "heygen-async[templates]"` and HEYGEN_API_KEY. To try it
without a key, start `heygen-async simulate --speed 60` in another terminal, then:

    export HEYGEN_API_BASE=http://127.0.0.1:8400 HEYGEN_API_KEY=simulator-key
"""

import asyncio

from heygen_async import HeyGen, Template


async def main() -> None:
    # %% A client for all cells. It needs no `async with`: its connections are closed with the notebook.
    heygen = HeyGen()
    people = [{"name": "Ada", "visits": 12}, {"name": "Ben", "visits": 3}]  # or a data frame, or a file
    template = Template(
        "direct",
        {
            "avatar_id": "look_anna",
            "voice_id": "voice_warm",
            "script": "Hi {{ name }}, thank you for {{ visits }} visits!",
        },
    )

    # %% Check and price every row. As the last line of a cell, `plan` is a table.
    plan = await heygen.plan(people, template)
    print(plan.rows, "rows for about", plan.price)

    # %% Render, with a progress bar.
    async with heygen.run(plan, progress=True) as results:
        records = await results.to_records()

    # %% The rows with their results: pandas.DataFrame(records)
    for record in records:
        print(record["name"], record["visits"], record["status"], record["resource_id"])


if __name__ == "__main__":
    asyncio.run(main())
