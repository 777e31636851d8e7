"""A small request for a video, and how tests of the simulator create and read videos."""

from __future__ import annotations

from typing import Any

from tests.helpers.simulator_ask import Ask

HELLO = {"type": "avatar", "avatar_id": "look_anna", "voice_id": "voice_warm", "script": "Hi Ada"}


async def create_video(ask: Ask, **changes: Any) -> str:
    status, made = await ask("POST", "/v3/videos", HELLO | changes)
    assert (status, made["data"]["status"]) == (200, "waiting")
    return str(made["data"]["video_id"])


async def get_video(ask: Ask, video_id: str) -> dict[str, Any]:
    status, found = await ask("GET", f"/v3/videos/{video_id}")
    assert status == 200
    return dict(found["data"])


async def create_folder(ask: Ask, name: str = "x") -> str:
    """Create a folder and return its id."""
    status, made = await ask("POST", "/v3/folders", {"name": name})
    assert status == 200, made
    folder_id: str = made["data"]["folder_id"]
    return folder_id
