"""Results as files: presigned addresses, and bytes that are the same each time."""

from __future__ import annotations

import email.utils
import hashlib
import hmac
import random
import re
from collections.abc import Mapping

from heygen_async.simulator.renders import Render
from heygen_async.simulator.replies import Reply
from heygen_async.simulator.world import World

TYPES = {
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".jpg": "image/jpeg",
    ".srt": "application/x-subrip",
    ".gif": "image/gif",
    "-captioned.mp4": "video/mp4",
}
CREDENTIALS = ("x-api-key", "authorization")

_NAME = re.compile(r"/files/(?P<video_id>[0-9a-f]+)(?P<ending>[-.a-z0-9]+)")
_RANGE = re.compile(r"bytes=(?P<first>\d*)-(?P<last>\d*)")


def address(world: World, origin: str, render: Render, ending: str, *, expired: bool = False) -> str:
    """Return a presigned URL of a file of *render*.

    Args:
        world: Signs, and knows the time.
        origin: Scheme, host and port.
        render: Completed.
        ending: Of the file's name, one of `TYPES`.
        expired: Whether its time is over already.
    """
    name = f"{render.video_id}{ending}"
    expires = int(world.wall(world.now()) + (-1 if expired else world.url_seconds))
    return f"{origin}/files/{name}?expires={expires}&sig={_sign(world, name, expires)}"


def download(world: World, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
    """Answer as a storage service does: whoever holds a valid address gets the file, and nothing else counts."""
    if any(name in headers for name in CREDENTIALS):
        return _refusal(400, "InvalidArgument", "Only one auth mechanism allowed: credentials sent to a presigned URL.")
    if method != "GET":
        return _refusal(403, "SignatureDoesNotMatch", "The address is signed for GET.")
    named = _NAME.fullmatch(path)
    render = world.videos.get(named["video_id"]) if named else None
    if named is None or named["ending"] not in TYPES or render is None or render.deleted:
        return _refusal(404, "NoSuchKey", "There is no such file.")
    if problem := _address_problem(world, path.removeprefix("/files/"), query):
        return _refusal(403, "AccessDenied", problem)
    made = email.utils.formatdate(world.wall(render.ended_at or 0.0), usegmt=True)
    return _part(content(world, render, named["ending"]), TYPES[named["ending"]], made, headers)


def content(world: World, render: Render, ending: str) -> bytes:
    """Return the bytes of a file: the same for the same video, a valid beginning, then noise."""
    if ending == ".srt":
        return f"1\n00:00:00,000 --> 00:00:01,000\n{render.body.get('script') or '...'}\n".encode()
    draw = random.Random(f"{render.video_id}{ending}")
    noise = draw.randbytes(max(64, int(world.bytes_per_video * draw.uniform(0.8, 1.2))))
    if ending == ".jpg":
        return b"\xff\xd8\xff\xe0" + noise[:1000] + b"\xff\xd9"
    if ending == ".gif":
        return b"GIF89a" + noise[:1000] + b";"
    if ending == ".webm":
        return b"\x1a\x45\xdf\xa3\x84\x42\x82\x84webm" + noise
    return _box(b"ftyp", b"isom\x00\x00\x02\x00isomiso2avc1mp41") + _box(b"mdat", noise)


def _box(kind: bytes, inside: bytes) -> bytes:
    return (8 + len(inside)).to_bytes(4, "big") + kind + inside


def _sign(world: World, name: str, expires: int) -> str:
    return hmac.digest(str(world.seed).encode(), f"{name}:{expires}".encode(), "sha256").hex()[:32]


def _address_problem(world: World, name: str, query: Mapping[str, str]) -> str | None:
    expires = query.get("expires", "")
    if not re.fullmatch(r"-?\d{1,15}", expires):
        return "Query parameter expires is missing."
    if not hmac.compare_digest(_sign(world, name, int(expires)), query.get("sig", "")):
        return "The signature does not match."
    return "Request has expired." if world.wall(world.now()) >= int(expires) else None


def _part(whole: bytes, kind: str, made: str, headers: Mapping[str, str]) -> Reply:
    tag = f'"{hashlib.md5(whole, usedforsecurity=False).hexdigest()}"'
    shared = {"Content-Type": kind, "ETag": tag, "Last-Modified": made, "Accept-Ranges": "bytes"}
    bounds = _bounds(headers.get("range", ""), len(whole))
    if bounds is None or headers.get("if-range", tag) not in {tag, made}:
        return Reply(body=whole, headers=shared)
    first, last = bounds
    if first > last:
        return Reply(status=416, headers={**shared, "Content-Range": f"bytes */{len(whole)}"})
    shared["Content-Range"] = f"bytes {first}-{last}/{len(whole)}"
    return Reply(status=206, body=whole[first : last + 1], headers=shared)


def _bounds(wanted: str, size: int) -> tuple[int, int] | None:
    """Return the first and last byte that are wanted; None where the header is to be ignored (RFC 9110, 14.2)."""
    found = _RANGE.fullmatch(wanted)
    if found is None or found[0] == "bytes=-":
        return None
    first, last = found["first"], found["last"]
    if not first:
        return max(0, size - int(last)), size - 1
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last), size - 1) if last else size - 1


def _refusal(status: int, code: str, message: str) -> Reply:
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Reply(status=status, body=body.encode(), headers={"Content-Type": "application/xml"})
