"""Checks of the addresses in a request: HeyGen's servers fetch files from the public internet only."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from heygen_async.bulk.rows.finding import Finding, Part

_CALLBACK = "callback_url"  # not fetched: a wrong one loses the message, not the render
_PRIVATE_ENDINGS = (".local", ".localhost", ".internal", ".intranet", ".lan", ".home.arpa", ".invalid", ".test")
_UPLOAD = "put the file on a public server, or upload it and give its asset_id"
_HTTPS = "give an https address"


def address_findings(part: Part) -> Iterator[Finding]:
    """Yield the problems of the addresses among the fields of *part*, without those of objects within it.

    Source: HeyGen fetches inputs from its own servers and rejects what it cannot download (`download_failed`).
    """
    for name, value in part.fields.items():
        if isinstance(value, str) and (name == "url" or name.endswith("_url")):
            yield from _check(f"{part.at}{name}", name, value.strip())


def _check(field: str, name: str, value: str) -> Iterator[Finding]:
    try:
        pieces = urlsplit(value)
        host, scheme = pieces.hostname or "", pieces.scheme.lower()
    except ValueError:
        host = scheme = ""
    if scheme not in {"http", "https"} or not host:
        yield Finding(field=field, value=value, reason="is not a web address", mend=_HTTPS)
        return
    if is_private(host):
        is_callback = name == _CALLBACK
        yield Finding(
            field=field,
            value=value,
            reason=f"{host} is a private host: HeyGen cannot reach it from outside",
            mend="give an address that is reachable from the internet" if is_callback else _UPLOAD,
            severity="warning" if is_callback else "error",
        )
    elif scheme == "http":
        yield Finding(
            field=field,
            value=value,
            reason="is not https, so others can read it on the way",
            mend=_HTTPS,
            severity="warning",
        )


def is_private(host: str) -> bool:
    """Return True if *host* is known only within a machine or a private network. Names are not resolved."""
    name = host.rstrip(".").lower()
    try:
        return not ipaddress.ip_address(name.partition("%")[0]).is_global
    except ValueError:
        return "." not in name or name.endswith(_PRIVATE_ENDINGS)
