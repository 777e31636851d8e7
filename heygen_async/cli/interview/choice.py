"""A numbered list at the terminal: a person types a number, a part of a name, or Enter."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import attrs
from rich.console import Console

from heygen_async.cli.exits import InterruptedRunError
from heygen_async.cli.terminal.ask import TypedLines
from heygen_async.plain_text import clean, clean_lines


@attrs.frozen(kw_only=True)
class Choice:
    """One entry of a list to choose from.

    Attributes:
        id: What the campaign file names.
        name: What a person reads and may search for.
        about: A few words more.
        preview: Address of a picture, film or sound.
    """

    id: str
    name: str
    about: str = ""
    preview: str | None = None


Search = Callable[[str], Awaitable[Sequence[Choice]]]


class Asker:
    """Asks questions at the terminal, one line each."""

    def __init__(self, console: Console, lines: TypedLines) -> None:
        """Ask on *console*; read the answers from *lines*."""
        self._console = console
        self._lines = lines

    def say(self, text: str = "", *, is_copied: bool = False) -> None:
        """Print a text, broken between words at the width of the terminal unless it *is_copied*, as an address is."""
        self._console.print(clean_lines(text), markup=False, highlight=False, soft_wrap=is_copied)

    async def ask(self, question: str) -> str:
        """Return the typed line without blanks around it.

        Raises:
            InterruptedRunError: There are no more lines: the person has pressed Ctrl-D.
        """
        self._console.print(f"{clean(question)} ", end="", markup=False, highlight=False, soft_wrap=True)
        line = await self._lines.read()
        if line is None:
            self.say("\nNothing was written.")
            raise InterruptedRunError
        return line.strip()

    async def agrees(self, question: str) -> bool:
        """Return True unless the answer begins with n."""
        return not (await self.ask(f"{question} [Y/n]:")).lower().startswith("n")

    async def choose(self, title: str, choices: Sequence[Choice], search: Search) -> Choice:
        """Let a person choose one of *choices*, or of those that *search* finds; Enter takes the one that is shown."""
        self.say()
        self.say(title)
        self._show(choices)
        chosen = choices[0]
        self._show_preview(chosen)
        while answer := await self.ask(f"Number, part of a name, or Enter for {chosen.name}:"):
            if answer.isdecimal():
                if 1 <= int(answer) <= len(choices):
                    chosen = choices[int(answer) - 1]
                    self._show_preview(chosen)
                else:
                    self.say(f"  There are 1 to {len(choices)}.")
            elif found := await search(answer):
                choices, chosen = found, found[0]
                self._show(choices)
                self._show_preview(chosen)
            else:
                self.say(f"  None has {answer} in its name.")
        return chosen

    def _show(self, choices: Sequence[Choice]) -> None:
        for number, choice in enumerate(choices, 1):
            self.say(f"  {number:>2}  {choice.name}" + (f" ({choice.about})" if choice.about else ""))

    def _show_preview(self, choice: Choice) -> None:
        self.say(f"  {choice.name}: {choice.preview or 'HeyGen has no preview of it.'}", is_copied=True)
