"""Judging deliveries, without any server: signatures, dates, events, memory, readers."""

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
    """Everything that it says is there, and it fits the contract."""
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


def test_a_published_example_of_hmac_is_met() -> None:
    """RFC 4231, case 2: the judge of the signature is not this project."""
    body, known = b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    with pytest.raises(errors.WebhookMalformedError):  # so the signature was right
        verify(body, {"Signature": known}, "Jefe")
    with pytest.raises(errors.WebhookSignatureError):
        verify(body, {"Signature": known}, "jefe")


@pytest.mark.parametrize("name", ["heygen-signature", "HEYGEN-SIGNATURE", "Heygen-Signature"])
def test_names_of_headers_come_in_any_case(name: str) -> None:
    """As a mapping or as pairs."""
    headers = {name: digest(BODY), "hEYGEN-tIMESTAMP": str(int(NOW))}
    assert verify(BODY, headers, SECRET, now=NOW).video_id == "v1"
    assert verify(BODY, list(headers.items()), SECRET, now=NOW).event_id is None


@pytest.mark.parametrize("secrets", [SECRET, [SECRET], (OLD_SECRET, SECRET), {SECRET}, f"{SECRET}\n"])
def test_any_of_several_secrets_will_do(secrets: Any) -> None:
    """The old and the new one while a secret is rotated; the line end of a file does no harm."""
    assert verify(BODY, dated(NOW), secrets, now=NOW).signed


@pytest.mark.parametrize("secrets", [(), [OLD_SECRET], "whsec_", SECRET.upper()])
def test_without_the_right_secret_nothing_is_believed(secrets: Any) -> None:
    """No secret at all is no way in either."""
    with pytest.raises(errors.WebhookSignatureError):
        verify(BODY, dated(NOW), secrets, now=NOW)


@pytest.mark.parametrize("secrets", ["", " ", [""], [SECRET, ""], [None]])
def test_a_blank_secret_is_refused(secrets: Any) -> None:
    """Everybody could sign with it."""
    with pytest.raises(InvalidInputError, match="whsec_"):
        verify(BODY, [("Signature", digest(BODY, ""))], secrets)


@pytest.mark.parametrize("body", [BODY.decode(), None, bytearray(BODY)])
def test_a_body_that_was_read_before_is_refused(body: Any) -> None:
    """Only the bytes as they came can be checked."""
    with pytest.raises(InvalidInputError, match="must be the bytes"):
        verify(body, dated(NOW), SECRET)


@given(at=st.integers(0, len(BODY) - 1), byte=st.integers(0, 255))
def test_no_byte_of_the_body_can_be_changed(at: int, byte: int) -> None:
    """Any other byte anywhere breaks the signature."""
    changed = BODY[:at] + bytes([byte]) + BODY[at + 1 :]
    if changed == BODY:
        assert verify(changed, dated(NOW), SECRET, now=NOW).video_id == "v1"
        return
    with pytest.raises(errors.WebhookSignatureError):
        verify(changed, dated(NOW), SECRET, now=NOW)


@given(at=st.integers(0, 63), character=st.characters() | st.sampled_from("0123456789abcdefABCDEF"))
def test_no_character_of_the_signature_can_be_changed(at: int, character: str) -> None:
    """Neither to another digit nor to its capital, nor to anything that is not ASCII."""
    good = digest(BODY)
    changed = good[:at] + character + good[at + 1 :]
    if changed == good:
        return
    for name in ("Heygen-Signature", "Signature"):
        with pytest.raises(errors.WebhookSignatureError):
            verify(BODY, [*with_header(dated(NOW), "Heygen-Signature", None), (name, changed)], SECRET, now=NOW)


@given(body=st.binary(max_size=200), signature=st.text(max_size=80), secret=st.text(min_size=1, max_size=20))
def test_whatever_comes_ends_in_an_error_of_the_tree(body: bytes, signature: str, secret: str) -> None:
    """No input of a stranger is a crash."""
    with pytest.raises(HeyGenError):
        verify(body, {"Signature": signature, "Heygen-Timestamp": signature}, secret, now=NOW)


def test_the_newer_signature_decides() -> None:
    """A good older one beside a bad newer one does not help; alone it does, even undated."""
    older = ("Signature", digest(BODY))
    assert verify(BODY, [older], SECRET).sent_at is None
    assert verify(BODY, [older, ("Heygen-Timestamp", str(int(NOW)))], SECRET, now=NOW).sent_at == NOW
    with pytest.raises(errors.WebhookSignatureError):
        verify(BODY, [older, *with_header(dated(NOW), "Heygen-Signature", "0" * 64)], SECRET, now=NOW)
    with pytest.raises(errors.WebhookTimestampError):
        verify(BODY, [older, ("Heygen-Timestamp", str(int(NOW - 301)))], SECRET, now=NOW)


@pytest.mark.parametrize("off", [-300, -1, 0, 299, 300])
def test_a_date_may_be_off_by_five_minutes(off: int) -> None:
    """Either way."""
    assert verify(BODY, dated(NOW + off), SECRET, now=NOW).sent_at == NOW + off


@pytest.mark.parametrize("off", [-86400, -301, 301, 10**9])
def test_a_date_that_is_off_by_more_is_refused(off: int) -> None:
    """Late or early; with another tolerance that one holds."""
    with pytest.raises(errors.WebhookTimestampError, match="clock"):
        verify(BODY, dated(NOW + off), SECRET, now=NOW)
    assert verify(BODY, dated(NOW + off), SECRET, now=NOW, tolerance=2e9).sent_at == NOW + off


@pytest.mark.parametrize("text", ["", "now", "nan", "1e9", "1790000000.0", "-1", "+1790000000", "1_790_000_000", "١٧٩"])
def test_a_date_is_seconds_and_nothing_else(text: str) -> None:
    """What Python would read as a number is none here."""
    with pytest.raises(errors.WebhookTimestampError, match="Unix time"):
        verify(BODY, with_header(dated(NOW), "Heygen-Timestamp", text), SECRET, now=NOW)


def test_errors_do_not_quote_the_delivery() -> None:
    """Neither in their words nor in their cause: a body holds people's names, and a stranger may have written it."""
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
def test_the_type_tells_how_it_ended(event_type: str, ended: str | None) -> None:
    """By its last word; a new type of HeyGen's is fine."""
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
    """Sources differ, so each is tried."""
    event = read_event(body_of("avatar_video.fail", video_id="v1", **data))
    assert (event.failure_code, event.failure_message) == (code, message)


def test_ids_are_found_under_any_name() -> None:
    """Text only; what you sent and where it lies is no resource."""
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


def test_what_was_seen_is_known_by_its_id_or_by_its_body() -> None:
    """The id is not signed, and a body that is delivered again may have a new address in it."""
    seen = SeenDeliveries()
    event = read_event(BODY, event_id="evt_1")
    assert seen.is_new(event, BODY, NOW)
    assert not seen.is_new(event, BODY, NOW)
    assert not seen.is_new(read_event(BODY, event_id="evt_2"), BODY, NOW)
    assert not seen.is_new(event, body_of(video_id="v1", url="https://another"), NOW)
    assert len(seen) == 2


def test_a_replay_cannot_claim_an_id_that_is_still_to_come() -> None:
    """The id of a body that is known is not remembered."""
    seen = SeenDeliveries()
    assert seen.is_new(read_event(BODY, event_id="evt_1"), BODY, NOW)
    assert not seen.is_new(read_event(BODY, event_id="evt_2"), BODY, NOW)
    other = body_of(video_id="v2")
    assert seen.is_new(read_event(other, event_id="evt_2"), other, NOW)


def test_memory_ends_after_its_window_and_is_bounded() -> None:
    """By time, and by number: the least recently seen goes first."""
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
def test_a_memory_that_remembers_nothing_is_refused(settings: dict[str, Any]) -> None:
    """Or only half of a delivery."""
    with pytest.raises(InvalidInputError, match="must be 2 or more"):
        SeenDeliveries(**settings)


# The receiver


def test_a_receiver_hands_on_each_event_once() -> None:
    """To its observers and readers; what is refused or known comes to nobody."""
    heard: list[WebhookEvent] = []
    receiver = Receiver(SECRET, observers=[heard.append])
    headers = signed(BODY)
    event = receiver.receive(BODY, headers)
    assert event is not None
    assert receiver.receive(BODY, headers) is None
    with pytest.raises(errors.WebhookSignatureError):
        receiver.receive(BODY + b" ", headers)
    assert heard == [event]


def test_receivers_can_share_what_they_have_seen() -> None:
    """Two workers of one process."""
    seen = SeenDeliveries()
    first, second = Receiver(SECRET, dedupe=seen), Receiver(SECRET, dedupe=seen)
    assert first.receive(BODY, dated(NOW), now=NOW)
    assert second.receive(BODY, dated(NOW), now=NOW) is None


def test_secrets_come_and_go() -> None:
    """The secret of an endpoint is known only after it was registered, and changes by rotation."""
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


def test_an_unsigned_delivery_is_taken_on_the_secret_path_only() -> None:
    """And told apart: `signed` is False, whatever its headers claim."""
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


def test_what_is_unsigned_cannot_hide_what_is_signed() -> None:
    """Whoever knows the path of callbacks must not silence real events; both kinds may come for one video."""
    receiver = Receiver(SECRET)
    assert receiver.receive(BODY, signed(BODY), path=receiver.callback_path())
    assert receiver.receive(BODY, signed(BODY), path=receiver.path)


def test_a_token_outlives_its_receiver() -> None:
    """So that renders which were submitted before a restart still find the way."""
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
    """When the receiver is made, not when the first delivery comes."""
    with pytest.raises(InvalidInputError):
        Receiver(**settings)


def test_an_observer_that_raises_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged; the others hear the event, and the sender is told that it was received."""
    heard: list[WebhookEvent] = []

    def broken(event: WebhookEvent) -> None:
        raise RuntimeError("no")

    receiver = Receiver(SECRET, observers=[broken, heard.append])
    with caplog.at_level(logging.ERROR):
        assert receiver.receive(BODY, signed(BODY)) is not None
    assert len(heard) == 1
    assert "avatar_video.success" in caplog.text


def test_a_body_above_the_limit_is_refused_before_it_is_judged() -> None:
    """Even if it is signed."""
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
    """What came before anybody read is read first, and leaving a loop loses nothing."""
    receiver = Receiver(SECRET)
    deliver(receiver, "a", "b", "c")
    assert [event.video_id for event in await read(receiver, 2)] == ["a", "b"]
    async with anyio.create_task_group() as group:
        group.start_soon(anyio.sleep, 5)
        deliver(receiver, "d")
        assert [event.video_id for event in await read(receiver, 2)] == ["c", "d"]


async def test_the_oldest_go_when_nobody_reads() -> None:
    """The newest stay, and how many went is told."""
    receiver = Receiver(SECRET, buffer=2)
    deliver(receiver, "a", "b", "c", "d", "e")
    assert receiver.dropped == 3
    assert [event.video_id for event in await read(receiver, 2)] == ["d", "e"]


async def test_several_readers_share_the_events() -> None:
    """Each event comes to one of them, none to nobody; `close` ends them all."""
    receiver = Receiver(SECRET)
    found: list[str | None] = []

    async def one() -> None:
        found.extend([event.video_id async for event in receiver])

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(one)
        await anyio.sleep(1)
        deliver(receiver, *"abcdefgh")
        await anyio.sleep(1)
        receiver.close()
    deliver(receiver, "late")
    assert sorted(name for name in found if name) == list("abcdefgh")


async def test_a_reader_that_is_cancelled_takes_nothing() -> None:
    """The event is there for the next one."""
    receiver = Receiver(SECRET)
    with anyio.move_on_after(1):
        await read(receiver, 1)
    deliver(receiver, "a")
    with anyio.CancelScope() as scope:
        scope.cancel()
        await read(receiver, 1)
    assert [event.video_id for event in await read(receiver, 1)] == ["a"]


async def test_signals_tell_every_listener_what_ended() -> None:
    """Videos and sessions, successes and failures, from the moment that the iteration begins; nothing else."""
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


async def test_a_listener_that_is_gone_is_forgotten() -> None:
    """Nothing must be closed."""
    receiver = Receiver(SECRET)
    listener = aiter(receiver.signals)
    assert len(receiver._listeners) == 1
    del listener
    gc.collect()
    assert not receiver._listeners
    deliver(receiver, "a")


async def test_a_closed_mailbox_takes_nothing() -> None:
    """What was in it can be read; then it ends, also for one who waits."""
    mailbox: EventQueue[int] = EventQueue(3)
    mailbox.put(1)
    mailbox.close()
    mailbox.put(2)
    assert [item async for item in mailbox] == [1]
    assert mailbox.dropped == 0


def test_the_machines_clock_is_asked_if_none_is_given() -> None:
    """A delivery of this second is not late."""
    event = verify(BODY, signed(BODY), SECRET)
    assert event.sent_at == pytest.approx(time.time(), abs=60)
