"""Names of files that a template gives to one row only need not be remembered; all others are."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, strategies as st

from heygen_async import Completed, DirectVideo, HeyGen, Job, Result
from heygen_async.bulk.plan.file_names import FileNames, OwnNames, file_name, name_key

TEXTS = st.text(st.sampled_from("aA0f7٣-_.· /<é\u0301\u20e3ß{}"), max_size=6)
CELLS = st.text(st.sampled_from("aA0f7٣-_. /é\u0301\u20e3ßİ{}"), max_size=150)
ROWS = st.integers(1, 1_000_000)


@given(TEXTS, st.sampled_from(["number", "id"]), TEXTS, st.tuples(CELLS, CELLS), st.tuples(ROWS, ROWS))
@example("", "number", "", ("1", "1"), (1, 11))
@example("com", "number", "", ("", ""), (1, 2))
@example("v", "id", "-", ("", ""), (1, 2))
@example("", "number", "\u20e3", ("", ""), (1, 11))
def test_own_names_differ(before: str, fact: str, after: str, cells: tuple[str, str], rows: tuple[int, int]) -> None:
    """Two rows have different names by a template of own names, whatever their cells hold, on any file system."""
    template = f"{before}{{{fact}}}{after}{{cell}}"
    own = OwnNames.of(template)
    if own is None or rows[0] == rows[1]:
        return
    each = [{"cell": cell, "number": f"{row:04}", "id": f"{row:032x}"} for cell, row in zip(cells, rows, strict=True)]
    one, two = (file_name(template, facts) for facts in each)
    assert own.tells_apart(each[0])
    assert name_key(one) != name_key(two)
    assert not name_key(two + ".mp4").startswith(name_key(one + "."))
    for row, name, other in ((rows[0], one, two), (rows[1], two, one)):
        assert own.is_of(row, f"{name}.mp4")
        assert own.is_of(row, f"{name}-2.mp4")
        assert fact == "id" or not own.is_of(row, f"{other}.mp4")


@pytest.mark.parametrize(
    ("template", "is_own"),
    [
        ("{number}", True),
        ("{number}-{id}", True),
        ("{id}", True),
        ("Video {id} {title}", True),
        ("{number}{first_name}", False),
        ("{number}7", False),
        ("{id}f", False),
        ("{first_name}-{number}", False),
        ("{first_name}", False),
        ("all", False),
        ("x" * 61 + "{number}", False),
        ("{id}\u0301{first_name}", False),
    ],
)
def test_templates_of_own_names(template: str, *, is_own: bool) -> None:
    """The number or the id comes first or after a short fixed text, and nothing that continues it follows."""
    assert (OwnNames.of(template) is not None) is is_own


def test_an_id_of_an_odd_form_is_remembered() -> None:
    """Ids that may be a part of each other, or equal without regard to case, keep their names apart by a number."""
    names = FileNames("{id}")
    assert [names.give({"id": name}, [".mp4"]) for name in ("ab", "AB", "0" * 32)] == ["ab", "AB-2", "0" * 32]


@pytest.mark.parametrize("template", ["{number}-{first_name}", "{id}"])
def test_own_names_take_no_memory(template: str) -> None:
    """Names that only one row can have are not kept."""
    names = FileNames(template)
    tracemalloc.start()
    try:
        for row in range(1, 5_000):
            names.give({"number": f"{row:04}", "id": f"{row:032x}", "first_name": "Ada"}, [".mp4", ".webm"])
        assert tracemalloc.get_traced_memory()[0] < 5_000
    finally:
        tracemalloc.stop()


def names_of(ended: list[Result[Any]]) -> list[str]:
    return [path.name for result in ended if isinstance(result, Completed) for path in result.files.values()]


async def test_a_file_of_another_template_keeps_its_name(heygen: HeyGen, tmp_path: Path) -> None:
    """A row's own number as the name of a file is not given to it if an earlier template gave it to another row."""
    jobs = [
        Job(request=DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi {name}"), row={"name": name})
        for name in ("0002", "Eve")
    ]
    folder, journal = tmp_path / "videos", tmp_path / "campaign.db"
    async with heygen.render_many(jobs[:1], journal=journal, download_to=folder, filename="{name}") as results:
        assert names_of(await results.collect()) == ["0002.mp4"]
    (folder / "0002.mp4").unlink()  # by mistake: it is fetched again
    async with heygen.render_many(jobs, journal=journal, download_to=folder, filename="{number}") as results:
        assert names_of(await results.collect()) == ["0002.mp4", "0002-2.mp4"]
