"""Speech that is heard while it is made: the events of `POST /v3/models/audio/tts/stream`."""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator, Iterator
from typing import Any, TypeAlias

import attrs

from heygen_async.errors import ContractError, ServerError
from heygen_async.http import lenient, wire

END = b"[DONE]"


@attrs.frozen(kw_only=True)
class SpeechAudio:
    """A part of the speech.

    Attributes:
        audio: A WAV file of its own.
        part_index: Number of the part, from 0.
    """

    audio: bytes = attrs.field(repr=False)
    part_index: int | None = None


@attrs.frozen(kw_only=True)
class SpeechMoment:
    """A word, or a character, and its time in the speech.

    Attributes:
        text: The word or character.
        start_time: Seconds from the start of the speech.
        end_time: Seconds from the start of the speech.
        confidence: Confidence of the times, 0 to 1.
    """

    text: str = attrs.field(repr=False)
    start_time: float
    end_time: float
    confidence: float | None = None


@attrs.frozen(kw_only=True)
class SpeechTimes:
    """Times of words, or of single characters, which HeyGen sends after the audio that they belong to.

    Attributes:
        words: Words and their times.
        characters: Characters of the text and their times.
    """

    words: tuple[SpeechMoment, ...] = ()
    characters: tuple[SpeechMoment, ...] = ()


SpeechEvent: TypeAlias = SpeechAudio | SpeechTimes


async def read_speech(chunks: AsyncIterator[bytes], subject: str) -> AsyncIterator[SpeechEvent]:
    """Yield the events of a stream; kinds that this package does not know are left out.

    Raises:
        ServerError: HeyGen could not go on. Such a stream is not charged.
        ContractError: An event cannot be read.
    """
    async for data in _messages(chunks):
        if data.strip() == END:
            return
        event = lenient.parse(data)
        if not isinstance(event, dict):
            raise ContractError(f"{subject}: an event of the stream is no JSON object")
        if event.get("type") == "error":
            raise ServerError(f"{subject}: the speech broke off: {event.get('detail') or 'HeyGen gives no reason'}")
        for found in _events(event, subject):
            yield found


async def _messages(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the data of each server-sent event. Source: WHATWG HTML, server-sent events."""
    pending, lines = b"", list[bytes]()
    async for chunk in chunks:
        *whole, pending = (pending + chunk).split(b"\n")
        for line in whole:
            name, _, value = line.rstrip(b"\r").partition(b":")
            if name == b"data":
                lines.append(value.removeprefix(b" "))
            elif not name and lines:
                yield b"\n".join(lines)
                lines = []
    if lines:
        yield b"\n".join(lines)


def _events(event: dict[str, Any], subject: str) -> Iterator[SpeechEvent]:
    kind = event.get("type")
    if kind == "audio":
        try:
            audio = base64.b64decode(event["audio"], validate=True)
        except (KeyError, TypeError, binascii.Error) as exc:
            raise ContractError(f"{subject}: the audio of the stream is no base64: {exc!r}") from exc
        index = event.get("part_index")
        yield SpeechAudio(audio=audio, part_index=index if isinstance(index, int) else None)
    elif kind == "alignment":
        yield SpeechTimes(words=_moments(event.get("word_alignments"), subject))
    elif kind == "character_alignment":
        yield SpeechTimes(characters=_moments(event.get("original_characters"), subject))


def _moments(listed: Any, subject: str) -> tuple[SpeechMoment, ...]:
    return wire.decode(listed or [], tuple[SpeechMoment, ...], f"{subject}: $")
