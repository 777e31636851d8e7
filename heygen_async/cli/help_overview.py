"""Answers that import no library: the overview of all commands, the version, and errors about unknown commands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from heygen_async.cli.exits import Exit
from heygen_async.cli.help_layout import paragraphs, section
from heygen_async.cli.registry import ABOUT, COMMANDS, COMPLETION, EXIT_CODES, FIRST_STEPS, GROUPS
from heygen_async.near_names import hint

HELP = frozenset({"-h", "--help"})
_HANDLED_BY_CYCLOPTS = frozenset({COMPLETION, "__complete"})
_OPTIONS = (
    ("-h, --help", "Show this help; after a command: its arguments and options."),
    ("--version", "Show the version."),
    (COMPLETION, "Install completion for your shell (bash, zsh, fish)."),
)


class ImmediateAnswer(NamedTuple):  # importing attrs would take a third of the time of `--help`
    """Text to print and the exit code; with an exit code other than 0 the text goes to stderr."""

    text: str
    exit_code: Exit = Exit.DONE


def immediate_answer(arguments: Sequence[str]) -> ImmediateAnswer | None:
    """Return the answer to *arguments*; None if they call a command, which has to be imported."""
    group = arguments[0] if arguments and arguments[0] in GROUPS else ""
    rest = arguments[1:] if group else arguments
    if not rest:
        return ImmediateAnswer(overview(group), Exit.INPUT)
    if rest[0] in HELP:
        return ImmediateAnswer(overview(group))
    if not group and rest[0] == "--version":
        return ImmediateAnswer(f"heygen-async, version {_version()}\n")
    if f"{group} {rest[0]}".strip() in COMMANDS or (not group and rest[0] in _HANDLED_BY_CYCLOPTS):
        return None
    return ImmediateAnswer(_unknown(group, rest[0]), Exit.INPUT)


def overview(group: str = "") -> str:
    """Return the help on all commands, or on one group of them."""
    command = f"heygen-async {group}".strip()
    parts = [f"Usage: {command} COMMAND ...", paragraphs(GROUPS[group] if group else ABOUT)]
    if not group:
        parts.append(section("First steps", FIRST_STEPS))
    parts.append(section("Commands", _commands(group)))
    parts.append(section("Options", _OPTIONS[:1] if group else _OPTIONS))
    if not group:
        parts.append(paragraphs(EXIT_CODES))
    return "\n\n".join(parts) + "\n"


def _commands(group: str) -> Iterator[tuple[str, str]]:
    """Yield the commands of a group, or all single commands and groups, in alphabetical order, with descriptions."""
    if group:
        yield from ((name.split()[1], about) for name, (_, about) in COMMANDS.items() if name.startswith(f"{group} "))
        return
    single = {name: about for name, (_, about) in COMMANDS.items() if " " not in name}
    yield from sorted({**single, **GROUPS}.items())


def _unknown(group: str, word: str) -> str:
    known = [name for name, _ in _commands(group)]
    command = f"heygen-async {group}".strip()
    if word.startswith("-"):
        return f"heygen-async: no option {word} here; options of a command come after its name ({command} --help)\n"
    return f"heygen-async: no command {word!r}; {hint(word, known)} ({command} --help)\n"


def _version() -> str:
    import importlib.metadata

    return importlib.metadata.version("heygen-async")
