"""The guides are complete, shipped with the package, and describe the API as it is."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cached_property
from typing import Any

import pytest

from heygen_async import HeyGen, errors, guides
from tests.helpers.documents import GUIDES

INTERNAL = {"entries", "newest"}  # of videos; bulk runs call them


def test_every_file_is_a_guide() -> None:
    """`guides.NAMES`, the order of reading, names every file once."""
    assert sorted(guides.NAMES) == [path.stem for path in GUIDES]


@pytest.mark.parametrize("name", guides.NAMES)
def test_a_guide_begins_with_its_title_and_one_sentence(name: str) -> None:
    """A guide begins with the title and the sentence that the list shows, and hides the comments for tests."""
    guide = guides.read(name)
    assert guide.text.startswith(f"# {guide.title}\n\n")
    assert re.fullmatch(r"[A-Z][^.]*\.", guide.about)
    assert "<!--" not in guide.text


def test_reading_the_guides_loads_no_http() -> None:
    """`heygen-async guide` does not load aiohttp."""
    code = "import sys, heygen_async.guides as guides; guides.read('webhooks'); print('aiohttp' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_guide_draws_the_tree_of_errors() -> None:
    """The guide to errors has the drawing of the module's docstring."""
    (drawn,) = re.findall(r"```text\n(HeyGenError\n.*?)```", guides.read("errors").text, re.DOTALL)
    assert drawn in f"{errors.__doc__}"


def methods(value: Any) -> set[str]:
    return {name for name in dir(value) if not name.startswith("_") and callable(getattr(value, name))}


def test_the_table_of_methods_is_complete() -> None:
    """The table lists every resource of the client with every method."""
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|$", guides.read("api").text, re.MULTILINE)
    listed = {name: set(methods_of.split(", ")) for name, methods_of in rows}
    heygen = HeyGen("simulator-key")
    generated = {
        name for kind in HeyGen.__mro__ for name, value in vars(kind).items() if isinstance(value, cached_property)
    }
    names = generated | {"videos", "video_agents", "webhooks"}
    assert listed == {name: methods(getattr(heygen, name)) - INTERNAL for name in names}
