"""Music and sound effects: `/v3/audio`."""

# Written by tests/codegen/generate.py from HeyGen's contract: change that, not this.

from __future__ import annotations

import attrs

from heygen_async.api.fields.contract_rules import number, required, string
from heygen_async.api.fields.rules import one_of
from heygen_async.http import wire
from heygen_async.http.caller import Caller
from heygen_async.http.pages import Listing


@attrs.frozen(kw_only=True)
class Sound:
    """Music or a sound effect.

    Attributes:
        audio_url: Address of the audio.
        description: What it sounds like.
        id: Its id.
        name: As shown at HeyGen.
        score: How well it fits, 0 to 1.
        type: Its kind: music or sound_effects.
        duration: Seconds.
        peak_offset: Seconds until its strongest moment.
        placement: What it suits.

    Source: `AudioTrack`.
    """

    audio_url: str = attrs.field(repr=False)
    description: str
    id: str
    name: str
    score: float
    type: str
    duration: float | None = None
    peak_offset: float | None = None
    placement: str | None = None


@attrs.frozen(kw_only=True)
class _SoundsQuery:
    """Source: `GET /v3/audio/sounds`."""

    query: str = attrs.field(validator=[required, string()])
    type: str | None = attrs.field(default=None, validator=one_of("music", "sound_effects"))
    limit: int | None = attrs.field(default=None, validator=number(1, 50, whole=True))
    min_score: float | None = attrs.field(default=None, validator=number(0, 1))


class Audio:
    """`heygen.audio`: music and sound effects."""

    def __init__(self, caller: Caller) -> None:
        """Ask by *caller*."""
        self._caller = caller

    def sounds(
        self, query: str, *, kind: str | None = None, limit: int = 50, min_score: float | None = None
    ) -> Listing[Sound]:
        """List music or sound effects that fit a description, the best first.

        Args:
            query: What to look for.
            kind: Only this kind.
            limit: Items a page, 1 to 50.
            min_score: How well it must fit, 0 to 1; HeyGen's default is 0.7.

        Source: `GET /v3/audio/sounds`.
        """
        asked = wire.encode(_SoundsQuery(query=query, type=kind, limit=limit, min_score=min_score))
        return Listing(self._caller, "/v3/audio/sounds", Sound, asked)
