"""`heygen-async guide`: the list, one guide, and an unknown name."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest
from rich.console import Console

from heygen_async import guides
from heygen_async.cli.commands import guide as command
from tests.helpers.commands import call


def test_all_guides_are_listed_with_their_sentences() -> None:
    said = call("guide")
    assert said.exit_code == 0
    listed = " ".join(said.stdout.split())
    for name in guides.NAMES:
        assert f"{name} {guides.read(name).about}" in listed


@pytest.mark.parametrize("name", guides.NAMES)
def test_a_guide_is_plain_markdown_where_no_terminal_is(name: str) -> None:
    """Without a terminal, a guide is printed as it is written, for files and pagers."""
    said = call("guide", name)
    assert said.exit_code == 0
    assert said.stdout == guides.read(name).text


@pytest.mark.parametrize("typed", ["Webhooks", "webhooks.md"])
def test_a_guide_is_found_as_links_and_people_write_it(typed: str) -> None:
    assert call("guide", typed).stdout == guides.read("webhooks").text


def test_a_terminal_shows_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal shows formatted titles, tables and code, without Markdown syntax."""
    shown = io.StringIO()
    monkeypatch.setattr(command, "Console", lambda: Console(file=shown, force_terminal=True, no_color=True, width=100))
    assert call("guide", "chat").exit_code == 0
    text = shown.getvalue()
    assert "```" not in text
    assert "| --- |" not in text
    assert "Chat with the Video Agent" in text


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("webhook", "did you mean webhooks?"),
        ("wokers", "did you mean workers or keys?"),
        ("zzz", "there are videos, runs, "),
    ],
)
def test_an_unknown_name_is_bad_input(typed: str, hint: str) -> None:
    """The message names the nearest guides, or all of them."""
    said = call("guide", typed)
    assert said.exit_code == 2
    assert f"there is no guide {typed!r}; {hint}" in said.output
    assert not said.stdout


def test_the_command_loads_no_http() -> None:
    """A guide is printed without loading aiohttp."""
    code = "import sys; from heygen_async.cli import main; main(['guide', 'webhooks']); print('aiohttp' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("\nFalse\n")
