"""Lookups: one request reads rows by key together, wherever in it they are needed."""

from collections.abc import Callable, Coroutine, Generator, Hashable, Iterable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

Key = TypeVar("Key", bound=Hashable)
Answer = TypeVar("Answer")
Made = TypeVar("Made")

Load = Callable[[list[Any]], Coroutine[Any, Any, list[Any]]]


class Vanished(LookupError):
    """A row is gone that the request has seen: somebody published, discarded or removed it meanwhile."""


class Loader(Generic[Key, Answer]):
    """Reads answers by key, each once, for all parents together.

    A loader that failed doesn't read again: it would fail once for every key.
    """

    def __init__(self, load: Load) -> None:
        self._load = load
        self._known: dict[Key, Answer] = {}
        self._read_elsewhere: list[Callable[[], Mapping[Key, Answer]]] = []
        self._failure: Exception | None = None

    async def read(self, keys: Iterable[Key]) -> dict[Key, Answer]:
        """Read the missing keys, and answer everything that this loader has read, by key."""
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
        """Take answers that another statement has read; they are made at the next read."""
        self._read_elsewhere.append(answers)

    def close(self) -> None:
        """Forget all answers; the loader can't be used afterwards."""
        vars(self).clear()


class Lookup(NamedTuple, Generic[Made]):
    """A key to look up, and what is made of the answer. The executor reads those of a whole selection together."""

    loader: Loader[Any, Any]
    key: Hashable
    make: Callable[[Any], Any] | None = None
    """Makes the result of the loader's answer, or the next lookup or awaitable. None: the answer is the result."""

    def __await__(self) -> "Generator[Any, None, Made | None]":
        """Read the key by itself, as graphql-core's executor does, which ours is compared with, and a field of one object."""
        answers = yield from self.loader.read([self.key]).__await__()
        answer = answers[self.key]
        result: Any = answer if answer is None or self.make is None else self.make(answer)
        awaited: Made | None = (yield from result.__await__()) if hasattr(result, "__await__") else result
        return awaited
