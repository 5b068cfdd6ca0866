"""Batches reads of many requests: keys that arrive while a statement runs are read together by the next statement.

Answers aren't cached: each was read after its request asked for it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from contextvars import Context, copy_context
from typing import Generic, NamedTuple, TypeVar

SECONDS_ALONE = 0.02
"""Seconds that requests wait for a running statement before another one begins: its connection may hang."""

Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")


class Asked(NamedTuple, Generic[Key, Found]):
    key: Key
    answer: "asyncio.Future[Found | None]"
    context: Context
    """The context of the request: a statement counts as one of its first request."""


class SharedReads(Generic[Key, Found]):
    """Reads by key, together for requests at about the same time."""

    def __init__(self, read: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Found]]]) -> None:
        """`read` answers the keys that exist; all requests of a statement get what it raises."""
        self._read = read
        self._waiting: list[Asked[Key, Found]] = []
        self._reading: set[asyncio.Task[None]] = set()
        self._next: asyncio.TimerHandle | None = None

    async def find(self, key: Key) -> Found | None:
        """Read the answer for a key; None if there is none. Raises what `read` raises."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Found | None] = loop.create_future()
        self._waiting.append(Asked(key, answer, copy_context()))
        if not self._reading:
            self._begin()
        elif self._next is None:
            self._next = loop.call_later(SECONDS_ALONE, self._begin)
        return await answer

    def _begin(self) -> None:
        """Read for all waiting requests, including those that arrive before the task starts."""
        if self._next is not None:
            self._next.cancel()
            self._next = None
        if self._waiting:
            task = asyncio.get_running_loop().create_task(self._answer_all(), context=self._waiting[0].context)
            self._reading.add(task)
            task.add_done_callback(self._end)

    def _end(self, task: "asyncio.Task[None]") -> None:
        self._reading.discard(task)
        if self._waiting:
            self._begin()

    async def _answer_all(self) -> None:
        asked = [each for each in self._waiting if not each.answer.done()]
        self._waiting = []
        if not asked:
            return
        self._end_when_nobody_waits(asked)
        try:
            found = await self._read([*dict.fromkeys(each.key for each in asked)])
        except Exception as error:  # noqa: BLE001 - it is raised to those who asked
            for each in asked:
                if not each.answer.done():
                    each.answer.set_exception(error)
            return
        except BaseException:
            for each in asked:
                each.answer.cancel()
            raise
        for each in asked:
            if not each.answer.done():
                each.answer.set_result(found.get(each.key))

    def _end_when_nobody_waits(self, asked: Sequence[Asked[Key, Found]]) -> None:
        """Cancel this task once all who asked are cancelled, so that a connection that answers no more isn't held."""
        task = asyncio.current_task()

        def end(answer: "asyncio.Future[Found | None]") -> None:
            if answer.cancelled() and task is not None and all(each.answer.done() for each in asked):
                task.cancel()

        for each in asked:
            each.answer.add_done_callback(end)
