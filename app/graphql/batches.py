"""Reading in batches, so that the number of statements doesn't depend on how long each of them took.

Two branches of a query often come to the same question, such as that for authors, a moment apart. Whatever is asked
while a batch is read waits for the next one, in which each question is put once, for all who asked it.
"""

import asyncio
from collections.abc import Callable, Coroutine, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any

from app.graphql.execution.pace import Pace

Read = Callable[[list[Any]], Coroutine[Any, Any, list[Any]]]

QUIET_TICKS = 10
"""Of the event loop, without a new question: by then everybody has asked who was given an answer in the last batch."""


@dataclass(slots=True)
class Question:
    """What is asked of one reader in one batch."""

    keys: dict[Hashable, None] = field(default_factory=dict)
    answer: asyncio.Future[dict[Hashable, Any]] = field(default_factory=asyncio.Future)

    def settle(self, found: list[Any] | BaseException) -> None:
        if self.answer.done():
            return
        if isinstance(found, asyncio.CancelledError):
            self.answer.cancel()
        elif isinstance(found, BaseException):
            self.answer.set_exception(found)
        else:
            self.answer.set_result(dict(zip(self.keys, found, strict=True)))


class Batches:
    """The batches of one request."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._asked: dict[Read, Question] = {}
        self._times_asked = 0
        self._reading: asyncio.Task[None] | None = None
        self._closed = False

    async def read(self, read: Read, keys: Iterable[Hashable]) -> list[Any]:
        """What `read` finds for the keys, in their order; read in the next batch."""
        if self._closed:
            raise asyncio.CancelledError
        question = self._asked.setdefault(read, Question())
        question.keys.update(dict.fromkeys(keys))
        self._times_asked += 1
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read_batches())
        found = await asyncio.shield(question.answer)
        return [found[key] for key in keys]

    async def close(self) -> None:
        """End what is still being read."""
        self._closed = True
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        for question in self._asked.values():
            question.answer.cancel()

    async def _read_batches(self) -> None:
        while self._asked:
            await self._until_all_have_asked()
            asked, self._asked = self._asked, {}
            try:
                reading = [read(list(question.keys)) for read, question in asked.items()]
                found = await asyncio.gather(*reading, return_exceptions=True)
            except asyncio.CancelledError:
                for question in (*asked.values(), *self._asked.values()):
                    question.answer.cancel()
                raise
            for question, outcome in zip(asked.values(), found, strict=True):
                question.settle(outcome)

    async def _until_all_have_asked(self) -> None:
        quiet = 0
        while quiet < QUIET_TICKS:
            before = self._times_asked
            await asyncio.sleep(0)
            is_quiet = self._times_asked == before and not self._pace.has_waiting
            quiet = quiet + 1 if is_quiet else 0
