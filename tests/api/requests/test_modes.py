"""The request values: what can be built is sent as HeyGen's pages show it, what cannot says why."""

from __future__ import annotations

import base64
import json
import pickle
import re
from collections.abc import Callable, Mapping
from typing import Any, get_args

import attrs
import pytest
from hypothesis import given, strategies as st

from heygen_async.api.fields import assets
from heygen_async.api.fields.assets import AssetBase64, AssetId, AssetUrl
from heygen_async.api.fields.looks import (
    AvatarIII,
    AvatarIV,
    AvatarV,
    Background,
    Caption,
    Watermark,
    WatermarkPlacement,
)
from heygen_async.api.fields.voices import ElevenLabsSettings, FishSettings, StarfishSettings, VoiceSettings
from heygen_async.api.requests import modes
from heygen_async.api.requests.modes import CinematicAvatar, DirectVideo, ImageVideo, VideoAgent, VideoRequest
from heygen_async.errors import InvalidInputError
from heygen_async.http import wire

PNG = AssetBase64(data="aGVsbG8=", media_type="image/png")
PHOTO = "https://example.com/face.png"
LOOK = {"avatar_id": "look"}
SPOKEN = {"avatar_id": "look", "script": "Hi"}


def direct(**fields: Any) -> DirectVideo:
    return DirectVideo(**{**SPOKEN, **fields})


def image(**fields: Any) -> ImageVideo:
    return ImageVideo(**{"image": PHOTO, "voice_id": "v", "script": "Hi", **fields})


def cinematic(**fields: Any) -> CinematicAvatar:
    return CinematicAvatar(**{"prompt": "walks", "avatar_id": "look", **fields})


def agent(**fields: Any) -> VideoAgent:
    return VideoAgent(**{"prompt": "welcome", **fields})


def eleven(**fields: Any) -> ElevenLabsSettings:
    return ElevenLabsSettings(**fields)


def inline(size_bytes: int, media_type: str = "image/png") -> AssetBase64:
    return AssetBase64(data=base64.b64encode(bytes(size_bytes)).decode(), media_type=media_type)


# What HeyGen's own pages show (seeds 000, 001, 004).

SEED_AGENT = """{
    "prompt": "A 60-second onboarding video for our SaaS product. Friendly tone.",
    "callback_url": "https://yourapp.com/webhook/heygen"
}"""
SEED_DIRECT = """{
    "type": "avatar",
    "avatar_id": "your_look_id",
    "voice_id": "your_voice_id",
    "script": "Hi there! This video was created just for you.",
    "aspect_ratio": "auto",
    "resolution": "1080p",
    "callback_url": "https://yourapp.com/webhook/heygen"
}"""
SEED_CINEMATIC = """{
    "type": "cinematic_avatar",
    "prompt": "A founder walks through a sunlit startup office, gesturing toward a whiteboard, shot handheld in a documentary style.",
    "avatar_id": ["your_look_id"],
    "aspect_ratio": "16:9",
    "resolution": "1080p",
    "duration": 10,
    "callback_url": "https://yourapp.com/webhook/heygen"
}"""  # noqa: E501 - as the page prints it
HOOK = "https://yourapp.com/webhook/heygen"


@pytest.mark.parametrize(
    ("request_", "body"),
    [
        (
            VideoAgent(
                prompt="A 60-second onboarding video for our SaaS product. Friendly tone.",
                callback_url=HOOK,
            ),
            SEED_AGENT,
        ),
        (
            DirectVideo(
                avatar_id="your_look_id",
                voice_id="your_voice_id",
                script="Hi there! This video was created just for you.",
                aspect_ratio="auto",
                resolution="1080p",
                callback_url=HOOK,
            ),
            SEED_DIRECT,
        ),
        (
            CinematicAvatar(
                prompt="A founder walks through a sunlit startup office, gesturing toward a whiteboard, "
                "shot handheld in a documentary style.",
                avatar_id=["your_look_id"],
                aspect_ratio="16:9",
                resolution="1080p",
                duration=10,
                callback_url=HOOK,
            ),
            SEED_CINEMATIC,
        ),
    ],
    ids=lambda given: getattr(given, "kind", ""),
)
def test_the_curl_examples_can_be_said(request_: VideoRequest, body: str) -> None:
    """Field by field what HeyGen's guide sends, and nothing else."""
    assert wire.encode(request_) == json.loads(body)


# Seed 004: each row of its table of parameters, as what we are given and what is sent. Its type is `avatar_shots`.
@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        ({"prompt": "p" * 10_000}, {"prompt": "p" * 10_000}),
        ({"avatar_id": ["a", "b", "c"]}, {"avatar_id": ["a", "b", "c"]}),
        (
            {"references": [PHOTO, AssetId(asset_id="i"), PNG]},
            {
                "references": [
                    {"type": "url", "url": PHOTO},
                    {"type": "asset_id", "asset_id": "i"},
                    {"type": "base64", "data": "aGVsbG8=", "media_type": "image/png"},
                ]
            },
        ),
        *[({"aspect_ratio": word}, {"aspect_ratio": word}) for word in ("16:9", "9:16", "1:1")],
        *[({"resolution": word}, {"resolution": word}) for word in ("720p", "1080p")],
        *[({"duration": seconds}, {"duration": seconds}) for seconds in (4, 10, 15)],
        ({"auto_duration": True}, {"auto_duration": True}),
        ({"auto_duration": False, "duration": 5}, {"auto_duration": False, "duration": 5}),
        ({"enhance_prompt": True}, {"enhance_prompt": True}),
        ({"title": "Shot 1"}, {"title": "Shot 1"}),
    ],
)
def test_the_table_of_cinematic_parameters(fields: dict[str, Any], sent: dict[str, Any]) -> None:
    """Under the old name of the type and under the new one, which is the default."""
    expected = {"prompt": "walks", "avatar_id": ["look"], **sent}
    assert wire.encode(cinematic(**fields, wire_type="avatar_shots")) == {"type": "avatar_shots", **expected}
    assert wire.encode(cinematic(**fields)) == {"type": "cinematic_avatar", **expected}


# Rules: what may be built.

GOOD: list[Callable[[], object]] = [
    lambda: direct(script="s"),
    lambda: direct(script="s" * 5_000),
    lambda: direct(script=None, audio_url="http://example.com/a.mp3"),
    lambda: direct(script=None, audio_asset_id="a"),
    lambda: direct(voice_settings=VoiceSettings()),
    lambda: direct(output_format="webm", remove_background=True),
    lambda: direct(output_format="mp4", background="#00ff7F"),
    lambda: direct(engine="avatar_iv", motion_prompt="nods", expressiveness="high"),
    lambda: direct(motion_prompt="nods", expressiveness="low"),
    lambda: direct(engine="avatar_v", motion_prompt="nods"),
    lambda: direct(engine=AvatarIII(), resolution="4k"),
    lambda: direct(title="", folder_id="f", callback_id="c" * 200),
    lambda: direct(extra={"tomorrow": [1, {"a": None}]}),
    lambda: image(image=AssetId(asset_id="i")),
    lambda: image(image=AssetBase64(data="aGVsbG8=", media_type="IMAGE/JPEG")),
    lambda: image(image=inline(50 * 1024 * 1024)),
    lambda: image(script=None, voice_id=None, audio_asset_id="a"),
    lambda: cinematic(prompt="p" * 10_000),
    lambda: cinematic(avatar_id=("a", "b", "c"), references=[AssetId(asset_id="i")] * 9),
    lambda: cinematic(references=[f"https://example.com/{n}.mp4?v=1" for n in range(3)]),
    lambda: cinematic(references=[f"https://example.com/{n}.JPG" for n in range(9)]),
    lambda: cinematic(references=[]),
    lambda: agent(prompt="p" * 10_000, files=[PHOTO] * 20),
    lambda: agent(files=[inline(32 * 1024 * 1024)]),
    lambda: agent(files=[AssetBase64(data="aGVsbG8=", media_type="application/pdf")]),
    lambda: agent(extra={"members": ["m"], "type": "x"}),
    lambda: VoiceSettings(speed=0.5, pitch=-50, volume=0),
    lambda: VoiceSettings(speed=1.5, pitch=50.0, volume=1, locale="pt-BR"),
    lambda: VoiceSettings(engine_settings=StarfishSettings()),
    lambda: eleven(model="eleven_v3", stability=0.5, similarity_boost=0, style=1, use_speaker_boost=False),
    lambda: eleven(model="eleven_v3"),
    lambda: eleven(model="eleven_turbo_v2_5", stability=0.7),
    lambda: FishSettings(model="s2-pro", stability=0, similarity=1),
    lambda: Background(type="image", asset_id="a"),
    lambda: Watermark(image=PNG, scale=2, opacity=0, placement=WatermarkPlacement(offset_x=-1, offset_y=1)),
    lambda: Watermark(image=PHOTO, scale=0.01),
]


@pytest.mark.parametrize("build", GOOD)
def test_what_is_inside_the_limits_is_built_and_sent(build: Callable[[], Any]) -> None:
    """A neighbour of each refusal below; what is built is JSON."""
    assert wire.dumps(wire.encode(build()))


# Rules: what is refused, and the field that is blamed. The third column is said in the message.

BLANKS: list[tuple[Callable[[], object], str, str]] = [
    (lambda build=build, name=name, blank=blank: build(**{name: blank}), name, "not blank")  # type: ignore[misc]  # a default is how a lambda keeps the value
    for build, names in {
        direct: (
            "avatar_id",
            "script",
            "audio_asset_id",
            "voice_id",
            "motion_prompt",
            "folder_id",
            "brand_glossary_id",
        ),
        image: ("script", "voice_id", "callback_id"),
        cinematic: ("prompt", "folder_id", "callback_id"),
        agent: ("prompt", "avatar_id", "voice_id", "style_id", "brand_kit_id", "brand_glossary_id", "visibility"),
        AssetId: ("asset_id",),
        AvatarV: ("reference_look_id",),
        VoiceSettings: ("locale",),
    }.items()
    for name in names
    for blank in ("", " \n\t")
]

BAD: list[tuple[Callable[[], object], str, str]] = [
    *BLANKS,
    # text
    (lambda: direct(script="s" * 5_001), "script", "5,001 characters; must be at most 5,000: shorten it"),
    (lambda: direct(script=5), "script", "5; must be text"),
    (lambda: direct(script="half \ud83d"), "script", "lone surrogate"),
    (lambda: direct(title=5), "title", "5; must be a str"),
    (lambda: direct(title="\ud83d"), "title", "lone surrogate"),
    (lambda: direct(avatar_id=None), "avatar_id", "None; must be text"),
    (lambda: direct(avatar_id=["look"]), "avatar_id", "must be text"),
    (lambda: cinematic(prompt="p" * 10_001), "prompt", "10,001 characters; must be at most 10,000"),
    (lambda: cinematic(prompt=None), "prompt", "None"),
    (lambda: agent(prompt="p" * 10_001), "prompt", "10,001 characters"),
    (lambda: agent(prompt=None), "prompt", "None"),
    (lambda: direct(script="x", avatar_id=7 * 10**80), "avatar_id", "70000.{50,60}; must be text"),
    # addresses
    (lambda: direct(callback_url="example.com/hook"), "callback_url", "https://"),
    (lambda: direct(callback_url="ftp://example.com"), "callback_url", "https://"),
    (lambda: agent(callback_url="https://"), "callback_url", "https://"),
    (lambda: agent(callback_url="https://?x=1"), "callback_url", "with a host"),
    (lambda: AssetUrl(url="https://[x"), "url", "with a host"),
    (lambda: cinematic(callback_url="https://a b"), "callback_url", "https://"),
    (lambda: direct(callback_url=5), "callback_url", "5; must be a str"),
    (lambda: direct(script=None, audio_url="https://x/\udcff"), "audio_url", "lone surrogate"),
    (lambda: AssetUrl(url=None), "url", "None"),  # type: ignore[arg-type]  # that is the point
    (lambda: AssetId(asset_id=None), "asset_id", "None"),  # type: ignore[arg-type]  # the same
    # words
    (lambda: direct(aspect_ratio="16:10"), "aspect_ratio", "'16:10'; must be '16:9' or .*'auto'"),
    (lambda: direct(resolution="1080"), "resolution", "did you mean '1080p'"),
    (lambda: direct(resolution=1080), "resolution", "1080; must be"),
    (lambda: direct(fit="crop"), "fit", "'contain' or 'cover'"),
    (lambda: direct(output_format="mov"), "output_format", "'mp4' or 'webm'"),
    (lambda: direct(expressiveness="hihg"), "expressiveness", "did you mean 'high'"),
    (lambda: direct(engine="avatar_vi"), "engine", "did you mean 'avatar_v'"),
    (lambda: direct(engine=4), "engine", "4; must be"),
    (lambda: cinematic(aspect_ratio="4:5"), "aspect_ratio", "'16:9' or '9:16' or '1:1'"),
    (lambda: cinematic(resolution="4k"), "resolution", "'720p' or '1080p'"),
    (lambda: cinematic(wire_type="avatar_shot"), "wire_type", "did you mean 'avatar_shots'"),
    (lambda: cinematic(wire_type=None), "wire_type", "None"),
    (lambda: agent(mode="chats"), "mode", "did you mean 'chat'"),
    (lambda: agent(orientation="square"), "orientation", "'landscape' or 'portrait'"),
    (lambda: eleven(model="eleven_v2"), "model", "eleven_multilingual_v2"),
    (lambda: FishSettings(model="s2"), "model", "s2-pro"),  # type: ignore[arg-type]  # the point
    (lambda: Caption(file_format="vtt"), "file_format", "'srt'"),  # type: ignore[arg-type]  # the point
    (lambda: Caption(style="bold"), "style", "'default'"),  # type: ignore[arg-type]  # the point
    (lambda: WatermarkPlacement(position="center"), "position", "'top_left'"),  # type: ignore[arg-type]  # the point
    # switches
    *[(lambda name=name: direct(**{name: "yes"}), name, "'yes'; must be a bool") for name in ("remove_background",)],
    (lambda: agent(incognito_mode=1), "incognito_mode", "bool"),
    (lambda: cinematic(auto_duration=0), "auto_duration", "bool"),
    (lambda: cinematic(enhance_prompt="true"), "enhance_prompt", "bool"),
    (lambda: eleven(use_speaker_boost="on"), "use_speaker_boost", "bool"),
    # numbers
    *[
        (lambda bad=bad: VoiceSettings(speed=bad), "speed", "must be a number from 0.5 to 1.5")
        for bad in (0.49, 1.51, True, "1", float("nan"), float("inf"), float("-inf"))
    ],
    (lambda: VoiceSettings(pitch=-50.1), "pitch", "-50 to 50"),
    (lambda: VoiceSettings(pitch=50.1), "pitch", "-50 to 50"),
    (lambda: VoiceSettings(volume=-0.1), "volume", "0 to 1"),
    (lambda: VoiceSettings(volume=1.1), "volume", "0 to 1"),
    (lambda: eleven(stability=1.1), "stability", "0 to 1"),
    (lambda: eleven(similarity_boost=-1), "similarity_boost", "0 to 1"),
    (lambda: eleven(style=2), "style", "0 to 1"),
    (lambda: eleven(model="eleven_v3", stability=0.7), "stability", "0, 0.5 or 1 with model eleven_v3"),
    (lambda: FishSettings(stability=2), "stability", "0 to 1"),
    (lambda: FishSettings(similarity=2), "similarity", "0 to 1"),
    (lambda: Watermark(image=PHOTO, scale=0), "scale", "above 0 to 2"),
    (lambda: Watermark(image=PHOTO, scale=2.1), "scale", "above 0 to 2"),
    (lambda: Watermark(image=PHOTO, opacity=1.1), "opacity", "0 to 1"),
    (lambda: WatermarkPlacement(offset_x=1.1), "offset_x", "-1 to 1"),
    (lambda: WatermarkPlacement(offset_y=-1.1), "offset_y", "-1 to 1"),
    *[
        (lambda bad=bad: cinematic(duration=bad), "duration", "must be a whole number from 4 to 15")
        for bad in (3, 16, 10.0, True, "10")
    ],
    # parts
    (lambda: direct(voice_settings={"speed": 1}), "voice_settings", "VoiceSettings"),
    (lambda: VoiceSettings(engine_settings="fish"), "engine_settings", "FishSettings"),  # type: ignore[arg-type]  # that is the point
    (lambda: direct(caption="srt"), "caption", "Caption"),
    (lambda: direct(watermark=PHOTO), "watermark", "Watermark"),
    (lambda: direct(background="blue"), "background", "'blue'; must be a Background or a color as #rrggbb"),
    (lambda: direct(background="#12345"), "background", "#rrggbb"),
    (lambda: Background.color("#12345g"), "value", "#rrggbb"),
    (lambda: Background(type="color"), "value", "None; must be a color"),
    (lambda: Background(type="color", value=5), "value", "str"),  # type: ignore[arg-type]  # that is the point
    (lambda: Background(type="color", value="#112233", url=PHOTO), "url", "a color has none"),
    (lambda: Background(type="color", value="#112233", asset_id="a"), "asset_id", "a color has none"),
    (lambda: Background(type="image", value="#112233", url=PHOTO), "value", "an image has none"),
    (Background.image, "url", "neither given"),
    (lambda: Background.image(url=PHOTO, asset_id="a"), "url", "both given"),
    (lambda: Background(type="video", url=PHOTO), "type", "'color' or 'image'"),  # type: ignore[arg-type]  # that is the point
    (lambda: Background(type=None), "type", "'color' or 'image'"),  # type: ignore[arg-type]  # that is the point
    # files
    (lambda: image(image=None), "image", "None; must be an AssetUrl"),
    (lambda: image(image="face.png"), "image", "'face.png'; must be .* an address"),
    (lambda: image(image={"type": "url", "url": PHOTO}), "image", "must be an AssetUrl"),
    (lambda: image(image=inline(9, "image/gif")), "image", "'image/gif'; must be image/png or image/jpeg"),
    (lambda: image(image=inline(50 * 1024 * 1024 + 3)), "image", "52,428,80. bytes.*at most 50 MB: upload it"),
    (lambda: Watermark(image=inline(9, "application/pdf")), "image", "must be image/png"),
    (
        lambda: AssetBase64(data="data:image/png;base64,aGVsbG8=", media_type="image/png"),
        "data",
        "without data: prefix",
    ),
    (lambda: AssetBase64(data="aGVsbG8", media_type="image/png"), "data", "is not base64"),
    (lambda: AssetBase64(data="é", media_type="image/png"), "data", "is not base64"),
    (lambda: AssetBase64(data="", media_type="image/png"), "data", "not blank"),
    (lambda: AssetBase64(data="aGVsbG8=", media_type="png"), "media_type", "such as image/png"),
    (lambda: agent(files=[PHOTO] * 21), "files", "must have 0 to 20 items, has 21"),
    (lambda: agent(files=PHOTO), "files", "must be a list"),
    (lambda: agent(files=[PHOTO, "notes.pdf"]), "files", "'notes.pdf'; must be an AssetUrl"),
    (lambda: agent(files=[inline(32 * 1024 * 1024 + 3)]), "files", "bytes.*at most 32 MB"),
    # looks and references
    (lambda: cinematic(avatar_id=[]), "avatar_id", "1 to 3 items, has 0"),
    (lambda: cinematic(avatar_id=["a"] * 4), "avatar_id", "1 to 3 items, has 4"),
    (lambda: cinematic(avatar_id=["a", " "]), "avatar_id", "not blank"),
    (lambda: cinematic(avatar_id=[None]), "avatar_id", "None"),
    (lambda: cinematic(avatar_id=None), "avatar_id", "must be a list"),
    (lambda: cinematic(avatar_id={"a": 1}), "avatar_id", "must be a list"),
    (lambda: cinematic(references=[AssetId(asset_id="i")] * 12), "references", "13 media.*at most 12, looks included"),
    (lambda: cinematic(references=["https://x.io/a.mp4"] * 4), "references", "4 videos.*at most 3"),
    (lambda: cinematic(references=[PNG] * 10), "references", "10 images.*at most 9"),
    (lambda: cinematic(references=PHOTO), "references", "must be a list"),
    # what fields say together
    (lambda: DirectVideo(avatar_id="a"), "script", "no speech given; give exactly one of"),
    (lambda: direct(audio_url="https://x.io/a.mp3"), "script", "script and audio_url given; give exactly one of"),
    (lambda: image(audio_asset_id="a"), "script", "script and audio_asset_id given"),
    (
        lambda: direct(script=None, audio_asset_id="a", voice_settings=VoiceSettings(speed=1)),
        "voice_settings",
        "no effect on audio_asset_id",
    ),
    (lambda: image(voice_id=None), "voice_id", "a script needs a voice"),
    (
        lambda: direct(output_format="webm", background="#112233"),
        "background",
        "must be absent with output_format webm",
    ),
    (lambda: image(output_format="webm", background=Background.image(url=PHOTO)), "background", "webm"),
    (lambda: direct(engine="avatar_iii", motion_prompt="nods"), "motion_prompt", "absent with engine avatar_iii"),
    (lambda: direct(engine="avatar_iii", expressiveness="low"), "expressiveness", "avatar_iv only"),
    (lambda: direct(engine=AvatarV(), expressiveness="low"), "expressiveness", "avatar_iv only"),
    (lambda: cinematic(auto_duration=True, duration=10), "duration", "must be absent when auto_duration is True"),
    # extra
    (lambda: direct(extra={"type": "image"}), "extra", "'type'; would make this no DirectVideo: take the class"),
    (lambda: cinematic(extra={"type": "x"}), "extra", "'type'; would make this no CinematicAvatar"),
    (lambda: cinematic(extra={"wire_type": "x"}), "extra", "'wire_type'; would make this no CinematicAvatar"),
    (lambda: agent(extra={"extra": 1}), "extra", "'extra'; would make this no VideoAgent"),
    (lambda: direct(extra=["x"]), "extra", "must be a mapping"),
    (lambda: direct(extra={1: 2}), "extra", "must be a mapping of field names"),
    (lambda: direct(extra={"x": object()}), "extra", "writable as JSON"),
    (lambda: direct(extra={"x": float("nan")}), "extra", "writable as JSON"),
    (lambda: direct(extra={"x": "\ud83d"}), "extra", "writable as JSON"),
]


@pytest.mark.parametrize(("build", "field", "says"), BAD, ids=[f"{n}-{field}" for n, (_, field, _) in enumerate(BAD)])
def test_what_heygen_would_refuse_cannot_be_built(build: Callable[[], object], field: str, says: str) -> None:
    """The message names class and field, the value in short, and the rule."""
    with pytest.raises(InvalidInputError) as caught:
        build()
    message = caught.value.message
    assert re.match(rf"[A-Z]\w+\.{field}: ", message)
    assert re.search(says, message)
    assert len(message) < 300
    assert (caught.value.param, caught.value.spent) == (field, "no")


@pytest.mark.parametrize("kind", get_args(VideoRequest), ids=lambda kind: kind.__name__)
def test_extra_may_replace_any_field(kind: type[VideoRequest]) -> None:
    """A value of tomorrow goes out in place of the field's own, whatever that is."""
    fine = {DirectVideo: direct, ImageVideo: image, CinematicAvatar: cinematic, VideoAgent: agent}[kind]
    for name in set(attrs.fields_dict(kind)) - {"extra", "wire_type"}:
        assert wire.encode(fine(extra={name: {"new": 1}})) == {**wire.encode(fine()), name: {"new": 1}}


def test_a_word_that_extra_sends_is_told_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each new word is told once in the process, however many rows send it; no other value is written down."""
    monkeypatch.setattr("heygen_async.api.fields.extra._reported", set())
    for number in range(3):
        direct(extra={"engine": {"type": "avatar_told"}, "resolution": "9k", "title": f"For Ada {number}"})
    direct(extra={"resolution": "10k"})
    words = "which this version of heygen-async does not check"
    assert [record.getMessage() for record in caplog.records] == [
        f"DirectVideo: extra sends engine as 'avatar_told', {words}",
        f"DirectVideo: extra sends resolution as '9k', {words}",
        f"DirectVideo: extra sends title, {words}",
        f"DirectVideo: extra sends resolution as '10k', {words}",
    ]


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: direct(engine="avatar_6"), "a newer word goes by extra={'engine': {'type': 'avatar_6'}}, in lists by"),
        (lambda: direct(resolution="2k"), "a newer word goes by extra={'resolution': '2k'}, in lists by --lenient"),
        (lambda: Caption(style="loud"), "a newer word goes by the request's extra, in lists by --lenient"),  # type: ignore[arg-type] # the case
        (lambda: direct(resolution="2" * 60), "a newer word goes by extra, in lists by --lenient"),
    ],
)
def test_a_refused_word_names_the_way_by_which_it_can_be_sent(build: Callable[[], object], says: str) -> None:
    """The types stay as they are documented; who knows more than this version finds the way in the message."""
    with pytest.raises(InvalidInputError, match=re.escape(says)):
        build()
    with pytest.raises(InvalidInputError) as caught:
        direct(resolution=4)
    assert "newer word" not in caught.value.message


# What is accepted for what.


@pytest.mark.parametrize(
    ("short", "long"),
    [
        (direct(engine="avatar_iii"), direct(engine=AvatarIII())),
        (direct(engine="avatar_iv"), direct(engine=AvatarIV())),
        (direct(engine="avatar_v"), direct(engine=AvatarV())),
        (direct(background="#112233"), direct(background=Background(type="color", value="#112233"))),
        (image(image=PHOTO), image(image=AssetUrl(url=PHOTO))),
        (cinematic(avatar_id="a"), cinematic(avatar_id=("a",))),
        (cinematic(avatar_id=["a", "b"]), cinematic(avatar_id=("a", "b"))),
        (cinematic(references=[PHOTO]), cinematic(references=(AssetUrl(url=PHOTO),))),
        (agent(files=[PHOTO, PNG]), agent(files=(AssetUrl(url=PHOTO), PNG))),
        (Watermark(image=PHOTO), Watermark(image=AssetUrl(url=PHOTO))),
    ],
)
def test_short_forms_mean_the_same(short: object, long: object) -> None:
    """Equal as values, as keys and on the wire."""
    assert short == long
    assert hash(short) == hash(long)
    assert wire.encode(short) == wire.encode(long)


def test_parts_are_sent_with_their_tags() -> None:
    """Everything at once, as the contract nests it."""
    settings = VoiceSettings(speed=1.1, locale="en-GB", engine_settings=eleven(model="eleven_v3", stability=0.5))
    mark = Watermark(image=AssetId(asset_id="logo"), placement=WatermarkPlacement(position="top_left"))
    request = direct(
        engine=AvatarV(reference_look_id="twin"),
        voice_settings=settings,
        background=Background.image(asset_id="wall"),
        caption=Caption(style="default"),
        watermark=mark,
    )
    assert wire.encode(request) == {
        "type": "avatar",
        "avatar_id": "look",
        "script": "Hi",
        "engine": {"type": "avatar_v", "reference_look_id": "twin"},
        "voice_settings": {
            "speed": 1.1,
            "locale": "en-GB",
            "engine_settings": {"engine_type": "elevenlabs", "model": "eleven_v3", "stability": 0.5},
        },
        "background": {"type": "image", "asset_id": "wall"},
        "caption": {"style": "default"},
        "watermark": {"image": {"type": "asset_id", "asset_id": "logo"}, "placement": {"position": "top_left"}},
    }


def test_each_mode_says_where_it_goes_and_whether_a_key_is_honoured() -> None:
    """HeyGen documents no Idempotency-Key for agents."""
    assert {kind: (kind.kind, kind.path, kind.takes_key) for kind in get_args(VideoRequest)} == {
        VideoAgent: ("video_agent", "/v3/video-agents", False),
        DirectVideo: ("avatar", "/v3/videos", True),
        ImageVideo: ("image", "/v3/videos", True),
        CinematicAvatar: ("cinematic_avatar", "/v3/videos", True),
    }


@pytest.mark.parametrize("request_", [direct(extra={"a": [1]}), image(), cinematic(), agent(files=[PNG])])
def test_requests_are_values(request_: VideoRequest) -> None:
    """They pickle, hash, and are changed by making another, which is checked again."""
    assert pickle.loads(pickle.dumps(request_)) == request_
    assert len({request_, attrs.evolve(request_)}) == 1
    assert attrs.evolve(request_, callback_id="c") != request_
    with pytest.raises(InvalidInputError):
        attrs.evolve(request_, callback_id=" ")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        request_.callback_id = "c"  # type: ignore[misc]  # that is the point


def test_an_extra_stays_what_it_was() -> None:
    """Whoever changes the mapping afterwards does not change the request."""
    given_: dict[str, Any] = {"scene": {"rooms": [1]}}
    request = direct(extra=given_)
    given_["scene"]["rooms"].append(2)
    given_["script"] = "other"
    assert wire.encode(request)["scene"] == {"rooms": [1]}
    assert wire.encode(request)["script"] == "Hi"


def test_what_is_said_to_people_is_not_logged() -> None:
    """A request's repr holds no script, no prompt, no address, no file."""
    secret = "Dear Ada"
    hidden = "https://example.com/secret?token=t"
    requests = (
        direct(script=secret, motion_prompt=secret, callback_url=hidden),
        cinematic(prompt=secret, references=[hidden]),
        agent(prompt=secret, files=[PNG]),
        image(background=Background.image(url=hidden)),
    )
    for request in requests:
        assert not re.search("Ada|secret|aGVs", repr(request))
    assert "look" in repr(requests[0])


def test_thousands_are_built_without_a_pause() -> None:
    """Building is arithmetic: nothing is compiled, opened or counted per request."""
    made = [direct(script=f"Hi {n}") for n in range(5_000)]
    assert len(set(made)) == 5_000


def test_every_limit_has_one_name() -> None:
    """The numbers of HeyGen's pages."""
    assert (modes.SCRIPT_CHARACTERS, modes.PROMPT_CHARACTERS) == (5_000, 10_000)
    assert assets.STILLS[:2] == ("image/png", "image/jpeg")


# Properties.

ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(10**6), max_value=10**6),
    st.floats(),
    st.text(alphabet=st.characters(), max_size=8),
    st.lists(st.text(max_size=4), max_size=3),
    st.dictionaries(st.text(max_size=4), st.integers(), max_size=2),
    st.sampled_from([PNG, AvatarIV(), Caption(), VoiceSettings(), Background.color("#112233"), PHOTO, "#112233"]),
)
NAMES = sorted({name for kind in get_args(VideoRequest) for name in attrs.fields_dict(kind)})


@given(
    build=st.sampled_from([direct, image, cinematic, agent]), fields=st.dictionaries(st.sampled_from(NAMES), ANYTHING)
)
def test_anything_at_all_is_either_sendable_or_refused(
    build: Callable[..., VideoRequest], fields: Mapping[str, Any]
) -> None:
    """No other error comes out, and nothing half-valid gets in."""
    known = attrs.fields_dict(type(build()))
    try:
        request = build(**{name: value for name, value in fields.items() if name in known})
    except InvalidInputError as exc:
        assert exc.param in known or exc.message.startswith(("AssetUrl", "AssetId", "AssetBase64"))  # noqa: PT017 - either
        return
    assert json.loads(wire.dumps(wire.encode(request))) == wire.encode(request)
    assert attrs.evolve(request) == request
