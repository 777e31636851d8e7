"""Sessions of the Video Agent: their values, and the calls that create, read, answer and stop them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import attrs

from heygen_async.api.fields.assets import Asset, as_assets, asset
from heygen_async.api.fields.contract_rules import encode_request, items, string
from heygen_async.api.fields.extra import extra_fields
from heygen_async.api.handles.status import as_word
from heygen_async.api.handles.video import Video
from heygen_async.api.requests.modes import VideoAgent
from heygen_async.api.requests.stored import StoredRequest, payload_of
from heygen_async.errors import InvalidInputError, RenderFailedError
from heygen_async.http.call import Call, data_reader, path_id
from heygen_async.reprs import ShortRepr
from heygen_async.value import Value

SESSION = "/v3/video-agents/{session_id}"
STYLES = "/v3/video-agents/styles"
_MESSAGE_CHARACTERS = 10_000
_FILES, _FILE_MB = 20, 32

SessionVideos: TypeAlias = list[Video]


@attrs.frozen(kw_only=True, repr=False)
class AgentStyle(Value):
    """A visual style for `VideoAgent.style_id`.

    Attributes:
        style_id: Id of the style.
        name: Name at HeyGen.
        aspect_ratio: Width to height.
        tags: Tags for `styles(tag=...)`.
        thumbnail_url: Address of a still image.
        preview_video_url: Address of a sample video.

    Source: `GET /v3/video-agents/styles`.
    """

    style_id: str
    name: str
    aspect_ratio: str | None = None
    tags: tuple[str, ...] | None = None
    thumbnail_url: str | None = attrs.field(default=None, repr=False)
    preview_video_url: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True, repr=False)
class AgentReply(ShortRepr):
    """Your message to a session in chat mode.

    Attributes:
        message: Text of 1 to 10,000 characters; it may be left out if there are files.
        files: Up to 20 files of up to 32 MB; https addresses are accepted too.
        avatar_id: Id of another look.
        voice_id: Id of another voice.
        brand_kit_id: Id of another brand kit.
        extra: Fields and words newer than this version, by name: sent as they are, also in place of a known field.

    Source: `SendVideoAgentMessageRequest`.
    """

    message: str | None = attrs.field(default=None, validator=string(1, _MESSAGE_CHARACTERS), repr=False)
    files: tuple[Asset, ...] | None = attrs.field(
        default=None, converter=as_assets, validator=items(asset(at_most_mb=_FILE_MB), 0, _FILES)
    )
    avatar_id: str | None = attrs.field(default=None, validator=string())
    voice_id: str | None = attrs.field(default=None, validator=string())
    brand_kit_id: str | None = attrs.field(default=None, validator=string())
    extra: Mapping[str, Any] | None = extra_fields()

    def __attrs_post_init__(self) -> None:
        """Refuse a reply of nothing."""
        if self.message is None and not self.files:
            raise InvalidInputError("AgentReply.message: None; give a message, or files", param="message")

    @property
    def text(self) -> str:
        """The message as the session shows it: empty for files alone."""
        return self.message or ""


@attrs.frozen(kw_only=True, repr=False)
class AgentRun(Value):
    """The answer to a message: the agent's new run. Source: `POST /v3/video-agents/{session_id}`."""

    session_id: str
    run_id: str
    title: str | None = None


@attrs.frozen(kw_only=True, repr=False)
class AgentResource(Value):
    """A file, draft or other object that the agent shows with a message.

    Attributes:
        resource_id: Id, as in `AgentMessage.resource_ids`.
        resource_type: Kind, such as image, video, draft, avatar, voice or blueprint; HeyGen may add others.
        source_type: generated or user_uploaded.
        created_at: Time of creation in Unix seconds.
        url: Address of the file.
        preview_url: Address of a smaller version.
        thumbnail_url: Address of a still image.
        metadata: Further fields of HeyGen.

    Source: `GET /v3/video-agents/{session_id}/resources/{resource_id}`.
    """

    resource_id: str
    resource_type: str
    source_type: str | None = None
    created_at: float | None = None
    url: str | None = attrs.field(default=None, repr=False)
    preview_url: str | None = attrs.field(default=None, repr=False)
    thumbnail_url: str | None = attrs.field(default=None, repr=False)
    metadata: Mapping[str, Any] | None = attrs.field(default=None, repr=False, hash=False)


@attrs.frozen(kw_only=True, repr=False)
class StoppedSession(Value):
    """A stopped session. Source: `POST /v3/video-agents/{session_id}/stop`."""

    session_id: str


def send_reply(session_id: str, reply: AgentReply) -> Call[AgentRun]:
    """Return the call that sends a message to a session. It costs money, and HeyGen takes no key."""
    return Call(
        method="POST",
        path=f"/v3/video-agents/{path_id(session_id)}",
        route=SESSION,
        body=encode_request(reply, AgentReply),
        read=data_reader(AgentRun),
        costs=True,
    )


def stop_session(session_id: str) -> Call[StoppedSession]:
    """Return the call that stops a session."""
    return Call(
        method="POST",
        path=f"/v3/video-agents/{path_id(session_id)}/stop",
        route=f"{SESSION}/stop",
        body={},
        read=data_reader(StoppedSession),
    )


def get_resource(session_id: str, resource_id: str) -> Call[AgentResource]:
    """Return the call that reads a resource of a session."""
    return Call(
        method="GET",
        path=f"/v3/video-agents/{path_id(session_id)}/resources/{path_id(resource_id)}",
        route=f"{SESSION}/resources/{{resource_id}}",
        read=data_reader(AgentResource),
    )


def get_session_videos(session_id: str) -> Call[SessionVideos]:
    """Return the call that reads the videos of a session."""
    return Call(
        method="GET",
        path=f"/v3/video-agents/{path_id(session_id)}/videos",
        route=f"{SESSION}/videos",
        read=data_reader(SessionVideos),
    )


BEFORE_RENDER = frozenset({"thinking", "waiting_for_input", "reviewing"})
SESSION_STATUSES = BEFORE_RENDER | {"generating", "completed", "failed"}


@attrs.frozen(kw_only=True, repr=False)
class AgentMessage(Value):
    """One message of a session.

    Attributes:
        role: `user` or `model`.
        type: `text`, `resource` or `error`.
        content: Text of the message.
        resource_ids: Ids of the resources that it shows, for `video_agents.resource`.
        created_at: Time of creation in Unix seconds.
    """

    role: str
    type: str
    content: str = attrs.field(default="", repr=False)  # a type that HeyGen adds may have none
    resource_ids: tuple[str, ...] | None = None
    created_at: float | None = None


@attrs.frozen(kw_only=True, repr=False)
class Session(Value):
    """An agent session with its present status.

    Attributes:
        session_id: Id of the session.
        status: thinking, waiting_for_input, reviewing, generating, completed or failed; HeyGen may add others.
        created_at: Time of creation in Unix seconds.
        progress: Progress, 0 to 100.
        title: Title, made by the agent.
        video_id: Id of the video. HeyGen names it at the start of the render, or already with the new session. Read the
            video to learn if its file is ready.
        messages: Up to 40 messages, newest first.

    Source: `GET /v3/video-agents/{session_id}`.
    """

    session_id: str
    status: str = attrs.field(converter=as_word)
    created_at: float | None = None
    progress: float = 0
    title: str | None = None
    video_id: str | None = None
    messages: tuple[AgentMessage, ...] | None = None

    @property
    def begun_video_id(self) -> str | None:
        """Id of the video, once its render has begun: before, the session tells more than the video does."""
        return None if self.status in BEFORE_RENDER else self.video_id

    def failure(self) -> RenderFailedError:
        """Return the error of a failed session. The reason is its last error message, if there is one."""
        errors = [message.content for message in self.messages or () if message.type == "error"]
        reason = errors[0] if errors else "HeyGen gives no reason"
        return RenderFailedError(f"session {self.session_id} failed: {reason}", resource_id=self.session_id, spent="no")


@attrs.frozen(kw_only=True, repr=False)
class CreatedSession(Value):
    """The answer to a prompt: the id of its session. Source: `POST /v3/video-agents`."""

    session_id: str


@attrs.frozen(kw_only=True, repr=False)
class SessionItem(Value):
    """One entry of the list of sessions. Source: `GET /v3/video-agents`."""

    session_id: str
    created_at: float | None = None
    title: str | None = None


def create_session(request: VideoAgent | StoredRequest) -> Call[CreatedSession]:
    """Return the call that starts a session."""
    return Call(
        method="POST",
        path=request.path,
        route=request.path,
        **payload_of(request),
        read=data_reader(CreatedSession),
        costs=True,
    )


def get_session(session_id: str) -> Call[Session]:
    """Return the call that reads one session."""
    return Call(
        method="GET",
        path=f"/v3/video-agents/{path_id(session_id)}",
        route="/v3/video-agents/{session_id}",
        read=data_reader(Session),
    )
