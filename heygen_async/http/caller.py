"""The caller: the one loop that sends requests. It waits for its turn, sends, reads the answer and retries."""

from __future__ import annotations

import math
import random
import uuid
from typing import Any, TypeVar

import anyio
import attrs

from heygen_async.account.account import Account, account_of
from heygen_async.account.bearer_token import Token
from heygen_async.account.credentials import Credentials, bearer_header
from heygen_async.account.rate_limit import LONGEST_PAUSE_SECONDS, Pacer, Turn
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
from heygen_async.http import wire
from heygen_async.http.bodies import Body
from heygen_async.http.call import READ_SECONDS, WRITE_SECONDS, Call, Options, T
from heygen_async.http.retry import RetryPolicy, counts, perhaps_executed
from heygen_async.http.transport import Request, Transport
from heygen_async.telemetry import RequestEnded, RetryPlanned, Telemetry

E = TypeVar("E", bound=HeyGenError)


_DEFAULT = Options()


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
    ) -> None:
        """Send over *transport*, retry by *retry*, at the pace of *pacer*; *credentials* identify the account."""
        self.transport = transport
        self.credentials = credentials
        self.telemetry: Telemetry = telemetry or Telemetry()
        self._retry = retry
        self._pacer = pacer
        self._account: Account | None = None

    @property
    def account(self) -> Account:
        """State that all clients of the account share. Available inside an event loop only."""
        if self._account is None:
            self._account = account_of(self.transport.base_url, self.credentials)
        return self._account

    @property
    def requests_per_second(self) -> float:
        """Most requests per second, by the client's setting and by past 429s; infinite without either."""
        configured = math.inf if self._pacer is None else self._pacer.per_second
        return min(configured, self.account.every.per_second)

    async def send(self, call: Call[T], options: Options | None = None, *, tried: int = 0) -> T:
        """Send *call*, retrying by the policy, and return the value of its answer.

        *tried* is the number of earlier attempts, made by a caller that retries by itself; telemetry counts on from it.

        Raises:
            HeyGenError: The error of the last attempt, with `attempts` and `spent` filled in.
            OutcomeUnknownError: The request was sent and perhaps executed, and the endpoint honours no key.
            DeadlineExceededError: `options.deadline` passed.
        """
        attempts = _Attempts(self, call, options or _DEFAULT, tried)
        if options is None or options.deadline is None:
            unbounded: T = await attempts.until_answered(math.inf)
            return unbounded
        deadline = anyio.current_time() + options.deadline
        with anyio.CancelScope(deadline=deadline) as scope:
            bounded: T = await attempts.until_answered(deadline)
            return bounded
        assert scope.cancelled_caught  # noqa: S101 - tells the type checker that this is the only way here
        error = DeadlineExceededError(
            f"{attempts.request}: no answer within the deadline of {options.deadline:g} s",
            spent=attempts.spent_if_given_up(),
        )
        if (refusal := self.account.refusal(costs=call.costs)) is not None:
            error.add_note(refusal)
        raise attempts.with_key(error)

    async def enter(self, turn: Turn) -> None:
        """Wait until the gates are open and the pace allows a request. Every `enter` needs a `leave`."""
        await self.account.enter(turn)
        if self._pacer is not None:
            try:
                await self._pacer.wait()
            except BaseException:
                self.account.leave(turn, succeeded=False)
                raise

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

    def __init__(self, caller: Caller, call: Call[Any], options: Options, tried: int = 0) -> None:
        self._caller = caller
        self._call = call
        self._options = options
        self._key = (options.idempotency_key or uuid.uuid4().hex) if call.takes_key else None
        self._repeatable = call.idempotent or call.method in {"GET", "PUT", "DELETE"} or self._key is not None
        self.request = _request(call, options, self._key, fresh=not self._repeatable)
        self._attempts = tried
        self._patience = caller.patience(options)
        self._turn = Turn(
            costs=call.costs,
            since=anyio.current_time(),
            patience=self._patience or caller.patience(_DEFAULT),
            slots_decide=call.costs and self._patience == 0,
        )
        self._token: Token | None = None  # of the last attempt, if a function gives tokens
        self._refused: Token | None = None
        self._just_refused = False
        self._in_flight = False
        self._perhaps_executed = False  # by any attempt so far; a later refusal does not undo an earlier success

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

    async def until_answered(self, deadline: float) -> Any:
        failures, waited = 0, 0.0
        while True:
            await self._enter()
            self._attempts += 1
            try:
                return await self._once()
            except HeyGenError as exc:
                if self._needs_new_token(exc):
                    self._prepare_next(exc, 0.0)
                    continue
                failures = failures + 1 if counts(exc) else 0  # a 429 or 409 in between shows that HeyGen works
                delay = self._caller.delay(exc, failures, waited, self._options, repeatable=self._repeatable)
                if delay is None or anyio.current_time() + delay > deadline or not self._within_budget(exc):
                    final = self._final_error(exc, delay)
                    raise final from (exc.__cause__ if final is exc else exc)
                if isinstance(exc, RateLimitError):
                    delay = min(delay, LONGEST_PAUSE_SECONDS)  # the gate lets requests try at least so often
                self._prepare_next(exc, delay)
                waited += 0.0 if counts(exc) else delay
            await anyio.sleep(delay)

    def _needs_new_token(self, error: HeyGenError) -> bool:
        """True if to retry at once with a new token: after a 401, but not after a second one in a row."""
        refused_before, self._just_refused = self._just_refused, self._token is not None and _is_refusal(error)
        if self._just_refused:
            self._refused = self._token
        return self._just_refused and not refused_before

    async def _enter(self) -> None:
        """Wait until the gates are open."""
        try:
            await self._caller.enter(self._turn)
        except RateLimitError as exc:
            raise self._final_error(exc.told(message=f"{self.request}: {exc.message}"), None) from None

    async def _once(self) -> Any:
        """Make one attempt, now that the gates are open."""
        account, passed = self._caller.account, False
        try:
            if account.bearer is not None:
                self._token = await account.bearer.token(self._refused)
            answer = await self._attempt()
        except RateLimitError as exc:
            account.refused(self._turn, exc.retry_after)
            raise
        except APIError as exc:
            passed = not isinstance(exc, QuotaExceededError | ServerError)
            raise
        else:
            passed = True
            return answer
        finally:
            account.leave(self._turn, succeeded=passed)

    def _within_budget(self, error: HeyGenError) -> bool:
        """True if the retry budget of the account's reads allows one more. Waiting out a 429 costs none of it."""
        return self._call.costs or not counts(error) or self._caller.account.budget.take()

    async def _attempt(self) -> Any:
        started = anyio.current_time()
        status, error = None, None
        try:
            self._in_flight = True
            answer = await self._caller.transport.exchange(self._signed())
            status = answer.status
            value = self._call.read(answer, str(self.request))
        except HeyGenError as exc:
            error = type(exc).__name__
            self._in_flight = False
            self._perhaps_executed |= perhaps_executed(exc)
            raise
        else:
            self._caller.account.budget.earn()
            return value
        finally:
            if self._caller.telemetry.observers:
                self._emit_ended(anyio.current_time() - started, status, error)

    def _signed(self) -> Request:
        """Return the request with the token of this attempt, unless the transport's headers have a credential."""
        if self._token is None:
            return self.request
        return attrs.evolve(self.request, headers={**bearer_header(self._token.text), **self.request.headers})

    def _emit_ended(self, seconds: float, status: int | None, error: str | None) -> None:
        origin = self._caller.transport.base_url
        event = RequestEnded(
            method=self._call.method,
            route=self._call.route,
            status=status,
            seconds=seconds,
            error=error,
            server=origin.host,
            port=origin.port,
            attempt=self._attempts,
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
            for note in (f"the refused credential comes from {credentials.where}", *credentials.notes):
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


def _request(call: Call[Any], options: Options, key: str | None, *, fresh: bool) -> Request:
    is_json = call.body is not None and not isinstance(call.body, bytes | Body)
    headers = {
        **({"Content-Type": "application/json"} if is_json else {}),
        **({"Idempotency-Key": key} if key else {}),
        **call.headers,
        **(options.headers or {}),
    }
    default = READ_SECONDS if call.method == "GET" else WRITE_SECONDS
    return Request(
        method=call.method,
        path=call.path,
        query=call.query,
        body=wire.dumps(call.body) if is_json else call.body,
        headers=headers,
        timeout=options.attempt_timeout or call.timeout or default,
        fresh=fresh,
    )
