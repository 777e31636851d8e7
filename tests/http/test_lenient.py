"""The second reading of answers that do not fit their class."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import attrs
import pytest
from hypothesis import given, strategies as st

from heygen_async import errors
from heygen_async.api.generated.background_removal import CutOut
from heygen_async.api.generated.clipping import ClippedVideo
from heygen_async.api.generated.translations import CreatedTranslations
from heygen_async.api.generated.voices import VoiceDetail
from heygen_async.api.handles.batches import Batch
from heygen_async.api.handles.video import CreatedVideo, Video
from heygen_async.http import wire
from heygen_async.http.lenient import strictly


@attrs.frozen(kw_only=True)
class Inner:
    name: str
    speed: float | None = None


@attrs.frozen(kw_only=True)
class Outer:
    id: str
    count: int = 3
    inner: Inner | None = None
    many: tuple[Inner, ...] = ()
    words: tuple[str, ...] | None = None
    sizes: Mapping[str, int] | None = None
    either: str | Inner | None = None
    listed: list[Inner] | None = None


@pytest.mark.parametrize(
    ("odd", "read"),
    [
        ({"count": "3"}, {}),
        ({"count": None}, {}),
        ({"inner": 7}, {}),
        ({"inner": {"speed": 1}}, {}),
        ({"inner": {"name": "n", "speed": "fast"}}, {"inner": Inner(name="n")}),
        ({"many": [{"name": "n"}, {"name": 7}, None]}, {"many": (Inner(name="n"),)}),
        ({"many": [{"name": 7}]}, {}),
        ({"many": "n"}, {}),
        ({"words": ["a", 7]}, {}),
        ({"sizes": {"a": 1, "b": "2", "c": None}}, {"sizes": {"a": 1}}),
        ({"sizes": {"b": "2"}}, {}),
        ({"sizes": []}, {}),
        ({"either": 7}, {}),
        ({"listed": [{}, {"name": "n"}]}, {"listed": [Inner(name="n")]}),
    ],
)
def test_what_may_be_missing_and_does_not_read_is_missing(odd: dict[str, Any], read: dict[str, Any]) -> None:
    """An odd field gets its default, and odd items are left out; the fields and items around them are kept."""
    assert wire.decode({"id": "o", **odd}, Outer) == Outer(id="o", **read)


def test_one_odd_item_of_a_list_does_not_lose_its_mates() -> None:
    """A list without its odd items is read; a list of odd items only is an error, like an odd object."""
    good = {"id": "v", "status": "pending"}
    assert [video.id for video in wire.decode([{"status": 1}, good], list[Video])] == ["v"]
    assert wire.decode([], list[Video]) == []
    with pytest.raises(errors.ContractError, match=r"\$\[0\]"):
        wire.decode([{"status": 1}], list[Video])


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999"])
def test_a_number_that_is_none_counts_as_missing(number: str) -> None:
    """NaN and infinite numbers are no lengths and no times."""
    body = f'{{"data": {{"id": "v", "status": "completed", "duration": {number}}}}}'.encode()
    data = wire.read_data(wire.Answer(status=200, headers={}, body=body), "x")
    assert wire.decode(data, Video).duration is None


@pytest.mark.parametrize(
    ("data", "kind", "place"),
    [
        ({"id": 7, "status": "completed", "title": 7}, Video, "$.id"),
        ({"id": "v", "status": None, "title": 7}, Video, "$.status"),
        ({"video_translation_ids": ["t", 7]}, CreatedTranslations, "$.video_translation_ids[1]"),
        ({"batch_id": "b", "status": "processing", "items": {}}, Batch, "$"),
        ({"voice_id": "v", "support_pause": True, "status": 7}, VoiceDetail, "$.status"),
    ],
)
def test_what_decides_is_an_error_with_its_place(data: object, kind: type[Any], place: str) -> None:
    """Ids and statuses decide: one that does not read is an error, also where it may be missing."""
    with pytest.raises(errors.ContractError) as caught:
        wire.decode(data, kind)
    assert place in str(caught.value)


def test_a_clip_keeps_its_address_without_its_name() -> None:
    """The files of a job are read, whatever is beside their addresses."""
    data = {"id": "c", "status": "completed", "clips": [{"id": 7, "status": {}, "video_url": "https://x/1"}]}
    (clip,) = wire.decode(data, ClippedVideo).clips or ()
    assert clip.video_url == "https://x/1"
    layers = {"mask": "https://x/m", "foreground": None}
    assert wire.decode({"id": "c", "status": "completed", "layers": layers}, CutOut).layers == {"mask": "https://x/m"}


def test_the_id_of_a_new_video_is_enough() -> None:
    """The answer to a paid request is read by its id."""
    assert wire.decode({"video_id": "v", "status": 7}, CreatedVideo) == CreatedVideo(video_id="v")


def test_each_kind_of_oddity_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """One warning per class and field tells of an odd field, by its type: its value may be a person's name."""

    @attrs.frozen
    class Logged:
        title: str | None = None
        many: tuple[Inner, ...] = ()

    with caplog.at_level(logging.WARNING, "heygen_async"):
        for number in range(3):
            wire.decode({"title": {"Ada": number}, "many": [7, {"name": "n"}]}, Logged)
    assert [record.getMessage() for record in caplog.records if "Logged" in record.getMessage()] == [
        "an answer of HeyGen has Logged.title as dict; it counts as missing"
    ]
    assert "Ada" not in caplog.text


def test_conclusions_from_what_is_missing_read_to_the_letter() -> None:
    """Inside `strictly` an odd side field is an error; after it, it counts as missing again."""
    data = [{"id": "v", "status": "completed", "title": 7}]
    with strictly(), pytest.raises(errors.ContractError, match=r"\$\[0\]\.title"):
        wire.decode(data, list[Video])
    assert wire.decode(data, list[Video])[0].title is None


ODD: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.just({}) | st.just([1])
)
SIDE = [field.name for field in attrs.fields(Video) if field.name not in {"id", "status"}]


@given(st.dictionaries(st.sampled_from(SIDE), ODD))
def test_no_side_field_hides_a_video(fields: dict[str, Any]) -> None:
    """A video is read by its id and status, whatever its other fields hold."""
    video = wire.decode({**fields, "id": "v", "status": " COMPLETED"}, Video)
    assert (video.id, video.status) == ("v", "completed")
