"""Options that `run` and `enqueue` share: how a campaign is to be run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import attrs
from cyclopts import Parameter

from heygen_async.bulk.download.file_types import KINDS
from heygen_async.cli.rendering.campaign_options import given, path_beside
from heygen_async.cli.terminal.option_types import Count, Duration, Seconds, Unknown, Usd

if TYPE_CHECKING:
    from heygen_async import Campaign


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class RunFlags:
    """Options for the whole run, not for single rows."""

    output: Annotated[Path | None, Parameter(help="Folder for the files and results.csv. [default: videos]")] = None
    max_in_flight: Annotated[
        Count | None,
        Parameter(help="Renders at once; the pay-as-you-go account has 10. [default: the campaign file's, or 10]"),
    ] = None
    deadline: Annotated[Seconds | None, Parameter(help="Seconds for each render. [default: 3600]")] = None
    files: Annotated[
        str | None,
        Parameter(help=f"What to store of each video: some of {', '.join(KINDS)}, with commas. [default: video]"),
    ] = None
    max_downloads: Annotated[
        Count | None, Parameter(help="Files at once; downloads hold no render slots. [default: 6]")
    ] = None
    budget: Annotated[
        Usd | None, Parameter(help="Send no row that could cost more than what is left of this: 250, 250usd, $250.")
    ] = None
    canary: Annotated[Count | None, Parameter(help="Send the first N rows alone; the others when those are there.")] = (
        None
    )
    approve: Annotated[bool, Parameter(help="Ask before the rows after the canary are sent.")] = False
    breaker: Annotated[
        tuple[Count, Count] | None,
        Parameter(help="K N: send no more when K of the last N rows have failed with one code."),
    ] = None
    again: Annotated[
        bool, Parameter(help="Render rows again, and pay again, that have a video made with another request.")
    ] = False
    on_unknown: Annotated[Unknown | None, Parameter(show_default=False)] = None
    patience: Annotated[
        Duration | None,
        Parameter(help="Wait so long for a HeyGen that cannot be reached: 90s, 20min, 3h. [default: 3h]"),
    ] = None

    def campaign(self, file: Campaign) -> Campaign:
        """Return *file* with the values of these options in place of its own."""
        run = {**self._of_run(), "approve": self.approve or None}
        downloads = {**self._of_downloads(), "folder": path_beside(file, self.output)}
        return attrs.evolve(
            file,
            run=attrs.evolve(file.run, **given(**run)),
            downloads=attrs.evolve(file.downloads, **given(**downloads)),
        )

    def chosen(self) -> dict[str, Any]:
        """Return the options of `HeyGen.run` that were given here, also those that are the default.

        A journal keeps an option of its last run until another value is given.
        """
        return given(**self._of_run(), **self._of_downloads())

    def _of_run(self) -> dict[str, Any]:
        return {
            "max_in_flight": self.max_in_flight,
            "deadline": self.deadline,
            "budget_usd": self.budget,
            "canary": self.canary,
            "breaker": self.breaker,
            "on_unknown": self.on_unknown,
            "patience": self.patience,
        }

    def _of_downloads(self) -> dict[str, Any]:
        from heygen_async.bulk.download.video_files import checked_kinds

        return {
            "files": None if self.files is None else checked_kinds(kind.strip() for kind in self.files.split(",")),
            "max_downloads": self.max_downloads,
        }
