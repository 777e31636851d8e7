"""The transcript of a session, put together from looks that each show the last messages only. No I/O here.

Messages have no ids, and HeyGen shows the last 40 without a way to ask for more: where a look goes on from the one
before is found by what both show.
"""

from __future__ import annotations

from collections import Counter

import attrs

from heygen_async.api.agents.sessions import AgentMessage, Session

Messages = tuple[AgentMessage, ...]


@attrs.frozen(kw_only=True)
class TranscriptChange:
    """The messages and facts of a look that are new.

    Attributes:
        messages: Oldest first; without those that this chat has said itself.
        missed: True if something before them may have been said that is shown no more.
    """

    messages: Messages = ()
    missed: bool = False


class Transcript:
    """The messages of a session, each once, in order; and which of them are this chat's own."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._known: Messages = ()
        self._heard: Counter[str] = Counter()  # what users have said, as far as looks have shown it
        self._own: Counter[str] = Counter()  # what users have said, as far as it is accounted for

    @property
    def pending(self) -> Messages:
        """The agent's messages since the last one of a user, oldest first."""
        places = [place for place, message in enumerate(self._known) if message.role == "user"]
        return self._known[places[-1] + 1 :] if places else self._known

    def expect(self, text: str) -> int:
        """Note that *text* is being said by this chat; return how many such messages there must be then."""
        self._own[_key(text)] += 1
        return self._own[_key(text)]

    def withdraw(self, text: str) -> None:
        """Note that *text* was not said after all."""
        self._own[_key(text)] -= 1

    def has(self, text: str, count: int, session: Session) -> bool:
        """True if users have said *text* so often, *session* included, which is not taken in."""
        more = sum(_key(message.content) == _key(text) for message in self._unseen_of_users(session))
        return self._heard[_key(text)] + more >= count

    def users_spoke(self, session: Session) -> bool:
        """Whether *session* shows words of users that were not seen before. It is not taken in."""
        return bool(self._unseen_of_users(session))

    def _unseen_of_users(self, session: Session) -> Messages:
        shown = _shown(session)
        place = _place(self._known, shown)
        new = shown if place is None else shown[len(self._known) - place :]
        return tuple(message for message in new if message.role == "user")

    def take(self, session: Session) -> TranscriptChange:
        """Take in what *session* shows and return what is new."""
        shown = _shown(session)
        place = _place(self._known, shown)
        if place is None:
            new, self._known = shown, self._known + shown
        else:
            new = shown[len(self._known) - place :]
            if place + len(shown) >= len(self._known):
                self._known = self._known[:place] + shown  # in its latest wording
        foreign = tuple(message for message in new if not self._is_own(message))
        return TranscriptChange(messages=foreign, missed=place is None)

    def _is_own(self, message: AgentMessage) -> bool:
        if message.role != "user":
            return False
        key = _key(message.content)
        self._heard[key] += 1
        own = self._heard[key] <= self._own[key]
        self._own[key] += not own  # whoever said it, it is accounted for
        return own


def _shown(session: Session) -> Messages:
    return tuple(reversed(session.messages or ()))


def _key(text: str) -> str:
    return text.strip()


def _place(known: Messages, shown: Messages) -> int | None:
    """Return the place in *known* at which *shown* begins; None if the two do not meet."""
    if not known or not shown:
        return len(known)
    places = [place for place in range(len(known)) if _agree(known[place:], shown)]
    fresh = [place for place in places if place + len(shown) >= len(known)]
    if places:
        return fresh[0] if fresh else places[-1]  # a look that shows less than was known is older than the last one
    for back, message in enumerate(reversed(shown)):  # something in between was changed at HeyGen
        place = len(known) - len(shown) + back
        if message == known[-1] and place >= 0:
            return place
    return 0 if shown[0] == known[0] else None  # the last message was changed


def _agree(one: Messages, other: Messages) -> bool:
    """True if two sequences are the same as far as both go."""
    return all(left == right for left, right in zip(one, other, strict=False))
