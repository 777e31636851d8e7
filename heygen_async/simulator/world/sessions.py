"""Sessions of the video agent: thinking, perhaps a question, then a video."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import attrs

from heygen_async.simulator.world.renders import Render, RenderFarm, RenderFaults

PROGRESS_THOUGHT = 30
PROGRESS_GENERATED = 95
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
        resource_ids: Of the resources that it shows.
    """

    role: str
    kind: str = "text"
    content: str
    at: float
    resource_ids: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Resource:
    """Something that a message shows.

    Attributes:
        resource_id: Of the resource.
        kind: "draft", "video", or what the user has sent: "image".
        generated: True if the agent has made it.
        url: Of what the user has sent as an address.
        at: Loop time.
    """

    resource_id: str
    kind: str
    generated: bool = True
    url: str | None = None
    at: float


@attrs.define(kw_only=True, eq=False)
class AgentSession:
    """A session; it holds one slot from its creation until its video ends.

    Attributes:
        session_id: Of the session.
        number: Rises with each session of the world.
        body: Of the request that made it.
        created_at: Loop time.
        status: thinking, waiting_for_input, reviewing, generating, completed or failed.
        thinking_since: Loop time; None while it waits for a slot.
        render: Its video; it exists for others once rendering has started.
        messages: Oldest first.
        faults: What goes wrong with it.
        stops: Where it will still wait for the user, as status words.
        asked: True if it has waited for the user.
        resources: By id.
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
        """True if it may be answered."""
        return bool(self.body.get("mode") == "chat")

    @property
    def waiting(self) -> bool:
        """True if it waits for the user."""
        return self.status in {"waiting_for_input", "reviewing"}

    @property
    def ended(self) -> bool:
        """True if nothing more will happen."""
        return self.status in {"completed", "failed"}

    @property
    def video(self) -> Render | None:
        """Its video, once rendering has started."""
        return self.render if self.render.started_at is not None else None

    @property
    def title(self) -> str | None:
        """What the agent calls it; it has to think first."""
        if self.status == "thinking" and not self.asked:
            return None
        return " ".join(self.body["prompt"].split()[:TITLE_WORDS]).title()

    def progress(self, now: float, thinking_seconds: float) -> int:
        """Return 0 to 100 at loop time *now*."""
        if self.status == "completed":
            return 100
        if (render := self.video) and render.started_at is not None:
            part = _part(now - render.started_at, render.seconds)
            return PROGRESS_THOUGHT + int((PROGRESS_GENERATED - PROGRESS_THOUGHT) * part)
        if self.thinking_since is None or self.status == "failed":
            return 0
        return int(PROGRESS_THOUGHT * _part(now - self.thinking_since, thinking_seconds))

    def say(self, role: str, content: str, at: float, kind: str = "text", shown: Sequence[Resource] = ()) -> None:
        """Add a message that shows resources."""
        self.resources |= {resource.resource_id: resource for resource in shown}
        ids = tuple(resource.resource_id for resource in shown)
        self.messages.append(Message(role=role, kind=kind, content=content, at=at, resource_ids=ids))

    def resource(self, kind: str, at: float, *, place: int = 0, **more: Any) -> Resource:
        """Return a new resource; *place* tells apart those of one message."""
        number = len(self.resources) + place
        return Resource(resource_id=f"{self.session_id[:24]}{number:08x}", kind=kind, at=at, **more)


OnSession = Callable[[AgentSession], None]


@attrs.define(kw_only=True)
class AgentFarm:
    """Where sessions are worked on.

    Attributes:
        render_farm: Makes their videos.
        thinking_seconds: Asked anew each time: how long an agent thinks.
        stops: Asked anew each time: where a session in chat mode waits for the user.
        on_failed: Told when a session failed before it had a video.
    """

    render_farm: RenderFarm
    thinking_seconds: Callable[[], float]
    stops: Callable[[], Sequence[str]]
    on_failed: OnSession

    def submit(self, session: AgentSession) -> None:
        """Let the agent work on *session* as soon as there is a slot."""
        session.stops = list(self.stops()) if session.chat else []
        self._hear(session, session.body["prompt"], session.body)
        self.render_farm.slot_pool.acquire(functools.partial(self._think, session))

    def follow_up(self, session: AgentSession, body: dict[str, Any]) -> None:
        """Go on with a session that waits for the user."""
        self._hear(session, body["message"], body)
        session.status = "thinking"
        self._think(session)

    def stop(self, session: AgentSession) -> None:
        """Stop before the video is rendered; a video that is being rendered is past the last checkpoint."""
        if session.video is None and not session.ended:
            self._fail(session, "Stopped by the user.")

    def deleted(self, session: AgentSession) -> None:
        """Note that the video was taken away."""
        if not session.ended:
            session.status = "failed"

    @property
    def _now(self) -> float:
        return self.render_farm.timeline.now

    def _think(self, session: AgentSession) -> None:
        if session.status == "failed":  # stopped while it waited for a slot
            self.render_farm.slot_pool.release()
            return
        session.thinking_since = self._now
        self.render_farm.timeline.schedule(
            self._now + self.thinking_seconds(), functools.partial(self._thought, session)
        )

    def _thought(self, session: AgentSession) -> None:
        if session.ended:
            return
        failure = session.faults.failure
        if failure and failure.while_thinking:
            self._fail(session, failure.message or "")
        elif session.stops:
            self._ask(session, session.stops.pop(0))
        else:
            self._generate(session)

    def _hear(self, session: AgentSession, text: str, body: dict[str, Any]) -> None:
        files = [
            session.resource("image", self._now, place=place, generated=False, url=file.get("url"))
            for place, file in enumerate(body.get("files") or ())
        ]
        session.say("user", text, self._now, shown=files)

    def _ask(self, session: AgentSession, word: str) -> None:
        session.asked = True
        session.status = word
        if word == "reviewing":
            draft = session.resource("draft", self._now)
            session.say("model", "Here is a draft. Shall I render it?", self._now, "resource", [draft])
        else:
            session.say("model", "Here is the storyboard. Shall I go on?", self._now)

    def _generate(self, session: AgentSession) -> None:
        session.status = "generating"
        session.say("model", "Rendering the video now.", self._now)
        self.render_farm.start(session.render, functools.partial(self._rendered, session))

    def _rendered(self, session: AgentSession, render: Render) -> None:
        session.status = render.status(self._now)
        failed = session.status == "failed"
        if failed:
            session.say("model", "The video could not be rendered.", self._now, "error")
        else:
            film = session.resource("video", self._now)
            session.say("model", "Your video is ready.", self._now, "resource", [film])
        self.render_farm.slot_pool.release()

    def _fail(self, session: AgentSession, reason: str) -> None:
        started = session.thinking_since is not None
        session.status = "failed"
        session.say("model", reason, self._now, "error")
        self.on_failed(session)
        if started:
            self.render_farm.slot_pool.release()


def _part(passed: float, whole: float) -> float:
    return 1.0 if whole <= 0 else min(1.0, passed / whole)
