"""Sessions of the video agent: thinking, perhaps a question, then a video."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import attrs

from heygen_async.simulator.renders import Render, Studio, Trouble

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
    """

    role: str
    kind: str = "text"
    content: str
    at: float


@attrs.define(kw_only=True, eq=False)
class Session:
    """A session; it holds one slot from its creation until its video ends.

    Attributes:
        session_id: Of the session.
        number: Rises with each session of the world.
        body: Of the request that made it.
        created_at: Loop time.
        status: thinking, waiting_for_input, generating, completed or failed.
        thinking_since: Loop time; None while it waits for a slot.
        render: Its video; it exists for others once rendering has started.
        messages: Oldest first.
        trouble: What goes wrong with it.
    """

    session_id: str
    number: int
    body: dict[str, Any]
    created_at: float
    render: Render
    trouble: Trouble
    status: str = "thinking"
    thinking_since: float | None = None
    messages: list[Message] = attrs.field(factory=list)
    asked: bool = False

    @property
    def chat(self) -> bool:
        """Whether it may be answered."""
        return bool(self.body.get("mode") == "chat")

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
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

    def say(self, role: str, content: str, at: float, kind: str = "text") -> None:
        """Add a message."""
        self.messages.append(Message(role=role, kind=kind, content=content, at=at))


OnSession = Callable[[Session], None]


@attrs.define(kw_only=True)
class Agency:
    """Where sessions are worked on.

    Attributes:
        studio: Makes their videos.
        thinking_seconds: Asked anew each time: how long an agent thinks.
        on_failed: Told when a session failed before it had a video.
    """

    studio: Studio
    thinking_seconds: Callable[[], float]
    on_failed: OnSession

    def submit(self, session: Session) -> None:
        """Let the agent work on *session* as soon as there is a slot."""
        session.say("user", session.body["prompt"], self._now)
        self.studio.pool.enter(functools.partial(self._think, session))

    def follow_up(self, session: Session, message: str) -> None:
        """Go on with a session that waits for the user."""
        session.say("user", message, self._now)
        session.status = "thinking"
        self._think(session)

    def stop(self, session: Session) -> None:
        """Stop before the video is rendered; a video that is being rendered is past the last checkpoint."""
        if session.video is None and not session.ended:
            self._fail(session, "Stopped by the user.")

    def deleted(self, session: Session) -> None:
        """Note that the video was taken away."""
        if not session.ended:
            session.status = "failed"

    @property
    def _now(self) -> float:
        return self.studio.timeline.now

    def _think(self, session: Session) -> None:
        if session.status == "failed":  # stopped while it waited for a slot
            self.studio.pool.leave()
            return
        session.thinking_since = self._now
        self.studio.timeline.at(self._now + self.thinking_seconds(), functools.partial(self._thought, session))

    def _thought(self, session: Session) -> None:
        if session.ended:
            return
        failure = session.trouble.failure
        if failure and failure.while_thinking:
            self._fail(session, failure.message or "")
        elif session.chat and not session.asked:
            self._ask(session)
        else:
            self._generate(session)

    def _ask(self, session: Session) -> None:
        session.asked = True
        session.status = "waiting_for_input"
        session.say("model", "Here is the storyboard. Shall I go on?", self._now)

    def _generate(self, session: Session) -> None:
        session.status = "generating"
        session.say("model", "Rendering the video now.", self._now)
        self.studio.start(session.render, functools.partial(self._rendered, session))

    def _rendered(self, session: Session, render: Render) -> None:
        session.status = render.status(self._now)
        failed = session.status == "failed"
        text = "The video could not be rendered." if failed else "Your video is ready."
        session.say("model", text, self._now, "error" if failed else "text")
        self.studio.pool.leave()

    def _fail(self, session: Session, reason: str) -> None:
        started = session.thinking_since is not None
        session.status = "failed"
        session.say("model", reason, self._now, "error")
        self.on_failed(session)
        if started:
            self.studio.pool.leave()


def _part(passed: float, whole: float) -> float:
    return 1.0 if whole <= 0 else min(1.0, passed / whole)
