"""Batches of videos: queueing, pages, statuses, invalid items."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from heygen_async.simulator import FailedRender, World
from tests.helpers.simulator_ask import Ask, code
from tests.helpers.simulator_videos import HELLO, create_folder


async def test_a_batch_queues_where_single_videos_get_a_429(ask: Ask, world: World) -> None:
    """Items of a batch wait for slots; each is charged at acceptance and listed when it starts."""
    world.slots = 2
    world.render_seconds = lambda body: 100.0
    items = [HELLO | {"script": f"Hi {n}"} for n in range(5)]
    asked = {"videos": items, "title": "All", "folder_id": await create_folder(ask)}
    status, made = await ask("POST", "/v3/videos/batches", asked, "k1")
    assert (status, list(made["data"])) == (202, ["batch_id"])
    path = f"/v3/videos/batches/{made['data']['batch_id']}"
    assert code(await ask("POST", "/v3/videos", HELLO)) == (429, "rate_limit_exceeded")
    await anyio.sleep(110)
    _, found = await ask("GET", path)
    batch = found["data"]
    assert (batch["status"], batch["title"], batch["total_items"]) == ("processing", "All", 5)
    assert [item["status"] for item in batch["items"]] == [
        "completed",
        "completed",
        "processing",
        "processing",
        "queued",
    ]
    assert batch["counts_by_status"] == {"completed": 2, "processing": 2, "queued": 1}
    assert [item["video_id"] is None for item in batch["items"]] == [False] * 4 + [True]
    _, listed = await ask("GET", "/v3/videos")
    assert [video["id"] for video in listed["data"]] == [item["video_id"] for item in batch["items"][3::-1]]
    assert {video["folder_id"] for video in listed["data"]} == {asked["folder_id"]}
    await anyio.sleep(300)
    assert (await ask("GET", path))[1]["data"]["status"] == "completed"
    assert world.peak_rendering == 2
    assert world.charged_once_per("script")
    assert {charge.idempotency_key for charge in world.ledger} == {"k1"}


async def test_a_batch_has_pages_inside_data(ask: Ask) -> None:
    """The page of a batch's items is inside ``data``."""
    _, made = await ask("POST", "/v3/videos/batches", {"videos": [HELLO] * 5})
    path = f"/v3/videos/batches/{made['data']['batch_id']}?limit=3"
    _, first = await ask("GET", path)
    _, second = await ask("GET", f"{path}&token={first['data']['next_token']}")
    indexes = [item["item_index"] for page in (first, second) for item in page["data"]["items"]]
    assert indexes == [0, 1, 2, 3, 4]
    assert (first["data"]["has_more"], second["data"]["has_more"]) == (True, False)


@pytest.mark.parametrize(("texts", "word"), [(["bad", "good"], "completed"), (["bad", "bad"], "failed")])
async def test_a_batch_fails_if_all_items_failed(ask: Ask, world: World, texts: list[str], word: str) -> None:
    """A batch fails if all items failed; otherwise it is completed."""
    world.faults.append(FailedRender(contains="bad"))
    _, made = await ask("POST", "/v3/videos/batches", {"videos": [HELLO | {"script": text} for text in texts]})
    await anyio.sleep(5000)
    assert (await ask("GET", f"/v3/videos/batches/{made['data']['batch_id']}"))[1]["data"]["status"] == word


async def test_a_deleted_item_is_no_longer_queued(ask: Ask, world: World) -> None:
    """A batch does not wait for a deleted item."""
    _, made = await ask("POST", "/v3/videos/batches", {"videos": [HELLO]})
    path = f"/v3/videos/batches/{made['data']['batch_id']}"
    _, found = await ask("GET", path)
    await ask("DELETE", f"/v3/videos/{found['data']['items'][0]['video_id']}")
    assert (await ask("GET", path))[1]["data"]["status"] == "completed"


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([HELLO] * 3 + [{"type": "avatar"}], "Invalid payload(s) at index 3."),
        (
            [{"type": "podcast"}, HELLO, HELLO | {"audio_url": "https://example.com/a"}],
            "Invalid payload(s) at index 0.",
        ),
        ([HELLO, HELLO | {"audio_asset_id": "a"}, {"script": "Hi"} | HELLO | {"voice_id": 7}], "index 2."),
        ([HELLO, HELLO | {"audio_asset_id": "a"}], "Invalid payload(s) at index 1."),
        ([HELLO | {"folder_id": "f"}], "Invalid payload(s) at index 0."),
        ([], "videos: Input should have at least 1 items."),
        ([HELLO] * 101, "videos: Input should have at most 100 items."),
    ],
)
async def test_an_invalid_item_refuses_the_batch(ask: Ask, world: World, items: list[Any], message: str) -> None:
    """An invalid item refuses the whole batch, and no item is charged."""
    status, found = await ask("POST", "/v3/videos/batches", {"videos": items})
    assert (status, found["error"]["code"], found["error"]["param"]) == (400, "invalid_parameter", "videos")
    assert found["error"]["message"].endswith(message)
    assert world.ledger == []


async def test_an_unknown_batch_gets_a_404(ask: Ask) -> None:
    """An unknown batch gets a 404."""
    assert code(await ask("GET", "/v3/videos/batches/b1")) == (404, "not_found")
