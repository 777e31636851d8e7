"""Jobs: one request each, with the user's row and the key under which it is paid for once."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import AsyncGenerator, AsyncIterable, Generator, Iterable
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, cast

import attrs

from heygen_async.api.renders import check_row
from heygen_async.api.requests.kinds import is_request
from heygen_async.api.requests.stored import StoredRequest
from heygen_async.bulk.jobs.next_step import Step
from heygen_async.bulk.rows.problems import Problem
from heygen_async.bulk.rows.table import is_note
from heygen_async.errors import InvalidInputError
from heygen_async.reprs import ShortRepr

if TYPE_CHECKING:
    from typing_extensions import TypeVar  # type checkers know it, whether it is installed or not

    from heygen_async.api.renders import RenderRequest

    R = TypeVar("R", covariant=True, default=Any)  # noqa: PLC0105 - as below
else:
    from typing import TypeVar

    R = TypeVar("R", covariant=True)  # noqa: PLC0105 - users read this name in messages; 3.11 has no defaults


def _fresh_key() -> str:
    return uuid.uuid4().hex


@attrs.frozen(kw_only=True, repr=False)
class Job(ShortRepr, Generic[R]):
    """One video, or other result, to be rendered. `Job[Person]` has a row of type `Person`.

    Attributes:
        request: The request to send.
        row: Any value of yours: the result brings it back. The cells of a mapping can be used in file names.
        key: `Idempotency-Key` of the POST, where the endpoint honours one; a journal makes its own.
        name: Identity of the job in a journal, such as a recipient's id; without it, the whole row is the identity.
        index: Place among the jobs of the run, from 0; set by the run.
        step: The next step; other than "submit" only in a run that resumes a journal.
        record: What the journal remembers of it.
        problem: Set by the run if the request can never be sent as it is; then the row fails with it.
    """

    request: RenderRequest | StoredRequest
    row: R = attrs.field(default=cast("Any", None), repr=False)
    key: str = attrs.field(factory=_fresh_key)
    name: str | None = None
    index: int = -1
    step: Step = "submit"
    record: Any = attrs.field(default=None, repr=False, eq=False)
    problem: InvalidInputError | None = attrs.field(default=None, repr=False, eq=False)


Source: TypeAlias = "Iterable[RenderRequest | Job[Any]] | AsyncIterable[RenderRequest | Job[Any]]"


async def numbered(source: Source) -> AsyncGenerator[Job]:
    """Yield the jobs of *source* one by one, numbered, reading no further than asked.

    A value that cannot be sent becomes a job with a `problem`; a warning of a list is no row and left out. *source* is
    closed on every way out.
    """
    index = 0
    async with contextlib.aclosing(_each(source)) as values:
        async for given in values:
            if not is_note(given):
                yield job_at(given, index)
                index += 1


def job_at(given: Any, index: int) -> Job:
    """Return what a source gave as a numbered job; a value that cannot be sent becomes a job with a `problem`."""
    job = given if isinstance(given, Job) else Job(request=given, row=given if isinstance(given, Problem) else None)
    return attrs.evolve(job, index=index, problem=_problem_of(job.request, index))


def _problem_of(request: Any, index: int) -> InvalidInputError | None:
    """Return the reason why a value of a source cannot be sent; None if it can."""
    if isinstance(request, Problem):
        return InvalidInputError(str(request), param=None if request.column is None else str(request.column))
    if not is_request(request):
        return InvalidInputError(
            f"requests, item {index}: a {type(request).__name__}; must be a DirectVideo, ImageVideo, "
            "CinematicAvatar, VideoAgent, another request that renders, or a Job around one"
        )
    try:
        check_row(request)
    except InvalidInputError as exc:
        return InvalidInputError(f"requests, item {index}: {exc.message}", param=exc.param)
    return None


async def _each(source: Source) -> AsyncGenerator[Any]:
    if isinstance(source, AsyncIterable):
        try:
            async for given in source:
                yield given
        finally:
            close = getattr(source, "aclose", None)
            if close is not None:
                await close()
        return
    try:
        for given in iter(source):
            yield given
    finally:
        close = getattr(source, "close", None)
        if isinstance(source, Generator) and close is not None:
            close()
