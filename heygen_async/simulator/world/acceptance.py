"""Acceptance of requests that cost money: check for slots and credit, create the job, charge for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from heygen_async.simulator.account import prices
from heygen_async.simulator.account.ledger import Charge
from heygen_async.simulator.http.replies import RefusalError
from heygen_async.simulator.world.batches import BatchState, FailedMember, Member, RenderMember
from heygen_async.simulator.world.renders import Render
from heygen_async.simulator.world.sessions import AgentSession
from heygen_async.simulator.world.world import World

Body = dict[str, Any]

USD_PER_CHARACTER = 15 / 1_000_000  # of speech by an audio voice


@attrs.frozen(kw_only=True)
class RenderOrder:
    """One requested render.

    Attributes:
        job_kind: Name of the kind whose endpoints it belongs to, see `job_kinds`.
        kind: Kind of the charge, see `Charge.kind`.
        body: Body of a valid request, or an item of a batch.
        folder_id: Folder, if the body names none.
        failure: Code and message, if it is an item of a batch that fails at once.
    """

    job_kind: str = "video"
    kind: str
    body: Body
    folder_id: str | None = None
    failure: dict[str, Any] | None = None


def accept(world: World, orders: Sequence[RenderOrder], key: str | None) -> list[Render]:
    """Accept all *orders* or none, and charge for them."""
    _require_slot(world, len(orders))
    _require_credit(world, sum(_price(world, order.kind, order.body) for order in orders))
    renders = [_render(world, order) for order in orders]
    for render in renders:
        world.jobs[render.job_kind][render.video_id] = render
        world.outbox.expect_delivery(render.body.get("callback_url"))
        _begin(world, render, key)
    return renders


def accept_batch(world: World, orders: Sequence[RenderOrder], body: Body, key: str | None) -> BatchState:
    """Accept all *orders* as members of a batch. Orders without a free slot wait, and no 429 is sent.

    A waiting video is not listed yet: items of a batch have a null ``video_id`` while they are queued. Orders with a
    failure make no video and cost nothing.
    """
    good = [order for order in orders if order.failure is None]
    if not world.batches_wait:
        _require_slot(world, len(good))
    _require_credit(world, sum(_price(world, order.kind, order.body) for order in good))
    members = [
        RenderMember(_render(world, order)) if order.failure is None else FailedMember(order.failure)
        for order in orders
    ]
    renders = [member.render for member in members if isinstance(member, RenderMember)]
    batch = _batch(world, orders[0].job_kind, body, members, renders)
    for render in renders:
        _begin(world, render, key)
    if not renders:
        world.end_later(batch)
    return batch


def accept_session(world: World, body: Body) -> AgentSession:
    """Create an agent session from *body*, a valid request, and charge for it."""
    _require_slot(world)
    _require_credit(world, _price(world, "video_agent", body))
    number = world.next_number("session")
    session_id = world.make_id("session", number)
    render = _render(world, RenderOrder(kind="video_agent", body=body), session_id=session_id)
    session = AgentSession(
        session_id=session_id,
        number=number,
        body=body,
        created_at=world.now(),
        render=render,
        faults=render.faults,
    )
    _charge(world, render, None)
    world.sessions[session_id] = session
    if world.agent_video_at_once:
        world.videos[render.video_id] = render
        world.accounting.set_video(session_id, render.video_id)
    world.outbox.expect_delivery(body.get("callback_url"))
    world.agent_farm.submit(session)
    return session


def charge_avatar(world: World, look_id: str, body: Body, key: str | None) -> None:
    """Charge for a new look."""
    order = RenderOrder(kind="avatar_creation", body=body)
    _charge_at_once(world, look_id, order, prices.USD_AVATAR_CREATION, key)


def charge_speech(world: World, body: Body) -> None:
    """Charge for the speech of an audio voice. Source: operation modelAudioTtsCreate."""
    speech_id = world.make_id("speech", world.next_number("speech"))
    order = RenderOrder(kind="speech", body=body)
    _charge_at_once(world, speech_id, order, len(body["text"]) * USD_PER_CHARACTER, None)


def _charge_at_once(world: World, made_id: str, order: RenderOrder, price_usd: float, key: str | None) -> None:
    _require_credit(world, price_usd)
    charge = Charge(
        resource_id=made_id,
        video_id=None,
        kind=order.kind,
        idempotency_key=key,
        body=order.body,
        at=world.now(),
        amount_usd=price_usd,
    )
    world.accounting.charge(charge)


def _require_slot(world: World, count: int = 1) -> None:
    if world.slot_pool.lacks(count) and not world.queueing:
        raise RefusalError(
            429,
            "rate_limit_exceeded",
            f"{world.slots} jobs are in progress, which is the limit of the account.",
            retry_after=world.retry_after_seconds,
        )


def _require_credit(world: World, price_usd: float) -> None:
    left = world.balance_usd - world.charged_usd
    if price_usd > left:
        raise RefusalError(402, "insufficient_credit", f"This costs {price_usd:.2f} USD; {left:.2f} USD are left.")


def _price(world: World, kind: str, body: Body) -> float:
    def type_of_look(look_id: str) -> str | None:
        look = world.library.looks.get(look_id)
        return None if look is None else look.avatar_type

    return prices.price(kind, body, type_of_look)


def _render(world: World, order: RenderOrder, *, session_id: str | None = None) -> Render:
    number = world.next_number("video")
    return Render(
        video_id=world.make_id(order.job_kind, number),
        session_id=session_id,
        job_kind=order.job_kind,
        number=number,
        kind=order.kind,
        body=order.body,
        title=order.body.get("title"),
        folder_id=order.body.get("folder_id") or order.folder_id,
        accepted_at=world.now(),
        seconds=world.seconds_of_render(order.body, number),
        duration=prices.duration(order.kind, order.body),
        faults=world.faults_of_render(order.body, number),
    )


def _begin(world: World, render: Render, key: str | None) -> None:
    _charge(world, render, key)
    world.render_farm.submit(render)


def _batch(
    world: World, item_kind: str, body: Body, members: Sequence[Member], renders: Sequence[Render]
) -> BatchState:
    batch = BatchState(
        batch_id=world.make_id("batch", world.next_number("batch")),
        item_kind=item_kind,
        title=body.get("title"),
        callback_url=body.get("callback_url"),
        created_at=world.now(),
        members=tuple(members),
        running=len(renders),
    )
    for render in renders:
        render.batch_id = batch.batch_id
    for request in (body, *(render.body for render in renders)):
        world.outbox.expect_delivery(request.get("callback_url"))
    world.batches[batch.batch_id] = batch
    return batch


def _charge(world: World, render: Render, key: str | None) -> None:
    charge = Charge(
        resource_id=render.session_id or render.video_id,
        video_id=None if render.session_id else render.video_id,
        kind=render.kind,
        idempotency_key=key,
        body=render.body,
        at=world.now(),
        amount_usd=_price(world, render.kind, render.body),
    )
    world.accounting.charge(charge)
