"""`BaseClient`: requests of any kind, by which runs submit their rows and programs reach the whole API."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import attrs

from heygen_async.account.account import Account
from heygen_async.account.admission import Admission
from heygen_async.account.rate_limit import Turn
from heygen_async.account.render_pool import RenderPool
from heygen_async.errors import HeyGenError, InvalidInputError
from heygen_async.http import wire
from heygen_async.http.call import Call, Options
from heygen_async.http.caller import Caller

if TYPE_CHECKING:
    from heygen_async.api.renders import RenderRequest
    from heygen_async.api.requests.stored import StoredRequest
    from heygen_async.api.status_entries import Entries
    from heygen_async.http.outcomes import Outcome


@attrs.frozen(kw_only=True)
class RawAnswer:
    """A good answer of HeyGen, as `raw_answer` returns it.

    Attributes:
        status: HTTP status, 200 to 299.
        headers: HTTP headers; their names may be written in any case.
        json: The JSON of the body, envelope included; None if there is no body.
    """

    status: int
    headers: Mapping[str, str] = attrs.field(repr=False)
    json: Any = attrs.field(repr=False)

    @property
    def request_id(self) -> str | None:
        """HeyGen's id of the request; None if it gave none."""
        return self.headers.get("X-Request-Id")


class RawOptions(TypedDict, total=False):
    """Options of `raw` and `raw_answer`.

    Attributes:
        body: A value to be sent as JSON.
        query: Query parameters.
        costs: True if the request costs money; by default True for a POST.
        takes_key: True if the endpoint honours `Idempotency-Key`. Only then a lost POST is repeated.
        options: Options of the call.
    """

    body: Any
    query: Mapping[str, str | int] | None
    costs: bool | None
    takes_key: bool
    options: Options | None


class BaseClient:
    """Base class of the client, with the requests that are of no resource."""

    _caller: Caller

    async def raw(self, method: str, path: str, **options: Unpack[RawOptions]) -> Any:
        """Send any request to HeyGen and return the JSON of its answer, envelope included; None without a body.

            answer = await heygen.raw("GET", "/v3/users/me")

        Args:
            method: HTTP method: GET, POST, ...
            path: Path of the endpoint (`/v3/...`). Other hosts are refused, so that the key is not sent to them.
            **options: See `RawOptions`.

        Raises:
            InvalidInputError: The request cannot be sent as it is; nothing was sent.
            HeyGenError: As of all other methods, by HeyGen's answer.
        """
        return (await self.raw_answer(method, path, **options)).json

    async def raw_answer(self, method: str, path: str, **options: Unpack[RawOptions]) -> RawAnswer:
        """Send any request to HeyGen and return its answer with status and headers. Raises as `raw` does."""
        call = _raw_call(method, path, **options)
        return await self._caller.send(call, options.get("options"))

    @property
    def account(self) -> Account:
        """The account's limits learnt so far, shared by its clients. Available inside an event loop only."""
        return self._caller.account

    @property
    def pool(self) -> RenderPool:
        """The account's render slots. Available inside an event loop only."""
        return self.account.pool

    @property
    def requests_per_second(self) -> float:
        """Most requests per second, by the client's setting and by past 429s; infinite without either."""
        return self._caller.requests_per_second

    async def begin(self, request: RenderRequest | StoredRequest, options: Options | None = None) -> str:
        """Submit a request of any kind and return the id of the video, session or job. Costs money.

        The methods of the resources (`videos.create`, `translations.create`, ...) return handles instead of ids.

        Raises:
            InsufficientCreditError: The account cannot pay; no render was started.
            OutcomeUnknownError: The answer of an endpoint that takes no key was lost; the request was not repeated.

        Source: `POST /v3/videos`, `POST /v3/video-agents`, `POST /v3/video-translations`, ...
        """
        from heygen_async.api.renders import creation_call  # noqa: PLC0415 - loaded when a render is begun

        call = creation_call(request, None if options is None else options.idempotency_key)
        return await self._caller.send(call, options)

    async def job_entries(self, kind: str, job_ids: Iterable[str]) -> Entries:
        """Return the statuses of up to 100 translations or lipsyncs as HeyGen's JSON objects. Free of charge.

        What is no object is left out. A bulk run calls this every few seconds; `translations.statuses` and
        `lipsyncs.statuses` return values.

        Args:
            kind: `translation` or `lipsync`.
            job_ids: 1 to 100 ids.

        Source: `GET /v3/video-translations/statuses`, `GET /v3/lipsyncs/statuses`.
        """
        from heygen_async.api.status_entries import job_entries  # noqa: PLC0415 - loaded when jobs are followed

        return await self._caller.send(job_entries(kind, job_ids))

    async def admitted(self) -> Admission:
        """Wait until the gates are open for a request that costs money, for `attempt`. It must be left."""
        turn = Turn(costs=True, since=self.account.clock.now(), patience=math.inf, slots_decide=True)
        return await self._caller.admitted(turn)

    async def attempt(
        self, request: RenderRequest | StoredRequest, key: str, *, admission: Admission | None = None, tried: int = 0
    ) -> Outcome:
        """Send a request of any kind once, under *key*, and return its outcome. Costs money if it is accepted.

        Errors of this package are returned as outcomes. A bulk run uses this, and decides the next step itself. It
        waits for its *admission* before, so that a row that waits is not taken for a row that was sent.

        Source: `POST /v3/videos`, `POST /v3/video-agents`, `POST /v3/video-translations`, ...
        """
        from heygen_async.api.renders import creation_call  # noqa: PLC0415 - loaded when a render is begun
        from heygen_async.http.outcomes import Accepted, outcome_of  # noqa: PLC0415 - the same

        try:
            return Accepted(
                await self._caller.attempt(creation_call(request, key), key, admission=admission, tried=tried)
            )
        except HeyGenError as exc:
            return outcome_of(exc)

    async def attempt_batch(
        self, requests: Sequence[Any], key: str, *, admission: Admission | None = None, tried: int = 0
    ) -> Outcome:
        """Send up to 100 requests in one POST, once, under *key*, and return the outcome. Costs money for each.

        Source: `POST /v3/videos/batches`.
        """
        from heygen_async.api.requests.batch import create_batch  # noqa: PLC0415 - loaded when a batch is sent
        from heygen_async.http.outcomes import Accepted, outcome_of  # noqa: PLC0415 - the same

        try:
            created = await self._caller.attempt(create_batch(requests, None), key, admission=admission, tried=tried)
            return Accepted(created.batch_id)
        except HeyGenError as exc:
            return outcome_of(exc)


def _raw_call(method: str, path: str, **given: Unpack[RawOptions]) -> Call[RawAnswer]:
    unknown = sorted(given.keys() - RawOptions.__annotations__.keys())
    if unknown:
        import difflib  # noqa: PLC0415 - loaded for a message about a wrong name

        near = difflib.get_close_matches(unknown[0], RawOptions.__annotations__, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(RawOptions.__annotations__)}"
        raise InvalidInputError(f"raw: no option {unknown[0]!r}; {hint}")
    for name, value, kind in (("method", method, str), ("path", path, str), ("options", given.get("options"), Options)):
        if not isinstance(value, kind) and not (name == "options" and value is None):
            raise InvalidInputError(f"{name}: a {type(value).__name__}; must be {kind.__name__}")
    method = method.upper()
    if not (method.isascii() and method.isalpha()):
        raise InvalidInputError(f"method {method!r:.40}: must be a word such as GET")
    costs = given.get("costs")
    return Call(
        method=method,
        path=path,
        route=path.partition("?")[0],
        query=given.get("query"),
        body=given.get("body"),
        read=_read_raw,
        takes_key=given.get("takes_key", False),
        costs=method == "POST" if costs is None else costs,
    )


def _read_raw(answer: wire.Answer, subject: str) -> RawAnswer:
    return RawAnswer(status=answer.status, headers=answer.headers, json=wire.read_json_or_none(answer, subject))
