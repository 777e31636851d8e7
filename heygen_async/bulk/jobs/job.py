"""Jobs: one request each, with the user's row and the key under which it is paid for once."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from heygen_async.api.renders import check_row
from heygen_async.api.requests.kinds import is_request
from heygen_async.api.requests.stored import StoredRequest
from heygen_async.bulk.jobs.next_step import Step
from heygen_async.errors import InvalidInputError

if TYPE_CHECKING:
    from heygen_async.api.renders import RenderRequest


def _fresh_key() -> str:
    return uuid.uuid4().hex


@attrs.frozen(kw_only=True)
class Job:
    """One video, or other result, to be rendered.

    Attributes:
        request: The request to send.
        row: Any value of yours: the result brings it back. The cells of a mapping can be used in file names.
        key: `Idempotency-Key` of the POST, where the endpoint honours one; a journal makes its own.
        name: Identity of the job in a journal, such as a recipient's id; without it, the whole row is the identity.
        index: Place among the jobs of the run, from 0; set by the run.
        step: The next step; other than "submit" only in a run that resumes a journal.
        record: What the journal remembers of it.
    """

    request: RenderRequest | StoredRequest
    row: Any = attrs.field(default=None, repr=False)
    key: str = attrs.field(factory=_fresh_key)
    name: str | None = None
    index: int = -1
    step: Step = "submit"
    record: Any = attrs.field(default=None, repr=False, eq=False)


Source: TypeAlias = "Iterable[RenderRequest | Job] | AsyncIterable[RenderRequest | Job]"


async def numbered(source: Source) -> AsyncIterator[Job]:
    """Yield the jobs of *source* one by one, numbered, reading no further than asked."""
    index = 0
    async for given in _each(source):
        job = given if isinstance(given, Job) else Job(request=given)
        if not is_request(job.request):
            raise InvalidInputError(
                f"requests, item {index}: a {type(job.request).__name__}; must be a DirectVideo, ImageVideo, "
                "CinematicAvatar, VideoAgent, another request that renders, or a Job around one"
            )
        _check(job.request, index)
        yield attrs.evolve(job, index=index)
        index += 1


def _check(request: Any, index: int) -> None:
    try:
        check_row(request)
    except InvalidInputError as exc:
        raise InvalidInputError(f"requests, item {index}: {exc.message}", param=exc.param) from None


async def _each(source: Source) -> AsyncIterator[RenderRequest | Job]:
    if isinstance(source, AsyncIterable):
        async for given in source:
            yield given
        return
    rows: Iterator[RenderRequest | Job] = iter(source)
    for given in rows:
        yield given
