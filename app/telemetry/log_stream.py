"""Where the log is written to: nothing fails because a line of it can't be written."""

from collections.abc import Callable
from typing import TextIO


class LogStream:
    """A stream whose disk may be full, or whose reader gone: lines are lost then, and it is told how many were.

    A request is answered whether or not a line about it can be written, and a change that is committed isn't called
    failed for that.
    """

    def __init__(self, stream: TextIO, told: Callable[[int], str]) -> None:
        """`told`: the line that says how many were lost."""
        self._stream = stream
        self._told = told
        self._lost = 0

    def write(self, line: str) -> int:
        try:
            self._stream.write(f"{self._told(self._lost)}\n{line}" if self._lost else line)
            self._stream.flush()
        except (OSError, ValueError):
            # The latter where it was closed.
            self._lost += 1
        else:
            self._lost = 0
        return len(line)

    def flush(self) -> None:
        """Each line is written at once."""
