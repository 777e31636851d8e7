"""The help in README.md as the command line prints it; `python -m tests.helpers.readme_help` writes it anew."""

from __future__ import annotations

from tests.helpers.commands import call
from tests.helpers.paths import README

_BEGIN, _END = "<!-- help -->\n```text\n", "```\n"


def helped(text: str) -> str:
    """Return the README's *text* with the help as it is now."""
    said = call("--help", env={"COLUMNS": "80"}).stdout
    lines = "".join(f"{line.rstrip()}\n" for line in said.strip().splitlines())
    before, found, rest = text.partition(_BEGIN)
    _, ended, after = rest.partition(_END)
    if not found or not ended:
        raise ValueError("README.md has no place for the help")
    return f"{before}{_BEGIN}{lines}{_END}{after}"


if __name__ == "__main__":
    README.write_text(helped(README.read_text(encoding="utf-8")), encoding="utf-8")
