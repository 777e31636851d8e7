"""`Preflight`: looks up what rows name, before the first POST. GETs only: it is free."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

import anyio

from heygen_async.api.client import Client
from heygen_async.api.generated.avatars import Look
from heygen_async.api.generated.templates import TemplateDetail
from heygen_async.api.generated.voices import VoiceDetail
from heygen_async.api.requests.kinds import kind_of
from heygen_async.api.requests.stored import StoredRequest, body_of
from heygen_async.bulk.plan.catalog import Catalog, Lookup
from heygen_async.bulk.plan.credit import ACCOUNT, credit_problems, slot_problems
from heygen_async.bulk.plan.looks_and_voices import locale_of, look_findings, reference_findings, voice_findings
from heygen_async.bulk.plan.template_variables import template_findings
from heygen_async.bulk.plan.urls import address_findings
from heygen_async.bulk.plan.video_length import length_findings
from heygen_async.bulk.rows.finding import Finding, Part, parts
from heygen_async.bulk.rows.problems import Problem
from heygen_async.bulk.rows.table import Row
from heygen_async.errors import AuthenticationError, HeyGenError

if TYPE_CHECKING:
    from heygen_async.api.renders import RenderRequest

T = TypeVar("T")
TOGETHER = 200  # rows that are checked concurrently
_TEMPLATE = re.compile(r"/v3/templates/([^/]+)")
_LOOKS_SHOWN = 3


class Preflight:
    """Checks rows and the account at HeyGen. Each look, voice and template is asked for once.

    If HeyGen refuses a look-up or cannot be reached, the first row that needs it gets a warning, not an error.
    """

    def __init__(self, client: Client) -> None:
        """Look up with *client*."""
        self._client = client
        self._catalog = Catalog()

    async def problems(self, row: Row, request: RenderRequest | StoredRequest) -> list[Problem]:
        """Return the problems of the request of *row*: errors, which HeyGen would refuse, and warnings.

        Source: `GET /v3/avatars/looks/{look_id}`, `GET /v3/voices/{voice_id}`, `GET /v3/templates/{template_id}`.
        """
        body = body_of(request)
        found: list[Finding] = []
        languages: dict[str, str | None] = {}
        all_parts = list(parts(body))
        for part in all_parts:
            found += address_findings(part)
            found += await self._looks(part, request.kind)
            found += await self._voice(part, languages)
        found += length_findings(all_parts, lambda part: locale_of(part) or languages.get(part.at))
        found += await self._template(kind_of(request.kind).path, body)
        return [finding.of(row) for finding in found]

    async def of_rows(self, rows: Iterable[tuple[Row, RenderRequest | StoredRequest]]) -> list[Problem]:
        """Return the problems of many rows, in their order. The rows are read as a stream and are not kept."""
        found: list[Problem] = []
        remaining = iter(rows)
        while batch := list(itertools.islice(remaining, TOGETHER)):
            for problems in await self.side_by_side(batch):
                found += problems
        return found

    async def side_by_side(self, rows: Sequence[tuple[Row, RenderRequest | StoredRequest]]) -> list[list[Problem]]:
        """Return the problems of each row, in their order; all rows are checked concurrently."""
        found: list[list[Problem]] = [[] for _ in rows]

        async def check(index: int) -> None:
            found[index] = await self.problems(*rows[index])

        async with anyio.create_task_group() as tasks:
            for index in range(len(rows)):
                tasks.start_soon(check, index)
        return found

    def looks(self) -> dict[str, str]:
        """Return the kinds of the looks that were looked up, by id: photo_avatar, digital_twin or studio_avatar."""
        looks = ((look_id, look.avatar_type) for look_id, look in self._catalog.all_known("look"))
        return {look_id: avatar_type for look_id, avatar_type in looks if avatar_type}

    def language(self, body: Mapping[str, object]) -> str | None:
        """Return the language of a request: its locale, else that of its voice if that was looked up before."""
        settings = body.get("voice_settings")
        locale = settings.get("locale") if isinstance(settings, Mapping) else None
        if isinstance(locale, str):
            return locale
        voice: VoiceDetail | None = self._catalog.known("voice", str(body.get("voice_id")))
        return None if voice is None else voice.language

    async def account(self, *, max_in_flight: object = None, price_usd: float | None = None) -> list[Problem]:
        """Return the problems of the account: too little credit, or too many renders at once.

        Args:
            max_in_flight: Option of the run; only a number can be too high.
            price_usd: Price of the run in US dollars; with None, any credit is enough.

        Source: `GET /v3/users/me`.
        """
        try:
            user = await self._client.users.me()
        except AuthenticationError as exc:
            return [
                Problem(source=ACCOUNT, reason=f"HeyGen does not know the key: {exc.gist}", mend="give a valid key")
            ]
        except HeyGenError as exc:
            reason, mend = f"could not be checked: {exc.gist}", "check its balance yourself"
            return [Problem(source=ACCOUNT, reason=reason, mend=mend, severity="warning")]
        learnt = self._client.pool.limit
        return [*credit_problems(user, price_usd), *slot_problems(user, max_in_flight, learnt)]

    async def _looks(self, part: Part, kind: str) -> list[Finding]:
        findings: list[Finding] = []
        look: Look | None = None
        for field, look_id in _named(part.fields, "avatar_id"):
            read = await self._catalog.look_up("look", look_id, self._client.avatars.get_look)
            look = read.value
            if look is not None:
                findings += look_findings(look, look_id, part, kind, field)
            else:
                findings += await self._missing_look(f"{part.at}{field}", look_id, read)
        return findings + await self._reference(part, look)

    async def _reference(self, part: Part, look: Look | None) -> list[Finding]:
        """Check the look whose motion Avatar V copies."""
        engine = part.fields.get("engine")
        reference_id = engine.get("reference_look_id") if isinstance(engine, Mapping) else None
        if not isinstance(reference_id, str):
            return []
        read = await self._catalog.look_up("look", reference_id, self._client.avatars.get_look)
        if read.value is None:
            return await self._missing_look(f"{part.at}engine.reference_look_id", reference_id, read)
        return list(reference_findings(read.value, reference_id, look, part))

    async def _missing_look(self, field: str, look_id: str, read: Lookup[Look]) -> list[Finding]:
        if read.unread is not None:
            return list(_unread(field, look_id, read, "look"))
        group = await self._catalog.look_up("group", look_id, self._looks_of)
        if not group.value:
            mend = "take an id that `heygen-async avatars looks` shows"
            return [Finding(field=field, value=look_id, reason="there is no such look", mend=mend)]
        shown = ", ".join(f"{look.id} ({look.name})" for look in group.value[:_LOOKS_SHOWN])
        reason = "is the id of an avatar group, not of a look"
        return [Finding(field=field, value=look_id, reason=reason, mend=f"take one of its looks: {shown}")]

    async def _looks_of(self, group_id: str) -> tuple[Look, ...]:
        async for page in self._client.avatars.looks(group_id=group_id).pages():
            return page.items
        return ()

    async def _voice(self, part: Part, languages: dict[str, str | None]) -> list[Finding]:
        voice_id = part.fields.get("voice_id")
        if not isinstance(voice_id, str):
            return []
        read: Lookup[VoiceDetail] = await self._catalog.look_up("voice", voice_id, self._client.voices.get)
        if read.value is None:
            mend = "take an id that `heygen-async voices list` shows"
            return list(_missing(f"{part.at}voice_id", voice_id, read, "voice", mend))
        languages[part.at] = read.value.language
        return list(voice_findings(read.value, part))

    async def _template(self, path: str, body: Mapping[str, object]) -> list[Finding]:
        named = _TEMPLATE.fullmatch(path)
        if named is None:
            return []
        read: Lookup[TemplateDetail] = await self._catalog.look_up("template", named[1], self._client.templates.get)
        if read.value is None:
            mend = "take the id of a template of the account; only templates with variables are there"
            return list(_missing("template_id", named[1], read, "template", mend))
        return list(template_findings(read.value, body))


def _named(fields: Mapping[str, object], name: str) -> Iterator[tuple[str, str]]:
    """Yield the ids in a field that takes one or a list, each with its path."""
    value = fields.get(name)
    if isinstance(value, str):
        yield name, value
    if isinstance(value, list | tuple):
        for index, item in enumerate(value):
            if isinstance(item, str):
                yield f"{name}[{index}]", item


def _missing(field: str, name: str, read: Lookup[T], kind: str, mend: str) -> Iterator[Finding]:
    if read.unread is None:
        yield Finding(field=field, value=name, reason=f"there is no such {kind}", mend=mend)
    yield from _unread(field, name, read, kind)


def _unread(field: str, name: str, read: Lookup[T], kind: str) -> Iterator[Finding]:
    """Yield one warning for all rows that name the id."""
    if read.unread is not None and read.first:
        yield Finding(
            field=field,
            value=name,
            reason=f"the {kind} could not be checked: {read.unread}",
            mend=f"check that it exists, for all rows that name this {kind}",
            severity="warning",
        )
