"""The contract is the judge: what the modes build fits its schemas, and what its schemas allow is read.

`contract/openapi.json` is HeyGen's contract as of September 2026; jsonschema, not this project, checks against it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings, strategies as st

from heygen_async import (
    AssetBase64,
    AssetId,
    AssetUrl,
    AvatarIII,
    AvatarIV,
    AvatarV,
    Background,
    Caption,
    CinematicAvatar,
    DirectVideo,
    ElevenLabsSettings,
    FishSettings,
    ImageVideo,
    InvalidInputError,
    StarfishSettings,
    VideoAgent,
    VideoRequest,
    VoiceSettings,
    Watermark,
    WatermarkPlacement,
    errors,
)
from heygen_async.api.agents.sessions import Session, SessionItem
from heygen_async.api.handles.video import CreatedVideo, Statuses, Video
from heygen_async.api.videos import DeletedVideo
from heygen_async.http import pages, wire
from heygen_async.http.wire import Answer
from tests.helpers.contract_document import SCHEMAS, problems


def schema_of(request: VideoRequest) -> str:
    return "CreateVideoAgentRequest" if request.kind == "video_agent" else "CreateVideoV3RequestBody"


TEXT = st.text(min_size=1, max_size=40).filter(lambda text: bool(text.strip()))
ID = st.text("abcdefghij0123456789_", min_size=1, max_size=12)
URL = ID.map(lambda name: f"https://example.com/{name}.png")
SHARE = st.floats(0, 1)
ASSET = st.one_of(
    st.builds(AssetUrl, url=URL),
    st.builds(AssetId, asset_id=ID),
    st.just(AssetBase64(data="aGVsbG8=", media_type="image/png")),
)
MAYBE = st.none()
SWITCH = MAYBE | st.booleans()
VOICE = st.builds(
    VoiceSettings,
    speed=MAYBE | st.floats(0.5, 1.5),
    pitch=MAYBE | st.floats(-50, 50),
    volume=MAYBE | SHARE,
    locale=MAYBE | st.just("pt-BR"),
    engine_settings=st.one_of(
        MAYBE,
        st.builds(StarfishSettings),
        st.builds(FishSettings, model=st.sampled_from([None, "s1", "s2-pro"]), stability=MAYBE | SHARE),
        st.builds(
            ElevenLabsSettings,
            model=st.sampled_from([None, "eleven_v3", "eleven_flash_v2_5"]),
            stability=st.sampled_from([None, 0, 0.5, 1]),
            style=MAYBE | SHARE,
            use_speaker_boost=SWITCH,
        ),
    ),
)
WATERMARK = st.builds(
    Watermark,
    image=ASSET,
    scale=MAYBE | st.floats(0, 2, exclude_min=True),
    opacity=MAYBE | SHARE,
    placement=MAYBE
    | st.builds(WatermarkPlacement, position=st.sampled_from([None, "top_left"]), offset_x=MAYBE | st.floats(-1, 1)),
)
SPOKEN: dict[str, Any] = {
    "voice_id": ID,
    "voice_settings": VOICE,
    "aspect_ratio": st.sampled_from(["16:9", "9:16", "4:5", "5:4", "1:1", "auto"]),
    "resolution": st.sampled_from(["4k", "1080p", "720p"]),
    "fit": st.sampled_from(["contain", "cover"]),
    "background": st.one_of(
        st.just("#11aaFF"), st.builds(Background.image, url=URL), st.builds(Background.image, asset_id=ID)
    ),
    "remove_background": st.booleans(),
    "output_format": st.sampled_from(["mp4", "webm"]),
    "motion_prompt": TEXT,
    "expressiveness": st.sampled_from(["high", "medium", "low"]),
    "caption": st.builds(Caption, file_format=st.sampled_from([None, "srt"]), style=st.sampled_from([None, "default"])),
    "watermark": WATERMARK,
    "brand_glossary_id": ID,
    "title": TEXT,
    "folder_id": ID,
    "callback_url": URL,
    "callback_id": ID,
}
SPEECH = st.one_of(
    st.fixed_dictionaries({"script": TEXT}),
    st.fixed_dictionaries({"audio_url": URL}),
    st.fixed_dictionaries({"audio_asset_id": ID}),
)


def some(**fields: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Any selection of *fields*."""
    return st.fixed_dictionaries({}, optional=fields)


def built(
    kind: Callable[..., VideoRequest], *parts: st.SearchStrategy[dict[str, Any]]
) -> st.SearchStrategy[VideoRequest]:
    """Whatever *kind* makes of fields that it accepts."""

    def build(fields: tuple[dict[str, Any], ...]) -> VideoRequest | None:
        try:
            return kind(**{name: value for part in fields for name, value in part.items()})
        except InvalidInputError:  # a combination that the contract's rules refuse in words
            return None

    made: st.SearchStrategy[Any] = st.tuples(*parts).map(build)
    return made.filter(lambda request: request is not None)


REQUESTS = st.one_of(
    built(
        DirectVideo,
        st.fixed_dictionaries({"avatar_id": ID}),
        SPEECH,
        some(engine=st.sampled_from([AvatarIII(), AvatarIV(), AvatarV(reference_look_id="x"), "avatar_v"]), **SPOKEN),
    ),
    built(ImageVideo, st.fixed_dictionaries({"image": ASSET}), SPEECH, some(**SPOKEN)),
    built(
        CinematicAvatar,
        st.fixed_dictionaries({"prompt": TEXT, "avatar_id": st.lists(ID, min_size=1, max_size=3)}),
        some(
            references=st.lists(ASSET, max_size=3),
            aspect_ratio=st.sampled_from(["16:9", "9:16", "1:1"]),
            resolution=st.sampled_from(["720p", "1080p"]),
            duration=st.integers(4, 15),
            auto_duration=st.booleans(),
            enhance_prompt=st.booleans(),
            title=TEXT,
            folder_id=ID,
        ),
    ),
    built(
        VideoAgent,
        st.fixed_dictionaries({"prompt": TEXT}),
        some(
            mode=st.sampled_from(["generate", "chat"]),
            avatar_id=ID,
            voice_id=ID,
            style_id=ID,
            brand_kit_id=ID,
            brand_glossary_id=ID,
            orientation=st.sampled_from(["landscape", "portrait"]),
            files=st.lists(ASSET, max_size=3),
            callback_url=URL,
            callback_id=ID,
            incognito_mode=st.booleans(),
            visibility=st.just("private"),
        ),
    ),
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow], deadline=None)
@given(REQUESTS)
def test_whatever_the_modes_build_fits_the_contract(request_: VideoRequest) -> None:
    """And every field of it arrives as JSON."""
    body = json.loads(wire.dumps(wire.encode(request_)))
    assert problems(body, schema_of(request_)) == []


@pytest.mark.parametrize("name", ["callback_url", "callback_id"])
def test_callbacks_of_a_cinematic_shot_are_refused_by_the_contract(name: str) -> None:
    """The guide shows them; the contract of September does not have them. They are sent only if you set them."""
    plain = CinematicAvatar(prompt="walks", avatar_id="a")
    assert problems(wire.encode(plain), "CreateVideoV3RequestBody") == []
    asked = CinematicAvatar(prompt="walks", avatar_id="a", **{name: "https://example.com/x"})  # type: ignore[arg-type]  # either name
    assert problems(wire.encode(asked), "CreateVideoV3RequestBody") != []


@given(REQUESTS, st.text(min_size=3, max_size=8))
def test_a_field_that_the_contract_does_not_know_is_refused_by_it(request_: VideoRequest, name: str) -> None:
    """So `extra` is for tomorrow's contract: today's servers say 400."""
    body = wire.encode(request_)
    assume(name not in SCHEMAS["CreateVideoFromAvatar"]["properties"])
    assert problems({**body, f"x_{name}": 1}, schema_of(request_)) != []


def allowed(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return what *schema* allows, unknown fields and words included."""
    if "$ref" in schema:
        return allowed(SCHEMAS[schema["$ref"].rsplit("/", 1)[1]])
    found: st.SearchStrategy[Any]
    match schema.get("type"):
        case "object":
            required = set(schema.get("required", ()))
            fields = {name: allowed(part) for name, part in schema.get("properties", {}).items()}
            found = st.fixed_dictionaries(
                {name: part for name, part in fields.items() if name in required},
                optional={name: part for name, part in fields.items() if name not in required},
            )
        case "array":
            found = st.lists(allowed(schema["items"]), max_size=3)
        case "string":
            found = st.text(max_size=10) | st.sampled_from([word for word in schema.get("enum", ["x"]) if word])
        case "integer":
            found = st.integers(0, 2**40)
        case "number":
            found = st.floats(0, 1e9)
        case "boolean":
            found = st.booleans()
        case _:
            found = st.none()
    return found | st.none() if schema.get("nullable") else found


ANSWERS: dict[str, Any] = {
    "CreateVideoResponse": CreatedVideo,
    "VideoResponse": Video,
    "DeleteVideoResponse": DeletedVideo,
    "BulkStatusResponse": Statuses,
    "CreateVideoAgentResponse": Session,
    "VideoAgentSessionResponse": Session,
}


@pytest.mark.parametrize("schema", ANSWERS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_every_answer_of_the_contract_is_read(schema: str, data: st.DataObject) -> None:
    """Whatever the schema allows: missing optional fields, nulls, words that nobody knows yet."""
    answer = data.draw(allowed(SCHEMAS[schema]["properties"]["data"]))
    extended = {**answer, "field_of_tomorrow": [1]} if isinstance(answer, dict) else answer
    value = wire.decode(extended, ANSWERS[schema])
    ids = {"id", "video_id", "session_id"} & set(answer if isinstance(answer, dict) else ())
    assert all(getattr(value, name) == answer[name] for name in ids)


@pytest.mark.parametrize(
    ("schema", "kind"), [("VideoListResponse", Video), ("VideoAgentSessionListResponse", SessionItem)]
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_every_page_of_the_contract_is_read(schema: str, kind: type[Any], data: st.DataObject) -> None:
    """Its items and its cursor."""
    items = data.draw(allowed(SCHEMAS[schema]["properties"]["data"]))
    token = data.draw(st.none() | st.text(min_size=1, max_size=5).filter(lambda text: "\0" not in text))
    body = {"data": items, "has_more": token is not None, "next_token": token}
    page = pages.read_page(Answer(status=200, headers={}, body=wire.dumps(body)), "GET /x", kind)
    assert len(page.items) == len(items)
    assert page.next_token == token


@given(allowed(SCHEMAS["ErrorResponse"]), st.sampled_from([400, 401, 402, 403, 404, 409, 413, 422, 429, 500, 503]))
def test_every_error_of_the_contract_is_read(body: Any, status: int) -> None:
    """Its code and message are the exception's; a NUL, which no journal can hold, is replaced."""
    with pytest.raises(errors.APIError) as caught:
        wire.read_json(Answer(status=status, headers={}, body=wire.dumps(body)), "GET /x")
    assert caught.value.code == (body["error"]["code"].replace("\0", "?") or None)
    assert caught.value.http_status == status
