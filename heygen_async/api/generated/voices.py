"""Voices: to choose, to design, to clone, to let speak: `/v3/voices`."""

# Written by tests/codegen/generate.py from HeyGen's contract: change that, not this.

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from heygen_async.api.fields.assets import Asset, as_asset, asset
from heygen_async.api.fields.contract_rules import encode_request, number, required, string
from heygen_async.api.fields.extra import extra_fields
from heygen_async.api.fields.rules import boolean, one_of
from heygen_async.api.handles import polling
from heygen_async.api.handles.server_job import Ends, ServerJob
from heygen_async.http import wire
from heygen_async.http.call import Call, Options, data_reader, path_id
from heygen_async.http.caller import Caller
from heygen_async.http.pages import Listing

_VOICE = Ends(subject="voice", succeeded=frozenset({"complete", "completed"}))


@attrs.frozen(kw_only=True)
class Voice:
    """A voice.

    Attributes:
        gender: Of the voice or person.
        language: Such as English.
        name: As shown at HeyGen.
        support_locale: Whether accents can be chosen.
        support_pause: Whether it can pause.
        type: Its kind: public or private.
        voice_id: Whose voice.
        preview_audio_url: What it sounds like.

    Source: `VoiceItem`.
    """

    gender: str
    language: str
    name: str
    support_locale: bool
    support_pause: bool
    type: str
    voice_id: str
    preview_audio_url: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class VoiceDetail:
    """A voice; one that was cloned says how far it is.

    Attributes:
        support_pause: Whether it can pause.
        voice_id: Whose voice.
        created_at: When it was made.
        failure_message: The same in words.
        gender: Of the voice or person.
        language: Such as English.
        name: As shown at HeyGen.
        preview_audio_url: What it sounds like.
        status: processing, complete or failed; HeyGen may add words.
        support_interactive_avatar: Whether it can talk live.

    Source: `VoiceDetail`.
    """

    support_pause: bool
    voice_id: str
    created_at: float | None = None
    failure_message: str | None = None
    gender: str | None = None
    language: str | None = None
    name: str | None = None
    preview_audio_url: str | None = attrs.field(default=None, repr=False)
    status: str | None = None
    support_interactive_avatar: bool | None = None


@attrs.frozen(kw_only=True)
class DeletedVoice:
    """What was deleted.

    Attributes:
        voice_id: Whose voice.

    Source: `DeletedVoice`.
    """

    voice_id: str


@attrs.frozen(kw_only=True)
class VoiceDesign:
    """A voice in words.

    Attributes:
        prompt: What you wish, in your words: 1 to 1,000 characters.
        gender: Of the voice or person.
        locale: Such as `pt-BR`.
        seed: The same seed, the same result.
        extra: Further fields.

    Source: `DesignVoiceRequest`.
    """

    prompt: str = attrs.field(validator=[required, string(1, 1000)], repr=False)
    gender: str | None = attrs.field(default=None, validator=string())
    locale: str | None = attrs.field(default=None, validator=string())
    seed: int | None = attrs.field(default=None, validator=number(0, whole=True))
    extra: Mapping[str, Any] | None = extra_fields()


@attrs.frozen(kw_only=True)
class DesignedVoices:
    """Voices to choose from.

    Attributes:
        seed: The same seed, the same result.
        voices: Up to three: 0 to 3 of them.

    Source: `DesignedVoices`.
    """

    seed: int
    voices: tuple[Voice, ...]


@attrs.frozen(kw_only=True)
class VoiceSample:
    """A sample of speech to make a voice from.

    Attributes:
        audio: The new sound; a plain address will do.
        voice_name: 1 to 100 characters.
        language: Such as English.
        remove_background_noise: Clean the sample; HeyGen's default is True.
        extra: Further fields.

    Source: `CreateVoiceCloneRequest`.
    """

    audio: Asset = attrs.field(converter=as_asset, validator=asset())
    voice_name: str = attrs.field(validator=[required, string(1, 100)])
    language: str | None = attrs.field(default=None, validator=string())
    remove_background_noise: bool | None = attrs.field(default=None, validator=boolean())
    extra: Mapping[str, Any] | None = extra_fields()


@attrs.frozen(kw_only=True)
class CreatedVoiceClone:
    """An id to follow.

    Attributes:
        voice_clone_id: The voice's id.

    Source: `CreatedVoiceClone`.
    """

    voice_clone_id: str


@attrs.frozen(kw_only=True)
class SpeechRequest:
    """A text to be spoken.

    Attributes:
        text: What is spoken: 1 to 5,000 characters.
        voice_id: Whose voice.
        input_type: text (HeyGen's default) or ssml.
        language: Such as English.
        locale: Such as `pt-BR`.
        speed: Multiple of normal speed, 0.5 to 2.
        extra: Further fields.

    Source: `CreateSpeechRequest`.
    """

    text: str = attrs.field(validator=[required, string(1, 5000)], repr=False)
    voice_id: str = attrs.field(validator=[required, string()])
    input_type: str | None = attrs.field(default=None, validator=one_of("text", "ssml"))
    language: str | None = attrs.field(default=None, validator=string())
    locale: str | None = attrs.field(default=None, validator=string())
    speed: float | None = attrs.field(default=None, validator=number(0.5, 2))
    extra: Mapping[str, Any] | None = extra_fields()


@attrs.frozen(kw_only=True)
class WordTimestamp:
    """When a word is spoken.

    Attributes:
        end: Seconds from the beginning.
        start: Seconds from the beginning.
        word: As spoken.

    Source: `WordTimestamp`.
    """

    end: float
    start: float
    word: str


@attrs.frozen(kw_only=True)
class Speech:
    """A spoken text.

    Attributes:
        audio_url: Address of the audio.
        duration: Seconds.
        request_id: Your own name for the request: asked again under it, HeyGen makes nothing new.
        word_timestamps: When each word begins and ends.

    Source: `GeneratedSpeech`.
    """

    audio_url: str = attrs.field(repr=False)
    duration: float
    request_id: str | None = None
    word_timestamps: tuple[WordTimestamp, ...] | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class _ListQuery:
    """Source: `GET /v3/voices`."""

    type: str | None = attrs.field(default=None, validator=one_of("public", "private"))
    engine: str | None = attrs.field(default=None, validator=string())
    language: str | None = attrs.field(default=None, validator=string())
    gender: str | None = attrs.field(default=None, validator=string())
    limit: int | None = attrs.field(default=None, validator=number(1, 100, whole=True))


class Voices:
    """`heygen.voices`: voices: to choose, to design, to clone, to let speak."""

    def __init__(self, caller: Caller) -> None:
        """Ask by *caller*."""
        self._caller = caller

    def list(
        self,
        *,
        kind: str | None = None,
        engine: str | None = None,
        language: str | None = None,
        gender: str | None = None,
        limit: int = 100,
    ) -> Listing[Voice]:
        """List voices.

        Args:
            kind: Only this kind.
            engine: Only what this engine can speak.
            language: Only this one.
            gender: Only this one.
            limit: Items a page, 1 to 100.

        Source: `GET /v3/voices`.
        """
        asked = wire.encode(_ListQuery(type=kind, engine=engine, language=language, gender=gender, limit=limit))
        return Listing(self._caller, "/v3/voices", Voice, asked)

    async def get(self, voice_id: str, options: Options | None = None) -> VoiceDetail:
        """Return a voice.

        Source: `GET /v3/voices/{voice_id}`.
        """
        call = read_voice(voice_id)
        return await self._caller.send(call, options)

    async def delete(self, voice_id: str, options: Options | None = None) -> DeletedVoice:
        """Delete a voice of yours.

        Source: `DELETE /v3/voices/{voice_id}`.
        """
        call = Call(
            method="DELETE",
            path=f"/v3/voices/{path_id(voice_id)}",
            route="/v3/voices/{voice_id}",
            read=data_reader(DeletedVoice),
        )
        return await self._caller.send(call, options)

    async def design(
        self,
        prompt: str,
        options: Options | None = None,
        *,
        gender: str | None = None,
        locale: str | None = None,
        seed: int | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> DesignedVoices:
        """Have up to three voices made from a description.

        HeyGen takes no Idempotency-Key here, so a lost answer is not followed by a second POST.

        Args:
            prompt: What you wish, in your words: 1 to 1,000 characters.
            gender: Of the voice or person.
            locale: Such as `pt-BR`.
            seed: The same seed, the same result.
            extra: Further fields.
            options: As for every call.

        Raises:
            InsufficientCreditError: The account cannot pay; nothing was made.
            OutcomeUnknownError: Sent, perhaps made: look before you ask again.

        Source: `POST /v3/voices`.
        """
        call = Call(
            method="POST",
            path="/v3/voices",
            route="/v3/voices",
            body=wire.encode(VoiceDesign(prompt=prompt, gender=gender, locale=locale, seed=seed, extra=extra)),
            read=data_reader(DesignedVoices),
            costs=True,
        )
        return await self._caller.send(call, options)

    async def clone(
        self,
        audio: Asset | str,
        voice_name: str,
        options: Options | None = None,
        *,
        language: str | None = None,
        remove_background_noise: bool | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> ServerJob[VoiceDetail]:
        """Have a voice made from a sample of speech.

        HeyGen takes no Idempotency-Key here, so a lost answer is not followed by a second POST.

        Args:
            audio: The new sound; a plain address will do.
            voice_name: 1 to 100 characters.
            language: Such as English.
            remove_background_noise: Clean the sample; HeyGen's default is True.
            extra: Further fields.
            options: As for every call.

        Raises:
            InsufficientCreditError: The account cannot pay; nothing was made.
            OutcomeUnknownError: Sent, perhaps made: look before you ask again.

        Source: `POST /v3/voices/clone`.
        """
        call = Call(
            method="POST",
            path="/v3/voices/clone",
            route="/v3/voices/clone",
            body=wire.encode(
                VoiceSample(
                    audio=audio,
                    voice_name=voice_name,
                    language=language,
                    remove_background_noise=remove_background_noise,
                    extra=extra,
                )
            ),
            read=data_reader(CreatedVoiceClone),
            costs=True,
        )
        created = await self._caller.send(call, options)
        return follow_voice(self._caller, created.voice_clone_id, polling.DIRECT)

    async def speech(self, request: SpeechRequest, options: Options | None = None) -> Speech:
        """Have a text of up to 5,000 characters spoken, at once. The voice must support engine starfish.

        HeyGen takes no Idempotency-Key here, so a lost answer is not followed by a second POST.

        Raises:
            InsufficientCreditError: The account cannot pay; nothing was made.
            OutcomeUnknownError: Sent, perhaps made: look before you ask again.

        Source: `POST /v3/voices/speech`.
        """
        call = Call(
            method="POST",
            path="/v3/voices/speech",
            route="/v3/voices/speech",
            body=encode_request(request, SpeechRequest),
            read=data_reader(Speech),
            costs=True,
        )
        return await self._caller.send(call, options)

    def job(self, voice_id: str) -> ServerJob[VoiceDetail]:
        """Return a handle on one that was begun earlier; asks nothing yet."""
        return follow_voice(self._caller, path_id(voice_id), polling.RESUMED)


def read_voice(voice_id: str) -> Call[VoiceDetail]:
    """Return the call that reads one."""
    return Call(
        method="GET",
        path=f"/v3/voices/{path_id(voice_id)}",
        route="/v3/voices/{voice_id}",
        read=data_reader(VoiceDetail),
    )


def follow_voice(caller: Caller, voice_id: str, pace: polling.Pace) -> ServerJob[VoiceDetail]:
    """Return a handle on one."""
    return ServerJob(caller, voice_id, read_voice, _VOICE, pace)
