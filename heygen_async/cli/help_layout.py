"""How help looks: plain text in two columns, at most 80 wide, for every terminal, log and screen reader."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cyclopts.help import HelpEntry, HelpPanel
    from rich.console import Console, ConsoleOptions

WIDTH = 80
FIRST = 28  # of the first column; a longer entry has a line of its own

Entries = Iterable[tuple[str, str]]


def width() -> int:
    """Return how wide help may be here."""
    return max(40, min(WIDTH, shutil.get_terminal_size().columns))


def paragraphs(text: str) -> str:
    """Fill each paragraph; indented lines, which are commands, stay as they are."""
    return "\n\n".join(
        part if part.startswith("    ") else textwrap.fill(part, width(), break_on_hyphens=False)
        for part in text.strip("\n").split("\n\n")
    )


def section(title: str, entries: Entries) -> str:
    """Return a titled list in two columns; empty if it has no entries."""
    pairs = list(entries)
    if not pairs:
        return ""
    first = max((len(name) for name, _ in pairs if len(name) <= FIRST), default=FIRST)
    return "\n".join([f"{title}:", *(line for pair in pairs for line in _lines(*pair, first))])


def _lines(name: str, says: str, first: int) -> Iterator[str]:
    room = max(20, width() - first - 4)
    said = textwrap.wrap(says, room, break_on_hyphens=False, break_long_words=False) or [""]
    if len(name) > first:
        yield f"  {name}"
        name = ""
    for line in said:
        yield f"  {name:<{first}}  {line}".rstrip()
        name = ""


class Layout:
    """Shows what cyclopts knows of one command in this manner."""

    def render_usage(self, console: Console, options: ConsoleOptions, usage: Any) -> None:  # noqa: ARG002 - cyclopts' signature
        """Show the first line."""
        _print(console, f"Usage: {_plain(console, usage)}\n")

    def render_description(self, console: Console, options: ConsoleOptions, description: Any) -> None:  # noqa: ARG002 - the same
        """Show what the command does."""
        _print(console, paragraphs(_plain(console, description)) + "\n")

    def __call__(self, console: Console, options: ConsoleOptions, panel: HelpPanel) -> None:  # noqa: ARG002 - the same
        """Show the arguments, or the options."""
        title = "Options" if panel.title == "Parameters" else str(panel.title)
        listed = section(title, [_entry(console, entry) for entry in panel.entries])
        if listed:
            _print(console, listed + "\n")


def _entry(console: Console, entry: HelpEntry) -> tuple[str, str]:
    notes = [
        f"[one of: {', '.join(entry.choices)}]" if entry.choices else "",
        f"[default: {entry.default}]" if entry.default is not None else "",
        "[required]" if entry.required and not entry.positional_label else "",
    ]
    says = " ".join(filter(None, [_plain(console, entry.description), *notes]))
    return ", ".join(entry.display_labels_with_metavar), says


def _plain(console: Console, what: Any) -> str:
    """Return the text of what cyclopts hands over, on lines as long as they are."""
    with console.capture() as caught:
        console.print(what, width=100_000, markup=False, highlight=False)
    return "\n".join(line.rstrip() for line in caught.get().splitlines()).strip("\n")


def _print(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
