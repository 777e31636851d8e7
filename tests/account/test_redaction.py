"""Redaction: a secret is replaced in every form in which an answer may quote it."""

from __future__ import annotations

import html
import json
import urllib.parse

import pytest
from hypothesis import given, strategies as st

from heygen_async.account.redaction import Redaction

KEYS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=8, max_size=60)


@given(KEYS, st.sampled_from(["x-api-key", "X-Api-Key", "Authorization"]))
def test_a_key_is_replaced_in_every_encoding(key: str, name: str) -> None:
    """A key of any characters is replaced plain and as JSON, an address or HTML writes it."""
    redaction = Redaction.of({name: f"Bearer {key}" if name == "Authorization" else key})
    encoded = [
        key,
        json.dumps(key)[1:-1],
        json.dumps(json.dumps(key)[1:-1])[1:-1],
        urllib.parse.quote(key, safe=""),
        urllib.parse.quote_plus(key).lower() if key == key.lower() else key,
        html.escape(key),
        "".join(f"&#{ord(letter)};" for letter in key),
        "".join(f"\\u{ord(letter):04X}" for letter in key),
    ]
    for text in encoded:
        assert redaction.text(f"<{text}>") == "<***>"
        assert redaction.body(f"<{text}>".encode()) == b"<***>"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_key_is_found_in_every_encoding_of_json(encoding: str) -> None:
    """JSON may be in UTF-16 or UTF-32, too, which becomes UTF-8."""
    body = Redaction.of({"x-api-key": "key-0123456789"}).body('{"message": "Zoë: key-0123456789"}'.encode(encoding))
    assert json.loads(body) == {"message": "Zoë: ***"}


def test_several_credentials_are_replaced() -> None:
    """A request may have a key and a token, of which one may begin with the other."""
    redaction = Redaction.of(
        {"x-api-key": "key-0123456789", "Authorization": "Bearer key-0123456789-more", "X": "value-of-x"}
    )
    assert redaction.text("key-0123456789, key-0123456789-more, value-of-x") == "***, ***, value-of-x"


@pytest.mark.parametrize("headers", [{}, {"x-api-key": "short"}, {"Accept": "application/json"}])
def test_without_a_secret_nothing_changes(headers: dict[str, str]) -> None:
    """A key that is so short that it may be part of any word is not replaced."""
    redaction = Redaction.of(headers)
    assert redaction.text("short, application/json") == "short, application/json"
    assert redaction.body(b"\0short") == b"\0short"
    assert not redaction.is_in(ValueError("short"))


def test_an_error_that_quotes_a_secret_is_found() -> None:
    """A secret is found in an error, in its attributes, and in the errors for which it stands."""
    redaction = Redaction.of({"x-api-key": "key-0123456789"})
    outer, inner = ValueError("harmless"), ValueError("harmless, too")
    outer.__cause__ = inner
    assert not redaction.is_in(outer)
    inner.add_note("key-0123456789")
    assert redaction.is_in(outer)
    assert redaction.is_in(OSError(1, "key-0123456789"))
