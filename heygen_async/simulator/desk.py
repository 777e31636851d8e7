"""Acceptance: is there a slot, is there money, and what is written into the books."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from heygen_async.simulator import prices
from heygen_async.simulator.batches import Batch, RenderMember
from heygen_async.simulator.catalog import LOOKS
from heygen_async.simulator.ledger import Charge
from heygen_async.simulator.renders import Render
from heygen_async.simulator.replies import RefusalError
from heygen_async.simulator.sessions import Session
from heygen_async.simulator.world import World

Body = dict[str, Any]
PHOTO_LOOKS = frozenset(look.id for look in LOOKS if look.avatar_type == "photo_avatar")


def accept_video(world: World, body: Body, key: str | None) -> Render:
    """Take *body*, a valid request, as one render and charge for it."""
    now = world.now()
    _require_slot(world)
    _require_credit(world, _price(body["type"], body))
    render = _render(world, body["type"], body, now)
    world.post.expect(body.get("callback_url"))
    _charge(world, render, key, now)
    world.videos[render.video_id] = render
    world.studio.submit(render)
    return render


def accept_batch(world: World, body: Body, key: str | None) -> Batch:
    """Take *body*, a valid request, as many renders; those without a slot wait here and get no 429.

    A video that waits has no id for others yet: items of a batch have a null ``video_id`` while queued.
    """
    now = world.now()
    if not world.batches_wait:
        _require_slot(world, len(body["videos"]))
    _require_credit(world, sum(_price(item["type"], item) for item in body["videos"]))
    folder = body.get("folder_id")
    renders = [_render(world, item["type"], item, now, folder_id=folder) for item in body["videos"]]
    batch = _batch(world, "video", body, renders)
    for render in renders:
        _charge(world, render, key, now)
        world.studio.submit(render)
    return batch


def accept_session(world: World, body: Body) -> Session:
    """Take *body*, a valid request, as an agent session and charge for it."""
    now = world.now()
    _require_slot(world)
    _require_credit(world, _price("video_agent", body))
    number = world.next_number("session")
    session_id = world.make_id("session", number)
    render = _render(world, "video_agent", body, now, session_id=session_id)
    session = Session(
        session_id=session_id,
        number=number,
        body=body,
        created_at=now,
        render=render,
        trouble=render.trouble,
    )
    _charge(world, render, None, now)
    world.sessions[session_id] = session
    world.post.expect(body.get("callback_url"))
    world.agency.submit(session)
    return session


def _require_slot(world: World, places: int = 1) -> None:
    if world.pool.lacks(places) and not world.queueing:
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


def _price(kind: str, body: Body) -> float:
    return prices.price(kind, body, photo=kind == "avatar" and body["avatar_id"] in PHOTO_LOOKS)


def _render(
    world: World, kind: str, body: Body, now: float, *, folder_id: str | None = None, session_id: str | None = None
) -> Render:
    number = world.next_number("video")
    return Render(
        video_id=world.make_id("video", number),
        session_id=session_id,
        number=number,
        kind=kind,
        body=body,
        title=body.get("title"),
        folder_id=body.get("folder_id") or folder_id,
        accepted_at=now,
        seconds=world.seconds_of_render(body, number),
        duration=prices.duration(kind, body),
        trouble=world.trouble_of_render(body, number),
    )


def _batch(world: World, family: str, body: Body, renders: Sequence[Render]) -> Batch:
    batch = Batch(
        batch_id=world.make_id("batch", world.next_number("batch")),
        family=family,
        title=body.get("title"),
        callback_url=body.get("callback_url"),
        created_at=world.now(),
        members=tuple(RenderMember(render) for render in renders),
        running=len(renders),
    )
    for render in renders:
        render.batch_id = batch.batch_id
    for told in (body, *(render.body for render in renders)):
        world.post.expect(told.get("callback_url"))
    world.batches[batch.batch_id] = batch
    return batch


def _charge(world: World, render: Render, key: str | None, now: float) -> None:
    charge = Charge(
        resource_id=render.session_id or render.video_id,
        video_id=None if render.session_id else render.video_id,
        kind=render.kind,
        idempotency_key=key,
        body=render.body,
        at=now,
        amount_usd=_price(render.kind, render.body),
    )
    world.books.charge(charge)
