"""`Value`: what HeyGen answers, with the fields that this version does not know."""

from __future__ import annotations

import json
import pickle

import pytest

from heygen_async import Video, VideoStatus
from heygen_async.api.generated.voices import Speech
from heygen_async.api.handles.batches import Batch
from heygen_async.http import wire
from heygen_async.http.call import data_reader
from heygen_async.http.pages import read_page


def answer(payload: object, **headers: str) -> wire.Answer:
    """Return an answer with *payload* as its JSON."""
    return wire.Answer(status=200, headers={"X-Request-Id": "req_7", **headers}, body=json.dumps(payload).encode())


def test_unknown_fields_are_kept_and_compare_as_nothing() -> None:
    """An answer with a field of tomorrow equals the one without it, and the field can be read."""
    plain = {"id": "v_1", "status": "completed", "video_url": "https://x/v.mp4"}
    read = data_reader(Video)
    old = read(answer({"data": plain}), "GET")
    new = read(answer({"data": {**plain, "mood": {"is": "good"}}}), "GET")
    assert old == new
    assert hash(old) == hash(new)
    assert old.extra == {}
    assert new.extra == {"mood": {"is": "good"}}
    assert "mood" not in repr(new)
    assert new.request_id == "req_7"
    assert pickle.loads(pickle.dumps(new)).extra == new.extra


def test_a_field_that_does_not_read_hides_no_unknown_one() -> None:
    """The second reading keeps unknown fields as well."""
    video = wire.decode({"id": "v_1", "status": "failed", "title": 7, "mood": 1}, Video)
    assert video.title is None
    assert video.extra == {"mood": 1}


@pytest.mark.parametrize("word", ["extra", "request_id"])
def test_answers_may_use_our_words(word: str) -> None:
    """A field of HeyGen's that is called like one of ours is an unknown field."""
    video = wire.decode({"id": "v_1", "status": "failed", word: "theirs"}, Video)
    assert video.extra == {word: "theirs"}
    assert video.request_id is None
    assert video.to_dict()[word] == "theirs"


def test_the_id_of_a_request_in_an_answer_stays() -> None:
    """A speech tells your own id of the request; without one it has HeyGen's."""
    read = data_reader(Speech)
    assert read(answer({"data": {"audio_url": "https://x/a.mp3", "request_id": "mine"}}), "POST").request_id == "mine"
    assert read(answer({"data": {"audio_url": "https://x/a.mp3"}}), "POST").request_id == "req_7"


def test_items_of_lists_have_the_id_of_their_page() -> None:
    """An answer without an id leaves None."""
    payload = {"data": [{"status": "completed", "video_id": "v_1"}]}
    page = read_page(answer(payload), "GET", VideoStatus)
    assert [item.request_id for item in page.items] == ["req_7"]
    bare = wire.Answer(status=200, headers={}, body=json.dumps(payload).encode())
    assert [item.request_id for item in read_page(bare, "GET", VideoStatus).items] == [None]


def test_values_become_plain_dictionaries() -> None:
    """Objects within objects, lists, absent fields and unknown ones; all of it can be written as JSON."""
    batch = wire.decode(
        {
            "batch_id": "b_1",
            "status": "processing",
            "items": [{"item_index": 0, "status": "waiting", "hue": "red"}],
            "total": 1,
        },
        Batch,
    )
    found = batch.to_dict()
    assert json.loads(json.dumps(found)) == found
    assert found["items"][0]["hue"] == "red"
    assert found["items"][0]["video_id"] is None
    assert "request_id" not in found
