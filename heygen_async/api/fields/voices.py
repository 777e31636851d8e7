"""`VoiceSettings` and the settings of the engines behind voices."""

from __future__ import annotations

from typing import ClassVar

import attrs

from heygen_async.api.fields.choices import ElevenLabsModel, FishModel
from heygen_async.api.fields.rules import (
    between,
    boolean,
    choice,
    instance_of,
    refuse,
    sendable_text,
)
from heygen_async.reprs import ShortRepr


@attrs.frozen(kw_only=True, repr=False)
class ElevenLabsSettings(ShortRepr):
    """Tuning of an ElevenLabs voice.

    Attributes:
        model: eleven_multilingual_v2, eleven_turbo_v2_5, eleven_flash_v2_5 or eleven_v3.
        stability: 0 to 1; with eleven_v3 only 0, 0.5 or 1.
        similarity_boost: 0 to 1.
        style: 0 to 1.
        use_speaker_boost: True to switch the speaker boost on.

    Source: `ElevenLabsEngineSettings`.
    """

    wire_tag: ClassVar[tuple[str, str]] = ("engine_type", "elevenlabs")
    model: ElevenLabsModel | None = choice(ElevenLabsModel)
    stability: float | None = attrs.field(default=None, validator=between(0, 1))
    similarity_boost: float | None = attrs.field(default=None, validator=between(0, 1))
    style: float | None = attrs.field(default=None, validator=between(0, 1))
    use_speaker_boost: bool | None = attrs.field(default=None, validator=boolean())

    def __attrs_post_init__(self) -> None:
        """Check the stability against the model."""
        if self.model == "eleven_v3" and self.stability not in {None, 0, 0.5, 1}:
            refuse(self, "stability", self.stability, "must be 0, 0.5 or 1 with model eleven_v3")


@attrs.frozen(kw_only=True, repr=False)
class FishSettings(ShortRepr):
    """Tuning of a Fish voice: model s1 (HeyGen's default) or s2-pro, stability 0 to 1, similarity 0 to 1.

    Source: `FishEngineSettings`.
    """

    wire_tag: ClassVar[tuple[str, str]] = ("engine_type", "fish")
    model: FishModel | None = choice(FishModel)
    stability: float | None = attrs.field(default=None, validator=between(0, 1))
    similarity: float | None = attrs.field(default=None, validator=between(0, 1))


@attrs.frozen(kw_only=True, repr=False)
class StarfishSettings(ShortRepr):
    """Settings of a Starfish voice, which has no tuning. Source: `StarfishEngineSettings`."""

    wire_tag: ClassVar[tuple[str, str]] = ("engine_type", "starfish")


@attrs.frozen(kw_only=True, repr=False)
class VoiceSettings(ShortRepr):
    """Tuning of the voice that speaks a script. It has no effect on supplied audio.

    Attributes:
        speed: Multiple of normal speed, 0.5 to 1.5; HeyGen's default is 1.
        pitch: Semitones, -50 to 50; HeyGen's default is 0.
        volume: 0 to 1; HeyGen's default is 1.
        locale: Accent, such as `pt-BR`, for voices that support it.
        engine_settings: Settings of the voice's engine; HeyGen refuses those of another engine.

    Source: `voice_settings` of `POST /v3/videos`.
    """

    speed: float | None = attrs.field(default=None, validator=between(0.5, 1.5))
    pitch: float | None = attrs.field(default=None, validator=between(-50, 50))
    volume: float | None = attrs.field(default=None, validator=between(0, 1))
    locale: str | None = attrs.field(default=None, validator=sendable_text())
    engine_settings: ElevenLabsSettings | FishSettings | StarfishSettings | None = attrs.field(
        default=None, validator=instance_of(ElevenLabsSettings, FishSettings, StarfishSettings)
    )
