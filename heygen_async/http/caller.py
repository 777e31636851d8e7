"""The caller: the one loop that sends requests. Pace, send, read, repeat."""

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
from heygen_async.account.rate_limit import Pacer
from heygen_async.errors import (
    AuthenticationError,
    DeadlineExceededError,
    HeyGenError,
    OutcomeUnknownError,
    RateLimitError,
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
    """Sends calls: the only request loop."""

    def __init__(
        self,
        transport: Transport,
        *,
        credentials: Credentials,
        retry: RetryPolicy,
        pacer: Pacer | None = None,
        telemetry: Telemetry | None = None,
    ) -> None:
        """Send over *transport*, repeat by *retry*, at the pace of *pacer*; *credentials* tell the account."""
        self.transport = transport
        self.credentials = credentials
        self.telemetry: Telemetry = telemetry or Telemetry()
        self._retry = retry
        self._pacer = pacer
        self._account: Account | None = None

    @property
    def account(self) -> Account:
        """State that other clients of the same account share; only inside an event loop."""
        if self._account is None:
            self._account = account_of(self.transport.base_url, self.credentials)
        return self._account

    @property
    def requests_per_second(self) -> float:
        """Requests that the account takes a second, by the settings and by refusals; infinite if neither says."""
        given = math.inf if self._pacer is None else self._pacer.per_second
        return min(given, self.account.every.per_second)

    async def send(self, call: Call[T], options: Options | None = None, *, tried: int = 0) -> T:
        """Ask *call* until there is an answer or no point in asking again, and return what it says.

        *tried* is the number of tries that were made before by whoever decides about them, for telemetry.

        Raises:
            HeyGenError: What the last try ended in, `attempts` and `spent` filled in.
            OutcomeUnknownError: Sent, perhaps executed, and the endpoint honours no key.
            DeadlineExceededError: `options.deadline` passed.
        """
        sending = _Attempts(self, call, options or _DEFAULT, tried)
        if options is None or options.deadline is None:
            unbounded: T = await sending.until_answered(math.inf)
            return unbounded
        deadline = anyio.current_time() + options.deadline
        with anyio.CancelScope(deadline=deadline) as scope:
            answer: T = await sending.until_answered(deadline)
            return answer
        assert scope.cancelled_caught  # noqa: S101 - tells the type checker that this is the only way here
        raise sending.noted(
            DeadlineExceededError(
                f"{sending.request}: no answer within the deadline of {options.deadline:g} s",
                spent=sending.spent_if_given_up(),
            )
        )

    async def enter(self, *, costs: bool) -> None:
        """Return when the gates are open and the pace allows a request. Every `enter` needs its `leave`."""
        account = self.account
        if costs:
            await account.paid.enter()
        try:
            await account.every.enter()
        except BaseException:
            if costs:
                account.paid.leave(well=False)
            raise
        if self._pacer is not None:
            try:
                await self._pacer.wait()
            except BaseException:
                self.leave(costs=costs, well=False)
                raise

    def leave(self, *, costs: bool, well: bool) -> None:
        """Make room for the next request; *well* says how this one was answered."""
        self.account.every.leave(well=well)
        if costs:
            self.account.paid.leave(well=well)

    def delay(
        self, error: HeyGenError, failures: int, waited: float, options: Options, *, repeatable: bool
    ) -> float | None:
        """Return the seconds until the next try, or None. See `RetryPolicy.delay`."""
        changes: dict[str, Any] = {"attempts": options.attempts, "patience": options.patience}
        policy = attrs.evolve(self._retry, **{name: value for name, value in changes.items() if value is not None})
        return policy.delay(error, failures=failures, waited=waited, repeatable=repeatable, draw=random.random())  # noqa: S311 - jitter, not a secret


class _Attempts:
    """One call on its way: what was tried so far."""

    def __init__(self, caller: Caller, call: Call[Any], options: Options, tried: int = 0) -> None:
        self._caller = caller
        self._call = call
        self._options = options
        self._key = (options.idempotency_key or uuid.uuid4().hex) if call.takes_key else None
        self._repeatable = call.harmless or call.method in {"GET", "PUT", "DELETE"} or self._key is not None
        self.request = _request(call, options, self._key, fresh=not self._repeatable)
        self._attempts = tried
        self._token: Token | None = None  # of the last try, if a function gives tokens
        self._refused: Token | None = None
        self._just_refused = False
        self._in_flight = False
        self._perhaps_executed = False  # by any try so far; a later refusal does not undo an earlier success

    def spent_if_given_up(self) -> Spent:
        """Say what it cost to stop here."""
        return "unknown" if self._call.costs and (self._in_flight or self._perhaps_executed) else "no"

    def noted(self, error: E) -> E:
        """Tell an error of unknown outcome the key that leads back to it."""
        if error.spent == "unknown" and self._key is not None:
            error.add_note(
                f"It was asked under the Idempotency-Key {self._key!r}: the same request under it is paid for once, "
                "for 24 hours from now"
            )
        return error

    async def until_answered(self, deadline: float) -> Any:
        failures, waited = 0, 0.0
        while True:
            self._attempts += 1
            try:
                return await self._once()
            except HeyGenError as exc:
                if self._another_token_may_do(exc):
                    self._prepare_next(exc, 0.0)
                    continue
                failures = failures + 1 if counts(exc) else 0  # whoever asks for patience is well
                delay = self._caller.delay(exc, failures, waited, self._options, repeatable=self._repeatable)
                if delay is None or anyio.current_time() + delay > deadline or not self._affordable(exc):
                    final = self._final(exc, delay)
                    raise final from (exc.__cause__ if final is exc else exc)
                self._prepare_next(exc, delay)
                waited += 0.0 if counts(exc) else delay
            await anyio.sleep(delay)

    def _another_token_may_do(self, error: HeyGenError) -> bool:
        """True if to try again at once: after a 401, which executes nothing, but not after a second one in a row."""
        before, self._just_refused = self._just_refused, self._token is not None and _is_refusal(error)
        if self._just_refused:
            self._refused = self._token
        return self._just_refused and not before

    async def _once(self) -> Any:
        """Try once, when the gates are open."""
        await self._caller.enter(costs=self._call.costs)
        well = False
        try:
            if (bearer := self._caller.account.bearer) is not None:
                self._token = await bearer.token(self._refused)
            answer = await self._attempt()
            well = True
            return answer
        finally:
            self._caller.leave(costs=self._call.costs, well=well)

    def _affordable(self, error: HeyGenError) -> bool:
        """True if the budget that all reads share has a repetition left; waiting for HeyGen costs none of it."""
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
                self._tell(anyio.current_time() - started, status, error)

    def _signed(self) -> Request:
        """Return the request with the token of this try, if it is not in the transport's headers."""
        if self._token is None:
            return self.request
        return attrs.evolve(self.request, headers={**bearer_header(self._token.text), **self.request.headers})

    def _tell(self, seconds: float, status: int | None, error: str | None) -> None:
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
        if isinstance(error, RateLimitError):
            self._caller.account.close(delay, costs=self._call.costs)
        self._caller.telemetry.emit(
            RetryPlanned(method=self._call.method, route=self._call.route, error=type(error).__name__, seconds=delay)
        )

    def _final(self, error: HeyGenError, delay: float | None) -> HeyGenError:
        """Return what the caller gets to see: the last error, with what is known about the money."""
        if _is_refusal(error):
            credentials = self._caller.credentials
            for note in (f"what was refused comes from {credentials.where}", *credentials.notes):
                error.add_note(note)
        if delay is not None:
            error.add_note(f"not tried again in {delay:.1f} s: past the deadline, or too many reads fail at the moment")
        spent = self.spent_if_given_up()
        if spent == "no" or self._repeatable:
            return self.noted(error.after(self._attempts, spent))
        return OutcomeUnknownError(
            f"{self.request}: sent, but no answer that tells whether it was executed ({error}). "
            "This endpoint takes no Idempotency-Key, so it was not repeated; "
            "look whether it was made before you ask again",
            http_status=error.http_status,
            request_id=error.request_id,
            attempts=self._attempts,
        )


def _is_refusal(error: HeyGenError) -> bool:
    """Whether HeyGen has refused the key or token; other errors of this class are found before it is asked."""
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
