"""What of a document no database can hold: odd texts, large numbers, deep nesting."""

import math
from collections.abc import Iterator
from itertools import chain
from types import NoneType

from app.domain.graph import Json
from app.domain.graph_input import DEEPEST_GRAPH
from app.domain.world.things import Mistake, Part

_LARGEST, _SMALLEST = 2**64 - 1, -(2**63)


def odd_texts(value: Json, *path: Part) -> Iterator[Mistake]:
    """Every text that can't be stored, wherever it stands."""
    for at, inner in _inside(value, path):
        if isinstance(inner, dict):
            yield from (Mistake(at, f"A key {reason}") for key in inner if (reason := _odd_text(key)))
        elif isinstance(inner, str) and (reason := _odd_text(inner)):
            yield Mistake(at, f"The text {reason}")


def unstorable(value: Json, *path: Part) -> Iterator[Mistake]:
    """Besides odd texts, the numbers that can't be handed out again, and what is nested too deeply for any reader.

    In graphs the domain looks for these by itself.
    """
    if _is_plain(value):
        return
    yield from odd_texts(value, *path)
    deep = False
    for at, inner in _inside(value, path):
        deep = deep or len(at) - len(path) > DEEPEST_GRAPH
        if reason := _odd_number(inner):
            yield Mistake(at, reason)
    if deep:
        yield Mistake(path, f"This is nested deeper than {DEEPEST_GRAPH} levels.")


def _is_plain(value: Json) -> bool:
    """Whether an object has nothing but printable texts, as most things of a document: seen in a fifth of the time."""
    return isinstance(value, dict) and all(
        each.isprintable() if isinstance(each, str) else isinstance(each, bool | NoneType)
        for each in chain(value, value.values())
    )


def _inside(value: Json, path: tuple[Part, ...]) -> Iterator[tuple[tuple[Part, ...], Json]]:
    """A value and everything in it, in order; without recursion, whatever the depth."""
    pending: list[tuple[tuple[Part, ...], Json]] = [(path, value)]
    while pending:
        at, inner = pending.pop()
        yield at, inner
        if isinstance(inner, dict):
            pending.extend(((*at, key), each) for key, each in reversed(inner.items()))
        elif isinstance(inner, list):
            pending.extend(((*at, index), each) for index, each in reversed(list(enumerate(inner))))


def _odd_number(value: Json) -> str | None:
    if isinstance(value, int):
        return None if _SMALLEST <= value <= _LARGEST else "The integer has more than 64 bits."
    if isinstance(value, float):
        return None if math.isfinite(value) else "The number is too large."
    return None


def _odd_text(text: str) -> str | None:
    if "\0" in text:
        return "holds a NUL character, which can't be stored."
    # Half of a surrogate pair is no character; JSON can write it, UTF-8 can't.
    if any("\ud800" <= character <= "\udfff" for character in text):
        return "holds half of a surrogate pair, which is no character."
    return None
