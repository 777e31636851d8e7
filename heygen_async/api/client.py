"""`Client`: settings, credentials, the life of the sessions, and one request at a time."""

from __future__ import annotations

import logging
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import anyio

from heygen_async.account.account import Account
from heygen_async.account.credentials import Credentials, find_credentials
from heygen_async.account.rate_limit import Pacer
from heygen_async.account.render_pool import RenderPool
from heygen_async.api.agents.video_agents import VideoAgents
from heygen_async.api.handles import polling
from heygen_async.api.handles.video import Video
from heygen_async.api.renders import creation
from heygen_async.api.requests.batch import create_batch
from heygen_async.api.requests.modes import VideoRequest
from heygen_async.api.resources import Resources
from heygen_async.api.videos import Videos
from heygen_async.api.webhooks import Webhooks
from heygen_async.errors import DeadlineExceededError, HeyGenError
from heygen_async.http import wire
from heygen_async.http.call import Call, Options
from heygen_async.http.caller import Caller
from heygen_async.http.outcomes import Accepted, Outcome, outcome_of
from heygen_async.http.retry import RetryPolicy
from heygen_async.http.transport import Transport
from heygen_async.telemetry import Observer, Telemetry

if TYPE_CHECKING:
    import aiohttp

    from heygen_async.api.renders import RenderRequest
    from heygen_async.api.requests.stored import StoredRequest

BASE_URL = "https://api.heygen.com"
logger: logging.Logger = logging.getLogger("heygen_async")


class Client(Resources):
    """One account: its resources, `render` and `raw`. `heygen_async.HeyGen` adds lists and campaigns to it.

    Attributes:
        videos: `/v3/videos`.
        video_agents: `/v3/video-agents`.
        webhooks: `/v3/webhooks`.
        credentials: The key or token, and where it was found.
        retry: How often and patiently requests are repeated.
        telemetry: The observers.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        bearer_token: str | Callable[[], str | Awaitable[str]] | None = None,
        base_url: str | None = None,
        session: aiohttp.ClientSession | None = None,
        retry: RetryPolicy | None = None,
        requests_per_second: float | None = None,
        observers: Sequence[Observer] = (),
    ) -> None:
        """Prepare a client.

        Args:
            api_key: Of the account; else the environment's HEYGEN_API_KEY, else what `heygen auth login` of the
                official command line has stored in ~/.heygen/credentials (or in the folder HEYGEN_CONFIG_DIR).
            bearer_token: An OAuth token instead of a key, or a function, also an async one, that gives it. A function
                is asked before the first request and again when HeyGen refuses its token (401): once for all
                requests under way, which are then repeated. It says whose account it is, too: clients with equal
                functions share what they know of the account, two lambdas are two accounts. One that is not async
                must not wait. It has 60 seconds to answer.
            base_url: Where to send; else HEYGEN_API_BASE, else https://api.heygen.com.
            session: An aiohttp session to use; it is never closed here.
            retry: How often and patiently requests are repeated.
            requests_per_second: Send no faster than this on average.
            observers: Called with every telemetry event.

        Raises:
            AuthenticationError: There is neither a key nor a token, or the file cannot be used.
            InvalidInputError: The key or token cannot be one: it is blank, or has a line break in it.

        Source of the file: heygen-cli, `internal/auth/file_resolver.go`.
        """
        self.credentials: Credentials = find_credentials(api_key, bearer_token)
        for note in self.credentials.notes:
            logger.warning("%s", note)
        address = base_url or os.environ.get("HEYGEN_API_BASE") or BASE_URL
        self._transport = Transport(address, self.credentials.headers, session)
        pacer = None if requests_per_second is None else Pacer(requests_per_second)
        self.telemetry: Telemetry = Telemetry(tuple(observers))
        self.retry: RetryPolicy = retry or RetryPolicy()
        self._caller = Caller(
            self._transport, credentials=self.credentials, retry=self.retry, pacer=pacer, telemetry=self.telemetry
        )
        self.video_agents: VideoAgents = VideoAgents(self._caller)
        self.videos: Videos = Videos(self._caller, self.video_agents)
        self.webhooks: Webhooks = Webhooks(self._caller)

    async def __aenter__(self) -> Self:
        """Open nothing yet: the first request does."""
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Close the connections. Renders go on."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections that were opened here. Renders go on."""
        await self._transport.aclose()

    async def render(self, request: VideoRequest, *, deadline: float = polling.DEADLINE_SECONDS) -> Video:
        """Submit *request*, of any mode, and return the completed video. Costs money.

        Args:
            request: What to make.
            deadline: Seconds for all of it. Cancelling or passing it leaves the render running.

        Raises:
            RenderFailedError: HeyGen gave up; failed renders are not billed.
            DeadlineExceededError: Not ended; its `resource_id` leads back to it, if it was submitted.
            HeyGenError: It could not be submitted; `spent` tells whether it may have been.

        Source: `POST /v3/videos` or `POST /v3/video-agents`, then `GET /v3/videos/{video_id}`.
        """
        began = anyio.current_time()
        job = await self.videos.create(request, Options(deadline=deadline))
        left = max(0.0, deadline - (anyio.current_time() - began))
        try:
            return await job.wait(deadline=left)
        except DeadlineExceededError as exc:
            exc.add_note(f"the deadline of {deadline:g} s counts from before the submission")
            raise

    async def begin(self, request: RenderRequest | StoredRequest, options: Options | None = None) -> str:
        """Submit a request of any kind and return its id: a video's, a session's or a job's. Costs money.

        The resources' own methods (`videos.create`, `translations.create`, ...) return handles to follow.

        Raises:
            InsufficientCreditError: The account cannot pay; nothing was made.
            OutcomeUnknownError: Sent to an endpoint that knows no keys, and its answer lost; it was not repeated.

        Source: `POST /v3/videos`, `POST /v3/video-agents`, `POST /v3/video-translations`, ...
        """
        call = creation(request, None if options is None else options.idempotency_key)
        return await self._caller.send(call, options)

    async def attempt(self, request: RenderRequest | StoredRequest, key: str, *, tried: int = 0) -> Outcome:
        """Send a request of any kind once, under *key*, and return the outcome: a value, never an exception.

        A bulk run asks in this way: what comes next is decided from the outcome. Costs money if it is accepted.

        Source: `POST /v3/videos`, `POST /v3/video-agents`, `POST /v3/video-translations`, ...
        """
        try:
            return Accepted(await self._caller.send(creation(request, key), _once(key), tried=tried))
        except HeyGenError as exc:
            return outcome_of(exc)

    async def attempt_batch(self, requests: Sequence[Any], key: str, *, tried: int = 0) -> Outcome:
        """Send up to 100 requests in one POST once, under *key*, and return the outcome. Costs money for each.

        Source: `POST /v3/videos/batches`.
        """
        try:
            created = await self._caller.send(create_batch(requests, None), _once(key), tried=tried)
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
            method: GET, POST, ...
            path: `/v3/...`; the key goes to the client's own origin only.
            body: A JSON value.
            query: Parameters.
            costs: Whether it costs money; by default every POST is taken to.
            takes_key: Whether the endpoint honours `Idempotency-Key`; only then is a lost POST repeated.
            options: As for every call.
        """
        method = method.upper()
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

    @property
    def account(self) -> Account:
        """The account's limits as learnt so far, shared with other clients of it; only inside an event loop."""
        return self._caller.account

    @property
    def pool(self) -> RenderPool:
        """The account's render slots as learnt so far; only inside an event loop."""
        return self.account.pool

    @property
    def requests_per_second(self) -> float:
        """Requests that may be sent a second, by the settings and by refusals; infinite if neither says."""
        return self._caller.requests_per_second

    @property
    def transport(self) -> Transport:
        """The transport, for downloads."""
        return self._transport

    def __repr__(self) -> str:
        """Name the address, never the key."""
        return f"{type(self).__name__}({str(self._transport.base_url)!r})"


def _once(key: str) -> Options:
    return Options(idempotency_key=key, attempts=1, patience=0.0)
