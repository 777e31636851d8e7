"""A first campaign file with comments, filled in from the columns of the list and the looks of the account."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from heygen_async.api.client import Client
from heygen_async.api.generated.avatars import Look
from heygen_async.api.requests.modes import CinematicAvatar, DirectVideo, ImageVideo, VideoAgent
from heygen_async.bulk.template.placeholders import as_name
from heygen_async.errors import HeyGenError, InvalidInputError
from heygen_async.http.pages import Listing
from heygen_async.near_names import hint

_SHOWN = 8
_NAMES = ("first_name", "firstname", "given_name", "vorname", "prenom", "name", "full_name")
_SPEAKS = ("direct", "image")
FIRST_MODES: Mapping[str, type[Any]] = {
    "direct": DirectVideo,
    "image": ImageVideo,
    "cinematic": CinematicAvatar,
    "agent": VideoAgent,
}


@attrs.frozen(kw_only=True)
class Known:
    """Facts about an account.

    Attributes:
        looks: Looks that videos can be made with, your own first.
        why_none: Reason why no looks are known.
    """

    looks: tuple[Look, ...] = ()
    why_none: str | None = None


async def ask_account(client: Client) -> Known:
    """Look up the looks of an account. Free.

    Source: `GET /v3/avatars/looks`.
    """
    try:
        own = await _first(client.avatars.looks(ownership="private", limit=_SHOWN))
        public = await _first(client.avatars.looks(ownership="public", limit=_SHOWN))
    except HeyGenError as exc:
        return Known(why_none=exc.gist)
    return Known(looks=tuple(look for look in (*own, *public) if look.status in {None, "completed"}))


def campaign_text(
    *,
    mode: str = "direct",
    known: Known,
    columns: Sequence[str] = (),
    rows: str | None = None,
    id_column: str | None = None,
) -> str:
    """Return the text of a campaign file.

    Args:
        mode: direct, image, cinematic or agent.
        known: Facts about the account.
        columns: Columns of the contact list.
        rows: Path of the contact list as the file shall name it.
        id_column: Column that identifies each row.

    Raises:
        InvalidInputError: There is no such mode.
    """
    if mode not in FIRST_MODES:
        raise InvalidInputError(f"mode {mode!r}: {hint(mode, FIRST_MODES, 'must be one of')}")
    head, request = _HEAD.format(mode=_quoted(mode)), _request(mode, known, columns)
    return "\n".join([head, request, _columns(mode, columns), _rows(rows, id_column), _REST])


async def _first(looks: Listing[Look]) -> tuple[Look, ...]:
    async for page in looks.pages():
        return page.items
    return ()


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _request(mode: str, known: Known, columns: Sequence[str]) -> str:
    name = _name_placeholder(columns)
    lines = ["[request]  # fields of HeyGen's API, by their names there; texts may hold {{ columns }}"]
    if mode == "image":
        lines += ["# A picture that is made to speak: an address that anybody can read."]
        lines += ['image = { type = "url", url = "https://example.com/portrait.png" }']
    else:
        lines += _looks(known, needed=mode != "agent")
    if mode in _SPEAKS:
        lines += _voice(mode, known)
        lines += [f"script = {_quoted(f'Hi {name}, I made this video just for you.')}"]
    else:
        lines += [f"prompt = {_quoted(f'A friendly welcome for {name}, 20 seconds')}"]
    return "\n".join(lines) + "\n"


def _name_placeholder(columns: Sequence[str]) -> str:
    """Return the placeholder for the name of the person whom the video addresses."""
    by_name = {as_name(column): column for column in columns}
    named = [name for name in _NAMES if name in by_name]
    return f"{{{{ {(named or list(by_name) or ['first_name'])[0]} }}}}"


def _looks(known: Known, *, needed: bool) -> list[str]:
    if not known.looks:
        why = f" ({known.why_none})" if known.why_none else ""
        note = f"# Not known{why}: take an id from `heygen-async avatars looks`."
        return [note, 'avatar_id = ""'] if needed else []
    first, *others = known.looks[:_SHOWN]
    lines = [f"avatar_id = {_quoted(first.id)}  # {_oneline(first.name)}"]
    lines += [f"# avatar_id = {_quoted(look.id)}  # {_oneline(look.name)}" for look in others]
    return lines if needed else [line if line.startswith("#") else f"# {line}" for line in lines]


def _voice(mode: str, known: Known) -> list[str]:
    first = known.looks[0] if known.looks and mode == "direct" else None
    if first is not None and first.default_voice_id is not None:
        return [f"# Without a voice, the look's own is taken: {_oneline(first.default_voice_id)}.", '# voice_id = ""']
    return ["# An id from `heygen-async voices list`.", 'voice_id = ""']


def _oneline(text: str) -> str:
    return " ".join(text.split())


def _columns(mode: str, columns: Sequence[str]) -> str:
    """Map columns with the name of a field that has no other usual meaning: a column `title` may hold Dr. or Mr."""
    fields = {field.name for field in attrs.fields(FIRST_MODES[mode])}
    names = {name for name in fields if "_" in name or name in {"script", "prompt"}}
    known = {field: column for column in columns if (field := as_name(column)) in names}
    lines = ["[columns]  # a field, or mode, that each row may have in a column of its own"]
    lines += [f"{field} = {_quoted(column)}" for field, column in known.items()] or ['# voice_id = "Voice"']
    return "\n".join(lines) + "\n"


def _rows(rows: str | None, id_column: str | None) -> str:
    entry = '# file = "leads.csv"' if rows is None else f"file = {_quoted(rows)}"
    identity = '# id = "email"' if id_column is None else f"id = {_quoted(id_column)}"
    comment = "  # identifies each row: an edited row is recognised by it"
    return f"[rows]  # the contact list, if the command names none\n{entry}\n{identity}{comment}\n"


_HEAD = """# What to make of each row of a contact list.
#   heygen-async plan THIS_FILE leads.csv    every problem of every row, and the price; spends nothing
#   heygen-async run THIS_FILE leads.csv     renders it, each row paid for once

mode = {mode}  # direct, image, cinematic or agent
# locale = "en"  # how the filters number and date write: en, de, fr, ...
"""

_REST = """[run]
max_in_flight = "auto"  # renders at once: finds out what the account has
# budget_usd = 250      # send no row that could cost more than what is left of this
# canary = 3            # so many rows go first, alone
# approve = true        # ask before the others go
# breaker = [3, 10]     # stop when 3 of the last 10 rows have failed with one code

[downloads]
folder = "videos"
filename = "{number}-{id}"  # or of columns: "{number}-{first_name}"
files = ["video"]           # and captioned_video, captions, thumbnail, gif

# [rates]  # your prices, if not those of HeyGen's list: US dollars a second, least and most
# translation = [0.03, 0.06]
# per_second = { "avatar_iv photo_avatar" = 0.045, avatar_6 = [0.10, 0.145] }
"""
