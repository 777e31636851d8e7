"""Values of `heygen.webhooks` that HeyGen sends otherwise than its contract says."""

from __future__ import annotations

import json

import pytest

from heygen_async import LoggedEvent
from heygen_async.http.call import data_reader
from heygen_async.http.wire import Answer


@pytest.mark.parametrize("data", [{}, {"event_data": None}], ids=["absent", "null"])
def test_an_entry_of_the_log_may_lack_data(data: dict[str, None]) -> None:
    """HeyGen's log has entries whose data is null: they are events without data."""
    entry = {"event_id": "evt_1", "event_type": "photo_avatar_train.success", "created_at": "2026-11-23T09:00:00Z"}
    body = json.dumps({"data": {**entry, **data}}).encode()
    logged = data_reader(LoggedEvent)(Answer(status=200, headers={}, body=body), "GET /v3/webhooks/events")
    assert (logged.event_data, logged.event.resource_ids, logged.event.ended) == ({}, (), "success")
