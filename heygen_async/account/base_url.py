"""The address of the API, which gets the key: checked once, before anything is sent."""

from __future__ import annotations

import ipaddress

import yarl

from heygen_async.errors import InvalidInputError
from heygen_async.plain_text import CONTROLS

HEYGEN = "https://api.heygen.com"


def checked_base_url(text: str) -> yarl.URL:
    """Return the address of a server: https, or http on this machine, without a path.

    Raises:
        InvalidInputError: The message has the reason and the remedy, but no user name, password or query.
    """
    url = _parsed(text)
    if url is None or url.scheme not in {"http", "https"} or not url.host:
        raise _refusal(_shown(text), f"must be an https address such as {HEYGEN}")
    origin = str(url.origin())
    if url.user is not None or url.password is not None:
        raise _refusal(origin, "has a user name or password in it, and the key is the only credential; leave it out")
    if "?" in text or "#" in text:
        raise _refusal(origin, f"has a query or a fragment; give {origin} alone")
    secure = str(url.origin() if is_loopback(url) else url.origin().with_scheme("https"))
    if path := url.raw_path.rstrip("/"):
        raise _refusal(origin + path, f"has a path, and requests have their own; give {secure} without {path}")
    if origin != secure:
        raise _refusal(origin, f"would get the key over an unencrypted connection; give {secure}")
    return url.origin()


def is_loopback(url: yarl.URL) -> bool:
    """True if *url* is on this machine, as a simulator is."""
    host = url.host or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_elsewhere(url: yarl.URL) -> bool:
    """True if *url* is neither HeyGen's address nor that of a simulator: its server may refuse a good key."""
    return url.host != yarl.URL(HEYGEN).host and not is_loopback(url)


def note_of_refusal(url: yarl.URL, where: str) -> str:
    """Return the note of a 401 from *url* for a credential that comes from *where*."""
    if not is_elsewhere(url):
        return f"the refused credential comes from {where}"
    return (
        f"the 401 is from {url}, not from HeyGen: check base_url and HEYGEN_API_BASE first; the credential comes from "
        f"{where} and may be good"
    )


def _parsed(text: str) -> yarl.URL | None:
    """Return the parsed address, or None. The error of the parser would quote a password."""
    try:
        url = yarl.URL(text)
        (url.host or "").encode("idna")  # refuses labels that no name server takes
    except (TypeError, ValueError):
        return None
    return None if CONTROLS.search(text) or " " in text else url


def _shown(text: str) -> str:
    """Return a malformed address without what may be secret in it."""
    return repr(str(text).partition("?")[0].partition("#")[0].rpartition("@")[2])


def _refusal(shown: str, reason: str) -> InvalidInputError:
    return InvalidInputError(f"base_url (or HEYGEN_API_BASE) {shown}: {reason}")
