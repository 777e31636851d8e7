"""What the account has to choose from, and what it has added: neither jobs nor files."""

from __future__ import annotations

from typing import Any

import attrs

from heygen_async.simulator.account import stock
from heygen_async.simulator.account.catalog import LOOKS, VOICES, CatalogLook, CatalogVoice

Item = dict[str, Any]


@attrs.define(kw_only=True, eq=False)
class Group:
    """An avatar: what its looks have in common.

    Attributes:
        id: Of the group.
        number: Rises with each group.
        name: For people.
        gender: As listed.
        private: True if it is the account's own.
        default_voice_id: As set by PATCH.
        created_at: Unix time.
        consent_at: Loop time at which whoever is shown agrees; None if nobody was asked.
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
        """True if whoever is shown has agreed by loop time *now*."""
        return self.consent_at is not None and now >= self.consent_at


@attrs.define(kw_only=True, eq=False)
class ProofreadState:
    """A translation's text, to be corrected before it is spoken.

    Attributes:
        id: Of the proofread.
        language: Of the text.
        body: Of the request.
        created_at: Loop time.
        ready_at: Loop time at which the text is there.
        srt_url: Where it can be read.
        original_srt_url: Where it can be read as it was made.
    """

    id: str
    language: str
    body: Item
    created_at: float
    ready_at: float
    srt_url: str
    original_srt_url: str

    def status(self, now: float) -> str:
        """Return the status at loop time *now*."""
        return "completed" if now >= self.ready_at else "processing"


@attrs.define(kw_only=True)
class Library:
    """Shelves, each by id; what comes later stands behind.

    Attributes:
        looks: Appearances; private ones can be added.
        voices: Voices; private ones can be added.
        groups: Avatars, of which the looks are looks.
        folders: Of the account.
        proofreads: Of the account.
        templates: To be filled in.
        images: Generations that can be read.
        pictures: Public images and icons, as the search lists them.
    """

    looks: dict[str, CatalogLook] = attrs.field(factory=lambda: {look.id: look for look in LOOKS})
    voices: dict[str, CatalogVoice] = attrs.field(factory=lambda: {voice.id: voice for voice in VOICES})
    groups: dict[str, Group] = attrs.field(factory=lambda: {group.id: group for group in _first_groups()})
    folders: dict[str, Item] = attrs.field(factory=dict)
    proofreads: dict[str, ProofreadState] = attrs.field(factory=dict)
    templates: dict[str, Item] = attrs.field(factory=lambda: {item["id"]: item for item in stock.TEMPLATES})
    images: dict[str, Item] = attrs.field(factory=lambda: {item["generation_id"]: item for item in stock.IMAGES})
    pictures: list[Item] = attrs.field(factory=lambda: list(stock.PICTURES))

    def has_consent(self, look: CatalogLook, now: float) -> bool:
        """True if whoever *look* shows has agreed by loop time *now*."""
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
            number=number - len(LOOKS),  # before all that will be made
            name=look.name.split(maxsplit=1)[0],
            gender=look.gender,
            private=look.private,
            default_voice_id=look.default_voice_id,
            created_at=stock.LONG_AGO,
            consent_at=float("-inf"),
        )
        for number, look in enumerate(LOOKS)
    ]
