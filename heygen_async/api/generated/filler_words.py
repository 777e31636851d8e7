"""Films without their ums: `/v3/filler-word-removals`."""

# Written by tests/codegen/generate.py from HeyGen's contract: change that, not this.

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import attrs

from heygen_async.api.fields.assets import AssetId, AssetUrl, as_asset
from heygen_async.api.fields.contract_rules import file_reference, string, web_address
from heygen_async.api.fields.extra import extra_fields
from heygen_async.api.handles import polling
from heygen_async.api.handles.server_job import Ends, ServerJob
from heygen_async.http import wire
from heygen_async.http.call import Call, Options, data_reader, path_id
from heygen_async.http.caller import Caller

_FILLER_WORD_REMOVAL = Ends(subject="filler word removal", files=("video_url",))


@attrs.frozen(kw_only=True)
class FillerWordRemovalRequest:
    """A film to lose its filler words.

    Attributes:
        video: The source; a plain address will do.
        callback_id: Comes back in the call: up to 128 characters.
        callback_url: Called when it ends, unsigned.
        title: Its name at HeyGen: up to 255 characters.
        extra: Further fields.

    Source: `CreateFillerWordRemovalRequest`.
    """

    kind: ClassVar[str] = "filler_word_removal"
    video: AssetUrl | AssetId = attrs.field(converter=as_asset, validator=file_reference())
    callback_id: str | None = attrs.field(default=None, validator=string(0, 128))
    callback_url: str | None = attrs.field(default=None, validator=web_address(), repr=False)
    title: str | None = attrs.field(default=None, validator=string(0, 255))
    extra: Mapping[str, Any] | None = extra_fields()


@attrs.frozen(kw_only=True)
class CreatedFillerWordRemoval:
    """An id to follow.

    Attributes:
        filler_word_removal_id: The job's id.

    Source: `CreatedFillerWordRemoval`.
    """

    filler_word_removal_id: str


@attrs.frozen(kw_only=True)
class FillerWordRemoval:
    """A film without its filler words, as it is now.

    Attributes:
        id: Its id.
        status: pending, running, completed or failed; HeyGen may add words.
        callback_id: Comes back in the call.
        created_at: When it was made.
        failure_message: The same in words.
        num_cuts: How many were cut out.
        original_duration: Seconds before.
        output_duration: Seconds after.
        progress: 0 to 100.
        reduction_pct: How much shorter, in percent.
        thumbnail_url: A still picture.
        title: Its name at HeyGen.
        video_url: Presigned and short-lived: download it now or read it again.

    Source: `FillerWordRemovalDetail`.
    """

    id: str
    status: str
    callback_id: str | None = None
    created_at: float | None = None
    failure_message: str | None = None
    num_cuts: int | None = None
    original_duration: float | None = None
    output_duration: float | None = None
    progress: float | None = None
    reduction_pct: float | None = None
    thumbnail_url: str | None = attrs.field(default=None, repr=False)
    title: str | None = None
    video_url: str | None = attrs.field(default=None, repr=False)


class FillerWords:
    """`heygen.filler_words`: films without their ums."""

    def __init__(self, caller: Caller) -> None:
        """Ask by *caller*."""
        self._caller = caller

    async def create(
        self,
        video: AssetUrl | AssetId | str,
        options: Options | None = None,
        *,
        callback_id: str | None = None,
        callback_url: str | None = None,
        title: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> ServerJob[FillerWordRemoval]:
        """Have filler words cut out of a film of up to 2 hours. Costs money.

        Args:
            video: The source; a plain address will do.
            callback_id: Comes back in the call: up to 128 characters.
            callback_url: Called when it ends, unsigned.
            title: Its name at HeyGen: up to 255 characters.
            extra: Further fields.
            options: As for every call.

        Raises:
            InsufficientCreditError: The account cannot pay; nothing was made.

        Source: `POST /v3/filler-word-removals`.
        """
        call = Call(
            method="POST",
            path="/v3/filler-word-removals",
            route="/v3/filler-word-removals",
            body=wire.encode(
                FillerWordRemovalRequest(
                    video=video, callback_id=callback_id, callback_url=callback_url, title=title, extra=extra
                )
            ),
            read=data_reader(CreatedFillerWordRemoval),
            takes_key=True,
            costs=True,
        )
        created = await self._caller.send(call, options)
        return follow_filler_word_removal(self._caller, created.filler_word_removal_id, polling.DIRECT)

    async def get(self, filler_word_removal_id: str, options: Options | None = None) -> FillerWordRemoval:
        """Return one as it is now.

        Source: `GET /v3/filler-word-removals/{filler_word_removal_id}`.
        """
        call = read_filler_word_removal(filler_word_removal_id)
        return await self._caller.send(call, options)

    def job(self, filler_word_removal_id: str) -> ServerJob[FillerWordRemoval]:
        """Return a handle on one that was begun earlier; asks nothing yet."""
        return follow_filler_word_removal(self._caller, path_id(filler_word_removal_id), polling.RESUMED)


def read_filler_word_removal(filler_word_removal_id: str) -> Call[FillerWordRemoval]:
    """Return the call that reads one."""
    return Call(
        method="GET",
        path=f"/v3/filler-word-removals/{path_id(filler_word_removal_id)}",
        route="/v3/filler-word-removals/{filler_word_removal_id}",
        read=data_reader(FillerWordRemoval),
    )


def follow_filler_word_removal(
    caller: Caller, filler_word_removal_id: str, pace: polling.Pace
) -> ServerJob[FillerWordRemoval]:
    """Return a handle on one."""
    return ServerJob(caller, filler_word_removal_id, read_filler_word_removal, _FILLER_WORD_REMOVAL, pace)
