"""Answers that their clients haven't taken yet: their bytes are limited for each caller and for the process.

An answer is sent in pieces, and the next piece waits until the connection has room (ASGI's back-pressure), so that the
process knows which answers it still holds. Each piece has to be taken in time. A caller that holds too many bytes isn't
admitted; where all callers together hold too many, the oldest answer of the caller that holds most is cut off.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class UntakenAnswers:
    """The answers that are being sent, by caller."""

    def __init__(self, *, most_of_one: int, most: int, piece_seconds: float) -> None:
        self._most_of_one = most_of_one
        self._most = most
        self._piece_seconds = piece_seconds
        self._answers: dict[str, dict[asyncio.Timeout, int]] = {}
        """Sizes in bytes, by the time limit that cuts the answer off; the oldest first."""

    def bytes_of(self, caller: str) -> int:
        return sum(self._answers.get(caller, {}).values())

    def admits(self, caller: str) -> bool:
        """Whether a caller's next request is admitted."""
        return caller not in self._answers or self.bytes_of(caller) < self._most_of_one

    @asynccontextmanager
    async def sending(self, caller: str, size: int) -> AsyncIterator[Callable[[], None]]:
        """Count an answer while it is sent; before each piece the yielded function is called.

        Raises TimeoutError where the answer is cut off, or a piece isn't taken in time.
        """
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(None) as limit:

            def begin_piece() -> None:
                if limit in self._answers.get(caller, {}):
                    limit.reschedule(loop.time() + self._piece_seconds)

            self._answers.setdefault(caller, {})[limit] = size
            try:
                self._make_room()
                yield begin_piece
            finally:
                self._forget(caller, limit)

    def _make_room(self) -> None:
        while sum(map(self.bytes_of, self._answers)) > self._most:
            caller = max(self._answers, key=self.bytes_of)
            oldest = next(iter(self._answers[caller]))
            oldest.reschedule(asyncio.get_running_loop().time())
            self._forget(caller, oldest)

    def _forget(self, caller: str, limit: asyncio.Timeout) -> None:
        answers = self._answers.get(caller, {})
        answers.pop(limit, None)
        if not answers:
            self._answers.pop(caller, None)
