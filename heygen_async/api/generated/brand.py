"""Your brand's colors, fonts and words: `/v3/brand-glossaries`, `/v3/brand-kits`."""

# Written by tests/codegen/generate.py from HeyGen's contract: change that, not this.

from __future__ import annotations

import attrs

from heygen_async.api.fields.contract_rules import number
from heygen_async.http import wire
from heygen_async.http.caller import Caller
from heygen_async.http.pages import Listing


@attrs.frozen(kw_only=True)
class BrandKit:
    """Your brand's colors and logo.

    Attributes:
        brand_kit_id: Its id.
        name: As shown at HeyGen.
        colors: Of the brand.
        logo_url: Picture of the logo.

    Source: `BrandKitItem`.
    """

    brand_kit_id: str
    name: str
    colors: tuple[str, ...] | None = None
    logo_url: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class BrandGlossary:
    """How your brand's words are spoken.

    Attributes:
        brand_glossary_id: How your brand's words are spoken.
        created_at: When it was made.
        name: As shown at HeyGen.
        updated_at: When it was last changed.

    Source: `BrandGlossaryItem`.
    """

    brand_glossary_id: str
    created_at: str
    name: str
    updated_at: str


@attrs.frozen(kw_only=True)
class _KitsQuery:
    """Source: `GET /v3/brand-kits`."""

    limit: int | None = attrs.field(default=None, validator=number(1, 100, whole=True))


@attrs.frozen(kw_only=True)
class _GlossariesQuery:
    """Source: `GET /v3/brand-glossaries`."""

    limit: int | None = attrs.field(default=None, validator=number(1, 100, whole=True))


class Brand:
    """`heygen.brand`: your brand's colors, fonts and words."""

    def __init__(self, caller: Caller) -> None:
        """Ask by *caller*."""
        self._caller = caller

    def kits(self, *, limit: int = 100) -> Listing[BrandKit]:
        """List brand kits.

        Args:
            limit: Items a page, 1 to 100.

        Source: `GET /v3/brand-kits`.
        """
        asked = wire.encode(_KitsQuery(limit=limit))
        return Listing(self._caller, "/v3/brand-kits", BrandKit, asked)

    def glossaries(self, *, limit: int = 100) -> Listing[BrandGlossary]:
        """List brand glossaries.

        Args:
            limit: Items a page, 1 to 100.

        Source: `GET /v3/brand-glossaries`.
        """
        asked = wire.encode(_GlossariesQuery(limit=limit))
        return Listing(self._caller, "/v3/brand-glossaries", BrandGlossary, asked)
