"""The reader of turns: from polls of a session to turns, each once, in order. No I/O."""

from __future__ import annotations

from heygen_async.api.agents.sessions import BEFORE_RENDER, SESSION_STATUSES, AgentMessage, Session
from heygen_async.api.agents.transcript import Transcript, TranscriptChange
from heygen_async.api.agents.turns import MessagesMissed, MessageStep, Progress
from heygen_async.api.handles import polling

WAITS = frozenset({"waiting_for_input", "reviewing"})
ENDED = frozenset({"completed", "failed"})
AT_WORK = frozenset({"generating"})

Step = MessageStep | Progress | MessagesMissed

_SILENCE = AgentMessage(role="model", type="text", content="")


class TurnReader:
    """Makes turns from successive polls of a session."""

    def __init__(self) -> None:
        """Start before the first poll."""
        self.transcript: Transcript = Transcript()
        self.status: str = ""
        self._progress: Progress | None = None
        self._question_shown = False  # the agent waits, and its question was a turn already
        self._answered = False  # the question was answered, and HeyGen may still show the session as waiting

    @property
    def is_rendering(self) -> bool:
        """True if the render of the session's video has begun."""
        return self._progress is not None and self._progress.video_id is not None and self.status not in BEFORE_RENDER

    @property
    def is_thinking(self) -> bool:
        """True if the agent is expected to send a message: it does not wait or render, and the session goes on."""
        return self._answered or not (self.is_rendering or self.status in WAITS | ENDED | AT_WORK)

    @property
    def has_question(self) -> bool:
        """True if the agent waits for the answer to a question."""
        return self._question_shown

    def note_answer(self) -> None:
        """Record that this chat has sent a message."""
        self._answered = self._answered or self.status in WAITS
        self._question_shown = False

    def join(self, session: Session) -> list[Step]:
        """Return the steps of a session that was started elsewhere: its progress and its open question only."""
        self.transcript.take(session)
        return self._progress_steps(session) + self._message_steps(session, TranscriptChange())

    def take(self, session: Session) -> list[Step]:
        """Return the new steps of *session*."""
        change = self.transcript.take(session)
        steps: list[Step] = [MessagesMissed()] if change.missed else []
        return steps + self._progress_steps(session) + self._message_steps(session, change)

    def _progress_steps(self, session: Session) -> list[Step]:
        polling.note_status(session.status, SESSION_STATUSES)
        self.status = session.status
        now = Progress(status=session.status, percent=session.progress, title=session.title, video_id=session.video_id)
        before, self._progress = self._progress, now
        return [] if session.status in WAITS | ENDED or now == before else [now]

    def _message_steps(self, session: Session, change: TranscriptChange) -> list[Step]:
        steps: list[Step] = [MessageStep(message=message) for message in change.messages]
        if session.status not in WAITS:
            self._question_shown = self._answered = False
            return steps
        if any(message.role == "user" for message in change.messages):  # another client has answered
            self._question_shown, self._answered = False, True
        pending = self.transcript.pending
        is_new = bool(pending and change.messages) and change.messages[-1] is pending[-1]
        if not is_new and (self._question_shown or self._answered):
            return steps
        self._question_shown, self._answered = True, False
        question = MessageStep(message=pending[-1] if pending else _SILENCE, status=session.status)
        return [*(steps[:-1] if is_new else steps), question]
