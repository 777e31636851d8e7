"""The address of the API: https, or http on this machine, and only the address of a server."""

from __future__ import annotations

import pytest
import yarl

from heygen_async import HeyGen, InvalidInputError
from heygen_async.account.base_url import checked_base_url, note_of_refusal


@pytest.mark.parametrize(
    ("address", "server"),
    [
        ("https://api.heygen.com", "https://api.heygen.com"),
        ("https://api.heygen.com/", "https://api.heygen.com"),
        ("https://gateway.example:8443", "https://gateway.example:8443"),
        ("http://127.0.0.1:8400", "http://127.0.0.1:8400"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://localhost:8400/", "http://localhost:8400"),
        ("http://[::1]:8400", "http://[::1]:8400"),
    ],
)
def test_https_is_taken_and_http_on_this_machine(address: str, server: str) -> None:
    """The key goes over https, or to a server on this machine, such as the simulator."""
    assert str(checked_base_url(address)) == server


@pytest.mark.parametrize(
    "address",
    [
        "http://api.heygen.com",
        "http://192.168.1.4:8400",
        "http://0.0.0.0:8400",
        "http://localhost.example",
        "http://127.0.0.1.example",
    ],
)
def test_http_to_another_machine_is_refused(address: str) -> None:
    """A key that is sent unencrypted can be read on the way."""
    server = address.removeprefix("http://")
    with pytest.raises(InvalidInputError, match=f"unencrypted connection; give https://{server}$"):
        HeyGen("k", base_url=address)


@pytest.mark.parametrize(
    ("address", "path", "server"),
    [
        ("https://api.heygen.com/v3", "/v3", "https://api.heygen.com"),
        ("https://api.heygen.com/v3/", "/v3", "https://api.heygen.com"),
        ("http://api.heygen.com/v1", "/v1", "https://api.heygen.com"),
        ("http://127.0.0.1:8400/v3", "/v3", "http://127.0.0.1:8400"),
        ("https://api.heygen.com/v3/videos", "/v3/videos", "https://api.heygen.com"),
    ],
)
def test_a_path_is_refused_by_name(address: str, path: str, server: str) -> None:
    """A path would be sent twice, and HeyGen's answer to that does not tell the reason."""
    with pytest.raises(InvalidInputError, match=f"give {server} without {path}$"):
        HeyGen("k", base_url=address)


@pytest.mark.parametrize(
    "address",
    [
        "https://user:s3cret@api.heygen.com",
        "https://s3cret@api.heygen.com/v3",
        "https://api.heygen.com?key=s3cret",
        "https://api.heygen.com/v3?key=s3cret",
        "https://api.heygen.com#s3cret",
        "https://api.heygen.com?",
        "https://api.heygen.com#",
        "user:s3cret@api.heygen.com",
        "api.heygen.com?key=s3cret",
        "https://user:s3cret@api.heygen.com:99999",
        "https://[::1?s3cret",
        "ftp://api.heygen.com",
        "https:///v3",
    ],
)
def test_only_the_address_of_a_server_is_taken(address: str) -> None:
    """A user, a password, a query and a fragment are refused without being quoted, and so is a malformed address."""
    with pytest.raises(InvalidInputError, match=r"^base_url \(or HEYGEN_API_BASE\)") as caught:
        HeyGen("k", base_url=address)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__context__ is None


def test_the_variable_of_the_environment_is_checked_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address of the environment has the same rules."""
    monkeypatch.setenv("HEYGEN_API_BASE", "https://api.heygen.com/v3")
    with pytest.raises(InvalidInputError, match="HEYGEN_API_BASE"):
        HeyGen("k")


@pytest.mark.parametrize("address", ["https://api.heygen.com", "http://127.0.0.1:8400"])
def test_a_401_of_heygen_names_the_source_of_the_key(address: str) -> None:
    """HeyGen and its simulator know the key."""
    assert note_of_refusal(yarl.URL(address), "the file x") == "the refused credential comes from the file x"


def test_a_401_of_another_server_does_not_blame_the_key() -> None:
    """A gateway or a mistyped address refuses good keys, so the address is to be checked first."""
    note = note_of_refusal(yarl.URL("https://gateway.example"), "the file x")
    assert note.startswith("the 401 is from https://gateway.example, not from HeyGen: check base_url")
    assert note.endswith("the credential comes from the file x and may be good")
