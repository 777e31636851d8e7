"""Stories of a contact list: it is written, run at the command line, and its charges are compared with the ledger."""

from __future__ import annotations

import re
from pathlib import Path

from tests.helpers.commands import CommandResult, call

PEOPLE = [("ada@x.example", "Ada"), ("bo@x.example", "Bo"), ("cy@x.example", "Cy")]
HI = "Hi {{ name }}."


def write(rows: list[tuple[str, str]], extra: str = "", to: str = "list.csv") -> None:
    """Write the contact list, with one more column if *extra* names it."""
    head = "email,name" + (f",{extra}" if extra else "")
    lines = [f"{email},{name}" + (f",{extra} of {name}" if extra else "") for email, name in rows]
    Path(to).write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")


def run(*options: str, script: str = HI, source: str = "list.csv", answer: str | None = None) -> CommandResult:
    words = ["--set", "avatar_id=look_anna", "--set", "voice_id=voice_warm", "--script", script, "--speed", "500"]
    command = ["run", source, *words, "--no-preflight", *options]
    return call(*command, answer=answer or "", at_terminal=answer is not None)


def corrected() -> None:
    write([("ada@x.example", "Ada Lovelace"), *PEOPLE[1:]])


def agrees_with_the_ledger(done: CommandResult, usd: float) -> None:
    """Assert that "Charged" in the summary holds what the simulator has charged since the run began."""
    found = re.search(r"Charged +(nothing in this run|about ([\d.]+)(?: to ([\d.]+))? US dollars)", done.output)
    if found is None or found[2] is None:
        assert usd == 0, done.output
    else:
        assert float(found[2]) - 0.006 <= usd <= float(found[3] or found[2]) + 0.006, done.output
