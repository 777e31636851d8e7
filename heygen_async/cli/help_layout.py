"""Layout of help: plain text in two columns, at most 80 wide, for every terminal, log and screen reader."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cyclopts.help import HelpEntry, HelpPanel
    from rich.console import Console, ConsoleOptions

WIDTH = 80
PROXY = "--proxy"  # of all commands with an address of a server
_PROXY_ENTRY = (f"{PROXY} URL", "Send by this HTTP proxy. [default: HEYGEN_PROXY, else HTTPS_PROXY and NO_PROXY]")
NAME_WIDTH = 28  # of the first column; a longer name gets a line of its own

Entries = Iterable[tuple[str, str]]


def width() -> int:
    """Return the width of help on this terminal: 40 to 80 columns."""
    return max(40, min(WIDTH, shutil.get_terminal_size().columns))


def paragraphs(text: str) -> str:
    """Fill each paragraph to the width. Indented paragraphs are commands to copy and stay as they are."""
    return "\n\n".join(
        part if part.startswith("    ") else textwrap.fill(part, width(), break_on_hyphens=False)
        for part in text.strip("\n").split("\n\n")
    )


def section(title: str, entries: Entries) -> str:
    """Return a titled list in two columns; empty if it has no entries."""
    pairs = list(entries)
    if not pairs:
        return ""
    name_width = max((len(name) for name, _ in pairs if len(name) <= NAME_WIDTH), default=NAME_WIDTH)
    return "\n".join([f"{title}:", *(line for pair in pairs for line in _lines(*pair, name_width))])


def _lines(name: str, text: str, name_width: int) -> Iterator[str]:
    text_width = max(20, width() - name_width - 4)
    lines = textwrap.wrap(text, text_width, break_on_hyphens=False, break_long_words=False) or [""]
    if len(name) > name_width:
        yield f"  {name}"
        name = ""
    for line in lines:
        yield f"  {name:<{name_width}}  {line}".rstrip()
        name = ""


class Layout:
    """Formatter that cyclopts calls for the help of one command."""

    def render_usage(self, console: Console, options: ConsoleOptions, usage: Any) -> None:  # noqa: ARG002 - cyclopts' signature
        """Print the usage line."""
        _print(console, f"Usage: {_plain(console, usage)}\n")

    def render_description(self, console: Console, options: ConsoleOptions, description: Any) -> None:  # noqa: ARG002 - the same
        """Print the description of the command."""
        _print(console, paragraphs(_plain(console, description)) + "\n")

    def __call__(self, console: Console, options: ConsoleOptions, panel: HelpPanel) -> None:  # noqa: ARG002 - the same
        """Print the arguments or the options, if there are any."""
        title = "Options" if panel.title == "Parameters" else str(panel.title)
        entries = [_entry(console, entry) for entry in panel.entries]
        if any(name.startswith("--base-url") for name, _ in entries):
            entries.append(_PROXY_ENTRY)
        listed = section(title, entries)
        if listed:
            _print(console, listed + "\n")


def _entry(console: Console, entry: HelpEntry) -> tuple[str, str]:
    notes = [
        f"[one of: {', '.join(entry.choices)}]" if entry.choices else "",
        f"[default: {entry.default}]" if entry.default is not None else "",
        "[required]" if entry.required and not entry.positional_label else "",
    ]
    text = " ".join(filter(None, [_plain(console, entry.description), *notes]))
    return ", ".join(entry.display_labels_with_metavar), text


def _plain(console: Console, renderable: Any) -> str:
    """Return the text of a rich renderable, its lines not broken."""
    with console.capture() as capture:
        console.print(renderable, width=100_000, markup=False, highlight=False)
    return "\n".join(line.rstrip() for line in capture.get().splitlines()).strip("\n")


def _print(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
