"""File formats by their first bytes, for uploads, downloads and contact lists. No I/O.

Sources: ISO/IEC 14496-12 (`ftyp`), ISO/IEC 11172-3 and 13818-7 (frames of MP3 and AAC), RFC 8794 (EBML), and the
specifications of the other formats.
"""

from __future__ import annotations

import re
from collections.abc import Container

_PATTERNS = {
    "image/png": rb"\x89PNG\r\n\x1a\n",
    "image/jpeg": rb"\xff\xd8\xff",
    "image/gif": rb"GIF8[79]a",
    "image/webp": rb"RIFF.{4}WEBP",
    "image/bmp": rb"BM",
    "image/tiff": rb"II\*\0|MM\0\*",
    # The brand stands after `ftyp`. A file whose brand is not listed is taken for an MP4, so that pattern comes last.
    "image/heic": rb".{4}ftyp(?:hei[cx]|mif1)",
    "image/avif": rb".{4}ftypavif",
    "audio/mp4": rb".{4}ftypM4[AB] ",
    "video/quicktime": rb".{4}ftypqt  ",
    "video/mp4": rb".{4}ftyp",
    "video/x-matroska": rb"\x1a\x45\xdf\xa3.{0,52}matroska",
    "video/webm": rb"\x1a\x45\xdf\xa3",
    "video/x-msvideo": rb"RIFF.{4}AVI ",
    "audio/wav": rb"(?:RIFF|RF64).{4}WAVE",
    # A frame begins with eleven ones, two bits of the version, and two bits of the layer: 01 is MP3, 00 is AAC.
    "audio/mpeg": rb"ID3|\xff[\xe2\xe3\xea\xeb\xf2\xf3\xfa\xfb]",
    "audio/aac": rb"\xff[\xe0\xe1\xe8\xe9\xf0\xf1\xf8\xf9]",
    "audio/ogg": rb"OggS",
    "audio/flac": rb"fLaC",
    "application/x-subrip": rb"(?:\xef\xbb\xbf)?\s*\d+\s*\r?\n\s*\d+:\d\d:\d\d[,.]\d+\s*-->",
    "text/vtt": rb"(?:\xef\xbb\xbf)?WEBVTT",
    "text/x-ssa": rb"(?:\xef\xbb\xbf)?\s*\[Script Info\]",
    "text/html": rb"\s*<(?i:!doctype\s+html|html)\b",
    "application/pdf": rb"%PDF-",
    "application/zip": rb"PK\x03\x04",
    "application/gzip": rb"\x1f\x8b",
    "application/vnd.ms-excel": rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "application/vnd.apache.parquet": rb"PAR1",
}
_SIGNATURES = {name: re.compile(pattern, re.DOTALL) for name, pattern in _PATTERNS.items()}


def media_type_of(head: bytes, known: Container[str]) -> str | None:
    """Return the media type of a file that begins with *head*; None if it is none of *known*."""
    found = (name for name, signature in _SIGNATURES.items() if name in known and signature.match(head))
    return next(found, None)
