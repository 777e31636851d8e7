"""The direct way of a file to HeyGen: an address, one PUT to it, the word that it is there.

The address belongs to a storage service: it gets the headers that HeyGen gave, and never a credential. An address that
is refused or too old is replaced, for a file that can be read again.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable

import anyio
import attrs

from heygen_async.api.generated import assets as generated
from heygen_async.api.uploads.byte_sources import ByteSource
from heygen_async.api.uploads.media_types import Media
from heygen_async.errors import (
    ConflictError,
    DeadlineExceededError,
    HeyGenError,
    InvalidInputError,
    ServerError,
    UploadError,
)
from heygen_async.http.bodies import Body
from heygen_async.http.call import Options
from heygen_async.http.caller import Caller
from heygen_async.http.retry import counts
from heygen_async.http.wire import Answer, retry_after
from heygen_async.telemetry import RetryPlanned

MOST_ADDRESSES = 3  # for one file
# Storage is sometimes slower to show a file than HeyGen is to look for it. The official client pauses like this.
PAUSES_AFTER_409 = (0.5, 1.0, 1.5, 2.0, 2.5)
LOOKS = (0.5, 1.0, 2.0, 4.0)  # seconds between looks at what HeyGen makes of a file; the last goes on
ROUTE = "storage"

_AGAIN = frozenset({408, 425, 429})  # HTTP: too slow, too early, too many
_CODE = re.compile(rb"<Code>(\w{1,60})</Code>")


class _AddressRefusedError(UploadError):
    """The storage does not take this address any more."""


@attrs.frozen(kw_only=True)
class PresignedSlot:
    """An address, and the loop time at which it was given."""

    given: generated.UploadSlot
    at: float

    @property
    def is_over(self) -> bool:
        """True if its time is over."""
        return anyio.current_time() >= self.at + self.given.expires_in_seconds


@attrs.define(eq=False, kw_only=True)
class DirectUpload:
    """One file on its way.

    Attributes:
        assets: Asks HeyGen.
        caller: Knows how often things are repeated.
        source: The bytes.
        media: What they are.
        sent: Called with the bytes that went out.
    """

    assets: generated.Assets
    caller: Caller
    source: ByteSource
    media: Media
    sent: Callable[[int], None]
    _taken: bool = attrs.field(default=False, init=False)

    async def request_slot(self, options: Options | None) -> PresignedSlot:
        """Ask for an address."""
        at = anyio.current_time()
        given = await self.assets.create_upload(
            self.media.media_type, self.media.filename, self.source.size_bytes, options
        )
        return PresignedSlot(given=given, at=at)

    async def put(self, options: Options | None, slot: PresignedSlot | None = None) -> PresignedSlot:
        """Bring the file to the storage; return the slot that took it.

        Args:
            options: Of the calls to HeyGen.
            slot: That it has already; else one is asked for.

        Raises:
            InvalidInputError: HeyGen takes no file so large.
            UploadError: The storage refuses it.
            HeyGenError: What the last try ended in.
        """
        addresses = 0
        while True:
            if slot is None or slot.is_over:
                addresses += 1
                slot = await self.request_slot(options)
                options = None if options is None else attrs.evolve(options, idempotency_key=None)
            try:
                await self._put_until_taken(slot, options or Options())
            except _AddressRefusedError as exc:
                if addresses >= MOST_ADDRESSES or self._used_up:
                    raise self._explained(exc) from exc
                slot = None
            else:
                return slot

    async def _put_until_taken(self, slot: PresignedSlot, options: Options) -> None:
        failures, waited = 0, 0.0
        while True:
            try:
                return await self._put_once(slot.given)
            except HeyGenError as exc:
                failures += counts(exc)
                delay = self.caller.delay(exc, failures, waited, options, repeatable=True)
                if delay is None or self._used_up:
                    raise self._explained(exc.after(max(1, failures))) from exc
                event = RetryPlanned(method="PUT", route=ROUTE, error=type(exc).__name__, seconds=delay)
                self.caller.telemetry.emit(event)
            await anyio.sleep(delay)
            if slot.is_over:
                raise _AddressRefusedError(f"{self.source.subject}: its address is too old to be tried again")

    async def _put_once(self, given: generated.UploadSlot) -> None:
        if self.source.size_bytes > given.max_bytes:
            raise InvalidInputError(
                f"{self.source.subject}: {self.source.size_bytes:,} bytes; HeyGen takes {self.media.media_type} of up "
                f"to {given.max_bytes:,}: make it smaller, or split it"
            )
        body = Body(size_bytes=self.source.size_bytes, open=self.source.open, sent=self._told)
        answer = await self.caller.transport.put(given.upload_url, given.upload_headers, body)
        if answer.status >= 300:  # noqa: PLR2004 - HTTP's own border
            raise _refusal(self.source.subject, answer)

    def _told(self, count: int) -> None:
        self._taken = self._taken or count > 0
        self.sent(count)

    @property
    def _used_up(self) -> bool:
        """True if the bytes have gone and do not come again."""
        return self._taken and not self.source.rereadable

    def _explained(self, error: HeyGenError) -> HeyGenError:
        if self._used_up:
            error.add_note(
                "not tried again, because this source can be read only once: give a path, or leave `size` out, and it "
                "is put into a temporary file first"
            )
        return error


def _refusal(subject: str, answer: Answer) -> HeyGenError:
    """Return what a storage service's refusal amounts to. Its words may hold the address; its code does not."""
    found = _CODE.search(answer.body)
    code = found[1].decode() if found else None
    message = f"{subject}: the storage answered HTTP {answer.status}"
    if answer.status >= 500 or answer.status in _AGAIN or code == "RequestTimeout":  # noqa: PLR2004 - HTTP's own border
        return ServerError(message, code=code, http_status=answer.status, retry_after=retry_after(answer.headers))
    refused = answer.status in {403, 404, 410} or code == "ExpiredToken"
    return (_AddressRefusedError if refused else UploadError)(message, code=code, http_status=answer.status)


async def complete(assets: generated.Assets, asset_id: str, options: Options | None) -> None:
    """Say that a file has been PUT, and again while HeyGen does not see it yet, a few seconds long.

    Raises:
        ConflictError: HeyGen does not see it at all.
    """
    await until_seen(lambda: assets.complete(asset_id, options))


async def until_seen(say: Callable[[], Awaitable[object]]) -> None:
    """Say that something has been PUT, and again while the answer is 409, a few seconds long."""
    for pause in PAUSES_AFTER_409:
        try:
            await say()
        except ConflictError as exc:
            if exc.retryable:  # the caller has been patient already
                raise
        else:
            return
        await anyio.sleep(pause)
    await say()


async def unusable(
    assets: generated.Assets, asset_ids: Iterable[str], options: Options | None, within: float
) -> dict[str, HeyGenError]:
    """Wait until HeyGen has looked at up to a hundred files, and return what is wrong with those that it cannot use.

    Args:
        assets: Asks.
        asset_ids: Completed ones.
        options: Of the calls.
        within: Seconds; what is not settled then gets a `DeadlineExceededError`. 0 does not wait.
    """
    waiting = list(asset_ids)
    failed: dict[str, HeyGenError] = {}
    deadline, looks = anyio.current_time() + within, 0
    while waiting and within:
        for found in await assets.statuses(waiting, options):
            if found.video_id in waiting and found.status in {"completed", "failed"}:
                waiting.remove(found.video_id)
                if found.status == "failed":
                    failed[found.video_id] = _failure(found.video_id, found.error)
        pause = LOOKS[min(looks, len(LOOKS) - 1)]
        if waiting and anyio.current_time() + pause > deadline:
            return failed | {asset_id: _not_settled(asset_id, within) for asset_id in waiting}
        looks += 1
        if waiting:
            await anyio.sleep(pause)
    return failed


def _failure(asset_id: str, error: dict[str, object] | None) -> UploadError:
    said = error or {}
    code = said.get("code")
    return UploadError(
        f"asset {asset_id}: HeyGen cannot use it: {said.get('message') or 'it gives no reason'}",
        code=code if isinstance(code, str) else None,
        resource_id=asset_id,
    )


def _not_settled(asset_id: str, within: float) -> DeadlineExceededError:
    return DeadlineExceededError(
        f"asset {asset_id}: HeyGen has not looked through it within {within:g} s. It is there: look again by "
        "assets.statuses",
        resource_id=asset_id,
    )
