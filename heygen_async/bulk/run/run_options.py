"""Options of a run: the one list of them, with their defaults.

`RunSettings` is the list. `RunOptions` is its shape as a type for `**options`; a test keeps the two in step. Campaign
files take their defaults and descriptions from it; `HeyGen.render_many` explains each option at length.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any, TypedDict

import attrs

from heygen_async.account.render_pool import InFlight, RenderPool
from heygen_async.bulk.download.download_queue import MAX_DOWNLOADS
from heygen_async.bulk.download.downloader import Downloader
from heygen_async.bulk.download.file_types import FileKind
from heygen_async.bulk.download.video_files import checked_kinds
from heygen_async.bulk.jobs.next_step import OnUnknown
from heygen_async.bulk.plan.price import Rates
from heygen_async.bulk.run.agent_queue import MAX_AGENTS
from heygen_async.bulk.run.guards import Approve, Guard
from heygen_async.bulk.run.resumer import Recover
from heygen_async.bulk.run.submitter import Submit
from heygen_async.bulk.watch.render_times import RenderTimes
from heygen_async.bulk.watch.signals import HasSignals, Signals, signals_of
from heygen_async.bulk.watch.watchlist import Watch

DEADLINE_SECONDS = 3600.0


class RunOptions(TypedDict, total=False):
    """Options of `HeyGen.render_many`, `run` and campaigns, as a type for `**options`. `render_many` explains each."""

    max_in_flight: InFlight
    deadline: float
    download_to: str | PathLike[str] | None
    filename: str
    files: Sequence[FileKind]
    max_downloads: int
    journal: str | PathLike[str] | None
    on_unknown: OnUnknown
    submit: Submit
    watch: Watch | HasSignals | Signals
    max_agents: int | None
    tag_titles: bool
    budget_usd: float | None
    rates: Rates | None
    canary: int | None
    approve: Approve | None
    breaker: tuple[int, int] | None


def _pair(given: Sequence[int] | None) -> tuple[int, int] | None:
    return None if given is None else (given[0], given[1])


def _path(given: str | PathLike[str] | None) -> str | None:
    return None if given is None else os.fspath(given)


@attrs.frozen(kw_only=True)
class RunSettings:
    """The options of one run.

    Attributes:
        max_in_flight: Renders at once; "auto" finds out what the account has.
        deadline: Seconds for each render.
        download_to: Folder for the files; None leaves them at HeyGen.
        filename: Of each, without its ending: {number}, {id}, {title} or {a column}.
        files: What to store: video, captioned_video, captions, thumbnail, gif.
        max_downloads: Files at once; downloads hold no render slots.
        journal: The file that remembers the run, so that it can go on after anything; beside the campaign file, with
            its name, if absent.
        on_unknown: What to do about rows whose answer was lost: hold, resubmit or skip.
        submit: How rows are sent: auto, each or batch.
        watch: How ends are noticed: auto, sweep or each.
        max_agents: Agents under way at once; HeyGen advises two to three.
        tag_titles: Add a short tag to each title, by which a video can be found when its key is too old.
        budget_usd: US dollars that all runs of the journal together may cost.
        rates: Prices, if they are not those of HeyGen's list.
        canary: So many rows go first, alone.
        approve: True if somebody is asked before the others go.
        breaker: [k, n]: when k of the last n rows have failed with one code, no more are sent.
    """

    max_in_flight: InFlight = 10
    deadline: float = DEADLINE_SECONDS
    download_to: str | None = attrs.field(default=None, converter=_path)
    filename: str = "{number}-{id}"
    files: tuple[FileKind, ...] = attrs.field(default=("video",), converter=checked_kinds)
    max_downloads: int = MAX_DOWNLOADS
    journal: str | None = attrs.field(default=None, converter=_path)
    on_unknown: OnUnknown = "hold"
    submit: Submit = "auto"
    watch: Any = "auto"
    max_agents: int | None = MAX_AGENTS
    tag_titles: bool = False
    budget_usd: float | None = None
    rates: Rates | None = None
    canary: int | None = None
    approve: Approve | None = None
    breaker: tuple[int, int] | None = attrs.field(default=None, converter=_pair)

    @classmethod
    def of(cls, options: Mapping[str, Any], caller: str) -> RunSettings:
        """Return the settings of *options* that were given to *caller*.

        Raises:
            TypeError: There is no such option.
            InvalidInputError: One of them is wrong.
        """
        for name in options:
            if name not in RunOptions.__annotations__:
                raise TypeError(f"{caller}() got an unexpected keyword argument {name!r}")
        return cls(**options)

    @property
    def watch_word(self) -> Watch:
        """The way of noticing ends, besides webhooks."""
        return self.watch if isinstance(self.watch, str) else "auto"  # type: ignore[return-value]  # a word of Watch

    @property
    def signals(self) -> Signals | None:
        """Signals of webhooks, if *watch* names a source of them."""
        return signals_of(self.watch)

    def to_json(self) -> str:
        """Return what a journal keeps of them, so that its campaign can go on without anything else."""
        kept = {name: getattr(self, name) for name in _KEPT}
        kept["watch"] = self.watch_word
        if callable(self.max_in_flight):
            kept["max_in_flight"] = "auto"  # a function cannot be stored
        return json.dumps(kept)

    @classmethod
    def from_json(cls, text: str | None) -> RunSettings:
        """Return the settings that a journal keeps."""
        return cls(**json.loads(text or "{}"))


_GIVEN_ANEW = frozenset({"journal", "on_unknown", "rates", "approve"})  # of each run, or not fit for a file
_KEPT = tuple(field.name for field in attrs.fields(RunSettings) if field.name not in _GIVEN_ANEW)


def option(name: str, **rules: Any) -> Any:
    """Return an attrs field with the default of an option, for a table of a campaign file with its own *rules*."""
    return attrs.field(default=attrs.fields_dict(RunSettings)[name].default, **rules)


@attrs.frozen(kw_only=True)
class RunHooks:
    """Parts that a run is given besides its options.

    Attributes:
        guard: Holds rows back.
        downloads: Stores files.
        recover: Looks for what a lost POST made; without it such a row fails.
        times: Render times, as learnt so far; the run adds to them.
        signals: Tell of ends before they are looked for.
        pool: Counts the account's slots where that is not the client's own.
    """

    guard: Guard = attrs.field(factory=Guard)
    downloads: Downloader | None = None
    recover: Recover | None = None
    times: RenderTimes = attrs.field(factory=RenderTimes)
    signals: Signals | None = None
    pool: RenderPool | None = None
