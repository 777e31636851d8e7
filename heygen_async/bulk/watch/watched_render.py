"""A render under watch, and when it is looked at next."""

from __future__ import annotations

from typing import Literal

import attrs

from heygen_async.api.requests.kinds import kind_of
from heygen_async.bulk.jobs.job import Job
from heygen_async.bulk.watch.render_times import TimeDistribution

Watch = Literal["auto", "sweep", "each"]

FIRST_LOOK_SECONDS = 20.0  # sooner ends a render only where it was learnt
LOOK_COST = 0.8  # how many seconds of delay one request is worth, where every render is asked for by itself
LEAST_SECONDS, MOST_SECONDS = 2.0, 30.0  # between two such looks


@attrs.define(eq=False, kw_only=True)
class WatchedRender:
    """One render under watch.

    Attributes:
        job: Whose.
        session_id: Of an agent's render.
        batch_id: Of a render that was asked for with others.
        item: Its place in the batch.
        video_id: None while the session or the batch has not named it.
        since: Loop time at which the watch began.
        born: Loop time of the submission; of an item of a batch, of its turn.
        due: Loop time of the first look at the video, or of the next at the session.
        law: How long such renders take.
        queued: Whether HeyGen was seen to keep it waiting for its turn.
        rendered: Whether HeyGen says that it has ended, and only its details are missing.
        being_read: Whether its details are being asked for.
        signalled: Whether something said that it has ended before a look did.
    """

    job: Job
    session_id: str | None = None
    batch_id: str | None = None
    item: int | None = None
    video_id: str | None = None
    since: float
    born: float
    due: float
    law: TimeDistribution = attrs.field(factory=TimeDistribution)
    queued: bool = False
    rendered: bool = False
    being_read: bool = False
    signalled: bool = False

    @property
    def is_job(self) -> bool:
        """Whether it is neither a video nor a session, so that no sweep tells of it."""
        return kind_of(self.job.request.kind).resource is not None

    @property
    def resource_id(self) -> str:
        """The id that leads to it."""
        return self.video_id or self.session_id or self.batch_id or ""

    def look_again(self, now: float) -> None:
        """Set when it is looked at next, where it is asked for by itself.

        An end that comes at a rate h is noticed d/2 late on average by looks d apart, so delay costs h*d*d/2 a look:
        the next one is due when that is what a look is worth (Keller 1974; inspection at the learnt hazard).
        """
        age, pause = now - self.born, LEAST_SECONDS
        while pause < MOST_SECONDS and pause * pause * self.law.hazard(age + pause) < 2 * LOOK_COST:
            pause += 1.0
        self.due = now + pause


def first_look(law: TimeDistribution) -> float:
    """Return the age in seconds at which a render is looked at first: before that, one in a hundred ends."""
    return min(FIRST_LOOK_SECONDS, law.quantile(-2.33))
