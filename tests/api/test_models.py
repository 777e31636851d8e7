"""Speech that is streamed, voices that are made, and images: `heygen.models` against the simulator."""

from __future__ import annotations

import anyio
import pytest

from heygen_async import (
    HeyGen,
    InstantVoice,
    InvalidInputError,
    ModelImageRequest,
    ModelSpeechRequest,
    Options,
    SpeechAudio,
    SpeechStreamRequest,
    SpeechTimes,
    errors,
)
from heygen_async.simulator import DropAfterAccept, DropBefore, Malformed, RateLimitStorm, Slow, Truncated, World

SOUND = "https://example.com/me.wav"
FACE = "https://example.com/me.png"
STREAM = "/v3/models/audio/tts/stream"
SAY = SpeechStreamRequest(voice_id="audio_mine", text="one two three four five six", with_timestamps=True)


async def test_speech_comes_in_parts(heygen: HeyGen, world: World) -> None:
    """Audio and times alternate; it is one paid request, and the pool of connections is left clean."""
    async with heygen.models.stream_speech(SAY) as speech:
        events = [event async for event in speech]
    assert [type(event) for event in events] == [SpeechAudio, SpeechTimes] * 2
    words = [word.text for event in events if isinstance(event, SpeechTimes) for word in event.words]
    assert words == SAY.text.split()
    assert all(event.audio.startswith(b"RIFF") for event in events if isinstance(event, SpeechAudio))
    assert (world.request_counts()[f"POST {STREAM}"], len(world.ledger)) == (1, 1)


async def test_a_stream_may_be_left(heygen: HeyGen) -> None:
    """The connection is closed with the block; the client works on."""
    async with heygen.models.stream_speech(SAY) as speech:
        async for _ in speech:
            break
    assert (await heygen.users.me()).username == "simulator"


@pytest.mark.parametrize("fault", [RateLimitStorm(path=STREAM, times=2, retry_after=5), DropBefore(path=STREAM, nth=1)])
async def test_what_was_not_executed(heygen: HeyGen, world: World, fault: RateLimitStorm | DropBefore) -> None:
    """A 429 is waited out. A request without an answer is not sent twice, since HeyGen takes no key."""
    world.faults.append(fault)
    if isinstance(fault, RateLimitStorm):
        async with heygen.models.stream_speech(SAY) as speech:
            assert len([event async for event in speech]) == 4
        assert world.request_counts()[f"POST {STREAM}"] == 3
    else:
        with pytest.raises(errors.OutcomeUnknownError):
            async with heygen.models.stream_speech(SAY):
                pass
        assert world.request_counts()[f"POST {STREAM}"] == 1


async def test_a_lost_answer_is_not_asked_for_again(heygen: HeyGen, world: World) -> None:
    """It may have been executed."""
    world.faults.append(DropAfterAccept(nth=1))
    with pytest.raises(errors.OutcomeUnknownError):
        async with heygen.models.stream_speech(SAY):
            pass
    assert len(world.ledger) == 1


async def test_a_stream_that_is_cut(heygen: HeyGen, world: World) -> None:
    """The parts before the cut are heard, then the error comes."""
    world.faults.append(Truncated(path=STREAM))
    events = []
    with pytest.raises(errors.ConnectionLostError):
        async with heygen.models.stream_speech(SAY) as speech:
            async for event in speech:
                events.append(event)  # noqa: PERF401 - what came before the error counts
    assert len(events) < 4


async def test_refusals(heygen: HeyGen, world: World) -> None:
    """An error envelope is the error that it is; a request of another kind is not sent."""
    with pytest.raises(errors.NotFoundError):
        async with heygen.models.stream_speech(SpeechStreamRequest(voice_id="voice_warm", text="Hi")):
            pass
    world.balance_usd = 0
    with pytest.raises(errors.InsufficientCreditError):
        async with heygen.models.stream_speech(SAY):
            pass
    sent = len(world.requests)
    with pytest.raises(InvalidInputError, match="must be a SpeechStreamRequest"):
        async with heygen.models.stream_speech(ModelSpeechRequest(voice_id="a", text="Hi")):  # type: ignore[arg-type]  # the case
            pass
    assert len(world.requests) == sent


async def test_an_answer_that_is_no_stream(heygen: HeyGen, world: World) -> None:
    """A good status with another type of body tells nothing: the speech may have been made."""
    world.faults.append(Malformed(path=STREAM))
    with pytest.raises(errors.OutcomeUnknownError, match="without a stream of events"):
        async with heygen.models.stream_speech(SAY):
            pass


async def test_an_opening_has_a_deadline(heygen: HeyGen, world: World) -> None:
    """Only the opening: the answer may then take as long as it likes."""
    world.faults.append(Slow(path=STREAM, seconds=60))
    with pytest.raises(errors.DeadlineExceededError):
        async with heygen.models.stream_speech(SAY, Options(deadline=5)):
            pass


async def test_a_voice_is_made_and_speaks(heygen: HeyGen, world: World) -> None:
    """The handle waits until the voice is active."""
    job = await heygen.models.create_voice(InstantVoice(name="Me", audio=[SOUND]))
    voice = await job.wait()
    assert (voice.status, voice.mode) == ("active", "instant")
    spoken = await heygen.models.speech(ModelSpeechRequest(voice_id=voice.voice_id, text="Hi"))
    assert spoken.duration > 0
    assert [each.name async for each in heygen.models.voices()] == ["Me", "Mine", "Narrator"]
    assert (await heygen.models.delete_voice(voice.voice_id)).status == "ok"
    assert len(world.ledger) == 1


async def test_images_are_made(heygen: HeyGen) -> None:
    """The handle waits for all of them."""
    request = ModelImageRequest(model="heygen-image-1", identity_images=[FACE], reference_images=[FACE], num_images=2)
    start = anyio.current_time()
    made = await (await heygen.models.create_image(request)).wait()
    assert [image.seed for image in made.images] == [0, 1]
    assert anyio.current_time() - start >= 30
