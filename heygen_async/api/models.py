"""`heygen.models`: videos, images, voices and speech of HeyGen's generative models."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from heygen_async.api.fields.contract_rules import encode_request
from heygen_async.api.generated import models as generated
from heygen_async.api.generated.models import SpeechStreamRequest
from heygen_async.api.handles.speech_stream import SpeechEvent, read_speech
from heygen_async.errors import ContractError
from heygen_async.http import wire
from heygen_async.http.call import Call, Options
from heygen_async.http.downloads import StreamedAnswer

_STREAM = "/v3/models/audio/tts/stream"


class Models(generated.Models):
    """`heygen.models`: videos, images, voices and speech of HeyGen's generative models."""

    @contextlib.asynccontextmanager
    async def stream_speech(
        self, request: SpeechStreamRequest, options: Options | None = None
    ) -> AsyncIterator[AsyncIterator[SpeechEvent]]:
        """Open the speech of a text, and yield its parts while HeyGen speaks. Costs money.

            async with heygen.models.stream_speech(SpeechStreamRequest(voice_id="...", text="Hi")) as speech:
                async for event in speech:
                    if isinstance(event, SpeechAudio): play(event.audio)

        Each part is a WAV file. With `with_timestamps` HeyGen sends the times of the words too, as `SpeechTimes`. Costs
        15 US dollars for a million characters; a stream that breaks off, or that you leave, is not charged.

        Raises:
            InsufficientCreditError: The account cannot pay; nothing was spoken.
            OutcomeUnknownError: The request was sent, and no answer came.
            ServerError: HeyGen could not go on; raised by the iteration.

        Source: `POST /v3/models/audio/tts/stream`.
        """
        call = Call(
            method="POST",
            path=_STREAM,
            route=_STREAM,
            body=encode_request(request, SpeechStreamRequest),
            read=_chunks,
            costs=True,
        )
        async with self._caller.stream(call, options) as chunks:
            yield read_speech(chunks, f"POST {_STREAM}")


def _chunks(answer: wire.Answer, subject: str) -> AsyncIterator[bytes]:
    """Return the bytes of a good answer that still comes, or raise the error of a bad one."""
    if isinstance(answer, StreamedAnswer) and answer.headers.get("Content-Type", "").startswith("text/event-stream"):
        return answer.chunks
    if not isinstance(answer, StreamedAnswer):
        wire.read_json(answer, subject)  # raises the error
    raise ContractError(f"{subject}: HTTP {answer.status} without a stream of events", http_status=answer.status)
