"""What a person sees of a chat with the Video Agent."""

from __future__ import annotations

from rich.console import Console
from rich.status import Status
from rich.text import Text

from heygen_async import ChatFailed, Draft, MessagesMissed, Progress, Question, Ready, Remark, Turn


class Screen:
    """Shows turns on a console: a live line of progress on a terminal, elsewhere a line at each change of status."""

    def __init__(self, console: Console) -> None:
        """Show on *console*."""
        self._console = console
        self._status = Status("", console=console)
        self._word = ""

    def begin(self, session_id: str) -> None:
        """Say what one is in."""
        self.note(f"Session {session_id}. /stop stops it, /leave or Ctrl-C leaves.")

    def show(self, turn: Turn) -> None:
        """Show one turn."""
        match turn:
            case Progress():
                self._progress(turn)
            case Question() | Draft() | Remark():
                self._said(turn)
            case MessagesMissed():
                self.note("Something before this may have been said that HeyGen shows no more.")
            case Ready(video=video):
                length = f", {video.duration:g} s" if video.duration else ""
                self._print(Text(f"The video is ready{length}: {_clean(video.video_url or '')}", style="green"))
                if video.video_page_url:
                    self._print(Text(f"In HeyGen's app: {_clean(video.video_page_url)}"))
            case ChatFailed(reason=reason):
                self._print(Text(_clean(reason), style="red"))

    def prompt(self) -> None:
        """Ask for a line."""
        self.close()
        self._word = ""
        self._console.print("> ", end="", highlight=False)

    def heard(self, line: str | None) -> None:
        """Show the line that was read, where no terminal has."""
        if not self._console.is_terminal:
            self._print(Text(_clean(line or "")))

    def note(self, words: str) -> None:
        """Say something that the agent has not said."""
        self._print(Text(words, style="dim"))

    def complain(self, words: str) -> None:
        """Say what is wrong."""
        self._print(Text(_clean(words), style="red"))

    def close(self) -> None:
        """Take the live line away."""
        self._status.stop()

    def _progress(self, turn: Progress) -> None:
        title = f" {turn.title!r}" if turn.title else ""
        words = Text(f"{turn.status}{title}, {turn.percent:g} %")
        if self._console.is_terminal:
            self._status.update(words)
            self._status.start()
        elif turn.status != self._word:
            self._print(words)
        self._word = turn.status

    def _said(self, turn: Question | Draft | Remark) -> None:
        who = "Agent" if turn.message.role == "model" else turn.message.role.capitalize()
        style = "red" if turn.message.type == "error" else "bold" if isinstance(turn, Question | Draft) else ""
        self._print(Text(f"{_clean(who)}: {_clean(turn.text)}", style=style))
        for resource in turn.resources:
            where = resource.url or resource.preview_url or resource.thumbnail_url or resource.resource_id
            self._print(Text(f"  {_clean(resource.resource_type)}: {_clean(where)}"))

    def _print(self, words: Text) -> None:
        self._console.print(words, soft_wrap=True, highlight=False)


def _clean(words: str) -> str:
    """Return what may be shown on a terminal: no escape sequences, which could come from anywhere."""
    return "".join(letter for letter in words if letter.isprintable() or letter in "\n\t")
