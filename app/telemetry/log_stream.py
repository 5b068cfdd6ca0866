"""The stream of the log, which may lose lines but never raises."""

from collections.abc import Callable
from typing import TextIO


class LogStream:
    """Drops and counts lines while the disk is full or the reader gone; the next line that is written says how many.

    A request is answered, and a commit acknowledged, whether or not the line about it can be written.
    """

    def __init__(self, stream: TextIO, line_about_lost: Callable[[int], str]) -> None:
        """`line_about_lost` makes the line that says how many lines were lost."""
        self._stream = stream
        self._line_about_lost = line_about_lost
        self._lost = 0

    def write(self, line: str) -> int:
        try:
            self._stream.write(f"{self._line_about_lost(self._lost)}\n{line}" if self._lost else line)
            self._stream.flush()
        except (OSError, ValueError):
            # The latter where it was closed.
            self._lost += 1
        else:
            self._lost = 0
        return len(line)

    def flush(self) -> None:
        """Lines are written at once, without a buffer."""
