"""Presigned addresses of a storage service: a signature in the URL permits one method on one path for some time."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from urllib.parse import quote

from heygen_async.simulator.http.replies import Reply
from heygen_async.simulator.world.world import World

_KEY_BYTES = 64  # the most that the hash takes

CREDENTIALS = ("x-api-key", "authorization")


def presign(world: World, origin: str, path: str, seconds: float, since: float | None = None) -> str:
    """Return the address of *path* at *origin*, valid for *seconds* from loop time *since*; None means now."""
    expires = int(world.unix_time(world.now() if since is None else since) + seconds)
    return f"{origin}{quote(path)}?expires={expires}&sig={_sign(world, path, expires)}"


def address_problem(world: World, path: str, query: Mapping[str, str]) -> str | None:
    """Return the problem of an address, an invalid signature or an expired one; None if it is valid."""
    expires = query.get("expires", "")
    if not re.fullmatch(r"-?\d{1,15}", expires):
        return "Query parameter expires is missing."
    if not hmac.compare_digest(_sign(world, path, int(expires)), query.get("sig", "")):
        return "The signature does not match."
    return "Request has expired." if world.unix_time(world.now()) >= int(expires) else None


def xml_refusal(status: int, code: str, message: str) -> Reply:
    """Return an XML error of a storage service."""
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Reply(status=status, body=body.encode(), headers={"Content-Type": "application/xml"})


def _sign(world: World, path: str, expires: int) -> str:
    key = str(world.seed).encode()[:_KEY_BYTES]
    return hashlib.blake2b(f"{path}:{expires}".encode(), key=key, digest_size=16).hexdigest()
