"""`--proxy`: an option of every command that talks to HeyGen."""

from __future__ import annotations

import os

import pytest

from heygen_async import InvalidInputError
from heygen_async.cli.proxy_option import take_proxy
from tests.helpers.commands import call

PROXY = "http://127.0.0.1:1"  # nobody listens there


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy in the environment, before and after."""
    monkeypatch.setenv("HEYGEN_PROXY", "")
    monkeypatch.setenv("HEYGEN_API_KEY", "key-of-12345")
    monkeypatch.setenv("HEYGEN_API_BASE", "https://heygen.example.com")


@pytest.mark.parametrize(
    ("given", "rest", "proxy"),
    [
        (["account", "--proxy", PROXY, "--json"], ["account", "--json"], PROXY),
        (["account", f"--proxy={PROXY}"], ["account"], PROXY),
        (["videos", "get", "--", "--proxy", "x"], ["videos", "get", "--", "--proxy", "x"], ""),
        (["account", "--proxyless"], ["account", "--proxyless"], ""),
    ],
)
def test_the_option_may_stand_anywhere(given: list[str], rest: list[str], proxy: str) -> None:
    """The command does not see it; what stands behind `--` is left alone."""
    assert take_proxy(given) == rest
    assert os.environ["HEYGEN_PROXY"] == proxy


@pytest.mark.parametrize("given", [["account", "--proxy"], ["account", "--proxy="]])
def test_the_option_needs_an_address(given: list[str]) -> None:
    """The error shows one."""
    with pytest.raises(InvalidInputError, match="--proxy: needs an address, such as --proxy http://"):
        take_proxy(given)


def test_a_command_goes_by_the_proxy() -> None:
    """An error names it; `auth status` tells where it comes from; a bad address is refused by the option's name."""
    result = call("account", "--proxy", PROXY)
    assert result.exit_code == 1
    assert "127.0.0.1:1" in result.stderr
    told = call("auth", "status", "--proxy", PROXY)
    assert f"Proxy:    {PROXY}, from --proxy or HEYGEN_PROXY" in told.stdout
    refused = call("account", "--proxy", "ftp://x")
    assert refused.exit_code == 2
    assert "--proxy: must be the address of an HTTP proxy" in refused.stderr


def test_help_shows_the_option_where_it_counts() -> None:
    """Commands without a server do not have it."""
    assert "--proxy URL" in call("account", "--help").stdout
    assert "--proxy" not in call("export", "--help").stdout
