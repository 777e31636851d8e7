"""Direct uploads: request an address, PUT the file to it, and tell HeyGen that the file is complete.

The address is that of a storage service. It gets the headers that HeyGen returned with it, and never a credential. An
address that is refused or has expired is replaced, if the file can be read again.
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
# A stored file may not be visible to HeyGen yet. The pauses, in seconds, are those of the official client.
PAUSES_AFTER_409 = (0.5, 1.0, 1.5, 2.0, 2.5)
CHECK_PAUSES = (0.5, 1.0, 2.0, 4.0)  # seconds between polls of HeyGen's check of a file; the last is repeated
ROUTE = "storage"

_RETRYABLE = frozenset({408, 425, 429})  # HTTP: too slow, too early, too many
_CODE = re.compile(rb"<Code>(\w{1,60})</Code>")


class TooLargeForOnePutError(InvalidInputError):
    """The file is larger than HeyGen takes in one PUT."""


class _AddressRefusedError(UploadError):
    """The storage no longer accepts the address."""


@attrs.frozen(kw_only=True)
class PresignedSlot:
    """An address for a PUT.

    Attributes:
        details: HeyGen's answer, with the address, its headers and the asset's id.
        at: Loop time of the request for it.
    """

    details: generated.UploadSlot
    at: float

    @property
    def has_expired(self) -> bool:
        """True if the address has expired."""
        return anyio.current_time() >= self.at + self.details.expires_in_seconds


@attrs.define(eq=False, kw_only=True)
class DirectUpload:
    """The direct upload of one file.

    Attributes:
        assets: Sends requests to HeyGen.
        caller: Sends the PUTs, and decides about retries.
        source: Source of the bytes.
        media: Type and name of the file.
        sent: Called with the number of bytes sent so far.
        etag: ETag of the stored file; empty if the storage has sent none.
    """

    assets: generated.Assets
    caller: Caller
    source: ByteSource
    media: Media
    sent: Callable[[int], None]
    etag: str = attrs.field(default="", init=False)
    _was_read: bool = attrs.field(default=False, init=False)

    async def request_slot(self, options: Options | None) -> PresignedSlot:
        """Request an address."""
        at = anyio.current_time()
        details = await self.assets.create_upload(
            self.media.media_type, self.media.filename, self.source.size_bytes, options
        )
        return PresignedSlot(details=details, at=at)

    async def put(self, options: Options | None, slot: PresignedSlot | None = None) -> PresignedSlot:
        """Send the file to the storage, and return the slot that was used.

        Args:
            options: Options of the calls to HeyGen.
            slot: A slot that was requested before; by default one is requested.

        Raises:
            TooLargeForOnePutError: The file is larger than HeyGen takes in one PUT.
            UploadError: The storage refused the file.
            HeyGenError: The error of the last attempt.
        """
        addresses = 0
        while True:
            if slot is None or slot.has_expired:
                addresses += 1
                slot = await self.request_slot(options)
                options = None if options is None else attrs.evolve(options, idempotency_key=None)
            try:
                await self._put_with_retries(slot, options or Options())
            except _AddressRefusedError as exc:
                if addresses >= MOST_ADDRESSES or self._is_used_up:
                    raise self._with_hint(exc) from exc
                slot = None
            else:
                return slot

    async def _put_with_retries(self, slot: PresignedSlot, options: Options) -> None:
        failures, waited = 0, 0.0
        while True:
            try:
                return await self._put_once(slot.details)
            except HeyGenError as exc:
                failures += counts(exc)
                delay = self.caller.delay(exc, failures, waited, options, repeatable=True)
                if delay is None or self._is_used_up:
                    raise self._with_hint(exc.after(max(1, failures))) from exc
                event = RetryPlanned(method="PUT", route=ROUTE, error=type(exc).__name__, seconds=delay)
                self.caller.telemetry.emit(event)
            await anyio.sleep(delay)
            if slot.has_expired:
                raise _AddressRefusedError(f"{self.source.subject}: its address has expired before the next attempt")

    async def _put_once(self, details: generated.UploadSlot) -> None:
        if self.source.size_bytes > details.max_bytes:
            raise TooLargeForOnePutError(
                f"{self.source.subject}: {self.source.size_bytes:,} bytes; HeyGen takes {self.media.media_type} of up "
                f"to {details.max_bytes:,}: make it smaller, or split it"
            )
        body = Body(size_bytes=self.source.size_bytes, open=self.source.open, sent=self._report_sent)
        answer = await self.caller.transport.put(details.upload_url, details.upload_headers, body)
        if answer.status >= 300:  # noqa: PLR2004 - HTTP's own border
            raise _refusal(self.source.subject, answer)
        self.etag = answer.headers.get("ETag", "")

    def _report_sent(self, count: int) -> None:
        self._was_read = self._was_read or count > 0
        self.sent(count)

    @property
    def _is_used_up(self) -> bool:
        """True if the source was read, and cannot be read again."""
        return self._was_read and not self.source.rereadable

    def _with_hint(self, error: HeyGenError) -> HeyGenError:
        if self._is_used_up:
            error.add_note(
                "not tried again, because this source can be read only once: give a path, or leave `size` out to copy "
                "it to a temporary file first"
            )
        return error


def _refusal(subject: str, answer: Answer) -> HeyGenError:
    """Return the error for a refusal of the storage. It has the code only, because the text may contain the address."""
    found = _CODE.search(answer.body)
    code = found[1].decode() if found else None
    message = f"{subject}: the storage answered HTTP {answer.status}"
    if answer.status >= 500 or answer.status in _RETRYABLE or code == "RequestTimeout":  # noqa: PLR2004 - HTTP's own border
        return ServerError(message, code=code, http_status=answer.status, retry_after=retry_after(answer.headers))
    refused = answer.status in {403, 404, 410} or code == "ExpiredToken"
    return (_AddressRefusedError if refused else UploadError)(message, code=code, http_status=answer.status)


async def complete(assets: generated.Assets, asset_id: str, options: Options | None) -> None:
    """Tell HeyGen that a file is stored; repeat it for a few seconds while HeyGen does not see the file.

    Raises:
        ConflictError: HeyGen still does not see the file.
    """
    await repeat_while_unseen(lambda: assets.complete(asset_id, options))


async def repeat_while_unseen(send: Callable[[], Awaitable[object]]) -> None:
    """Call *send*, and repeat it for a few seconds while the answer is 409."""
    for pause in PAUSES_AFTER_409:
        try:
            await send()
        except ConflictError as exc:
            if exc.retryable:  # the caller has retried it already
                raise
        else:
            return
        await anyio.sleep(pause)
    await send()


async def wait_until_checked(
    assets: generated.Assets, asset_ids: Iterable[str], options: Options | None, ready_within: float
) -> dict[str, HeyGenError]:
    """Wait until HeyGen has checked up to a hundred files; return the errors of those that it cannot use, by id.

    Args:
        assets: Sends the requests.
        asset_ids: Ids of completed uploads.
        options: Options of the calls.
        ready_within: Most seconds to wait; a file not checked by then gets a `DeadlineExceededError`. 0 does not wait.
    """
    waiting = list(asset_ids)
    failed: dict[str, HeyGenError] = {}
    deadline, checks = anyio.current_time() + ready_within, 0
    while waiting and ready_within:
        for found in await assets.statuses(waiting, options):
            if found.video_id in waiting and found.status in {"completed", "failed"}:
                waiting.remove(found.video_id)
                if found.status == "failed":
                    failed[found.video_id] = _failure(found.video_id, found.error)
        pause = CHECK_PAUSES[min(checks, len(CHECK_PAUSES) - 1)]
        if waiting and anyio.current_time() + pause > deadline:
            return failed | {asset_id: _not_checked(asset_id, ready_within) for asset_id in waiting}
        checks += 1
        if waiting:
            await anyio.sleep(pause)
    return failed


def _failure(asset_id: str, error: dict[str, object] | None) -> UploadError:
    fields = error or {}
    code = fields.get("code")
    return UploadError(
        f"asset {asset_id}: HeyGen cannot use it: {fields.get('message') or 'it gives no reason'}",
        code=code if isinstance(code, str) else None,
        resource_id=asset_id,
    )


def _not_checked(asset_id: str, ready_within: float) -> DeadlineExceededError:
    return DeadlineExceededError(
        f"asset {asset_id}: HeyGen has not checked it within {ready_within:g} s. It is uploaded: read its status by "
        "assets.statuses",
        resource_id=asset_id,
    )
