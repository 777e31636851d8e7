"""Conversion of values to JSON and of answers to values, without a server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import attrs
import pytest
from hypothesis import given, strategies as st

from heygen_async import errors
from heygen_async.api.handles.batches import Batch
from heygen_async.api.handles.video import Video
from heygen_async.http import wire
from heygen_async.http.wire import Answer


def answer(status: int = 200, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status=status, headers=headers or {}, body=raw)


@attrs.frozen(kw_only=True)
class Inner:
    speed: float | None = None


@attrs.frozen(kw_only=True)
class Outer:
    wire_tag = ("type", "outer")
    name: str
    inner: Inner | None = None
    many: tuple[Inner, ...] | None = None
    either: str | Inner | None = None
    extra: Mapping[str, Any] | None = None


def test_a_body_holds_the_set_fields_the_tag_and_the_extra() -> None:
    """Default values are left out, so that HeyGen's defaults apply; `extra` is merged in last."""
    value = Outer(name="n", inner=Inner(speed=1.5), many=(Inner(), Inner(speed=2)), either=Inner(), extra={"new": [1]})
    assert wire.encode(value) == {
        "type": "outer",
        "name": "n",
        "inner": {"speed": 1.5},
        "many": [{}, {"speed": 2}],
        "either": {},
        "new": [1],
    }
    assert wire.encode(Outer(name="n")) == {"type": "outer", "name": "n"}


def test_json_keeps_names_as_people_write_them() -> None:
    """JSON is written in UTF-8 without spaces; NaN is refused."""
    assert wire.dumps({"script": "Olá Zoë 🎉"}) == '{"script":"Olá Zoë 🎉"}'.encode()
    with pytest.raises(ValueError):
        wire.dumps({"x": float("nan")})


def test_an_answer_is_read_tolerantly() -> None:
    """Unknown fields are ignored, unknown status words are kept, missing optional fields are None."""
    video = wire.decode({"id": "v1", "status": "compositing", "tomorrow": {"a": 1}, "duration": 12}, Video)
    assert (video.id, video.status, video.duration, video.video_url) == ("v1", "compositing", 12.0, None)


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"status": "pending"}, "the required field 'id' is missing @ $.data.id"),
        ({"id": None, "status": "pending"}, "expected str, got None @ $.data.id"),
        ({"id": "v", "status": {}}, "expected str, got {} @ $.data.status"),
        ({"id": True, "status": "x"}, "expected str, got True @ $.data.id"),
        ([], "@ $.data"),
        (None, "@ $.data"),
    ],
)
def test_a_malformed_answer_names_the_place(data: object, place: str) -> None:
    """The error for a malformed answer has the path of the field."""
    with pytest.raises(errors.ContractError) as caught:
        wire.decode(data, Video, "$.data")
    assert place in str(caught.value)


def test_a_malformed_item_of_a_list_names_its_index() -> None:
    """The path of a field inside a list has its index."""
    data = {"batch_id": "b", "status": "processing", "items": [{"status": "queued"}]}
    with pytest.raises(errors.ContractError, match=r"item_index.* @ \$\.data\.items\[0\]"):
        wire.decode(data, Batch, "$.data")


def test_a_plain_value_of_the_wrong_kind_names_its_place() -> None:
    """A plain value of the wrong type is an error with its path, too."""
    with pytest.raises(errors.ContractError, match=r"expected int, got 'x' @ \$\.n"):
        wire.decode("x", int, "$.n")
    with pytest.raises(errors.ContractError, match=r"expected bool, got 1 @ \$"):
        wire.decode(1, bool)


def test_an_error_has_every_field_of_the_answer() -> None:
    """An error has the answer's code, message, field, details, page, request id, status and pause."""
    body = {
        "error": {
            "code": "invalid_parameter",
            "message": "script is too long",
            "param": "script",
            "doc_url": "https://d",
            "errors": [{"code": "x", "path": "script"}],
        }
    }
    headers = {"X-Request-Id": "r-1", "Retry-After": "3"}
    with pytest.raises(errors.BadRequestError) as caught:
        wire.read_json(answer(400, body, headers), "POST /v3/videos")
    error = caught.value
    assert (error.code, error.param, error.doc_url) == ("invalid_parameter", "script", "https://d")
    assert (error.request_id, error.http_status, error.retry_after) == ("r-1", 400, 3.0)
    assert error.errors == ({"code": "x", "path": "script"},)
    assert "POST /v3/videos: script is too long" in str(error)


@pytest.mark.parametrize(
    ("status", "body", "kind", "text"),
    [
        (200, b"", errors.ContractError, "an empty answer (HTTP 200)"),
        (200, b"<html><h1>Welcome</h1>", errors.ContractError, "an HTML page (HTTP 200)"),
        (200, b'{"data": {"id"', errors.ContractError, "an answer that is not JSON"),
        (200, {"error": {"code": "internal_error", "message": "odd"}}, errors.ContractError, "odd"),
        (200, {"no": "data"}, errors.ContractError, "$.data is missing"),
        (200, [], errors.ContractError, "$.data is missing"),
        (502, b"<html>Bad gateway</html>", errors.ServerError, "an HTML page (HTTP 502)"),
        (500, b"", errors.ServerError, "an empty answer (HTTP 500)"),
        (400, {"error": "just words"}, errors.ContractError, "just words"),
        (400, {"error": None}, errors.ContractError, "an answer without HeyGen's fields (HTTP 400)"),
        (403, {"message": "Forbidden"}, errors.ContractError, "an answer without HeyGen's fields (HTTP 403)"),
        (401, b"<html>Sign in</html>", errors.ContractError, "an HTML page (HTTP 401)"),
        (404, b"<html>No route</html>", errors.ContractError, "an HTML page (HTTP 404)"),
        (407, {"error": {"code": "x", "message": "proxy"}}, errors.ContractError, "proxy"),
        (408, {"error": {"code": "x", "message": "late"}}, errors.ContractError, "late"),
        (425, b"", errors.ContractError, "an empty answer (HTTP 425)"),
        (499, b"", errors.ContractError, "an empty answer (HTTP 499)"),
        (429, b"<html>Slow down</html>", errors.RateLimitError, "an HTML page (HTTP 429)"),
        (307, {"error": {"code": "moved", "message": "there"}}, errors.ContractError, "there"),
        (404, {"error": {"code": 7, "message": ["?"], "errors": "x"}}, errors.NotFoundError, "HTTP 404"),
        (302, b"", errors.ContractError, "HTTP 302"),
    ],
)
def test_every_bad_answer_has_its_error(status: int, body: object, kind: type[Exception], text: str) -> None:
    """A bad or unreadable answer raises the error of its code or status, or ContractError."""
    with pytest.raises(kind) as caught:
        wire.read_data(answer(status, body), "GET /x")
    assert type(caught.value) is kind
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (rb"\ud83d\ude00 Zo\u00eb", "\U0001f600 Zoë"),
        (rb"\ud83d!", "?!"),
        (rb"\uDE00\u0000", "??"),
        (b"\xed\xa0\x80", "?"),
        ("한국".encode(), "한국"),
        (rb"\\ud8 \\u0000", r"\ud8 \u0000"),
    ],
)
def test_text_that_nothing_can_store_is_replaced(text: bytes, read: str) -> None:
    """Half a character and NUL read as `?`, in names as in values: neither a file nor a journal can hold them."""
    body = b'{"data": [{"' + text + b'": "' + text + b'", "n": 1.5}]}'
    assert wire.read_data(answer(200, body), "x") == [{read: read, "n": 1.5}]


def test_a_good_answer_gives_its_data() -> None:
    """A good answer gives its `data`; an empty one reads as None where the contract has no body."""
    assert wire.read_data(answer(200, {"data": {"a": 1}}), "x") == {"a": 1}
    assert wire.read_json_or_none(answer(204, b""), "x") is None
    assert wire.read_json_or_none(answer(200, {"a": 1}), "x") == {"a": 1}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3", 3.0),
        (" 1.5 ", 1.5),
        ("0", 0.0),
        ("-4", 0.0),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 60.0),
        ("Wed, 21 Oct 2026 07:26:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        ("inf", None),
        ("nan", None),
    ],
)
def test_retry_after_in_all_its_forms(text: str, seconds: float | None) -> None:
    """Retry-After is read as an integer, a float or a date; an unreadable one counts as absent."""
    now = 1792567620.0  # 60 s before the first of the dates
    assert wire.retry_after({"Retry-After": text}, now) == seconds


def test_retry_after_uses_the_system_clock_by_default() -> None:
    """A date in the past gives 0 seconds."""
    assert wire.retry_after({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0.0
    assert wire.retry_after({}) is None


@given(st.integers(100, 599), st.binary(max_size=400))
def test_no_answer_crashes_the_reader(status: int, body: bytes) -> None:
    """Any bytes under any status give a value or a HeyGenError."""
    try:
        wire.read_data(answer(status, body), "GET /x")
    except errors.HeyGenError as exc:
        assert exc.http_status in {status, None}  # noqa: PT017 - either way is right
    else:
        assert status < 300


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "status", "title", "x"]), inner),
)


@given(JSON)
def test_any_json_reads_as_a_video_or_a_contract_error(data: object) -> None:
    """Decoding any JSON gives a video or raises ContractError with a path."""
    try:
        video = wire.decode(data, Video, "$.data")
    except errors.ContractError as exc:
        assert "$.data" in str(exc)  # noqa: PT017 - the same
    else:
        assert isinstance(data, dict)
        assert data["id"] == video.id
