"""From looks at a session to turns: each once, in order, whatever the looks fall on. No I/O here."""

from __future__ import annotations

from heygen_async.api.agents.sessions import SESSION_STATUSES, AgentMessage, Session
from heygen_async.api.agents.transcript import Transcript, TranscriptChange
from heygen_async.api.agents.turns import MessagesMissed, Progress, Told
from heygen_async.api.handles import polling

WAITS = frozenset({"waiting_for_input", "reviewing"})
ENDED = frozenset({"completed", "failed"})
AT_WORK = frozenset({"generating"})

Step = Told | Progress | MessagesMissed

_SILENCE = AgentMessage(role="model", type="text", content="")


class TurnReader:
    """Turns the looks at a session into turns, one after the other."""

    def __init__(self) -> None:
        """Have seen nothing yet."""
        self.transcript: Transcript = Transcript()
        self.status: str = ""
        self._progress: Progress | None = None
        self._asked = False  # the question that the agent waits with has had its turn
        self._answered = False  # it was answered, and HeyGen may still show the session as waiting

    @property
    def rendering(self) -> bool:
        """True if there is a video that is being made."""
        return self._progress is not None and self._progress.video_id is not None

    @property
    def thinks(self) -> bool:
        """True if the agent owes a word: it neither waits nor renders, and the session has not ended."""
        return self._answered or not (self.rendering or self.status in WAITS | ENDED | AT_WORK)

    @property
    def asks(self) -> bool:
        """True if the agent waits with a question that nobody has answered."""
        return self._asked

    def answered(self) -> None:
        """Note that this chat has spoken."""
        self._answered = self._answered or self.status in WAITS
        self._asked = False

    def join(self, session: Session) -> list[Step]:
        """Take in a session that was begun elsewhere: what was said is over, but for the question that is open."""
        self.transcript.take(session)
        return self._work(session) + self._told(session, TranscriptChange())

    def take(self, session: Session) -> list[Step]:
        """Return what is new in *session*."""
        news = self.transcript.take(session)
        steps: list[Step] = [MessagesMissed()] if news.missed else []
        return steps + self._work(session) + self._told(session, news)

    def _work(self, session: Session) -> list[Step]:
        polling.note_status(session.status, SESSION_STATUSES)
        self.status = session.status
        now = Progress(status=session.status, percent=session.progress, title=session.title, video_id=session.video_id)
        before, self._progress = self._progress, now
        return [] if session.status in WAITS | ENDED or now == before else [now]

    def _told(self, session: Session, news: TranscriptChange) -> list[Step]:
        told: list[Step] = [Told(message=message) for message in news.messages]
        if session.status not in WAITS:
            self._asked = self._answered = False
            return told
        if any(message.role == "user" for message in news.messages):  # somebody else has answered
            self._asked, self._answered = False, True
        pending = self.transcript.pending
        is_new = bool(pending and news.messages) and news.messages[-1] is pending[-1]
        if not is_new and (self._asked or self._answered):
            return told
        self._asked, self._answered = True, False
        question = Told(message=pending[-1] if pending else _SILENCE, status=session.status)
        return [*(told[:-1] if is_new else told), question]
