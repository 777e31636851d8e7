"""Decisions about a row: from what is known of it and the time, what may be done next without paying twice.

Pure functions, apart from the stores that remember: `next_step` for a row that an earlier run left, `after` for a POST
of this run.
"""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias

import attrs

from heygen_async.account.server_clock import Moment
from heygen_async.api.requests.kinds import find_kind
from heygen_async.errors import HeyGenError, Spent
from heygen_async.http.outcomes import Accepted, AccountRefused, InProgress, Lost, NoSlot, NotSent, Outcome, Refused
from heygen_async.http.retry import KEY_SECONDS, is_gateway_page, may_change

OnUnknown = Literal["hold", "resubmit", "skip"]
Step = Literal["submit", "follow", "reconcile", "download", "nothing"]

SEVERAL_FOUND = "several_found"  # code of a held row of which HeyGen may have several renders
GRACE_SECONDS = 150.0  # HeyGen may work on a POST for 120 s; before that, its lists may lack the new video
CLOCK_SKEW_SECONDS = 300.0  # between this machine and HeyGen
OUTAGE_SECONDS = 600.0  # a row's POST is repeated for so long while it fails and others pass
IN_PROGRESS_SECONDS = 900.0  # HeyGen says "in progress" for so long before the row is looked for
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0  # between repetitions; it doubles
ASK_AGAIN_SECONDS = 5.0  # after "in progress" without a `Retry-After`


class RowHistory(Protocol):
    """The facts about a row that decide its next step."""

    @property
    def kind(self) -> str:
        """Kind of the request."""

    @property
    def state(self) -> str:
        """State of the row; see `records.State`."""

    @property
    def intended_at(self) -> float | None:
        """Unix time of the first intent to POST under the present key, by the clock of the machine that sent it."""

    @property
    def server_at(self) -> float | None:
        """Unix time of that intent by HeyGen's clock, if it was known."""

    @property
    def file(self) -> str | None:
        """Path of the stored video."""


def next_step(row: RowHistory, now: Moment, *, wants_file: bool) -> Step:
    """Return the next step of a row.

    A POST of unknown outcome is repeated only where that cannot make a second render: on an endpoint that honours
    a key, under the same key, while HeyGen remembers it. Otherwise its render is searched for in HeyGen's lists.
    """
    match row.state:
        case "planned":
            return "submit"
        case "intended" | "unknown":
            return "submit" if key_holds(row, now) else "reconcile"
        case "submitted":
            return "follow"
        case "completed" if wants_file and row.file is None:
            return "download"
        case _:
            return "nothing"


def key_holds(row: RowHistory, now: Moment) -> bool:
    """Return True if HeyGen would answer a repeated POST of this row with its first answer."""
    kind = find_kind(row.kind)
    if kind is None:
        return False
    if kind.once_by is not None:
        return True  # the key stands in the request body, and HeyGen remembers it for good
    first = first_intent(row)
    return kind.takes_key and first is not None and 0 <= now.most_since(first) < KEY_SECONDS


def grace_left(row: RowHistory, now: Moment) -> float:
    """Return the seconds until HeyGen's lists must show a render that the row's POST has made."""
    first = first_intent(row)
    return max(0.0, GRACE_SECONDS - (0.0 if first is None else now.least_since(first)))


def first_intent(row: RowHistory) -> Moment | None:
    """Return the moment of the first intent to POST under the row's present key."""
    return None if row.intended_at is None else Moment(row.intended_at, row.server_at)


def verdict(matches: int, on_unknown: OnUnknown) -> Literal["adopt", "hold", "resubmit", "skip"]:
    """Return the action after a search for a row's render: adopt a single match, hold the row if there are several."""
    if matches == 1:
        return "adopt"
    return "hold" if matches else on_unknown


@attrs.frozen(kw_only=True)
class PostHistory:
    """The POSTs of a row under its present key so far.

    Attributes:
        key_age: Seconds since the first of them went out, by the clock that is further ahead; None if none did before.
        lost: True if the answer of one of them proved nothing.
        failures: Failures in a row, the last one included.
        failing_for: Seconds since the first of them.
        in_progress_for: Seconds for which HeyGen has said nothing but "in progress".
        others_pass: True if HeyGen itself has answered another row's POST since the failures began.
        deadline: Seconds that the run gives a row from its first POST.
        patience: Seconds for which POSTs are repeated while none reaches HeyGen.
    """

    key_age: float | None = None
    lost: bool = False
    failures: int = 0
    failing_for: float = 0.0
    in_progress_for: float = 0.0
    others_pass: bool = False
    deadline: float = float("inf")
    patience: float = OUTAGE_SECONDS

    @property
    def spent(self) -> Spent:
        """Money at stake if the row ends now without an id."""
        return "unknown" if self.lost else "no"


@attrs.frozen
class RecordId:
    """Write the id down: it is made."""

    resource_id: str


@attrs.frozen
class End:
    """End the row with an error: it will never be made as it is, or nobody can tell."""

    error: HeyGenError


@attrs.frozen
class Resend:
    """Send the same request under the same key again, after a pause of about so many seconds."""

    error: HeyGenError
    seconds: float


@attrs.frozen
class WaitForSlot:
    """Send it again when the account has a slot."""

    error: HeyGenError


@attrs.frozen
class LookFor:
    """Look for what was made in HeyGen's lists: it may not be sent again."""

    error: HeyGenError


@attrs.frozen
class StopRun:
    """Send nothing more: the next row would meet the same."""

    error: HeyGenError


Decision: TypeAlias = RecordId | End | Resend | WaitForSlot | LookFor | StopRun


def after(outcome: Outcome, history: PostHistory, kind: str) -> Decision:
    """Return what follows from the outcome of a POST. The table of row.md is this function.

    Args:
        outcome: Of the last try.
        history: The tries under this key, the last one included.
        kind: Of the request.
    """
    match outcome:
        case Accepted():
            return RecordId(outcome.resource_id)
        case Refused() if not history.lost:
            return End(outcome.error)
        case AccountRefused():
            return StopRun(outcome.error)
        case NotSent() | Lost() if _is_outage(outcome, history):
            return StopRun(outcome.error)
        case NoSlot() | InProgress() | NotSent() | Lost() if (
            may_send(kind, history) and (pause := _pause(outcome, history)) is not None
        ):
            return pause
        case _:
            return LookFor(outcome.error)


def _is_outage(outcome: NotSent | Lost, history: PostHistory) -> bool:
    """Return True if no POST reaches HeyGen for so long that the next row would meet the same."""
    if history.failing_for < _longest(outcome.error, history) and may_change(outcome.error):
        return False
    if isinstance(outcome, NotSent):
        return not history.lost
    return is_gateway_page(outcome.error) and not history.others_pass


def _pause(outcome: NoSlot | InProgress | NotSent | Lost, history: PostHistory) -> WaitForSlot | Resend | None:
    """Return the pause before the same request is sent again; None if it has been tried for long enough."""
    error = outcome.error
    if isinstance(outcome, NoSlot):
        return WaitForSlot(error)
    if isinstance(outcome, InProgress):
        is_over = history.in_progress_for >= min(IN_PROGRESS_SECONDS, history.deadline)
        return None if is_over else Resend(error, ASK_AGAIN_SECONDS if outcome.wait is None else outcome.wait)
    if not may_change(error):
        return None
    return None if history.failing_for >= _longest(error, history) else Resend(error, pause_after(history.failures))


def _longest(error: HeyGenError, history: PostHistory) -> float:
    """Return the seconds for which a POST that fails is repeated: for hours only if nothing reaches HeyGen."""
    if not history.others_pass and (error.http_status is None or is_gateway_page(error)):
        return history.patience
    return min(OUTAGE_SECONDS, history.deadline) if history.lost else OUTAGE_SECONDS


def may_send(kind: str, history: PostHistory) -> bool:
    """Return True if a POST now cannot make a second render."""
    if not history.lost:
        return True
    found = find_kind(kind)
    if found is None:
        return False
    if found.once_by is not None:
        return True
    return found.takes_key and history.key_age is not None and 0 <= history.key_age < KEY_SECONDS


def pause_after(failures: int) -> float:
    """Return the seconds until the next try after so many failures in a row."""
    return min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(max(failures - 1, 0), 16))
