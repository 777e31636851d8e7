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

_SHOWN = 4  # characters of a secret that a hint shows
_LEAST_LENGTH = 16  # of a secret, for a hint to show any of it
_NAMES: dict[Kind, str] = {"api_key": "API key", "bearer_token": "bearer token"}
_MENDS: dict[Kind, str] = {
    "api_key": "copy it again from HeyGen's settings, without spaces, line breaks or quotation marks",
    "bearer_token": "give the token alone, without the word Bearer, spaces, line breaks or quotation marks",
}


@attrs.frozen(kw_only=True)
class Credentials:
    """An API key or a bearer token, and the place where it was found. The repr leaves the secret out.

    Attributes:
        kind: `api_key` (bills the API wallet) or `bearer_token` (bills the plan of the web application).
        source: The place where it was found.
        name: Name of the argument or of the environment variable, or path of the file.
        secret: The key or token; None if a function gives it.
        function: Function that returns a token; called again when HeyGen refuses one. None if the secret is fixed.
        notes: Warnings for the owner, such as a file that others can read.
    """

    kind: Kind
    source: Literal["argument", "environment", "file"]
    name: str
    secret: str | None = attrs.field(default=None, repr=False)
    function: Callable[[], str | Awaitable[str]] | None = attrs.field(default=None, repr=False)
    notes: tuple[str, ...] = ()

    @property
    def headers(self) -> Mapping[str, str]:
        """HTTP headers of every request; empty if a function gives the token."""
        if self.secret is None:
            return {}
        return {"x-api-key": self.secret} if self.kind == "api_key" else bearer_header(self.secret)

    @property
    def identity(self) -> Hashable:
        """The identity of the account: the key, the token, or the function that gives tokens.

        Two clients with equal functions (one function, or one method of one object) share the state of the account
        and the token. Two lambdas are two accounts, even if they return the same token.
        """
        if self.function is None:
            return (self.kind, self.secret)
        try:
            hash(self.function)
        except TypeError:  # its class has __eq__ and no __hash__
            return id(self.function)
        return self.function

    @property
    def hint(self) -> str:
        """The kind and the last four characters of the secret, to tell several apart; fewer if it is short."""
        if self.function is not None:
            return f"{_NAMES[self.kind]} of a function"
        ending = self.secret[-_SHOWN:] if self.secret and len(self.secret) >= _LEAST_LENGTH else ""
        return f"{_NAMES[self.kind]} ...{ending}" if ending else _NAMES[self.kind]

    @property
    def where(self) -> str:
        """The place where it was found, in words: `the argument api_key`."""
        words = {"argument": "the argument ", "environment": "the environment variable ", "file": "the file "}
        return words[self.source] + self.name


def find_credentials(
    api_key: str | None = None, bearer_token: str | Callable[[], str | Awaitable[str]] | None = None
) -> Credentials:
    """Return the credentials of the argument, else of HEYGEN_API_KEY, else of the official command line's file.

    Raises:
        InvalidInputError: The first one found cannot be a key or token: it has a line break in it, for example.
        AuthenticationError: None was found, or the file cannot be used.
    """
    if api_key is not None and bearer_token is not None:
        raise InvalidInputError("api_key and bearer_token: both are given, and HeyGen takes one; leave one of them out")
    if callable(bearer_token):
        return Credentials(kind="bearer_token", source="argument", name="bearer_token", function=bearer_token)
    if bearer_token is not None:
        return _from_argument("bearer_token", bearer_token)
    if api_key is not None:
        return _from_argument("api_key", api_key)
    if key := os.environ.get(VARIABLE):  # empty counts as not set: CI systems set a missing secret to ""
        check_secret("api_key", VARIABLE, key)
        return Credentials(kind="api_key", source="environment", name=VARIABLE, secret=key)
    return _from_file(stored_path())


def bearer_header(token: str) -> dict[str, str]:
    """Return the HTTP header for a bearer token."""
    return {"Authorization": f"Bearer {token}"}


def why_unusable(secret: Any) -> str | None:
    """Return why *secret* cannot be a key or token, without quoting it; None if it can."""
    if not isinstance(secret, str):
        return f"is not text, but {type(secret).__name__}"
    if not secret.strip():
        return "is blank"
    for place, character in enumerate(secret, start=1):
        if not "!" <= character <= "~":
            return f"has {_name_of(character)} at character {place} of {len(secret)}"
    if secret[0] in "\"'" or secret[-1] in "\"'":
        return "has a quotation mark at its end"
    return None


def check_secret(kind: Kind, subject: str, secret: Any) -> None:
    """Refuse a *secret* that cannot be a key or token.

    Raises:
        InvalidInputError: The message has *subject*, the reason and the remedy, but not the secret.
    """
    if why := why_unusable(secret):
        raise InvalidInputError(f"{subject}: {why}; {_MENDS[kind]}")


def _name_of(character: str) -> str:
    names = {" ": "a space", "\n": "a line break", "\r": "a line break", "\t": "a tab"}
    return names.get(character, f"U+{ord(character):04X}, which no key has,")


def _from_argument(kind: Kind, secret: str) -> Credentials:
    check_secret(kind, kind, secret)
    return Credentials(kind=kind, source="argument", name=kind, secret=secret)


def _from_file(path: Path | None) -> Credentials:
    stored = None if path is None else read_stored(path)
    if path is None or stored is None:
        raise AuthenticationError(
            f"no API key: set the environment variable {VARIABLE}, or store a key once with `heygen-async auth login` "
            "(`heygen auth login` of HeyGen's own command line does, too); to try without one, run `heygen-async demo`"
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
