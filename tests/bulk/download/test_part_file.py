"""Files on the disk: their content, interrupted downloads, free space, and names that do not clash."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings, strategies as st

from heygen_async import DirectVideo, Job
from heygen_async.bulk.download import part_file
from heygen_async.bulk.download.disk_space import KEPT_FREE_BYTES, DiskSpace, NoRoomError
from heygen_async.bulk.download.file_types import KINDS, FileKind, ending_of, endings, is_cut_short, stem_of
from heygen_async.bulk.download.part_file import PartFile
from heygen_async.bulk.plan.file_names import Clashes, FileNames, file_name
from heygen_async.bulk.rows.readers.read_rows import Row

FTYP = (16).to_bytes(4, "big") + b"ftypisom\0\0\2\0"


@pytest.mark.parametrize(
    ("kind", "content", "ending"),
    [
        ("video", FTYP, ".mp4"),
        ("video", b"\x1a\x45\xdf\xa3\x84", ".webm"),
        ("video", b"<!DOCTYPE html><p>ftyp", None),
        ("video", b'{"error": 1}', None),
        ("video", b'<?xml version="1.0"?><Error>', None),
        ("video", b"\xff\xd8\xff\xe0", None),
        ("video", b"", None),
        ("captioned_video", FTYP, "-captioned.mp4"),
        ("captioned_video", b"1\n00:00:00,000 --> 00:00:01,000\nHi", None),
        ("thumbnail", b"\xff\xd8\xff\xe0", ".jpg"),
        ("thumbnail", b"\x89PNG\r\n\x1a\n", ".png"),
        ("thumbnail", b"RIFF\0\0\0\0WEBPVP8 ", ".webp"),
        ("thumbnail", b"GIF89a", ".gif"),
        ("thumbnail", b"<html>", None),
        ("gif", b"GIF87a", ".gif"),
        ("gif", b"\xff\xd8\xff", None),
        ("captions", b"1\n00:00:00,000 --> 00:00:01,000\nHi", ".srt"),
        ("captions", b"\xef\xbb\xbf1\r\n0:00:00.000 --> 0:00:01.000\r\nHi", ".srt"),
        ("captions", b"WEBVTT\n\n00:00.000 --> 00:01.000", ".vtt"),
        ("captions", b"\xef\xbb\xbf[Script Info]\nTitle: x", ".ass"),
        ("captions", b"", ".srt"),
        ("captions", b"<!DOCTYPE html>", None),
        ("captions", b"\n", None),
    ],
)
def test_a_file_is_known_by_its_first_bytes(tmp_path: Path, kind: FileKind, content: bytes, ending: str | None) -> None:
    """The content of a file decides, not its address or type."""
    file = tmp_path / "x"
    file.write_bytes(content)
    assert ending_of(kind, file) == ending
    assert ending is None or ending in endings(kind)


def box(kind: bytes, size: int) -> bytes:
    return (8 + size).to_bytes(4, "big") + kind + bytes(size)


LARGE = (1).to_bytes(4, "big") + b"mdat" + (16 + 100).to_bytes(8, "big") + bytes(100)


@pytest.mark.parametrize(
    ("content", "cut"),
    [
        (FTYP + box(b"mdat", 100), False),
        (FTYP + box(b"mdat", 100)[:-1], True),
        (FTYP + LARGE, False),
        (FTYP + LARGE[:-1], True),
        (FTYP + bytes(4) + b"mdat" + bytes(9), False),  # a box to the end of the file
        (FTYP + box(b"mdat", 100) + b"bytes of somebody else", False),
        (FTYP + box(b"mdat", 100) + b"tail", False),
        (FTYP[:-1], True),
    ],
)
def test_a_video_that_is_cut_off_is_known_by_its_boxes(tmp_path: Path, content: bytes, *, cut: bool) -> None:
    """A file that ends inside a box is cut off; other bytes after the last box are no error."""
    file = tmp_path / "x"
    file.write_bytes(content)
    assert is_cut_short(file) == cut


@pytest.mark.parametrize("kind", KINDS)
def test_an_ending_is_removed_from_a_name(kind: FileKind) -> None:
    """The ending is removed from a name, also if the name has dots."""
    assert all(stem_of(kind, "a.b" + ending) == "a.b" for ending in endings(kind))
    assert stem_of(kind, "a.b.txt") == "a.b.txt"


# A part on the disk


@given(chunks=st.lists(st.binary(min_size=1, max_size=50), min_size=1, max_size=12), breaks=st.sets(st.integers(0, 12)))
@settings(max_examples=40)
def test_an_interrupted_file_becomes_whole(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes], breaks: set[int]
) -> None:
    """A part that was closed, or left open as by kill -9, is continued to the whole file."""
    final = tmp_path_factory.mktemp("part") / "v.mp4"
    whole = b"".join(chunks)
    part = PartFile.find(final, "v1")
    part.begin(len(whole), '"t"')
    left_open = []
    for number, chunk in enumerate(chunks):
        if number in breaks:
            if number % 2:
                part.close()
            left_open.append(part)
            part = PartFile.find(final, "v1")
            assert (part.whole_bytes, part.tag) == (len(whole), '"t"')
            part.resume(None)
        part.append(chunk)
    assert part.is_whole
    part.finish(final)
    for left in left_open:
        if left._file is not None:
            left._file.close()
    assert final.read_bytes() == whole
    assert [file.name for file in final.parent.iterdir()] == ["v.mp4"]


@pytest.mark.parametrize("boot", ["another", None])
def test_after_a_power_loss_only_synced_bytes_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, boot: str | None
) -> None:
    """After another start of the machine, or without a boot id, only synced bytes are continued."""
    monkeypatch.setattr(part_file, "SYNC_BYTES", 100)
    final = tmp_path / "v.mp4"
    part = PartFile.find(final, "v1")
    part.begin(1000, '"t"')
    part.append(b"x" * 150)  # synced, because it is more than SYNC_BYTES
    part.append(b"y" * 50)
    if part_file.boot_id() is not None:
        assert PartFile.find(final, "v1").size_bytes == 200
    name = tmp_path / "boot"
    if boot is not None:
        name.write_text(boot)
    monkeypatch.setattr(part_file, "_BOOT", name)
    found = PartFile.find(final, "v1")
    assert found.size_bytes == 150
    found.resume(1000)
    found.close()
    assert part.path.read_bytes() == b"x" * 150
    part.close()


def test_a_part_that_is_shorter_than_its_note_is_not_continued(tmp_path: Path) -> None:
    """A part that is shorter than its synced bytes was changed by others and is not continued."""
    final = tmp_path / "v.mp4"
    part = PartFile.find(final, "v1")
    part.begin(1000, '"t"')
    part.append(b"x" * 150)
    part.close()
    part.path.write_bytes(b"x")
    assert PartFile.find(final, "v1").size_bytes == 0


@pytest.mark.parametrize("planted", ["v.mp4.part", "v.mp4.part.json", "v.mp4.part.json.new", "v.mp4"])
@pytest.mark.parametrize("continued", [False, True])
def test_a_link_is_replaced_and_not_followed(tmp_path: Path, planted: str, *, continued: bool) -> None:
    """A link with a name of the download is replaced, and the file to which it leads stays as it is."""
    other = tmp_path / "other"
    note = '{"owner": "v1", "synced": 2, "whole": 9, "tag": null}'
    other.write_text(note)
    final = tmp_path / "v.mp4"
    part = PartFile.find(final, "v1")
    part.begin(9, '"t"')
    part.append(b"so far")
    part.close()
    if continued:
        part = PartFile.find(final, "v1")
    (tmp_path / planted).unlink(missing_ok=True)
    (tmp_path / planted).symlink_to(other)
    part = PartFile.find(final, "v1")
    if part.size_bytes:
        part.resume(9)
    else:
        part.begin(9, '"t"')
        part.append(b"so far")
    part.append(b"end")
    part.close()
    part.finish(final)
    assert final.read_bytes() == b"so farend"
    assert other.read_text() == note
    assert not any(file.is_symlink() for file in tmp_path.iterdir() if not file.name.endswith(".new"))


def test_a_link_that_comes_later_is_not_continued(tmp_path: Path) -> None:
    """A link that takes the place of a part after it was found ends the attempt."""
    other, final = tmp_path / "other", tmp_path / "v.mp4"
    other.write_bytes(b"precious")
    part = PartFile.find(final, "v1")
    part.begin(9, '"t"')
    part.append(b"so far")
    part.close()
    part.path.unlink()
    part.path.symlink_to(other)
    with pytest.raises(OSError, match="symbolic links"):
        part.resume(9)
    assert other.read_bytes() == b"precious"


def test_space_is_reserved_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that are being written share the free space, without the bytes that they have already written."""
    free = KEPT_FREE_BYTES + 100
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    space = DiskSpace(tmp_path)
    first = PartFile(path=tmp_path / "a", owner="a", whole_bytes=60)
    second = PartFile(path=tmp_path / "b", owner="b", whole_bytes=50)
    endless = PartFile(path=tmp_path / "c", owner="c")
    with space.reserve(first):
        with pytest.raises(NoRoomError, match=r"no room: it needs 0\.0 MB more"), space.reserve(second):
            pass
        first.size_bytes, free = 60, free - 60
        second.whole_bytes = 40
        with space.reserve(second), space.reserve(endless):
            second.size_bytes = 40
    second.size_bytes = 0
    free += 60
    with space.reserve(second):
        pass


def test_appending_needs_an_open_part(tmp_path: Path) -> None:
    """Appending to a part that is not open is an error."""
    with pytest.raises(ValueError, match="not open"):
        PartFile.find(tmp_path / "v.mp4", "v1").append(b"x")


# Names


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("COM1", "_COM1"),
        ("com¹.txt", "_com¹.txt"),
        ("aux .x", "_aux .x"),
        ("CONIN$", "_CONIN$"),
        ("console", "console"),
        ("Ada. . ", "Ada"),
        ("../../etc", "_.._etc"),
        ("\udc80x", "_x"),
        ("e\u0301", "é"),
        ("a\nb\tc", "a_b_c"),
        ("a\u202egpj.exe", "a_gpj.exe"),
        ("a\u2066b\u2069c\u202a\u202dd", "a_b_c_d"),
        ("a\u2028b\u2029c", "a_b_c"),
        ("a\x85b\x9b31mc", "a_b_31mc"),
        ("\u200f\u05e9", "\u200f\u05e9"),
    ],
)
def test_names_that_some_system_refuses_are_changed(cell: str, name: str) -> None:
    """Reserved words, final dots, separators and lone surrogates are replaced; accents are composed."""
    assert file_name("{cell}", {"cell": cell}) == name


def test_a_name_is_given_once() -> None:
    """Names that differ in case or composition are equal; files of one row have one name."""
    names = FileNames("{name}", taken=["out/Eve.webm"])
    given = [
        names.give({"name": name}, [".mp4", ".webm", ".srt"]) for name in ("Zoë", "zoe\u0308", "ZOË", "Eve", "eve")
    ]
    assert given == ["Zoë", "zoë-2", "ZOË-3", "Eve-2", "eve-3"]
    assert names.give({"name": "Ada-captioned"}, [".mp4"]) == "Ada-captioned"
    assert names.give({"name": "Ada"}, [".mp4", "-captioned.mp4"]) == "Ada-2"


def test_many_equal_names_are_given_fast() -> None:
    """Ten thousand equal names are given in linear time."""
    names = FileNames("Ada")
    assert [names.give({}, [".mp4"]) for _ in range(10_000)][-1] == "Ada-10000"


@pytest.mark.parametrize(
    ("template", "clashes"),
    [("{name}", 2), ("{name}-{number}", 0), ("{id}", 0), ("{name}-{title}", 2), ("all", 3), ("x" * 110 + "-{id}", 3)],
)
def test_clashes_are_found_before_anything_is_sent(template: str, clashes: int) -> None:
    """Ids keep names apart, unless the name is cut before their end."""
    names = Clashes(template)
    found = []
    for index, name in enumerate(["Ada", "ada", "Bob", "ADA"]):
        request = DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="x", title="t")
        row = Row(line=index + 2, cells={"name": name})
        found.append(names.add(Job(request=request, row=row, index=index), f"line {index + 2}"))
    messages = [text for text in found if text is not None]
    assert len(messages) == clashes
    assert all(text.startswith("its file would be named") for text in messages)
    assert all(text.endswith("like that of line 2") for text in messages)
