"""`heygen-async auth`: store a key, and show where the key comes from and whose account it is."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from heygen_async.cli.exits import Exit, code_of
from heygen_async.cli.terminal.option_types import BaseUrl
from heygen_async.errors import AuthenticationError, HeyGenError, InvalidInputError
from heygen_async.plain_text import clean

if TYPE_CHECKING:
    from heygen_async.account.credentials_file import Kind
    from heygen_async.api.generated.users import User
    from heygen_async.heygen import HeyGen

PATIENCE_SECONDS = 30.0  # for all attempts together; a person is waiting

Write = Callable[[str], None]

_REMEDIES: dict[Kind, str] = {
    "api_key": "make a new key in HeyGen's settings; `heygen-async auth login` stores it",
    "bearer_token": "get a new token: this one has expired or was revoked",
}


async def login(*, base_url: BaseUrl = None) -> None:
    """Ask for an API key, try it, and store it for this user. Free.

    The key is stored where HeyGen's own command line keeps it, ~/.heygen/credentials, readable by you alone; it is not
    shown while you type. A script may write it to the standard input. Exit code 3 if HeyGen refuses it.
    """
    import getpass

    from heygen_async.account.credentials import VARIABLE, check_secret
    from heygen_async.account.credentials_file import store_key, stored_path
    from heygen_async.cli.terminal.console import say

    path = stored_path()
    if path is None:
        raise AuthenticationError("this user has no home folder; set HEYGEN_CONFIG_DIR to a folder")
    question = "API key (HeyGen's settings, API): "
    typed = getpass.getpass(question) if sys.stdin.isatty() else sys.stdin.readline()
    key = typed.strip()
    check_secret("api_key", "the key", key)

    def show(line: str) -> None:
        if not line.startswith("Key:"):  # where it comes from: the person has just typed it
            say(line)

    code = await auth_status(api_key=key, base_url=base_url, write=show)
    if code != Exit.DONE:
        say("Nothing was stored.")
        sys.exit(code)
    store_key(path, key)
    say(f"Stored:   {path}")
    if os.environ.get(VARIABLE):
        say(f"Note:     {VARIABLE} is set, and goes before the file")


async def status(*, base_url: BaseUrl = None) -> None:
    """Show where the key comes from, whether HeyGen accepts it, and what it may do. Free.

    The key is read from the environment variable HEYGEN_API_KEY, else from the file of HeyGen's own command line. It is
    never printed. Exit code 3 if there is no key, or if HeyGen refuses it.
    """
    sys.exit(await auth_status(base_url=base_url))


async def auth_status(
    *,
    api_key: str | None = None,
    bearer_token: str | Callable[[], str | Awaitable[str]] | None = None,
    base_url: str | None = None,
    write: Write = print,
) -> int:
    """Show the credentials in use, check them at HeyGen, and show what a key may do. Free.

    Args:
        api_key: As of `HeyGen`.
        bearer_token: As of `HeyGen`.
        base_url: As of `HeyGen`.
        write: Called with each line. The lines show at most the last four characters of a key, and no part of a token
            that a function returned.

    Returns:
        The exit code: 0 accepted, 3 no key or a refused one, 1 or 4 if HeyGen could not be asked.

    Raises:
        InvalidInputError: *base_url* is not a usable URL.

    Source: `GET /v3/users/me` and `GET /v3/api_keys/self`.
    """
    from heygen_async.account.credentials import find_credentials
    from heygen_async.account.proxy import VARIABLE as PROXY_VARIABLE, shown as proxy_shown
    from heygen_async.heygen import HeyGen

    def show(line: str) -> None:
        write(clean(line))

    try:
        credentials = find_credentials(api_key, bearer_token)
    except (AuthenticationError, InvalidInputError) as exc:
        show(f"Key:      {exc}")
        return Exit.AUTHENTICATION
    show(f"Key:      {credentials.hint}, from {credentials.where}")
    for note in credentials.notes:
        show(f"Note:     {note}")
    async with HeyGen(api_key, bearer_token=bearer_token, base_url=base_url) as heygen:
        if (proxy := heygen.transport.proxies.of(heygen.transport.base_url)) is not None:
            where = "--proxy or HEYGEN_PROXY" if os.environ.get(PROXY_VARIABLE) else "the environment"
            show(f"Proxy:    {proxy_shown(proxy)}, from {where}")
        return await _check(heygen, show)


async def _check(heygen: HeyGen, write: Write) -> int:
    """Ask HeyGen for the account of the key. Error messages of HeyGen are not shown: they may quote the key."""
    from heygen_async.http.call import Options

    try:
        user = await heygen.users.me(Options(deadline=PATIENCE_SECONDS))
    except AuthenticationError as exc:
        # Without an HTTP status the error is not HeyGen's: the token function returned no token.
        write(f"HeyGen:   not asked: {exc}" if exc.http_status is None else f"HeyGen:   refuses it ({exc.gist})")
        write(f"Remedy:   {_remedy(heygen)}")
        return Exit.AUTHENTICATION
    except HeyGenError as exc:
        write(f"HeyGen:   could not be asked ({exc.gist}), so the key was not checked")
        return code_of(exc)
    write(f"HeyGen:   accepts it ({heygen.transport.base_url.host})")
    write(f"Account:  {_owner(user)}")
    if heygen.credentials.kind == "api_key":
        await _show_key(heygen, write)
    return Exit.DONE


async def _show_key(heygen: HeyGen, write: Write) -> None:
    """Show what the key may do and until when. A failure changes no verdict: the account was read with the key."""
    from heygen_async.http.call import Options

    try:
        key = await heygen.users.api_key(Options(deadline=PATIENCE_SECONDS))
    except HeyGenError as exc:
        write(f"May:      could not be asked ({exc.gist})")
        return
    rights = ", ".join(key.scopes or ()) if key.scope_mode == "custom" else key.scope_mode
    facts = [key.key_name and f"key {key.key_name!r}", key.status, rights, f"until {key.expires_at or 'it is revoked'}"]
    write(f"May:      {', '.join(fact for fact in facts if fact)}")


def _remedy(heygen: HeyGen) -> str:
    """Return the remedy for a refused credential. A server that is not HeyGen's may refuse a good one."""
    from heygen_async.account.base_url import is_elsewhere

    address = heygen.transport.base_url
    if is_elsewhere(address):
        return f"check the address {address} (--base-url, HEYGEN_API_BASE) first: it is not HeyGen's"
    return _REMEDIES[heygen.credentials.kind]


def _owner(user: User) -> str:
    """Return name, email, user name and way of payment on one line."""
    name = " ".join(part for part in (user.first_name, user.last_name) if part)
    facts = [name, user.email, f"user {user.username}", user.billing_type and f"pays by {user.billing_type}"]
    return ", ".join(fact for fact in facts if fact)
