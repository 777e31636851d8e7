"""Files of results: presigned addresses, and contents that are the same at each download."""

from __future__ import annotations

import email.utils
import hashlib
import random
import re
from collections.abc import Mapping

from heygen_async.simulator.http.received import KEPT_BYTES
from heygen_async.simulator.http.replies import Reply
from heygen_async.simulator.storage.presigned import CREDENTIALS, address_problem, presign, xml_refusal
from heygen_async.simulator.world.renders import Render
from heygen_async.simulator.world.world import World

TYPES = {
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".jpg": "image/jpeg",
    ".srt": "application/x-subrip",
    ".vtt": "text/vtt",
    ".mp3": "audio/mpeg",
    ".gif": "image/gif",
    "-captioned.mp4": "video/mp4",
    "-foreground.webm": "video/webm",
    "-mask.mp4": "video/mp4",
    "-background.mp4": "video/mp4",
    "-clip1.mp4": "video/mp4",
    "-clip2.mp4": "video/mp4",
    "-clip3.mp4": "video/mp4",
}

FIRST_BYTES = {
    "webm": b"\x1a\x45\xdf\xa3\x84\x42\x82\x84webm",
    ".mp3": b"ID3\x04\x00\x00\x00\x00\x00\x00",
    ".gif": b"GIF89a",
}
ASSETS = "/files/assets/"

_NAME = re.compile(r"/files/(?P<video_id>[0-9a-f]+)(?P<ending>[-.a-z0-9]+)")
_RANGE = re.compile(r"bytes=(?P<first>\d*)-(?P<last>\d*)")


def address(
    world: World, origin: str, render: Render, ending: str, *, expired: bool = False, since: float | None = None
) -> str:
    """Return the presigned address of a file of *render*.

    Args:
        world: World that signs the address.
        origin: Scheme, host and port.
        render: Completed render.
        ending: Ending of the file's name, one of `TYPES`.
        expired: True returns an address that has expired already.
        since: Loop time at which the lifetime of the address begins; None means now.
    """
    return presign(world, origin, f"/files/{render.video_id}{ending}", -1 if expired else world.url_seconds, since)


def download(world: World, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
    """Answer as a storage service does: a valid address is enough to get the file, and credentials are refused."""
    if any(name in headers for name in CREDENTIALS):
        return xml_refusal(
            400, "InvalidArgument", "Only one auth mechanism allowed: credentials sent to a presigned URL."
        )
    if method != "GET":
        return xml_refusal(403, "SignatureDoesNotMatch", "The address is signed for GET.")
    if path.startswith(ASSETS):
        return _asset(world, path, query, headers)
    named = _NAME.fullmatch(path)
    render = world.find_render(named["video_id"]) if named else None
    if named is None or named["ending"] not in TYPES or render is None or render.deleted:
        return xml_refusal(404, "NoSuchKey", "There is no such file.")
    if problem := address_problem(world, path, query):
        return xml_refusal(403, "AccessDenied", problem)
    modified = _date(world, render.ended_at)
    return _part(content(world, render, named["ending"]), TYPES[named["ending"]], modified, headers)


def _asset(world: World, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
    asset = world.assets.get(path.removeprefix(ASSETS))
    if asset is None or asset.received is None or asset.received.content is None:
        # The contents of large files are not kept.
        return xml_refusal(404, "NoSuchKey", f"There is no such file of up to {KEPT_BYTES} bytes.")
    if problem := address_problem(world, path, query):
        return xml_refusal(403, "AccessDenied", problem)
    return _part(asset.received.content, asset.mime_type, _date(world, None), headers)


def _date(world: World, at: float | None) -> str:
    return email.utils.formatdate(world.unix_time(at or 0.0), usegmt=True)


def content(world: World, render: Render, ending: str) -> bytes:
    """Return the contents of a file: a valid header, then random bytes that depend only on the video and the ending."""
    text = render.body.get("script") or "..."
    if ending == ".srt":
        return f"1\n00:00:00,000 --> 00:00:01,000\n{text}\n".encode()
    if ending == ".vtt":
        return f"WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n{text}\n".encode()
    rng = random.Random(f"{render.video_id}{ending}")
    noise = rng.randbytes(max(64, int(world.bytes_per_video * rng.uniform(0.8, 1.2))))
    if ending == ".jpg":
        return b"\xff\xd8\xff\xe0" + noise[:1000] + b"\xff\xd9"
    if start := FIRST_BYTES.get(ending[-4:]):
        return start + noise
    return _box(b"ftyp", b"isom\x00\x00\x02\x00isomiso2avc1mp41") + _box(b"mdat", noise)


def _box(kind: bytes, content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + kind + content


def _part(whole: bytes, kind: str, modified: str, headers: Mapping[str, str]) -> Reply:
    tag = f'"{hashlib.md5(whole, usedforsecurity=False).hexdigest()}"'
    shared = {"Content-Type": kind, "ETag": tag, "Last-Modified": modified, "Accept-Ranges": "bytes"}
    bounds = _bounds(headers.get("range", ""), len(whole))
    if bounds is None or headers.get("if-range", tag) not in {tag, modified}:
        return Reply(body=whole, headers=shared)
    first, last = bounds
    if first > last:
        return Reply(status=416, headers={**shared, "Content-Range": f"bytes */{len(whole)}"})
    shared["Content-Range"] = f"bytes {first}-{last}/{len(whole)}"
    return Reply(status=206, body=whole[first : last + 1], headers=shared)


def _bounds(range_header: str, size: int) -> tuple[int, int] | None:
    """Return the first and last byte of the range; None if the header is to be ignored (RFC 9110, 14.2)."""
    found = _RANGE.fullmatch(range_header)
    if found is None or found[0] == "bytes=-":
        return None
    first, last = found["first"], found["last"]
    if not first:
        return max(0, size - int(last)), size - 1
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last), size - 1) if last else size - 1
