"""HTML and SVG that cannot be broken by what stands in a row: text is escaped unless it was built here."""

from __future__ import annotations

import html
import json
from typing import Any


class Markup(str):
    """Text that is markup already, made by `element` or from a file of this package."""

    __slots__ = ()


def element(name: str, *inside: str, **attributes: object) -> Markup:
    """Return an element around *inside*, where anything but `Markup` is escaped.

    Args:
        name: Of the element.
        inside: What stands in it.
        attributes: `class_="x"` gives `class="x"`, `aria_label` gives `aria-label`; None leaves one out, True gives
            its name alone.
    """
    told = "".join(_attribute(key, value) for key, value in attributes.items() if value is not None)
    return Markup(f"<{name}{told}>{join(*inside)}</{name}>")


def join(*parts: str) -> Markup:
    """Return the parts one after another, each escaped unless it is `Markup`."""
    return Markup("".join(part if isinstance(part, Markup) else html.escape(part) for part in parts))


def embedded(value: Any) -> Markup:
    """Return *value* as JSON that can stand inside a `<script>`: nothing in it can end the element or begin another.

    JSON allows any character of a string as an escape, so what reads it gets the same value back. A number that JSON
    does not know is a mistake of this package, not a page that fails in the reader's browser.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _attribute(key: str, value: object) -> str:
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{html.escape(str(value))}"'
