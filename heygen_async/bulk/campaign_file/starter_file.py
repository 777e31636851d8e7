"""A first campaign file with comments, filled in from the columns of the list and the looks of the account."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from heygen_async.api.client import Client
from heygen_async.api.generated.avatars import Look
from heygen_async.api.requests.modes import CinematicAvatar, DirectVideo, ImageVideo, VideoAgent
from heygen_async.bulk.campaign_file.languages import ENGLISH, Language
from heygen_async.bulk.template.placeholders import as_name, placeholder_of
from heygen_async.errors import HeyGenError, InvalidInputError
from heygen_async.http.pages import Listing
from heygen_async.near_names import hint
from heygen_async.plain_text import clean

_SHOWN = 8
_WIDE = 30  # characters of a column's name and of a cell, so that a line fits into 100
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
    examples: Mapping[str, str] | None = None,
    rows: str | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    id_column: str | None = None,
    language: Language | None = None,
    look_id: str | None = None,
    voice_id: str | None = None,
) -> str:
    """Return the text of a campaign file.

    Args:
        mode: direct, image, cinematic or agent.
        known: Facts about the account.
        columns: Columns of the contact list.
        examples: Column -> a cell of it.
        rows: Path of the contact list as the file shall name it.
        sheet: Sheet of a workbook, if it was named.
        encoding: Encoding of a text file that is not UTF-8.
        id_column: Column that identifies each row.
        language: Language of the videos, if it was chosen.
        look_id: Look, if it was chosen; else the first of *known*.
        voice_id: Voice, if it was chosen.

    Raises:
        InvalidInputError: There is no such mode.
    """
    if mode not in FIRST_MODES:
        raise InvalidInputError(f"mode {mode!r}: {hint(mode, FIRST_MODES, 'must be one of')}")
    code = None if language is None else language.locale
    locale = '# locale = "en"' if code is None else f"locale = {_quoted(code)}"
    head = _HEAD.format(mode=_quoted(mode), locale=locale)
    name = _name_placeholder(columns)
    lines = ["[request]  # fields of HeyGen's API, by their names there; texts may hold {{ columns }}"]
    lines += _placeholders(columns, examples or {})
    lines += _seen(mode, known, look_id)
    if mode in _SPEAKS:
        lines += _voice(mode, known, look_id, voice_id)
        lines += [f"script = {_text((language or ENGLISH).greeting.replace('NAME', name))}"]
    else:
        lines += [f"prompt = {_text(f'A friendly welcome for {name}, 20 seconds')}"]
    request = "\n".join(lines) + "\n"
    contacts = _rows(rows, id_column, sheet=sheet, encoding=encoding)
    return "\n".join([head, request, _columns(mode, columns), contacts, _REST])


async def _first(looks: Listing[Look]) -> tuple[Look, ...]:
    async for page in looks.pages():
        return page.items
    return ()


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _text(text: str) -> str:
    """Return a text between quotes in which apostrophes, quotes and backslashes stand for themselves."""
    return f"'''\n{text}'''"


def _seen(mode: str, known: Known, look_id: str | None) -> list[str]:
    """Return the lines of who or what is seen."""
    if mode != "image":
        return _looks(known, look_id, needed=mode != "agent")
    return [
        "# A picture that is made to speak: an address that anybody can read.",
        'image = { type = "url", url = "https://example.com/portrait.png" }',
    ]


def _placeholders(columns: Sequence[str], examples: Mapping[str, str]) -> list[str]:
    """Return a comment with each column: the placeholder that can be pasted, its name in the list, and a cell."""
    if not columns:
        return []
    written = {column: placeholder_of(column, columns) for column in columns}
    shown = {column: f"{{{{ {name} }}}}" if name else "(rename it)" for column, name in written.items()}
    wide = min(_WIDE, max(map(len, shown.values())))
    named = min(_WIDE, max(len(_oneline(column)) for column in columns))
    lines = [
        f"#   {shown[column]:<{wide}}  {_oneline(column):<{named}}  {_shortened(examples.get(column, ''))}".rstrip()
        for column in columns
    ]
    return ["# The columns of your list: what to write for each, its name, and a cell.", *lines]


def _name_placeholder(columns: Sequence[str]) -> str:
    """Return the placeholder for the name of the person whom the video addresses."""
    names = [name for name in (placeholder_of(column, columns) for column in columns) if name is not None]
    named = [name for wanted in _NAMES for name in names if as_name(name) == wanted]
    return f"{{{{ {(named or names or ['first_name'])[0]} }}}}"


def _looks(known: Known, look_id: str | None, *, needed: bool) -> list[str]:
    chosen = [look for look in known.looks if look.id == look_id]
    if look_id is not None and not chosen:
        return [f"avatar_id = {_quoted(look_id)}"]
    if not known.looks:
        why = f" ({known.why_none})" if known.why_none else ""
        note = f"# Not known{why}: take an id from `heygen-async avatars looks`."
        return [note, 'avatar_id = ""'] if needed else []
    first, *others = [*chosen, *(look for look in known.looks if look.id != look_id)][:_SHOWN]
    lines = [f"avatar_id = {_quoted(first.id)}  # {_oneline(first.name)}"]
    lines += [f"# avatar_id = {_quoted(look.id)}  # {_oneline(look.name)}" for look in others]
    return lines if needed else [line if line.startswith("#") else f"# {line}" for line in lines]


def _voice(mode: str, known: Known, look_id: str | None, voice_id: str | None) -> list[str]:
    if voice_id is not None:
        return [f"voice_id = {_quoted(voice_id)}"]
    shown = known.looks if mode == "direct" else ()
    first = next((look for look in shown if look_id in {None, look.id}), None)
    if first is not None and first.default_voice_id is not None:
        return [f"# Without a voice, the look's own is taken: {_oneline(first.default_voice_id)}.", '# voice_id = ""']
    return ["# An id from `heygen-async voices list`.", 'voice_id = ""']


def _oneline(text: str) -> str:
    """Return a text on one line, without the control characters that a comment must not have."""
    return clean(" ".join(text.split()))


def _shortened(text: str) -> str:
    line = _oneline(text)
    return line if len(line) <= _WIDE else f"{line[: _WIDE - 3].rstrip()}..."


def _columns(mode: str, columns: Sequence[str]) -> str:
    """Map columns with the name of a field that has no other usual meaning: a column `title` may hold Dr. or Mr."""
    fields = {field.name for field in attrs.fields(FIRST_MODES[mode])}
    names = {name for name in fields if "_" in name or name in {"script", "prompt"}}
    known = {field: column for column in columns if (field := as_name(column)) in names}
    lines = ["[columns]  # a field, or mode, that each row may have in a column of its own"]
    lines += [f"{field} = {_quoted(column)}" for field, column in known.items()] or ['# voice_id = "Voice"']
    return "\n".join(lines) + "\n"


def _rows(rows: str | None, id_column: str | None, *, sheet: str | None, encoding: str | None) -> str:
    lines = ["[rows]  # the contact list, if the command names none"]
    lines.append('# file = "leads.csv"' if rows is None else f"file = {_quoted(rows)}")
    lines += [f"sheet = {_quoted(sheet)}"] if sheet is not None else []
    lines += [f"encoding = {_quoted(encoding)}"] if encoding is not None else []
    identity = '# id = "email"' if id_column is None else f"id = {_quoted(id_column)}"
    lines.append(f"{identity}  # identifies each row: an edited row is recognised by it")
    return "\n".join(lines) + "\n"


_HEAD = """# What to make of each row of a contact list.
#   heygen-async plan THIS_FILE leads.csv    every problem of every row, and the price; spends nothing
#   heygen-async run THIS_FILE leads.csv     renders it, each row paid for once

mode = {mode}  # direct, image, cinematic or agent
{locale}  # how the filters number and date write: en, de, fr, ...
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
