"""Next steps of a campaign: the rows that are left, in plain words, each with the command to type."""

from __future__ import annotations

import itertools
import shlex
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

import attrs

from heygen_async.bulk.output.report.wording import count, either

_NONE: Mapping[int, str] = MappingProxyType({})
_SHOWN = 5  # rows of which the command is told


@attrs.frozen
class Step:
    """One thing to do.

    Attributes:
        text: Why.
        commands: What to type, in this order.
    """

    text: str
    commands: tuple[str, ...] = ()


def command(name: str, journal: str, *options: str) -> str:
    """Return a command about *journal* as it is typed in a shell."""
    return shlex.join(["heygen-async", name, journal, *options])


def steps(counts: Counter[str], not_stored: int, journal: str, several: Mapping[int, str] = _NONE) -> list[Step]:
    """Return what is to be done, the most urgent first.

    Args:
        counts: The rows by state, from `JournalReader.wanted`: rows that no list has any more need nothing.
        not_stored: Completed rows whose files should be on disk and are not.
        journal: Its name.
        several: Of the unknown rows, those of which HeyGen may have several renders: what is known, by number.
    """
    if not counts.total():
        begin = shlex.join(["heygen-async", "run", "contacts.csv", "--journal", journal])
        return [Step("No rows are in this campaign yet. It begins with a contact list.", (f"{begin} ...",))]
    found = [*_left(counts, journal), *_files(not_stored, journal)]
    found += [*_several(several, journal), *_unknown(counts["unknown"] - len(several), journal)]
    found += _failed(counts, journal)
    return found or _done(journal)


def _done(journal: str) -> list[Step]:
    return [
        Step(
            "Every row has its video. This writes a file with the link of each, for your e-mails or your CRM:",
            (command("export", journal, "mail-merge.csv", "--mail-merge"),),
        ),
        Step("This writes all that is known of each row:", (command("export", journal, "results.csv"),)),
        Step("This compares the campaign with HeyGen's own list of videos:", (command("audit", journal),)),
    ]


def _left(counts: Counter[str], journal: str) -> list[Step]:
    told = {
        "planned": "not yet begun",
        "submitted": "being made at HeyGen",
        "intended": "sent, with the answer still to come",
    }
    left = sum(counts[state] for state in told)
    if not left:
        return []
    parts = either([f"{counts[state]:,} {words}" for state, words in told.items() if counts[state]])
    text = (
        f"{count(left, 'row is', 'rows are')} left: {parts}. Unless a run is at work on them now, go on with this; "
        "nothing is paid for twice."
    )
    return [Step(text, (command("resume", journal),))]


def _files(not_stored: int, journal: str) -> list[Step]:
    if not not_stored:
        return []
    text = f"{count(not_stored, 'finished video is', 'finished videos are')} not on this disk. This fetches them, free."
    return [Step(text, (command("resume", journal),))]


def _several(several: Mapping[int, str], journal: str) -> list[Step]:
    """Return the step for rows whose render is one of several: only somebody who looks at them can say which."""
    if not several:
        return []
    first = dict(itertools.islice(several.items(), _SHOWN))
    text = (
        f"{count(len(several), 'row')} may each have one of several renders at HeyGen. Look at them, then name the "
        f"right one in place of ID, or give the row up with --skip. {'. '.join(first.values())}."
    )
    return [Step(text, tuple(command("decide", journal, "--row", str(row), "--adopt", "ID") for row in first))]


def _unknown(rows: int, journal: str) -> list[Step]:
    if not rows:
        return []
    text = (
        f"{count(rows, 'row needs', 'rows need')} your decision: sent, answer lost, and nothing at "
        "HeyGen is surely theirs. Look there first; then send them again (paid twice if the first one was made), or "
        "give them up with skip in place of resubmit."
    )
    return [Step(text, (command("audit", journal), command("resume", journal, "--on-unknown", "resubmit")))]


def _failed(counts: Counter[str], journal: str) -> list[Step]:
    if not counts["failed"]:
        return []
    text = (
        f"{count(counts['failed'], 'row')} failed. The table of failures says why and what helps; "
        "when that is done, plan them again and go on. Those that may be paid for are looked for first."
    )
    return [Step(text, (command("retry", journal, "--failed"), command("resume", journal)))]
