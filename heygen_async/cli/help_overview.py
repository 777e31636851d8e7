"""What is said at once, without importing any library: help on everything, the version, a word that is no command."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from heygen_async.cli.exits import Exit
from heygen_async.cli.help_layout import paragraphs, section
from heygen_async.cli.registry import ABOUT, COMMANDS, COMPLETION, EXIT_CODES, GROUPS

HELP = frozenset({"-h", "--help"})
_OF_CYCLOPTS = frozenset({COMPLETION, "__complete"})
_OPTIONS = (
    ("-h, --help", "Show this, or of a command: what it takes."),
    ("--version", "Show the version."),
    (COMPLETION, "Teach your shell (bash, zsh, fish) the commands."),
)


class Printed(NamedTuple):  # attrs would be a third of the time
    """What is printed, and how the command line ends: on stderr if not well."""

    text: str
    exit_code: Exit = Exit.DONE


def said_at_once(words: Sequence[str]) -> Printed | None:
    """Return what *words* are answered with; None if they are a command's."""
    group = words[0] if words and words[0] in GROUPS else ""
    rest = words[1:] if group else words
    if not rest:
        return Printed(overview(group), Exit.INPUT)
    if rest[0] in HELP:
        return Printed(overview(group))
    if not group and rest[0] == "--version":
        return Printed(f"heygen-async, version {_version()}\n")
    if f"{group} {rest[0]}".strip() in COMMANDS or (not group and rest[0] in _OF_CYCLOPTS):
        return None
    return Printed(_unknown(group, rest[0]), Exit.INPUT)


def overview(group: str = "") -> str:
    """Return the help on everything, or on a group of commands."""
    called = f"heygen-async {group}".strip()
    parts = [f"Usage: {called} COMMAND ...", paragraphs(GROUPS[group] if group else ABOUT)]
    if not group:
        parts.append(paragraphs(EXIT_CODES))
    parts.append(section("Commands", _commands(group)))
    parts.append(section("Options", _OPTIONS[:1] if group else _OPTIONS))
    return "\n\n".join(parts) + "\n"


def _commands(group: str) -> Iterator[tuple[str, str]]:
    """Yield commands, or groups of them, with what they do, in the order of the alphabet."""
    if group:
        yield from ((name.split()[1], says) for name, (_, says) in COMMANDS.items() if name.startswith(f"{group} "))
        return
    single = {name: says for name, (_, says) in COMMANDS.items() if " " not in name}
    yield from sorted({**single, **GROUPS}.items())


def _unknown(group: str, word: str) -> str:
    known = [name for name, _ in _commands(group)]
    near = difflib.get_close_matches(word, known, n=1)
    mend = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
    called = f"heygen-async {group}".strip()
    if word.startswith("-"):
        return f"heygen-async: no option {word} here; options of a command go behind it ({called} --help)\n"
    return f"heygen-async: no command {word!r}; {mend} ({called} --help)\n"


def _version() -> str:
    import importlib.metadata

    return importlib.metadata.version("heygen-async")
