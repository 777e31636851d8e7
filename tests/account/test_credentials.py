"""Sources of the key, keys that are refused, and errors that do not contain the key."""

from __future__ import annotations

import json
import logging
import traceback
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from heygen_async import AuthenticationError, Credentials, HeyGen, HeyGenError, InvalidInputError
from heygen_async.account.credentials import find_credentials, why_unusable
from heygen_async.account.credentials_file import StoredToken, read_stored, stored_path

KEY = "MARKER-key-0123456789"
TOKEN = "MARKER-token-0123456789"
PAST, FUTURE = "2020-01-31T12:00:00Z", "2999-01-31T12:00:00Z"


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEYGEN_API_KEY", raising=False)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the path of the official command line's credentials file; it does not exist yet."""
    monkeypatch.setenv("HEYGEN_CONFIG_DIR", str(tmp_path))
    return tmp_path / "credentials"


def write(file: Path, content: Any, mode: int = 0o600) -> None:
    text = content if isinstance(content, str) else json.dumps(content)
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)


def full_text(error: BaseException) -> str:
    """Return the traceback of an error, and the attributes of the error and of its contexts."""
    link: BaseException | None = error
    attributes = []
    while link is not None:
        attributes.append(f"{vars(link)!r} {getattr(link, 'doc', '')!r} {getattr(link, 'object', '')!r}")
        link = link.__context__
    return "".join([*traceback.format_exception(error), *attributes])


# The order


def test_the_argument_comes_first_then_the_environment_then_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The argument comes before the environment, and the environment before the file."""
    write(file, {"api_key": "of-the-file"})
    monkeypatch.setenv("HEYGEN_API_KEY", "of-the-environment")
    first = find_credentials("of-the-argument")
    second = find_credentials()
    monkeypatch.setenv("HEYGEN_API_KEY", "")  # a secret that a CI system lacks
    third = find_credentials()
    assert [(each.source, each.secret) for each in (first, second, third)] == [
        ("argument", "of-the-argument"),
        ("environment", "of-the-environment"),
        ("file", "of-the-file"),
    ]
    assert [each.where for each in (first, second, third)] == [
        "the argument api_key",
        "the environment variable HEYGEN_API_KEY",
        f"the file {file}",
    ]
    assert third.headers == {"x-api-key": "of-the-file"}


def test_a_damaged_file_is_not_read_if_there_is_a_key(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is not read if the environment or an argument has a key."""
    write(file, "{")
    monkeypatch.setenv("HEYGEN_API_KEY", KEY)
    assert find_credentials().secret == KEY
    assert find_credentials(bearer_token=TOKEN).headers == {"Authorization": f"Bearer {TOKEN}"}


def test_without_a_key_the_error_lists_the_ways_to_give_one(file: Path) -> None:
    with pytest.raises(AuthenticationError, match=r"HEYGEN_API_KEY.*heygen auth login.*heygen-async demo"):
        find_credentials()


def test_the_file_is_in_the_home_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is in ~/.heygen by default; a user without a home directory has no file."""
    monkeypatch.delenv("HEYGEN_CONFIG_DIR", raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert stored_path() == tmp_path / ".heygen" / "credentials"

    def homeless() -> Path:
        raise RuntimeError("no home")

    monkeypatch.setattr(Path, "home", homeless)
    assert stored_path() is None
    with pytest.raises(AuthenticationError, match="no API key"):
        find_credentials()


def test_a_key_and_a_token_contradict_each_other() -> None:
    with pytest.raises(InvalidInputError, match="both are given"):
        find_credentials(KEY, TOKEN)


# What cannot be one


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("", "is blank"),
        (" \n", "is blank"),
        (KEY + "\n", "has a line break at character 22 of 22"),
        (KEY + "\r\n", "has a line break at character 22 of 23"),
        (" " + KEY, "has a space at character 1 of 22"),
        ("Bearer " + KEY, "has a space at character 7 of 28"),
        ("MARKER\tkey", "has a tab at character 7 of 10"),
        ("MARKER\u200bkey", "has U+200B, which no key has, at character 7 of 10"),  # a zero-width space
        ("MARKER-schlüssel", "has U+00FC, which no key has, at character 12 of 16"),
        ("MARKER\x00", "has U+0000, which no key has, at character 7 of 7"),
        (f'"{KEY}"', "has a quotation mark at its end"),
        (b"MARKER", "is not text, but bytes"),
        (7, "is not text, but int"),
    ],
)
def test_a_malformed_key_is_refused_before_a_request(
    secret: Any, why: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A malformed key from any source is refused with the reason and the remedy, and the error does not contain it."""
    with pytest.raises(InvalidInputError) as caught:
        HeyGen(secret)
    assert str(caught.value) == (
        f"api_key: {why}; copy it again from HeyGen's settings, without spaces, line breaks or quotation marks"
    )
    with pytest.raises(InvalidInputError, match=r"bearer_token: .*; give the token alone, without the word Bearer"):
        HeyGen(bearer_token=secret)
    if isinstance(secret, str) and secret and "\0" not in secret:
        monkeypatch.setenv("HEYGEN_API_KEY", secret)
        with pytest.raises(InvalidInputError, match=r"^HEYGEN_API_KEY: "):
            HeyGen()
        monkeypatch.delenv("HEYGEN_API_KEY")
    if isinstance(secret, str) and secret:
        write(file, {"api_key": secret})
        with pytest.raises(InvalidInputError) as caught:
            HeyGen()
        assert str(caught.value).startswith(f"{file}: {why}; ")
        assert "MARKER" not in full_text(caught.value).replace(str(file), "")


@given(st.text())
def test_an_accepted_key_is_valid_in_a_header(text: str) -> None:
    """An accepted key has only characters that a header may have, and the reason of a refusal is plain ASCII."""
    why = why_unusable(text)
    if why is None:
        assert text.isascii()
        assert text.isprintable()
        assert not set(text) & set(" \r\n\t")
    else:
        assert why.isascii()


# The file


@pytest.mark.parametrize(
    ("content", "secret"),
    [
        ({"api_key": KEY}, KEY),
        ({"api_key": KEY, "oauth": {"access_token": TOKEN, "expires_at": FUTURE}}, KEY),
        ({"api_key": KEY, "oauth": "?", "user": {"email": "a@example.com"}, "tomorrow": 1}, KEY),
        (KEY, KEY),
        (f"  {KEY}\r\n\n", KEY),
        ("\ufeff" + KEY + "\n", KEY),
    ],
)
def test_the_key_of_the_file(file: Path, content: Any, secret: str) -> None:
    """The file's key is read from JSON, where it comes before a session, or from the one line of older versions."""
    write(file, content)
    found = find_credentials()
    assert (found.kind, found.secret, found.function, found.notes) == ("api_key", secret, None, ())


@pytest.mark.parametrize("expires", [FUTURE, None, "", "soon", 7, "2020-01-31T12:00:00"])
def test_a_session_of_the_file_is_read_each_time_a_token_is_needed(file: Path, expires: Any) -> None:
    """A session's token is read from the file at each call, because the official command line renews it there."""
    write(file, {"oauth": {"access_token": TOKEN, "expires_at": expires}})
    found = find_credentials()
    assert (found.kind, found.source, found.secret, found.notes, found.headers) == (
        "bearer_token",
        "file",
        None,
        (),
        {},
    )
    write(file, {"api_key": "", "oauth": {"access_token": "MARKER-next"}})
    assert found.function is not None
    assert found.function() == "MARKER-next"
    assert found.identity == find_credentials().identity == StoredToken(file)


@pytest.mark.parametrize("then", [None, {"api_key": KEY}])
def test_a_session_that_is_gone_is_an_error(file: Path, then: Any) -> None:
    """A session whose file is deleted, or holds a key now, is an error: the key may be of another account."""
    write(file, {"oauth": {"access_token": TOKEN}})
    token = StoredToken(file)
    assert token() == TOKEN
    file.unlink() if then is None else write(file, then)
    with pytest.raises(AuthenticationError, match="no longer holds an OAuth session; run `heygen auth login`"):
        token()


def test_a_session_that_has_ended_is_noted_and_tried(file: Path) -> None:
    """A session past its end gets a note and is used all the same, because HeyGen's clock decides."""
    write(file, {"oauth": {"access_token": TOKEN, "expires_at": PAST}})
    note = f"the OAuth session in {file} ended at 2020-01-31 12:00 UTC: run `heygen auth login`"
    assert find_credentials().notes == (note,)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "is empty"),
        (" \n\n", "is empty"),
        ('{"api_key": "MARKER', "starts like JSON, but is not valid JSON"),
        ('{"api_key": ' + "[" * 30000, "starts like JSON, but is not valid JSON"),
        ("MARKER\nMARKER", "has several lines, and is not JSON"),
        ("x" * 70_000, "is longer than 64 KiB, so it is not a credentials file"),
        ({}, "holds neither an API key nor the access token of an OAuth session"),
        ({"api_key": None, "oauth": None}, "holds neither an API key nor the access token of an OAuth session"),
        ({"oauth": ["MARKER"]}, "holds neither an API key nor the access token of an OAuth session"),
        ({"oauth": {"refresh_token": "MARKER"}}, "holds neither an API key nor the access token of an OAuth session"),
        ({"api_key": ["MARKER"]}, "has a value of api_key that is not text"),
        ({"oauth": {"access_token": {"MARKER": 1}}}, "has a value of oauth.access_token that is not text"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_file_that_cannot_be_used_is_not_quoted(file: Path, content: Any, why: str) -> None:
    write(file, content)
    with pytest.raises(AuthenticationError) as caught:
        find_credentials()
    assert str(caught.value) == f"{file}: {why}; run `heygen auth login` again, or set HEYGEN_API_KEY"
    assert "MARKER" not in full_text(caught.value).replace(str(file), "")


def test_a_file_that_is_not_text(file: Path) -> None:
    file.write_bytes(b"MARKER\xff")
    with pytest.raises(AuthenticationError, match="is not UTF-8 text") as caught:
        find_credentials()
    assert "MARKER" not in full_text(caught.value)


def test_a_file_that_cannot_be_read(file: Path) -> None:
    """A file that cannot be opened is an error. The test uses a folder, because root may read any file."""
    file.mkdir()
    with pytest.raises(AuthenticationError, match=r"credentials: cannot be read \(Is a directory\); run"):
        find_credentials()


@pytest.mark.parametrize(("mode", "count"), [(0o600, 0), (0o400, 0), (0o640, 1), (0o604, 1)])
def test_a_file_that_others_can_read_is_noted(
    file: Path, mode: int, count: int, caplog: pytest.LogCaptureFixture
) -> None:
    """A file that other users can read is used, with a warning that has the command to close it."""
    write(file, {"api_key": KEY}, mode)
    stored = read_stored(file)
    assert stored is not None
    note = f"{file} is open to other users of this machine (mode {mode:04o}): run `chmod 600 {file}`"
    assert stored.notes == (note,) * count
    with caplog.at_level(logging.WARNING, logger="heygen_async"):
        assert HeyGen().credentials.secret == KEY
    assert [record.getMessage() for record in caplog.records] == list(stored.notes)


# Hints, identities and reprs


@pytest.mark.parametrize(
    ("credentials", "hint"),
    [
        (Credentials(kind="api_key", source="argument", name="api_key", secret="x" * 12 + "abcd"), "API key ...abcd"),
        (Credentials(kind="api_key", source="argument", name="api_key", secret="x" * 11 + "abcd"), "API key"),
        (
            Credentials(kind="bearer_token", source="argument", name="bearer_token", function=lambda: "x"),
            "bearer token of a function",
        ),
    ],
)
def test_the_hint_shows_four_characters_of_a_long_key_at_most(credentials: Credentials, hint: str) -> None:
    """A hint shows the last four characters of a long key, and no character of a short one."""
    assert credentials.hint == hint


def test_equal_functions_are_one_account_and_two_lambdas_are_two() -> None:
    """One function, or one method of one object, is one account, even if the object is not hashable."""

    class Unhashable:
        __hash__ = None  # type: ignore[assignment]  # what attrs and dataclasses make of an __eq__

        def __call__(self) -> str:
            return TOKEN

        def token(self) -> str:
            return TOKEN

    def identity(function: Any) -> Any:
        return find_credentials(bearer_token=function).identity

    one = Unhashable()
    assert identity(one) == identity(one) != identity(Unhashable())
    assert identity(one.token) == identity(one.token)
    assert identity(lambda: TOKEN) != identity(lambda: TOKEN)
    assert find_credentials(KEY).identity == find_credentials(KEY).identity != find_credentials(TOKEN).identity
    assert find_credentials(KEY).identity != find_credentials(bearer_token=KEY).identity


@pytest.mark.parametrize("secret", [KEY, TOKEN])
def test_the_repr_has_the_source_and_no_secret(secret: str) -> None:
    for found in (
        find_credentials(secret),
        find_credentials(bearer_token=secret),
        find_credentials(bearer_token=lambda secret=secret: secret),  # type: ignore[misc]
    ):
        assert "source='argument'" in repr(found)
        assert "MARKER" not in f"{found!r} {found} {found.where}"


def test_every_error_about_credentials_is_a_heygen_error(file: Path) -> None:
    """`except HeyGenError` catches an error about credentials."""
    write(file, "{")
    with pytest.raises(HeyGenError):
        HeyGen()
