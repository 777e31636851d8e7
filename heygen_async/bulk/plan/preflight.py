"""`Preflight`: looks up what rows name, before the first POST. GETs only: it is free."""

from __future__ import annotations

import itertools
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

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
        self._asks: Mapping[str, Callable[[str], Awaitable[Any]]] = {
            "look": client.avatars.get_look,
            "voice": client.voices.get,
            "template": client.templates.get,
        }

    async def problems(self, row: Row, request: RenderRequest | StoredRequest) -> list[Problem]:
        """Return the problems of the request of *row*: errors, which HeyGen would refuse, and warnings.

        Source: `GET /v3/avatars/looks/{look_id}`, `GET /v3/voices/{voice_id}`, `GET /v3/templates/{template_id}`.
        """
        (found,) = await self.side_by_side([(row, request)])
        return found

    async def of_rows(self, rows: Iterable[tuple[Row, RenderRequest | StoredRequest]]) -> list[Problem]:
        """Return the problems of many rows, in their order. The rows are read as a stream and are not kept."""
        found: list[Problem] = []
        remaining = iter(rows)
        while batch := list(itertools.islice(remaining, TOGETHER)):
            for problems in await self.side_by_side(batch):
                found += problems
        return found

    async def side_by_side(self, rows: Sequence[tuple[Row, RenderRequest | StoredRequest]]) -> list[list[Problem]]:
        """Return the problems of each row, in their order; what the rows name is looked up concurrently before."""
        return await self.of_bodies([(row, request.kind, body_of(request)) for row, request in rows])

    async def of_bodies(self, rows: Sequence[tuple[Row, str, Mapping[str, Any]]]) -> list[list[Problem]]:
        """Return the problems as `side_by_side` does, of rows with the kind and the JSON object of their requests."""
        checked = [(row, kind, body, list(parts(body))) for row, kind, body in rows]
        asked: set[tuple[str, str]] = set()
        async with anyio.create_task_group() as tasks:
            for _, kind, _, all_parts in checked:
                named = dict.fromkeys(_named(kind, all_parts))
                new = [one for one in named if one not in asked and not self._is_settled(*one)]
                if new:
                    asked.update(new)
                    tasks.start_soon(self._ask, new)
        return [[one.of(row) for one in self._findings(kind, body, found)] for row, kind, body, found in checked]

    def _is_settled(self, what: str, name: str) -> bool:
        """Return True if all is known of an id; for a look that is not there, if it is a group, too."""
        has_answer = what != "look" or not self._catalog.is_absent(what, name)
        return self._catalog.is_known(what if has_answer else "group", name)

    async def _ask(self, named: Iterable[tuple[str, str]]) -> None:
        """Look up ids one after another, so that a row asks no more after a lost connection."""
        for what, name in named:
            await self._catalog.ask(what, name, self._asks[what])
            if what == "look" and self._catalog.is_absent(what, name):
                await self._catalog.ask("group", name, self._looks_of)

    def _findings(self, kind: str, body: Mapping[str, Any], all_parts: Sequence[Part]) -> list[Finding]:
        """Return the findings of a request whose ids were all looked up."""
        found: list[Finding] = []
        languages: dict[str, str | None] = {}
        for part in all_parts:
            found += address_findings(part)
            found += self._looks(part, kind)
            found += self._voice(part, languages)
        found += length_findings(all_parts, lambda part: locale_of(part) or languages.get(part.at))
        found += self._template(kind, body)
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

    def _looks(self, part: Part, kind: str) -> list[Finding]:
        findings: list[Finding] = []
        look: Look | None = None
        for field, look_id in _ids_in(part.fields.get("avatar_id"), "avatar_id"):
            read: Lookup[Look] = self._catalog.take("look", look_id)
            look = read.value
            if look is not None:
                findings += look_findings(look, look_id, part, kind, field)
            else:
                findings += self._missing_look(f"{part.at}{field}", look_id, read)
        return findings + self._reference(part, look)

    def _reference(self, part: Part, look: Look | None) -> list[Finding]:
        """Check the look whose motion Avatar V copies."""
        reference_id = _reference_in(part)
        if reference_id is None:
            return []
        read: Lookup[Look] = self._catalog.take("look", reference_id)
        if read.value is None:
            return self._missing_look(f"{part.at}engine.reference_look_id", reference_id, read)
        return list(reference_findings(read.value, reference_id, look, part))

    def _missing_look(self, field: str, look_id: str, read: Lookup[Look]) -> list[Finding]:
        if read.unread is not None:
            return list(_unread(field, look_id, read, "look"))
        group: Lookup[tuple[Look, ...]] = self._catalog.take("group", look_id)
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

    def _voice(self, part: Part, languages: dict[str, str | None]) -> list[Finding]:
        voice_id = part.fields.get("voice_id")
        if not isinstance(voice_id, str):
            return []
        read: Lookup[VoiceDetail] = self._catalog.take("voice", voice_id)
        if read.value is None:
            mend = "take an id that `heygen-async voices list` shows"
            return list(_missing(f"{part.at}voice_id", voice_id, read, "voice", mend))
        languages[part.at] = read.value.language
        return list(voice_findings(read.value, part))

    def _template(self, kind: str, body: Mapping[str, object]) -> list[Finding]:
        template_id = _template_in(kind)
        if template_id is None:
            return []
        read: Lookup[TemplateDetail] = self._catalog.take("template", template_id)
        if read.value is None:
            mend = "take the id of a template of the account; only templates with variables are there"
            return list(_missing("template_id", template_id, read, "template", mend))
        return list(template_findings(read.value, body))


def _named(kind: str, all_parts: Iterable[Part]) -> Iterator[tuple[str, str]]:
    """Yield the ids that a request names, each with its sort: look, voice or template."""
    for part in all_parts:
        for _, look_id in _ids_in(part.fields.get("avatar_id"), "avatar_id"):
            yield "look", look_id
        reference_id, voice_id = _reference_in(part), part.fields.get("voice_id")
        if reference_id is not None:
            yield "look", reference_id
        if isinstance(voice_id, str):
            yield "voice", voice_id
    template_id = _template_in(kind)
    if template_id is not None:
        yield "template", template_id


def _ids_in(value: object, field: str) -> Iterator[tuple[str, str]]:
    """Yield the ids in a field that takes one or a list, each with its path."""
    if isinstance(value, str):
        yield field, value
    if isinstance(value, list | tuple):
        for index, item in enumerate(value):
            if isinstance(item, str):
                yield f"{field}[{index}]", item


def _reference_in(part: Part) -> str | None:
    engine = part.fields.get("engine")
    reference_id = engine.get("reference_look_id") if isinstance(engine, Mapping) else None
    return reference_id if isinstance(reference_id, str) else None


def _template_in(kind: str) -> str | None:
    named = _TEMPLATE.fullmatch(kind_of(kind).path)
    return None if named is None else named[1]


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
