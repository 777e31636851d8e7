"""File formats by their first bytes."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from heygen_async.file_signatures import _PATTERNS, media_type_of

EXAMPLES = [
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"BM\x36\x00", "image/bmp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"\x00\x00\x00\x14ftypheix", "image/heic"),
    (b"\x00\x00\x00\x14ftypavif", "image/avif"),
    (b"\x00\x00\n\x14ftypisom", "video/mp4"),  # a size that holds a line feed
    (b"\x00\x00\x00\x14ftypM4B ", "audio/mp4"),
    (b"RF64\xff\xff\xff\xffWAVEds64", "audio/wav"),
    (b"OggS\x00", "audio/ogg"),
    (b"fLaC\x00", "audio/flac"),
    (b"\xff\xfd\x90\x64", None),  # layer II
    (b"\xff\xfe1\x00", None),  # a byte order mark of UTF-16
    (b"\xef\xbb\xbfWEBVTT\n", "text/vtt"),
    (b"[Script Info]\r\n", "text/x-ssa"),
    (b"1\n100:00:00,000 --> 100:00:01,000\n", "application/x-subrip"),
    (b"<!doctype HTML>", "text/html"),
    (b"<html5>", None),
    (b"bm, in lower case", None),
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"PAR1\x15", "application/vnd.apache.parquet"),
]


@pytest.mark.parametrize(("head", "media_type"), EXAMPLES)
def test_a_format_is_known_by_its_first_bytes(head: bytes, media_type: str | None) -> None:
    """The name of a file is not asked for."""
    assert media_type_of(head, _PATTERNS) == media_type


def test_a_format_that_is_not_asked_for_is_taken_for_the_one_that_it_resembles() -> None:
    """A QuickTime film is an MP4 to a caller that knows no QuickTime."""
    head = b"\x00\x00\x00\x14ftypqt  "
    assert media_type_of(head, {"video/mp4", "video/quicktime"}) == "video/quicktime"
    assert media_type_of(head, {"video/mp4"}) == "video/mp4"
    assert media_type_of(head, {"image/png"}) is None


@given(st.binary(max_size=600))
def test_any_bytes_have_at_most_a_format_that_was_asked_for(head: bytes) -> None:
    """No bytes are too strange to be looked at."""
    assert media_type_of(head, {"video/mp4", "audio/mpeg"}) in {"video/mp4", "audio/mpeg", None}
