"""Display of a chat with the Video Agent."""

from __future__ import annotations

from rich.console import Console
from rich.status import Status
from rich.text import Text

from heygen_async import ChatFailed, Draft, MessagesMissed, Progress, Question, Ready, Remark, Turn
from heygen_async.plain_text import clean, clean_lines


class Screen:
    """Prints the turns of a chat. Progress is a live line on a terminal, elsewhere a line at each change of status."""

    def __init__(self, console: Console) -> None:
        """Print on *console*."""
        self._console = console
        self._status = Status("", console=console)
        self._status_shown = ""

    def show_session(self, session_id: str) -> None:
        """Print the id of the session and the words that end the chat."""
        self.show_note(f"Session {session_id}. /stop stops it, /leave or Ctrl-C leaves.")

    def show(self, turn: Turn) -> None:
        """Print one turn."""
        match turn:
            case Progress():
                self._progress(turn)
            case Question() | Draft() | Remark():
                self._show_message(turn)
            case MessagesMissed():
                self.show_note("Messages may be missing here: HeyGen no longer shows them.")
            case Ready(video=video):
                length = f", {video.duration:g} s" if video.duration else ""
                self._print(f"The video is ready{length}: {video.video_url or ''}", "green")
                if video.video_page_url:
                    self._print(f"In HeyGen's app: {video.video_page_url}")
            case ChatFailed(reason=reason):
                self._print(reason, "red")

    def prompt(self) -> None:
        """Print the prompt for a line."""
        self.close()
        self._status_shown = ""
        self._console.print("> ", end="", highlight=False)

    def echo(self, line: str | None) -> None:
        """Print the line that was read, unless a terminal shows it already."""
        if not self._console.is_terminal:
            self._print(line or "")

    def show_note(self, text: str) -> None:
        """Print a message of this program, not of the agent."""
        self._print(text, "dim")

    def show_error(self, text: str) -> None:
        """Print an error."""
        self._print(text, "red")

    def close(self) -> None:
        """Remove the live line."""
        self._status.stop()

    def _progress(self, turn: Progress) -> None:
        title = f" {turn.title!r}" if turn.title else ""
        line = f"{turn.status}{title}, {turn.percent:g} %"
        if self._console.is_terminal:
            self._status.update(Text(clean(line)))
            self._status.start()
        elif turn.status != self._status_shown:
            self._print(line)
        self._status_shown = turn.status

    def _show_message(self, turn: Question | Draft | Remark) -> None:
        speaker = "Agent" if turn.message.role == "model" else turn.message.role.capitalize()
        style = "red" if turn.message.type == "error" else "bold" if isinstance(turn, Question | Draft) else ""
        self._print(f"{speaker}: {turn.text}", style)
        for resource in turn.resources:
            address = resource.url or resource.preview_url or resource.thumbnail_url or resource.resource_id
            self._print(f"  {resource.resource_type}: {address}")

    def _print(self, text: str, style: str = "") -> None:
        self._console.print(Text(clean_lines(text), style=style), soft_wrap=True, highlight=False)
