"""Lookups: what one request asks for by key is read together, however often and wherever in it that is asked for."""

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
    """What was there a moment ago and is gone: somebody published, discarded or removed it meanwhile."""


class Loader(Generic[Key, Answer]):
    """Reads what is asked for by key, one by one or for many parents at once; what was read isn't read again.

    What can't be read isn't tried again: it would fail as often as it is met.
    """

    def __init__(self, load: Load, reading: "set[asyncio.Task[Any]]") -> None:
        self._load = load
        self._reading = reading
        self._known: dict[Key, Answer] = {}
        self._read_elsewhere: list[Callable[[], Mapping[Key, Answer]]] = []
        self._failure: Exception | None = None

    def load(self, key: Key) -> "asyncio.Future[Answer]":
        """The answer for one key, read together with those that others ask for at the same time."""
        return not_logged(self._one_by_one.load(key))

    def load_many(self, keys: Iterable[Key]) -> "asyncio.Future[list[Answer]]":
        return not_logged(asyncio.gather(*map(self.load, keys)))

    @cached_property
    def _one_by_one(self) -> DataLoader[Key, Answer]:
        return DataLoader(self._load_batch)

    async def read(self, keys: Iterable[Key]) -> dict[Key, Answer]:
        """What is known of these keys, and of others, once the missing ones are read; nothing is made for each of them."""
        while self._read_elsewhere:
            self._known.update(self._read_elsewhere.pop()())
        missing = [key for key in dict.fromkeys(keys) if key not in self._known]
        if missing and self._failure is not None:
            raise self._failure.with_traceback(None)
        if missing:
            try:
                answers = await self._load(missing)
            except Exception as failure:
                self._failure = failure
                raise
            self._known.update(zip(missing, answers, strict=True))
        return self._known

    def know(self, answers: Callable[[], Mapping[Key, Answer]]) -> None:
        """Take what was read elsewhere, once anything is asked."""
        self._read_elsewhere.append(answers)

    def close(self) -> None:
        """Forget everything: nothing can be asked any more."""
        vars(self).clear()

    async def _load_batch(self, keys: list[Key]) -> list[Answer]:
        # The task is one of the library's own, which doesn't end with that of the request.
        task = asyncio.current_task()
        if task is not None:
            self._reading.add(task)
            task.add_done_callback(self._reading.discard)
        known = await self.read(keys)
        return [known[key] for key in keys]


def not_logged(future: "asyncio.Future[Answer]") -> "asyncio.Future[Answer]":
    """Whoever waits for it is told what fails; where nobody does any more, nobody is to be told, nor the log."""
    future.add_done_callback(lambda done: done.cancelled() or done.exception())
    return future


class Lookup(NamedTuple, Generic[Made]):
    """Something to be looked up by key, and what is made of it. The executor reads those of a whole selection together."""

    loader: Loader[Any, Any]
    key: Hashable
    make: Callable[[Any], Any] | None = None
    """Makes the result of what the loader answers, or what is to be looked up or awaited next; None: the answer is the result."""

    def __await__(self) -> "Generator[Any, None, Made | None]":
        answer = yield from shield(self.loader.load(self.key)).__await__()
        result: Any = answer if answer is None or self.make is None else self.make(answer)
        awaited: Made | None = (yield from result.__await__()) if hasattr(result, "__await__") else result
        return awaited
