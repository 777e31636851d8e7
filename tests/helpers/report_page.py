"""Reads an HTML report into elements, texts and commands."""

from __future__ import annotations

import html.parser
import json
from collections import Counter
from typing import Any

VOID = {"meta", "input", "br", "link", "img"}


class Page(html.parser.HTMLParser):
    """The elements of an HTML page with their attributes, and the texts by element."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.source = source
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[tuple[str, str]] = []
        self.feed(source)
        self.close()
        assert self._open == [], "something was not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self.elements.append((tag, known))
        key = f"{tag}.{known.get('class') or known.get('id') or ''}".rstrip(".")
        self.texts.setdefault(key, []).append("")
        if tag not in VOID:
            self._open.append((tag, key))

    def handle_endtag(self, tag: str) -> None:
        name, _ = self._open.pop()
        assert name == tag

    def handle_data(self, data: str) -> None:
        for _, key in self._open:
            self.texts[key][-1] += data

    def text(self, key: str) -> str:
        return "\n".join(self.texts.get(key, []))

    @property
    def tags(self) -> Counter[str]:
        return Counter(tag for tag, _ in self.elements)

    @property
    def data(self) -> dict[str, Any]:
        return dict(json.loads(self.text("script.rows")))

    @property
    def totals(self) -> dict[str, int]:
        names = [text.strip() for text in self.texts.get("dt", [])]
        return {
            name: int(number.replace(",", "")) for name, number in zip(names, self.texts.get("dd", []), strict=True)
        }

    @property
    def commands(self) -> list[str]:
        return self.texts.get("pre", [])
