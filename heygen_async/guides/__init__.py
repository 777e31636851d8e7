"""The guides: one Markdown file for each subject, shown by `heygen-async guide`."""

from __future__ import annotations

import importlib.resources
import re
from typing import NamedTuple

# The files of this folder, in the order in which they are best read.
NAMES = (
    "videos",
    "runs",
    "lists",
    "sync",
    "campaigns",
    "commands",
    "errors",
    "keys",
    "uploads",
    "chat",
    "api",
    "webhooks",
    "workers",
    "observing",
    "testing",
)

_COMMENT = re.compile(r"<!--.*?-->\n", re.DOTALL)


class Guide(NamedTuple):
    """One guide: its name, its title, the sentence about it, and its Markdown."""

    name: str
    title: str
    about: str
    text: str


def read(name: str) -> Guide:
    """Read the guide of this name; comments, which are for the tests, are left out of its text."""
    text = importlib.resources.files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8")
    title, about, _ = text.split("\n\n", 2)
    return Guide(name, title.removeprefix("# "), " ".join(about.split()), _COMMENT.sub("", text))
