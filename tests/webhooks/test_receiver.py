"""Verification of deliveries without a server: signatures, dates, events, memory, readers."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from hypothesis import given, strategies as st

from heygen_async import HeyGenError, InvalidInputError, Receiver, Signals, WebhookEvent, errors
from heygen_async.webhooks.event_queue import EventQueue
from heygen_async.webhooks.events import read_event
from heygen_async.webhooks.seen_deliveries import SeenDeliveries
from heygen_async.webhooks.signature import verify
from tests.helpers.contract_document import problems
from tests.helpers.deliveries import OLD_SECRET, SECRET, Pairs, body_of, digest, sha256, signed, with_header

NOW = 1_790_000_000.0
BODY = body_of(video_id="v1", callback_id="row 7")


def dated(at: float, body: bytes = BODY) -> Pairs:
    return with_header(signed(body), "Heygen-Timestamp", str(int(at)))


# Signatures


def test_a_signed_delivery_is_read() -> None:
    """The event of a signed delivery has all of its fields, and the delivery fits the contract."""
    event = verify(BODY, dated(NOW - 3), SECRET, now=NOW)
    assert event == WebhookEvent(
        event_type="avatar_video.success",
        event_id="evt_1",
        sent_at=NOW - 3,
        data={"video_id": "v1", "callback_id": "row 7"},
        signed=True,
    )
    assert not problems({"event_type": event.event_type, "event_data": event.data}, "WebhookDelivery")
    assert "row 7" not in repr(event)
    assert len({event, event}) == 1


def test_a_published_example_of_hmac() -> None:
    """The signature of RFC 4231, case 2, is accepted."""
    body, known = b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    with pytest.raises(errors.WebhookMalformedError):  # so the signature was right
        verify(body, {"Signature": known}, "Jefe")
    with pytest.raises(errors.WebhookSignatureError):
        verify(body, {"Signature": known}, "jefe")


@pytest.mark.parametrize("name", ["heygen-signature", "HEYGEN-SIGNATURE", "Heygen-Signature"])
def test_names_of_headers_come_in_any_case(name: str) -> None:
    """Header names are matched without regard to case, in a mapping or in pairs."""
    headers = {name: digest(BODY), "hEYGEN-tIMESTAMP": str(int(NOW))}
    assert verify(BODY, headers, SECRET, now=NOW).video_id == "v1"
    assert verify(BODY, list(headers.items()), SECRET, now=NOW).event_id is None


@pytest.mark.parametrize("secrets", [SECRET, [SECRET], (OLD_SECRET, SECRET), {SECRET}, f"{SECRET}\n"])
def test_any_of_several_secrets_is_accepted(secrets: Any) -> None:
    """A delivery signed with any of the secrets is accepted; white space around a secret is ignored."""
    assert verify(BODY, dated(NOW), secrets, now=NOW).signed


@pytest.mark.parametrize("secrets", [(), [OLD_SECRET], "whsec_", SECRET.upper()])
def test_without_the_right_secret_a_delivery_is_refused(secrets: Any) -> None:
    """A delivery is refused if no given secret made its signature, or if none is given."""
    with pytest.raises(errors.WebhookSignatureError):
        verify(BODY, dated(NOW), secrets, now=NOW)


@pytest.mark.parametrize("secrets", ["", " ", [""], [SECRET, ""], [None]])
def test_a_blank_secret_is_refused(secrets: Any) -> None:
    """A blank secret is refused, because anyone could sign with it."""
    with pytest.raises(InvalidInputError, match="whsec_"):
        verify(BODY, [("Signature", digest(BODY, ""))], secrets)


@pytest.mark.parametrize("body", [BODY.decode(), None, bytearray(BODY)])
def test_a_body_that_is_not_bytes_is_refused(body: Any) -> None:
    """A body that was decoded or copied is refused, because only the bytes that arrived can be verified."""
    with pytest.raises(InvalidInputError, match="must be the bytes"):
        verify(body, dated(NOW), SECRET)


@given(at=st.integers(0, len(BODY) - 1), byte=st.integers(0, 255))
def test_no_byte_of_the_body_can_be_changed(at: int, byte: int) -> None:
    """A change of any byte of the body breaks the signature."""
    changed = BODY[:at] + bytes([byte]) + BODY[at + 1 :]
    if changed == BODY:
        assert verify(changed, dated(NOW), SECRET, now=NOW).video_id == "v1"
        return
    with pytest.raises(errors.WebhookSignatureError):
        verify(changed, dated(NOW), SECRET, now=NOW)


@given(at=st.integers(0, 63), character=st.characters() | st.sampled_from("0123456789abcdefABCDEF"))
def test_no_character_of_the_signature_can_be_changed(at: int, character: str) -> None:
    """A change of any character of the signature is refused, even to its capital."""
    good = digest(BODY)
    changed = good[:at] + character + good[at + 1 :]
    if changed == good:
        return
    for name in ("Heygen-Signature", "Signature"):
        with pytest.raises(errors.WebhookSignatureError):
            verify(BODY, [*with_header(dated(NOW), "Heygen-Signature", None), (name, changed)], SECRET, now=NOW)


@given(body=st.binary(max_size=200), signature=st.text(max_size=80), secret=st.text(min_size=1, max_size=20))
def test_any_wrong_delivery_is_a_heygen_error(body: bytes, signature: str, secret: str) -> None:
    """Any body with any wrong signature raises a HeyGenError, never another exception."""
    with pytest.raises(HeyGenError):
        verify(body, {"Signature": signature, "Heygen-Timestamp": signature}, secret, now=NOW)


def test_the_newer_signature_decides() -> None:
    """A good older signature is accepted alone, even undated, but not beside a bad newer one."""
    older = ("Signature", digest(BODY))
    assert verify(BODY, [older], SECRET).sent_at is None
    assert verify(BODY, [older, ("Heygen-Timestamp", str(int(NOW)))], SECRET, now=NOW).sent_at == NOW
    with pytest.raises(errors.WebhookSignatureError):
        verify(BODY, [older, *with_header(dated(NOW), "Heygen-Signature", "0" * 64)], SECRET, now=NOW)
    with pytest.raises(errors.WebhookTimestampError):
        verify(BODY, [older, ("Heygen-Timestamp", str(int(NOW - 301)))], SECRET, now=NOW)


@pytest.mark.parametrize("off", [-300, -1, 0, 299, 300])
def test_a_date_may_be_off_by_five_minutes(off: int) -> None:
    """A date up to 300 s in the past or future is accepted."""
    assert verify(BODY, dated(NOW + off), SECRET, now=NOW).sent_at == NOW + off


@pytest.mark.parametrize("off", [-86400, -301, 301, 10**9])
def test_a_date_that_is_off_by_more_is_refused(off: int) -> None:
    """A date more than 300 s off is refused, unless a larger tolerance is given."""
    with pytest.raises(errors.WebhookTimestampError, match="clock"):
        verify(BODY, dated(NOW + off), SECRET, now=NOW)
    assert verify(BODY, dated(NOW + off), SECRET, now=NOW, tolerance=2e9).sent_at == NOW + off


@pytest.mark.parametrize("text", ["", "now", "nan", "1e9", "1790000000.0", "-1", "+1790000000", "1_790_000_000", "١٧٩"])
def test_a_date_is_a_whole_number_of_seconds(text: str) -> None:
    """A date in another form is refused, even if Python could read it as a number."""
    with pytest.raises(errors.WebhookTimestampError, match="Unix time"):
        verify(BODY, with_header(dated(NOW), "Heygen-Timestamp", text), SECRET, now=NOW)


def test_errors_do_not_quote_the_delivery() -> None:
    """An error's message and cause do not contain the body, which may hold people's names."""
    body = b'{"event_type": "Ada Lovelace", '
    with pytest.raises(errors.WebhookMalformedError) as caught:
        verify(body, {"Signature": digest(body)}, SECRET)
    assert "Ada" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


# Events


@pytest.mark.parametrize(
    ("event_type", "ended"),
    [
        ("avatar_video.success", "success"),
        ("video_agent.fail", "fail"),
        ("video_translate.preflight.validation_failed", "fail"),
        ("video_translate.preflight.download_failed", "fail"),
        ("batch.finished", None),
        ("personalized_video", None),
        ("something.never.heard.of", None),
        ("tomorrows_mode.success", "success"),
        ("successful", None),
        ("unfail", None),
    ],
)
def test_the_type_has_the_outcome(event_type: str, ended: str | None) -> None:
    """The last word of the type decides `ended`, also for types that this package does not know."""
    assert read_event(body_of(event_type)).ended == ended


@pytest.mark.parametrize(
    ("data", "code", "message"),
    [
        ({"msg": "no face"}, None, "no face"),
        ({"error": "no face"}, None, "no face"),
        ({"error": {"code": "face", "message": "no face"}}, "face", "no face"),
        ({"failure_code": "face", "failure_message": "no face", "msg": "x", "error": "y"}, "face", "no face"),
        ({"failure_code": "face"}, "face", None),
        ({"msg": None, "error": 7, "failure_message": ""}, None, None),
    ],
)
def test_the_reason_of_a_failure_has_four_names(data: dict[str, Any], code: str | None, message: str | None) -> None:
    """Code and message of a failure are found under each of the names that HeyGen uses."""
    event = read_event(body_of("avatar_video.fail", video_id="v1", **data))
    assert (event.failure_code, event.failure_message) == (code, message)


def test_ids_are_found_under_any_name() -> None:
    """Every text field `..._id` is a resource's id, except `callback_id` and `folder_id`."""
    event = read_event(
        body_of(
            "video_agent.success",
            session_id="s1",
            video_id="v1",
            video_translate_id="t1",
            batch_id=None,
            other_id=7,
            callback_id="mine",
            folder_id="f1",
        )
    )
    assert event.resource_ids == ("s1", "v1", "t1")
    assert (event.session_id, event.video_id, event.batch_id, event.callback_id) == ("s1", "v1", None, "mine")
    assert not event.signed


# Memory


def test_a_delivery_is_known_by_its_id_or_by_its_body() -> None:
    """A delivery with a known body or a known id is not new: ids are not signed, and a repeated body may differ."""
    seen = SeenDeliveries()
    event = read_event(BODY, event_id="evt_1")
    assert seen.is_new(event, BODY, NOW)
    assert not seen.is_new(event, BODY, NOW)
    assert not seen.is_new(read_event(BODY, event_id="evt_2"), BODY, NOW)
    assert not seen.is_new(event, body_of(video_id="v1", url="https://another"), NOW)
    assert len(seen) == 2


def test_a_replay_cannot_suppress_a_later_event() -> None:
    """A new id on a known body is not remembered, so a later event with this id is still new."""
    seen = SeenDeliveries()
    assert seen.is_new(read_event(BODY, event_id="evt_1"), BODY, NOW)
    assert not seen.is_new(read_event(BODY, event_id="evt_2"), BODY, NOW)
    other = body_of(video_id="v2")
    assert seen.is_new(read_event(other, event_id="evt_2"), other, NOW)


def test_the_memory_is_bounded_by_time_and_number() -> None:
    """A delivery is forgotten after the window, or earlier if the memory is full and it is the least recently seen."""
    seen = SeenDeliveries(at_most=4, window=100)
    bodies = [body_of(video_id=f"v{number}") for number in range(3)]
    events = [read_event(body, event_id=sha256(body)) for body in bodies]
    assert seen.is_new(events[0], bodies[0], NOW)
    assert not seen.is_new(events[0], bodies[0], NOW + 99)
    assert not seen.is_new(events[0], bodies[0], NOW + 180)  # seen at 99
    assert seen.is_new(events[0], bodies[0], NOW + 300)
    assert seen.is_new(events[1], bodies[1], NOW + 301)
    assert not seen.is_new(events[0], bodies[0], NOW + 302)
    assert seen.is_new(events[2], bodies[2], NOW + 303)  # pushes out the second
    assert len(seen) == 4
    assert not seen.is_new(events[0], bodies[0], NOW + 304)
    assert seen.is_new(events[1], bodies[1], NOW + 305)


@pytest.mark.parametrize("settings", [{"at_most": 1}, {"window": 0}, {"window": float("nan")}])
def test_a_memory_without_room_is_refused(settings: dict[str, Any]) -> None:
    """A memory needs room for the two keys of one delivery, and a window above 0 s."""
    with pytest.raises(InvalidInputError, match="must be 2 or more"):
        SeenDeliveries(**settings)


# The receiver


def test_a_receiver_passes_each_event_on_once() -> None:
    """Observers get each event once; a refused or repeated delivery does not reach them."""
    received: list[WebhookEvent] = []
    receiver = Receiver(SECRET, observers=[received.append])
    headers = signed(BODY)
    event = receiver.receive(BODY, headers)
    assert event is not None
    assert receiver.receive(BODY, headers) is None
    with pytest.raises(errors.WebhookSignatureError):
        receiver.receive(BODY + b" ", headers)
    assert received == [event]


def test_receivers_can_share_a_memory() -> None:
    """A delivery that one receiver has seen is a repetition for another with the same memory."""
    seen = SeenDeliveries()
    first, second = Receiver(SECRET, dedupe=seen), Receiver(SECRET, dedupe=seen)
    assert first.receive(BODY, dated(NOW), now=NOW)
    assert second.receive(BODY, dated(NOW), now=NOW) is None


def test_secrets_can_be_added_and_removed() -> None:
    """`trust` adds a secret after its endpoint was registered, and `distrust` removes one after a rotation."""
    receiver = Receiver()
    one, two, three = (body_of(video_id=name) for name in ("a", "b", "c"))
    with pytest.raises(errors.WebhookSignatureError, match="none of the 0 secrets"):
        receiver.receive(one, signed(one))
    receiver.trust(OLD_SECRET)
    receiver.trust(SECRET, OLD_SECRET)
    assert receiver.receive(one, signed(one, event_id="a"))
    assert receiver.receive(two, signed(two, event_id="b", secret=OLD_SECRET))
    receiver.distrust(OLD_SECRET)
    with pytest.raises(errors.WebhookSignatureError):
        receiver.receive(three, signed(three, secret=OLD_SECRET))
    assert repr(receiver) == "Receiver(path='/heygen', secrets=1)"


def test_an_unsigned_delivery_is_accepted_on_the_secret_path_only() -> None:
    """An unsigned delivery is accepted only on the callback path, and its event has `signed=False`."""
    receiver = Receiver(SECRET, path="/hooks/heygen")
    with pytest.raises(errors.WebhookSignatureError):
        receiver.receive(BODY, [], path=f"/hooks/heygen/{'A' * 43}")
    path = receiver.callback_path()
    assert path.startswith("/hooks/heygen/")
    assert len(path.rpartition("/")[2]) >= 43
    assert path == receiver.callback_path() != Receiver(path="/hooks/heygen").callback_path()
    event = receiver.receive(BODY, signed(BODY, secret="forged"), path=path)
    assert event is not None
    assert not event.signed
    assert event.event_id is None
    assert receiver.receive(BODY, [], path=path) is None


def test_an_unsigned_delivery_cannot_suppress_a_signed_one() -> None:
    """A signed delivery is new even if an unsigned one with the same body and id came before."""
    receiver = Receiver(SECRET)
    assert receiver.receive(BODY, signed(BODY), path=receiver.callback_path())
    assert receiver.receive(BODY, signed(BODY), path=receiver.path)


def test_a_given_token_keeps_the_callback_path() -> None:
    """With a given token the callback path is the same after a restart."""
    token = "T" * 32
    assert Receiver(callback_token=token).callback_path() == f"/heygen/{token}"


@pytest.mark.parametrize(
    "settings",
    [
        {"path": ""},
        {"path": "heygen"},
        {"path": "/"},
        {"path": "/heygen/"},
        {"path": "/{x}"},
        {"callback_token": "guess"},
        {"callback_token": "a/" * 32},
        {"buffer": 0},
        {"secrets": [""]},
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any]) -> None:
    """Invalid settings are refused when the receiver is created."""
    with pytest.raises(InvalidInputError):
        Receiver(**settings)


def test_an_observer_that_raises_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """An observer's exception is logged; other observers get the event, and the delivery is accepted."""
    received: list[WebhookEvent] = []

    def broken(event: WebhookEvent) -> None:
        raise RuntimeError("no")

    receiver = Receiver(SECRET, observers=[broken, received.append])
    with caplog.at_level(logging.ERROR):
        assert receiver.receive(BODY, signed(BODY)) is not None
    assert len(received) == 1
    assert "avatar_video.success" in caplog.text


def test_a_body_above_the_limit_is_refused() -> None:
    """A body above the limit is refused, even if it is signed."""
    receiver = Receiver(SECRET, max_bytes=len(BODY) - 1)
    with pytest.raises(errors.WebhookTooLargeError, match="more than"):
        receiver.receive(BODY, signed(BODY))


# Readers


def deliver(receiver: Receiver, *names: str, event_type: str = "avatar_video.success") -> None:
    for name in names:
        body = body_of(event_type, video_id=name)
        assert receiver.receive(body, signed(body, event_id=f"{event_type} {name}")) is not None


async def read(source: AsyncIterator[Any] | Receiver, number: int) -> list[Any]:
    found: list[Any] = []
    async for item in source:
        found.append(item)
        if len(found) == number:
            break
    return found


async def test_events_wait_for_their_reader() -> None:
    """Events that came before a reader are read first, and a new loop continues where the last one was left."""
    receiver = Receiver(SECRET)
    deliver(receiver, "a", "b", "c")
    assert [event.video_id for event in await read(receiver, 2)] == ["a", "b"]
    async with anyio.create_task_group() as group:
        group.start_soon(anyio.sleep, 5)
        deliver(receiver, "d")
        assert [event.video_id for event in await read(receiver, 2)] == ["c", "d"]


async def test_the_oldest_unread_events_are_dropped() -> None:
    """A full buffer drops its oldest events and counts them."""
    receiver = Receiver(SECRET, buffer=2)
    deliver(receiver, "a", "b", "c", "d", "e")
    assert receiver.dropped == 3
    assert [event.video_id for event in await read(receiver, 2)] == ["d", "e"]


async def test_several_readers_share_the_events() -> None:
    """Each event goes to exactly one of several readers, and `close` ends them all."""
    receiver = Receiver(SECRET)
    found: list[str | None] = []

    async def read_all() -> None:
        found.extend([event.video_id async for event in receiver])

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(read_all)
        await anyio.sleep(1)
        deliver(receiver, *"abcdefgh")
        await anyio.sleep(1)
        receiver.close()
    deliver(receiver, "late")
    assert sorted(name for name in found if name) == list("abcdefgh")


async def test_a_cancelled_reader_takes_no_event() -> None:
    """An event is left for the next reader if a reader is cancelled while it waits."""
    receiver = Receiver(SECRET)
    with anyio.move_on_after(1):
        await read(receiver, 1)
    deliver(receiver, "a")
    with anyio.CancelScope() as scope:
        scope.cancel()
        await read(receiver, 1)
    assert [event.video_id for event in await read(receiver, 1)] == ["a"]


async def test_every_listener_gets_the_ids_of_ended_renders() -> None:
    """Every loop over `signals` gets the ids of videos and sessions that end from its start on, and no others."""
    receiver = Receiver(SECRET)
    signals: Signals = receiver.signals
    deliver(receiver, "before")
    first, second = aiter(signals), aiter(signals)
    deliver(receiver, "a")
    deliver(receiver, "b", event_type="avatar_video.fail")
    deliver(receiver, "c", event_type="batch.finished")
    body = body_of("video_agent.success", session_id="s1", video_id="v1")
    receiver.receive(body, signed(body, event_id="agent"))
    receiver.close()
    for listener in (first, second):
        assert [resource_id async for resource_id in listener] == ["a", "b", "s1", "v1"]


async def test_an_abandoned_listener_is_forgotten() -> None:
    """A listener without references is removed; it need not be closed."""
    receiver = Receiver(SECRET)
    listener = aiter(receiver.signals)
    assert len(receiver._listeners) == 1
    del listener
    gc.collect()
    assert not receiver._listeners
    deliver(receiver, "a")


async def test_a_closed_queue_accepts_no_items() -> None:
    """Items put into a queue before it was closed can be read; later ones are ignored."""
    queue: EventQueue[int] = EventQueue(3)
    queue.put(1)
    queue.close()
    queue.put(2)
    assert [item async for item in queue] == [1]
    assert queue.dropped == 0


def test_the_system_clock_is_the_default() -> None:
    """Without `now` the date is compared with the system clock."""
    event = verify(BODY, signed(BODY), SECRET)
    assert event.sent_at == pytest.approx(time.time(), abs=60)
