"""`heygen-async guide`: list the guides, or show one."""

from __future__ import annotations

import difflib
import sys
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.markdown import Markdown

from heygen_async import guides
from heygen_async.cli.help_layout import section
from heygen_async.errors import InvalidInputError

_NEAR = 3  # names that are suggested for an unknown one


def guide(
    topic: Annotated[str | None, Parameter(help="The name of a guide. [default: list all of them]")] = None, /
) -> None:
    """Show a guide, or list all of them. Free; needs no network.

    A terminal shows it formatted; a pipe or a file gets plain Markdown.

        heygen-async guide webhooks
    """
    if topic is None:
        entries = ((name, guides.read(name).about) for name in guides.NAMES)
        print(section("Guides", entries))
        print("\nShow one: heygen-async guide webhooks\nPrograms to copy: python -m heygen_async.examples")
    else:
        _show(guides.read(_name_of(topic)).text)


def _name_of(topic: str) -> str:
    """Return the name of the guide on *topic*; refuse an unknown one and name the nearest guides."""
    name = topic.lower().removesuffix(".md")
    if name in guides.NAMES:
        return name
    near = difflib.get_close_matches(name, guides.NAMES, _NEAR)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(guides.NAMES)}"
    raise InvalidInputError(f"there is no guide {topic!r}; {hint}")


def _show(text: str) -> None:
    console = Console()
    if console.is_terminal:
        console.print(Markdown(text, hyperlinks=False))
    else:
        sys.stdout.write(text)
