"""Text as text: characters that a terminal obeys, or that show other text than is there, are removed.

Titles, messages and codes come from HeyGen, and names from contact lists. Written to a terminal or a log as they are,
they could clear the screen, add lines, or turn the direction of what follows.
"""

from __future__ import annotations

import re

# C0 with ESC, DEL, C1, separators of lines, marks that turn the direction, and halves of characters.
_OBEYED = "\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
CONTROLS: re.Pattern[str] = re.compile(f"[{_OBEYED}]")
_NOT_IN_LINES = re.compile(rf"(?![\n\t])[{_OBEYED}]")


def clean(text: str) -> str:
    """Return *text* on one line: each control character becomes a space."""
    return CONTROLS.sub(" ", text)


def clean_lines(text: str) -> str:
    """Return *text* with its line breaks and tabs, without other control characters."""
    return _NOT_IN_LINES.sub("", text)
