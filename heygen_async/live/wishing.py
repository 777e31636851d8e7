"""A wish is granted: by the run that finds it in the journal, or at once where workers share the campaign."""

from __future__ import annotations

from heygen_async.bulk.wishes.wish import Wish
from heygen_async.bulk.wishes.wish_box import WishBox
from heygen_async.errors import InvalidInputError
from heygen_async.live.sight import Sight

BY_A_PERSON = "a person paused it on the live page"


def grant(sight: Sight, wish: Wish) -> str:
    """Store a wish for the run of a campaign, or tell the workers; return what becomes of it.

    Raises:
        InvalidInputError: Workers cannot do this.
        JournalError: The journal cannot be written.
    """
    work = sight.work()
    if work.workers is not None:
        return _tell_workers(sight.place, wish)
    with WishBox(sight.place) as box:
        box.put(wish.kind, wish.details)
    return "The run is told." if work.holder is not None else "Noted. It is done when the campaign is resumed."


def _tell_workers(address: str, wish: Wish) -> str:
    from heygen_async.workers.enqueue import pause, resume  # noqa: PLC0415 - their libraries are an extra

    if wish.kind == "pause":
        return f"{pause(address, BY_A_PERSON)}."
    if wish.kind == "go_on":
        return f"{resume(address)}."
    raise InvalidInputError(f"Workers do not do this from here; see heygen-async {_COMMANDS[wish.kind]} --help.")


_COMMANDS = {
    "approve": "enqueue",
    "stop": "pause",
    "retry": "retry",
    "send_again": "retry",
    "give_up": "audit",
    "budget": "enqueue",
}
