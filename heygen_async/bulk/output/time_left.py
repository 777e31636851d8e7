"""The time that a campaign still needs, told from its journal alone."""

from __future__ import annotations

import math

from heygen_async.bulk.journal.queries import JournalReader
from heygen_async.bulk.watch.render_times import RenderTimes, TimeDistribution


def seconds_left(journal: JournalReader, slots: int) -> float | None:
    """Return the seconds until all open rows have ended, with *slots* renders at once; None if no row is open.

    The time of a render is what the campaign's renders have taken so far. Seconds are real ones: a simulator may be
    faster, and the last run has noted how much.
    """
    counts = journal.counts()
    left = journal.count_planned() + counts["submitted"] + counts["intended"]
    if not left:
        return None
    return math.ceil(left / max(1, slots)) * usual_seconds(journal) / float(journal.meta("speed") or 1.0)


def usual_seconds(journal: JournalReader) -> float:
    """Return the seconds that a render of the campaign takes on average."""
    lessons = [lesson for lesson in journal.lessons() if lesson.count]
    if not lessons:
        return TimeDistribution().expected
    times = RenderTimes(lessons)
    total = sum(lesson.count * times.law(lesson.kind, lesson.size).expected for lesson in lessons)
    return total / sum(lesson.count for lesson in lessons)
