"""Read contacts from one database, render a video for each, and write the results into another.

Costs about 0.20 US dollars a contact, once, however often the program is started.

    python -m heygen_async.examples.database_to_database

Both databases are files of SQLite here; any other works in the same way. It needs
`pip install "heygen-async[templates]"` and HEYGEN_API_KEY. To try it without a key, start
`heygen-async simulate --speed 60` in another terminal, then:

    export HEYGEN_API_BASE=http://127.0.0.1:8400 HEYGEN_API_KEY=simulator-key
"""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from heygen_async import HeyGen, Job, Template

TEMPLATE = Template(
    "direct", {"avatar_id": "look_anna", "voice_id": "voice_warm", "script": "Hi {{ name }}, your plan is {{ plan }}."}
)
COLUMNS = ("id", "status", "resource_id", "duration", "error")


def contacts(source: sqlite3.Connection) -> Iterator[Job[dict[str, Any]]]:
    """Yield a job for each contact. Its id is the name by which the journal knows it, whatever is edited later."""
    source.row_factory = sqlite3.Row
    for row in source.execute("SELECT id, name, plan FROM contacts ORDER BY id"):
        contact = dict(row)
        yield Job(request=TEMPLATE.render(contact), row=contact, name=str(contact["id"]))


async def main(source: str = "contacts.db", target: str = "videos.db") -> None:
    make_contacts(source)
    with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as written:
        written.execute(f"CREATE TABLE IF NOT EXISTS videos ({COLUMNS[0]} PRIMARY KEY, {', '.join(COLUMNS[1:])})")
        async with HeyGen() as heygen:
            # The journal makes a second start safe: contacts with a video are not rendered again.
            async with heygen.render_many(contacts(read), journal="contacts-to-videos.db") as results:
                async for result in results:
                    record = result.to_record()
                    values = [record[name] for name in COLUMNS]
                    with written:  # one transaction a row
                        written.execute("INSERT OR REPLACE INTO videos VALUES (?, ?, ?, ?, ?)", values)
        for row in written.execute("SELECT id, status FROM videos ORDER BY id"):
            print("contact {}: {}".format(*row))


def make_contacts(path: str) -> None:
    """Make a database to try the program with."""
    if not Path(path).exists():
        with closing(sqlite3.connect(path)) as made, made:
            made.execute("CREATE TABLE contacts (id INTEGER PRIMARY KEY, name TEXT, plan TEXT)")
            people = [("Ada", "premium"), ("Ben", "basic"), ("Chloé", "premium")]
            made.executemany("INSERT INTO contacts (name, plan) VALUES (?, ?)", people)


if __name__ == "__main__":
    asyncio.run(main())
