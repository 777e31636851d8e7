"""Decisions about rows: tables of next steps, and the identities of rows and requests."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given, strategies as st

from heygen_async import errors
from heygen_async.account.server_clock import Moment
from heygen_async.bulk.jobs import keys
from heygen_async.bulk.jobs.next_step import (
    GRACE_SECONDS,
    OUTAGE_SECONDS,
    Decision,
    End,
    LookFor,
    OnUnknown,
    PostHistory,
    RecordId,
    Resend,
    StopRun,
    WaitForSlot,
    after,
    grace_left,
    may_send,
    next_step,
    pause_after,
    verdict,
)
from heygen_async.http.outcomes import (
    Accepted,
    AccountRefused,
    InProgress,
    Lost,
    NoSlot,
    NotSent,
    Outcome,
    Refused,
)
from heygen_async.http.retry import KEY_SECONDS

NOW = 1_800_000_000.0


@attrs.frozen(kw_only=True)
class Row:
    kind: str = "avatar"
    state: str = "planned"
    intended_at: float | None = None
    server_at: float | None = None
    file: str | None = None


@pytest.mark.parametrize(
    ("row", "step"),
    [
        (Row(), "submit"),
        (Row(kind="video_agent"), "submit"),
        (Row(state="intended", intended_at=NOW - 60), "submit"),
        (Row(state="unknown", intended_at=NOW - KEY_SECONDS + 1), "submit"),
        (Row(state="unknown", intended_at=NOW - KEY_SECONDS), "reconcile"),
        (Row(state="intended", intended_at=NOW + 60), "reconcile"),
        (Row(state="intended", intended_at=NOW - 60, server_at=NOW - KEY_SECONDS + 1), "submit"),
        (Row(state="intended", intended_at=NOW - 60, server_at=NOW - KEY_SECONDS), "reconcile"),
        (Row(state="intended", intended_at=NOW - KEY_SECONDS, server_at=NOW - 60), "reconcile"),
        (Row(state="intended", intended_at=NOW - 60, server_at=NOW + 1e6), "submit"),
        (Row(state="intended", intended_at=NOW + 60, server_at=NOW - 60), "reconcile"),
        (Row(state="intended"), "reconcile"),
        (Row(kind="cinematic_avatar", state="intended", intended_at=NOW), "submit"),
        (Row(kind="image", state="intended", intended_at=NOW), "submit"),
        (Row(kind="video_agent", state="intended", intended_at=NOW), "reconcile"),
        (Row(kind="video_agent", state="unknown", intended_at=NOW - 1e9), "reconcile"),
        (Row(kind="translation", state="intended", intended_at=NOW), "submit"),
        (Row(kind="template/t1", state="unknown", intended_at=NOW - 1e9), "reconcile"),
        (Row(kind="background_removal", state="unknown", intended_at=NOW - 1e9), "submit"),
        (Row(kind="something_new", state="intended", intended_at=NOW), "reconcile"),
        (Row(state="submitted"), "follow"),
        (Row(state="completed"), "download"),
        (Row(state="completed", file="x.mp4"), "nothing"),
        (Row(state="failed"), "nothing"),
        (Row(state="a word of tomorrow"), "nothing"),
    ],
)
def test_next_step(row: Row, step: str) -> None:
    """A lost POST is repeated only under a key that HeyGen still remembers; otherwise its render is searched for."""
    assert next_step(row, Moment(NOW, NOW), wants_file=True) == step


def test_a_file_that_is_not_wanted_is_not_fetched() -> None:
    """A completed row whose file is not wanted is done."""
    assert next_step(Row(state="completed"), Moment(NOW), wants_file=False) == "nothing"


@pytest.mark.parametrize(
    ("intended_at", "left"),
    [
        (NOW, GRACE_SECONDS),
        (NOW - 100, GRACE_SECONDS - 100),
        (NOW - 1000, 0.0),
        (NOW + 50, GRACE_SECONDS),
        (None, GRACE_SECONDS),
    ],
)
def test_a_search_waits_until_heygen_must_be_done(intended_at: float | None, left: float) -> None:
    """A search waits two minutes or more after the POST; a clock that was set back does not shorten the wait."""
    assert grace_left(Row(intended_at=intended_at), Moment(NOW)) == left
    assert GRACE_SECONDS >= 120


@pytest.mark.parametrize(
    ("matches", "on_unknown", "action"),
    [
        (1, "hold", "adopt"),
        (1, "resubmit", "adopt"),
        (0, "hold", "hold"),
        (0, "resubmit", "resubmit"),
        (0, "skip", "skip"),
        (2, "resubmit", "hold"),
        (2, "skip", "hold"),
    ],
)
def test_one_match_is_adopted_and_two_are_held(matches: int, on_unknown: OnUnknown, action: str) -> None:
    """A single match is adopted, several are held, and without one `on_unknown` decides."""
    assert verdict(matches, on_unknown) == action


@given(st.lists(st.text(max_size=8), min_size=4, max_size=4), st.lists(st.text(max_size=8), min_size=4, max_size=4))
def test_keys_are_equal_only_for_equal_parts(one: list[str], other: list[str]) -> None:
    """Different rows never share a key, and every key has the form that HeyGen accepts."""
    first = keys.idempotency_key(one[0], len(one[1]), one[2], 0)
    second = keys.idempotency_key(other[0], len(other[1]), other[2], 0)
    assert (first == second) == ((one[0], len(one[1]), one[2]) == (other[0], len(other[1]), other[2]))
    assert len(first) <= 255
    assert first.replace("-", "").isalnum()


def test_a_body_is_the_same_in_any_order_of_its_fields() -> None:
    """The order of its fields does not change the identity of a body."""
    assert keys.body_hash("avatar", {"a": 1, "b": 2}) == keys.body_hash("avatar", {"b": 2, "a": 1})
    assert keys.body_hash("avatar", {"a": 1}) != keys.body_hash("image", {"a": 1})
    assert keys.row_hash({"a": "1"}) != keys.row_hash({"a": "2"})


# --- after a POST

ERROR = errors.ServerError("x")
NEW = PostHistory()
LOST = PostHistory(lost=True, key_age=60.0, failures=1)
OLD = PostHistory(lost=True, key_age=KEY_SECONDS, failures=1)
LONG = PostHistory(lost=True, key_age=700.0, failures=30, failing_for=OUTAGE_SECONDS)


@pytest.mark.parametrize(
    ("outcome", "history", "kind", "decision"),
    [
        (Accepted("v1"), NEW, "avatar", RecordId),
        (Accepted("v1"), OLD, "avatar", RecordId),
        (Refused(ERROR), NEW, "avatar", End),
        (Refused(ERROR), LOST, "avatar", LookFor),
        (AccountRefused(ERROR), NEW, "avatar", StopRun),
        (NoSlot(ERROR), NEW, "avatar", WaitForSlot),
        (NoSlot(ERROR), LOST, "avatar", WaitForSlot),
        (NoSlot(ERROR), OLD, "avatar", LookFor),
        (NoSlot(ERROR), NEW, "video_agent", WaitForSlot),
        (NotSent(ERROR), NEW, "avatar", Resend),
        (NotSent(ERROR), PostHistory(failures=30, failing_for=OUTAGE_SECONDS), "avatar", StopRun),
        (NotSent(ERROR), LONG, "avatar", LookFor),
        (Lost(ERROR), LOST, "avatar", Resend),
        (Lost(ERROR), LONG, "avatar", LookFor),
        (Lost(ERROR), OLD, "avatar", LookFor),
        (Lost(ERROR), LOST, "video_agent", LookFor),
        (Lost(ERROR), OLD, "background_removal", Resend),
        (Lost(ERROR), LOST, "hologram", LookFor),
        (InProgress(ERROR), LOST, "avatar", Resend),
        (InProgress(ERROR), PostHistory(lost=True, key_age=1.0, in_progress_for=900.0), "avatar", LookFor),
        (
            InProgress(ERROR),
            PostHistory(lost=True, key_age=1.0, in_progress_for=60.0, deadline=60.0),
            "avatar",
            LookFor,
        ),
    ],
)
def test_what_follows_from_an_outcome(
    outcome: Outcome, history: PostHistory, kind: str, decision: type[Decision]
) -> None:
    """The table of decisions."""
    assert type(after(outcome, history, kind)) is decision


OUTCOMES = st.sampled_from(
    [NoSlot(ERROR), NotSent(ERROR), Lost(ERROR), InProgress(ERROR), Refused(ERROR), Accepted("v")]
)


@given(st.lists(st.tuples(OUTCOMES, st.booleans(), st.floats(0, 90_000)), max_size=30))
def test_no_path_pays_twice(tries: list[tuple[Outcome, bool, float]]) -> None:
    """HeyGen may execute any try whose answer is lost, keeps a key for 24 hours, and clocks may jump."""
    now, charges = 0.0, 0
    lost, first = False, 0.0
    charged_at: float | None = None
    for failures, (outcome, executed, pause) in enumerate(tries, 1):
        if charged_at is not None and now - charged_at < 24 * 3600:
            pass  # HeyGen replays its first answer
        elif isinstance(outcome, Accepted) or (executed and isinstance(outcome, Lost | InProgress)):
            charges, charged_at = charges + 1, now
        assert charges <= 1
        lost = lost or isinstance(outcome, Lost | InProgress)
        history = PostHistory(key_age=now - first, lost=lost, failures=failures, failing_for=now - first)
        decided = after(outcome, history, "avatar")
        if not isinstance(decided, Resend | WaitForSlot):
            return
        now += pause
        if not may_send("avatar", PostHistory(key_age=now - first, lost=lost)):
            return
        first = first if lost else now


def test_pauses_double_up_to_a_cap() -> None:
    """From half a second to half a minute."""
    assert [pause_after(n) for n in (1, 2, 3, 7, 1000)] == [0.5, 1.0, 2.0, 30.0, 30.0]
    assert (NEW.spent, LOST.spent) == ("no", "unknown")
