"""File types by first bytes: an error page must never pass for a video.

Sources: ISO/IEC 14496-12 (`ftyp`, boxes), RFC 8794 (EBML), and what every JPEG, PNG, GIF, WebP, SRT, WebVTT, ASS, MP3
and WAV file begins with.
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

# Media types that a file of each sort may have, with their endings.
_FILMS = {"video/mp4": ".mp4", "video/webm": ".webm"}
_ENDINGS = {
    "video": _FILMS,
    "audio": {"audio/mpeg": ".mp3", "audio/aac": ".mp3", "audio/wav": ".wav"},
    "captioned_video": _FILMS,
    "captions": {"text/vtt": ".vtt", "text/x-ssa": ".ass", "application/x-subrip": ".srt"},
    "thumbnail": {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/gif": ".gif"},
    "gif": {"image/webp": ".webp", "image/gif": ".gif"},
}


def endings(kind: str) -> tuple[str, ...]:
    """Return the endings that files of a kind may have, the usual one first."""
    sort, between = _parts(kind)
    usual = {"captions": ".srt", "gif": ".gif"}.get(sort)
    found = dict.fromkeys(_ENDINGS[sort].values())
    return tuple(between + ending for ending in sorted(found, key=lambda ending: ending != usual))


def _parts(kind: str) -> tuple[str, str]:
    """Return the sort of a kind, and what stands before its ending, so that no file replaces another of its row."""
    if kind == "captioned_video":
        return kind, "-captioned"
    sort, _, number = kind.partition("_")  # video_2 is a second film
    return sort, f"-{number}" if number else ""


def stem_of(kind: str, name: str) -> str:
    """Return the name of a file of a kind without its ending."""
    for ending in (*endings(kind), *endings("audio")):
        if name.endswith(ending):
            return name.removesuffix(ending)
    return name


def ending_of(kind: str, file: Path) -> str | None:
    """Return the ending that fits what is in *file*; None if it is nothing of that kind."""
    with file.open("rb") as opened:
        head = opened.read(_HEAD_BYTES)
    sort, between = _parts(kind)
    if sort == "captions" and not head:  # a film without speech
        return between + ".srt"
    media_type = media_type_of(head, _ENDINGS[sort])
    return None if media_type is None else between + _ENDINGS[sort][media_type]


def beginning(file: Path) -> str:
    """Quote how a file begins, for a message."""
    with file.open("rb") as opened:
        return repr(opened.read(40).decode(errors="replace"))


def is_cut_short(file: Path) -> bool:
    """True if an MP4 file ends inside one of its boxes: then its end is missing, whatever length was promised."""
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
    """Return how long the box at *place* says that it is; 0 if there is none: a film may end in foreign bytes."""
    opened.seek(place)
    head = opened.read(_LARGE_BOX_BYTES)
    if head[4:8] not in _BOXES:
        return 0
    length = int.from_bytes(head[:4], "big")
    if length == 0:
        return size - place  # to the end of the file
    return int.from_bytes(head[8:], "big") if length == 1 else length
