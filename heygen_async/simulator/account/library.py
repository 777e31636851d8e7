"""The account's library: avatars, voices, folders, proofreads, templates and images."""

from __future__ import annotations

from typing import Any

import attrs

from heygen_async.simulator.account import sample_data
from heygen_async.simulator.account.catalog import (
    AUDIO_VOICES,
    LOOKS,
    VOICES,
    CatalogAudioVoice,
    CatalogLook,
    CatalogVoice,
)

Item = dict[str, Any]


@attrs.define(kw_only=True, eq=False)
class Group:
    """An avatar group: a person or character, with one or more looks.

    Attributes:
        id: Id of the group.
        number: Rises with each group.
        name: Name in lists.
        gender: Gender in lists.
        private: True if the group belongs to the account, False if it is public.
        default_voice_id: Default voice, which PATCH changes.
        created_at: Unix time.
        consent_at: Loop time at which the person shown consents; None if consent was not requested.
    """

    id: str
    number: int
    name: str
    gender: str | None
    private: bool
    default_voice_id: str | None
    created_at: int
    consent_at: float | None = None

    def has_consent(self, now: float) -> bool:
        """Return True if the person shown has consented by loop time *now*."""
        return self.consent_at is not None and now >= self.consent_at


@attrs.define(kw_only=True, eq=False)
class ProofreadState:
    """A proofread: the text of a translation, which can be corrected before the video is made.

    Attributes:
        id: Id of the proofread.
        number: Rises with each proofread.
        language: Language of the text.
        body: Body of the request.
        created_at: Loop time.
        ready_at: Loop time at which the text is ready.
        srt_url: Address of the text.
        original_srt_url: Address of the text before any correction.
    """

    id: str
    number: int
    language: str
    body: Item
    created_at: float
    ready_at: float
    srt_url: str
    original_srt_url: str

    def status(self, now: float) -> str:
        """Return the status at loop time *now*."""
        return "completed" if now >= self.ready_at else "processing"


@attrs.define(kw_only=True, eq=False)
class ImageGeneration:
    """Images of a model, which are shown once all of them are made.

    Attributes:
        item: ``ModelImageJob`` of the contract, as it is when all images are made.
        ready_at: Loop time at which they are made.
    """

    item: Item
    ready_at: float = float("-inf")

    def view(self, now: float) -> Item:
        """Return the job at loop time *now*."""
        return self.item if now >= self.ready_at else {**self.item, "status": "pending", "images": []}


@attrs.define(kw_only=True)
class Library:
    """Looks, voices and other objects of the account by id, in order of creation.

    Attributes:
        looks: Looks, to which private ones can be added.
        voices: Voices, to which private ones can be added.
        groups: Avatar groups, to which the looks belong.
        folders: Folders.
        proofreads: Proofreads of translations.
        templates: Templates for videos.
        images: Generated images.
        audio_voices: Audio voices.
        deleted_audio_voices: Ids of audio voices that were deleted.
        brand_kits: Brand kits.
        brand_glossaries: Brand glossaries with their terms.
        pictures: Public images and icons that the asset search finds.
    """

    looks: dict[str, CatalogLook] = attrs.field(factory=lambda: {look.id: look for look in LOOKS})
    voices: dict[str, CatalogVoice] = attrs.field(factory=lambda: {voice.id: voice for voice in VOICES})
    groups: dict[str, Group] = attrs.field(factory=lambda: {group.id: group for group in _first_groups()})
    folders: dict[str, Item] = attrs.field(factory=dict)
    proofreads: dict[str, ProofreadState] = attrs.field(factory=dict)
    templates: dict[str, Item] = attrs.field(factory=lambda: {item["id"]: dict(item) for item in sample_data.TEMPLATES})
    images: dict[str, ImageGeneration] = attrs.field(
        factory=lambda: {item["generation_id"]: ImageGeneration(item=item) for item in sample_data.IMAGES}
    )
    audio_voices: dict[str, CatalogAudioVoice] = attrs.field(
        factory=lambda: {voice.id: voice for voice in AUDIO_VOICES}
    )
    deleted_audio_voices: set[str] = attrs.field(factory=set)
    brand_kits: dict[str, Item] = attrs.field(
        factory=lambda: {item["brand_kit_id"]: dict(item) for item in sample_data.BRAND_KITS}
    )
    brand_glossaries: dict[str, Item] = attrs.field(
        factory=lambda: {item["brand_glossary_id"]: dict(item) for item in sample_data.BRAND_GLOSSARIES}
    )
    pictures: list[Item] = attrs.field(factory=lambda: list(sample_data.PICTURES))

    def has_consent(self, look: CatalogLook, now: float) -> bool:
        """Return True if the person that *look* shows has consented by loop time *now*."""
        group = self.groups.get(look.group_id)
        return group is not None and group.has_consent(now)

    def status(self, look: CatalogLook, now: float) -> str | None:
        """Return the status of *look* at loop time *now*."""
        return look.status(now, consent=self.has_consent(look, now))

    def looks_of(self, group: Group) -> list[CatalogLook]:
        """Return the looks of *group*."""
        return [look for look in self.looks.values() if look.group_id == group.id]


def _first_groups() -> list[Group]:
    return [
        Group(
            id=look.group_id,
            number=number - len(LOOKS),  # negative, so that new groups come after these
            name=look.name.split(maxsplit=1)[0],
            gender=look.gender,
            private=look.private,
            default_voice_id=look.default_voice_id,
            created_at=sample_data.CREATED_AT,
            consent_at=float("-inf"),
        )
        for number, look in enumerate(LOOKS)
    ]
