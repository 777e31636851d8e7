"""`Client`: settings, credentials, connections and resources of one account."""

from __future__ import annotations

import copy
import functools
import itertools
import logging
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from ssl import SSLContext
from typing import TYPE_CHECKING, Any, Self

import anyio
import attrs

from heygen_async.account.base_url import HEYGEN
from heygen_async.account.credentials import Credentials, find_credentials
from heygen_async.account.rate_limit import Pacer
from heygen_async.api.base_client import BaseClient
from heygen_async.api.handles import polling
from heygen_async.api.resources import Resources
from heygen_async.errors import (
    DeadlineExceededError,
    InvalidInputError,
    RenderFailedError,
)
from heygen_async.http.call import Options
from heygen_async.http.caller import Caller
from heygen_async.http.retry import RetryPolicy
from heygen_async.http.transport import Transport
from heygen_async.telemetry import Observer, Telemetry, for_row

if TYPE_CHECKING:
    import aiohttp

    from heygen_async.api.agents.session_job import AgentJob
    from heygen_async.api.agents.video_agents import VideoAgents
    from heygen_async.api.handles.video import Video, VideoJob
    from heygen_async.api.requests.modes import VideoRequest
    from heygen_async.api.videos import Videos
    from heygen_async.api.webhooks import Webhooks

logger: logging.Logger = logging.getLogger("heygen_async")

_RENDERS = itertools.count()  # single renders of this process, for telemetry


class Client(BaseClient, Resources):
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
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
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
            proxy: Address of an HTTP proxy for all requests, uploads and downloads. By default HEYGEN_PROXY of the
                environment, else HTTPS_PROXY and NO_PROXY.
            ssl: Certificates to trust. By default those of the system, or of the file SSL_CERT_FILE.
            timeout: Seconds for each attempt of a request. By default 30 for a GET, 120 for others and 600 for uploads;
                HeyGen takes up to 31 seconds to accept a video. Files have no limit as long as bytes come.
            headers: HTTP headers that each request to HeyGen has in addition, such as those of a gateway of your own.
                Uploads to and downloads from other hosts do not get them.
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
        self._use(
            Caller(
                self._transport,
                credentials=self.credentials,
                retry=self.retry,
                pacer=pacer,
                telemetry=self.telemetry,
                defaults=Options(attempt_timeout=timeout, headers=headers),
            )
        )

    def _use(self, caller: Caller) -> None:
        """Send all calls with *caller*."""
        self._caller = caller
        for name in list(vars(self)):
            if isinstance(getattr(type(self), name, None), functools.cached_property):
                del self.__dict__[name]  # a resource that sends with another caller

    @functools.cached_property
    def videos(self) -> Videos:
        """Methods of `/v3/videos`."""
        from heygen_async.api.videos import Videos  # noqa: PLC0415 - loaded when it is first used

        return Videos(self._caller, self.video_agents, self._fetch)

    @functools.cached_property
    def video_agents(self) -> VideoAgents:
        """Methods of `/v3/video-agents`."""
        from heygen_async.api.agents.video_agents import VideoAgents  # noqa: PLC0415 - loaded when it is first used

        return VideoAgents(self._caller)

    @functools.cached_property
    def webhooks(self) -> Webhooks:
        """Methods of `/v3/webhooks`."""
        from heygen_async.api.webhooks import Webhooks  # noqa: PLC0415 - loaded when it is first used

        return Webhooks(self._caller)

    def with_options(
        self,
        *,
        timeout: float | None = None,
        attempts: int | None = None,
        patience: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Self:
        """Return a client with other defaults, over the same connections and account. Sends no request.

            video = await heygen.with_options(timeout=300, attempts=1).videos.get("v_123")

        The options of a call go before these, and these before the settings of this client. Closing either client
        closes the connections of both.

        Args:
            timeout: Seconds for each attempt of a request.
            attempts: Most attempts of a request, the first included. Runs of many rows repeat their submissions by
                their own rules.
            patience: Most seconds in which a request waits out 429s.
            headers: HTTP headers of each request, beside those of this client.

        Raises:
            InvalidInputError: An option is not a positive number, or a header cannot be sent.
        """
        client = copy.copy(self)
        given = Options(attempt_timeout=timeout, attempts=attempts, patience=patience, headers=headers)
        client._use(self._caller.with_defaults(given))  # noqa: SLF001 - the copy is of this class
        return client

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
        from heygen_async.telemetry import JobEnded, JobLeft, JobSubmitted  # noqa: PLC0415 - loaded with the first render

        clock = self.account.clock
        began = clock.now()
        job = await self.videos.create(request, attrs.evolve(options or Options(), deadline=deadline))
        row: dict[str, Any] = {"index": next(_RENDERS), "mode": request.kind, "resource_id": job.id}
        self.telemetry.emit(JobSubmitted(**row))
        try:
            await polling.call(on_submitted, job)
            left = max(0.0, deadline - (clock.now() - began))
            with for_row(0, row["index"]):
                video = await job.wait(deadline=left, on_status=on_status)
        except RenderFailedError as exc:
            error, code = type(exc).__name__, exc.code or type(exc).__name__
            self.telemetry.emit(JobEnded(**row, error=error, code=code, outcome="failed"))
            raise
        except BaseException as exc:
            self.telemetry.emit(JobLeft(**row, spent="yes"))
            if isinstance(exc, DeadlineExceededError):
                exc.add_note(f"the deadline of {deadline:g} s counts from before the submission")
            elif isinstance(exc, anyio.get_cancelled_exc_class()):
                note = f"render() was cancelled. {job!r} goes on and is paid for; wait for it by its id"
                exc.add_note(note)
                logger.warning("%s", note)
            raise
        self.telemetry.emit(JobEnded(**row, outcome="completed"))
        return video

    async def _fetch(self, video: Video, to: Path, files: Sequence[str]) -> list[Path]:
        """Store files of a video; `HeyGen` does."""
        raise InvalidInputError(f"video {video.id} is not stored in {to}: use a HeyGen, which can store {files}")

    @property
    def transport(self) -> Transport:
        """The transport, for downloads."""
        return self._transport

    def __repr__(self) -> str:
        """Return a text with the address, without the key."""
        return f"{type(self).__name__}({str(self._transport.base_url)!r})"
