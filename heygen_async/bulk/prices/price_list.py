"""HeyGen's price list: US dollars a second of video by HeyGen's own words for kind, engine, look, mode and resolution.

A request has words: `avatar avatar_iv photo_avatar 1080p`. A rate applies to requests that have all of its words; of
several rates the one with the most words applies.

Source: HeyGen's pricing page in its newest stored copy, resellers' pages of the same months where that says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from heygen_async.api.requests.kinds import base_of

AS_OF = "2026-11-28"
PRICE_LIST = f"HeyGen's price list as read on {AS_OF}"

_OLD_4K = "4K is priced by older copies of the list: the newest has no price of its own for it"
_FACTOR = "1080p and 2K of model videos are priced by a single source"
_GUESS = "HeyGen publishes no price of clippings, background and filler word removals: theirs is a guess"


@attrs.frozen
class Rate:
    """A price of the list.

    Attributes:
        low: Least US dollars a second; of a cinematic shot, for the whole video.
        high: Most US dollars.
        note: Reason to doubt the price; empty if it is sure.
    """

    low: float
    high: float
    note: str = ""

    def __or__(self, other: Rate) -> Rate:
        """Return the range of both."""
        return Rate(min(self.low, other.low), max(self.high, other.high), self.note or other.note)


USD: Mapping[str, Rate] = {
    "avatar_iii photo_avatar": Rate(0.0433, 0.0433),
    "avatar_iii digital_twin": Rate(0.0167, 0.0167),
    "avatar_iii studio_avatar": Rate(0.0167, 0.0167),
    "avatar_iv photo_avatar": Rate(0.05, 0.05),
    "avatar_iv digital_twin": Rate(0.0667, 0.0667),
    "avatar_iv studio_avatar": Rate(0.0667, 0.0667),
    "avatar_v photo_avatar": Rate(0.05, 0.05),
    "avatar_v digital_twin": Rate(0.0667, 0.0667),
    "avatar_v studio_avatar": Rate(0.0667, 0.0667),
    # Older copies: 0.0667 for photo looks, 0.0833 for others. The newest may mean that 4K costs no more.
    "avatar_iii photo_avatar 4k": Rate(0.0433, 0.0667, _OLD_4K),
    "avatar_iii digital_twin 4k": Rate(0.0167, 0.0833, _OLD_4K),
    "avatar_iii studio_avatar 4k": Rate(0.0167, 0.0833, _OLD_4K),
    "avatar_iv photo_avatar 4k": Rate(0.05, 0.0667, _OLD_4K),
    "avatar_iv digital_twin 4k": Rate(0.0667, 0.0833, _OLD_4K),
    "avatar_iv studio_avatar 4k": Rate(0.0667, 0.0833, _OLD_4K),
    "avatar_v photo_avatar 4k": Rate(0.05, 0.0667, _OLD_4K),
    "avatar_v digital_twin 4k": Rate(0.0667, 0.0833, _OLD_4K),
    "avatar_v studio_avatar 4k": Rate(0.0667, 0.0833, _OLD_4K),
    "studio": Rate(0.05, 0.0667),  # scenes without an avatar, of which the list says nothing
    "studio 4k": Rate(0.05, 0.0833, _OLD_4K),
    "template": Rate(0.05, 0.0667),  # the engine and the look are the template's
    "video_agent": Rate(0.0333, 0.0333),
    "cinematic_avatar 720p": Rate(7.0, 7.0),
    "cinematic_avatar 1080p": Rate(7.0, 7.0),
    "translation speed": Rate(0.0333, 0.0333),
    "translation precision": Rate(0.0667, 0.0667),
    "translation speed translate_audio_only": Rate(0.0167, 0.0167),
    "translation precision translate_audio_only": Rate(0.0167, 0.0167),
    "lipsync speed": Rate(0.0333, 0.0333),
    "lipsync precision": Rate(0.0667, 0.0667),
    "text_to_video 480p": Rate(0.02, 0.02),
    "text_to_video 768p": Rate(0.03, 0.03),
    "text_to_video 1080p": Rate(0.09, 0.09, _FACTOR),
    "text_to_video 2k": Rate(0.09, 0.09, _FACTOR),
    "image_to_video 480p": Rate(0.02, 0.02),
    "image_to_video 768p": Rate(0.03, 0.03),
    "image_to_video 1080p": Rate(0.09, 0.09, _FACTOR),
    "image_to_video 2k": Rate(0.09, 0.09, _FACTOR),
    # These are for the seconds of the reference films, too.
    "reference_to_video 480p": Rate(0.04, 0.04),
    "reference_to_video 768p": Rate(0.06, 0.06),
    "reference_to_video 1080p": Rate(0.18, 0.18, _FACTOR),
    "reference_to_video 2k": Rate(0.18, 0.18, _FACTOR),
    "clipping": Rate(0.0333, 0.0667, _GUESS),
    "background_removal": Rate(0.0333, 0.0667, _GUESS),
    "filler_word_removal": Rate(0.0333, 0.0667, _GUESS),
}
UNPUBLISHED = frozenset({"clipping", "background_removal", "filler_word_removal"})

LOOKS = ("photo_avatar", "digital_twin", "studio_avatar")
_SPOKEN = frozenset({"avatar_iii", "avatar_iv", "avatar_v", *LOOKS, "720p", "1080p", "4k"})
_DUBBED = frozenset({"speed", "precision", "translate_audio_only"})
_MODEL = frozenset({"text_to_video", "image_to_video", "reference_to_video", "480p", "768p", "1080p", "2k"})
_KNOWN: Mapping[str, frozenset[str]] = {
    "avatar": _SPOKEN,
    "image": _SPOKEN,
    "studio": _SPOKEN,
    "cinematic_avatar": frozenset({"720p", "1080p"}),
    "translation": _DUBBED,
    "lipsync": _DUBBED,
    "model_video": _MODEL | {"heygen-video-1"},
}
_DEFAULT_RESOLUTION = {"cinematic_avatar": "720p", "model_video": "768p"}
_DEFAULT_MODE = {"translation": "speed", "lipsync": "speed", "model_video": "reference_to_video"}


@attrs.frozen(kw_only=True)
class Words:
    """The words by which a request, or one scene of it, is priced.

    Attributes:
        kind: Kind of the request, as in `kinds`.
        words: Its words, the kind among them.
        looks: Kinds of look that it may have; empty if no look matters.
    """

    kind: str
    words: frozenset[str]
    looks: tuple[str, ...] = ()

    def each(self) -> Iterator[frozenset[str]]:
        """Yield the words for each kind of look that it may have."""
        yield from ((self.words | {look}) for look in self.looks) if self.looks else (self.words,)

    def unknown(self, words: frozenset[str]) -> frozenset[str]:
        """Return the words of which this price list knows nothing."""
        return words - _KNOWN.get(self.kind, frozenset()) - {self.kind}


def words_of(kind: str, body: Mapping[str, Any], looks: Mapping[str, str], scene: Mapping[str, Any]) -> Words:
    """Return the words of a request, or of one *scene* of it.

    Args:
        kind: Kind of the request.
        body: JSON object of its POST.
        looks: Kinds of looks by their ids, as far as they are known.
        scene: The part that names engine and look: the body itself, or the avatar of a scene; empty without one.
    """
    base = base_of(kind)
    words = {base}
    if base in {"avatar", "image"} or (base == "studio" and scene):
        words.add(_engine(scene) or "avatar_iv")
    elif engine := _engine(body):
        words.add(engine)
    if resolution := body.get("resolution") or _DEFAULT_RESOLUTION.get(base):
        words.add(str(resolution))
    if base in _DEFAULT_MODE:
        words.add(str(body.get("mode") or _DEFAULT_MODE[base]))
    if base == "translation" and body.get("translate_audio_only"):
        words.add("translate_audio_only")
    if base == "model_video":
        words.add(str(body.get("model") or "heygen-video-1"))
    return Words(kind=base, words=frozenset(words), looks=_looks(base, scene, looks))


def _engine(part: Mapping[str, Any]) -> str | None:
    engine = part.get("engine")
    name = engine.get("type") if isinstance(engine, Mapping) else engine
    return None if name is None else str(name)


def _looks(base: str, scene: Mapping[str, Any], known: Mapping[str, str]) -> tuple[str, ...]:
    """Return the kinds of look that a part may have: the known one of its id, else all."""
    if base == "image":
        return ("photo_avatar",)
    if base == "avatar" or (base == "studio" and scene):
        look = known.get(str(scene.get("avatar_id")))
        return LOOKS if look is None else (look,)
    return ()
