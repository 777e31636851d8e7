"""Creates the webhook events of jobs, sessions and batches that have ended."""

from __future__ import annotations

from typing import Any

import attrs

from heygen_async.simulator.account.job_kinds import JOB_KINDS
from heygen_async.simulator.storage import files
from heygen_async.simulator.world.batches import BatchState
from heygen_async.simulator.world.outbox import Notice, OutgoingEvent
from heygen_async.simulator.world.renders import Render
from heygen_async.simulator.world.sessions import AgentSession
from heygen_async.simulator.world.world import World


@attrs.frozen
class Notifier:
    """Creates the event of each ended object and publishes it in the outbox.

    Only the data of ``avatar_video.success`` is documented. The data of other events follows public receivers (section
    8 of the notes). The types of the events of lipsyncs and background removals are guesses.

    Attributes:
        world: World whose objects have ended.
    """

    world: World

    def notify(self, ended: Render | AgentSession | BatchState | Notice) -> None:
        """Publish the event of an ended object, or of a notice."""
        if isinstance(ended, AgentSession):
            self._notify_session(ended)
        elif isinstance(ended, BatchState):
            self._notify_batch(ended)
        elif isinstance(ended, Notice):
            self.world.outbox.publish(self._event(ended.event_type, ended.data, ended.entity_id), None)
        else:
            self._notify_render(ended)

    def _notify_render(self, render: Render) -> None:
        kind = JOB_KINDS[render.job_kind]
        data = {
            kind.id_name if kind.id_name != "job_id" else "id": render.video_id,
            **self._outcome(render),
            "folder_id": render.folder_id,
            "callback_id": render.body.get("callback_id"),
        }
        event = self._event(f"{kind.event}.{_result(render)}", data, render.video_id)
        self.world.outbox.publish(event, render.body.get("callback_url"), listed=kind.listed)

    def _notify_session(self, session: AgentSession) -> None:
        video = session.video
        done = session.status == "completed"
        data = {
            "session_id": session.session_id,
            "video_id": video.video_id if video else None,
            "callback_id": session.body.get("callback_id"),
            **({} if video is None else self._outcome(video)),
        }
        event = self._event(f"video_agent.{'success' if done else 'fail'}", data, session.session_id)
        self.world.outbox.publish(event, session.body.get("callback_url"))

    def _notify_batch(self, batch: BatchState) -> None:
        now = self.world.simulated_time
        data = {
            "batch_id": batch.batch_id,
            "title": batch.title,
            "status": batch.status(now),
            "total_items": len(batch.members),
            "counts_by_status": batch.counts(now),
        }
        self.world.outbox.publish(self._event("batch.finished", data, batch.batch_id), batch.callback_url)

    def _outcome(self, render: Render) -> dict[str, Any]:
        if failure := render.faults.failure:
            # Receivers report the reason under each of these names.
            return {"msg": failure.message, "failure_code": failure.code, "failure_message": failure.message}
        page = f"{self.world.origin}/videos/{render.video_id}"
        ending = "." + str(render.body.get("output_format") or "mp4")
        return {
            "url": files.address(self.world, self.world.origin, render, ending, since=self.world.simulated_time),
            "gif_download_url": None,
            "video_page_url": page,
            "video_share_page_url": page,
        }

    def _event(self, event_type: str, data: dict[str, Any], entity_id: str) -> OutgoingEvent:
        number = self.world.next_number("event")
        return OutgoingEvent(
            event_id=f"evt_{self.world.make_id('event', number)}",
            number=number,
            event_type=event_type,
            data=data,
            entity_id=entity_id,
            at=self.world.simulated_time,
        )


def _result(render: Render) -> str:
    return "fail" if render.faults.failure else "success"
