"""Text files, read line by line; each line is checked for its encoding, NUL bytes and length."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs

from heygen_async.bulk.rows.problems import Problem, ProblemError
from heygen_async.bulk.rows.readers import sniffing

LINE_CHARACTERS = 1_048_576  # contact lists have hundreds in a line; an endless line must not fill the memory
_SHOWN = 40
_MAX_FLAWS = 5  # unreadable lines; more of them mean another encoding, or a file that is not text
_UNREADABLE = re.compile(r"[\udc80-\udcff]")  # bytes that Python's "surrogateescape" could not decode


@attrs.frozen(kw_only=True)
class TextFile:
    """A text file and its encoding.

    Attributes:
        path: Path of the file.
        encoding: Python's name of the encoding.
        start: First characters, by which the format is detected.
    """

    path: Path
    encoding: str
    start: str = attrs.field(repr=False)

    def lines(self, report: Callable[[Problem], None]) -> Iterator[str]:
        """Yield the lines with their line ends.

        Args:
            report: Called with the problem of a line that is not in the encoding or has a NUL byte, before the line
                is yielded.

        Raises:
            ProblemError: The rest cannot be read: there are too many such lines, or one is too long.
        """
        number, flaws = 1, 0
        errors = "strict" if self.encoding.startswith(("utf-16", "utf-32")) else "surrogateescape"
        try:
            with self.path.open(encoding=self.encoding, errors=errors, newline="") as file:
                for line in iter(lambda: file.readline(LINE_CHARACTERS), ""):
                    flaw = self._flaw(line, number)
                    if flaw is not None:
                        flaws += 1
                        if flaws > _MAX_FLAWS:
                            raise attrs.evolve(flaw, reason=f"{flaw.reason}; not read from here on").error()
                        report(flaw)
                    yield line
                    number += 1
        except UnicodeError as exc:
            raise self._broken(number, f"not {self.encoding} from here on ({exc})", "export the file again") from exc
        except OSError as exc:
            raise self._broken(number, str(exc.strerror), "check the disk and who may read the file") from exc

    def _flaw(self, line: str, number: int) -> Problem | None:
        """Return the problem of a line that cannot be read as text."""
        if len(line) >= LINE_CHARACTERS:
            raise self._broken(
                number,
                f"a line of more than {LINE_CHARACTERS:,} characters",
                "is this the right file? Or a quote is never closed",
            )
        if "\0" in line:
            mend = "the file is damaged or not text: export it again"
            return self._broken(number, "a NUL byte, which no text has", mend).problem
        found = None if line.isascii() else _UNREADABLE.search(line)
        return None if found is None else self._unreadable(line, number, found.start())

    def _unreadable(self, line: str, number: int, at: int) -> Problem:
        """Return a problem that shows the line in Excel's older encoding, so that a person sees if that is right."""
        around = line[max(0, at - _SHOWN // 2) : at + _SHOWN // 2].strip()
        codec = "utf-8" if self.encoding == "utf-8-sig" else self.encoding
        raw = around.encode(codec, "surrogateescape")
        guess = raw.decode("cp1252", "replace")
        return self._broken(
            number,
            f"not {codec.upper()}: byte 0x{ord(line[at]) - 0xDC00:02x}; as cp1252, Excel's older encoding: {guess!r}",
            'if that is right, read it so (--encoding cp1252); else save the file as "CSV UTF-8"',
        ).problem

    def _broken(self, line: int, reason: str, mend: str) -> ProblemError:
        return Problem(source=str(self.path), line=line, reason=reason, mend=mend).error()


def text_file(path: Path, encoding: str | None = None) -> TextFile:
    """Open *path* as text: in the encoding of its byte order mark, else in *encoding*, else in UTF-8.

    The encoding is never guessed: a name that is read wrongly would be spoken, and the video paid for.

    Raises:
        InvalidInputError: Not readable, empty, not text, or an unknown encoding.
    """
    start = sniffing.head(path)
    marked = sniffing.mark_encoding(start)
    if marked is None:
        sniffing.check_binary(path, start, "text")
    known = _python_name(path, encoding) if encoding is not None else None
    chosen = marked or known
    if chosen is None and b"\0" in start[:4] and b"\0\0" not in start[:4]:
        raise sniffing.refusal(
            path,
            "looks like UTF-16 without a byte order mark",
            'name its encoding (--encoding utf-16-le), or save it as "CSV UTF-8"',
            1,
        )
    chosen = chosen or "utf-8"
    return TextFile(path=path, encoding=chosen, start=codecs.getincrementaldecoder(chosen)("replace").decode(start))


def _python_name(path: Path, encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError as exc:
        raise sniffing.refusal(path, f"there is no encoding {encoding!r}", "such as utf-8, utf-16 or cp1252") from exc
