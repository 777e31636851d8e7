"""The sender of messages to a session. It sends each once, although HeyGen takes no key for messages."""

from __future__ import annotations

import logging
from typing import Literal

from heygen_async.api.agents.sessions import AgentReply, get_session, send_reply
from heygen_async.api.agents.turn_reader import TurnReader
from heygen_async.errors import HeyGenError, OutcomeUnknownError
from heygen_async.http.caller import Caller

TRIES = 3
LOOKS_EVERY = 5.0
GRACE_SECONDS = 40.0  # for a message to appear in the session: HeyGen's paid POSTs take 31 s in 99 of 100 cases

Arrival = Literal["arrived", "absent", "unclear"]

logger: logging.Logger = logging.getLogger("heygen_async")


class Sender:
    """Sends messages to one session. After a lost answer it looks for the message before it sends it again."""

    def __init__(self, caller: Caller, session_id: str, reader: TurnReader) -> None:
        """Send by *caller*; *reader* has the transcript."""
        self._caller = caller
        self._session_id = session_id
        self._reader = reader
        self._unconfirmed: tuple[str, int] | None = None  # text that may have arrived, and its count by then

    async def send(self, reply: AgentReply) -> None:
        """Send *reply*, and return when HeyGen has it.

        Raises:
            OutcomeUnknownError: The message may have arrived: its answer was lost, and the session does not show it.
            HeyGenError: The message was refused.
        """
        if await self._confirm_earlier(reply.text):
            return
        count = self._reader.transcript.expect(reply.text)
        self._unconfirmed = reply.text, count  # before the POST, which may be cancelled
        try:
            await self._deliver(reply, count)
        except OutcomeUnknownError:
            raise
        except HeyGenError:
            self._withdraw(reply.text)
            raise
        self._unconfirmed = None

    async def _confirm_earlier(self, text: str) -> bool:
        """Look for an earlier message without an answer; return True if it was *text* and has arrived."""
        if self._unconfirmed is None:
            return False
        earlier, count = self._unconfirmed
        arrival = await self._look_for(earlier, count, self._reader.status)
        if arrival == "absent":
            self._withdraw(earlier)
            return False
        self._unconfirmed = None
        if arrival == "unclear":
            raise self._unknown("no message was sent: an earlier message was cut short")
        return earlier == text

    async def _deliver(self, reply: AgentReply, count: int) -> None:
        """Send until the message has arrived. After a lost answer send again only if the session shows no change."""
        before, lost = self._reader.status, None
        for _ in range(TRIES):
            refused: HeyGenError | None = None
            try:
                await self._caller.send(send_reply(self._session_id, reply))
            except OutcomeUnknownError as exc:
                lost = exc
            except HeyGenError as exc:
                if lost is None:
                    raise
                refused = exc  # perhaps because the earlier attempt has arrived
            else:
                return
            arrival = await self._look_for(reply.text, count, before)
            if arrival == "arrived":
                return
            if arrival == "unclear":
                break
            if refused is not None:
                raise refused
            logger.info("session %s does not show a message whose answer was lost: sent again", self._session_id)
        raise self._unknown("the answer to a message was lost") from lost

    async def _look_for(self, text: str, count: int, before: str) -> Arrival:
        """Look for a message in the session, for as long as HeyGen may be working on the POST.

        Args:
            text: Text of the message.
            count: Number of messages with this text once it has arrived.
            before: Status of the session before the message was sent.
        """
        clock = self._caller.account.clock
        ends_at = clock.now() + GRACE_SECONDS
        changed = True
        while True:
            try:
                session = await self._caller.send(get_session(self._session_id))
            except HeyGenError as exc:
                if not exc.retryable:
                    return "unclear"
            else:
                if self._reader.transcript.has(text, count, session):
                    return "arrived"
                changed = session.status != before or self._reader.transcript.users_spoke(session)
            if clock.now() >= ends_at:
                return "unclear" if changed else "absent"
            await clock.sleep(LOOKS_EVERY)

    def _unknown(self, event: str) -> OutcomeUnknownError:
        return OutcomeUnknownError(
            f"session {self._session_id}: {event}, and the session does not show if it has arrived; "
            "read its messages before you send it again",
            resource_id=self._session_id,
        )

    def _withdraw(self, text: str) -> None:
        self._reader.transcript.withdraw(text)
        self._unconfirmed = None
