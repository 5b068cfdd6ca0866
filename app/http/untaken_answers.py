"""Answers that their clients haven't taken yet: their bytes are limited for each caller and for the process.

An answer is sent in pieces, and the next piece waits until the connection has room (ASGI's back-pressure), so that the
process knows which answers it still holds. A caller that holds too many bytes isn't admitted; where all callers together
hold too many, the oldest answer of the caller that holds most is cut off.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class UntakenAnswers:
    """The answers that are being sent, by caller."""

    def __init__(self, *, most_of_one: int, most: int) -> None:
        self._most_of_one = most_of_one
        self._most = most
        self._answers: dict[str, dict[asyncio.Timeout, int]] = {}
        """Their sizes in bytes, by the time limit that cuts them off; the oldest first."""

    def bytes_of(self, caller: str) -> int:
        return sum(size for limit, size in self._answers.get(caller, {}).items() if limit.when() is None)

    def admits(self, caller: str) -> bool:
        """Whether a caller may ask for more."""
        return self.bytes_of(caller) < self._most_of_one

    @asynccontextmanager
    async def sending(self, caller: str, size: int) -> AsyncIterator[None]:
        """Count an answer while it is sent. Raises TimeoutError where it is cut off."""
        async with asyncio.timeout(None) as limit:
            answers = self._answers.setdefault(caller, {})
            answers[limit] = size
            try:
                self._make_room()
                yield
            finally:
                del answers[limit]
                if not answers:
                    self._answers.pop(caller)

    def _make_room(self) -> None:
        while sum(map(self.bytes_of, self._answers)) > self._most:
            answers = self._answers[max(self._answers, key=self.bytes_of)]
            oldest = next(limit for limit in answers if limit.when() is None)
            oldest.reschedule(asyncio.get_running_loop().time())
