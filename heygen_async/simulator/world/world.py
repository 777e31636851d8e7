"""The simulated world: one account with its renders, sessions, files and charges."""

from __future__ import annotations

import asyncio
import hashlib
import math
import random
import threading
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


def _ignore(_: Ended) -> None: ...


@attrs.define(kw_only=True, eq=False)
class World(WorldSettings):
    """A simulated account at HeyGen. Pass it to `serve`.

    The settings, which are also the arguments of the constructor, are documented at `WorldSettings`.
    """

    requests: list[Seen] = attrs.field(factory=list, init=False)
    videos: dict[str, Render] = attrs.field(factory=dict, init=False)
    sessions: dict[str, AgentSession] = attrs.field(factory=dict, init=False)
    batches: dict[str, BatchState] = attrs.field(factory=dict, init=False)
    jobs: dict[str, dict[str, Render]] = attrs.field(factory=lambda: defaultdict(dict), init=False)
    assets: dict[str, Asset] = attrs.field(factory=dict, init=False)
    library: Library = attrs.field(factory=Library, init=False)
    outbox: Outbox = attrs.field(init=False)
    on_end: Callable[[Ended], None] = attrs.field(default=_ignore, init=False)
    origin: str = attrs.field(default="", init=False)
    keyed_replies: KeyedReplies = attrs.field(factory=KeyedReplies, init=False)
    fault_counter: FaultCounter = attrs.field(factory=FaultCounter, init=False)
    rng: random.Random = attrs.field(init=False)
    rate_limit: RateLimit = attrs.field(factory=RateLimit, init=False)
    post_rate_limit: RateLimit = attrs.field(factory=RateLimit, init=False)
    slot_pool: SlotPool = attrs.field(init=False)
    render_farm: RenderFarm = attrs.field(init=False)
    agent_farm: AgentFarm = attrs.field(init=False)
    accounting: Ledger = attrs.field(factory=Ledger, init=False)
    _timeline: Timeline = attrs.field(factory=Timeline, init=False)
    _loop: asyncio.AbstractEventLoop | None = attrs.field(default=None, init=False, repr=False)
    _thread: int = attrs.field(default=0, init=False, repr=False)  # in which the loop runs
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
        """Run all actions that are due and return the loop time.

        Outside of the event loop that serves the world, and after its end, this is the time up to which it was run.
        """
        own = self._loop
        if own is None or not own.is_running() or self._thread != threading.get_ident():
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                return self._timeline.now
            if own is None or own.is_closed():
                self._loop = own = loop
            if loop is not own:
                return self._timeline.now
            self._thread = threading.get_ident()
        now = own.time()
        self._start(now)
        self._timeline.advance(now)
        self.slot_pool.start_waiting()
        return now

    @property
    def simulated_time(self) -> float:
        """Loop time up to which the world has been simulated; within a scheduled action, the time of the action."""
        return self._timeline.now

    @property
    def next_action_at(self) -> float | None:
        """Loop time of the next scheduled action; None if there is none."""
        return self._timeline.next_at

    def since_start(self) -> float:
        """Return the seconds since the world started."""
        return self.now() - (self._started_at or 0.0)

    def unix_time(self, loop_time: float) -> float:
        """Return the Unix time of *loop_time*: the epoch plus the seconds since the start."""
        return (self.epoch or 0.0) + loop_time - (self._started_at or 0.0)

    def _start(self, now: float) -> None:
        if self._started_at is None:
            self._started_at = now
            self._timeline.now = now
            self.epoch: float | None = time.time() if self.epoch is None else self.epoch

    # --- charges and requests

    @property
    def ledger(self) -> list[Charge]:
        """All charges, in order of acceptance. Charges of failed renders stay; see `refunds`."""
        self.now()
        return self.accounting.charges

    @property
    def refunds(self) -> list[str]:
        """`Charge.resource_id` of each render or session that failed and is not billed."""
        self.now()
        return self.accounting.refunds

    @property
    def charged_usd(self) -> float:
        """Charges less refunds, in US dollars."""
        self.now()
        return self.accounting.charged_usd

    def charges_by(self, field_name: str) -> Counter[Any]:
        """Count the charges by the value of a field of the request, such as "script", "prompt" or "title"."""
        return Counter(charge.body[field_name] for charge in self.ledger if charge.body.get(field_name) is not None)

    def charged_once_per(self, field_name: str) -> bool:
        """Return True if no two charges have the same value in this field of the request."""
        return all(count == 1 for count in self.charges_by(field_name).values())

    @property
    def deliveries(self) -> list[Delivery]:
        """Attempts to deliver events to webhooks, in order of time."""
        return self.outbox.deliveries

    def request_counts(self) -> Counter[str]:
        """Count the requests by method and route, such as "GET /v3/videos/{video_id}"."""
        return Counter(f"{seen.method} {seen.route}" for seen in self.requests)

    @property
    def rendering(self) -> int:
        """Number of slots in use."""
        self.now()
        return self.slot_pool.rendering

    @property
    def peak_rendering(self) -> int:
        """Highest number of slots in use at once."""
        self.now()
        return self.slot_pool.peak

    @property
    def slot_log(self) -> list[tuple[float, int]]:
        """Loop time and number of slots in use, at each change."""
        self.now()
        return self.slot_pool.log

    def report(self) -> dict[str, Any]:
        """Return a summary as values for JSON."""
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

    # --- for the server

    def next_number(self, kind: str) -> int:
        """Return 1, 2, 3, ... for each kind of object."""
        self._numbers[kind] += 1
        return self._numbers[kind]

    def make_id(self, kind: str, number: int) -> str:
        """Return the id of the *number*-th object of its kind. Worlds with equal seeds make equal ids."""
        return hashlib.sha256(f"{self.seed}:{kind}:{number}".encode()).hexdigest()[:32]

    def schedule_notice(self, when: float, notice: Notice) -> None:
        """Notify webhooks of *notice* at loop time *when*."""
        self._timeline.schedule(when, lambda: self.on_end(notice))
        self._wake_sender()

    def end_later(self, ended: Ended) -> None:
        """Notify webhooks of the end of *ended*, after the answer to the present request."""
        self._timeline.schedule(self.now(), lambda: self.on_end(ended))
        self._wake_sender()

    def find_render(self, render_id: str) -> Render | None:
        """Return the job with this id, of any kind; None if there is none."""
        return next((jobs[render_id] for jobs in self.jobs.values() if render_id in jobs), None)

    def seconds_of_render(self, body: dict[str, Any], number: int) -> float:
        """Return the render time of the *number*-th accepted render in seconds, which depends only on the seed."""
        if self.render_seconds is not None:
            return self.render_seconds(body)
        sigma = math.log(self.p95_seconds / self.median_seconds) / P95_SIGMAS
        return random.Random(f"{self.seed}:render:{number}").lognormvariate(math.log(self.median_seconds), sigma)

    def faults_of_render(self, body: dict[str, Any], number: int) -> RenderFaults:
        """Choose the faults of the *number*-th accepted render, and count them."""
        since_start = self.since_start()
        chosen = [
            fault
            for index, fault in enumerate(self.faults)
            if isinstance(fault, RenderFault)
            and fault.concerns(body)
            and self.fault_counter.count_match(
                fault, since_start=since_start, rng=random.Random(f"{self.seed}:fault:{index}:{number}")
            )
        ]
        return RenderFaults(faults=tuple(chosen))

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
        self.jobs[render.job_kind][render.video_id] = render
        if render.session_id:
            self.accounting.set_video(render.session_id, render.video_id)
