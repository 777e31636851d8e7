"""Settings of a simulated account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import attrs

from heygen_async.simulator.faults.request_faults import Fault
from heygen_async.simulator.world.outbox import LOCAL_HOSTS


@attrs.define(kw_only=True, eq=False)
class WorldSettings:
    """Settings of a `World`. Each of them may be changed while the world is served.

    Attributes:
        slots: Number of renders at once. Videos, agent sessions and items of batches share the slots.
        seed: Seed of all random values: render times, and faults with a probability.
        median_seconds: Median of the render times, which have a lognormal distribution.
        p95_seconds: 95th percentile of the render times.
        render_seconds: Function of a request's body that returns its render time in seconds, in place of the
            distribution.
        thinking_seconds: Seconds that an agent thinks before it renders.
        chat_stops: Statuses in which a session in chat mode waits for the user, in order: with "waiting_for_input" it
            asks a question, with "reviewing" it shows a draft.
        queueing: True lets a request wait when all slots are taken; False refuses it with a 429.
        batches_wait: True lets items of batches wait for slots; False refuses a batch with a 429 if there are too few
            slots. HeyGen's items can be `queued`, which suggests that they wait; HeyGen does not document it.
        retry_after_seconds: Retry-After header of these 429s, in seconds.
        requests_per_minute: Rate limit of all requests; None means no limit.
        posts_per_minute: Rate limit of POSTs alone; None means no limit.
        burst: Number of requests that are allowed at once after a pause, in spite of a rate limit.
        balance_usd: Balance in US dollars. A request that costs more than is left gets a 402.
        api_keys: Accepted credentials, sent as API key or as bearer token.
        latency_seconds: Seconds before each request is processed.
        list_lag_seconds: Seconds by which the list of videos is behind: an end is shown in it so much later.
        url_seconds: Lifetime of the addresses of results, in seconds.
        bytes_per_video: Approximate size of each result, in bytes.
        upload_seconds: Lifetime of the address of a direct upload, in seconds.
        most_upload_bytes: Maximum size of a direct upload in one PUT, in bytes. HeyGen's limits depend on the type and
            are not documented.
        most_multipart_bytes: Maximum size of an upload in parts, in bytes.
        part_bytes: Size of the parts of an upload, in bytes.
        asset_seconds: Seconds from the completion of a direct upload until it can be used.
        avatar_seconds: Seconds from the request for a look until it can be used.
        consent_seconds: Seconds from the request for a consent link until consent is given.
        clone_seconds: Seconds from the request for a voice clone or an audio voice until it can be used.
        image_seconds: Seconds from the request for generated images until they can be read.
        proofread_seconds: Seconds from the request for a proofread until its text is ready.
        strict_catalog: True refuses what the account does not have: looks, voices, styles, brand kits, glossaries,
            folders, assets, variables of templates, languages. It also refuses what the look or voice cannot do. False
            accepts any id.
        unknown_in_batch: "refused" refuses a batch that names an unknown look, voice or folder; "failed" accepts it and
            lets the item fail. Both were read of HeyGen.
        plain_not_found: True gives every 404 the code "not_found"; False says of what: "video_not_found",
            "avatar_not_found", ... Both were read of HeyGen.
        agent_video_at_once: True answers the creation of an agent session with the id of its video, which can be read
            at once; False names the video when its render starts. Both were read of HeyGen.
        open_contract: True accepts fields and words (engines, resolutions, modes) that the contract copy does not have,
            as a newer HeyGen may. What is known keeps its rules.
        webhook_hosts: Hosts that deliveries are sent to. Deliveries to other hosts are recorded and not sent.
        https_webhooks_only: True requires https for webhook endpoints, as the contract does. False also accepts http on
            this machine, so that a test can receive deliveries.
        faults: Faults to inject, see `heygen_async.simulator.faults.request_faults`.
        epoch: Unix time at the start of the world; None means the current time.
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
    posts_per_minute: float | None = None
    burst: int = 10
    balance_usd: float = 1_000_000.0
    api_keys: tuple[str, ...] = ("simulator-key",)
    latency_seconds: float = 0.0
    list_lag_seconds: float = 0.0
    url_seconds: float = 3600.0
    bytes_per_video: int = 20_000
    upload_seconds: float = 3600.0
    most_upload_bytes: int = 2 * 1024**3
    most_multipart_bytes: int = 100 * 1024**3
    part_bytes: int = 64 * 1024**2
    asset_seconds: float = 2.0
    avatar_seconds: float = 60.0
    consent_seconds: float = 60.0
    clone_seconds: float = 30.0
    image_seconds: float = 30.0
    proofread_seconds: float = 60.0
    strict_catalog: bool = True
    unknown_in_batch: Literal["refused", "failed"] = "refused"
    plain_not_found: bool = False
    agent_video_at_once: bool = False
    open_contract: bool = False
    webhook_hosts: tuple[str, ...] = LOCAL_HOSTS
    https_webhooks_only: bool = False
    faults: list[Fault] = attrs.field(factory=list)
    epoch: float | None = None
