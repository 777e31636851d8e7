"""Sessions of the video agent: the agent thinks, asks questions in chat mode, then renders a video."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import attrs

from heygen_async.simulator.world.renders import Render, RenderFarm, RenderFaults

PROGRESS_AFTER_THINKING = 30
PROGRESS_AFTER_RENDERING = 95
MOST_MESSAGES = 40
TITLE_WORDS = 5


@attrs.frozen(kw_only=True)
class Message:
    """One message of a session.

    Attributes:
        role: "user" or "model".
        kind: "text", "resource" or "error".
        content: Text.
        at: Loop time.
        resource_ids: Ids of the attached resources.
    """

    role: str
    kind: str = "text"
    content: str
    at: float
    resource_ids: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Resource:
    """An attachment of a message.

    Attributes:
        resource_id: Id of the resource.
        kind: "draft" or "video" from the agent, "image" from the user.
        generated: True if it comes from the agent.
        url: Address, if the user has sent one.
        at: Loop time.
    """

    resource_id: str
    kind: str
    generated: bool = True
    url: str | None = None
    at: float


@attrs.define(kw_only=True, eq=False)
class AgentSession:
    """A session of the video agent. A session holds one slot from its creation until its video ends.

    Attributes:
        session_id: Id of the session.
        number: Rises with each session of the world.
        body: Body of the request that created it.
        created_at: Loop time.
        status: thinking, waiting_for_input, reviewing, generating, completed or failed.
        thinking_since: Loop time; None while it waits for a slot.
        render: Render of its video. The API shows the video once rendering has started.
        messages: Messages, oldest first.
        faults: Faults of this session, shared with its render.
        stops: Statuses in which it has yet to wait for the user, in order.
        asked: True once it has waited for the user.
        resources: Attachments of its messages, by id.
    """

    session_id: str
    number: int
    body: dict[str, Any]
    created_at: float
    render: Render
    faults: RenderFaults
    status: str = "thinking"
    thinking_since: float | None = None
    messages: list[Message] = attrs.field(factory=list)
    stops: list[str] = attrs.field(factory=list)
    asked: bool = False
    resources: dict[str, Resource] = attrs.field(factory=dict)

    @property
    def chat(self) -> bool:
        """True if the session is in chat mode, in which it takes messages."""
        return bool(self.body.get("mode") == "chat")

    @property
    def waiting(self) -> bool:
        """True while it waits for a message of the user."""
        return self.status in {"waiting_for_input", "reviewing"}

    @property
    def ended(self) -> bool:
        """True if it is completed or failed."""
        return self.status in {"completed", "failed"}

    @property
    def video(self) -> Render | None:
        """The render of its video, once rendering has started."""
        return self.render if self.render.started_at is not None else None

    @property
    def title(self) -> str | None:
        """Title given by the agent; None until it has thought for the first time."""
        if self.status == "thinking" and not self.asked:
            return None
        return " ".join(self.body["prompt"].split()[:TITLE_WORDS]).title()

    def progress(self, now: float, thinking_seconds: float) -> int:
        """Return the progress at loop time *now*, 0 to 100."""
        if self.status == "completed":
            return 100
        if (render := self.video) and render.started_at is not None:
            fraction = _fraction(now - render.started_at, render.seconds)
            return PROGRESS_AFTER_THINKING + int((PROGRESS_AFTER_RENDERING - PROGRESS_AFTER_THINKING) * fraction)
        if self.thinking_since is None or self.status == "failed":
            return 0
        return int(PROGRESS_AFTER_THINKING * _fraction(now - self.thinking_since, thinking_seconds))

    def add_message(
        self, role: str, content: str, at: float, kind: str = "text", attached: Sequence[Resource] = ()
    ) -> None:
        """Add a message and its attachments."""
        self.resources |= {resource.resource_id: resource for resource in attached}
        ids = tuple(resource.resource_id for resource in attached)
        self.messages.append(Message(role=role, kind=kind, content=content, at=at, resource_ids=ids))

    def new_resource(self, kind: str, at: float, *, index: int = 0, **more: Any) -> Resource:
        """Return a new resource. *index* distinguishes resources that are made for the same message."""
        number = len(self.resources) + index
        return Resource(resource_id=f"{self.session_id[:24]}{number:08x}", kind=kind, at=at, **more)


OnSession = Callable[[AgentSession], None]


@attrs.define(kw_only=True)
class AgentFarm:
    """Runs agent sessions.

    Attributes:
        render_farm: Renders their videos.
        thinking_seconds: Returns how long an agent thinks. Called each time, so the setting may change.
        stops: Returns the statuses in which a session in chat mode waits for the user. Called for each session.
        on_failed: Called with each session that fails before it has a video.
    """

    render_farm: RenderFarm
    thinking_seconds: Callable[[], float]
    stops: Callable[[], Sequence[str]]
    on_failed: OnSession

    def submit(self, session: AgentSession) -> None:
        """Start *session* as soon as there is a slot."""
        session.stops = list(self.stops()) if session.chat else []
        self._receive_message(session, session.body["prompt"], session.body)
        self.render_farm.slot_pool.acquire(functools.partial(self._start_thinking, session))

    def follow_up(self, session: AgentSession, body: dict[str, Any]) -> None:
        """Continue a session that waits for the user, with *body*, the request that holds the message."""
        self._receive_message(session, body.get("message") or "", body)
        session.status = "thinking"
        self._start_thinking(session)

    def stop(self, session: AgentSession) -> None:
        """Stop *session*, unless its video is being rendered: that is past the last checkpoint."""
        if session.video is None and not session.ended:
            self._fail(session, "Stopped by the user.")

    def video_deleted(self, session: AgentSession) -> None:
        """Note that the video of *session* was deleted. A session that is not completed has failed then."""
        if not session.ended:
            session.status = "failed"

    @property
    def _now(self) -> float:
        return self.render_farm.timeline.now

    def _start_thinking(self, session: AgentSession) -> None:
        if session.status == "failed":  # stopped while it waited for a slot
            self.render_farm.slot_pool.release()
            return
        session.thinking_since = self._now
        self.render_farm.timeline.schedule(
            self._now + self.thinking_seconds(), functools.partial(self._finish_thinking, session)
        )

    def _finish_thinking(self, session: AgentSession) -> None:
        if session.ended:
            return
        failure = session.faults.failure
        if failure and failure.while_thinking:
            self._fail(session, failure.message or "")
        elif session.stops:
            self._ask(session, session.stops.pop(0))
        else:
            self._generate(session)

    def _receive_message(self, session: AgentSession, text: str, body: dict[str, Any]) -> None:
        files = [
            session.new_resource("image", self._now, index=index, generated=False, url=file.get("url"))
            for index, file in enumerate(body.get("files") or ())
        ]
        session.add_message("user", text, self._now, attached=files)

    def _ask(self, session: AgentSession, status: str) -> None:
        session.asked = True
        session.status = status
        if status == "reviewing":
            draft = session.new_resource("draft", self._now)
            session.add_message("model", "Here is a draft. Shall I render it?", self._now, "resource", [draft])
        else:
            session.add_message("model", "Here is the storyboard. Shall I go on?", self._now)

    def _generate(self, session: AgentSession) -> None:
        session.status = "generating"
        session.add_message("model", "Rendering the video now.", self._now)
        self.render_farm.start(session.render, functools.partial(self._finish_rendering, session))

    def _finish_rendering(self, session: AgentSession, render: Render) -> None:
        session.status = render.status(self._now)
        failed = session.status == "failed"
        if failed:
            session.add_message("model", "The video could not be rendered.", self._now, "error")
        else:
            video = session.new_resource("video", self._now)
            session.add_message("model", "Your video is ready.", self._now, "resource", [video])
        self.render_farm.slot_pool.release()

    def _fail(self, session: AgentSession, reason: str) -> None:
        started = session.thinking_since is not None
        session.status = "failed"
        session.render.abandoned = True
        session.add_message("model", reason, self._now, "error")
        self.on_failed(session)
        if started:
            self.render_farm.slot_pool.release()


def _fraction(passed: float, total: float) -> float:
    return 1.0 if total <= 0 else min(1.0, passed / total)
