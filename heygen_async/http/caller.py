"""The caller: the one loop that sends requests. It waits for its turn, sends, reads the answer and retries."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import random
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import anyio
import attrs

from heygen_async.account.account import Account, account_of
from heygen_async.account.admission import Admission, admitted
from heygen_async.account.base_url import is_loopback, note_of_refusal
from heygen_async.account.bearer_token import Token
from heygen_async.account.credentials import Credentials, bearer_header
from heygen_async.account.rate_limit import LONGEST_PAUSE_SECONDS, Pacer, Turn
from heygen_async.account.server_clock import ServerClock
from heygen_async.errors import (
    APIError,
    AuthenticationError,
    DeadlineExceededError,
    HeyGenError,
    OutcomeUnknownError,
    QuotaExceededError,
    RateLimitError,
    ServerError,
    Spent,
)
from heygen_async.http.call import Call, Options, Request, T, request_of
from heygen_async.http.retry import KEY_SECONDS, RetryPolicy, counts, perhaps_executed
from heygen_async.http.transport import Transport
from heygen_async.http.wire import Answer
from heygen_async.telemetry import RequestEnded, RetryPlanned, Telemetry, current_row

E = TypeVar("E", bound=HeyGenError)

Exchange = Callable[[Request], Awaitable[Answer]]

REFUSED_SECONDS = 1.0  # before a refused API key is tried once more: a gateway that has just started refuses every key

_DEFAULT = Options()

logger: logging.Logger = logging.getLogger("heygen_async")


class Caller:
    """Sends calls and returns their answers, with retries."""

    def __init__(
        self,
        transport: Transport,
        *,
        credentials: Credentials,
        retry: RetryPolicy,
        pacer: Pacer | None = None,
        telemetry: Telemetry | None = None,
        defaults: Options = _DEFAULT,
    ) -> None:
        """Send over *transport*, retry by *retry*, at the pace of *pacer*; *credentials* identify the account.

        *defaults* hold for each call whose own options say nothing else.
        """
        self.transport = transport
        self.credentials = credentials
        self.telemetry: Telemetry = telemetry or Telemetry()
        self._retry = retry
        self._pacer = pacer
        self.defaults: Options = defaults
        self._is_simulated = is_loopback(transport.base_url)
        self.origin: str = str(transport.base_url.with_user(None)).rstrip("/")  # without a password
        self._accounts: WeakKeyDictionary[asyncio.AbstractEventLoop, Account] = WeakKeyDictionary()

    def with_defaults(self, defaults: Options) -> Caller:
        """Return a caller with other defaults, over the same transport and account."""
        return Caller(
            self.transport,
            credentials=self.credentials,
            retry=self._retry,
            pacer=self._pacer,
            telemetry=self.telemetry,
            defaults=defaults.over(self.defaults),
        )

    @property
    def account(self) -> Account:
        """State that all clients of the account share. Available inside an event loop only."""
        loop = asyncio.get_running_loop()
        account = self._accounts.get(loop)
        if account is None:
            account = self._accounts[loop] = account_of(self.transport.base_url, self.credentials)
        return account

    @property
    def requests_per_second(self) -> float:
        """Most requests per second, by the client's setting and by past 429s; infinite without either."""
        configured = math.inf if self._pacer is None else self._pacer.per_second
        return min(configured, self.account.every.per_second)

    def keep_step(self, clock: ServerClock, answer: Answer) -> None:
        """Note the date, and heed the speed that a simulator on this machine tells: HeyGen's own clock has none."""
        clock.read_date(answer.headers)
        if self._is_simulated:
            clock.heed(answer.headers)

    async def send(self, call: Call[T], options: Options | None = None) -> T:
        """Send *call*, retrying by the policy, and return the value of its answer.

        A cancellation of a request that costs money and may have been executed is logged, and has a note that tells
        how to find out.

        Raises:
            HeyGenError: The error of the last attempt, with `attempts` and `spent` filled in.
            OutcomeUnknownError: The request was sent and perhaps executed, and the endpoint honours no key, or HeyGen
                may have forgotten the key.
            DeadlineExceededError: `options.deadline` passed.
        """
        value: T = await self._send(_Attempts(self, call, self._options(options)))
        return value

    @contextlib.asynccontextmanager
    async def stream(self, call: Call[T], options: Options | None = None) -> AsyncIterator[T]:
        """Send *call* and yield the value of its answer while the answer still comes.

        Only the opening is retried and has a deadline. Raises as `send` does, and errors of the connection later.
        """
        async with contextlib.AsyncExitStack() as stack:

            async def open_answer(request: Request) -> Answer:
                await stack.aclose()  # the answer of an earlier attempt
                return await stack.enter_async_context(self.transport.stream(request))

            value: T = await self._send(_Attempts(self, call, self._options(options), exchange=open_answer))
            yield value

    def _options(self, options: Options | None) -> Options:
        return self.defaults if options is None else options.over(self.defaults)

    async def _send(self, attempts: _Attempts) -> Any:
        """Send until there is an answer; log a cancellation that leaves the outcome unknown."""
        try:
            return await self._send_within(attempts, attempts.deadline)
        except anyio.get_cancelled_exc_class() as exc:
            if attempts.spent_if_given_up() == "unknown":
                note = attempts.cancelled()
                exc.add_note(note)
                logger.warning("%s", note)
            raise

    async def _send_within(self, attempts: _Attempts, seconds: float | None) -> Any:
        if seconds is None:
            return await attempts.until_answered(math.inf)
        deadline = anyio.current_time() + seconds
        with anyio.CancelScope(deadline=deadline) as scope:
            return await attempts.until_answered(deadline)
        assert scope.cancelled_caught  # noqa: S101 - tells the type checker that this is the only way here
        error = DeadlineExceededError(
            f"{attempts.request}: no answer within the deadline of {seconds:g} s",
            spent=attempts.spent_if_given_up(),
        )
        if (refusal := self.account.refusal(costs=attempts.turn.costs)) is not None:
            error.add_note(refusal)
        raise attempts.with_key(error)

    async def attempt(self, call: Call[T], key: str, *, admission: Admission | None = None, tried: int = 0) -> T:
        """Send *call* once, under *key*, for a caller that retries by itself. Only a refused credential is tried twice.

        Args:
            call: The call.
            key: The `Idempotency-Key`.
            admission: One that was waited for before; without one it is waited for here.
            tried: Number of earlier attempts; telemetry counts on from it.

        Raises:
            HeyGenError: The error of the attempt.
        """
        once = Options(attempts=1, patience=0.0, idempotency_key=key).over(self.defaults)
        if once.deadline is not None:
            once = attrs.evolve(once, deadline=None)
        attempts = _Attempts(self, call, once, tried, admission)
        value: T = await attempts.until_answered(math.inf)
        return value

    async def admitted(self, turn: Turn) -> Admission:
        """Wait until the gates are open and the pace allows a request. Every admission must be left."""
        return await admitted(self.account, self._pacer, turn)

    def patience(self, options: Options) -> float:
        """Return the most seconds that a call waits for 429s."""
        return self._retry.patience if options.patience is None else options.patience

    def delay(
        self, error: HeyGenError, failures: int, waited: float, options: Options, *, repeatable: bool
    ) -> float | None:
        """Return the seconds until the next attempt, or None to give up. See `RetryPolicy.delay`."""
        changes: dict[str, Any] = {"attempts": options.attempts, "patience": options.patience}
        policy = attrs.evolve(self._retry, **{name: value for name, value in changes.items() if value is not None})
        return policy.delay(error, failures=failures, waited=waited, repeatable=repeatable, draw=random.random())  # noqa: S311 - jitter, not a secret


class _Attempts:
    """The attempts of one call."""

    def __init__(
        self,
        caller: Caller,
        call: Call[Any],
        options: Options,
        tried: int = 0,
        admission: Admission | None = None,
        *,
        exchange: Exchange | None = None,
    ) -> None:
        self._caller = caller
        self._account = caller.account
        self._exchange: Exchange = exchange or caller.transport.exchange
        self._call = call
        self._options = options
        self._key = (options.idempotency_key or uuid.uuid4().hex) if call.takes_key else None
        self._repeatable = call.idempotent or call.method in {"GET", "PUT", "DELETE"} or self._key is not None
        self.request = request_of(call, options, self._key, fresh=not self._repeatable)
        self._attempts = tried
        self._patience = caller.patience(options)
        self.turn = Turn(
            costs=call.costs,
            since=self._account.clock.now(),
            patience=self._patience or caller.patience(_DEFAULT),
            slots_decide=call.costs and self._patience == 0,
        )
        self._admission = admission
        self._first_sent: tuple[float, float] | None = None  # wall clock and loop time
        self._token: Token | None = None  # of the last attempt, if a function gives tokens
        self._refused: Token | None = None
        self._just_refused = False
        self._in_flight = False
        self._perhaps_executed = False  # by any attempt so far; a later refusal does not undo an earlier success

    @property
    def deadline(self) -> float | None:
        """Seconds for the whole call."""
        return self._options.deadline

    def spent_if_given_up(self) -> Spent:
        """Return the `spent` of an error that ends the call now."""
        return "unknown" if self._call.costs and (self._in_flight or self._perhaps_executed) else "no"

    def with_key(self, error: E) -> E:
        """Add a note with the Idempotency-Key to an error of unknown outcome, so that the request can be repeated."""
        if error.spent == "unknown" and self._key is not None:
            error.add_note(
                f"The request had the Idempotency-Key {self._key!r}: sent again under this key, it is paid for once, "
                "for 24 hours from now"
            )
        return error

    def cancelled(self) -> str:
        """Return the words for a cancellation that leaves the outcome unknown."""
        way = (
            "look at HeyGen if it was executed before you send it again"
            if self._key is None
            else f"send it again under the Idempotency-Key {self._key!r} within 23 hours, and it is paid for once"
        )
        return f"{self.request} was cancelled after it was sent, so it may have been executed and paid for; {way}"

    async def until_answered(self, deadline: float) -> Any:
        failures, waited = 0, 0.0
        while True:
            admission = await self._admitted()
            self._attempts += 1
            try:
                return await self._once(admission)
            except HeyGenError as exc:
                if self._is_first_refusal(exc):
                    delay = 0.0 if self._token is not None else REFUSED_SECONDS
                else:
                    failures = failures + 1 if counts(exc) else 0  # a 429 or 409 in between shows that HeyGen works
                    delay = self._delay(exc, failures, waited, deadline)
                    waited += 0.0 if counts(exc) else delay
                self._prepare_next(exc, delay)
            await self._account.clock.sleep(delay)

    def _delay(self, error: HeyGenError, failures: int, waited: float, deadline: float) -> float:
        """Return the seconds until the next attempt, or raise the final error."""
        delay = self._caller.delay(error, failures, waited, self._options, repeatable=self._repeatable)
        if delay is None or self._ends(delay) > deadline or not self._within_budget(error):
            final = self._final_error(error, delay)
            raise final from (error.__cause__ if final is error else error)
        # The gate lets requests try at least so often.
        return min(delay, LONGEST_PAUSE_SECONDS) if isinstance(error, RateLimitError) else delay

    def _ends(self, delay: float) -> float:
        """Return the loop time at which a pause of so many seconds at HeyGen ends."""
        return anyio.current_time() + self._account.clock.real(delay)

    def _is_first_refusal(self, error: HeyGenError) -> bool:
        """Return True after a 401, but not after two in a row: it is tried again, with a new token if there is one."""
        refused_before, self._just_refused = self._just_refused, _is_refusal(error)
        if self._just_refused:
            self._refused = self._token
        return self._just_refused and not refused_before

    async def _admitted(self) -> Admission:
        """Wait until the gates are open."""
        admission, self._admission = self._admission, None
        if admission is not None:
            return admission
        try:
            return await self._caller.admitted(self.turn)
        except RateLimitError as exc:
            raise self._final_error(exc.told(message=f"{self.request}: {exc.message}"), None) from None

    async def _once(self, admission: Admission) -> Any:
        """Make one attempt, now that the gates are open."""
        passed = False
        try:
            if (bearer := self._account.bearer) is not None:
                self._token = await bearer.token(self._refused)
            self._check_key_age()
            answer = await self._attempt()
        except RateLimitError as exc:
            admission.refused(exc.retry_after)
            raise
        except APIError as exc:
            passed = not isinstance(exc, QuotaExceededError | ServerError)
            raise
        else:
            passed = True
            return answer
        finally:
            admission.leave(succeeded=passed)

    def _check_key_age(self) -> None:
        """Refuse to send a request again that may have been executed, when HeyGen may have forgotten its key.

        The machine may have slept, or a pause may have lasted for long; the clock that is further ahead counts.
        """
        if not self._call.costs:
            return
        now = time.time(), asyncio.get_running_loop().time()
        if self._first_sent is None:
            self._first_sent = now
        ages = [there - here for there, here in zip(now, self._first_sent, strict=True)]
        if self._perhaps_executed and not (min(ages) >= 0 and max(ages) < KEY_SECONDS):
            raise OutcomeUnknownError(
                f"{self.request}: an answer was lost more than 23 hours ago, so HeyGen may have forgotten the "
                "Idempotency-Key, and the request was not repeated; look at HeyGen if it was executed",
                attempts=self._attempts - 1,
            )

    def _within_budget(self, error: HeyGenError) -> bool:
        """True if the retry budget of the account's reads allows one more. Waiting out a 429 costs none of it."""
        return self._call.costs or not counts(error) or self._account.budget.take()

    async def _attempt(self) -> Any:
        is_told = bool(self._caller.telemetry.observers) or logger.isEnabledFor(logging.DEBUG)
        started = anyio.current_time() if is_told else 0.0
        answer, error = None, None
        try:
            self._in_flight = True
            answer = await self._exchange(self._signed())
            self._caller.keep_step(self._account.clock, answer)
            value = self._call.read(answer, str(self.request))
        except HeyGenError as exc:
            error = type(exc).__name__
            self._in_flight = False
            self._perhaps_executed |= perhaps_executed(exc)
            raise
        else:
            self._account.budget.earn()
            return value
        finally:
            if is_told:
                self._report(anyio.current_time() - started, answer, error)

    def _signed(self) -> Request:
        """Return the request with the token of this attempt, unless the transport's headers have a credential."""
        if self._token is None:
            return self.request
        return attrs.evolve(self.request, headers={**bearer_header(self._token.text), **self.request.headers})

    def _report(self, seconds: float, answer: Answer | None, error: str | None) -> None:
        origin = self._caller.transport.base_url
        event = RequestEnded(
            method=self._call.method,
            route=self._call.route,
            status=None if answer is None else answer.status,
            seconds=seconds,
            error=error,
            server=origin.host,
            port=origin.port,
            attempt=self._attempts,
            request_id=None if answer is None else answer.request_id,
            url=self._caller.origin + self._call.path.partition("?")[0],
            row=current_row(),
        )
        logger.debug(
            "%s %s: %s in %d ms, attempt %d, request id %s",
            event.method,
            event.route,
            event.error if event.status is None else event.status,
            seconds * 1000,
            event.attempt,
            event.request_id,
        )
        self._caller.telemetry.emit(event)

    def _prepare_next(self, error: HeyGenError, delay: float) -> None:
        self._caller.telemetry.emit(
            RetryPlanned(method=self._call.method, route=self._call.route, error=type(error).__name__, seconds=delay)
        )

    def _final_error(self, error: HeyGenError, delay: float | None) -> HeyGenError:
        """Return the error to raise: the last one with `spent` and notes, or an OutcomeUnknownError."""
        if _is_refusal(error):
            credentials = self._caller.credentials
            for note in (note_of_refusal(self._caller.transport.base_url, credentials.where), *credentials.notes):
                error.add_note(note)
        if delay is not None or (isinstance(error, RateLimitError) and self._patience):
            error.add_note(self._why_not_again(error, delay))
        spent = self.spent_if_given_up()
        if spent == "no" or self._repeatable:
            return self.with_key(error.after(self._attempts, spent))
        return OutcomeUnknownError(
            f"{self.request}: sent, but no answer tells if it was executed ({error}). "
            "This endpoint takes no Idempotency-Key, so it was not repeated; "
            "look at HeyGen if it was made before you send it again",
            http_status=error.http_status,
            request_id=error.request_id,
            attempts=self._attempts,
        )

    def _why_not_again(self, error: HeyGenError, delay: float | None) -> str:
        asked = "" if error.retry_after is None else f"HeyGen asked to wait {error.retry_after:g} s; "
        if delay is None:
            return f"{asked}this call waits {self._patience:g} s for 429s in all, its `patience`"
        if isinstance(error, RateLimitError):
            return f"{asked}not tried again in {delay:.1f} s: past the deadline of {self._options.deadline:g} s"
        return f"{asked}not tried again in {delay:.1f} s: past the deadline, or too many reads fail at the moment"


def _is_refusal(error: HeyGenError) -> bool:
    """True if HeyGen refused the key or token. An AuthenticationError without a status was raised before sending."""
    return isinstance(error, AuthenticationError) and error.http_status is not None
