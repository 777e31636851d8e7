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
    """Show a guide, or list all of them. Costs nothing and needs no network.

    On a terminal the guide is set in bold and colours; elsewhere it is plain Markdown.

        heygen-async guide webhooks
    """
    if topic is None:
        entries = ((name, guides.read(name).about) for name in guides.NAMES)
        print(section("Guides", entries))
        print("\nShow one: heygen-async guide webhooks\nPrograms to copy: python -m heygen_async.examples")
    else:
        _show(guides.read(_known(topic)).text)


def _known(topic: str) -> str:
    """Return *topic* as a guide is called; refuse one that there is not, and name the nearest."""
    name = topic.lower().removesuffix(".md")
    if name in guides.NAMES:
        return name
    near = difflib.get_close_matches(name, guides.NAMES, _NEAR)
    mend = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(guides.NAMES)}"
    raise InvalidInputError(f"there is no guide {topic!r}; {mend}")


def _show(text: str) -> None:
    console = Console()
    if console.is_terminal:
        console.print(Markdown(text, hyperlinks=False))
    else:
        sys.stdout.write(text)
