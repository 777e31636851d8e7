"""Proxies: for which address which one is used, and which addresses are none."""

from __future__ import annotations

import pytest
import yarl

from heygen_async.account.proxy import Proxies, shown
from heygen_async.errors import InvalidInputError

HEYGEN = yarl.URL("https://api.heygen.com")
FILES = yarl.URL("https://files.example.com/v.mp4?sign=a%2Fb")
HERE = yarl.URL("http://127.0.0.1:8000")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_without_a_setting_connections_are_direct() -> None:
    assert Proxies().of(HEYGEN) is None


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
def test_the_environment_names_the_proxy(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """For the API and for files alike, but not for servers of NO_PROXY or on this machine."""
    monkeypatch.setenv(name, "http://proxy.example.com:3128")
    monkeypatch.setenv("NO_PROXY", "files.example.com")
    proxies = Proxies()
    assert str(proxies.of(HEYGEN)) == "http://proxy.example.com:3128"
    assert proxies.of(HEYGEN) is proxies.of(HEYGEN)
    assert proxies.of(FILES) is None
    assert proxies.of(HERE) is None


def test_a_given_proxy_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name without a scheme is that of an HTTP proxy; this machine is reached without it."""
    monkeypatch.setenv("HTTPS_PROXY", "http://other.example.com")
    proxies = Proxies("user:secret@proxy.example.com:8080")
    found = proxies.of(FILES)
    assert found is not None
    assert str(found) == "http://user:secret@proxy.example.com:8080"
    assert shown(found) == "http://proxy.example.com:8080"
    assert proxies.of(HERE) is None


@pytest.mark.parametrize("address", ["socks5://proxy.example.com", "http://", "http://[", 7])
def test_an_address_that_is_no_http_proxy_is_refused(monkeypatch: pytest.MonkeyPatch, address: str | int) -> None:
    """At once if it is given, at the first request if the environment has it."""
    with pytest.raises(InvalidInputError, match="proxy: must be the address of an HTTP proxy"):
        Proxies(str(address) if address != 7 else "http://:7")
    monkeypatch.setenv("HTTPS_PROXY", str(address) if address != 7 else "http://:7")
    with pytest.raises(InvalidInputError, match="HTTPS_PROXY: must be the address"):
        Proxies().of(HEYGEN)
