"""Batches of up to a hundred uploads, requested and completed together. Each file has its own result."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Sequence

import anyio
import attrs

from heygen_async.api.generated.assets import UploadRequest
from heygen_async.api.uploads import presigned
from heygen_async.api.uploads.parts import MOST_PUT_BYTES
from heygen_async.api.uploads.presigned import PresignedSlot, TooLargeForOnePutError
from heygen_async.api.uploads.routing import FileToUpload, UploadRoutes
from heygen_async.api.uploads.upload import NotUploaded, UploadedAsset
from heygen_async.errors import APIError, BadRequestError, ContractError, HeyGenError, InvalidInputError
from heygen_async.http.call import Options

AT_ONCE = 4
BATCH_FILES = 100  # Source: `CreateAssetUploadBatchRequest`

Result = UploadedAsset | NotUploaded
Open = Callable[[contextlib.AsyncExitStack], Awaitable[FileToUpload | UploadedAsset]]


def checked_at_once(at_once: int, options: Options | None) -> None:
    """Refuse an *at_once* below 1, and an idempotency key, which is for a single file."""
    if at_once < 1:
        raise InvalidInputError(f"at_once: {at_once}; must be at least 1")
    if options is not None and options.idempotency_key is not None:
        raise InvalidInputError(
            "options: an idempotency_key; one key cannot be used for several files: leave it out, each gets its own"
        )


@attrs.define(kw_only=True, eq=False)
class BatchFile:
    """One file of `upload_many`.

    Attributes:
        index: Place among the files, from 0.
        open: Opens the file; returns the file to upload, or the asset if HeyGen has the content already.
        file: The opened file.
        slot: Address that the file is sent to, or was sent to.
        in_batch: True if that is the address of the batch, not a replacement.
        result: Result of the upload; None until it has ended.
    """

    index: int
    open: Open
    file: FileToUpload | None = None
    slot: PresignedSlot | None = None
    in_batch: bool = True
    result: Result | None = None

    @property
    def opened(self) -> FileToUpload:
        """The opened file."""
        if self.file is None:
            raise ValueError(f"file {self.index} was not opened")
        return self.file

    @property
    def asset_id(self) -> str:
        """Id of the asset by the slot; empty without a slot."""
        return "" if self.slot is None else self.slot.details.asset_id

    def failed(self, error: Exception) -> None:
        """Record that the upload failed."""
        self.result = NotUploaded(index=self.index, error=error)


@attrs.frozen(kw_only=True)
class UploadBatch:
    """Uploads up to a hundred files as one batch.

    Attributes:
        routes: Routes of the files to HeyGen.
        at_once: Most files under way at the same time.
    """

    routes: UploadRoutes
    at_once: int

    async def upload(self, entries: Sequence[BatchFile]) -> list[Result]:
        """Upload the files and return the result of each, in their order."""
        async with contextlib.AsyncExitStack() as stack:

            async def open_file(entry: BatchFile) -> None:
                opened = await entry.open(stack)
                if isinstance(opened, FileToUpload):
                    entry.file = opened
                else:
                    entry.result = opened

            await self._for_each(entries, open_file)
            firsts = _without_duplicates(entries)
            if len(firsts) == 1:
                await self._for_each(firsts, self._upload_alone)
            elif firsts:
                large = [entry for entry in firsts if entry.opened.source.size_bytes > MOST_PUT_BYTES]
                await self._for_each(large, self._upload_alone)
                if others := [entry for entry in firsts if entry not in large]:
                    await self._upload_as_batch(others)
        return _results(entries)

    async def _for_each(self, entries: Sequence[BatchFile], work: Callable[[BatchFile], Awaitable[None]]) -> None:
        """Call *work* for each file without a result, `at_once` at a time. An exception becomes the file's result."""
        limiter = anyio.CapacityLimiter(self.at_once)

        async def work_on(entry: BatchFile) -> None:
            async with limiter:
                try:
                    await work(entry)
                except Exception as exc:  # noqa: BLE001 - a user's source may raise anything
                    entry.failed(exc)

        async with anyio.create_task_group() as group:
            for entry in entries:
                if entry.result is None:
                    group.start_soon(work_on, entry)

    async def _upload_alone(self, entry: BatchFile) -> None:
        entry.result = entry.opened.done(await self.routes.upload(entry.opened))

    async def _upload_as_batch(self, entries: Sequence[BatchFile]) -> None:
        at = anyio.current_time()
        try:
            requests = [_request(entry.opened) for entry in entries]
            made = await self.routes.assets.create_uploads(requests, self.routes.options)
            if len(made.items) != len(entries):
                raise ContractError(
                    f"upload batch {made.batch_id}: {len(made.items)} addresses for {len(entries)} files"
                )
        except BadRequestError:
            await self._for_each(entries, self._upload_alone)  # so that each file gets its own error
        except HeyGenError as exc:
            for entry in entries:
                entry.failed(exc)
        else:
            for entry, details in zip(entries, made.items, strict=True):
                entry.slot = PresignedSlot(details=details, at=at)
            await self._for_each(entries, self._put)
            await self._complete(made.batch_id, [entry for entry in entries if entry.result is None])

    async def _put(self, entry: BatchFile) -> None:
        try:
            used = await self.routes.put(entry.opened, entry.slot)
        except TooLargeForOnePutError as exc:
            asset_id = await self.routes.after_refusal(entry.opened, exc)
            entry.result = entry.opened.done(await self.routes.checked(asset_id))
            return
        entry.in_batch = used is entry.slot
        entry.slot = used

    async def _complete(self, batch_id: str, entries: Sequence[BatchFile]) -> None:
        assets, options = self.routes.assets, self.routes.options
        together = [entry for entry in entries if entry.in_batch]
        alone = [entry for entry in entries if not entry.in_batch]
        if together:
            try:
                await presigned.repeat_while_unseen(lambda: assets.complete_uploads(batch_id, options))
            except APIError:
                alone = list(entries)  # one missing file may fail the batch, so complete each by itself
            except HeyGenError as exc:
                for entry in together:
                    entry.failed(exc)

        async def complete(entry: BatchFile) -> None:
            await presigned.complete(assets, entry.asset_id, options)

        await self._for_each(alone, complete)
        await self._check([entry for entry in entries if entry.result is None])

    async def _check(self, entries: Sequence[BatchFile]) -> None:
        ids = [entry.asset_id for entry in entries]
        try:
            errors = await presigned.wait_until_checked(
                self.routes.assets, ids, self.routes.options, self.routes.ready_within
            )
        except HeyGenError as exc:
            errors = dict.fromkeys(ids, exc)
        for entry in entries:
            if error := errors.get(entry.asset_id):
                entry.failed(error)
            else:
                entry.result = entry.opened.done(entry.asset_id)


def _request(file: FileToUpload) -> UploadRequest:
    return UploadRequest(
        content_type=file.media.media_type,
        filename=file.media.filename,
        size_bytes=file.source.size_bytes,
    )


def _without_duplicates(entries: Sequence[BatchFile]) -> list[BatchFile]:
    """Return the files to be sent: of several with equal content only the first."""
    firsts: dict[object, BatchFile] = {}
    for entry in entries:
        if entry.file is not None:
            firsts.setdefault(entry.file.mark or entry.index, entry)
    return list(firsts.values())


def _results(entries: Sequence[BatchFile]) -> list[Result]:
    """Return the result of each file. A duplicate that was not sent has the result of the first one."""
    sent = {entry.file.mark: entry.result for entry in entries if entry.file is not None and entry.result is not None}
    return [entry.result or _copy_result(sent[entry.opened.mark], entry) for entry in entries]


def _copy_result(first: Result, entry: BatchFile) -> Result:
    if isinstance(first, NotUploaded):
        return NotUploaded(index=entry.index, error=first.error)
    return entry.opened.done(first.asset_id, reused=True)
