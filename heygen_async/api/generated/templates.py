"""Videos from templates that were made in HeyGen's app: `/v3/templates`."""

# Written by tests/codegen/generate.py from HeyGen's contract: change that, not this.

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from heygen_async.api.fields.contract_rules import (
    as_tuple,
    encode_request,
    items,
    json_object,
    number,
    one_number_of,
    required,
    string,
    web_address,
)
from heygen_async.api.fields.extra import extra_fields
from heygen_async.api.fields.rules import boolean, instance_of
from heygen_async.api.handles import polling
from heygen_async.api.handles.video import Video, VideoJob
from heygen_async.http import wire
from heygen_async.http.call import Call, Options, data_reader, path_id
from heygen_async.http.caller import Caller
from heygen_async.http.pages import Listing


@attrs.frozen(kw_only=True)
class TemplateItem:
    """A template.

    Attributes:
        id: Its id.
        name: As shown at HeyGen.
        aspect_ratio: Width to height.
        created_at: When it was made.
        thumbnail_url: A still picture.
        updated_at: When it was last changed.

    Source: `TemplateItem`.
    """

    id: str
    name: str
    aspect_ratio: str | None = None
    created_at: float | None = None
    thumbnail_url: str | None = attrs.field(default=None, repr=False)
    updated_at: float | None = None


@attrs.frozen(kw_only=True)
class TemplateElementValue:
    """What an element holds now.

    Attributes:
        avatar_look_id: The look of an avatar.
        character_type: avatar or talking_photo.
        play_style: How a film is played.
        text: What is spoken.
        url: Its address.
        voice_id: Whose voice.
        volume: 0 to 1.

    Source: `TemplateElementValue`.
    """

    avatar_look_id: str | None = None
    character_type: str | None = None
    play_style: str | None = None
    text: str | None = attrs.field(default=None, repr=False)
    url: str | None = attrs.field(default=None, repr=False)
    voice_id: str | None = None
    volume: float | None = None


@attrs.frozen(kw_only=True)
class TemplateElement:
    """Something in a template that can be bound to a variable.

    Attributes:
        element_id: Its id.
        element_type: What it is, such as text or image: avatar, tts, audio, background_audio, sound_effect, richtext,
            video, background_image or background_video.
        bindable_as: Kinds of variables that fit.
        current: What it holds now.
        scene_id: Its id.
        text_variables: Names of the variables in its text.
        variable: The variable that it is bound to.

    Source: `TemplateElement`.
    """

    element_id: str
    element_type: str
    bindable_as: tuple[str, ...] | None = None
    current: TemplateElementValue | None = attrs.field(default=None, repr=False)
    scene_id: str | None = None
    text_variables: tuple[str, ...] | None = attrs.field(default=None, repr=False)
    variable: str | None = None


@attrs.frozen(kw_only=True)
class TemplateVariable:
    """A variable that a scene uses.

    Attributes:
        name: As shown at HeyGen.
        variable_type: text, image, video, audio, character or voice.

    Source: `TemplateSceneVariable`.
    """

    name: str
    variable_type: str


@attrs.frozen(kw_only=True)
class TemplateScene:
    """A scene of a template.

    Attributes:
        scene_id: Its id.
        script: What is spoken.
        variables: Values by the names of the template's variables; a text variable left out stays as `{{name}}`.

    Source: `TemplateScene`.
    """

    scene_id: str
    script: str | None = attrs.field(default=None, repr=False)
    variables: tuple[TemplateVariable, ...] | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class TemplateDetail:
    """A template with what can be put into it.

    Attributes:
        id: Its id.
        name: As shown at HeyGen.
        aspect_ratio: Width to height.
        created_at: When it was made.
        elements: What can be bound; only with the template authoring API.
        revision: Counts its changes.
        scene_ids: Which scenes, in which order; may repeat.
        scenes: 1 to 50, shown one after another.
        source_video_id: The video that it was made from.
        thumbnail_url: A still picture.
        updated_at: When it was last changed.
        variables: Values by the names of the template's variables; a text variable left out stays as `{{name}}`.

    Source: `TemplateDetail`.
    """

    id: str
    name: str
    aspect_ratio: str | None = None
    created_at: float | None = None
    elements: tuple[TemplateElement, ...] | None = attrs.field(default=None, repr=False)
    revision: int | None = None
    scene_ids: tuple[str, ...] | None = None
    scenes: tuple[TemplateScene, ...] | None = None
    source_video_id: str | None = None
    thumbnail_url: str | None = attrs.field(default=None, repr=False)
    updated_at: float | None = None
    variables: Mapping[str, Any] | None = attrs.field(default=None, repr=False, hash=False)


@attrs.frozen(kw_only=True)
class TemplateDimension:
    """Size of the picture.

    Attributes:
        height: In pixels: 128 to 4096.
        width: In pixels: 128 to 4096.

    Source: `TemplateDimension`.
    """

    height: int = attrs.field(validator=[required, number(128, 4096, whole=True, step=2)])
    width: int = attrs.field(validator=[required, number(128, 4096, whole=True, step=2)])


@attrs.frozen(kw_only=True)
class SubtitlePosition:
    """Where captions stand.

    Attributes:
        x: From the left.
        y: From the top.

    Source: `TemplateSubtitlePosition`.
    """

    x: float | None = attrs.field(default=None, validator=number())
    y: float | None = attrs.field(default=None, validator=number())


@attrs.frozen(kw_only=True)
class TemplateSubtitles:
    """Looks of burned-in captions.

    Attributes:
        preset_name: A look of HeyGen's.
        alignment: A number of HeyGen's; 2 is the middle.
        disable_highlight: Do not mark the word that is spoken.
        font_size: Of the captions.
        position: Where they stand.

    Source: `TemplateSubtitles`.
    """

    preset_name: str = attrs.field(validator=[required, string()])
    alignment: int | None = attrs.field(default=None, validator=number(whole=True))
    disable_highlight: bool | None = attrs.field(default=None, validator=boolean())
    font_size: int | None = attrs.field(default=None, validator=number(whole=True))
    position: SubtitlePosition | None = attrs.field(default=None, validator=instance_of(SubtitlePosition))


@attrs.frozen(kw_only=True)
class TemplateVideo:
    """A template and what is to be put into it.

    Attributes:
        variables: Values by the names of the template's variables; a text variable left out stays as `{{name}}`.
        brand_glossary_id: How your brand's words are spoken.
        brand_voice_id: The old name of `brand_glossary_id`.
        callback_id: Comes back in the call.
        callback_url: Called when it ends, unsigned.
        caption: Subtitles.
        dimension: Size of the picture; must keep the template's shape.
        enable_sharing: Make the video's page public.
        folder_id: Where it is put.
        fps: Frames a second: 25 (HeyGen's default), 30 or 60.
        include_gif: Make a moving picture too.
        keep_text_vertically_centered: Let text grow up and down alike.
        reorder_music: Let the music follow when scenes are reordered; HeyGen's default is True.
        scene_ids: Which scenes, in which order; may repeat.
        subtitles: Looks of burned-in captions, which they switch on.
        title: Its name at HeyGen.
        extra: Further fields.

    Source: `GenerateFromTemplateRequest`.
    """

    variables: Mapping[str, Any] = attrs.field(validator=json_object, repr=False, hash=False)
    brand_glossary_id: str | None = attrs.field(default=None, validator=string())
    brand_voice_id: str | None = attrs.field(default=None, validator=string())
    callback_id: str | None = attrs.field(default=None, validator=string())
    callback_url: str | None = attrs.field(default=None, validator=web_address(), repr=False)
    caption: bool | None = attrs.field(default=None, validator=boolean())
    dimension: TemplateDimension | None = attrs.field(default=None, validator=instance_of(TemplateDimension))
    enable_sharing: bool | None = attrs.field(default=None, validator=boolean())
    folder_id: str | None = attrs.field(default=None, validator=string())
    fps: int | None = attrs.field(default=None, validator=one_number_of(25, 30, 60))
    include_gif: bool | None = attrs.field(default=None, validator=boolean())
    keep_text_vertically_centered: bool | None = attrs.field(default=None, validator=boolean())
    reorder_music: bool | None = attrs.field(default=None, validator=boolean())
    scene_ids: tuple[str, ...] | None = attrs.field(default=None, converter=as_tuple, validator=items(string()))
    subtitles: TemplateSubtitles | None = attrs.field(default=None, validator=instance_of(TemplateSubtitles))
    title: str | None = attrs.field(default=None, validator=string())
    extra: Mapping[str, Any] | None = extra_fields()


@attrs.frozen(kw_only=True)
class _ListQuery:
    """Source: `GET /v3/templates`."""

    limit: int | None = attrs.field(default=None, validator=number(1, 100, whole=True))


class Templates:
    """`heygen.templates`: videos from templates that were made in HeyGen's app."""

    def __init__(self, caller: Caller) -> None:
        """Ask by *caller*."""
        self._caller = caller

    def list(self, *, limit: int = 100) -> Listing[TemplateItem]:
        """List templates.

        Args:
            limit: Items a page, 1 to 100.

        Source: `GET /v3/templates`.
        """
        asked = wire.encode(_ListQuery(limit=limit))
        return Listing(self._caller, "/v3/templates", TemplateItem, asked)

    async def get(self, template_id: str, options: Options | None = None) -> TemplateDetail:
        """Return a template with its variables and scenes.

        Source: `GET /v3/templates/{template_id}`.
        """
        call = Call(
            method="GET",
            path=f"/v3/templates/{path_id(template_id)}",
            route="/v3/templates/{template_id}",
            read=data_reader(TemplateDetail),
        )
        return await self._caller.send(call, options)

    async def generate(self, template_id: str, request: TemplateVideo, options: Options | None = None) -> VideoJob:
        """Make a video from a template. Costs money.

        Raises:
            InsufficientCreditError: The account cannot pay; nothing was made.

        Source: `POST /v3/templates/{template_id}`.
        """
        call = Call(
            method="POST",
            path=f"/v3/templates/{path_id(template_id)}",
            route="/v3/templates/{template_id}",
            body=encode_request(request, TemplateVideo),
            read=data_reader(Video),
            takes_key=True,
            costs=True,
        )
        created = await self._caller.send(call, options)
        return VideoJob(self._caller, created.id, polling.DIRECT)
