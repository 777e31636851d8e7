"""The drawing of a night: one seed decides the rows, the account, its trouble and the user's habits."""

from __future__ import annotations

import random
from typing import Any

import attrs

from tests.explore.habits import HOUR, Sitting, draw_interruptions, draw_pause
from tests.explore.night import KINDS, Identity, Line, Lines, Night
from tests.explore.scenes import with_a_scene
from tests.explore.trouble import draw_troubles

OTHER_OPTIONS: tuple[dict[str, Any], ...] = (
    {"submit": "each"},
    {"submit": "batch"},
    {"max_in_flight": 3},
    {"watch": "each"},
    {"deadline": 600.0},
)


OF_FILES = frozenset({"files", "files that change", "expired addresses", "no addresses"})
SIZES = (7, 2, 1)  # shares of nights of up to 8, 20 and 60 rows: most faults need few


def draw_night(seed: int) -> Night:
    """Return the night of a seed."""
    return with_a_scene(_drawn(seed))


def _drawn(seed: int) -> Night:
    rng = random.Random(f"night {seed}")
    count = rng.choices([rng.randint(3, 8), rng.randint(9, 20), rng.randint(21, 60)], SIZES)[0]
    kinds = (rng.choice(KINDS),) * count if rng.random() < 0.6 else tuple(rng.choices(KINDS, (6, 2, 1, 2), k=count))
    identity: Identity = rng.choice(("named", "cells", "bare"))
    has_journal = rng.random() < 0.85
    titled = rng.random() < 0.5
    lists = _draw_lists(rng, count, has_twins=identity == "bare" and not titled and kinds[0] != "agent")
    options = _draw_options(rng, has_journal=has_journal)
    troubles = draw_troubles(rng, hears=options.get("watch") == "webhooks")
    if any(one.kind in OF_FILES for one in troubles):
        options["download_to"] = "videos"
    return Night(
        seed=seed,
        kinds=kinds,
        titled=titled,
        identity=identity,
        has_journal=has_journal,
        lists=tuple(one for one, _ in lists),
        account=_draw_account(rng),
        options=options,
        troubles=troubles,
        sittings=_draw_sittings(rng, [habit for _, habit in lists], has_journal=has_journal),
    )


def _draw_lists(rng: random.Random, count: int, *, has_twins: bool) -> list[tuple[Lines, str]]:
    """Return the lists of a night, each made of the one before, with the habit that has changed it."""
    lines: list[Line] = [(row, 0) for row in range(count)]
    if has_twins and rng.random() < 0.3:
        lines.append((0, 0))  # rows that nothing tells apart: lost ones could not be looked for
    first = lines[: rng.randint(1, count)] if rng.random() < 0.2 else lines
    lists = [(Lines(lines=tuple(first)), "the list")]
    columns: tuple[str, ...] = ()
    for _ in range(rng.choice([0, 1, 1, 2, 2, 3])):
        habit = rng.choice(
            ["list edited", "list edited", "list shortened", "list grown", "list re-exported", "list put back"]
        )
        now = list(lists[-1][0].lines)
        if habit == "list edited":
            now = [(row, version + (rng.random() < 0.4)) for row, version in now]
        elif habit == "list shortened" and len(now) > 1:
            now = rng.sample(now, rng.randint(1, len(now)))
        elif habit == "list grown":
            now += [line for line in lines if line[0] not in {row for row, _ in now}]
        elif habit == "list put back":
            now = list(lists[0][0].lines)
        else:
            rng.shuffle(now)
            columns = (*columns, f"column{len(columns)}")
        lists.append((Lines(lines=tuple(now), columns=columns), habit))
    return lists


def _draw_account(rng: random.Random) -> dict[str, Any]:
    median = rng.choice([5.0, 20.0, 40.0, 40.0, 120.0])
    return {
        "slots": rng.choice([1, 3, 10, 10, 20]),
        "median_seconds": median,
        "p95_seconds": median * rng.choice([1.2, 2.5]),
        "thinking_seconds": rng.choice([0.0, 30.0]),
        "queueing": rng.random() < 0.2,
        "batches_wait": rng.random() < 0.7,
        "requests_per_minute": rng.choice([None, None, None, 30.0, 300.0]),
        "latency_seconds": rng.choice([0.0, 0.05, 1.0]),
        "url_seconds": rng.choice([3600.0, 3600.0, 5.0]),
        "retry_after_seconds": rng.choice([1, 5, 60]),
        "bytes_per_video": 3_000,
    }


def _draw_options(rng: random.Random, *, has_journal: bool) -> dict[str, Any]:
    possible: list[tuple[str, float, list[Any]]] = [
        ("deadline", 1.0, [300.0, 900.0, 900.0, 1800.0]),
        ("submit", 0.7, ["each", "batch", "batch", "batch", "auto"]),
        ("max_in_flight", 0.8, [1, 2, 5, 10, 30, "auto"]),
        ("watch", 0.45, ["each", "sweep", "webhooks"]),
        ("download_to", 0.5, ["videos"]),
        ("budget_usd", 0.2, [0.5, 2.0, 10.0, 60.0]),
        ("canary", 0.2, [1, 2, 4]),
        ("approve", 0.5, ["yes", "later", "no"]),  # of a canary
        ("breaker", 0.15, [(1, 2), (3, 5)]),
        ("max_agents", 0.2, [1, 10]),
        ("tag_titles", 0.2 * has_journal, [True]),
        ("on_unknown", 0.35 * has_journal, ["resubmit", "skip"]),
    ]
    options = {name: rng.choice(values) for name, share, values in possible if rng.random() < share}
    if "canary" not in options:
        options.pop("approve", None)
    return options


def _draw_sittings(rng: random.Random, habits: list[str], *, has_journal: bool) -> tuple[Sitting, ...]:
    sittings = [_run(rng, 0, habits[0], gently=not has_journal)]
    if not has_journal:
        return tuple(sittings)
    now = 0
    for _ in range(rng.choice([0, 1, 1, 2, 3, 4])):
        if now + 1 < len(habits) and rng.random() < 0.5:
            now += 1
            sittings.append(_run(rng, now, habits[now], **({"again": True} if rng.random() < 0.5 else {})))
        else:
            sittings += _draw_command(rng, now)
    return tuple(sittings)


def _run(rng: random.Random, number: int, habit: str, *, gently: bool = False, **options: Any) -> Sitting:
    return Sitting(
        command="run",
        habit=habit,
        list=number,
        options=options,
        interruptions=draw_interruptions(rng, gently=gently),
        pause=draw_pause(rng),
    )


def _draw_command(rng: random.Random, now: int) -> list[Sitting]:
    """Return what a user does about the list with the number *now*."""
    match rng.choice(["resume", "resume", "resume", "run", "retry", "retry", "audit", "delete files", "move folder"]):
        case "run":
            change: dict[str, Any] = rng.choice([{}, *OTHER_OPTIONS])
            return [_run(rng, now, "run again, other options" if change else "run again", **change)]
        case "resume":
            return [_draw_resume(rng, now)]
        case "retry":
            return [
                Sitting(command="retry", habit="retry --failed", list=now, pause=draw_pause(rng)),
                attrs.evolve(_run(rng, now, "resume after retry"), command="resume"),
            ]
        case "audit":
            return [Sitting(command="audit", habit="audit --fix", list=now, pause=HOUR)]
        case "delete files":
            return [Sitting(command="delete files", habit="files deleted", list=now)]
        case _:
            return [Sitting(command="move folder", habit="folder moved", list=now)]


def _draw_resume(rng: random.Random, now: int) -> Sitting:
    words: dict[str, Any] = rng.choice(
        [{}, {}, {}, {"on_unknown": "resubmit"}, {"on_unknown": "skip"}, {"budget_usd": 30.0}]
    )
    habit = f"resume, {words['on_unknown']} unknown" if "on_unknown" in words else "resume"
    habit = "resume, other options" if "budget_usd" in words else habit
    if rng.random() < 0.3:  # it has an effect if the campaign asks for an approval
        words = {**words, "approve": "nobody"}
    return attrs.evolve(_run(rng, now, habit, **words), command="resume")
