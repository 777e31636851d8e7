"""What can be set about a simulated account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from heygen_async.simulator.faults.request_faults import Fault
from heygen_async.simulator.world.outbox import LOCAL_HOSTS


@attrs.define(kw_only=True, eq=False)
class WorldSettings:
    """How the account is, and what happens to it. All of it may be changed while it runs.

    Attributes:
        slots: Renders at once: videos, agent sessions and items of batches are one pool.
        seed: Of all that is drawn: render times, faults with a probability.
        median_seconds: Of the lognormal law of render times.
        p95_seconds: 95 % of the renders take no longer.
        render_seconds: Seconds of the render of a request's body, instead of that law.
        thinking_seconds: How long an agent thinks before it renders.
        chat_stops: Where a session in chat mode waits for the user, in order: "waiting_for_input" asks a question,
            "reviewing" shows a draft.
        queueing: True if a request that finds the pool full is accepted and waits, or gets a 429.
        batches_wait: True if items of batches wait for slots, or a batch that finds too few gets a 429. HeyGen's items
            can be `queued`, which suggests that they wait; nothing says so.
        retry_after_seconds: Of that 429.
        requests_per_minute: Limit on all requests; None is no limit.
        burst: Requests at once in spite of that limit.
        balance_usd: US dollars; what costs more than is left gets a 402.
        api_keys: What opens the account, as API key or as bearer token.
        latency_seconds: Before each request is looked at.
        url_seconds: Life of a result's address.
        bytes_per_video: Approximate size of a result.
        upload_seconds: Life of a slot for a direct upload.
        most_upload_bytes: Of a direct upload. HeyGen's limits depend on the type and are not stated.
        asset_seconds: From the completion of a direct upload until it can be used.
        avatar_seconds: From the request for a look until it can be used.
        consent_seconds: From a link for consent until somebody has followed it.
        clone_seconds: From the request for a clone of a voice until it can be used.
        proofread_seconds: From the request for a proofread until there is a text.
        strict_catalog: True if looks, voices, folders and assets must be there, else 404.
        webhook_hosts: Hosts that deliveries are sent to; those to others are only written down.
        https_webhooks_only: True if endpoints must be https, as the contract says. Else those on this machine may be
            http, so that a test can receive.
        faults: What goes wrong, see `heygen_async.simulator.faults.request_faults`.
        epoch: Unix time at the start of the world; None is the start's.
    """

    slots: int = 10
    seed: int = 7
    median_seconds: float = 120.0
    p95_seconds: float = 400.0
    render_seconds: Callable[[dict[str, Any]], float] | None = None
    thinking_seconds: float = 60.0
    chat_stops: tuple[str, ...] = ("waiting_for_input",)
    queueing: bool = False
    batches_wait: bool = True
    retry_after_seconds: int = 5
    requests_per_minute: float | None = None
    burst: int = 10
    balance_usd: float = 1_000_000.0
    api_keys: tuple[str, ...] = ("simulator-key",)
    latency_seconds: float = 0.0
    url_seconds: float = 3600.0
    bytes_per_video: int = 20_000
    upload_seconds: float = 3600.0
    most_upload_bytes: int = 2 * 1024**3
    asset_seconds: float = 2.0
    avatar_seconds: float = 60.0
    consent_seconds: float = 60.0
    clone_seconds: float = 30.0
    proofread_seconds: float = 60.0
    strict_catalog: bool = False
    webhook_hosts: tuple[str, ...] = LOCAL_HOSTS
    https_webhooks_only: bool = False
    faults: list[Fault] = attrs.field(factory=list)
    epoch: float | None = None
