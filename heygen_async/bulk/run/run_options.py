"""Options of a run: the one list of them, with their defaults and rules.

`RunSettings` is the list. `RunOptions` is its shape as a type for `**options`; a test keeps the two in step. Campaign
files take their defaults, rules and descriptions from it; `HeyGen.render_many` explains each option at length.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from os import PathLike
from typing import Any, TypedDict, get_args

import attrs

from heygen_async.account.render_pool import InFlight, RenderPool
from heygen_async.bulk.download.download_queue import MAX_DOWNLOADS
from heygen_async.bulk.download.downloader import Downloader
from heygen_async.bulk.download.file_types import FileKind
from heygen_async.bulk.download.video_files import checked_kinds
from heygen_async.bulk.jobs.next_step import OnUnknown
from heygen_async.bulk.prices.price import Rates
from heygen_async.bulk.run.agent_queue import MAX_AGENTS
from heygen_async.bulk.run.finisher import OnSubmitted
from heygen_async.bulk.run.guards import Approve, Guard
from heygen_async.bulk.run.resumer import Recover
from heygen_async.bulk.run.submitter import Submit
from heygen_async.bulk.watch.render_times import RenderTimes
from heygen_async.bulk.watch.signals import HasSignals, Signals, signals_of
from heygen_async.bulk.watch.watchlist import Watch
from heygen_async.changed import Changed
from heygen_async.errors import InvalidInputError
from heygen_async.near_names import hint, near_name

DEADLINE_SECONDS = 3600.0
PATIENCE_SECONDS = 3 * 3600.0


class UnkeptOptions(TypedDict, total=False):
    """Options of a run without a journal."""

    max_in_flight: InFlight
    deadline: float
    download_to: str | PathLike[str] | None
    filename: str
    files: Sequence[FileKind]
    max_downloads: int
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
    again: bool
    on_submitted: OnSubmitted | None
    progress: bool
    patience: float


class RunOptions(UnkeptOptions, total=False):
    """Options of `HeyGen.render_many`, `run` and campaigns, as a type for `**options`. `render_many` explains each."""

    journal: str | PathLike[str] | None


Rule = Callable[[Any, "attrs.Attribute[Any]", Any], None]


def _rule(accepts: Callable[[Any], bool], wanted: str, words: Sequence[str] = ()) -> Rule:
    """Refuse a value that *accepts* does not take; a value near to one of *words* is a typing error."""

    def check(_: Any, option: attrs.Attribute[Any], value: Any) -> None:
        if (value is None and option.default is None) or accepts(value):
            return
        near = near_name(value, words)
        mend = "" if near is None else f"; did you mean {near!r}?"
        raise InvalidInputError(f"{option.name}: {value!r:.60}; must be {wanted}{mend}", param=option.name)

    return check


def _word(words: Sequence[str]) -> Rule:
    return _rule(lambda value: value in words, " or ".join(map(repr, words)), words)


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 1


def _is_amount(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _is_path(value: Any) -> bool:
    return isinstance(value, str) and "\0" not in value and value.encode(errors="replace").decode() == value


def _is_breaker(value: Any) -> bool:
    match value:
        case tuple((failures, of)):
            return _is_count(failures) and _is_count(of) and bool(failures <= of)
        case _:
            return False


def _is_watch(value: Any) -> bool:
    return value is None or value in get_args(Watch) or hasattr(signals_of(value), "__aiter__")


_COUNT = _rule(_is_count, "a whole number from 1")
_PATH = _rule(_is_path, "a path, without NUL and halves of characters (lone surrogates)")
_SWITCH = _rule(lambda value: isinstance(value, bool), "True or False")


def _path(given: Any) -> Any:
    return os.fspath(given) if isinstance(given, PathLike) else given


def _kinds(given: Any) -> tuple[FileKind, ...]:
    return checked_kinds(given if isinstance(given, Iterable) else [str(given)])


def _pair(given: Any) -> Any:
    return tuple(given) if isinstance(given, list) else given  # a list comes from JSON


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
        again: True to render rows again, and pay again, that have a video made by another request.
        on_submitted: Called for each row that HeyGen has accepted.
        progress: True to show the progress on stderr.
        patience: Seconds for which a run waits for a HeyGen that cannot be reached, before it stops.
    """

    max_in_flight: InFlight = attrs.field(
        default=10,
        validator=_rule(
            lambda value: callable(value) or value == "auto" or _is_count(value),
            'a whole number from 1, "auto" or a function',
        ),
    )
    deadline: float = attrs.field(default=DEADLINE_SECONDS, validator=_rule(_is_amount, "a number of seconds above 0"))
    download_to: str | None = attrs.field(default=None, converter=_path, validator=_PATH)
    filename: str = attrs.field(
        default="{number}-{id}",
        validator=_rule(lambda value: isinstance(value, str) and bool(value.strip()), "text that is not blank"),
    )
    files: tuple[FileKind, ...] = attrs.field(default=("video",), converter=_kinds)
    max_downloads: int = attrs.field(default=MAX_DOWNLOADS, validator=_COUNT)
    journal: str | None = attrs.field(default=None, converter=_path, validator=_PATH)
    on_unknown: OnUnknown = attrs.field(default="hold", validator=_word(get_args(OnUnknown)))
    submit: Submit = attrs.field(default="auto", validator=_word(get_args(Submit)))
    watch: Any = attrs.field(
        default="auto", validator=_rule(_is_watch, "'auto', 'sweep', 'each' or a Receiver", get_args(Watch))
    )
    max_agents: int | None = attrs.field(
        default=MAX_AGENTS,
        validator=_rule(lambda value: value is None or _is_count(value), "a whole number from 1, or None"),
    )
    tag_titles: bool = attrs.field(default=False, validator=_SWITCH)
    budget_usd: float | None = attrs.field(
        default=None,
        validator=_rule(lambda value: _is_amount(value) and value < math.inf, "an amount in US dollars above 0"),
    )
    rates: Rates | None = attrs.field(
        default=None,
        validator=_rule(lambda value: isinstance(value, Rates), "Rates, such as Rates(avatar=(0.05, 0.0667))"),
    )
    canary: int | None = attrs.field(default=None, validator=_COUNT)
    approve: Approve | None = attrs.field(
        default=None,
        validator=_rule(callable, "a function of the results that returns True or False"),
    )
    breaker: tuple[int, int] | None = attrs.field(
        default=None,
        converter=_pair,
        validator=_rule(_is_breaker, "two whole numbers (k, n) with 1 <= k <= n: failures of the last n rows"),
    )
    again: bool = attrs.field(default=False, validator=_SWITCH)
    on_submitted: OnSubmitted | None = attrs.field(
        default=None, validator=_rule(callable, "a function that takes a job and an id")
    )
    progress: bool = attrs.field(default=False, validator=_SWITCH)
    patience: float = attrs.field(default=PATIENCE_SECONDS, validator=_rule(_is_amount, "a number of seconds above 0"))

    @classmethod
    def of(cls, options: Mapping[str, Any], caller: str) -> RunSettings:
        """Return the settings for *options*, which a user gave to *caller*.

        Raises:
            TypeError: An option does not exist.
            InvalidInputError: An option is wrong.
        """
        for name in options:
            if name not in RunOptions.__annotations__:
                mend = hint(name, RunOptions.__annotations__, "its options are")
                raise TypeError(f"{caller}() got an unexpected keyword argument {name!r}; {mend}")
        return cls(**options)

    @property
    def watch_word(self) -> Watch:
        """The way of noticing ends in addition to webhooks."""
        return self.watch if isinstance(self.watch, str) else "auto"  # type: ignore[return-value]  # a word of Watch

    @property
    def signals(self) -> Signals | None:
        """Signals of webhooks, if *watch* names a source of them."""
        return signals_of(self.watch)

    def with_given(self, new: RunSettings, given: Mapping[str, Any]) -> tuple[RunSettings, dict[str, Any]]:
        """Return the settings of the next run of a campaign that keeps these, and those that it keeps, by name.

        Args:
            new: Settings of the run as it was asked for.
            given: The options that were given; one that is None was not.
        """
        names = [name for name in (*_KEPT, "rates") if given.get(name) is None]
        default = RunSettings()
        kept = {name: getattr(self, name) for name in names}
        return attrs.evolve(new, **kept), {
            name: value for name, value in kept.items() if value not in (getattr(default, name), getattr(new, name))
        }

    def to_json(self) -> str:
        """Return the settings that a journal keeps, as JSON; with them a campaign can be resumed."""
        kept = {name: getattr(self, name) for name in _KEPT}
        kept["watch"] = self.watch_word
        if callable(self.max_in_flight):
            kept["max_in_flight"] = "auto"  # a function cannot be stored
        kept["rates"] = None if self.rates is None else self.rates.given()
        return json.dumps(kept)

    @classmethod
    def from_json(cls, text: str | None) -> RunSettings:
        """Return the settings that a journal keeps.

        Raises:
            InvalidInputError: An earlier version stored a value that is refused today.
        """
        kept = json.loads(text or "{}")
        if (rates := kept.pop("rates", None)) is not None:
            kept["rates"] = Rates.of(rates)
        try:
            return cls(**kept)
        except InvalidInputError as exc:
            exc.add_note("The journal keeps this value; give render_many the right one, with the same rows, to go on.")
            raise


# Of each run, or not fit for a file.
_GIVEN_ANEW = frozenset({"journal", "on_unknown", "approve", "again", "progress", "rates", "on_submitted"})
_KEPT = tuple(field.name for field in attrs.fields(RunSettings) if field.name not in _GIVEN_ANEW)


def option(name: str, **rules: Any) -> Any:
    """Return an attrs field with the default and rule of an option, for a table of a campaign file.

    *rules* replaces the rule where the file takes less, or says more about a wrong value.
    """
    field = attrs.fields_dict(RunSettings)[name]
    return attrs.field(**{"default": field.default, "validator": field.validator, **rules})


@attrs.frozen(kw_only=True)
class RunHooks:
    """Parts of a run that are not options of the user.

    Attributes:
        guard: Holds rows back.
        downloads: Stores files.
        recover: Looks for what a lost POST made; without it such a row fails.
        times: Render times, as learnt so far; the run adds to them.
        signals: Tell of ends before they are looked for.
        pool: Counts the account's slots where that is not the client's own.
        looked: Notified after each look at the renders, for what need not wake the process by itself.
        beside: Runs beside the stages, with the results, until the run is left.
    """

    guard: Guard = attrs.field(factory=Guard)
    downloads: Downloader | None = None
    recover: Recover | None = None
    times: RenderTimes = attrs.field(factory=RenderTimes)
    signals: Signals | None = None
    pool: RenderPool | None = None
    looked: Changed = attrs.field(factory=Changed)
    beside: Callable[[Any], Coroutine[Any, Any, None]] | None = None
