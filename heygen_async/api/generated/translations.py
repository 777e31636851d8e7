"""Films in other languages: `/v3/video-translations`."""

# Written by tests/codegen/generate.py from HeyGen's contract: change that, not this.

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

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
from heygen_async.api.fields.rules import boolean, instance_of, one_of
from heygen_async.api.generated.shared import Deleted, Rename
from heygen_async.api.handles import polling
from heygen_async.api.handles.batches import Batch, CreatedBatch
from heygen_async.api.handles.server_job import Ends, ServerJob
from heygen_async.api.handles.video import Statuses, VideoStatus
from heygen_async.http import wire
from heygen_async.http.call import Call, Options, data_reader, path_id
from heygen_async.http.caller import Caller
from heygen_async.http.id_lists import id_lists
from heygen_async.http.pages import Listing

_TRANSLATION = Ends(
    subject="translation",
    files=(
        "video_url",
        "audio_url",
    ),
)


_TRANSLATION_BATCH = Ends(subject="translation batch", succeeded=frozenset({"completed", "failed"}), failed=frozenset())


@attrs.frozen(kw_only=True)
class StockVoices:
    """HeyGen's voices instead of cloned ones.

    Attributes:
        preferred_stock_voice_ids: Which ones.
        use_stock_voice: Whether to.

    Source: `StockVoiceConfig`.
    """

    preferred_stock_voice_ids: tuple[str, ...] | None = attrs.field(
        default=None, converter=as_tuple, validator=items(string())
    )
    use_stock_voice: bool | None = attrs.field(default=None, validator=boolean())


@attrs.frozen(kw_only=True)
class TranslationRequest:
    """A film and the languages that it is to speak.

    Attributes:
        output_languages: Names of languages, as `heygen.translations.languages()` has them.
        video: The source; a plain address will do.
        audio: The new sound; a plain address will do.
        brand_glossary_id: How your brand's words are spoken.
        brand_voice_id: The old name of `brand_glossary_id`.
        callback_id: Comes back in the call.
        callback_url: Called when it ends, unsigned.
        disable_music_track: Leave out the music.
        enable_caption: Make captions too.
        enable_dynamic_duration: Let the length follow the speech; HeyGen's default is True.
        enable_speech_enhancement: Clean the speech.
        enable_watermark: Mark the video.
        end_time: Where to stop, in seconds.
        folder_id: Where it is put.
        fps_mode: vfr, cfr or passthrough: what becomes of the frame rate.
        input_language: What is spoken; found out if absent.
        keep_the_same_format: Keep codec and size of the source.
        mode: How: speed or precision.
        speaker_num: How many people speak.
        srt: Your own subtitles; a plain address will do.
        srt_role: Whether they are in the language that is spoken (input) or that is wanted (output).
        start_time: Where to begin, in seconds.
        stock_voice_config: Take HeyGen's voices instead of cloning. Enterprise only.
        title: Its name at HeyGen.
        translate_audio_only: Leave the lips alone.
        extra: Further fields.

    Source: `CreateVideoTranslationRequest`.
    """

    kind: ClassVar[str] = "translation"
    output_languages: tuple[str, ...] = attrs.field(converter=as_tuple, validator=[required, items(string(), 1)])
    video: AssetUrl | AssetId = attrs.field(converter=as_asset, validator=file_reference())
    audio: AssetUrl | AssetId | None = attrs.field(
        default=None, converter=attrs.converters.optional(as_asset), validator=optional(file_reference())
    )
    brand_glossary_id: str | None = attrs.field(default=None, validator=string())
    brand_voice_id: str | None = attrs.field(default=None, validator=string())
    callback_id: str | None = attrs.field(default=None, validator=string())
    callback_url: str | None = attrs.field(default=None, validator=web_address(), repr=False)
    disable_music_track: bool | None = attrs.field(default=None, validator=boolean())
    enable_caption: bool | None = attrs.field(default=None, validator=boolean())
    enable_dynamic_duration: bool | None = attrs.field(default=None, validator=boolean())
    enable_speech_enhancement: bool | None = attrs.field(default=None, validator=boolean())
    enable_watermark: bool | None = attrs.field(default=None, validator=boolean())
    end_time: float | None = attrs.field(default=None, validator=number(0))
    folder_id: str | None = attrs.field(default=None, validator=string())
    fps_mode: str | None = attrs.field(default=None, validator=one_of("vfr", "cfr", "passthrough"))
    input_language: str | None = attrs.field(default=None, validator=string())
    keep_the_same_format: bool | None = attrs.field(default=None, validator=boolean())
    mode: str | None = attrs.field(default=None, validator=one_of("speed", "precision"))
    speaker_num: int | None = attrs.field(default=None, validator=number(whole=True))
    srt: AssetUrl | AssetId | None = attrs.field(
        default=None, converter=attrs.converters.optional(as_asset), validator=optional(file_reference())
    )
    srt_role: str | None = attrs.field(default=None, validator=one_of("input", "output"))
    start_time: float | None = attrs.field(default=None, validator=number(0))
    stock_voice_config: StockVoices | None = attrs.field(default=None, validator=instance_of(StockVoices))
    title: str | None = attrs.field(default=None, validator=string())
    translate_audio_only: bool | None = attrs.field(default=None, validator=boolean())
    extra: Mapping[str, Any] | None = extra_fields()


@attrs.frozen(kw_only=True)
class CreatedTranslations:
    """Ids to follow.

    Attributes:
        video_translation_ids: One for each language.

    Source: `CreatedVideoTranslations`.
    """

    video_translation_ids: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Translation:
    """A translated film, as it is now.

    Attributes:
        id: Its id.
        status: pending, running, completed or failed; HeyGen may add words.
        audio_url: Address of the audio.
        callback_id: Comes back in the call.
        created_at: When it was made.
        duration: Seconds.
        failure_message: The same in words.
        input_language: What is spoken; found out if absent.
        output_language: What it speaks now.
        srt_caption_url: Captions; short-lived.
        title: Its name at HeyGen.
        translate_audio_only: Leave the lips alone.
        video_url: Presigned and short-lived: download it now or read it again.
        vtt_caption_url: Captions; short-lived.

    Source: `VideoTranslationDetail`.
    """

    id: str
    status: str
    audio_url: str | None = attrs.field(default=None, repr=False)
    callback_id: str | None = None
    created_at: float | None = None
    duration: float | None = None
    failure_message: str | None = None
    input_language: str | None = None
    output_language: str | None = None
    srt_caption_url: str | None = attrs.field(default=None, repr=False)
    title: str | None = None
    translate_audio_only: bool | None = None
    video_url: str | None = attrs.field(default=None, repr=False)
    vtt_caption_url: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class TranslationLanguages:
    """Names of languages.

    Attributes:
        languages: As `output_languages` takes them.

    Source: `TranslationLanguages`.
    """

    languages: tuple[str, ...]


@attrs.frozen(kw_only=True)
class TranslationRequests:
    """Translations in one request.

    Attributes:
        video_translations: What is asked for; each language counts: 1 to 100 of them.
        callback_url: Called when it ends, unsigned.
        title: Its name at HeyGen.
        extra: Further fields.

    Source: `CreateVideoTranslationBatchRequest`.
    """

    video_translations: tuple[TranslationRequest, ...] = attrs.field(
        converter=as_tuple, validator=[required, items(instance_of(TranslationRequest), 1, 100)]
    )
    callback_url: str | None = attrs.field(default=None, validator=web_address(), repr=False)
    title: str | None = attrs.field(default=None, validator=string())
    extra: Mapping[str, Any] | None = extra_fields()


@attrs.frozen(kw_only=True)
class _ListQuery:
    """Source: `GET /v3/video-translations`."""

    limit: int | None = attrs.field(default=None, validator=number(1, 100, whole=True))


class Translations:
    """`heygen.translations`: films in other languages."""

    def __init__(self, caller: Caller) -> None:
        """Ask by *caller*."""
        self._caller = caller

    async def create(
        self, request: TranslationRequest, options: Options | None = None
    ) -> tuple[ServerJob[Translation], ...]:
        """Have a film speak other languages. Costs 0.0333 (speed) to 0.0667 (precision) US dollars a second.

        Returns a job for each language.

        Raises:
            InsufficientCreditError: The account cannot pay; nothing was made.

        Source: `POST /v3/video-translations`.
        """
        call = Call(
            method="POST",
            path="/v3/video-translations",
            route="/v3/video-translations",
            body=encode_request(request, TranslationRequest),
            read=data_reader(CreatedTranslations),
            takes_key=True,
            costs=True,
        )
        created = await self._caller.send(call, options)
        return tuple(follow_translation(self._caller, name, polling.DIRECT) for name in created.video_translation_ids)

    def list(self, *, limit: int = 100) -> Listing[Translation]:
        """List translations, newest first.

        Args:
            limit: Items a page, 1 to 100.

        Source: `GET /v3/video-translations`.
        """
        asked = wire.encode(_ListQuery(limit=limit))
        return Listing(self._caller, "/v3/video-translations", Translation, asked)

    async def languages(self, options: Options | None = None) -> TranslationLanguages:
        """Return the names of languages.

        Source: `GET /v3/video-translations/languages`.
        """
        call = Call(
            method="GET",
            path="/v3/video-translations/languages",
            route="/v3/video-translations/languages",
            read=data_reader(TranslationLanguages),
        )
        return await self._caller.send(call, options)

    async def get(self, video_translation_id: str, options: Options | None = None) -> Translation:
        """Return a translation as it is now.

        Source: `GET /v3/video-translations/{video_translation_id}`.
        """
        call = read_translation(video_translation_id)
        return await self._caller.send(call, options)

    async def rename(
        self,
        video_translation_id: str,
        title: str,
        options: Options | None = None,
        *,
        extra: Mapping[str, Any] | None = None,
    ) -> Translation:
        """Give a translation another title.

        Args:
            video_translation_id: Whose.
            title: Its name at HeyGen.
            extra: Further fields.
            options: As for every call.

        Source: `PATCH /v3/video-translations/{video_translation_id}`.
        """
        call = Call(
            method="PATCH",
            path=f"/v3/video-translations/{path_id(video_translation_id)}",
            route="/v3/video-translations/{video_translation_id}",
            body=wire.encode(Rename(title=title, extra=extra)),
            read=data_reader(Translation),
        )
        return await self._caller.send(call, options)

    async def delete(self, video_translation_id: str, options: Options | None = None) -> Deleted:
        """Delete a translation.

        Source: `DELETE /v3/video-translations/{video_translation_id}`.
        """
        call = Call(
            method="DELETE",
            path=f"/v3/video-translations/{path_id(video_translation_id)}",
            route="/v3/video-translations/{video_translation_id}",
            read=data_reader(Deleted),
        )
        return await self._caller.send(call, options)

    async def create_batch(
        self,
        video_translations: Iterable[TranslationRequest],
        options: Options | None = None,
        *,
        callback_url: str | None = None,
        title: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> ServerJob[Batch]:
        """Ask for many translations at once, up to 100 counted by language. Costs money for each.

        One malformed item refuses the whole batch, and nothing is made.

        Args:
            video_translations: What is asked for; each language counts: 1 to 100 of them.
            callback_url: Called when it ends, unsigned.
            title: Its name at HeyGen.
            extra: Further fields.
            options: As for every call.

        Raises:
            InsufficientCreditError: The account cannot pay; nothing was made.

        Source: `POST /v3/video-translations/batches`.
        """
        call = Call(
            method="POST",
            path="/v3/video-translations/batches",
            route="/v3/video-translations/batches",
            body=wire.encode(
                TranslationRequests(
                    video_translations=video_translations, callback_url=callback_url, title=title, extra=extra
                )
            ),
            read=data_reader(CreatedBatch),
            takes_key=True,
            costs=True,
        )
        created = await self._caller.send(call, options)
        return follow_translation_batch(self._caller, created.batch_id, polling.DIRECT)

    async def batch(self, batch_id: str, options: Options | None = None) -> Batch:
        """Return a batch as it is now.

        Source: `GET /v3/video-translations/batches/{batch_id}`.
        """
        call = read_translation_batch(batch_id)
        return await self._caller.send(call, options)

    async def statuses(
        self,
        video_translation_ids: Iterable[str] = (),
        options: Options | None = None,
        *,
        batch_ids: Iterable[str] = (),
    ) -> Statuses:
        """Return how far up to 100 translations are.

        Source: `GET /v3/video-translations/statuses`.
        """
        call = Call(
            method="GET",
            path="/v3/video-translations/statuses",
            route="/v3/video-translations/statuses",
            query=id_lists(video_translation_ids=video_translation_ids, batch_ids=batch_ids),
            read=data_reader(list[VideoStatus]),
        )
        return await self._caller.send(call, options)

    def job(self, video_translation_id: str) -> ServerJob[Translation]:
        """Return a handle on one that was begun earlier; asks nothing yet."""
        return follow_translation(self._caller, path_id(video_translation_id), polling.RESUMED)

    def batch_job(self, batch_id: str) -> ServerJob[Batch]:
        """Return a handle on one that was begun earlier; asks nothing yet.

        It ends when every item has; `items` tells which have failed.
        """
        return follow_translation_batch(self._caller, path_id(batch_id), polling.RESUMED)


def read_translation(video_translation_id: str) -> Call[Translation]:
    """Return the call that reads one."""
    return Call(
        method="GET",
        path=f"/v3/video-translations/{path_id(video_translation_id)}",
        route="/v3/video-translations/{video_translation_id}",
        read=data_reader(Translation),
    )


def follow_translation(caller: Caller, video_translation_id: str, pace: polling.Pace) -> ServerJob[Translation]:
    """Return a handle on one."""
    return ServerJob(caller, video_translation_id, read_translation, _TRANSLATION, pace)


def read_translation_batch(batch_id: str) -> Call[Batch]:
    """Return the call that reads one."""
    return Call(
        method="GET",
        path=f"/v3/video-translations/batches/{path_id(batch_id)}",
        route="/v3/video-translations/batches/{batch_id}",
        query={"limit": 100},
        read=data_reader(Batch),
    )


def follow_translation_batch(caller: Caller, batch_id: str, pace: polling.Pace) -> ServerJob[Batch]:
    """Return a handle on one."""
    return ServerJob(caller, batch_id, read_translation_batch, _TRANSLATION_BATCH, pace)
