"""Display of a chat with the Video Agent."""

from __future__ import annotations

from rich.console import Console
from rich.status import Status
from rich.text import Text

from heygen_async import ChatFailed, Draft, MessagesMissed, Progress, Question, Ready, Remark, Turn


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
                self._print(Text(f"The video is ready{length}: {_clean(video.video_url or '')}", style="green"))
                if video.video_page_url:
                    self._print(Text(f"In HeyGen's app: {_clean(video.video_page_url)}"))
            case ChatFailed(reason=reason):
                self._print(Text(_clean(reason), style="red"))

    def prompt(self) -> None:
        """Print the prompt for a line."""
        self.close()
        self._status_shown = ""
        self._console.print("> ", end="", highlight=False)

    def echo(self, line: str | None) -> None:
        """Print the line that was read, unless a terminal shows it already."""
        if not self._console.is_terminal:
            self._print(Text(_clean(line or "")))

    def show_note(self, text: str) -> None:
        """Print a message of this program, not of the agent."""
        self._print(Text(text, style="dim"))

    def show_error(self, text: str) -> None:
        """Print an error."""
        self._print(Text(_clean(text), style="red"))

    def close(self) -> None:
        """Remove the live line."""
        self._status.stop()

    def _progress(self, turn: Progress) -> None:
        title = f" {turn.title!r}" if turn.title else ""
        line = Text(f"{turn.status}{title}, {turn.percent:g} %")
        if self._console.is_terminal:
            self._status.update(line)
            self._status.start()
        elif turn.status != self._status_shown:
            self._print(line)
        self._status_shown = turn.status

    def _show_message(self, turn: Question | Draft | Remark) -> None:
        speaker = "Agent" if turn.message.role == "model" else turn.message.role.capitalize()
        style = "red" if turn.message.type == "error" else "bold" if isinstance(turn, Question | Draft) else ""
        self._print(Text(f"{_clean(speaker)}: {_clean(turn.text)}", style=style))
        for resource in turn.resources:
            address = resource.url or resource.preview_url or resource.thumbnail_url or resource.resource_id
            self._print(Text(f"  {_clean(resource.resource_type)}: {_clean(address)}"))

    def _print(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True, highlight=False)


def _clean(text: str) -> str:
    """Remove control characters: an escape sequence in a message could change the terminal."""
    return "".join(letter for letter in text if letter.isprintable() or letter in "\n\t")
