"""Output at the terminal: whatever HeyGen or a list writes is shown as text, and commands nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from heygen_async.plain_text import clean, clean_lines


class PlainConsole(Console):
    """Console for foreign text: no markup, no emoji codes, and no control characters but those of its own styles."""

    def __init__(self, **options: Any) -> None:
        """Create a console with *options* of rich's."""
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Yield the segments of *renderable*; those with text have no control characters but line breaks and tabs."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=clean_lines(segment.text))


def say(text: str) -> None:
    """Print one line of a result on stdout."""
    print(clean(text), flush=True)


def json_line(value: object, default: Any = None) -> str:
    """Return *value* as JSON on one line, in printable ASCII: JSON itself leaves DEL as it is."""
    return json.dumps(value, default=default).replace("\x7f", "\\u007f")
