"""The live page of a campaign that workers share: it pauses them and lets them go on."""

from __future__ import annotations

import pytest

from heygen_async import Journal, errors
from heygen_async.bulk.wishes.wish import Wish, WishKind
from heygen_async.live.sight import Sight
from heygen_async.live.wishing import grant
from heygen_async.workers.enqueue import enqueue, shared
from tests.helpers.journal_rows import entry, take_in


@pytest.fixture
def sight(database: str) -> Sight:
    with Journal(database, create=True) as journal:
        take_in(journal, entry("1"), entry("2"))
    return Sight(database)


def wish(kind: WishKind) -> Wish:
    return Wish(id=0, at=0.0, kind=kind, details={})


async def test_workers_are_paused_and_go_on(sight: Sight) -> None:
    """At once and for all of them; what they do not do is said."""
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
    with pytest.raises(errors.InvalidInputError, match="heygen-async retry --help"):
        grant(sight, wish("retry"))


def test_a_wish_waits_in_a_database_too(sight: Sight) -> None:
    """For a run that is begun later."""
    assert grant(sight, wish("retry")) == "Noted. It is done when the campaign is resumed."
    assert "Make the failed videos again" in sight.parts()
    assert set(sight.marks()) == {1, 2}
    assert [row["id"] for row in sight.rows([2])] == [2]
    assert sight.file(1, "video") is None
    assert sight.pause == 3.0
