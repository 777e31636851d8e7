"""Saying something to a session once, though a message has no key and its answer may be lost."""

from __future__ import annotations

import logging
from typing import Literal

import anyio

from heygen_async.api.agents.sessions import AgentReply, get_session, send_reply
from heygen_async.api.agents.turn_reader import TurnReader
from heygen_async.errors import HeyGenError, OutcomeUnknownError
from heygen_async.http.caller import Caller

TRIES = 3
LOOKS_EVERY = 5.0
GRACE_SECONDS = 40.0  # for a message to show itself: HeyGen's paid POSTs take 31 s in 99 of 100 cases

Fate = Literal["arrived", "absent", "unclear"]

logger: logging.Logger = logging.getLogger("heygen_async")


class Sender:
    """Sends messages to one session, and looks for those whose answer was lost before it sends them again."""

    def __init__(self, caller: Caller, session_id: str, reading: TurnReader) -> None:
        """Send by *caller*; *reading* knows what was said."""
        self._caller = caller
        self._session_id = session_id
        self._reading = reading
        self._doubtful: tuple[str, int] | None = None  # a message that may have arrived, and the how-manieth it is

    async def send(self, reply: AgentReply) -> None:
        """Send *reply*; return when HeyGen has it.

        Raises:
            OutcomeUnknownError: It may have arrived: its answer was lost, and the session does not tell.
            HeyGenError: It was refused.
        """
        if await self._settled(reply.message):
            return
        wanted = self._reading.transcript.expect(reply.message)
        self._doubtful = reply.message, wanted  # also while the POST is on its way: it may be cancelled
        try:
            await self._deliver(reply, wanted)
        except OutcomeUnknownError:
            raise
        except HeyGenError:
            self._withdraw(reply.message)
            raise
        self._doubtful = None

    async def _settled(self, text: str) -> bool:
        """Whether *text* is what was sent before, and has arrived."""
        if self._doubtful is None:
            return False
        before, wanted = self._doubtful
        fate = await self._look_for(before, wanted, self._reading.status)
        if fate == "absent":
            self._withdraw(before)
            return False
        self._doubtful = None
        if fate == "unclear":
            raise self._unknown("nothing was sent: an earlier message was cut short")
        return before == text

    async def _deliver(self, reply: AgentReply, wanted: int) -> None:
        """Send until the message has arrived; after a lost answer only if the session shows that it has not."""
        before, lost = self._reading.status, None
        for _ in range(TRIES):
            refused: HeyGenError | None = None
            try:
                await self._caller.send(send_reply(self._session_id, reply))
            except OutcomeUnknownError as exc:
                lost = exc
            except HeyGenError as exc:
                if lost is None:
                    raise
                refused = exc  # perhaps because the one before has arrived after all
            else:
                return
            fate = await self._look_for(reply.message, wanted, before)
            if fate == "arrived":
                return
            if fate == "unclear":
                break
            if refused is not None:
                raise refused
            logger.info("session %s does not show a message whose answer was lost: sent again", self._session_id)
        raise self._unknown("the answer to a message was lost") from lost

    async def _look_for(self, text: str, wanted: int, before: str) -> Fate:
        """Look whether a message has arrived, for as long as HeyGen may be working on it.

        Args:
            text: The message.
            wanted: How many of this text there are then.
            before: The session's status before it was sent.
        """
        ends_at = anyio.current_time() + GRACE_SECONDS
        changed = True
        while True:
            try:
                session = await self._caller.send(get_session(self._session_id))
            except HeyGenError as exc:
                if not exc.retryable:
                    return "unclear"
            else:
                if self._reading.transcript.has(text, wanted, session):
                    return "arrived"
                changed = session.status != before or self._reading.transcript.users_spoke(session)
            if anyio.current_time() >= ends_at:
                return "unclear" if changed else "absent"
            await anyio.sleep(LOOKS_EVERY)

    def _unknown(self, what: str) -> OutcomeUnknownError:
        return OutcomeUnknownError(
            f"session {self._session_id}: {what}, and the session does not tell whether it has arrived; "
            "look at its messages before you say it again",
            resource_id=self._session_id,
        )

    def _withdraw(self, text: str) -> None:
        self._reading.transcript.withdraw(text)
        self._doubtful = None
