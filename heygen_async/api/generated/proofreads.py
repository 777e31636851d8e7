"""Translations that are read before they are spoken: `/v3/video-translations`."""

# Written by tests/codegen/generate.py from HeyGen's contract: change that, not this.

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from heygen_async.api.fields.assets import AssetId, AssetUrl, as_asset
from heygen_async.api.fields.contract_rules import (
    as_tuple,
    encode_request,
    file_reference,
    items,
    number,
    optional,
    required,
    string,
    web_address,
)
from heygen_async.api.fields.extra import extra_fields
from heygen_async.api.fields.rules import boolean, one_of
from heygen_async.api.generated.translations import Translation, follow_translation
from heygen_async.api.handles import polling
from heygen_async.api.handles.server_job import Ends, ServerJob
from heygen_async.http import wire
from heygen_async.http.call import Call, Options, data_reader, path_id
from heygen_async.http.caller import Caller

_PROOFREAD = Ends(subject="proofread")


@attrs.frozen(kw_only=True)
class ProofreadRequest:
    """A film whose translation is to be read first.

    Attributes:
        output_languages: Names of languages, as `heygen.translations.languages()` has them.
        title: Its name at HeyGen.
        video: The source; a plain address will do.
        brand_glossary_id: How your brand's words are spoken.
        brand_voice_id: The old name of `brand_glossary_id`.
        disable_music_track: Leave out the music.
        enable_speech_enhancement: Clean the speech.
        enable_video_stretching: Stretch the film where the speech is longer.
        folder_id: Where it is put.
        keep_the_same_format: Keep codec and size of the source.
        mode: How: speed or precision.
        speaker_num: How many people speak.
        srt: Your own subtitles; a plain address will do.
        extra: Further fields.

    Source: `CreateProofreadRequest`.
    """

    output_languages: tuple[str, ...] = attrs.field(converter=as_tuple, validator=[required, items(string(), 1)])
    title: str = attrs.field(validator=[required, string()])
    video: AssetUrl | AssetId = attrs.field(converter=as_asset, validator=file_reference())
    brand_glossary_id: str | None = attrs.field(default=None, validator=string())
    brand_voice_id: str | None = attrs.field(default=None, validator=string())
    disable_music_track: bool | None = attrs.field(default=None, validator=boolean())
    enable_speech_enhancement: bool | None = attrs.field(default=None, validator=boolean())
    enable_video_stretching: bool | None = attrs.field(default=None, validator=boolean())
    folder_id: str | None = attrs.field(default=None, validator=string())
    keep_the_same_format: bool | None = attrs.field(default=None, validator=boolean())
    mode: str | None = attrs.field(default=None, validator=one_of("speed", "precision"))
    speaker_num: int | None = attrs.field(default=None, validator=number(whole=True))
    srt: AssetUrl | AssetId | None = attrs.field(
        default=None, converter=attrs.converters.optional(as_asset), validator=optional(file_reference())
    )
    extra: Mapping[str, Any] | None = extra_fields()


@attrs.frozen(kw_only=True)
class CreatedProofreads:
    """Ids to follow.

    Attributes:
        proofread_ids: One for each language.
        status: processing, completed or failed; HeyGen may add words.

    Source: `CreatedProofreads`.
    """

    proofread_ids: tuple[str, ...]
    status: str


@attrs.frozen(kw_only=True)
class Proofread:
    """A translated text, as it is now.

    Attributes:
        id: Its id.
        status: processing, completed or failed; HeyGen may add words.
        created_at: When it was made.
        failure_message: The same in words.
        input_language: What is spoken; found out if absent.
        output_language: What it speaks now.
        submitted_for_review: Whether a person at HeyGen reads it.
        title: Its name at HeyGen.

    Source: `ProofreadDetail`.
    """

    id: str
    status: str
    created_at: float | None = None
    failure_message: str | None = None
    input_language: str | None = None
    output_language: str | None = None
    submitted_for_review: bool | None = None
    title: str | None = None


@attrs.frozen(kw_only=True)
class ProofreadText:
    """Where the text is.

    Attributes:
        srt_url: The text as it stands; short-lived.
        original_srt_url: What was heard, untranslated.

    Source: `ProofreadSrt`.
    """

    srt_url: str = attrs.field(repr=False)
    original_srt_url: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class ProofreadChanges:
    """Another text.

    Attributes:
        srt: Your own subtitles; a plain address will do.
        extra: Further fields.

    Source: `UpdateProofreadSrtRequest`.
    """

    srt: AssetUrl | AssetId = attrs.field(converter=as_asset, validator=file_reference())
    extra: Mapping[str, Any] | None = extra_fields()


@attrs.frozen(kw_only=True)
class SpokenProofread:
    """How a proofread text is to be spoken.

    Attributes:
        callback_id: Comes back in the call.
        callback_url: Called when it ends, unsigned.
        captions: Whether it has captions.
        translate_audio_only: Leave the lips alone.
        extra: Further fields.

    Source: `GenerateFromProofreadRequest`.
    """

    callback_id: str | None = attrs.field(default=None, validator=string())
    callback_url: str | None = attrs.field(default=None, validator=web_address(), repr=False)
    captions: bool | None = attrs.field(default=None, validator=boolean())
    translate_audio_only: bool | None = attrs.field(default=None, validator=boolean())
    extra: Mapping[str, Any] | None = extra_fields()


@attrs.frozen(kw_only=True)
class CreatedTranslation:
    """An id to follow.

    Attributes:
        status: processing, completed or failed; HeyGen may add words.
        video_translation_id: Its id.

    Source: `GeneratedFromProofread`.
    """

    status: str
    video_translation_id: str


class Proofreads:
    """`heygen.proofreads`: translations that are read before they are spoken."""

    def __init__(self, caller: Caller) -> None:
        """Ask by *caller*."""
        self._caller = caller

    async def create(
        self, request: ProofreadRequest, options: Options | None = None
    ) -> tuple[ServerJob[Proofread], ...]:
        """Have a film's text translated, to be read and put right before it is spoken.

        Returns a job for each language. It costs money when it is spoken: see `generate`.

        Raises:
            InsufficientCreditError: The account cannot pay; nothing was made.

        Source: `POST /v3/video-translations/proofreads`.
        """
        call = Call(
            method="POST",
            path="/v3/video-translations/proofreads",
            route="/v3/video-translations/proofreads",
            body=encode_request(request, ProofreadRequest),
            read=data_reader(CreatedProofreads),
            takes_key=True,
            costs=True,
        )
        created = await self._caller.send(call, options)
        return tuple(follow_proofread(self._caller, name, polling.DIRECT) for name in created.proofread_ids)

    async def get(self, proofread_id: str, options: Options | None = None) -> Proofread:
        """Return a proofread as it is now.

        Source: `GET /v3/video-translations/proofreads/{proofread_id}`.
        """
        call = read_proofread(proofread_id)
        return await self._caller.send(call, options)

    async def srt(self, proofread_id: str, options: Options | None = None) -> ProofreadText:
        """Return where the text is, once it is there.

        Source: `GET /v3/video-translations/proofreads/{proofread_id}/srt`.
        """
        call = Call(
            method="GET",
            path=f"/v3/video-translations/proofreads/{path_id(proofread_id)}/srt",
            route="/v3/video-translations/proofreads/{proofread_id}/srt",
            read=data_reader(ProofreadText),
        )
        return await self._caller.send(call, options)

    async def update_srt(
        self,
        proofread_id: str,
        srt: AssetUrl | AssetId | str,
        options: Options | None = None,
        *,
        extra: Mapping[str, Any] | None = None,
    ) -> Proofread:
        """Replace the text.

        Args:
            proofread_id: Whose.
            srt: Your own subtitles; a plain address will do.
            extra: Further fields.
            options: As for every call.

        Source: `PUT /v3/video-translations/proofreads/{proofread_id}/srt`.
        """
        call = Call(
            method="PUT",
            path=f"/v3/video-translations/proofreads/{path_id(proofread_id)}/srt",
            route="/v3/video-translations/proofreads/{proofread_id}/srt",
            body=wire.encode(ProofreadChanges(srt=srt, extra=extra)),
            read=data_reader(Proofread),
        )
        return await self._caller.send(call, options)

    async def generate(
        self,
        proofread_id: str,
        options: Options | None = None,
        *,
        callback_id: str | None = None,
        callback_url: str | None = None,
        captions: bool | None = None,
        translate_audio_only: bool | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> ServerJob[Translation]:
        """Have the text spoken. Costs 0.0333 (speed) to 0.0667 (precision) US dollars a second.

        Args:
            proofread_id: Whose.
            callback_id: Comes back in the call.
            callback_url: Called when it ends, unsigned.
            captions: Whether it has captions.
            translate_audio_only: Leave the lips alone.
            extra: Further fields.
            options: As for every call.

        Raises:
            InsufficientCreditError: The account cannot pay; nothing was made.

        Source: `POST /v3/video-translations/proofreads/{proofread_id}/generate`.
        """
        call = Call(
            method="POST",
            path=f"/v3/video-translations/proofreads/{path_id(proofread_id)}/generate",
            route="/v3/video-translations/proofreads/{proofread_id}/generate",
            body=wire.encode(
                SpokenProofread(
                    callback_id=callback_id,
                    callback_url=callback_url,
                    captions=captions,
                    translate_audio_only=translate_audio_only,
                    extra=extra,
                )
            ),
            read=data_reader(CreatedTranslation),
            takes_key=True,
            costs=True,
        )
        created = await self._caller.send(call, options)
        return follow_translation(self._caller, created.video_translation_id, polling.DIRECT)

    def job(self, proofread_id: str) -> ServerJob[Proofread]:
        """Return a handle on one that was begun earlier; asks nothing yet."""
        return follow_proofread(self._caller, path_id(proofread_id), polling.RESUMED)


def read_proofread(proofread_id: str) -> Call[Proofread]:
    """Return the call that reads one."""
    return Call(
        method="GET",
        path=f"/v3/video-translations/proofreads/{path_id(proofread_id)}",
        route="/v3/video-translations/proofreads/{proofread_id}",
        read=data_reader(Proofread),
    )


def follow_proofread(caller: Caller, proofread_id: str, pace: polling.Pace) -> ServerJob[Proofread]:
    """Return a handle on one."""
    return ServerJob(caller, proofread_id, read_proofread, _PROOFREAD, pace)
