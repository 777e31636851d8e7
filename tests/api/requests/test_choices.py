"""Every enumeration of the contract is a `Literal` type in the requests, so that editors complete its words."""

from __future__ import annotations

import types
import typing
from typing import Any, Literal

import attrs
import pytest

import heygen_async
from heygen_async import (
    CinematicAvatar,
    DirectVideo,
    ElevenLabsSettings,
    FishSettings,
    ImageVideo,
    VideoAgent,
    WatermarkPlacement,
)
from heygen_async.api.fields.looks import Caption
from heygen_async.api.fields.rules import OneOf
from tests.codegen.generate import DOCUMENT

SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
REQUESTS = ("heygen_async.api.requests", "heygen_async.api.generated", "heygen_async.api.fields")
BY_HAND = {
    "CreateVideoFromAvatar": DirectVideo,
    "CreateVideoFromImage": ImageVideo,
    "CreateVideoFromCinematicAvatar": CinematicAvatar,
    "CreateVideoAgentRequest": VideoAgent,
    "CaptionSetting": Caption,
    "ElevenLabsEngineSettings": ElevenLabsSettings,
    "FishEngineSettings": FishSettings,
    "WatermarkPlacement": WatermarkPlacement,
}


def literals(annotation: Any) -> set[Any]:
    """Return the words of an annotation such as `Literal["a", "b"] | None`."""
    if typing.get_origin(annotation) is Literal:
        return set(typing.get_args(annotation))
    if typing.get_origin(annotation) in {typing.Union, types.UnionType}:
        return set[Any]().union(*map(literals, typing.get_args(annotation)))
    return set()


@pytest.mark.parametrize("schema", BY_HAND)
def test_the_words_of_a_hand_written_request_are_those_of_the_contract(schema: str) -> None:
    """Types, rules and contract agree; the tag of a class and free texts are no choices."""
    kind = BY_HAND[schema]
    hints = typing.get_type_hints(kind)
    words = {
        name: set(part["enum"]) - {None}
        for name, part in SCHEMAS[schema]["properties"].items()
        if "enum" in part and name in hints and name != "wire_tag"
    }
    assert {name: literals(hints[name]) for name in words} == words
    assert words


def test_no_public_request_takes_a_word_as_any_text() -> None:
    """A field whose rule knows its words has them in its type, in generated classes too."""
    chosen: dict[str, bool] = {}
    for name in heygen_async.__all__:
        kind = getattr(heygen_async, name)
        if attrs.has(kind) and kind.__module__.startswith(REQUESTS):
            hints = typing.get_type_hints(kind)
            for field in attrs.fields(kind):
                if isinstance(field.validator, OneOf):
                    chosen[f"{name}.{field.name}"] = bool(literals(hints[field.name]))
    assert len(chosen) > 20
    assert [name for name, is_typed in chosen.items() if not is_typed] == []
