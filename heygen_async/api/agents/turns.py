"""Turns of a chat with the Video Agent, as values."""

from __future__ import annotations

import attrs

from heygen_async.api.agents.sessions import AgentMessage, AgentResource
from heygen_async.api.handles.video import Video
from heygen_async.errors import RenderFailedError

DRAFTS = frozenset({"draft", "blueprint"})  # the contract's word, and the one that live sessions show


@attrs.frozen(kw_only=True)
class _Said:
    message: AgentMessage
    resources: tuple[AgentResource, ...] = ()

    @property
    def text(self) -> str:
        """A turn with text."""
        return self.message.content


@attrs.frozen(kw_only=True)
class Remark(_Said):
    """Something was said that asks nothing, or that is of a kind which this package does not know.

    Attributes:
        message: As HeyGen sent it: `role` (`model`, or `user` if somebody else than this chat said it), `type` (`text`,
            `resource`, `error`; HeyGen may add words), text and time.
        resources: What it shows, read from HeyGen.
        text: What was said.
    """


@attrs.frozen(kw_only=True)
class Question(_Said):
    """The agent waits for your word: `chat.answer("...")`. HeyGen offers no choices, the text is all there is.

    Attributes:
        message: As HeyGen sent it; blank if the agent waits and has said nothing.
        resources: What it shows, read from HeyGen.
        status: `waiting_for_input`, or `reviewing`.
        text: What was asked.
    """

    status: str


@attrs.frozen(kw_only=True)
class Draft(_Said):
    """The agent shows a draft. An answer may approve of it or ask for changes; rendering is what costs money.

    Agents have been seen to go on by themselves after a vague answer: a draft is no safe gate for money.

    Attributes:
        message: As HeyGen sent it.
        resources: The draft and what else is shown, read from HeyGen.
        waits: True if the agent waits for your `chat.answer("...")`.
        text: What the agent says of it.
    """

    waits: bool


@attrs.frozen(kw_only=True)
class Progress:
    """The agent is at work; told whenever one of these changes.

    Attributes:
        status: thinking or generating; HeyGen may add words.
        percent: 0 to 100.
        title: Made by the agent.
        video_id: None until rendering starts.
    """

    status: str
    percent: float
    title: str | None = None
    video_id: str | None = None


@attrs.frozen(kw_only=True)
class MessagesMissed:
    """Something may have been said that HeyGen shows no more: it shows the last 40 messages only. Those follow."""


@attrs.frozen(kw_only=True)
class Ready:
    """The video is there, its `video_url` set. The last turn."""

    video: Video


@attrs.frozen(kw_only=True)
class ChatFailed:
    """The session or its video failed, or it was stopped. The last turn; failed renders are not billed.

    Attributes:
        error: Why, ready to be raised.
    """

    error: RenderFailedError

    @property
    def reason(self) -> str:
        """Why, in words."""
        return self.error.message


Turn = Remark | Question | Draft | Progress | MessagesMissed | Ready | ChatFailed


@attrs.frozen(kw_only=True)
class Told:
    """A message whose turn it is, before its resources have been read.

    Attributes:
        message: As HeyGen sent it.
        status: Of the session, if the agent now waits for an answer to this; else None.
    """

    message: AgentMessage
    status: str | None = None

    def turn(self, resources: tuple[AgentResource, ...]) -> Remark | Question | Draft:
        """Return the turn that this message is, now that it is known what it shows."""
        message = self.message
        if _is_draft(resources) or (self.status == "reviewing" and message.resource_ids):
            return Draft(message=message, resources=resources, waits=self.status is not None)
        if self.status is not None:
            return Question(message=message, resources=resources, status=self.status)
        return Remark(message=message, resources=resources)


def _is_draft(resources: tuple[AgentResource, ...]) -> bool:
    return any(resource.resource_type in DRAFTS for resource in resources)
