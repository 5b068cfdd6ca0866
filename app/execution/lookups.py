"""Lookups: one request reads rows by key together, wherever in it they are needed."""

import asyncio
from asyncio import shield
from collections.abc import Callable, Coroutine, Generator, Hashable, Iterable, Mapping
from functools import cached_property
from typing import Any, Generic, NamedTuple, TypeVar

from aiodataloader import DataLoader

Key = TypeVar("Key", bound=Hashable)
Answer = TypeVar("Answer")
Made = TypeVar("Made")

Load = Callable[[list[Any]], Coroutine[Any, Any, list[Any]]]


class Vanished(LookupError):
    """A row is gone that the request has seen: somebody published, discarded or removed it meanwhile."""


class Loader(Generic[Key, Answer]):
    """Reads answers by key, each once, for one parent or many at a time.

    A loader that failed doesn't read again: it would fail once for every key.
    """

    def __init__(self, load: Load, reading: "set[asyncio.Task[Any]]") -> None:
        self._load = load
        self._reading = reading
        self._answers: dict[Key, Answer] = {}
        self._read_elsewhere: list[Callable[[], Mapping[Key, Answer]]] = []
        self._failure: Exception | None = None

    def load(self, key: Key) -> "asyncio.Future[Answer]":
        """The answer for one key, read together with the keys of other calls at the same time.

        Several callers may wait for it, so that a caller that is cancelled leaves it to the others.
        """
        return shield(not_logged(self._one_by_one.load(key)))

    def load_many(self, keys: Iterable[Key]) -> "asyncio.Future[list[Answer]]":
        return not_logged(asyncio.gather(*map(self.load, keys)))

    @cached_property
    def _one_by_one(self) -> DataLoader[Key, Answer]:
        return DataLoader(self._load_batch)

    async def read(self, keys: Iterable[Key]) -> dict[Key, Answer]:
        """Read the missing keys, and answer everything that this loader has read, by key."""
        while self._read_elsewhere:
            self._answers.update(self._read_elsewhere.pop()())
        missing = [key for key in dict.fromkeys(keys) if key not in self._answers]
        if missing and self._failure is not None:
            raise self._failure.with_traceback(None)
        if missing:
            try:
                answers = await self._load(missing)
            except Exception as failure:
                self._failure = failure
                raise
            self._answers.update(zip(missing, answers, strict=True))
        return self._answers

    def know(self, answers: Callable[[], Mapping[Key, Answer]]) -> None:
        """Take answers that another statement has read; they are made at the next read."""
        self._read_elsewhere.append(answers)

    def close(self) -> None:
        """Forget all answers; the loader can't be used afterwards."""
        vars(self).clear()

    async def _load_batch(self, keys: list[Key]) -> list[Answer]:
        # The task is one of the library's own, which doesn't end with that of the request.
        task = asyncio.current_task()
        if task is not None:
            self._reading.add(task)
            task.add_done_callback(self._reading.discard)
        answers = await self.read(keys)
        return [answers[key] for key in keys]


def not_logged(future: "asyncio.Future[Answer]") -> "asyncio.Future[Answer]":
    """Keep asyncio from logging an exception of a future that nobody awaits any more."""
    future.add_done_callback(lambda done: done.cancelled() or done.exception())
    return future


class Lookup(NamedTuple, Generic[Made]):
    """A key to look up, and what is made of the answer. The executor reads those of a whole selection together."""

    loader: Loader[Any, Any]
    key: Hashable
    make: Callable[[Any], Any] | None = None
    """Makes the result of the loader's answer, or the next lookup or awaitable. None: the answer is the result."""

    def __await__(self) -> "Generator[Any, None, Made | None]":
        answer = yield from self.loader.load(self.key).__await__()
        result: Any = answer if answer is None or self.make is None else self.make(answer)
        awaited: Made | None = (yield from result.__await__()) if hasattr(result, "__await__") else result
        return awaited
