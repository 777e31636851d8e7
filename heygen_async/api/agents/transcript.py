"""The transcript of a session, assembled from polls that each show the last messages only. No I/O.

Messages have no ids, and HeyGen shows the last 40 only, without a way to read earlier ones. The messages that two
polls have in common show where the later poll continues the earlier one.
"""

from __future__ import annotations

from collections import Counter

import attrs

from heygen_async.api.agents.sessions import AgentMessage, Session

Messages = tuple[AgentMessage, ...]


@attrs.frozen(kw_only=True)
class TranscriptChange:
    """The new messages of a poll.

    Attributes:
        messages: New messages, oldest first, without those that this chat has sent.
        missed: True if there may have been messages before them that HeyGen no longer shows.
    """

    messages: Messages = ()
    missed: bool = False


class Transcript:
    """The messages of a session, each once, in order. It knows the ones that this chat has sent."""

    def __init__(self) -> None:
        """Create an empty transcript."""
        self._known: Messages = ()
        self._seen_counts: Counter[str] = Counter()  # messages of users in polls so far, by text
        self._own_counts: Counter[str] = Counter()  # messages sent by this chat or already passed on, by text

    @property
    def pending(self) -> Messages:
        """The agent's messages since the last message of a user, oldest first."""
        places = [place for place, message in enumerate(self._known) if message.role == "user"]
        return self._known[places[-1] + 1 :] if places else self._known

    def expect(self, text: str) -> int:
        """Record that this chat sends *text*; return the number of messages with this text once it has arrived."""
        self._own_counts[_key(text)] += 1
        return self._own_counts[_key(text)]

    def withdraw(self, text: str) -> None:
        """Record that *text* was not sent after all."""
        self._own_counts[_key(text)] -= 1

    def has(self, text: str, count: int, session: Session) -> bool:
        """Return True if users have sent *text* at least *count* times, counting *session*, which is not recorded."""
        more = sum(_key(message.content) == _key(text) for message in self._unseen_of_users(session))
        return self._seen_counts[_key(text)] + more >= count

    def users_spoke(self, session: Session) -> bool:
        """Return True if *session* has new messages of users. It is not recorded."""
        return bool(self._unseen_of_users(session))

    def _unseen_of_users(self, session: Session) -> Messages:
        shown = _shown(session)
        place = _overlap_start(self._known, shown)
        new = shown if place is None else shown[len(self._known) - place :]
        return tuple(message for message in new if message.role == "user")

    def take(self, session: Session) -> TranscriptChange:
        """Record the messages of *session* and return the new ones."""
        shown = _shown(session)
        place = _overlap_start(self._known, shown)
        if place is None:
            new, self._known = shown, self._known + shown
        else:
            new = shown[len(self._known) - place :]
            if place + len(shown) >= len(self._known):
                self._known = self._known[:place] + shown  # HeyGen may have changed texts
        foreign = tuple(message for message in new if not self._is_own(message))
        return TranscriptChange(messages=foreign, missed=place is None)

    def _is_own(self, message: AgentMessage) -> bool:
        if message.role != "user":
            return False
        key = _key(message.content)
        self._seen_counts[key] += 1
        own = self._seen_counts[key] <= self._own_counts[key]
        self._own_counts[key] += not own  # another client's message is passed on now
        return own


def _shown(session: Session) -> Messages:
    return tuple(reversed(session.messages or ()))


def _key(text: str) -> str:
    return text.strip()


def _overlap_start(known: Messages, shown: Messages) -> int | None:
    """Return the index in *known* at which *shown* starts; None if the two have no message in common."""
    if not known or not shown:
        return len(known)
    places = [place for place in range(len(known)) if _overlap_equal(known[place:], shown)]
    fresh = [place for place in places if place + len(shown) >= len(known)]
    if places:
        return fresh[0] if fresh else places[-1]  # a poll that ends earlier is older than the last one
    for back, message in enumerate(reversed(shown)):  # a message in between was changed at HeyGen
        place = len(known) - len(shown) + back
        if message == known[-1] and place >= 0:
            return place
    return 0 if shown[0] == known[0] else None  # the last message was changed


def _overlap_equal(one: Messages, other: Messages) -> bool:
    """Return True if the shorter of two sequences is the start of the longer."""
    return all(left == right for left, right in zip(one, other, strict=False))
