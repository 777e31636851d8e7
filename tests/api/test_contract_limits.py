"""The request values against HeyGen's contract: one is derived by hand, so each tells on the other.

`contract/openapi.json` is OpenAPI 3.0. It is turned into JSON Schema here and read by `jsonschema`, which knows
nothing of this package.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, get_args
from urllib.parse import urlsplit

import attrs
import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

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
from heygen_async.api.requests.modes import CinematicAvatar, DirectVideo, ImageVideo, VideoAgent, VideoRequest
from heygen_async.errors import InvalidInputError
from heygen_async.http import wire
from tests.helpers import paths

CONTRACT = json.loads(paths.CONTRACT.read_text(encoding="utf-8"))
SCHEMAS: dict[str, Any] = CONTRACT["components"]["schemas"]
FORMATS = jsonschema.FormatChecker(formats=())


@FORMATS.checks("uri", raises=ValueError)
def is_web_address(text: object) -> bool:
    return not isinstance(text, str) or (urlsplit(text).scheme in {"http", "https"} and " " not in text)


def json_schema(schema: Any) -> Any:
    """What OpenAPI 3.0 says in words of its own, in those of JSON Schema."""
    if isinstance(schema, list):
        return [json_schema(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: json_schema(part) for name, part in schema.items()}
    if made.get("exclusiveMinimum") is True:
        made["exclusiveMinimum"] = made.pop("minimum")
    if made.get("nullable") is True and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
    return made


COMPONENTS = {"schemas": json_schema(SCHEMAS)}


def validator(schema: Mapping[str, Any]) -> Any:
    return jsonschema.Draft202012Validator({**schema, "components": COMPONENTS}, format_checker=FORMATS)


def operation(path: str) -> dict[str, Any]:
    found: dict[str, Any] = CONTRACT["paths"][path]["post"]
    return found


def body_validator(path: str) -> Any:
    return validator(json_schema(operation(path)["requestBody"]["content"]["application/json"]["schema"]))


BODY = {path: body_validator(path) for path in ("/v3/videos", "/v3/video-agents")}


def accepted(request: VideoRequest, **changes: Any) -> bool:
    """Whether the contract takes the body of *request*, with *changes* made to it behind our back."""
    return bool(BODY[request.path].is_valid({**wire.encode(request), **changes}))


# Everything that can be built.

text = st.text(min_size=1, max_size=12).filter(str.strip)
unit = st.floats(0, 1)
address = st.sampled_from(["https://example.com/a", "http://example.com:8080/b.png?c=d#e"])
ratios = st.sampled_from(["16:9", "9:16", "4:5", "5:4", "1:1", "auto"])


def built(kind: Callable[..., Any], *, given_: Mapping[str, Any] | None = None, **may: Any) -> st.SearchStrategy[Any]:
    """Values of *kind*: *given_* always, *may* sometimes."""
    return st.fixed_dictionaries(dict(given_ or {}), optional=may).map(lambda fields: kind(**fields))


inline = built(
    AssetBase64,
    given_={"data": st.sampled_from(["aGVsbG8=", "AA=="]), "media_type": st.sampled_from(["image/png", "image/jpeg"])},
)
assets = st.one_of(built(AssetUrl, given_={"url": address}), built(AssetId, given_={"asset_id": text}), inline, address)
eleven = built(
    ElevenLabsSettings,
    model=st.sampled_from(["eleven_multilingual_v2", "eleven_turbo_v2_5", "eleven_flash_v2_5", "eleven_v3"]),
    stability=st.sampled_from([0, 0.5, 1]),
    similarity_boost=unit,
    style=unit,
    use_speaker_boost=st.booleans(),
)
fish = built(FishSettings, model=st.sampled_from(["s1", "s2-pro"]), stability=unit, similarity=unit)
voices = built(
    VoiceSettings,
    speed=st.floats(0.5, 1.5),
    pitch=st.integers(-50, 50) | st.floats(-50, 50),
    volume=unit,
    locale=text,
    engine_settings=st.one_of(eleven, fish, st.just(StarfishSettings())),
)
backgrounds = st.one_of(
    st.from_regex(r"#[0-9a-fA-F]{6}", fullmatch=True),
    st.from_regex(r"#[0-9a-fA-F]{6}", fullmatch=True).map(Background.color),
    address.map(lambda url: Background.image(url=url)),
    text.map(lambda asset_id: Background.image(asset_id=asset_id)),
)
placements = built(
    WatermarkPlacement,
    position=st.sampled_from(["top_left", "top_right", "bottom_left", "bottom_right"]),
    offset_x=st.floats(-1, 1),
    offset_y=st.floats(-1, 1),
)
watermarks = built(
    Watermark,
    given_={"image": assets},
    scale=st.floats(0, 2, exclude_min=True),
    opacity=unit,
    placement=placements,
)
captions = built(Caption, file_format=st.just("srt"), style=st.just("default"))
engines = st.one_of(
    st.sampled_from(["avatar_iii", "avatar_iv", "avatar_v", AvatarIII(), AvatarIV()]),
    built(AvatarV, reference_look_id=text),
)

CALLBACK = {"callback_url": address, "callback_id": text}
SPOKEN: dict[str, Any] = {
    "aspect_ratio": ratios,
    "resolution": st.sampled_from(["4k", "1080p", "720p"]),
    "fit": st.sampled_from(["contain", "cover"]),
    "background": backgrounds,
    "remove_background": st.booleans(),
    "output_format": st.sampled_from(["mp4", "webm"]),
    "motion_prompt": text,
    "expressiveness": st.sampled_from(["high", "medium", "low"]),
    "caption": captions,
    "watermark": watermarks,
    "brand_glossary_id": text,
    "title": st.text(max_size=5),
    "folder_id": text,
    **CALLBACK,
}
SPEECH = st.one_of(
    st.fixed_dictionaries({"script": text, "voice_id": text}, optional={"voice_settings": voices}),
    st.fixed_dictionaries({"audio_url": address}, optional={"voice_id": text}),
    st.fixed_dictionaries({"audio_asset_id": text}),
)


def spoken(kind: Callable[..., Any], given_: Mapping[str, Any], **may: Any) -> st.SearchStrategy[Any]:
    """Values of a speaking mode, less the fields that another one excludes."""

    def build(fields: dict[str, Any], speech: dict[str, Any]) -> Any:
        if fields.get("output_format") == "webm":
            fields.pop("background", None)
        engine = wire.encode(DirectVideo(avatar_id="a", script="s", engine=fields.get("engine"))).get("engine", {})
        if engine.get("type") == "avatar_iii":
            fields.pop("motion_prompt", None)
        if engine.get("type") in {"avatar_iii", "avatar_v"}:
            fields.pop("expressiveness", None)
        return kind(**fields, **speech)

    return st.builds(build, st.fixed_dictionaries(dict(given_), optional={**SPOKEN, **may}), SPEECH)


direct = spoken(DirectVideo, {"avatar_id": text}, engine=engines)
images = spoken(ImageVideo, {"image": assets})
SHOT: dict[str, Any] = {
    "references": st.lists(assets, max_size=9),
    "aspect_ratio": st.sampled_from(["16:9", "9:16", "1:1"]),
    "resolution": st.sampled_from(["720p", "1080p"]),
    "enhance_prompt": st.booleans(),
    "title": st.text(max_size=5),
    "folder_id": text,
}
LOOKS = {"prompt": text, "avatar_id": text | st.lists(text, min_size=1, max_size=3)}
cinematic = st.one_of(
    built(CinematicAvatar, given_=LOOKS, **SHOT, duration=st.integers(4, 15), auto_duration=st.just(value=False)),
    built(CinematicAvatar, given_=LOOKS, **SHOT, auto_duration=st.booleans()),
)
agents = built(
    VideoAgent,
    given_={"prompt": text},
    mode=st.sampled_from(["generate", "chat"]),
    avatar_id=text,
    voice_id=text,
    style_id=text,
    brand_kit_id=text,
    brand_glossary_id=text,
    orientation=st.sampled_from(["landscape", "portrait"]),
    files=st.lists(assets, max_size=20),
    incognito_mode=st.booleans(),
    visibility=text,
    **CALLBACK,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(request_=st.one_of(direct, images, cinematic, agents))
def test_whatever_can_be_built_fits_the_contract(request_: VideoRequest) -> None:
    """At the path that the request itself names; as JSON, which has no tuples."""
    body = json.loads(wire.dumps(wire.encode(request_)))
    BODY[request_.path].validate(body)
    assert body == wire.encode(request_)


# The two lists of fields are the same list.

ARMS: dict[type[VideoRequest], str] = {
    DirectVideo: "CreateVideoFromAvatar",
    ImageVideo: "CreateVideoFromImage",
    CinematicAvatar: "CreateVideoFromCinematicAvatar",
    VideoAgent: "CreateVideoAgentRequest",
}
PARTS: dict[type[Any], str] = {
    AssetUrl: "AssetUrl",
    AssetId: "AssetId",
    AssetBase64: "AssetBase64",
    AvatarIII: "AvatarIIIEngineConfig",
    AvatarIV: "AvatarIVEngineConfig",
    AvatarV: "AvatarVEngineConfig",
    Background: "BackgroundSetting",
    Caption: "CaptionSetting",
    ElevenLabsSettings: "ElevenLabsEngineSettings",
    FishSettings: "FishEngineSettings",
    StarfishSettings: "StarfishEngineSettings",
    VoiceSettings: "VoiceSettingsInput",
    Watermark: "WatermarkInput",
    WatermarkPlacement: "WatermarkPlacement",
}
NOT_OURS = {VideoAgent: {"members"}}  # its shape is not known: sent by `extra`
NOT_THEIRS = {CinematicAvatar: {"callback_url", "callback_id"}}  # in HeyGen's guide, not in its contract


@pytest.mark.parametrize(("kind", "name"), [*ARMS.items(), *PARTS.items()])
def test_each_value_has_the_fields_of_its_schema(kind: type[Any], name: str) -> None:
    """A field that HeyGen adds or drops is noticed, whichever side moves first."""
    ours = set(attrs.fields_dict(kind)) - {"extra", "wire_type"} - NOT_THEIRS.get(kind, set())
    tag = getattr(kind, "wire_tag", ("type", "")) if kind is not CinematicAvatar else ("type", "cinematic_avatar")
    theirs = set(SCHEMAS[name]["properties"]) - NOT_OURS.get(kind, set())
    assert ours | ({tag[0]} & theirs) == theirs
    required = {field.name for field in attrs.fields(kind) if field.default is attrs.NOTHING}
    assert required | ({tag[0]} & theirs) == set(SCHEMAS[name].get("required", ())) | ({tag[0]} & theirs)


def test_every_mode_is_compared() -> None:
    """A fifth mode would have to be named here."""
    assert set(ARMS) == set(get_args(VideoRequest))


# Limits and words: taken from the contract, put to the class.

FINE: dict[type[Any], dict[str, Any]] = {
    DirectVideo: {"avatar_id": "a", "script": "s"},
    ImageVideo: {"image": "https://example.com/a.png", "voice_id": "v", "script": "s"},
    CinematicAvatar: {"prompt": "p", "avatar_id": ["a"]},
    VideoAgent: {"prompt": "p"},
    AssetUrl: {"url": "https://example.com/a.png"},
    AssetId: {"asset_id": "a"},
    AssetBase64: {"data": "AA==", "media_type": "image/png"},
    Background: {"type": "color", "value": "#112233"},
    Watermark: {"image": "https://example.com/a.png"},
}


def neighbours(schema: Mapping[str, Any]) -> tuple[list[Any], list[Any]]:
    """Values just inside the limits of a property, and just outside."""
    good, bad = [], []
    if "enum" in schema:
        good += [word for word in schema["enum"] if word is not None]
        bad += ["no such word", "", 5]
    if "minimum" in schema:
        step = 1 if schema["type"] == "integer" else 0.01
        low, high = schema["minimum"], schema["maximum"]
        shut = schema.get("exclusiveMinimum", False)
        good += [low + step if shut else low, high]
        bad += [low if shut else low - step, high + step, "1", True]
    if "maxLength" in schema:
        good += ["x" * schema["maxLength"]]
        bad += ["x" * (schema["maxLength"] + 1), ""]
    if schema.get("type") == "boolean":
        good += [True, False]
        bad += ["true", 1]
    if schema.get("type") == "string":
        bad += [5, ["x"]]
    return good, bad


CASES = [
    (kind, name, field, fine, value)
    for kind, name in [*ARMS.items(), *PARTS.items()]
    for field, schema in SCHEMAS[name]["properties"].items()
    if field in attrs.fields_dict(kind) and not (kind is Background and field == "type")
    for fine, values in zip((True, False), neighbours(schema), strict=True)
    for value in values
]


def short(value: object) -> str:
    return f"{value!r:.12}"


@pytest.mark.parametrize(("kind", "name", "field", "fine", "value"), CASES, ids=short)
def test_class_and_contract_draw_the_same_line(kind: type[Any], name: str, field: str, fine: bool, value: Any) -> None:  # noqa: FBT001 - a column of the table
    """What the contract allows can be built; what it refuses cannot."""
    fields = {**FINE.get(kind, {}), field: value}
    body = {**wire.encode(kind(**FINE.get(kind, {}))), field: value}
    assert validator({"$ref": f"#/components/schemas/{name}"}).is_valid(body) is fine
    if fine:
        assert wire.encode(kind(**fields))[field] == value
    else:
        with pytest.raises(InvalidInputError):
            kind(**fields)


def test_the_table_of_limits_is_not_empty() -> None:
    """It is derived: an empty one would pass."""
    assert sum(fine for *_, fine, _ in CASES) > 60
    assert sum(not fine for *_, fine, _ in CASES) > 150


@pytest.mark.parametrize(
    ("request_", "changes"),
    [
        (DirectVideo(**FINE[DirectVideo]), {"avatar_id": ["a"]}),
        (DirectVideo(**FINE[DirectVideo]), {"engine": {"type": "avatar_vi"}}),
        (DirectVideo(**FINE[DirectVideo]), {"engine": {"type": "avatar_iv", "reference_look_id": "x"}}),
        (DirectVideo(**FINE[DirectVideo]), {"callback_url": "no address"}),
        (DirectVideo(**FINE[DirectVideo]), {"unknown": 1}),
        (ImageVideo(**FINE[ImageVideo]), {"engine": {"type": "avatar_iv"}}),
        (ImageVideo(**FINE[ImageVideo]), {"image": "https://example.com/a.png"}),
        (CinematicAvatar(**FINE[CinematicAvatar]), {"avatar_id": "a"}),
        (CinematicAvatar(**FINE[CinematicAvatar]), {"avatar_id": []}),
        (CinematicAvatar(**FINE[CinematicAvatar]), {"avatar_id": ["a"] * 4}),
        (CinematicAvatar(**FINE[CinematicAvatar]), {"script": "s"}),
        (VideoAgent(**FINE[VideoAgent]), {"files": [{"type": "url", "url": "https://example.com"}] * 21}),
        (VideoAgent(**FINE[VideoAgent]), {"folder_id": "f"}),
    ],
)
def test_the_contract_refuses_what_no_value_sends(request_: VideoRequest, changes: dict[str, Any]) -> None:
    """The checker has teeth: the body is fine, and with one change it is not."""
    assert accepted(request_)
    assert not accepted(request_, **changes)


@pytest.mark.parametrize("changes", [{"callback_url": "https://example.com/hook"}, {"callback_id": "c"}])
def test_a_cinematic_callback_is_sent_and_known_to_be_refused(changes: dict[str, Any]) -> None:
    """HeyGen's guide shows it, its contract of September 2026 is closed: only a caller who sets it sends it."""
    quiet = CinematicAvatar(**FINE[CinematicAvatar])
    loud = attrs.evolve(quiet, **changes)
    assert accepted(quiet)
    assert wire.encode(loud) == {**wire.encode(quiet), **changes}
    assert not accepted(loud)


def test_the_old_name_of_cinematic_is_known_to_be_refused() -> None:
    """`avatar_shots` was the type for two days of June 2026, which one of HeyGen's pages still shows."""
    assert not accepted(CinematicAvatar(prompt="p", avatar_id="a", wire_type="avatar_shots"))


def test_a_field_of_tomorrow_is_the_callers_own_risk() -> None:
    """`extra` is not checked against the contract, which cannot know it yet."""
    assert accepted(VideoAgent(prompt="p", extra={"members": ["m"]}))
    assert not accepted(VideoAgent(prompt="p", extra={"tomorrow": 1}))


@pytest.mark.parametrize("kind", get_args(VideoRequest), ids=lambda kind: kind.__name__)
def test_a_key_is_sent_where_the_contract_declares_the_header(kind: type[VideoRequest]) -> None:
    """Money depends on it: a POST is repeated only where HeyGen honours the key."""
    parameters = operation(kind.path).get("parameters", [])
    declared = {"$ref": "#/components/parameters/IdempotencyKey"} in parameters
    assert kind.takes_key is declared
