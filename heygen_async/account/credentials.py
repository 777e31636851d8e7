"""Credentials: the key or token of an account, found in the argument, the environment, or a file."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Hashable, Mapping
from pathlib import Path
from typing import Any, Literal

import attrs

from heygen_async.account.credentials_file import Kind, StoredToken, read_stored, stored_path
from heygen_async.errors import AuthenticationError, InvalidInputError

VARIABLE = "HEYGEN_API_KEY"

_SHOWN = 4  # characters of a secret that may be told
_LEAST_LENGTH = 16  # of a secret of which any may be told
_NAMES: dict[Kind, str] = {"api_key": "API key", "bearer_token": "bearer token"}
_MENDS: dict[Kind, str] = {
    "api_key": "copy it again from HeyGen's settings, without spaces, line breaks or quotation marks",
    "bearer_token": "give the token alone, without the word Bearer, spaces, line breaks or quotation marks",
}


@attrs.frozen(kw_only=True)
class Credentials:
    """An API key or a bearer token, and where it comes from. Its repr tells the second only.

    Attributes:
        kind: An API key bills the API wallet, a bearer token the plan of the web application.
        source: Where it was found.
        name: Of the argument, of the environment's variable, or the path of the file.
        secret: The key or token; None if a function gives it.
        function: Gives the token, and a new one when that is refused; None if the secret is fixed.
        notes: What its owner should know, such as a file that others can read.
    """

    kind: Kind
    source: Literal["argument", "environment", "file"]
    name: str
    secret: str | None = attrs.field(default=None, repr=False)
    function: Callable[[], str | Awaitable[str]] | None = attrs.field(default=None, repr=False)
    notes: tuple[str, ...] = ()

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers of every request; empty if a function gives the token."""
        if self.secret is None:
            return {}
        return {"x-api-key": self.secret} if self.kind == "api_key" else bearer_header(self.secret)

    @property
    def identity(self) -> Hashable:
        """The identity of the account: the key, the token, or the function that gives tokens.

        Two clients with equal functions (one function, or one method of one object) share what is known of the
        account and the token; two lambdas are two accounts, though they may give the same token.
        """
        if self.function is None:
            return (self.kind, self.secret)
        try:
            hash(self.function)
        except TypeError:  # of a class with __eq__ and without __hash__
            return id(self.function)
        return self.function

    @property
    def hint(self) -> str:
        """Which secret it is, for a person who has several: its last four characters, if it is long enough."""
        if self.function is not None:
            return f"{_NAMES[self.kind]} of a function"
        ending = self.secret[-_SHOWN:] if self.secret and len(self.secret) >= _LEAST_LENGTH else ""
        return f"{_NAMES[self.kind]} ...{ending}" if ending else _NAMES[self.kind]

    @property
    def where(self) -> str:
        """Where it comes from, in words."""
        words = {"argument": "the argument ", "environment": "the environment variable ", "file": "the file "}
        return words[self.source] + self.name


def find_credentials(
    api_key: str | None = None, bearer_token: str | Callable[[], str | Awaitable[str]] | None = None
) -> Credentials:
    """Return what opens the account: the argument, else the environment's key, else the official command line's file.

    Raises:
        InvalidInputError: The first of these that is there cannot be one: it has a line break in it, for example.
        AuthenticationError: There is none, or the file is of no use.
    """
    if api_key is not None and bearer_token is not None:
        raise InvalidInputError("api_key and bearer_token: both are given, and HeyGen takes one; leave one of them out")
    if callable(bearer_token):
        return Credentials(kind="bearer_token", source="argument", name="bearer_token", function=bearer_token)
    if bearer_token is not None:
        return _given("bearer_token", bearer_token)
    if api_key is not None:
        return _given("api_key", api_key)
    if key := os.environ.get(VARIABLE):  # one that is set to nothing is not set: so CI systems leave a lacking secret
        check_secret("api_key", VARIABLE, key)
        return Credentials(kind="api_key", source="environment", name=VARIABLE, secret=key)
    return _from_file(stored_path())


def bearer_header(token: str) -> dict[str, str]:
    """Return the header that carries a bearer token."""
    return {"Authorization": f"Bearer {token}"}


def why_unusable(secret: Any) -> str | None:
    """Return why *secret* can be no key or token, without a word of it; None if it can."""
    if not isinstance(secret, str):
        return f"is no text, but {type(secret).__name__}"
    if not secret.strip():
        return "is blank"
    for place, character in enumerate(secret, start=1):
        if not "!" <= character <= "~":
            return f"has {_named(character)} at character {place} of {len(secret)}"
    if secret[0] in "\"'" or secret[-1] in "\"'":
        return "has a quotation mark at its end"
    return None


def check_secret(kind: Kind, subject: str, secret: Any) -> None:
    """Refuse what can be no key or token.

    Raises:
        InvalidInputError: With *subject*, the reason and the mend; without the secret.
    """
    if why := why_unusable(secret):
        raise InvalidInputError(f"{subject}: {why}; {_MENDS[kind]}")


def _named(character: str) -> str:
    names = {" ": "a space", "\n": "a line break", "\r": "a line break", "\t": "a tab"}
    return names.get(character, f"U+{ord(character):04X}, which no key has,")


def _given(kind: Kind, secret: str) -> Credentials:
    check_secret(kind, kind, secret)
    return Credentials(kind=kind, source="argument", name=kind, secret=secret)


def _from_file(path: Path | None) -> Credentials:
    stored = None if path is None else read_stored(path)
    if path is None or stored is None:
        raise AuthenticationError(
            f"no API key: set the environment variable {VARIABLE}, pass HeyGen(api_key=...), or log in with HeyGen's "
            "own command line (`heygen auth login`); to try without one, run `heygen-async demo`"
        )
    check_secret(stored.kind, str(path), stored.secret)
    is_key = stored.kind == "api_key"
    return Credentials(
        kind=stored.kind,
        source="file",
        name=str(path),
        secret=stored.secret if is_key else None,
        function=None if is_key else StoredToken(path),
        notes=stored.notes,
    )
