"""Rates: prices of the caller by HeyGen's words, and prices that nobody knows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from heygen_async import InvalidInputError, Price, Rates
from heygen_async.bulk.prices.price_list import AS_OF
from heygen_async.bulk.run.run_options import RunSettings

PHOTO = {"avatar_id": "a", "script": "Hi"}
NEW = PHOTO | {"engine": {"type": "avatar_6"}}
LOOKS = {"a": "photo_avatar"}


@pytest.mark.parametrize(
    ("rates", "kind", "body", "usd"),
    [
        (Rates(), "avatar", PHOTO, (0.5, 0.667)),
        (Rates(looks=LOOKS), "avatar", PHOTO, (0.5, 0.5)),
        (Rates(looks={"a": "digital_twin"}), "avatar", PHOTO | {"engine": {"type": "avatar_iii"}}, (0.167, 0.167)),
        (Rates(), "avatar", PHOTO | {"engine": {"type": "avatar_iii"}}, (0.167, 0.433)),
        (Rates(looks=LOOKS), "avatar", PHOTO | {"resolution": "4k"}, (0.5, 0.667)),
        # A rate of a kind is for all of it.
        (Rates(avatar=(0.1, 0.2)), "avatar", PHOTO | {"resolution": "4k"}, (1.0, 2.0)),
        (Rates(avatar=(0.1, 0.2)), "image", {"script": "Hi"}, (0.5, 0.5)),
        (Rates(other=(0.1, 0.1)), "clipping", {}, (1.0, 1.0)),
        (Rates(template=(0.1, 0.1)), "template/tpl_1", {}, (1.0, 1.0)),
        (Rates(cinematic_avatar=5), "cinematic_avatar", {"prompt": "x"}, (5.0, 5.0)),
        # The rate with the most words wins, whatever the order.
        (Rates(per_second={"avatar_iv": 0.3}), "avatar", PHOTO, (3.0, 3.0)),
        (
            Rates(per_second={"avatar_iv photo_avatar": 0.04, "avatar_iv": 0.3}, looks=LOOKS),
            "avatar",
            PHOTO,
            (0.4, 0.4),
        ),
        (Rates(per_second={"avatar_iv": 0.3, "photo_avatar  avatar_iv": 0.04}), "avatar", PHOTO, (0.4, 3.0)),
        (Rates(per_second={"avatar_iv": 0.3}, avatar=(0.1, 0.1)), "avatar", PHOTO, (3.0, 3.0)),
        (Rates(per_second={"avatar_v": 0.3}, avatar=(0.1, 0.1)), "avatar", PHOTO, (1.0, 1.0)),
        (Rates(per_second={"translation translate_audio_only": [0.01, 0.02]}), "translation", {}, (0.333, 0.333)),
        (
            Rates(per_second={"translation translate_audio_only": [0.01, 0.02]}),
            "translation",
            {"translate_audio_only": True},
            (0.1, 0.2),
        ),
        (Rates(per_second={"cinematic_avatar 4k": 9}), "cinematic_avatar", {"resolution": "4k"}, (9.0, 9.0)),
        # A word that the list does not have needs a rate that names it.
        (Rates(avatar=(0.1, 0.1)), "avatar", NEW, None),
        (
            Rates(per_second={"photo_avatar": 0.1}, looks=LOOKS),
            "avatar",
            NEW,
            None,
        ),
        (Rates(per_second={"avatar_6": 0.1}), "avatar", NEW, (1.0, 1.0)),
        (Rates(per_second={"avatar_6": 0.1}), "avatar", PHOTO | {"engine": "avatar_6"}, (1.0, 1.0)),
        (
            Rates(per_second={"avatar_6": 0.1}),
            "avatar",
            NEW | {"resolution": "2k"},
            None,
        ),
        (
            Rates(per_second={"avatar_6": 0.1, "avatar_6 2k": (0.145, 0.15)}),
            "avatar",
            NEW | {"resolution": "2k"},
            (1.45, 1.5),
        ),
        (Rates(), "avatar", PHOTO | {"resolution": "2k"}, None),
        (Rates(), "cinematic_avatar", {"resolution": "4k"}, None),
        (Rates(), "model_video", {"mode": "text_to_video", "model": "heygen-video-2"}, None),
        (Rates(), "model_video", {"mode": "film_to_video"}, None),
        (Rates(looks={"a": "hologram"}), "avatar", PHOTO, None),
        (Rates(), "hologram", {}, None),
        (Rates(), "video_agent", {"prompt": "x", "engine": {"type": "avatar_6"}}, None),
        # Settlements of requests that are not known in full.
        (Rates(), "avatar", {}, (0.5, 0.667)),
        (Rates(), "studio", {}, (0.5, 0.667)),
        (Rates(), "studio", {"scenes": [{"type": "image"}, {"input": PHOTO | {"engine": {"type": "x"}}}]}, None),
        (Rates(), "studio", {"scenes": "two"}, (0.5, 0.667)),
    ],
)
def test_the_rate_with_the_most_words_applies(
    rates: Rates, kind: str, body: dict[str, Any], usd: tuple[float, float] | None
) -> None:
    """Ten seconds of video; None is a price that nobody knows."""
    assert rates.price(kind, 10, body) == (None if usd is None else pytest.approx(usd))
    assert bool(rates.estimate(kind, body).unknown) == (usd is None)
    assert bool(rates.unknown_words(kind, body)) == (usd is None)


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        ("avatar", NEW | {"resolution": "2k"}, "2k avatar_6"),
        ("avatar", PHOTO | {"engine": {"type": "avatar_iii"}, "resolution": "2k"}, "2k"),
        ("studio", {"scenes": [{"input": PHOTO}, {"input": PHOTO | {"engine": {"type": "avatar_7"}}}]}, "avatar_7"),
        ("cinematic_avatar", {"resolution": "4k"}, "4k"),
        ("model_video", {"mode": "text_to_video", "model": "heygen-video-2"}, "heygen-video-2"),
    ],
)
def test_the_words_of_an_unknown_price_are_those_that_need_one(kind: str, body: dict[str, Any], words: str) -> None:
    """A rate for the words that are named makes the price known."""
    assert Rates().unknown_words(kind, body) == words
    assert Rates(per_second={words: 0.2}).unknown_words(kind, body) == ""


def test_odd_values_of_extra_do_not_break_an_estimate() -> None:
    """Lengths, speeds and lists of another type than today's are passed over; a wide range is estimated."""
    assert Rates().estimate("model_video", {"mode": "text_to_video", "duration": "long"}).high == pytest.approx(0.45)
    assert Rates().estimate("cinematic_avatar", {"duration": True}).high == 7.0
    body = {"script": "Hi", "voice_settings": {"speed": "fast", "locale": 5}, "avatar_id": "a"}
    assert Rates().estimate("avatar", body) == Rates().estimate("avatar", {"script": "Hi", "avatar_id": "a"})
    assert not Rates().estimate("lipsync", {"start_time": "now", "end_time": "later"}).unknown
    body = {"mode": "reference_to_video", "reference_videos": "all"}
    assert Rates().price("model_video", 5, body) == pytest.approx((0.3, 0.3))


def test_a_sum_tells_what_it_does_not_count() -> None:
    """Unknown prices are counted beside the amounts; reasons to doubt the list and its date go along."""
    old = Rates(looks=LOOKS).estimate("avatar", PHOTO | {"resolution": "4k"})
    both = old + Rates().estimate("avatar", NEW)
    assert (both.low, both.high, both.unknown) == (old.low, old.high, 1)
    assert str(both).endswith("), and 1 of unknown price")
    assert [note.partition(":")[0] for note in both.notes] == ["4K is priced by older copies of the list"]
    assert both.as_of == Price().as_of == AS_OF


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"avatar": (2.0, 1.0)}, "Rates.avatar: (2.0, 1.0); must be US dollars, least and most"),
        ({"avatar": (-1.0, 1.0)}, "must be US dollars"),
        ({"avatar": (1.0,)}, "must be US dollars"),
        ({"avatar": "free"}, "must be US dollars"),
        ({"avatar": (0.1, float("inf"))}, "must be US dollars"),
        ({"cinematic_avatar": -7}, "must be US dollars of a video"),
        ({"per_second": [0.1]}, "must be a mapping such as"),
        ({"per_second": {" ": 0.1}}, "must be HeyGen's words"),
        ({"per_second": {3: 0.1}}, "must be HeyGen's words"),
        ({"per_second": {"avatar_6": "cheap"}}, "must be US dollars of avatar_6"),
        ({"per_second": {"avatar_6": True}}, "must be US dollars of avatar_6"),
        ({"looks": {"a": 1}}, "must be kinds of looks by id"),
        ({"looks": "a"}, "must be kinds of looks by id"),
    ],
)
def test_a_wrong_rate_is_refused(fields: dict[str, Any], says: str) -> None:
    """A budget relies on rates, so a rate is an amount, or two in order."""
    with pytest.raises(InvalidInputError) as caught:
        Rates(**fields)
    assert says in caught.value.message


def test_rates_survive_a_journal() -> None:
    """Only what was given is stored; what an earlier version stored of the list of its time is left out."""
    rates = Rates(avatar=(0.1, 0.2), per_second={"avatar_6 2k": 0.145}, looks=LOOKS, cinematic_avatar=5.0)
    settings = RunSettings(rates=rates)
    assert RunSettings.from_json(settings.to_json()).rates == rates
    stored = json.loads(settings.to_json())["rates"]
    assert stored == {
        "avatar": [0.1, 0.2],
        "cinematic_avatar": 5.0,
        "per_second": {"avatar_6 2k": [0.145, 0.145]},
        "looks": LOOKS,
    }
    assert Rates.of({"avatar": [0.05, 0.0667], "image": [0.04, 0.04]}) == Rates(image=(0.04, 0.04))


def test_looks_that_were_given_stay() -> None:
    """What a preflight learns is added to what the caller knows."""
    rates = Rates(looks={"a": "photo_avatar"}).knowing({"a": "digital_twin", "b": "studio_avatar"})
    assert rates.looks == {"a": "photo_avatar", "b": "studio_avatar"}
    assert rates.knowing({}) is rates
