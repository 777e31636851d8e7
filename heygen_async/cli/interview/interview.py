"""The questions of `init`: which list, which language, who speaks, and in which voice. All of it is free."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import attrs
from rich.console import Console

from heygen_async import HeyGen, HeyGenError, InvalidInputError, Problem, Table
from heygen_async.api.generated.avatars import Look
from heygen_async.api.generated.voices import Voice
from heygen_async.bulk.campaign_file.languages import ENGLISH, LANGUAGES, Language, find_language, guess_language
from heygen_async.bulk.campaign_file.starter_file import Known
from heygen_async.bulk.rows.problems import ProblemError
from heygen_async.bulk.rows.readers.read_rows import read_rows
from heygen_async.cli.interview.choice import Asker, Choice
from heygen_async.cli.terminal.ask import TypedLines
from heygen_async.http.pages import Listing

SHOWN = 8  # entries of a list, so that it fits on the screen with its question
SEARCHED = 2000  # entries in which a name is looked for: some seconds
_SAMPLE = 200  # rows in which an older encoding is noticed
_LISTS = {".csv", ".tsv", ".xlsx", ".xlsm"}
_OLDER = "cp1252"

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class ContactList:
    """A contact list that can be read.

    Attributes:
        path: The file.
        table: Its rows.
        encoding: Its encoding, if it is not UTF-8.
    """

    path: Path
    table: Table
    encoding: str | None


@attrs.frozen(kw_only=True)
class Chosen:
    """Values for a campaign file, as far as somebody has chosen them.

    Attributes:
        rows: Path of the contact list that the command names.
        sheet: Sheet that the command names.
        encoding: Encoding that the command names.
        contacts: The contact list, opened.
        language: Language of the videos.
        look_id: Who speaks.
        voice_id: The voice; None for the one that HeyGen gives to the look.
        looks: Looks to name in the file, with the chosen one; empty for those of the account.
    """

    rows: Path | None = None
    sheet: str | None = None
    encoding: str | None = None
    contacts: ContactList | None = None
    language: Language | None = None
    look_id: str | None = None
    voice_id: str | None = None
    looks: tuple[Look, ...] = ()


async def interview(console: Console, heygen: HeyGen | None, known: Known, chosen: Chosen, mode: str) -> Chosen:
    """Ask at the terminal for what *chosen* leaves open, and return all of it. Free.

    Args:
        console: Shows the questions.
        heygen: Client that lists looks and voices; None without a key.
        known: Looks of the account.
        chosen: What options have settled.
        mode: direct, image, cinematic or agent.

    Raises:
        InterruptedRunError: The person has pressed Ctrl-D.
        InvalidInputError: The list that the command names cannot be read.
    """
    lines = TypedLines(sys.stdin)
    asker = Asker(console, lines)
    try:
        if chosen.rows is None:
            contacts = await ask_list(asker)
        else:
            contacts = await open_list(asker, chosen.rows, sheet=chosen.sheet, encoding=chosen.encoding)
        chosen = attrs.evolve(chosen, contacts=contacts)
        if chosen.language is None:
            columns = [] if contacts is None else contacts.table.find_columns()
            chosen = attrs.evolve(chosen, language=await ask_language(asker, columns))
        if heygen is None or not known.looks:
            mend = (
                "To store a key: heygen-async auth login" if heygen is None else "Fill in avatar_id and voice_id later."
            )
            asker.say(f"\nLooks and voices cannot be shown: {known.why_none or 'there are none'}. {mend}")
            return chosen
        return await _look_and_voice(asker, heygen, known, chosen, mode)
    finally:
        lines.close()


async def _look_and_voice(asker: Asker, heygen: HeyGen, known: Known, chosen: Chosen, mode: str) -> Chosen:
    try:
        looks = known.looks
        if mode in {"direct", "cinematic"} and chosen.look_id is None:
            look = await ask_look(asker, heygen, looks)
            looks = (look, *(other for other in looks if other.id != look.id))
            chosen = attrs.evolve(chosen, look_id=look.id, looks=looks)
        if mode in {"direct", "image"} and chosen.voice_id is None:
            seen = next((look for look in looks if look.id == chosen.look_id), None)
            voice_id = await ask_voice(asker, heygen, seen, chosen.language or ENGLISH)
            chosen = attrs.evolve(chosen, voice_id=voice_id)
    except HeyGenError as exc:
        asker.say(f"HeyGen cannot be asked ({exc.gist}); fill in what is missing in the file.")
    return chosen


async def ask_list(asker: Asker) -> ContactList | None:
    """Ask which list, of this folder or another, has the contacts; None if there is none yet."""
    found = _lists(Path())[:SHOWN]
    asker.say("Which list has your contacts?")
    for number, path in enumerate(found, 1):
        asker.say(f"  {number:>2}  {path}")
    question = f"Number, name of a file, or Enter for {found[0]}:" if found else "Name of a file, or Enter for none:"
    while True:
        answer = await asker.ask(question)
        if not answer and not found:
            return None
        number = int(answer or "1") if answer.isdecimal() or not answer else 0
        try:
            return await open_list(asker, found[number - 1] if 1 <= number <= len(found) else _typed_path(answer))
        except InvalidInputError as exc:
            asker.say(f"  {exc}")


def _lists(folder: Path) -> list[Path]:
    """Return the lists in a folder, without the files that Excel keeps beside an open workbook."""
    files = (path for path in folder.iterdir() if path.suffix.lower() in _LISTS)
    return sorted(path for path in files if not path.name.startswith((".", "~$")))


def _typed_path(text: str) -> Path:
    """Return the path of a name that was typed, or dragged into the terminal, which may put quotes around it."""
    return Path(text.strip("'\"")).expanduser()


async def open_list(asker: Asker, path: Path, *, sheet: str | None = None, encoding: str | None = None) -> ContactList:
    """Open a list; ask about Excel's older encoding if the file is not UTF-8.

    Raises:
        InvalidInputError: It cannot be read.
    """
    problem = None if encoding is not None else _unreadable(path, sheet)
    if problem is not None:
        asker.say(f"  {path.name} is not in UTF-8. In Excel's older encoding it reads:")
        asker.say(f"    {problem.reason.rpartition(': ')[2]}")
        if await asker.agrees("Is that right?"):
            encoding = _OLDER
    table = read_rows(path, sheet=sheet, encoding=encoding, may_be_empty=True)
    columns = table.find_columns()
    more = f" and {len(columns) - SHOWN} more" if len(columns) > SHOWN else ""
    asker.say(f"{table.name} has the columns {', '.join(columns[:SHOWN])}{more}.")
    return ContactList(path=path, table=table, encoding=encoding)


def _unreadable(path: Path, sheet: str | None) -> Problem | None:
    """Return the first problem that tells of an older encoding; None if there is none."""
    try:
        table = read_rows(path, sheet=sheet, may_be_empty=True)
        table.find_columns()
        problems = [row for row in itertools.islice(table.scan(), _SAMPLE) if isinstance(row, Problem)]
    except ProblemError as exc:
        problems = [exc.problem]
    return next((problem for problem in problems if f"as {_OLDER}" in problem.reason), None)


async def ask_language(asker: Asker, columns: Sequence[str]) -> Language:
    """Ask for the language of the videos; the one of the list's columns is proposed."""
    guessed = guess_language(columns)
    asker.say()
    asker.say("In which language do the videos speak?")
    asker.say(f"  {', '.join(language.name for language in LANGUAGES)}, or another one")
    answer = await asker.ask(f"Language, or Enter for {guessed.name}:")
    return find_language(answer) if answer else guessed


async def ask_look(asker: Asker, heygen: HeyGen, looks: Sequence[Look]) -> Look:
    """Ask who speaks: one of *looks*, the first of the account's, or of all that it may use."""
    known = {look.id: look for look in looks}

    async def search(text: str) -> Sequence[Choice]:
        found = await _named(heygen.avatars.looks(), lambda look: text.casefold() in look.name.casefold())
        known.update((look.id, look) for look in found)
        return [_of_look(look) for look in found]

    chosen = await asker.choose("Who speaks?", [_of_look(look) for look in looks[:SHOWN]], search)
    return known[chosen.id]


async def ask_voice(asker: Asker, heygen: HeyGen, look: Look | None, language: Language) -> str | None:
    """Ask for the voice, in *language*; None for the voice that HeyGen gives to *look*."""

    async def search(text: str) -> Sequence[Choice]:
        voices = heygen.voices.list(language=language.name)
        found = await _named(voices, lambda voice: text.casefold() in voice.name.casefold())
        return [_of_voice(voice) for voice in found]

    own = await _own_voice(heygen, look, language)
    listed = [_of_voice(voice) for voice in await heygen.voices.list(language=language.name).collect(SHOWN)]
    choices = [*([own] if own else []), *(choice for choice in listed if own is None or choice.id != own.id)]
    if not choices:
        asker.say(f"HeyGen lists no voice for {language.name}: heygen-async voices list shows all.")
        return None
    chosen = await asker.choose("In which voice?", choices, search)
    return None if chosen is own else chosen.id


async def _own_voice(heygen: HeyGen, look: Look | None, language: Language) -> Choice | None:
    if look is None or look.default_voice_id is None:
        return None
    try:
        voice = await heygen.voices.get(look.default_voice_id)
    except HeyGenError:  # it is a proposal only
        return None
    if voice.language is not None and voice.language != language.name:
        return None
    name = voice.name or look.default_voice_id
    return Choice(id=voice.voice_id, name=name, about=f"{look.name}'s own", preview=voice.preview_audio_url)


def _of_look(look: Look) -> Choice:
    preview = look.preview_video_url or look.preview_image_url
    return Choice(id=look.id, name=look.name, about=look.preferred_orientation or "", preview=preview)


def _of_voice(voice: Voice) -> Choice:
    return Choice(id=voice.voice_id, name=voice.name, about=voice.gender, preview=voice.preview_audio_url)


async def _named(items: Listing[T], is_wanted: Callable[[T], bool]) -> list[T]:
    """Return the first items that are wanted; pages are requested only as needed."""
    found, number = [], 0
    async for item in items:
        number += 1
        if is_wanted(item):
            found.append(item)
        if len(found) == SHOWN or number == SEARCHED:
            break
    return found
