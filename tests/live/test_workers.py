"""The live page of a campaign that workers share: pauses, approvals and decisions."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from heygen_async import DirectVideo, Job, Journal, errors
from heygen_async.bulk.wishes.wish import Wish, WishKind
from heygen_async.live.sight import Sight
from heygen_async.live.wishing import grant
from heygen_async.workers.enqueue import enqueue, shared
from heygen_async.workers.fleet_tables import FleetTables
from tests.helpers.journal_rows import entry, take_in


@pytest.fixture
def sight(database: str) -> Sight:
    with Journal(database, create=True) as journal:
        take_in(journal, entry("1"), entry("2"))
    return Sight(database)


def wish(kind: WishKind, **details: Any) -> Wish:
    return Wish(id=0, at=0.0, kind=kind, details=details)


async def test_workers_are_paused_and_go_on(sight: Sight) -> None:
    """At once and for all of them."""
    assert sight.work().workers is None
    assert "No run is at work" in sight.page()
    await enqueue(sight.place, [], max_in_flight=5)
    page = sight.page()
    assert "Workers share this campaign" in page
    assert "at most 5 render at once" in page
    assert 'data-wish="pause"' in page
    before = sight.pulse()
    assert grant(sight, wish("pause")) == "paused: a person paused it on the live page."
    assert sight.pulse() != before
    assert 'data-wish="go_on"' in sight.page()
    assert grant(sight, wish("go_on")).startswith("at most 5 render at once")
    state = shared(sight.place)
    assert state is not None
    assert state.paused is None


async def test_a_campaign_of_workers_is_approved_and_decided_on_the_page(database: str) -> None:
    """Approve, Stop, Go on, the budget, failed rows and rows whose answer was lost: as `approve` and `decide` do."""
    jobs = [Job(request=DirectVideo(avatar_id="a", voice_id="v", script=f"Hi {n}")) for n in range(6)]
    await enqueue(database, jobs, campaign="spring", canary=1, approve=True, budget_usd=9.0, create=True)
    sight = Sight(database)
    assert "Is the first video good?" not in sight.page()
    with Journal(database) as journal:
        journal.intend(1)
        journal.submitted(1, video_id="v1")
        journal.completed(1, video_id="v1", duration=2.0)
        for row, code in ((2, "bad"), (3, "bad"), (4, None), (5, None)):
            journal.intend(row)
            if code is None:
                journal.unknown(row, code="lost", error="gone")
            else:
                journal.failed(row, code=code, error="why", spent="no" if row == 2 else "yes")
    with closing(FleetTables(database)) as tables:
        tables.change_campaigns("waits = 'an approval'", None)
        page = sight.page()
        assert "Is the first video good?" in page
        assert "spring: an approval." in page
        assert "of 9.00 are spent" in page
        assert grant(sight, wish("stop")).startswith("No more videos are begun.")
        assert "Is the first video good?" not in sight.page()
        assert "spring: a person stopped it on the live page." in sight.page()
        assert 'data-wish="go_on"' in sight.page()
        grant(sight, wish("go_on"))
        assert tables.campaigns()[0].stopped is None
        assert grant(sight, wish("approve")) == "Approved: the workers make the other rows."
        assert tables.campaigns()[0].approved
        assert grant(sight, wish("budget", usd=20)) == "The budget is 20.00 US dollars now."
        assert "of 20.00 are spent" in sight.page()
        revision = tables.campaigns()[0].revision
        assert grant(sight, wish("retry", code="bad")) == "1 are made again now."
        assert grant(sight, wish("send_again", row=4)) == "1 are sent again."
        assert grant(sight, wish("give_up")) == "1 given up."
        assert tables.campaigns()[0].revision == revision + 3
        with pytest.raises(errors.InvalidInputError, match="does not wait for a decision"):
            grant(sight, wish("give_up", row=4))
    with Journal(database, read_only=True) as journal:
        states = [record.state for record in journal.records()]
    assert states == ["completed", "planned", "failed", "planned", "failed", "planned"]


def test_a_wish_waits_in_a_database_too(sight: Sight) -> None:
    """For a run that is begun later."""
    assert grant(sight, wish("retry")) == "Noted. It is done when the campaign is resumed."
    assert "Make the failed videos again" in sight.parts()
    assert set(sight.marks()) == {1, 2}
    assert [row["id"] for row in sight.rows([2])] == [2]
    assert sight.file(1, "video") is None
    assert sight.pause == 3.0
