"""Reads that many requests need: what is asked for while one statement is under way is read together by the next.

Nothing is kept from one statement to the next: what is answered was read after it was asked for.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from contextvars import Context, copy_context
from typing import Generic, NamedTuple, TypeVar

SECONDS_ALONE = 0.02
"""How long others wait for a statement before they are read by one of their own: its connection may hang."""

Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")


class Asked(NamedTuple, Generic[Key, Found]):
    key: Key
    answer: "asyncio.Future[Found | None]"
    context: Context
    """Of who asks: the statement counts as one of the first who is answered by it."""


class SharedReads(Generic[Key, Found]):
    """Reads by key, for all who ask at about the same time."""

    def __init__(self, read: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Found]]]) -> None:
        """`read` answers with what there is of these keys; what it raises is raised to all of them."""
        self._read = read
        self._waiting: list[Asked[Key, Found]] = []
        self._reading: set[asyncio.Task[None]] = set()
        self._next: asyncio.TimerHandle | None = None

    async def find(self, key: Key) -> Found | None:
        """What there is of a key; None if there is nothing. Raises what the reading raises."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Found | None] = loop.create_future()
        self._waiting.append(Asked(key, answer, copy_context()))
        if not self._reading:
            self._begin()
        elif self._next is None:
            self._next = loop.call_later(SECONDS_ALONE, self._begin)
        return await answer

    def _begin(self) -> None:
        """Read for all who wait, those among them who come before the event loop has got to it."""
        self._next = None
        if self._waiting:
            task = asyncio.get_running_loop().create_task(self._answer_all(), context=self._waiting[0].context)
            self._reading.add(task)
            task.add_done_callback(self._end)

    def _end(self, task: "asyncio.Task[None]") -> None:
        self._reading.discard(task)
        if self._waiting:
            self._stop_waiting_alone()
            self._begin()

    def _stop_waiting_alone(self) -> None:
        if self._next is not None:
            self._next.cancel()
            self._next = None

    async def _answer_all(self) -> None:
        asked = [each for each in self._waiting if not each.answer.done()]
        self._waiting = []
        self._stop_waiting_alone()
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

        def end(_: object) -> None:
            if task is not None and all(each.answer.done() for each in asked):
                task.cancel()

        for each in asked:
            each.answer.add_done_callback(end)
