"""What `plan` and `run` are given alike: a campaign file or a contact list, and options that go before the file's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import attrs
from cyclopts import Parameter

from heygen_async.cli.terminal.option_types import Count, Text

if TYPE_CHECKING:
    from heygen_async import Campaign

Pairs = tuple[str, ...]
Mode = Literal[
    "direct",
    "image",
    "cinematic",
    "agent",
    "template",
    "translation",
    "lipsync",
    "clipping",
    "background_removal",
    "filler_word_removal",
    "text_to_video",
]


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class CampaignOptions:
    """Options of `plan` and `run` that say what to make of each row."""

    mode: Annotated[Mode | None, Parameter(help="What to make. [default: direct]")] = None
    set: Annotated[Pairs, Parameter(help="NAME=VALUE: a request field; may hold {{ placeholders }}. Repeatable.")] = ()
    map: Annotated[
        Pairs,
        Parameter(
            help="FIELD=COLUMN: a field, or `mode`, that each row may have in a column; where its cell is empty, --set "
            "holds. Repeatable."
        ),
    ] = ()
    locale: Annotated[
        str | None, Parameter(help="How the filters `number` and `date` write: de, fr, ... [default: en]")
    ] = None
    script: Annotated[
        Text | None, Parameter(help='The spoken text: "Hi {{ first_name }}" (direct and image mode).')
    ] = None
    prompt: Annotated[Text | None, Parameter(help="What to show (agent and cinematic mode).")] = None
    encoding: Annotated[
        str | None, Parameter(help="Of a CSV file that is not UTF-8: cp1252 for what Excel saves as plain CSV.")
    ] = None
    sheet: Annotated[str | None, Parameter(help="Of an Excel workbook; the first else.")] = None
    filename: Annotated[
        str | None,
        Parameter(help="Name of each file: {number}, {id}, {title} or {a column}. [default: {number}-{id}]"),
    ] = None
    limit: Annotated[Count | None, Parameter(help="Use only the first N rows.")] = None
    no_download: Annotated[bool, Parameter(help="Leave the files at HeyGen.")] = False

    def campaign(self, file: Campaign) -> Campaign:
        """Return *file* with what the command says in its place."""
        from heygen_async.bulk.template.field_paths import flat

        texts = said(script=self.script, prompt=self.prompt)
        return attrs.evolve(
            file,
            **said(mode=self.mode, locale=self.locale),
            request={**flat(file.request), **_pairs("--set", self.set, "avatar_id=look_anna"), **texts},
            columns={**file.columns, **_pairs("--map", self.map, "voice_id=Voice")},
            rows=attrs.evolve(file.rows, **said(encoding=self.encoding, sheet=self.sheet, limit=self.limit)),
            downloads=attrs.evolve(
                file.downloads, **said(filename=self.filename, enabled=False if self.no_download else None)
            ),
        )


def opened(source: Path, rows: Path | None) -> tuple[Campaign, Path | None]:
    """Return the campaign and the contact list that two names stand for; the second is for a campaign file only."""
    from heygen_async import Campaign, InvalidInputError

    if source.suffix.lower() == ".toml":
        return Campaign.load(source), rows
    if rows is not None:
        raise InvalidInputError(
            f"{rows}: a second file; the first is the campaign file then, and {source} does not end in .toml"
        )
    return Campaign(), source


def seen_from(campaign: Campaign, path: Path | None) -> str | None:
    """Return a path of the command line as the campaign file would name it; None if there is none."""
    if path is None:
        return None
    return str(path) if path.is_absolute() else os.path.relpath(path, campaign.path.parent)


def said(**options: Any) -> dict[str, Any]:
    """Return the options that the command line gave."""
    return {name: value for name, value in options.items() if value is not None}


def _pairs(option: str, texts: Pairs, example: str) -> Mapping[str, str]:
    """Read options such as `--set name=value`."""
    from heygen_async import InvalidInputError

    fields: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise InvalidInputError(f"{option} {text!r}: must be NAME=VALUE, such as {option} {example}")
        fields[name.strip()] = value
    return fields
