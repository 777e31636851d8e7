"""Redaction: the credentials of a request are replaced in everything that its answer brings back.

A proxy on the way may quote the request in an error page, in a JSON message or in a header of any status. Errors,
events, journals and logs are made of answers, so the credentials are replaced before an answer is read.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from multidict import CIMultiDictProxy

MASK = "***"

_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "x-api-key"})
_LEAST_LENGTH = 8  # a shorter secret is not replaced: it could be part of any word
_NAMED = {'"': "quot", "&": "amp", "'": "apos", "<": "lt", ">": "gt"}  # in HTML


@attrs.frozen
class Redaction:
    """Replaces secrets by `***`, however they are written: plain, or encoded for JSON, HTML or an address."""

    _in_text: re.Pattern[str] | None = attrs.field(default=None, repr=False)
    _in_bytes: re.Pattern[bytes] | None = attrs.field(default=None, repr=False)
    _plain: tuple[bytes, ...] = attrs.field(default=(), repr=False)
    _in_html: bytes = attrs.field(default=b"&#", repr=False)  # begins each form that HTML gives a letter of a secret

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Redaction:
        """Return the redaction for the credentials in the *headers* of a request."""
        secrets = {
            value.rpartition(" ")[2]  # without the word Bearer
            for name, value in headers.items()
            if name.lower() in _SECRET_HEADERS
        }
        return _redaction(frozenset(secret for secret in secrets if len(secret) >= _LEAST_LENGTH))

    def text(self, text: str) -> str:
        """Return *text* without the secrets."""
        return text if self._in_text is None else self._in_text.sub(MASK, text)

    def body(self, body: bytes) -> bytes:
        """Return the body of an answer without the secrets. UTF-16 and UTF-32, which JSON may be in, become UTF-8."""
        if self._in_bytes is None:
            return body
        # Bytes are found far faster than patterns, and few answers are encoded in any way.
        in_html = b"&" in body and self._in_html in body  # one byte is found faster than two; addresses have many
        if not (in_html or b"%" in body or b"\\" in body or b"\0" in body):
            if not any(secret in body for secret in self._plain):
                return body
        elif b"\0" in body:
            body = body.decode(json.detect_encoding(body), "replace").encode()
        return self._in_bytes.sub(MASK.encode(), body)

    def headers(self, headers: CIMultiDictProxy[str]) -> Mapping[str, str]:
        """Return the headers of an answer without the secrets, and without halves of characters.

        aiohttp makes halves of characters of bytes that are no UTF-8.
        """
        together = "\n".join(headers.values())
        if together.isascii() and self.text(together) == together:
            return headers
        plain = headers.copy()
        plain.update({name: self.text(value).encode(errors="replace").decode() for name, value in headers.items()})
        return plain

    def is_in(self, error: BaseException) -> bool:
        """True if an error, or one that it stands for, quotes a secret."""
        linked = error.__cause__ or error.__context__
        quoted = self._in_text is not None and self._in_text.search(f"{error!r} {error} {vars(error)}") is not None
        return quoted or (linked is not None and self.is_in(linked))


@functools.lru_cache(maxsize=16)
def _redaction(secrets: frozenset[str]) -> Redaction:
    if not secrets:
        return Redaction()
    longest_first = sorted(secrets, key=len, reverse=True)
    pattern = "|".join("".join(map(_forms, secret)) for secret in longest_first)
    plain = tuple(secret.encode() for secret in longest_first)
    in_html = b"&" if any(letter in _NAMED for secret in secrets for letter in secret) else b"&#"
    return Redaction(re.compile(pattern), re.compile(pattern.encode()), plain, in_html)


def _forms(letter: str) -> str:
    """Return a pattern for one letter as it is, and as JSON, an address (`%41`) and HTML (`&#65;`) may write it."""
    digits = f"{ord(letter):02x}"
    code = "".join(f"[{digit}{digit.upper()}]" for digit in digits)
    plain = re.escape(letter)
    numbers = f"&#(?:0*{ord(letter)}|[xX]0*{code});"
    named = f"|&{_NAMED[letter]};" if letter in _NAMED else ""
    return rf"(?:\\\\*(?:u00{code}|{plain})|%{code}|{numbers}{named}|{plain})"
