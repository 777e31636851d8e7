"""The events of a speech stream: pure, however the bytes are cut."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from hypothesis import given, strategies as st

from heygen_async import ContractError, ServerError, SpeechAudio, SpeechMoment, SpeechTimes
from heygen_async.api.handles.speech_stream import SpeechEvent, read_speech

AUDIO = {"type": "audio", "part_index": 0, "audio": base64.b64encode(b"RIFF").decode()}
WORD = {"text": "Hi", "start_time": 0, "end_time": 0.4, "confidence": 0.9}
MOMENT = SpeechMoment(text="Hi", start_time=0.0, end_time=0.4, confidence=0.9)


def sse(*events: Any, end: bytes = b"data: [DONE]\n\n", line: bytes = b"\n") -> bytes:
    return b"".join(b"data: " + json.dumps(event).encode() + line * 2 for event in events) + end


async def read(chunks: Sequence[bytes]) -> list[SpeechEvent]:
    async def source() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    return [event async for event in read_speech(source(), "POST /x")]


WHOLE = sse(AUDIO, {"type": "alignment", "word_alignments": [WORD]}, {"type": "tomorrow"}, {**AUDIO, "part_index": 1})
EVENTS = [
    SpeechAudio(audio=b"RIFF", part_index=0),
    SpeechTimes(words=(MOMENT,)),
    SpeechAudio(audio=b"RIFF", part_index=1),
]


@given(st.lists(st.integers(0, len(WHOLE)), max_size=20))
async def test_the_cuts_of_the_network_do_not_matter(cuts: list[int]) -> None:
    """An event may be cut anywhere; kinds that are not known are left out, and [DONE] is the end."""
    places = [0, *sorted(cuts), len(WHOLE)]
    chunks = [WHOLE[start:end] for start, end in itertools.pairwise(places)]
    assert await read([*chunks, sse(AUDIO)]) == EVENTS


@pytest.mark.parametrize(
    "body",
    [
        sse(AUDIO, end=b""),
        sse(AUDIO, end=b"").rstrip(),
        sse(AUDIO, end=b"", line=b"\r\n"),
        b": keep alive\nevent: audio\nid: 7\n" + sse(AUDIO),
        b"\n\n" + sse(AUDIO),
        b'data: {"type": "audio",\ndata: "part_index": 0, "audio": "UklGRg=="}\n\n',
    ],
)
async def test_the_forms_of_an_event(body: bytes) -> None:
    """A stream may end without a word, have other fields, comments and either end of line."""
    assert await read([body + b"\n"]) == [SpeechAudio(audio=b"RIFF", part_index=0)]


async def test_characters_have_times_too() -> None:
    """HeyGen sends them for some voices; without a list there are none."""
    event = {"type": "character_alignment", "original_characters": [{"text": "H", "start_time": 0, "end_time": 1}]}
    (times, none) = await read([sse(event, {"type": "alignment"})])
    assert times == SpeechTimes(characters=(SpeechMoment(text="H", start_time=0.0, end_time=1.0),))
    assert none == SpeechTimes()


@pytest.mark.parametrize(
    ("event", "kind", "reason"),
    [
        ({"type": "error", "detail": "too long"}, ServerError, "the speech broke off: too long"),
        ({"type": "error"}, ServerError, "HeyGen gives no reason"),
        ([1], ContractError, "no JSON object"),
        ({"type": "audio"}, ContractError, "no base64: KeyError"),
        ({"type": "audio", "audio": "!"}, ContractError, "no base64"),
        ({"type": "audio", "audio": 7}, ContractError, "no base64"),
        ({"type": "alignment", "word_alignments": [{}]}, ContractError, "'text' is missing"),
    ],
)
async def test_a_stream_that_breaks_off(event: Any, kind: type[Exception], reason: str) -> None:
    """What came before the bad event was heard."""
    with pytest.raises(kind, match=reason):
        await read([sse(AUDIO, event)])


async def test_a_number_of_another_type_is_left_out() -> None:
    assert await read([sse({**AUDIO, "part_index": "first"})]) == [SpeechAudio(audio=b"RIFF")]
