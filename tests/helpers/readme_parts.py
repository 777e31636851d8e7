"""Writes the generated parts of README.md: `python -m tests.helpers.readme_parts`.

The parts are the help of the command line, the lists of guides and of examples, and the figures that
`benchmarks/bench_compared.py --record` has measured.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from heygen_async import guides
from heygen_async.examples.__main__ import examples
from tests.helpers.commands import call
from tests.helpers.paths import README

COMPARED = README.parent / "benchmarks" / "compared.json"


def written(text: str) -> str:
    """Return *text* of README.md with the generated parts up to date."""
    parts = {"help": _help(), "guides": _guides(), "examples": _examples(), "figures": _figures()}
    for name, lines in parts.items():
        part = "\n".join(lines)
        before, begun, rest = text.partition(f"<!-- {name} -->\n")
        _, ended, after = rest.partition(f"<!-- end of {name} -->\n")
        if not begun or not ended:
            raise ValueError(f"README.md has no place for the {name}")
        text = f"{before}{begun}{part}\n{ended}{after}"
    return text


def _help() -> Iterator[str]:
    output = call("--help", env={"COLUMNS": "80"}).stdout
    yield from ["```text", *(line.rstrip() for line in output.strip().splitlines()), "```"]


def _guides() -> Iterator[str]:
    for guide in map(guides.read, guides.NAMES):
        yield f"- [{guide.title}](heygen_async/guides/{guide.name}.md): {guide.about}"


def _examples() -> Iterator[str]:
    for module, about in examples():
        name = module.rpartition(".")[2]
        yield f"- [{name}](heygen_async/examples/{name}.py): {about}"


def _figures() -> Iterator[str]:
    found = json.loads(COMPARED.read_text(encoding="utf-8"))
    yield f"| a video, on 20 slots | {' | '.join(found)} |"
    yield f"|---|{'---|' * len(found)}"
    for figure in next(iter(found.values())):
        yield f"| {figure} | {' | '.join(f'{row[figure]:.2f}' for row in found.values())} |"


if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
