"""Lenient templates: fields and words of a list that are newer than this version go into `extra`."""

from __future__ import annotations

from typing import Any

import pytest

from heygen_async import InvalidInputError, Row, Template
from heygen_async.api.requests.stored import body_of

DIRECT = {"avatar_id": "look_anna", "voice_id": "v", "script": "Hi {{ name }}"}
SENT = {"type": "avatar", "avatar_id": "look_anna", "voice_id": "v", "script": "Hi Ada"}
ROW = Row(line=7, cells={"name": "Ada", "engine": "avatar_6", "mood": '"007"'})

COLOR = {"value": "#112233"}
ENGINE = {"engine_settings.engine_type": "new_engine", "engine_settings.warmth": "0.5"}


def body(mode: str, fields: dict[str, Any], **options: Any) -> dict[str, Any]:
    return body_of(Template(mode, fields, lenient=True, **options).render(ROW))


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        ({}, {}),
        ({"resolution": "720p", "engine": "avatar_v"}, {"resolution": "720p", "engine": {"type": "avatar_v"}}),
        ({"resolution": "2k"}, {"resolution": "2k"}),
        ({"engine": "{{ engine }}"}, {"engine": {"type": "avatar_6"}}),
        ({"engine": {"type": "avatar_6", "turbo": "true"}}, {"engine": {"type": "avatar_6", "turbo": True}}),
        ({"engine.type": "avatar_v", "engine.turbo": 1}, {"engine": {"type": "avatar_v", "turbo": 1}}),
        ({"caption": {"file_format": "srt", "style": "bold"}}, {"caption": {"file_format": "srt", "style": "bold"}}),
        (
            {"background": {"value": "#112233", "blur": 3}},
            {"background": {"type": "color", "value": "#112233", "blur": 3}},
        ),
        (
            {"voice_settings.speed": "1.2", "voice_settings.mood": "{{ mood }}"},
            {"voice_settings": {"speed": 1.2, "mood": "007"}},
        ),
        (
            {"voice_settings": {"engine_settings": {"engine_type": "elevenlabs", "model": "eleven_v9"}}},
            {"voice_settings": {"engine_settings": {"engine_type": "elevenlabs", "model": "eleven_v9"}}},
        ),
        (
            {
                "voice_settings.engine_settings.engine_type": "new_engine",
                "voice_settings.engine_settings.warmth": "0.5",
            },
            {"voice_settings": {"engine_settings": {"engine_type": "new_engine", "warmth": 0.5}}},
        ),
        ({"mood": "calm"}, {"mood": "calm"}),
        ({"mood": "{{ mood }}"}, {"mood": "007"}),
        ({"moods": '["calm", 8]'}, {"moods": ["calm", 8]}),
        (
            {"scene.number": 8, "scene.loop": True, "scene.kind": "a"},
            {"scene": {"number": 8, "loop": True, "kind": "a"}},
        ),
    ],
)
def test_what_is_newer_goes_into_extra(fields: dict[str, Any], sent: dict[str, Any]) -> None:
    """Fields and words that are known go out as ever; a newer one goes out as it is given, in its part."""
    assert body("direct", {**DIRECT, **fields}) == SENT | sent


def test_a_required_word_can_be_newer() -> None:
    """A model that this version does not know is sent, although a model is required."""
    fields = {"model": "heygen-video-2", "prompt": "Hi {{ name }}", "resolution": "4k"}
    assert body("text_to_video", fields) == {
        "mode": "text_to_video",
        "model": "heygen-video-2",
        "prompt": "Hi Ada",
        "resolution": "4k",
    }


def test_a_field_of_another_mode_is_not_newer() -> None:
    """In a list of several modes, a field that one of them has is left out of the others, as ever."""
    fields = {**DIRECT, "prompt": "A film", "mood": "calm"}
    rows = {mode: Row(line=1, cells={"name": "Ada", "mode": mode}) for mode in ("direct", "agent")}
    template = Template("{{ mode }}", fields, lenient=True)
    assert body_of(template.render(rows["direct"])) == {**SENT, "mood": "calm"}
    agent = {"prompt": "A film", "avatar_id": "look_anna", "voice_id": "v", "mood": "calm"}
    assert body_of(template.render(rows["agent"])) == agent


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"resolution": "2k"}, "a newer word is sent with --lenient"),
        ({"engine": "avatar_6"}, "a newer word is sent with --lenient"),
        ({"mood": "calm"}, "mood: no such field; there are .*; --lenient sends a newer one"),
        (
            {"voice_settings.mood": "calm"},
            "voice_settings.mood: no such field; there are .*; --lenient sends",
        ),
    ],
)
def test_without_it_the_error_names_the_way(fields: dict[str, Any], says: str) -> None:
    """A list stays strict unless it is told otherwise."""
    with pytest.raises(InvalidInputError, match=says):
        Template("direct", {**DIRECT, **fields}).render(ROW)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"voice_settings": "loud"}, "has parts; give voice_settings.speed"),
        ({"voice_settings.speed": "fast"}, "'fast' is not a number"),
        ({"voice_settings.speed": "9"}, "must be a number from 0.5 to 1.5"),
        ({"script": ""}, "no speech given"),
    ],
)
def test_what_is_known_keeps_its_rules(fields: dict[str, Any], says: str) -> None:
    """Lenient is for words and fields that are new; numbers, limits and missing fields are judged as ever."""
    with pytest.raises(InvalidInputError, match=says):
        body("direct", {**DIRECT, **fields})
