"""The simulated world: one account with its renders, sessions and books."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import math
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import attrs

from heygen_async.simulator.account.ledger import Charge, Ledger, Seen
from heygen_async.simulator.account.library import Library
from heygen_async.simulator.faults.request_faults import FaultCounter, RenderFault
from heygen_async.simulator.http.idempotency import KeyedReplies
from heygen_async.simulator.http.rate_limit import RateLimit
from heygen_async.simulator.world.assets import Asset
from heygen_async.simulator.world.batches import BatchState
from heygen_async.simulator.world.outbox import Delivery, Notice, Outbox
from heygen_async.simulator.world.renders import Render, RenderFarm, RenderFaults
from heygen_async.simulator.world.sessions import AgentFarm, AgentSession
from heygen_async.simulator.world.settings import WorldSettings
from heygen_async.simulator.world.slots import SlotPool
from heygen_async.simulator.world.timeline import Timeline

P95_SIGMAS = 1.6448536269514722


Ended = Render | AgentSession | BatchState | Notice


def _nobody(_: Ended) -> None:
    """Nobody is told of what has ended."""


@attrs.define(kw_only=True, eq=False)
class World(WorldSettings):
    """An account at HeyGen, as far as a client can tell. Give it to `serve`.

    What can be set, and changed while it runs, stands at `WorldSettings`.
    """

    requests: list[Seen] = attrs.field(factory=list, init=False)
    videos: dict[str, Render] = attrs.field(factory=dict, init=False)
    sessions: dict[str, AgentSession] = attrs.field(factory=dict, init=False)
    batches: dict[str, BatchState] = attrs.field(factory=dict, init=False)
    jobs: dict[str, dict[str, Render]] = attrs.field(factory=lambda: defaultdict(dict), init=False)
    assets: dict[str, Asset] = attrs.field(factory=dict, init=False)
    library: Library = attrs.field(factory=Library, init=False)
    outbox: Outbox = attrs.field(init=False)
    on_end: Callable[[Ended], None] = attrs.field(default=_nobody, init=False)
    origin: str = attrs.field(default="", init=False)
    keyed_replies: KeyedReplies = attrs.field(factory=KeyedReplies, init=False)
    fault_counter: FaultCounter = attrs.field(factory=FaultCounter, init=False)
    rng: random.Random = attrs.field(init=False)
    rate_limit: RateLimit = attrs.field(factory=RateLimit, init=False)
    slot_pool: SlotPool = attrs.field(init=False)
    render_farm: RenderFarm = attrs.field(init=False)
    agent_farm: AgentFarm = attrs.field(init=False)
    accounting: Ledger = attrs.field(factory=Ledger, init=False)
    _timeline: Timeline = attrs.field(factory=Timeline, init=False)
    _started_at: float | None = attrs.field(default=None, init=False)
    _numbers: Counter[str] = attrs.field(factory=Counter, init=False)

    def __attrs_post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.slot_pool = SlotPool(limit=lambda: self.slots, timeline=self._timeline)
        self.jobs["video"] = self.videos
        self.render_farm = RenderFarm(
            timeline=self._timeline,
            slot_pool=self.slot_pool,
            on_started=self._render_started,
            on_failed=self._render_failed,
            on_ended=self._render_ended,
        )
        self.agent_farm = AgentFarm(
            render_farm=self.render_farm,
            thinking_seconds=lambda: self.thinking_seconds,
            stops=lambda: self.chat_stops,
            on_failed=self._session_failed,
        )
        self.outbox = Outbox(allowed_hosts=lambda: self.webhook_hosts)
        self._timeline.on_earlier = self._wake_sender

    # --- time

    def now(self) -> float:
        """Catch up and return the loop's time; after the loop has ended, its last."""
        try:
            moment = asyncio.get_running_loop().time()
        except RuntimeError:
            return self._timeline.now
        self._start(moment)
        self._timeline.advance(moment)
        self.slot_pool.start_waiting()
        return moment

    @property
    def simulated_time(self) -> float:
        """Loop time that the world has reached: inside of what happens, its moment."""
        return self._timeline.now

    @property
    def next_action_at(self) -> float | None:
        """Loop time of what happens next; None if nothing will."""
        return self._timeline.next_at

    def since_start(self) -> float:
        """Return the seconds since the world started."""
        return self.now() - (self._started_at or 0.0)

    def unix_time(self, moment: float) -> float:
        """Return the Unix time of loop time *moment*: the epoch and what has passed since."""
        return (self.epoch or 0.0) + moment - (self._started_at or 0.0)

    def _start(self, moment: float) -> None:
        if self._started_at is None:
            self._started_at = moment
            self._timeline.now = moment
            self.epoch: float | None = time.time() if self.epoch is None else self.epoch

    # --- the books

    @property
    def ledger(self) -> list[Charge]:
        """What was charged, in order of acceptance."""
        self.now()
        return self.accounting.charges

    @property
    def refunds(self) -> list[str]:
        """`Charge.resource_id` of what failed and is not billed."""
        self.now()
        return self.accounting.refunds

    @property
    def charged_usd(self) -> float:
        """US dollars charged less those given back."""
        self.now()
        return self.accounting.charged_usd

    def charges_by(self, field_name: str) -> Counter[Any]:
        """Count the charges for each value of a field of the body, as "script", "prompt" or "title"."""
        return Counter(charge.body[field_name] for charge in self.ledger if charge.body.get(field_name) is not None)

    def charged_once_per(self, field_name: str) -> bool:
        """True if no value of a field of the body was charged for more than once."""
        return all(count == 1 for count in self.charges_by(field_name).values())

    @property
    def deliveries(self) -> list[Delivery]:
        """Attempts to deliver to webhooks, in order of time."""
        return self.outbox.deliveries

    def request_counts(self) -> Counter[str]:
        """Count the requests by method and route, as "GET /v3/videos/{video_id}"."""
        return Counter(f"{seen.method} {seen.route}" for seen in self.requests)

    @property
    def rendering(self) -> int:
        """Slots taken now."""
        self.now()
        return self.slot_pool.rendering

    @property
    def peak_rendering(self) -> int:
        """The most slots taken at once."""
        self.now()
        return self.slot_pool.peak

    @property
    def slot_log(self) -> list[tuple[float, int]]:
        """Loop time and slots taken, at each change."""
        self.now()
        return self.slot_pool.log

    def report(self) -> dict[str, Any]:
        """Return a summary for people and tests, fit for JSON."""
        now = self.now()
        charges = self.accounting.charges
        return {
            "seconds": round(self.since_start(), 3),
            "slots": self.slots,
            "rendering": self.slot_pool.rendering,
            "peak_rendering": self.slot_pool.peak,
            "charges": len(charges),
            "charged_usd": self.accounting.charged_usd,
            "refunds": len(self.accounting.refunds),
            "charges_by_kind": dict(Counter(charge.kind for charge in charges)),
            "videos": dict(Counter(video.status(now) for video in self.videos.values() if not video.deleted)),
            "sessions": dict(Counter(session.status for session in self.sessions.values())),
            "requests": len(self.requests),
            "requests_by_route": dict(self.request_counts()),
            "requests_by_status": dict(Counter(str(seen.status) for seen in self.requests)),
        }

    # --- for the server's desk

    def next_number(self, what: str) -> int:
        """Return 1, 2, 3, ... for each kind of thing."""
        self._numbers[what] += 1
        return self._numbers[what]

    def make_id(self, what: str, number: int) -> str:
        """Return the id of the *number*-th thing of its kind: the same in each world with this seed."""
        return hashlib.sha256(f"{self.seed}:{what}:{number}".encode()).hexdigest()[:32]

    def schedule_notice(self, when: float, notice: Notice) -> None:
        """Let webhooks be told of *notice* at loop time *when*."""
        self._timeline.schedule(when, lambda: self.on_end(notice))
        self._wake_sender()

    def find_render(self, render_id: str) -> Render | None:
        """Return the job with this id, of whatever family."""
        return next((shelf[render_id] for shelf in self.jobs.values() if render_id in shelf), None)

    def seconds_of_render(self, body: dict[str, Any], number: int) -> float:
        """Return how long the *number*-th accepted render takes, whenever that is."""
        if self.render_seconds is not None:
            return self.render_seconds(body)
        sigma = math.log(self.p95_seconds / self.median_seconds) / P95_SIGMAS
        return random.Random(f"{self.seed}:render:{number}").lognormvariate(math.log(self.median_seconds), sigma)

    def faults_of_render(self, body: dict[str, Any], number: int) -> RenderFaults:
        """Settle which faults the *number*-th accepted render gets."""
        strikes = functools.partial(self.fault_counter.count_match, since_start=self.since_start())
        struck = [
            fault
            for place, fault in enumerate(self.faults)
            if isinstance(fault, RenderFault)
            and fault.concerns(body)
            and strikes(fault, rng=random.Random(f"{self.seed}:fault:{place}:{number}"))
        ]
        return RenderFaults(faults=tuple(struck))

    def _render_ended(self, render: Render) -> None:
        if not render.deleted:
            self.on_end(self.sessions[render.session_id] if render.session_id else render)
        batch = self.batches.get(render.batch_id or "")
        if batch is not None:
            batch.running -= 1
            if not batch.running:
                self.on_end(batch)

    def _session_failed(self, session: AgentSession) -> None:
        self.accounting.refund(session.session_id)
        self.on_end(session)

    def _wake_sender(self) -> None:
        if self.outbox.has_receivers:
            self.outbox.wake()

    def _render_failed(self, render: Render) -> None:
        self.accounting.refund(render.session_id or render.video_id)

    def _render_started(self, render: Render) -> None:
        self.jobs[render.family][render.video_id] = render
        if render.session_id:
            self.accounting.name_video(render.session_id, render.video_id)
