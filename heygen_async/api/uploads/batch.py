"""Up to a hundred files, announced and completed together, each with an end of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Sequence

import anyio
import attrs

from heygen_async.api.generated.assets import UploadRequest
from heygen_async.api.uploads import presigned
from heygen_async.api.uploads.presigned import PresignedSlot
from heygen_async.api.uploads.routing import FileToUpload, UploadRoutes
from heygen_async.api.uploads.upload import NotUploaded, UploadedAsset
from heygen_async.errors import APIError, BadRequestError, ContractError, HeyGenError, InvalidInputError
from heygen_async.http.call import Options

AT_ONCE = 4
BATCH_FILES = 100  # Source: `CreateAssetUploadBatchRequest`

Result = UploadedAsset | NotUploaded
Look = Callable[[contextlib.AsyncExitStack], Awaitable[FileToUpload | UploadedAsset]]


def checked_at_once(at_once: int, options: Options | None) -> None:
    """Refuse what cannot be for many files."""
    if at_once < 1:
        raise InvalidInputError(f"at_once: {at_once}; must be at least 1")
    if options is not None and options.idempotency_key is not None:
        raise InvalidInputError(
            "options: an idempotency_key; one key cannot stand for several files: leave it out, each gets its own"
        )


@attrs.define(kw_only=True, eq=False)
class BatchFile:
    """One file of many.

    Attributes:
        index: Its place.
        look: Opens it; returns what is to be brought, or what HeyGen has already.
        parcel: What it is.
        slot: The address that took it, or is to.
        in_batch: True if that is the batch's.
        result: How it ended.
    """

    index: int
    look: Look
    parcel: FileToUpload | None = None
    slot: PresignedSlot | None = None
    in_batch: bool = True
    result: Result | None = None

    @property
    def brought(self) -> FileToUpload:
        """The upload of one file."""
        if self.parcel is None:
            raise ValueError(f"file {self.index} was not looked at")
        return self.parcel

    @property
    def asset_id(self) -> str:
        """Of the slot that took it."""
        return "" if self.slot is None else self.slot.given.asset_id

    def failed(self, error: Exception) -> None:
        """Note that the upload failed."""
        self.result = NotUploaded(index=self.index, error=error)


@attrs.frozen(kw_only=True)
class UploadBatch:
    """Brings files.

    Attributes:
        ways: How.
        at_once: Files under way at the same time.
    """

    ways: UploadRoutes
    at_once: int

    async def bring(self, files: Sequence[BatchFile]) -> list[Result]:
        """Bring up to a hundred files; return how each ended."""
        async with contextlib.AsyncExitStack() as stack:

            async def look(file: BatchFile) -> None:
                found = await file.look(stack)
                if isinstance(found, FileToUpload):
                    file.parcel = found
                else:
                    file.result = found

            await self._each(files, look)
            leads = _leads(files)
            if len(leads) == 1:
                await self._each(leads, self._alone)
            elif leads:
                await self._together(leads)
        return _ends(files)

    async def _each(self, files: Sequence[BatchFile], work: Callable[[BatchFile], Awaitable[None]]) -> None:
        """Do some work for each file that has not ended, a few at a time; what fails is that file's end."""
        room = anyio.CapacityLimiter(self.at_once)

        async def one(file: BatchFile) -> None:
            async with room:
                try:
                    await work(file)
                except Exception as exc:  # noqa: BLE001 - a source of yours may raise anything
                    file.failed(exc)

        async with anyio.create_task_group() as group:
            for file in files:
                if file.result is None:
                    group.start_soon(one, file)

    async def _alone(self, file: BatchFile) -> None:
        file.result = file.brought.done(await self.ways.bring(file.brought))

    async def _together(self, files: Sequence[BatchFile]) -> None:
        at = anyio.current_time()
        try:
            made = await self.ways.assets.create_uploads([_request(file.brought) for file in files], self.ways.options)
            if len(made.items) != len(files):
                raise ContractError(f"upload batch {made.batch_id}: {len(made.items)} addresses for {len(files)} files")
        except BadRequestError:
            await self._each(files, self._alone)  # so that each is told its own reason
        except HeyGenError as exc:
            for file in files:
                file.failed(exc)
        else:
            for file, given in zip(files, made.items, strict=True):
                file.slot = PresignedSlot(given=given, at=at)
            await self._each(files, self._put)
            await self._complete(made.batch_id, [file for file in files if file.result is None])

    async def _put(self, file: BatchFile) -> None:
        taken = await self.ways.put(file.brought, file.slot)
        file.in_batch = taken is file.slot
        file.slot = taken

    async def _complete(self, batch_id: str, files: Sequence[BatchFile]) -> None:
        assets, options = self.ways.assets, self.ways.options
        together = [file for file in files if file.in_batch]
        alone = [file for file in files if not file.in_batch]
        if together:
            try:
                await presigned.until_seen(lambda: assets.complete_uploads(batch_id, options))
            except APIError:
                alone = list(files)  # perhaps for the sake of one that is missing: each by itself, then
            except HeyGenError as exc:
                for file in together:
                    file.failed(exc)

        async def complete(file: BatchFile) -> None:
            await presigned.complete(assets, file.asset_id, options)

        await self._each(alone, complete)
        await self._settle([file for file in files if file.result is None])

    async def _settle(self, files: Sequence[BatchFile]) -> None:
        ids = [file.asset_id for file in files]
        try:
            errors = await presigned.unusable(self.ways.assets, ids, self.ways.options, self.ways.within)
        except HeyGenError as exc:
            errors = dict.fromkeys(ids, exc)
        for file in files:
            if error := errors.get(file.asset_id):
                file.failed(error)
            else:
                file.result = file.brought.done(file.asset_id)


def _request(parcel: FileToUpload) -> UploadRequest:
    return UploadRequest(
        content_type=parcel.media.media_type,
        filename=parcel.media.filename,
        size_bytes=parcel.source.size_bytes,
    )


def _leads(files: Sequence[BatchFile]) -> list[BatchFile]:
    """Return the files that are to be brought: of those with the same content the first."""
    leads: dict[object, BatchFile] = {}
    for file in files:
        if file.parcel is not None:
            leads.setdefault(file.parcel.mark or file.index, file)
    return list(leads.values())


def _ends(files: Sequence[BatchFile]) -> list[Result]:
    """Return how each file ended; one that was not brought, because another has its content, ended like that one."""
    ends = {file.parcel.mark: file.result for file in files if file.parcel is not None and file.result is not None}
    return [file.result or _like(ends[file.brought.mark], file) for file in files]


def _like(first: Result, file: BatchFile) -> Result:
    if isinstance(first, NotUploaded):
        return NotUploaded(index=file.index, error=first.error)
    return file.brought.done(first.asset_id, reused=True)
