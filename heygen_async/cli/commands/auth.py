"""What `auth status` says: where the key comes from, whether HeyGen accepts it, whose account it opens."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from heygen_async.cli.exits import Exit, code_of
from heygen_async.cli.terminal.option_types import BaseUrl
from heygen_async.errors import AuthenticationError, HeyGenError, InvalidInputError

if TYPE_CHECKING:
    from heygen_async.account.credentials_file import Kind
    from heygen_async.api.generated.users import User
    from heygen_async.heygen import HeyGen

PATIENCE_SECONDS = 30.0  # for all tries together; a person waits

Say = Callable[[str], None]

_MENDS: dict[Kind, str] = {
    "api_key": "make a new key in HeyGen's settings, or run `heygen auth login`",
    "bearer_token": "get another token: its session has ended, or was ended",
}


async def status(*, base_url: BaseUrl = None) -> None:
    """Say where the key comes from, and whether HeyGen accepts it. Costs nothing, changes nothing.

    A key is looked for in the environment's HEYGEN_API_KEY, then in the file that HeyGen's own command line keeps. It
    is never printed. Exit code 3 if there is none, or if it is not accepted.
    """
    sys.exit(await auth_status(base_url=base_url))


async def auth_status(
    *,
    api_key: str | None = None,
    bearer_token: str | Callable[[], str | Awaitable[str]] | None = None,
    base_url: str | None = None,
    say: Say = print,
) -> int:
    """Tell what opens the account, and ask HeyGen whether it does. Costs nothing, changes nothing.

    Args:
        api_key: As of `HeyGen`.
        bearer_token: As of `HeyGen`.
        base_url: As of `HeyGen`.
        say: Takes each line. No more of the key than its last four characters is in them, and of a function's token
            nothing.

    Returns:
        The exit code: 0 accepted, 3 no key or a wrong one, 1 or 4 if HeyGen could not be asked.

    Raises:
        InvalidInputError: The *base_url* is none.

    Source: `GET /v3/users/me`.
    """
    from heygen_async.account.credentials import find_credentials
    from heygen_async.heygen import HeyGen

    try:
        credentials = find_credentials(api_key, bearer_token)
    except (AuthenticationError, InvalidInputError) as exc:
        say(f"Key:      {exc}")
        return Exit.AUTHENTICATION
    say(f"Key:      {credentials.hint}, from {credentials.where}")
    for note in credentials.notes:
        say(f"Note:     {note}")
    async with HeyGen(api_key, bearer_token=bearer_token, base_url=base_url) as heygen:
        return await _ask(heygen, say)


async def _ask(heygen: HeyGen, say: Say) -> int:
    """Ask whose account it is. HeyGen's own words stay out of it: they may quote what was sent."""
    from heygen_async.http.call import Options

    try:
        user = await heygen.users.me(Options(deadline=PATIENCE_SECONDS))
    except AuthenticationError as exc:
        # One without a status is ours: the function that gives tokens gave none.
        say(f"HeyGen:   not asked: {exc}" if exc.http_status is None else f"HeyGen:   refuses it ({exc.gist})")
        say(f"Mend:     {_MENDS[heygen.credentials.kind]}")
        return Exit.AUTHENTICATION
    except HeyGenError as exc:
        say(f"HeyGen:   could not be asked ({exc.gist}), so nothing is known of the key")
        return code_of(exc)
    say(f"HeyGen:   accepts it ({heygen.transport.base_url.host})")
    say(f"Account:  {_owner(user)}")
    return Exit.DONE


def _owner(user: User) -> str:
    """Name the account as its owner knows it."""
    name = " ".join(part for part in (user.first_name, user.last_name) if part)
    facts = [name, user.email, f"user {user.username}", user.billing_type and f"pays by {user.billing_type}"]
    return ", ".join(fact for fact in facts if fact)
