"""The guides: each is complete, is shipped, and says of the API what is true."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cached_property
from typing import Any

import pytest

from heygen_async import HeyGen, errors, guides
from tests.helpers.documents import GUIDES

OWN_USE = {"entries"}  # of videos: bulk runs read them as JSON


def test_every_file_is_a_guide() -> None:
    """The order in which they are read names each once."""
    assert sorted(guides.NAMES) == [path.stem for path in GUIDES]


@pytest.mark.parametrize("name", guides.NAMES)
def test_a_guide_begins_with_its_title_and_one_sentence(name: str) -> None:
    """These are its line in the list; comments for the tests are not shown."""
    guide = guides.read(name)
    assert guide.text.startswith(f"# {guide.title}\n\n")
    assert re.fullmatch(r"[A-Z][^.]*\.", guide.about)
    assert "<!--" not in guide.text


def test_reading_the_guides_loads_no_http() -> None:
    """A terminal shows one at once."""
    code = "import sys, heygen_async.guides as guides; guides.read('webhooks'); print('aiohttp' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_tree_of_errors_is_that_of_the_package() -> None:
    """The drawing is that of the module's docstring."""
    (drawn,) = re.findall(r"```text\n(HeyGenError\n.*?)```", guides.read("errors").text, re.DOTALL)
    assert drawn in f"{errors.__doc__}"


def methods(value: Any) -> set[str]:
    return {name for name in dir(value) if not name.startswith("_") and callable(getattr(value, name))}


def test_the_table_of_methods_is_complete() -> None:
    """Every resource of the client with every method."""
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|$", guides.read("api").text, re.MULTILINE)
    told = {name: set(listed.split(", ")) for name, listed in rows}
    heygen = HeyGen("simulator-key")
    generated = {
        name for kind in HeyGen.__mro__ for name, value in vars(kind).items() if isinstance(value, cached_property)
    }
    names = generated | {"videos", "video_agents", "webhooks"}
    assert told == {name: methods(getattr(heygen, name)) - OWN_USE for name in names}
