"""A night: rows, an account, its trouble and the user's habits."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal

import attrs

from heygen_async import CinematicAvatar, DirectVideo, ImageVideo, Job, VideoAgent
from tests.explore.habits import Sitting
from tests.explore.trouble import Trouble

Identity = Literal["named", "cells", "bare"]
Line = tuple[int, int]  # number of a row, and its version
KINDS = ("direct", "agent", "cinematic", "image")


@attrs.frozen(kw_only=True)
class Lines:
    """A list of the user.

    Attributes:
        lines: Rows in their order.
        columns: Names of columns that no request uses.
    """

    lines: tuple[Line, ...]
    columns: tuple[str, ...] = ()


@attrs.frozen(kw_only=True, slots=False)
class Night:
    """The plan of a night.

    Attributes:
        seed: Seed.
        kinds: Kind of request of each row.
        titled: True if requests have titles.
        identity: The way in which rows are recognised: by names, by cells, or by their requests alone.
        has_journal: True if the campaign has a journal.
        lists: Lists of the user.
        account: Settings of the simulated account.
        options: Options of every run.
        troubles: The server's trouble.
        sittings: Commands of the user.
        untitled: Rows whose requests have no titles though the others have.
        strange: Rows whose first version names a look that the account does not have.
        without: Pieces that were left out, by name.
    """

    seed: int
    kinds: tuple[str, ...]
    titled: bool
    identity: Identity
    has_journal: bool
    lists: tuple[Lines, ...]
    account: Mapping[str, Any]
    options: Mapping[str, Any]
    troubles: tuple[Trouble, ...]
    sittings: tuple[Sitting, ...]
    untitled: frozenset[int] = frozenset()
    strange: frozenset[int] = frozenset()
    without: frozenset[str] = frozenset()

    def jobs(self, number: int) -> Iterator[Any]:
        """Yield the rows of a list as the user gives them."""
        for row, version in self.lists[number].lines:
            request = self.request(row, version)
            cells = {"id": f"r{row}", "version": version, **dict.fromkeys(self.lists[number].columns, f"x{row}")}
            if self.identity == "bare":
                yield request
            else:
                yield Job(request=request, row=cells, name=f"r{row}" if self.identity == "named" else None)

    def text(self, row: int, version: int) -> str:
        """Return the script or prompt of a row, which no other row has."""
        return f"row {row} version {version}" + " word" * (row % 7)

    def request(self, row: int, version: int) -> Any:
        """Return the request of a row."""
        text = self.text(row, version)
        title: Any = {"title": f"title {row}-{version}"} if self.titled and row not in self.untitled else {}
        match self.kinds[row]:
            case "agent":
                return VideoAgent(prompt=text)
            case "cinematic":
                return CinematicAvatar(prompt=text, avatar_id=("look_anna",), duration=5, **title)
            case "image":
                return ImageVideo(image="https://example.com/a.png", voice_id="voice_warm", script=text, **title)
            case _:
                look = "look_nobody" if row in self.strange and not version else "look_anna"
                return DirectVideo(avatar_id=look, voice_id="voice_warm", script=text, **title)

    def requests(self) -> Iterator[Any]:
        """Yield the requests of all lists."""
        for line in sorted({line for one in self.lists for line in one.lines}):
            yield self.request(*line)

    def texts(self, number: int) -> Counter[str]:
        """Count the texts of a list."""
        return Counter(self.text(*line) for line in self.lists[number].lines)

    @property
    def hears(self) -> bool:
        """True if the user hears HeyGen's webhooks."""
        return self.options.get("watch") == "webhooks"

    @property
    def reads_slowly(self) -> bool:
        """True if the user takes time for each result: some are unread when a run is left."""
        return self.seed % 4 == 0

    @functools.cached_property
    def words(self) -> frozenset[str]:
        """The words that tell what there is in the night: kinds, options, troubles, habits and interruptions."""
        options = {**self.options, **{name: value for one in self.sittings for name, value in one.options.items()}}
        return frozenset(
            [
                *self.kinds,
                self.identity,
                *(["journal"] if self.has_journal else []),
                *(["titles"] if self.titled else []),
                *(["unknown looks"] if self.strange else []),
                *options,
                *(f"{name}={value}" for name, value in options.items()),
                *(one.kind for one in self.troubles),
                *(one.habit for one in self.sittings),
                *(one.kind for sitting in self.sittings for one in sitting.interruptions),
            ]
        )

    # Pieces

    @property
    def pieces(self) -> list[str]:
        """The names of the pieces that can be left out."""
        return [
            *(f"trouble.{number}" for number, _ in enumerate(self.troubles)),
            *(f"sitting.{number}" for number, _ in enumerate(self.sittings) if number),
            *(
                f"interruption.{number}.{place}"
                for number, sitting in enumerate(self.sittings)
                for place, _ in enumerate(sitting.interruptions)
            ),
            *(f"option.{name}" for name in self.options),
            *(f"row.{number}" for number, _ in enumerate(self.kinds)),
        ]

    def leave_out(self, pieces: Collection[str]) -> Night:
        """Return this night without some pieces; their numbers stay those of the whole night."""
        out = self.without | frozenset(pieces)
        sittings = [
            attrs.evolve(
                sitting,
                interruptions=tuple(
                    one
                    for place, one in enumerate(sitting.interruptions)
                    if f"interruption.{number}.{place}" not in out
                ),
            )
            for number, sitting in enumerate(self.sittings)
            if f"sitting.{number}" not in out
        ]
        return attrs.evolve(
            self,
            lists=tuple(
                attrs.evolve(one, lines=tuple(line for line in one.lines if f"row.{line[0]}" not in out))
                for one in self.lists
            ),
            options={name: value for name, value in self.options.items() if f"option.{name}" not in out},
            troubles=tuple(one for number, one in enumerate(self.troubles) if f"trouble.{number}" not in out),
            sittings=tuple(sittings),
            without=out,
        )
