"""The proxy of a request: the one that the user gives, else that of the environment; none for this machine."""

from __future__ import annotations

import os
import urllib.request

import yarl

from heygen_async.account.base_url import is_loopback
from heygen_async.errors import InvalidInputError

VARIABLE = "HEYGEN_PROXY"


class Proxies:
    """The proxies of one client.

    HEYGEN_PROXY is the proxy of this package alone, for all servers. Without it the environment is read as by other
    programs: HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in capitals or not. aiohttp's
    `trust_env` is not used, because it also sends the passwords of ~/.netrc to presigned addresses.
    """

    def __init__(self, given: str | None = None) -> None:
        """Send by *given*, such as "http://user:password@proxy.example.com"; by default as the environment says."""
        self._given = None if given is None else checked_proxy(given, "proxy")
        self._known: dict[tuple[str, str | None], yarl.URL | None] = {}

    def of(self, url: yarl.URL) -> yarl.URL | None:
        """Return the proxy for *url*; None for a direct connection.

        Raises:
            InvalidInputError: The environment names a proxy that cannot be used.
        """
        place = url.scheme, url.host
        if place not in self._known:
            self._known[place] = self._find(url)
        return self._known[place]

    def _find(self, url: yarl.URL) -> yarl.URL | None:
        if is_loopback(url):
            return None
        if self._given is not None:
            return self._given
        if own := os.environ.get(VARIABLE):
            return checked_proxy(own, VARIABLE)
        found = urllib.request.getproxies().get(url.scheme)
        if not found or urllib.request.proxy_bypass(url.host or ""):
            return None
        return checked_proxy(found, f"{url.scheme.upper()}_PROXY")


def shown(proxy: yarl.URL) -> str:
    """Return the address of a proxy without its password."""
    return str(proxy.with_user(None))


def checked_proxy(text: str, subject: str) -> yarl.URL:
    """Return the address of a proxy.

    Raises:
        InvalidInputError: It is not the address of an HTTP proxy.
    """
    try:
        url = yarl.URL(text if "://" in text else f"http://{text}")
    except (TypeError, ValueError):
        url = yarl.URL()
    if url.scheme not in {"http", "https"} or not url.host:
        raise InvalidInputError(
            f"{subject}: must be the address of an HTTP proxy, such as http://proxy.example.com:8080; SOCKS needs a "
            "session with a connector of its own: HeyGen(session=...)"
        )
    return url
