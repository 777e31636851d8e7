"""Files that you have at HeyGen: `/v3/assets`."""

# Written by tests/codegen/generate.py from HeyGen's contract: change that, not this.

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from heygen_async.api.fields.contract_rules import as_tuple, items, number, required, string, web_address
from heygen_async.api.fields.extra import extra_fields
from heygen_async.api.fields.rules import instance_of, one_of
from heygen_async.api.generated.shared import Deleted
from heygen_async.api.handles.batches import Batch, CreatedBatch
from heygen_async.api.handles.video import Statuses, VideoStatus
from heygen_async.http import wire
from heygen_async.http.call import UPLOAD_SECONDS, Call, Options, data_reader, path_id
from heygen_async.http.caller import Caller
from heygen_async.http.id_lists import id_lists
from heygen_async.http.multipart import one_file
from heygen_async.http.pages import Listing


@attrs.frozen(kw_only=True)
class UploadedFile:
    """A file that was uploaded.

    Attributes:
        asset_id: Its id.
        mime_type: Found from the content.
        size_bytes: Exactly.
        url: Its address.

    Source: `UploadedAsset`.
    """

    asset_id: str
    mime_type: str
    size_bytes: int
    url: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class StoredFile:
    """A file at HeyGen.

    Attributes:
        id: Its id.
        name: As shown at HeyGen.
        owner: Whose it is.
        space_id: The workspace.
        type: Its kind.
        uploaded_at: Unix seconds.
        folder_id: Where it is put.
        url: Its address.

    Source: `AssetDetail`.
    """

    id: str
    name: str
    owner: str
    space_id: str
    type: str
    uploaded_at: float
    folder_id: str | None = None
    url: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class FoundAsset:
    """A picture or icon.

    Attributes:
        id: Its id.
        type: Its kind: icon.
        url: Its address.
        height: In pixels.
        is_transparent: Whether it has no background.
        orientation: portrait, landscape or square.
        width: In pixels.

    Source: `AssetSearchItem`.
    """

    id: str
    type: str
    url: str | None = attrs.field(default=None, repr=False)
    height: int | None = None
    is_transparent: bool | None = None
    orientation: str | None = None
    width: int | None = None


@attrs.frozen(kw_only=True)
class UploadRequest:
    """A file to be uploaded.

    Attributes:
        content_type: Media type, checked when the upload is completed.
        filename: With its ending.
        size_bytes: Exactly.
        checksum_sha256: Of the file, in hex; HeyGen then checks it.
        extra: Further fields.

    Source: `CreateAssetUploadRequest`.
    """

    content_type: str = attrs.field(validator=[required, string()])
    filename: str = attrs.field(validator=[required, string()])
    size_bytes: int = attrs.field(validator=[required, number(1, whole=True)])
    checksum_sha256: str | None = attrs.field(default=None, validator=string())
    extra: Mapping[str, Any] | None = extra_fields()


@attrs.frozen(kw_only=True)
class UploadSlot:
    """Where to PUT a file.

    Attributes:
        asset_id: Its id.
        expires_in_seconds: How long `upload_url` works.
        max_bytes: The most that `upload_url` takes.
        status: How far it is: pending_upload.
        upload_headers: To be sent with the PUT, word for word, and no API key.
        upload_url: Where to PUT the file.

    Source: `AssetUploadSlot`.
    """

    asset_id: str
    expires_in_seconds: int
    max_bytes: int
    status: str
    upload_headers: Mapping[str, str] = attrs.field(repr=False, hash=False)
    upload_url: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class CompletedUpload:
    """An upload that is done.

    Attributes:
        checksum_sha256: Of the file, in hex; HeyGen then checks it.
        extra: Further fields.

    Source: `CompleteAssetUploadRequest`.
    """

    checksum_sha256: str | None = attrs.field(default=None, validator=string())
    extra: Mapping[str, Any] | None = extra_fields()


@attrs.frozen(kw_only=True)
class ProcessedFile:
    """A file that HeyGen now looks through.

    Attributes:
        asset_id: Its id.
        mime_type: Found from the content.
        size_bytes: Exactly.
        status: How far it is: processing.
        url: Its address.

    Source: `CompletedAsset`.
    """

    asset_id: str
    mime_type: str
    size_bytes: int
    status: str
    url: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class UploadRequests:
    """Files to be uploaded.

    Attributes:
        files: What is to be uploaded: 1 to 100 of them.
        callback_url: Called when it ends, unsigned.
        title: Its name at HeyGen.
        extra: Further fields.

    Source: `CreateAssetUploadBatchRequest`.
    """

    files: tuple[UploadRequest, ...] = attrs.field(
        converter=as_tuple, validator=[required, items(instance_of(UploadRequest), 1, 100)]
    )
    callback_url: str | None = attrs.field(default=None, validator=web_address(), repr=False)
    title: str | None = attrs.field(default=None, validator=string())
    extra: Mapping[str, Any] | None = extra_fields()


@attrs.frozen(kw_only=True)
class UploadSlots:
    """Where to PUT the files of a batch.

    Attributes:
        batch_id: Of the batch.
        items: One for each file, in the order of the request.

    Source: `AssetUploadBatch`.
    """

    batch_id: str
    items: tuple[UploadSlot, ...]


@attrs.frozen(kw_only=True)
class CompletedUploads:
    """Uploads that are done.

    Attributes:
        batch_id: Of the batch.
        extra: Further fields.

    Source: `CompleteAssetUploadBatchRequest`.
    """

    batch_id: str = attrs.field(validator=[required, string()])
    extra: Mapping[str, Any] | None = extra_fields()


@attrs.frozen(kw_only=True)
class _ListQuery:
    """Source: `GET /v3/assets`."""

    username: str = attrs.field(validator=[required, string()])
    limit: int | None = attrs.field(default=None, validator=number(1, 100, whole=True))
    folder_id: str | None = attrs.field(default=None, validator=string())


@attrs.frozen(kw_only=True)
class _SearchQuery:
    """Source: `GET /v3/assets/search`."""

    query: str = attrs.field(validator=[required, string()])
    limit: int | None = attrs.field(default=None, validator=number(1, 50, whole=True))
    type: str = attrs.field(validator=one_of("image", "icon"))
    scope: str | None = attrs.field(default=None, validator=one_of("public", "personal"))


class Assets:
    """`heygen.assets`: files that you have at HeyGen."""

    def __init__(self, caller: Caller) -> None:
        """Ask by *caller*."""
        self._caller = caller

    async def create(self, content: bytes, options: Options | None = None, *, filename: str) -> UploadedFile:
        """Store a file that is in memory: up to 32 MB of png, jpeg, mp4, webm, mp3, wav, pdf or srt.

        `upload` does this and more: files of any size, from anywhere.

        Args:
            content: The file.
            filename: With its ending.
            options: As for every call.

        Source: `POST /v3/assets`.
        """
        body, content_type = one_file(content, filename)
        call = Call(
            method="POST",
            path="/v3/assets",
            route="/v3/assets",
            body=body,
            headers={"Content-Type": content_type},
            timeout=UPLOAD_SECONDS,
            read=data_reader(UploadedFile),
            takes_key=True,
        )
        return await self._caller.send(call, options)

    def list(self, username: str, *, limit: int = 100, folder_id: str | None = None) -> Listing[StoredFile]:
        """List the files of a user.

        Args:
            username: Whose.
            limit: Items a page, 1 to 100.
            folder_id: Only what lies there.

        Source: `GET /v3/assets`.
        """
        asked = wire.encode(_ListQuery(username=username, limit=limit, folder_id=folder_id))
        return Listing(self._caller, "/v3/assets", StoredFile, asked)

    def search(self, query: str, kind: str, *, limit: int = 50, scope: str | None = None) -> Listing[FoundAsset]:
        """List pictures or icons that fit a description.

        Args:
            query: What to look for.
            limit: Items a page, 1 to 50.
            kind: Only this kind.
            scope: public (HeyGen's default) or personal.

        Source: `GET /v3/assets/search`.
        """
        asked = wire.encode(_SearchQuery(query=query, limit=limit, type=kind, scope=scope))
        return Listing(self._caller, "/v3/assets/search", FoundAsset, asked)

    async def get(self, asset_id: str, options: Options | None = None) -> StoredFile:
        """Return what is known of a file.

        Source: `GET /v3/assets/{asset_id}`.
        """
        call = Call(
            method="GET",
            path=f"/v3/assets/{path_id(asset_id)}",
            route="/v3/assets/{asset_id}",
            read=data_reader(StoredFile),
        )
        return await self._caller.send(call, options)

    async def delete(self, asset_id: str, options: Options | None = None) -> Deleted:
        """Delete a file.

        Source: `DELETE /v3/assets/{asset_id}`.
        """
        call = Call(
            method="DELETE",
            path=f"/v3/assets/{path_id(asset_id)}",
            route="/v3/assets/{asset_id}",
            read=data_reader(Deleted),
        )
        return await self._caller.send(call, options)

    async def statuses(
        self, asset_ids: Iterable[str] = (), options: Options | None = None, *, batch_ids: Iterable[str] = ()
    ) -> Statuses:
        """Return how far up to 100 uploads are.

        Source: `GET /v3/assets/statuses`.
        """
        call = Call(
            method="GET",
            path="/v3/assets/statuses",
            route="/v3/assets/statuses",
            query=id_lists(asset_ids=asset_ids, batch_ids=batch_ids),
            read=data_reader(list[VideoStatus]),
        )
        return await self._caller.send(call, options)

    async def create_upload(
        self,
        content_type: str,
        filename: str,
        size_bytes: int,
        options: Options | None = None,
        *,
        checksum_sha256: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> UploadSlot:
        """Return an address for the PUT of one large file.

        Args:
            content_type: Media type, checked when the upload is completed.
            filename: With its ending.
            size_bytes: Exactly.
            checksum_sha256: Of the file, in hex; HeyGen then checks it.
            extra: Further fields.
            options: As for every call.

        Source: `POST /v3/assets/direct-uploads`.
        """
        call = Call(
            method="POST",
            path="/v3/assets/direct-uploads",
            route="/v3/assets/direct-uploads",
            body=wire.encode(
                UploadRequest(
                    content_type=content_type,
                    filename=filename,
                    size_bytes=size_bytes,
                    checksum_sha256=checksum_sha256,
                    extra=extra,
                )
            ),
            read=data_reader(UploadSlot),
            takes_key=True,
        )
        return await self._caller.send(call, options)

    async def complete(
        self,
        asset_id: str,
        options: Options | None = None,
        *,
        checksum_sha256: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> ProcessedFile:
        """Say that the file has been PUT. May be said again.

        Args:
            asset_id: Whose.
            checksum_sha256: Of the file, in hex; HeyGen then checks it.
            extra: Further fields.
            options: As for every call.

        Source: `POST /v3/assets/{asset_id}/complete`.
        """
        call = Call(
            method="POST",
            path=f"/v3/assets/{path_id(asset_id)}/complete",
            route="/v3/assets/{asset_id}/complete",
            body=wire.encode(CompletedUpload(checksum_sha256=checksum_sha256, extra=extra)),
            read=data_reader(ProcessedFile),
            idempotent=True,
        )
        return await self._caller.send(call, options)

    async def create_uploads(
        self,
        files: Iterable[UploadRequest],
        options: Options | None = None,
        *,
        callback_url: str | None = None,
        title: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> UploadSlots:
        """Return addresses for up to 100 files.

        Args:
            files: What is to be uploaded: 1 to 100 of them.
            callback_url: Called when it ends, unsigned.
            title: Its name at HeyGen.
            extra: Further fields.
            options: As for every call.

        Source: `POST /v3/assets/direct-uploads/batches`.
        """
        call = Call(
            method="POST",
            path="/v3/assets/direct-uploads/batches",
            route="/v3/assets/direct-uploads/batches",
            body=wire.encode(UploadRequests(files=files, callback_url=callback_url, title=title, extra=extra)),
            read=data_reader(UploadSlots),
            takes_key=True,
        )
        return await self._caller.send(call, options)

    async def complete_uploads(
        self, batch_id: str, options: Options | None = None, *, extra: Mapping[str, Any] | None = None
    ) -> CreatedBatch:
        """Say that the files of a batch have been PUT. May be said again.

        Args:
            batch_id: Of the batch.
            extra: Further fields.
            options: As for every call.

        Source: `POST /v3/assets/complete/batches`.
        """
        call = Call(
            method="POST",
            path="/v3/assets/complete/batches",
            route="/v3/assets/complete/batches",
            body=wire.encode(CompletedUploads(batch_id=batch_id, extra=extra)),
            read=data_reader(CreatedBatch),
            idempotent=True,
        )
        return await self._caller.send(call, options)

    async def batch(self, batch_id: str, options: Options | None = None) -> Batch:
        """Return how far the uploads of a batch are.

        Source: `GET /v3/assets/batches/{batch_id}`.
        """
        call = Call(
            method="GET",
            path=f"/v3/assets/batches/{path_id(batch_id)}",
            route="/v3/assets/batches/{batch_id}",
            query={"limit": 100},
            read=data_reader(Batch),
        )
        return await self._caller.send(call, options)
