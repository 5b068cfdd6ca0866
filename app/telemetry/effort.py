"""How much was decided about whole graphs, counted by whoever wants to know: a request, so that it may be bounded."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


def _uncounted(_: int) -> None:
    """Nobody counts."""


_count: ContextVar[Callable[[int], None]] = ContextVar("count", default=_uncounted)


@contextmanager
def counting_graphs(count: Callable[[int], None]) -> Iterator[None]:
    """Have the characters of graphs counted that are decided about by this task and those that it starts."""
    token = _count.set(count)
    try:
        yield
    finally:
        _count.reset(token)


def count_graph(characters: int) -> None:
    _count.get()(characters)
