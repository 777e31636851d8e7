"""Checks of downloaded files by their content, so that no error page is stored as a video.

Source: ISO/IEC 14496-12 (boxes of MP4 files).
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, Literal, get_args

from heygen_async.file_signatures import media_type_of

FileKind = Literal["video", "captioned_video", "captions", "thumbnail", "gif"]
KINDS: tuple[FileKind, ...] = get_args(FileKind)

_HEAD_BYTES = 1024
_BOX_BYTES = 8
_LARGE_BOX_BYTES = 16
_BOXES = frozenset(b"ftyp styp moov moof mdat mfra free skip wide meta uuid pdin sidx ssix prft emsg".split())

# Media types that a file of each kind may have, with their endings.
_VIDEOS = {"video/mp4": ".mp4", "video/webm": ".webm"}
_ENDINGS = {
    "video": _VIDEOS,
    "audio": {"audio/mpeg": ".mp3", "audio/aac": ".mp3", "audio/wav": ".wav"},
    "captioned_video": _VIDEOS,
    "captions": {"text/vtt": ".vtt", "text/x-ssa": ".ass", "application/x-subrip": ".srt"},
    "thumbnail": {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/gif": ".gif"},
    "gif": {"image/webp": ".webp", "image/gif": ".gif"},
}


def endings(kind: str) -> tuple[str, ...]:
    """Return the endings that files of a kind may have, the usual one first."""
    base, suffix = _base_and_suffix(kind)
    usual = {"captions": ".srt", "gif": ".gif"}.get(base)
    found = dict.fromkeys(_ENDINGS[base].values())
    return tuple(suffix + ending for ending in sorted(found, key=lambda ending: ending != usual))


def _base_and_suffix(kind: str) -> tuple[str, str]:
    """Return a kind without its number, and the text before its ending that tells it from other files of the row."""
    if kind == "captioned_video":
        return kind, "-captioned"
    base, _, number = kind.partition("_")  # video_2 is a second video
    return base, f"-{number}" if number else ""


def stem_of(kind: str, name: str) -> str:
    """Return the name of a file of a kind without its ending."""
    for ending in (*endings(kind), *endings("audio")):
        if name.endswith(ending):
            return name.removesuffix(ending)
    return name


def ending_of(kind: str, file: Path) -> str | None:
    """Return the ending that fits the content of *file*; None if the content is not of that kind."""
    with file.open("rb") as opened:
        head = opened.read(_HEAD_BYTES)
    base, suffix = _base_and_suffix(kind)
    if base == "captions" and not head:  # a video without speech
        return suffix + ".srt"
    media_type = media_type_of(head, _ENDINGS[base])
    return None if media_type is None else suffix + _ENDINGS[base][media_type]


def beginning(file: Path) -> str:
    """Return the first bytes of a file as text for a message."""
    with file.open("rb") as opened:
        return repr(opened.read(40).decode(errors="replace"))


def is_cut_short(file: Path) -> bool:
    """Return True if an MP4 file ends inside one of its boxes. A wrong length from the server is found so."""
    size = file.stat().st_size
    with file.open("rb") as opened:
        place = 0
        while place + _BOX_BYTES <= size:
            length = _length_of_box(opened, place, size)
            if length < _BOX_BYTES:
                return False
            place += length
    return place > size


def _length_of_box(opened: BinaryIO, place: int, size: int) -> int:
    """Return the length of the box at *place*; 0 if there is none, because other bytes may follow the last box."""
    opened.seek(place)
    head = opened.read(_LARGE_BOX_BYTES)
    if head[4:8] not in _BOXES:
        return 0
    length = int.from_bytes(head[:4], "big")
    if length == 0:
        return size - place  # to the end of the file
    return int.from_bytes(head[8:], "big") if length == 1 else length
