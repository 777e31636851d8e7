"""Looks and voices that the account can use."""

from __future__ import annotations

from typing import Any

import attrs

USERNAME = "simulator"

ENGINES: dict[str, tuple[str, ...]] = {
    "photo_avatar": ("avatar_v", "avatar_iv"),
    "digital_twin": ("avatar_v", "avatar_iv", "avatar_iii"),
    "studio_avatar": ("avatar_iv", "avatar_iii"),
}


@attrs.frozen(kw_only=True)
class CatalogLook:
    """One look of an avatar. Requests name it as `avatar_id`.

    Attributes:
        id: Id of the look.
        name: Name in lists.
        group_id: Avatar group that the look belongs to.
        avatar_type: "photo_avatar", "digital_twin" or "studio_avatar".
        gender: Gender in lists.
        orientation: "portrait" or "landscape".
        default_voice_id: Voice of requests that name none.
        private: True if the look belongs to the account, False if it is public.
        ready_at: Loop time from which it can be used; None for the looks of a new account.
    """

    id: str
    name: str
    group_id: str
    avatar_type: str
    gender: str | None
    orientation: str = "landscape"
    default_voice_id: str | None = None
    private: bool = False
    ready_at: float | None = None

    @property
    def engines(self) -> tuple[str, ...]:
        """Names of the engines that can render this look."""
        return ENGINES[self.avatar_type]

    def status(self, now: float, *, consent: bool) -> str | None:
        """Return the status at loop time *now*; public looks have none.

        Args:
            now: Loop time.
            consent: True if the person shown has consented, which only digital twins need.
        """
        if not self.private:
            return None
        if self.ready_at is not None and now < self.ready_at:
            return "processing"
        return "completed" if consent or self.avatar_type != "digital_twin" else "pending_consent"

    def view(self, status: str | None) -> dict[str, Any]:
        """Return this look as ``AvatarLookItem`` of the contract."""
        width, height = (1080, 1920) if self.orientation == "portrait" else (1920, 1080)
        return {
            "id": self.id,
            "group_id": self.group_id,
            "name": self.name,
            "avatar_type": self.avatar_type,
            "supported_api_engines": list(self.engines),
            "preferred_orientation": self.orientation,
            "image_width": width,
            "image_height": height,
            "default_voice_id": self.default_voice_id,
            "gender": self.gender,
            "status": status,
            "tags": [],
            "preview_image_url": None
            if status == "processing"
            else f"https://files.heygen.example/looks/{self.id}.jpg",
            "preview_video_url": None,
            "error": None,
        }


@attrs.frozen(kw_only=True)
class CatalogVoice:
    """One voice.

    Attributes:
        id: Id of the voice.
        name: Name in lists.
        language: English name of the language.
        gender: Gender in lists.
        engine: Name of the speech engine.
        private: True if the voice belongs to the account, False if it is public.
        ready_at: Loop time from which a clone can be used; None for all other voices.
    """

    id: str
    name: str
    language: str
    gender: str
    engine: str = "starfish"
    private: bool = False
    ready_at: float | None = None

    def view(self) -> dict[str, Any]:
        """Return this voice as ``VoiceItem`` of the contract."""
        return {
            "voice_id": self.id,
            "name": self.name,
            "language": self.language,
            "gender": self.gender,
            "type": "private" if self.private else "public",
            "support_pause": True,
            "support_locale": self.language == "English",
            "preview_audio_url": f"https://files.heygen.example/voices/{self.id}.mp3",
        }

    def status(self, now: float) -> str | None:
        """Return the status at loop time *now*; public voices have none."""
        if not self.private:
            return None
        return "processing" if self.ready_at is not None and now < self.ready_at else "complete"

    def detail(self, status: str | None) -> dict[str, Any]:
        """Return this voice as ``VoiceDetail`` of the contract."""
        shared = ("voice_id", "name", "language", "gender", "support_pause", "preview_audio_url")
        view = self.view()
        return {
            **{name: view[name] for name in shared},
            "support_interactive_avatar": False,
            "status": status,
            "failure_message": None,
            "created_at": None,
        }


@attrs.frozen(kw_only=True)
class CatalogAudioVoice:
    """One audio voice of ``/v3/models/audio/voices``. These are not among the voices of ``/v3/voices``.

    Attributes:
        id: Id of the voice.
        number: Rises with each voice.
        name: Name in lists.
        mode: "instant" or "professional".
        language: Code of the language, if there is one.
        created_at: Unix time.
        ready_at: Loop time from which it can speak; None for the voices of a new account.
    """

    id: str
    number: int
    name: str
    mode: str
    language: str | None
    created_at: int
    ready_at: float | None = None

    def status(self, now: float) -> str:
        """Return the status at loop time *now*."""
        return "PENDING" if self.ready_at is not None and now < self.ready_at else "ACTIVE"

    def view(self, status: str) -> dict[str, Any]:
        """Return this voice as ``ModelAudioVoice`` of the contract."""
        return {
            "voice_id": self.id,
            "mode": self.mode,
            "name": self.name,
            "language": self.language,
            "status": status,
            "created_at": self.created_at,
            "failure_reason": None,
        }


def _look(name: str, avatar_type: str, gender: str, orientation: str, *, private: bool = False) -> CatalogLook:
    slug = name.split(maxsplit=1)[0].lower()
    return CatalogLook(
        id=f"look_{slug}",
        name=name,
        group_id=f"group_{slug}",
        avatar_type=avatar_type,
        gender=gender,
        orientation=orientation,
        default_voice_id="voice_warm" if gender == "female" else "voice_calm",
        private=private,
    )


LOOKS = (
    _look("Anna in the office", "digital_twin", "female", "landscape", private=True),
    _look("Ben at the window", "photo_avatar", "male", "portrait", private=True),
    _look("Chloe on stage", "studio_avatar", "female", "landscape"),
    _look("Dmitri in the workshop", "digital_twin", "male", "portrait"),
    _look("Esi on the sofa", "photo_avatar", "female", "landscape"),
    _look("Farid at the shelf", "studio_avatar", "male", "landscape"),
)

VOICES = (
    CatalogVoice(id="voice_warm", name="Warm", language="English", gender="female"),
    CatalogVoice(id="voice_calm", name="Calm", language="English", gender="male"),
    CatalogVoice(id="voice_bright", name="Bright", language="English", gender="female", engine="elevenlabs"),
    CatalogVoice(id="voice_claire", name="Claire", language="French", gender="female"),
    CatalogVoice(id="voice_jonas", name="Jonas", language="German", gender="male", engine="fish"),
    CatalogVoice(id="voice_lucia", name="Lucía", language="Spanish", gender="female"),
    CatalogVoice(id="voice_mine", name="My own voice", language="English", gender="male", private=True),
)

AUDIO_VOICES = (
    CatalogAudioVoice(
        id="audio_narrator", number=-2, name="Narrator", mode="professional", language="en", created_at=1_750_000_000
    ),
    CatalogAudioVoice(id="audio_mine", number=-1, name="Mine", mode="instant", language="en", created_at=1_750_000_000),
)
