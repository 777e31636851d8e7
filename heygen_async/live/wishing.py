"""A wish is granted: by the run that finds it in the journal, or at once where workers share the campaign."""

from __future__ import annotations

from heygen_async.bulk.campaign.decision import decide
from heygen_async.bulk.journal.journal import Journal
from heygen_async.bulk.wishes.wish import Wish
from heygen_async.bulk.wishes.wish_box import WishBox
from heygen_async.live.sight import Sight

BY_A_PERSON = "a person paused it on the live page"
STOPPED = "a person stopped it on the live page"


def grant(sight: Sight, wish: Wish) -> str:
    """Store a wish for the run of a campaign, or tell the workers; return what becomes of it.

    Raises:
        InvalidInputError: A row does not wait for a decision any more.
        JournalError: The journal cannot be written.
    """
    work = sight.work()
    if work.workers is not None:
        return _tell_workers(sight.place, wish)
    with WishBox(sight.place) as box:
        box.put(wish.kind, wish.details)
    return "The run is told." if work.holder is not None else "Noted. It is done when the campaign is resumed."


def _tell_workers(address: str, wish: Wish) -> str:
    from heygen_async.workers.enqueue import (  # noqa: PLC0415 - their libraries are an extra
        approve,
        look_again,
        pause,
        resume,
        set_budget,
        stop,
    )

    match wish.kind:
        case "pause":
            return f"{pause(address, BY_A_PERSON)}."
        case "go_on":
            return f"{resume(address)}."
        case "stop":
            stop(address, STOPPED)
            return "No more videos are begun. Those that are being made are finished."
        case "approve":
            approve(address)
            return "Approved: the workers make the other rows."
        case "budget":
            set_budget(address, wish.usd)
            return f"The budget is {wish.usd:,.2f} US dollars now."
        case "retry":
            text = _retry(address, wish)
        case "send_again" | "give_up":
            with Journal(address) as journal:
                count = decide(
                    journal,
                    "resubmit" if wish.kind == "send_again" else "skip",
                    rows=() if wish.row is None else (wish.row,),
                )
            text = f"{count:,} are sent again." if wish.kind == "send_again" else f"{count:,} given up."
    look_again(address)
    return text


def _retry(address: str, wish: Wish) -> str:
    """Plan failed rows again that have cost nothing."""
    with Journal(address) as journal:
        free = [one.id for one in journal.records("failed", code=wish.code) if one.spent not in {"yes", "unknown"}]
        for row in free:
            journal.begin_again(row)
    return f"{len(free):,} are made again now."
