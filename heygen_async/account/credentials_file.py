"""The credentials file of HeyGen's official command line. It is written by `heygen-async auth login` only.

Source: heygen-cli, `internal/paths/paths.go` (the folder) and `internal/auth/file_resolver.go` (the format).
"""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path
from typing import Any, Literal

import attrs

from heygen_async.errors import AuthenticationError

Kind = Literal["api_key", "bearer_token"]

_MOST_BYTES = 64 * 1024  # a longer file is not a credentials file
_OTHERS = 0o077  # permissions of group and others
_MEND = "run `heygen auth login` again, or set HEYGEN_API_KEY"


@attrs.frozen(kw_only=True)
class StoredCredentials:
    """The content of the file.

    Attributes:
        kind: `api_key`, or `bearer_token` for the access token of an OAuth session.
        secret: The key or token. If the file has both, the key.
        notes: Warnings for the owner.
    """

    kind: Kind
    secret: str = attrs.field(repr=False)
    notes: tuple[str, ...] = ()


@attrs.frozen
class StoredToken:
    """A function that reads the access token from the file at each call: the official command line renews it there."""

    path: Path

    def __call__(self) -> str:
        """Return the token that the file has now."""
        stored = read_stored(self.path)
        if stored is None or stored.kind != "bearer_token":
            raise _unusable(self.path, "no longer holds an OAuth session")
        return stored.secret


def stored_path() -> Path | None:
    """Return the path of the file, which may not exist; None if this user has no home directory."""
    if folder := os.environ.get("HEYGEN_CONFIG_DIR"):
        return Path(folder) / "credentials"
    try:
        return Path.home() / ".heygen" / "credentials"
    except RuntimeError:
        return None


def read_stored(path: Path) -> StoredCredentials | None:
    """Return the credentials of the file at *path*; None if there is no file.

    Raises:
        AuthenticationError: The file is there, but cannot be used.
    """
    opened = _bytes(path)
    if opened is None:
        return None
    content, mode = opened
    stored = _read(path, _text(path, content))
    if os.name == "posix" and mode & _OTHERS:
        note = f"{path} is open to other users of this machine (mode {mode & 0o777:04o}): run `chmod 600 {path}`"
        stored = attrs.evolve(stored, notes=(note, *stored.notes))
    return stored


def store_key(path: Path, key: str) -> None:
    """Write an API key as the official command line does: for this user alone. A session in the file is kept.

    Raises:
        AuthenticationError: The file cannot be written.
    """
    opened = None if not path.exists() else _bytes(path)
    known = None if opened is None else _json(opened[0].decode("utf-8", "replace"))
    value = {**(known if isinstance(known, dict) else {}), "api_key": key}
    new = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new.unlink(missing_ok=True)
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123 - Path.open takes no mode of the file
            json.dump(value, file, indent=2)
        new.replace(path)
    except OSError as exc:
        raise AuthenticationError(f"{path}: cannot be written ({exc.strerror})") from exc


def _bytes(path: Path) -> tuple[bytes, int] | None:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES + 1), os.fstat(file.fileno()).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as exc:
        raise _unusable(path, f"cannot be read ({exc.strerror})") from exc


def _text(path: Path, content: bytes) -> str:
    """Return the text of the file. Errors are raised outside of `except`: a UnicodeDecodeError contains the bytes."""
    if len(content) > _MOST_BYTES:
        raise _unusable(path, f"is longer than {_MOST_BYTES // 1024} KiB, so it is not a credentials file")
    try:
        text = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        text = None
    if text is None:
        raise _unusable(path, "is not UTF-8 text")
    if not text:
        raise _unusable(path, "is empty")
    return text


def _read(path: Path, text: str) -> StoredCredentials:
    """Read JSON, or one line that is an API key, as former versions of the command line wrote it."""
    if text.startswith("{"):
        value = _json(text)
        if not isinstance(value, dict):
            raise _unusable(path, "starts like JSON, but is not valid JSON")
        return _select(path, value)
    if "\n" in text or "\r" in text:
        raise _unusable(path, "has several lines, and is not JSON")
    return StoredCredentials(kind="api_key", secret=text)


def _json(text: str) -> Any:
    """Return the value, or None. A JSONDecodeError would contain the text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _select(path: Path, value: dict[str, Any]) -> StoredCredentials:
    """Return the key, or else the session's token, in the order of the official command line."""
    key, oauth = value.get("api_key"), value.get("oauth")
    if key:
        return StoredCredentials(kind="api_key", secret=_string(path, "api_key", key))
    token = oauth.get("access_token") if isinstance(oauth, dict) else None
    if not isinstance(oauth, dict) or not token:
        raise _unusable(path, "holds neither an API key nor the access token of an OAuth session")
    secret = _string(path, "oauth.access_token", token)
    return StoredCredentials(kind="bearer_token", secret=secret, notes=_notes(path, oauth))


def _string(path: Path, name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _unusable(path, f"has a value of {name} that is not text")
    return value


def _notes(path: Path, oauth: dict[str, Any]) -> tuple[str, ...]:
    """Return a note if the session has ended by the local clock. It is used all the same, because HeyGen's decides."""
    try:
        ends = dt.datetime.fromisoformat(oauth.get("expires_at", ""))
        has_ended = ends <= dt.datetime.now(dt.UTC)
    except (TypeError, ValueError):  # no time, or one without a zone
        return ()
    if not has_ended:
        return ()
    return (f"the OAuth session in {path} ended at {ends:%Y-%m-%d %H:%M %Z}: run `heygen auth login`",)


def _unusable(path: Path, why: str) -> AuthenticationError:
    return AuthenticationError(f"{path}: {why}; {_MEND}")
