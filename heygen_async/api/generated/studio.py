"""Videos of several scenes: `/v3/videos`."""

# Written by tests/codegen/generate.py from HeyGen's contract: change that, not this.

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import attrs

from heygen_async.api.fields import cross_field_rules
from heygen_async.api.fields.assets import Asset, as_asset, asset
from heygen_async.api.fields.contract_rules import (
    as_tuple,
    color,
    encode_request,
    items,
    number,
    required,
    string,
    web_address,
)
from heygen_async.api.fields.extra import extra_fields
from heygen_async.api.fields.looks import Caption, Engine, Watermark, as_engine, engine
from heygen_async.api.fields.rules import boolean, instance_of, one_of
from heygen_async.api.fields.voices import VoiceSettings
from heygen_async.api.handles import polling
from heygen_async.api.handles.video import CreatedVideo, VideoJob
from heygen_async.http.call import Call, Options, data_reader
from heygen_async.http.caller import Caller


@attrs.frozen(kw_only=True)
class StudioColor:
    """A plain color behind an avatar.

    Attributes:
        color: `#rrggbb`.

    Source: `StudioColorBackgroundInput`.
    """

    wire_tag: ClassVar[tuple[str, str]] = ("type", "color")
    color: str = attrs.field(validator=[required, color])


@attrs.frozen(kw_only=True)
class StudioAvatar:
    """An avatar that speaks.

    Attributes:
        avatar_id: A look's id.
        audio_asset_id: Uploaded audio.
        audio_url: Address of the audio.
        background: A color behind the avatar.
        engine: avatar_iii, avatar_iv (HeyGen's default) or avatar_v; the look must support it.
        expressiveness: high, medium, low; photo looks on avatar_iv only.
        motion_prompt: How the avatar moves.
        script: What is spoken: 1 to 5,000 characters.
        voice_id: Whose voice.
        voice_settings: Speed, pitch, volume; with a script only.

    Source: `StudioAvatarInput`.
    """

    wire_tag: ClassVar[tuple[str, str]] = ("type", "avatar")
    avatar_id: str = attrs.field(validator=[required, string()])
    audio_asset_id: str | None = attrs.field(default=None, validator=string())
    audio_url: str | None = attrs.field(default=None, validator=web_address(), repr=False)
    background: StudioColor | None = attrs.field(default=None, validator=instance_of(StudioColor))
    engine: Engine | None = attrs.field(default=None, converter=as_engine, validator=engine)
    expressiveness: str | None = attrs.field(default=None, validator=one_of("high", "medium", "low"))
    motion_prompt: str | None = attrs.field(default=None, validator=string())
    script: str | None = attrs.field(default=None, validator=string(1, 5000), repr=False)
    voice_id: str | None = attrs.field(default=None, validator=string())
    voice_settings: VoiceSettings | None = attrs.field(default=None, validator=instance_of(VoiceSettings))

    def __attrs_post_init__(self) -> None:
        """Check what the fields say together."""
        cross_field_rules.studio_avatar(self)


@attrs.frozen(kw_only=True)
class AvatarScene:
    """A scene in which an avatar speaks.

    Attributes:
        input: Who speaks, and what.

    Source: `AvatarVideoScene`.
    """

    wire_tag: ClassVar[tuple[str, str]] = ("type", "avatar_video")
    input: StudioAvatar = attrs.field(validator=[required, instance_of(StudioAvatar)])


@attrs.frozen(kw_only=True)
class ImageScene:
    """A picture: silent for `duration` seconds, or narrated.

    Attributes:
        source: The picture or film; a plain address will do.
        audio_asset_id: Uploaded audio.
        audio_url: Address of the audio.
        duration: Seconds: 0 to 300.
        script: What is spoken: 1 to 5,000 characters.
        voice_id: Whose voice.
        voice_settings: Speed, pitch, volume; with a script only.

    Source: `ImageScene`.
    """

    wire_tag: ClassVar[tuple[str, str]] = ("type", "image")
    source: Asset = attrs.field(converter=as_asset, validator=asset())
    audio_asset_id: str | None = attrs.field(default=None, validator=string())
    audio_url: str | None = attrs.field(default=None, validator=web_address(), repr=False)
    duration: float | None = attrs.field(default=None, validator=number(0, 300, above=True))
    script: str | None = attrs.field(default=None, validator=string(1, 5000), repr=False)
    voice_id: str | None = attrs.field(default=None, validator=string())
    voice_settings: VoiceSettings | None = attrs.field(default=None, validator=instance_of(VoiceSettings))

    def __attrs_post_init__(self) -> None:
        """Check what the fields say together."""
        cross_field_rules.image_scene(self)


@attrs.frozen(kw_only=True)
class Playback:
    """How a film is played.

    Attributes:
        mode: How: freeze, loop or fit_to_scene.
        mute: Without its own sound; stronger than `volume`.
        volume: 0 to 1.

    Source: `VideoScenePlayback`.
    """

    mode: str | None = attrs.field(default=None, validator=one_of("freeze", "loop", "fit_to_scene"))
    mute: bool | None = attrs.field(default=None, validator=boolean())
    volume: float | None = attrs.field(default=None, validator=number(0, 1))


@attrs.frozen(kw_only=True)
class VideoScene:
    """A film, with a voiceover if you like.

    Attributes:
        source: The picture or film; a plain address will do.
        audio_asset_id: Uploaded audio.
        audio_url: Address of the audio.
        playback: What to do with a film that is shorter than its scene.
        script: What is spoken: 1 to 5,000 characters.
        voice_id: Whose voice.
        voice_settings: Speed, pitch, volume; with a script only.

    Source: `VideoScene`.
    """

    wire_tag: ClassVar[tuple[str, str]] = ("type", "video")
    source: Asset = attrs.field(converter=as_asset, validator=asset())
    audio_asset_id: str | None = attrs.field(default=None, validator=string())
    audio_url: str | None = attrs.field(default=None, validator=web_address(), repr=False)
    playback: Playback | None = attrs.field(default=None, validator=instance_of(Playback))
    script: str | None = attrs.field(default=None, validator=string(1, 5000), repr=False)
    voice_id: str | None = attrs.field(default=None, validator=string())
    voice_settings: VoiceSettings | None = attrs.field(default=None, validator=instance_of(VoiceSettings))

    def __attrs_post_init__(self) -> None:
        """Check what the fields say together."""
        cross_field_rules.video_scene(self)


@attrs.frozen(kw_only=True)
class StudioVideo:
    """A video of several scenes.

    Attributes:
        scenes: 1 to 50, shown one after another.
        aspect_ratio: Width to height: 16:9, 9:16, 4:5, 5:4, 1:1 or auto.
        brand_glossary_id: How your brand's words are spoken.
        callback_id: Comes back in the call.
        callback_url: Called when it ends, unsigned.
        caption: Subtitles.
        folder_id: Where it is put.
        resolution: Of the picture: 4k, 1080p or 720p.
        title: Its name at HeyGen.
        watermark: Enterprise only.
        extra: Further fields.

    Source: `CreateVideoFromStudio`.
    """

    wire_tag: ClassVar[tuple[str, str]] = ("type", "studio")
    kind: ClassVar[str] = "studio"
    scenes: tuple[AvatarScene | ImageScene | VideoScene, ...] = attrs.field(
        converter=as_tuple, validator=[required, items(instance_of(AvatarScene, ImageScene, VideoScene), 1, 50)]
    )
    aspect_ratio: str | None = attrs.field(default=None, validator=one_of("16:9", "9:16", "4:5", "5:4", "1:1", "auto"))
    brand_glossary_id: str | None = attrs.field(default=None, validator=string(1))
    callback_id: str | None = attrs.field(default=None, validator=string())
    callback_url: str | None = attrs.field(default=None, validator=web_address(), repr=False)
    caption: Caption | None = attrs.field(default=None, validator=instance_of(Caption))
    folder_id: str | None = attrs.field(default=None, validator=string())
    resolution: str | None = attrs.field(default=None, validator=one_of("4k", "1080p", "720p"))
    title: str | None = attrs.field(default=None, validator=string())
    watermark: Watermark | None = attrs.field(default=None, validator=instance_of(Watermark))
    extra: Mapping[str, Any] | None = extra_fields()


class Studio:
    """`heygen.studio`: videos of several scenes."""

    def __init__(self, caller: Caller) -> None:
        """Ask by *caller*."""
        self._caller = caller

    async def create(self, request: StudioVideo, options: Options | None = None) -> VideoJob:
        """Make one video of up to 50 scenes. Costs money.

        A scene that fails fails the whole.

        Raises:
            InsufficientCreditError: The account cannot pay; nothing was made.

        Source: `POST /v3/videos`, `type: studio`.
        """
        call = Call(
            method="POST",
            path="/v3/videos",
            route="/v3/videos",
            body=encode_request(request, StudioVideo),
            read=data_reader(CreatedVideo),
            takes_key=True,
            costs=True,
        )
        created = await self._caller.send(call, options)
        return VideoJob(self._caller, created.video_id, polling.DIRECT)
