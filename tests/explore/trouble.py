"""The server's trouble, drawn from a seed: kinds of faults, each sprinkled over the night or in one episode."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import attrs

from heygen_async.simulator import (
    AlteredAnswer,
    DropAfterAccept,
    DropBefore,
    DuplicateDelivery,
    Empty,
    ErrorAnswer,
    ExpiredUrl,
    FailedRender,
    Fault,
    ForgedDelivery,
    LateDelivery,
    LostDelivery,
    Malformed,
    NullVideoUrl,
    RateLimitStorm,
    Slow,
    Stuck,
    Truncated,
    UnknownStatus,
    WrongLength,
)
from tests.explore.faults import ChangedFile, Delayed, Dripping, NoNetwork, Page

When = dict[str, Any]
BULK, DETAILS, SESSIONS, FILES = "/v3/videos/statuses", "/v3/videos/[!s]*", "/v3/video-agents/", "/files/"
GATEWAY_STATUSES = (302, 400, 401, 403, 404, 407, 408, 425, 499, 500, 502, 503, 504, 520, 524)
HOUR = 3600.0


@attrs.frozen(kw_only=True)
class Trouble:
    """One trouble of a night.

    Attributes:
        kind: Kind, in words.
        faults: Faults of the simulator, and of the network.
        slots: Seconds and numbers of slots, of a pool that changes.
    """

    kind: str
    faults: tuple[Fault, ...] = ()
    slots: tuple[tuple[float, int], ...] = ()

    def __str__(self) -> str:
        """Return the trouble in words."""
        return f"{self.kind}: {', '.join(map(str, self.faults or self.slots))}"


Draw = Callable[[random.Random, When], "Fault | tuple[Fault, ...]"]


def _any_or_post(rng: random.Random) -> When:
    return rng.choice([{}, {"method": "POST"}, {"method": "POST"}, {"method": "GET"}])


BODIES: dict[str, tuple[dict[str, Any], ...]] = {
    "": (
        {"body": b"<html><h1>Bad gateway</h1></html>"},
        {"body": b'{"message": "Endpoint request timed out"}', "content_type": "application/json"},
        {"body": b'"error"', "content_type": "application/json"},
    ),
    "empty": ({}, {"content_type": "text/plain"}),
    "cut": ({"body": b"<html><h1>Bad gat"}, {"body": b"<html><h1>Bad gateway</h1></html>", "cut": True}),
    "gzip": (
        {"body": b"<html><h1>Bad gateway</h1></html>", "packed": True},
        {"body": b"\x1f\x8b\x08\x00\x00cut"},
    ),
}


def _page(rng: random.Random, when: When, body: str = "", *, after: bool | None = None) -> Fault:
    wait = rng.choice([None, None, "0", "7", "3000", "Wed, 21 Oct 2026 07:28:00 GMT"])
    return Page(
        status=rng.choice(GATEWAY_STATUSES),
        retry_after=wait,
        after=rng.random() < 0.5 if after is None else after,
        method="POST",
        **rng.choice(BODIES[body]),
        **when,
    )


def _page_of_a_read(rng: random.Random, when: When) -> Fault:
    path = rng.choice([None, BULK, DETAILS, SESSIONS, FILES])
    status = rng.choice(GATEWAY_STATUSES)
    return Page(status=status, body=rng.choice([b"", b"<html>no</html>"]), method="GET", path=path, **when)


def _odd_fields(rng: random.Random, when: When) -> Fault:
    choices: list[tuple[str, tuple[Any, ...]]] = [
        ("data.status", (7, None, "compositing", {"a": 1}, "COMPLETED")),
        ("data.*.status", (7, None, "compositing", ["a"])),
        ("data.title", (5, None)),
        ("data.duration", ("long", None, -1)),
        ("data.created_at", ("x", None)),
        ("data.id", (5, None)),
        ("data.video_url", (None, 5, "nowhere", "https://elsewhere.example/film.mp4")),
        ("data.failure_code", (5, "?")),
        ("data.new_field", ({"a": []},)),
        ("data", (None, [], "text")),
    ]
    place, values = rng.choice(choices)
    return AlteredAnswer(fields={place: rng.choice(values)}, method="GET", **when)


def _odd_accepted(rng: random.Random, when: When) -> Fault:
    fields: dict[str, Any] = rng.choice(
        [{"data.video_id": None}, {"data.video_id": 7}, {"data": []}, {"data.session_id": ""}]
    )
    return AlteredAnswer(fields=fields, method="POST", **when)


def _bulk(rng: random.Random, when: When) -> Fault:
    fields: dict[str, Any] = rng.choice(
        [
            {"data": []},
            {"data.*.status": "failed", "data.0.video_id": None},
            {"data.*.video_id": "other"},
            {"data.*.status": "not_found"},
            {"data.*.status": "processing"},
            {"data.*.status": "completed"},
            {"data.*.status": "failed"},
        ]
    )
    from_the_first = {**when, "between": (0.0, when["between"][1])}
    return AlteredAnswer(fields=fields, method="GET", path=BULK, **from_the_first)


def _bulk_refused(rng: random.Random, when: When) -> Fault:
    status = rng.choice([400, 403, 404, 500])
    return ErrorAnswer(status=status, code="no_bulk", method="GET", path=BULK, **when)


def _not_found(rng: random.Random, when: When) -> Fault:
    begin = min(when["between"][0], 20.0)
    short = {**when, "between": (begin, begin + rng.uniform(100, 280))}
    return ErrorAnswer(status=404, code="video_not_found", method="GET", path=rng.choice([DETAILS, SESSIONS]), **short)


def _storm(rng: random.Random, when: When) -> Fault:
    wait = rng.choice([None, 0, 1, 5, 30, 61, 3600, 1e6])
    return RateLimitStorm(retry_after=wait, **_any_or_post(rng), **{**when, "probability": rng.choice([0.3, 0.9, 1.0])})


def _failed(rng: random.Random, when: When) -> Fault:
    code, thinking = rng.choice([None, "rendering_failed", "MODERATION", ""]), rng.random() < 0.3
    return FailedRender(code=code, message=rng.choice([None, "no"]), while_thinking=thinking, **when)


def _files(rng: random.Random, when: When) -> Fault:
    kinds: list[Fault] = [
        Truncated(path=FILES, **when),
        WrongLength(path=FILES, **when),
        ErrorAnswer(status=rng.choice([403, 404, 429, 500, 503]), path=FILES, **when),
        Page(status=200, body=b"<html>sign in</html>", path=FILES, **when),
        DropBefore(path=FILES, **when),
        Slow(seconds=rng.choice([5, 70]), path=FILES, **when),
    ]
    return rng.choice(kinds)


def _changed_files(rng: random.Random, when: When) -> tuple[Fault, ...]:
    """Return files that change while they are fetched, which is seen only if a fetch breaks off before."""
    often: When = {"between": (when["between"][0], 6 * HOUR), "probability": 0.5}
    return Truncated(path=FILES, **often), ChangedFile(path=FILES, heeds=rng.random() < 0.3, **often)


def _dripping(rng: random.Random, when: When) -> Fault:
    which = rng.choice([_any_or_post(rng), {"path": FILES}])
    return Dripping(seconds=rng.choice([3, 29, 31, 130, 400]), **which, **when)


def _for_ever(rng: random.Random, when: When) -> When:
    """Return conditions that may hold for the rest of the night."""
    begin = when["between"][0]
    return {"between": (begin, 200 * HOUR), "probability": 1.0} if rng.random() < 0.2 else when


def _no_network(rng: random.Random, when: When) -> Fault:
    begin = when["between"][0]
    return NoNetwork(between=(begin, begin + rng.choice([3, 30, 300, 1500])))


KINDS: dict[str, Draw] = {
    "drop before": lambda rng, when: DropBefore(**_any_or_post(rng), **when),
    "drop after the work": lambda rng, when: DropAfterAccept(method="POST", **when),
    "5xx before": lambda rng, when: ErrorAnswer(status=rng.choice([500, 502, 503]), **_any_or_post(rng), **when),
    "5xx after the work": lambda rng, when: ErrorAnswer(
        status=rng.choice([500, 502, 503, 504]), after_accept=True, method="POST", **when
    ),
    "gateway page before": lambda rng, when: _page(rng, when, after=False),
    "gateway page after the work": lambda rng, when: _page(rng, when, after=True),
    "empty page of a gateway": lambda rng, when: _page(rng, when, "empty"),
    "cut page of a gateway": lambda rng, when: _page(rng, when, "cut"),
    "gzip page of a gateway": lambda rng, when: _page(rng, when, "gzip"),
    "gateway page of a read": _page_of_a_read,
    "429 storm": _storm,
    "slow": lambda rng, when: Slow(seconds=rng.choice([1, 10, 29, 31, 95, 130]), **_any_or_post(rng), **when),
    "slow before the work": lambda rng, when: Delayed(seconds=rng.choice([10, 29, 40, 100]), method="POST", **when),
    "dripping": _dripping,
    "409 in progress": lambda rng, when: ErrorAnswer(
        status=409,
        code="request_in_progress",
        retry_after=rng.choice([None, "3"]),
        after_accept=rng.random() < 0.5,
        method="POST",
        **_for_ever(rng, when),
    ),
    "409 not ready": lambda rng, when: ErrorAnswer(status=409, code="resource_not_ready", method="POST", **when),
    "cut answer": lambda rng, when: Truncated(**_any_or_post(rng), **when),
    "half answer": lambda rng, when: WrongLength(**_any_or_post(rng), **when),
    "malformed answer": lambda rng, when: Malformed(**_any_or_post(rng), **when),
    "empty answer": lambda rng, when: Empty(**_any_or_post(rng), **when),
    "odd fields": _odd_fields,
    "odd id of an accepted POST": _odd_accepted,
    "bulk statuses lag or lie": _bulk,
    "bulk statuses refused": _bulk_refused,
    "404 for minutes": _not_found,
    "refused rows": lambda rng, when: ErrorAnswer(
        status=rng.choice([400, 403, 404, 422]),
        code="invalid_parameter",
        message=rng.choice(["No.", *(f"Invalid payload(s) at index {items}." for items in ("0", "1", "1, 2"))]),
        method="POST",
        **when,
    ),
    "401": lambda rng, when: ErrorAnswer(status=401, code="unauthorized", **_any_or_post(rng), **when),
    "402": lambda rng, when: ErrorAnswer(status=402, code="insufficient_credit", method="POST", **when),
    "quota": lambda rng, when: ErrorAnswer(status=429, code="quota_exceeded", method="POST", **when),
    "failed renders": _failed,
    "stuck renders": lambda rng, when: Stuck(**when),
    "unknown words": lambda rng, when: UnknownStatus(polls=rng.choice([1, 3, 20]), **when),
    "no addresses": lambda rng, when: NullVideoUrl(polls=rng.choice([1, 4]), **when),
    "expired addresses": lambda rng, when: ExpiredUrl(times=rng.choice([1, 3]), **when),
    "files": _files,
    "files that change": _changed_files,
    "webhooks lost": lambda _, when: LostDelivery(**when),
    "webhooks doubled": lambda rng, when: DuplicateDelivery(seconds=rng.choice([0.1, 30]), **when),
    "webhooks late": lambda rng, when: LateDelivery(seconds=rng.choice([3, 60, 2000]), **when),
    "webhooks forged": lambda _, when: ForgedDelivery(**when),
    "no network": _no_network,
}
COSTLY = frozenset(  # drawn more often
    {
        "drop after the work",
        "5xx after the work",
        "gateway page after the work",
        "slow before the work",
        "failed renders",
        "files that change",
    }
)
POOL = "the pool changes"
FORGOTTEN = "keys forgotten"  # after 24 h, by itself
WEBHOOKS = "webhooks"


def draw_troubles(rng: random.Random, *, hears: bool = False) -> tuple[Trouble, ...]:
    """Return the troubles of a night, three on average; those of webhooks only if the user *hears* them."""
    count = rng.choice([0, 1, 2, 2, 3, 3, 4, 5, 7, 9])
    drawn = [draw_trouble(rng, hears=hears) for _ in range(count)]
    if hears and not any(one.kind.startswith(WEBHOOKS) for one in drawn):
        kind = rng.choice([kind for kind in KINDS if kind.startswith(WEBHOOKS)])
        drawn.append(Trouble(kind=kind, faults=(KINDS[kind](rng, _when(rng)),)))  # type: ignore[arg-type]  # one
    return tuple(drawn)


def draw_trouble(rng: random.Random, *, hears: bool = True) -> Trouble:
    """Return one trouble; of webhooks only if the user *hears* them."""
    kinds = [kind for kind in (*KINDS, POOL) if hears or not kind.startswith(WEBHOOKS)]
    kind = rng.choice([*kinds, *(kind for kind in kinds if kind in COSTLY for _ in range(2))])
    if kind == POOL:
        times = sorted(rng.uniform(0, 900) for _ in range(rng.choice([1, 3])))
        return Trouble(kind=kind, slots=tuple((at, rng.choice([1, 2, 5, 20])) for at in times))
    found = KINDS[kind](rng, _when(rng))
    return Trouble(kind=kind, faults=found if isinstance(found, tuple) else (found,))


def _when(rng: random.Random) -> When:
    if rng.random() < 0.5:
        return {"between": (0.0, 6 * HOUR), "probability": rng.choice([0.1, 0.3, 0.6])}
    begin = rng.choice([0.0, 0.0, 0.0, rng.uniform(0, 60), rng.uniform(0, 600)])
    length = rng.choice([5.0, 40.0, 200.0, 900.0, 900.0, 2000.0] if rng.random() < 0.97 else [26 * HOUR])
    return {"between": (begin, begin + length), "probability": rng.choice([0.3, 0.8, 1.0])}
