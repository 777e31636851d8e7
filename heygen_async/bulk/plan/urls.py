"""Addresses in a request that HeyGen cannot reach: its servers fetch files from the public internet only."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from heygen_async.bulk.rows.finding import Finding, Part

_CALLED = "callback_url"  # not fetched: a wrong one costs the message, not the render
_PRIVATE_ENDINGS = (".local", ".localhost", ".internal", ".intranet", ".lan", ".home.arpa", ".invalid", ".test")
_UPLOAD = "put the file on a public server, or upload it and give its asset_id"
_HTTPS = "give an https address"


def address_findings(part: Part) -> Iterator[Finding]:
    """Yield what is wrong with the addresses among the fields of *part* itself.

    Source: HeyGen fetches inputs from its own servers and rejects what it cannot download (`download_failed`).
    """
    for name, value in part.fields.items():
        if isinstance(value, str) and (name == "url" or name.endswith("_url")):
            yield from _of(f"{part.at}{name}", name, value.strip())


def _of(field: str, name: str, value: str) -> Iterator[Finding]:
    try:
        pieces = urlsplit(value)
        host, scheme = pieces.hostname or "", pieces.scheme.lower()
    except ValueError:
        host = scheme = ""
    if scheme not in {"http", "https"} or not host:
        yield Finding(field=field, value=value, reason="is no address of the web", mend=_HTTPS)
        return
    if is_private(host):
        called = name == _CALLED
        yield Finding(
            field=field,
            value=value,
            reason=f"{host} is a private host: HeyGen cannot reach it from outside",
            mend="give an address that is reachable from the internet" if called else _UPLOAD,
            severity="warning" if called else "error",
        )
    elif scheme == "http":
        yield Finding(
            field=field,
            value=value,
            reason="is not https: anybody on the way can read it",
            mend=_HTTPS,
            severity="warning",
        )


def is_private(host: str) -> bool:
    """Whether *host* means something only within a machine or a network; names are not looked up."""
    name = host.rstrip(".").lower()
    try:
        return not ipaddress.ip_address(name.partition("%")[0]).is_global
    except ValueError:
        return "." not in name or name.endswith(_PRIVATE_ENDINGS)
