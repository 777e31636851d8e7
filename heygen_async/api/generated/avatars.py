"""Avatars (groups) and their looks: `/v3/avatars`."""

# Written by tests/codegen/generate.py from HeyGen's contract: change that, not this.

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import attrs

from heygen_async.api.fields import cross_field_rules
from heygen_async.api.fields.assets import Asset, as_asset, as_assets, asset
from heygen_async.api.fields.contract_rules import (
    encode_request,
    items,
    number,
    optional,
    required,
    string,
    web_address,
)
from heygen_async.api.fields.extra import extra_fields
from heygen_async.api.fields.rules import one_of
from heygen_async.api.generated.shared import Deleted
from heygen_async.api.handles import polling
from heygen_async.api.handles.server_job import Ends, ServerJob
from heygen_async.http import wire
from heygen_async.http.call import Call, Options, data_reader, path_id
from heygen_async.http.caller import Caller
from heygen_async.http.pages import Listing

_LOOK = Ends(subject="look", succeeded=frozenset({"completed", "pending_consent"}))


@attrs.frozen(kw_only=True)
class DigitalTwin:
    """A look from a film of a person, who must consent.

    Attributes:
        file: Picture or film of the person; a plain address will do.
        name: As shown at HeyGen.
        avatar_group_id: An avatar of yours that gets the new look; absent for a new avatar.
        extra: Further fields.

    Source: `CreateDigitalTwinRequest`.
    """

    wire_tag: ClassVar[tuple[str, str]] = ("type", "digital_twin")
    file: Asset = attrs.field(converter=as_asset, validator=asset())
    name: str = attrs.field(validator=[required, string()])
    avatar_group_id: str | None = attrs.field(default=None, validator=string())
    extra: Mapping[str, Any] | None = extra_fields()


@attrs.frozen(kw_only=True)
class PhotoAvatar:
    """A look from a picture of a person.

    Attributes:
        file: Picture or film of the person; a plain address will do.
        name: As shown at HeyGen.
        avatar_group_id: An avatar of yours that gets the new look; absent for a new avatar.
        extra: Further fields.

    Source: `CreatePhotoAvatarRequest`.
    """

    wire_tag: ClassVar[tuple[str, str]] = ("type", "photo")
    file: Asset = attrs.field(converter=as_asset, validator=asset())
    name: str = attrs.field(validator=[required, string()])
    avatar_group_id: str | None = attrs.field(default=None, validator=string())
    extra: Mapping[str, Any] | None = extra_fields()


@attrs.frozen(kw_only=True)
class PromptAvatar:
    """A look from a description.

    Attributes:
        name: As shown at HeyGen.
        prompt: What you wish, in your words: up to 1,000 characters.
        aspect_ratio: Width to height: auto, 16:9, 9:16, 1:1, 4:5 or 5:4.
        avatar_group_id: An avatar of yours that gets the new look; absent for a new avatar.
        avatar_id: A look's id.
        reference_images: Pictures to go by; plain addresses will do: 0 to 3 of them.
        extra: Further fields.

    Source: `CreatePromptAvatarRequest`.
    """

    wire_tag: ClassVar[tuple[str, str]] = ("type", "prompt")
    name: str = attrs.field(validator=[required, string()])
    prompt: str = attrs.field(validator=[required, string(0, 1000)], repr=False)
    aspect_ratio: str | None = attrs.field(default=None, validator=one_of("auto", "16:9", "9:16", "1:1", "4:5", "5:4"))
    avatar_group_id: str | None = attrs.field(default=None, validator=string())
    avatar_id: str | None = attrs.field(default=None, validator=string())
    reference_images: tuple[Asset, ...] | None = attrs.field(
        default=None, converter=as_assets, validator=items(asset(), 0, 3)
    )
    extra: Mapping[str, Any] | None = extra_fields()


@attrs.frozen(kw_only=True)
class AvatarError:
    """Why an avatar could not be made.

    Attributes:
        code: HeyGen's word for it.
        message: The same in words.

    Source: `AvatarError`.
    """

    code: str
    message: str


@attrs.frozen(kw_only=True)
class Avatar:
    """A person with one or more looks.

    Attributes:
        created_at: When it was made.
        id: Its id.
        looks_count: How many looks it has.
        name: As shown at HeyGen.
        consent_status: Whether the person has agreed: approved, not_started.
        default_voice_id: The voice that is taken where none is named.
        error: Why it failed.
        gender: Of the voice or person.
        preview_image_url: A still picture.
        preview_video_url: A film of it.
        status: processing, pending_consent, failed or completed; HeyGen may add words.

    Source: `AvatarGroupItem`.
    """

    created_at: float
    id: str
    looks_count: int
    name: str
    consent_status: str | None = None
    default_voice_id: str | None = None
    error: AvatarError | None = None
    gender: str | None = None
    preview_image_url: str | None = attrs.field(default=None, repr=False)
    preview_video_url: str | None = attrs.field(default=None, repr=False)
    status: str | None = None


@attrs.frozen(kw_only=True)
class Look:
    """What a video is made with: its `id` is the `avatar_id` of requests.

    Attributes:
        avatar_type: studio_avatar, digital_twin or photo_avatar.
        id: Its id.
        name: As shown at HeyGen.
        default_voice_id: The voice that is taken where none is named.
        error: Why it failed.
        gender: Of the voice or person.
        group_id: The avatar that the look belongs to.
        image_height: In pixels.
        image_width: In pixels.
        preferred_orientation: Which shape suits it: portrait, landscape or square.
        preview_image_url: A still picture.
        preview_video_url: A film of it.
        status: processing, pending_consent, failed or completed; HeyGen may add words.
        supported_api_engines: Engines that can render it.
        tags: Words for finding it.

    Source: `AvatarLookItem`.
    """

    avatar_type: str
    id: str
    name: str
    default_voice_id: str | None = None
    error: AvatarError | None = None
    gender: str | None = None
    group_id: str | None = None
    image_height: int | None = None
    image_width: int | None = None
    preferred_orientation: str | None = None
    preview_image_url: str | None = attrs.field(default=None, repr=False)
    preview_video_url: str | None = attrs.field(default=None, repr=False)
    status: str | None = None
    supported_api_engines: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None


@attrs.frozen(kw_only=True)
class CreatedAvatar:
    """What was begun; `avatar_item` is the look.

    Attributes:
        avatar_group: The avatar.
        avatar_item: The look.

    Source: `CreatedAvatar`.
    """

    avatar_group: Avatar | None = None
    avatar_item: Look | None = None


@attrs.frozen(kw_only=True)
class AvatarChanges:
    """What is to change of an avatar.

    Attributes:
        default_voice_id: The voice that is taken where none is named: up to 255 characters.
        extra: Further fields.

    Source: `UpdateAvatarGroupRequest`.
    """

    default_voice_id: str | None = attrs.field(default=None, validator=string(0, 255))
    extra: Mapping[str, Any] | None = extra_fields()


@attrs.frozen(kw_only=True)
class LookChanges:
    """What is to change of a look.

    Attributes:
        name: As shown at HeyGen: up to 255 characters.
        extra: Further fields.

    Source: `UpdateAvatarLookRequest`.
    """

    name: str | None = attrs.field(default=None, validator=string(0, 255))
    extra: Mapping[str, Any] | None = extra_fields()


@attrs.frozen(kw_only=True)
class ConsentRequest:
    """How a person is asked for consent.

    Attributes:
        consent_text: Shown to the person; no < and >. Enterprise only: up to 1,000 characters.
        consent_video: A film of the person who agrees. Enterprise only.
        reroute_url: Where the person goes afterwards.
        extra: Further fields.

    Source: `CreateAvatarConsentRequest`.
    """

    consent_text: str | None = attrs.field(default=None, validator=string(0, 1000), repr=False)
    consent_video: Asset | None = attrs.field(
        default=None, converter=attrs.converters.optional(as_asset), validator=optional(asset())
    )
    reroute_url: str | None = attrs.field(default=None, validator=web_address(), repr=False)
    extra: Mapping[str, Any] | None = extra_fields()

    def __attrs_post_init__(self) -> None:
        """Check what the fields say together."""
        cross_field_rules.consent(self)


@attrs.frozen(kw_only=True)
class Consent:
    """Where the person may agree; the address is absent if a film has settled it.

    Attributes:
        avatar_group: The avatar.
        url: Its address.

    Source: `AvatarConsent`.
    """

    avatar_group: Avatar
    url: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class _ListQuery:
    """Source: `GET /v3/avatars`."""

    ownership: str | None = attrs.field(default=None, validator=one_of("public", "private"))
    limit: int | None = attrs.field(default=None, validator=number(1, 50, whole=True))


@attrs.frozen(kw_only=True)
class _LooksQuery:
    """Source: `GET /v3/avatars/looks`."""

    group_id: str | None = attrs.field(default=None, validator=string())
    avatar_type: str | None = attrs.field(
        default=None, validator=one_of("studio_avatar", "digital_twin", "photo_avatar")
    )
    ownership: str | None = attrs.field(default=None, validator=one_of("public", "private"))
    limit: int | None = attrs.field(default=None, validator=number(1, 50, whole=True))


class Avatars:
    """`heygen.avatars`: avatars (groups) and their looks."""

    def __init__(self, caller: Caller) -> None:
        """Ask by *caller*."""
        self._caller = caller

    async def create(
        self, request: DigitalTwin | PhotoAvatar | PromptAvatar, options: Options | None = None
    ) -> CreatedAvatar:
        """Make a look from a film, a picture or a prompt. Costs 1 US dollar.

        Follow it by `job(created.avatar_item.id)`.

        Raises:
            InsufficientCreditError: The account cannot pay; nothing was made.

        Source: `POST /v3/avatars`.
        """
        call = Call(
            method="POST",
            path="/v3/avatars",
            route="/v3/avatars",
            body=encode_request(request, DigitalTwin, PhotoAvatar, PromptAvatar),
            read=data_reader(CreatedAvatar),
            takes_key=True,
            costs=True,
        )
        return await self._caller.send(call, options)

    def list(self, *, ownership: str | None = None, limit: int = 50) -> Listing[Avatar]:
        """List avatars.

        Args:
            ownership: public or private; both if absent.
            limit: Items a page, 1 to 50.

        Source: `GET /v3/avatars`.
        """
        asked = wire.encode(_ListQuery(ownership=ownership, limit=limit))
        return Listing(self._caller, "/v3/avatars", Avatar, asked)

    async def get(self, group_id: str, options: Options | None = None) -> Avatar:
        """Return an avatar.

        Source: `GET /v3/avatars/{group_id}`.
        """
        call = Call(
            method="GET",
            path=f"/v3/avatars/{path_id(group_id)}",
            route="/v3/avatars/{group_id}",
            read=data_reader(Avatar),
        )
        return await self._caller.send(call, options)

    async def update(
        self,
        group_id: str,
        options: Options | None = None,
        *,
        default_voice_id: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> Avatar:
        """Give an avatar of yours another voice.

        Args:
            group_id: Whose.
            default_voice_id: The voice that is taken where none is named: up to 255 characters.
            extra: Further fields.
            options: As for every call.

        Source: `PATCH /v3/avatars/{group_id}`.
        """
        call = Call(
            method="PATCH",
            path=f"/v3/avatars/{path_id(group_id)}",
            route="/v3/avatars/{group_id}",
            body=wire.encode(AvatarChanges(default_voice_id=default_voice_id, extra=extra)),
            read=data_reader(Avatar),
        )
        return await self._caller.send(call, options)

    async def delete(self, group_id: str, options: Options | None = None) -> Deleted:
        """Delete an avatar of yours with all its looks.

        Source: `DELETE /v3/avatars/{group_id}`.
        """
        call = Call(
            method="DELETE",
            path=f"/v3/avatars/{path_id(group_id)}",
            route="/v3/avatars/{group_id}",
            read=data_reader(Deleted),
        )
        return await self._caller.send(call, options)

    def looks(
        self,
        *,
        group_id: str | None = None,
        avatar_type: str | None = None,
        ownership: str | None = None,
        limit: int = 50,
    ) -> Listing[Look]:
        """List looks: what videos are made with.

        Args:
            group_id: Only this avatar's.
            avatar_type: studio_avatar, digital_twin or photo_avatar.
            ownership: public or private; both if absent.
            limit: Items a page, 1 to 50.

        Source: `GET /v3/avatars/looks`.
        """
        asked = wire.encode(_LooksQuery(group_id=group_id, avatar_type=avatar_type, ownership=ownership, limit=limit))
        return Listing(self._caller, "/v3/avatars/looks", Look, asked)

    async def get_look(self, look_id: str, options: Options | None = None) -> Look:
        """Return a look.

        Source: `GET /v3/avatars/looks/{look_id}`.
        """
        call = read_look(look_id)
        return await self._caller.send(call, options)

    async def update_look(
        self,
        look_id: str,
        options: Options | None = None,
        *,
        name: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> Look:
        """Give a look of yours another name.

        Args:
            look_id: Whose.
            name: As shown at HeyGen: up to 255 characters.
            extra: Further fields.
            options: As for every call.

        Source: `PATCH /v3/avatars/looks/{look_id}`.
        """
        call = Call(
            method="PATCH",
            path=f"/v3/avatars/looks/{path_id(look_id)}",
            route="/v3/avatars/looks/{look_id}",
            body=wire.encode(LookChanges(name=name, extra=extra)),
            read=data_reader(Look),
        )
        return await self._caller.send(call, options)

    async def delete_look(self, look_id: str, options: Options | None = None) -> Deleted:
        """Delete a look of yours.

        Source: `DELETE /v3/avatars/looks/{look_id}`.
        """
        call = Call(
            method="DELETE",
            path=f"/v3/avatars/looks/{path_id(look_id)}",
            route="/v3/avatars/looks/{look_id}",
            read=data_reader(Deleted),
        )
        return await self._caller.send(call, options)

    async def create_consent(
        self,
        group_id: str,
        options: Options | None = None,
        *,
        consent_text: str | None = None,
        consent_video: Asset | str | None = None,
        reroute_url: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> Consent:
        """Ask the person for consent, which a digital twin needs.

        The address in the answer works for 24 hours and one submission.

        Args:
            group_id: Whose.
            consent_text: Shown to the person; no < and >. Enterprise only: up to 1,000 characters.
            consent_video: A film of the person who agrees. Enterprise only.
            reroute_url: Where the person goes afterwards.
            extra: Further fields.
            options: As for every call.

        Source: `POST /v3/avatars/{group_id}/consent`.
        """
        call = Call(
            method="POST",
            path=f"/v3/avatars/{path_id(group_id)}/consent",
            route="/v3/avatars/{group_id}/consent",
            body=wire.encode(
                ConsentRequest(
                    consent_text=consent_text, consent_video=consent_video, reroute_url=reroute_url, extra=extra
                )
            ),
            read=data_reader(Consent),
            takes_key=True,
        )
        return await self._caller.send(call, options)

    def job(self, look_id: str) -> ServerJob[Look]:
        """Return a handle on one that was begun earlier; asks nothing yet.

        It ends at `pending_consent` too: nothing more happens until the person has agreed.
        """
        return follow_look(self._caller, path_id(look_id), polling.RESUMED)


def read_look(look_id: str) -> Call[Look]:
    """Return the call that reads one."""
    return Call(
        method="GET",
        path=f"/v3/avatars/looks/{path_id(look_id)}",
        route="/v3/avatars/looks/{look_id}",
        read=data_reader(Look),
    )


def follow_look(caller: Caller, look_id: str, pace: polling.Pace) -> ServerJob[Look]:
    """Return a handle on one."""
    return ServerJob(caller, look_id, read_look, _LOOK, pace)
