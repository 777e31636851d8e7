"""`--proxy URL`: an option of all commands that talk to HeyGen, taken out before the command is read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from heygen_async.account.proxy import VARIABLE, checked_proxy
from heygen_async.cli.help_layout import PROXY
from heygen_async.errors import InvalidInputError


def take_proxy(arguments: Sequence[str]) -> list[str]:
    """Return *arguments* without `--proxy URL`, and use that proxy for the rest of the process.

    Raises:
        InvalidInputError: There is no address after the option, or it is not one of an HTTP proxy.
    """
    return list(_rest(iter(arguments)))


def _rest(arguments: Iterator[str]) -> Iterator[str]:
    for argument in arguments:
        name, equals, address = argument.partition("=")
        if argument == "--":
            yield from (argument, *arguments)
        elif name != PROXY:
            yield argument
        else:
            given = address if equals else next(arguments, "")
            if not given:
                raise InvalidInputError(f"{PROXY}: needs an address, such as {PROXY} http://proxy.example.com:8080")
            checked_proxy(given, PROXY)
            os.environ[VARIABLE] = given
