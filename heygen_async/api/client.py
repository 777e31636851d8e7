"""`Client`: settings, credentials, connections and resources of one account."""

from __future__ import annotations

import itertools
import logging
import math
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from ssl import SSLContext
from typing import TYPE_CHECKING, Any, Self

import anyio
import attrs

from heygen_async.account.account import Account
from heygen_async.account.admission import Admission
from heygen_async.account.base_url import HEYGEN
from heygen_async.account.credentials import Credentials, find_credentials
from heygen_async.account.rate_limit import Pacer, Turn
from heygen_async.account.render_pool import RenderPool
from heygen_async.api.agents.session_job import AgentJob
from heygen_async.api.agents.video_agents import VideoAgents
from heygen_async.api.handles import polling
from heygen_async.api.handles.video import Video, VideoJob
from heygen_async.api.renders import creation_call
from heygen_async.api.requests.batch import create_batch
from heygen_async.api.requests.modes import VideoRequest
from heygen_async.api.resources import Resources
from heygen_async.api.videos import Videos
from heygen_async.api.webhooks import Webhooks
from heygen_async.errors import (
    DeadlineExceededError,
    HeyGenError,
    InvalidInputError,
    RenderFailedError,
)
from heygen_async.http import wire
from heygen_async.http.call import Call, Options
from heygen_async.http.caller import Caller
from heygen_async.http.outcomes import Accepted, Outcome, outcome_of
from heygen_async.http.retry import RetryPolicy
from heygen_async.http.transport import Transport
from heygen_async.telemetry import JobEnded, JobSubmitted, Observer, Telemetry

if TYPE_CHECKING:
    import aiohttp

    from heygen_async.api.renders import RenderRequest
    from heygen_async.api.requests.stored import StoredRequest

logger: logging.Logger = logging.getLogger("heygen_async")

_RENDERS = itertools.count()  # single renders of this process, for telemetry


class Client(Resources):
    """A client of one account: resources, `render` and `raw`. `heygen_async.HeyGen` adds lists and campaigns.

    Attributes:
        videos: Methods of `/v3/videos`.
        video_agents: Methods of `/v3/video-agents`.
        webhooks: Methods of `/v3/webhooks`.
        credentials: The key or token, and the place where it was found.
        retry: Policy for retries.
        telemetry: The observers.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        bearer_token: str | Callable[[], str | Awaitable[str]] | None = None,
        base_url: str | None = None,
        session: aiohttp.ClientSession | None = None,
        proxy: str | None = None,
        ssl: SSLContext | None = None,
        retry: RetryPolicy | None = None,
        requests_per_second: float | None = None,
        observers: Sequence[Observer] = (),
    ) -> None:
        """Create a client. Connections are opened by the first request.

        Args:
            api_key: API key of the account. By default HEYGEN_API_KEY of the environment, else the key or session
                that `heygen auth login` of the official command line has stored in ~/.heygen/credentials (or in the
                folder HEYGEN_CONFIG_DIR).
            bearer_token: An OAuth token instead of a key, or a function, plain or async, that returns one. The function
                is called before the first request and again when HeyGen refuses its token (401): once for all
                requests under way, which are then repeated. It also identifies the account: clients with equal
                functions share the state of the account; two lambdas are two accounts. A plain function must not
                block. The function has 60 seconds to return.
            base_url: Address of the API, without a path: https, or http on this machine. By default HEYGEN_API_BASE of
                the environment, else https://api.heygen.com.
            session: An aiohttp session to use; the client does not close it. Uploads and downloads use its connector,
                but not its headers.
            proxy: Address of an HTTP proxy for all requests, uploads and downloads. By default HTTPS_PROXY and NO_PROXY
                of the environment.
            ssl: Certificates to trust. By default those of the system, or of the file SSL_CERT_FILE.
            retry: Policy for retries.
            requests_per_second: Most requests per second, on average.
            observers: Callables that get every telemetry event.

        Raises:
            AuthenticationError: There is neither a key nor a token, or the file cannot be used.
            InvalidInputError: The key or token is malformed: it is blank, or has a line break in it. Or *base_url* is
                not an address that may get the key.

        Source of the file: heygen-cli, `internal/auth/file_resolver.go`.
        """
        self.credentials: Credentials = find_credentials(api_key, bearer_token)
        for note in self.credentials.notes:
            logger.warning("%s", note)
        address = base_url or os.environ.get("HEYGEN_API_BASE") or HEYGEN
        self._transport = Transport(address, self.credentials.headers, session, proxy=proxy, ssl=ssl)
        pacer = None if requests_per_second is None else Pacer(requests_per_second)
        self.telemetry: Telemetry = Telemetry(tuple(observers))
        self.retry: RetryPolicy = retry or RetryPolicy()
        self._caller = Caller(
            self._transport, credentials=self.credentials, retry=self.retry, pacer=pacer, telemetry=self.telemetry
        )
        self.video_agents: VideoAgents = VideoAgents(self._caller)
        self.videos: Videos = Videos(self._caller, self.video_agents, self._fetch)
        self.webhooks: Webhooks = Webhooks(self._caller)

    async def __aenter__(self) -> Self:
        """Return the client."""
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Close the client's connections. Renders go on."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close the client's connections. Renders go on."""
        await self._transport.aclose()

    async def render(
        self,
        request: VideoRequest,
        *,
        deadline: float = polling.DEADLINE_SECONDS,
        on_submitted: polling.Called[VideoJob | AgentJob] | None = None,
        on_status: polling.Called[Any] | None = None,
        options: Options | None = None,
    ) -> Video:
        """Submit *request*, of any mode, and return the completed video. Costs money.

        Args:
            request: The request.
            deadline: Most seconds for submission and render together. After it, or after a cancellation, the render
                goes on.
            on_submitted: Called with the handle as soon as HeyGen has accepted the request, to store its id; a
                function, plain or async.
            on_status: Called with the video, or before it with the agent's session, each time the status changes.
            options: Options of the submission, such as `idempotency_key`.

        Raises:
            RenderFailedError: The render failed; HeyGen does not bill failed renders.
            DeadlineExceededError: The render has not ended; `resource_id` is its id, if it was submitted.
            HeyGenError: The request could not be submitted; `spent` tells if it may have been executed.

        Source: `POST /v3/videos` or `POST /v3/video-agents`, then `GET /v3/videos/{video_id}`.
        """
        clock = self.account.clock
        began = clock.now()
        job = await self.videos.create(request, attrs.evolve(options or Options(), deadline=deadline))
        row: dict[str, Any] = {"index": next(_RENDERS), "mode": request.kind, "resource_id": job.id}
        self.telemetry.emit(JobSubmitted(**row))
        try:
            await polling.call(on_submitted, job)
            left = max(0.0, deadline - (clock.now() - began))
            video = await job.wait(deadline=left, on_status=on_status)
        except RenderFailedError as exc:
            error, code = type(exc).__name__, exc.code or type(exc).__name__
            self.telemetry.emit(JobEnded(**row, error=error, code=code, outcome="failed"))
            raise
        except DeadlineExceededError as exc:
            exc.add_note(f"the deadline of {deadline:g} s counts from before the submission")
            raise
        except anyio.get_cancelled_exc_class() as exc:
            note = f"render() was cancelled. {job!r} goes on and is paid for; wait for it by its id"
            exc.add_note(note)
            logger.warning("%s", note)
            raise
        self.telemetry.emit(JobEnded(**row, outcome="completed"))
        return video

    async def begin(self, request: RenderRequest | StoredRequest, options: Options | None = None) -> str:
        """Submit a request of any kind and return the id of the video, session or job. Costs money.

        The methods of the resources (`videos.create`, `translations.create`, ...) return handles instead of ids.

        Raises:
            InsufficientCreditError: The account cannot pay; no render was started.
            OutcomeUnknownError: The answer of an endpoint that takes no key was lost; the request was not repeated.

        Source: `POST /v3/videos`, `POST /v3/video-agents`, `POST /v3/video-translations`, ...
        """
        call = creation_call(request, None if options is None else options.idempotency_key)
        return await self._caller.send(call, options)

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
        try:
            created = await self._caller.attempt(create_batch(requests, None), key, admission=admission, tried=tried)
            return Accepted(created.batch_id)
        except HeyGenError as exc:
            return outcome_of(exc)

    async def raw(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: Mapping[str, str | int] | None = None,
        costs: bool | None = None,
        takes_key: bool = False,
        options: Options | None = None,
    ) -> Any:
        """Send any request to HeyGen and return the JSON of its answer, envelope included.

        Args:
            method: HTTP method: GET, POST, ...
            path: Path of the endpoint (`/v3/...`). Other hosts are refused, so that the key is not sent to them.
            body: A value to be sent as JSON.
            query: Query parameters.
            costs: True if the request costs money; by default True for a POST.
            takes_key: True if the endpoint honours `Idempotency-Key`. Only then a lost POST is repeated.
            options: Options of the call.
        """
        method = method.upper()
        if not (method.isascii() and method.isalpha()):
            raise InvalidInputError(f"method {method!r:.40}: must be a word such as GET")
        call = Call(
            method=method,
            path=path,
            route=path.partition("?")[0],
            query=query,
            body=body,
            read=wire.read_json_or_none,
            takes_key=takes_key,
            costs=method == "POST" if costs is None else costs,
        )
        return await self._caller.send(call, options)

    async def _fetch(self, video: Video, to: Path, files: Sequence[str]) -> list[Path]:
        """Store files of a video; `HeyGen` does."""
        raise InvalidInputError(f"video {video.id} is not stored in {to}: use a HeyGen, which can store {files}")

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

    @property
    def transport(self) -> Transport:
        """The transport, for downloads."""
        return self._transport

    def __repr__(self) -> str:
        """Return a text with the address, without the key."""
        return f"{type(self).__name__}({str(self._transport.base_url)!r})"
