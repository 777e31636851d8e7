"""Turns of a chat with the Video Agent, as values."""

from __future__ import annotations

import attrs

from heygen_async.api.agents.sessions import AgentMessage, AgentResource
from heygen_async.api.handles.video import Video
from heygen_async.errors import RenderFailedError

DRAFTS = frozenset({"draft", "blueprint"})  # the word of the contract, and the word of live sessions


@attrs.frozen(kw_only=True)
class _MessageTurn:
    message: AgentMessage
    resources: tuple[AgentResource, ...] = ()

    @property
    def text(self) -> str:
        """Text of the message."""
        return self.message.content


@attrs.frozen(kw_only=True)
class Remark(_MessageTurn):
    """A message without a question, or a message of a kind that this package does not know.

    Attributes:
        message: The message: `role` (`model`, or `user` if another client sent it), `type` (`text`, `resource`,
            `error`; HeyGen may add others), text and time.
        resources: Resources that the message shows, read from HeyGen.
        text: Text of the message.
    """


@attrs.frozen(kw_only=True)
class Question(_MessageTurn):
    """A question: the agent waits for `chat.answer("...")`. It is plain text, without choices.

    Attributes:
        message: The message; blank if the agent waits without one.
        resources: Resources that the message shows, read from HeyGen.
        status: `waiting_for_input` or `reviewing`.
        text: Text of the question.
    """

    status: str


@attrs.frozen(kw_only=True)
class Draft(_MessageTurn):
    """A draft of the video. An answer may approve it or ask for changes; the render that follows costs money.

    After a vague answer agents have started the render by themselves, so a draft does not protect you from costs.

    Attributes:
        message: The message.
        resources: The draft and other resources of the message, read from HeyGen.
        waits: True if the agent waits for `chat.answer("...")`.
        text: Text of the message.
    """

    waits: bool


@attrs.frozen(kw_only=True)
class Progress:
    """Progress of the agent's work; a new turn whenever one of the fields changes.

    Attributes:
        status: thinking or generating; HeyGen may add others.
        percent: Progress, 0 to 100.
        title: Title, made by the agent.
        video_id: Id of the video, once HeyGen has named it.
    """

    status: str
    percent: float
    title: str | None = None
    video_id: str | None = None


@attrs.frozen(kw_only=True)
class MessagesMissed:
    """A possible gap in the messages, because HeyGen shows the last 40 only. Those follow."""


@attrs.frozen(kw_only=True)
class Ready:
    """The completed video, with its `video_url`. The last turn."""

    video: Video


@attrs.frozen(kw_only=True)
class ChatFailed:
    """The failure of the session or its video, or a stop. The last turn. HeyGen does not bill failed renders.

    Attributes:
        error: The error, which you may raise.
    """

    error: RenderFailedError

    @property
    def reason(self) -> str:
        """Message of the error."""
        return self.error.message


Turn = Remark | Question | Draft | Progress | MessagesMissed | Ready | ChatFailed


@attrs.frozen(kw_only=True)
class MessageStep:
    """A message whose resources have not been read yet.

    Attributes:
        message: The message.
        status: Status of the session if the agent waits for an answer to this message, else None.
    """

    message: AgentMessage
    status: str | None = None

    def turn(self, resources: tuple[AgentResource, ...]) -> Remark | Question | Draft:
        """Return the turn of this message with its *resources*, which decide its kind."""
        message = self.message
        if _is_draft(resources) or (self.status == "reviewing" and message.resource_ids):
            return Draft(message=message, resources=resources, waits=self.status is not None)
        if self.status is not None:
            return Question(message=message, resources=resources, status=self.status)
        return Remark(message=message, resources=resources)


def _is_draft(resources: tuple[AgentResource, ...]) -> bool:
    return any(resource.resource_type in DRAFTS for resource in resources)
