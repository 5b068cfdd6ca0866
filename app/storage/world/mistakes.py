"""What is wrong in a world file, and where."""

import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from app.domain.graph import Json
from app.domain.graph_input import DEEPEST_GRAPH
from app.domain.input import InvalidInput

Part = str | int
"""A step on the way into JSON: the key of an object, or the index of a list."""

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SHOWN_MISTAKES = 20
_LARGEST, _SMALLEST = 2**64 - 1, -(2**63)


@dataclass(frozen=True, slots=True)
class Mistake:
    path: str
    """Where it stands, as a JSONPath: `$.flows[3].draft.graph.nodes[2].credentials_id`."""
    message: str


class WorldMistakes(Exception):
    """A world file can't be loaded. It holds every mistake that was found; nothing was written."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        shown = "\n".join(f"{mistake.path}: {mistake.message}" for mistake in self.mistakes[:_SHOWN_MISTAKES])
        super().__init__(f"Mistakes in the world file, {len(self.mistakes)} in all:\n{shown}")


def json_path(*parts: Part) -> str:
    return "$" + "".join(_part_text(part) for part in parts)


def mistakes_of_rules(root: Json, found: Iterable[InvalidInput], *before: Part) -> Iterator[Mistake]:
    """What the domain's rules found in a value, with their paths led from the top of the file."""
    for mistake in found:
        yield Mistake(json_path(*before, *_typed(root, mistake.path)), mistake.message)


def odd_texts(value: Json, *path: Part) -> Iterator[Mistake]:
    """Every text that can't be stored, wherever it stands."""
    for at, inner in _inside(value, path):
        if isinstance(inner, dict):
            yield from (Mistake(json_path(*at), f"A key {reason}") for key in inner if (reason := _odd_text(key)))
        elif isinstance(inner, str) and (reason := _odd_text(inner)):
            yield Mistake(json_path(*at), f"The text {reason}")


def unstorable(value: Json, *path: Part) -> Iterator[Mistake]:
    """Besides odd texts, the numbers that can't be handed out again, and what is nested too deeply for any reader.

    In graphs the domain looks for these by itself.
    """
    yield from odd_texts(value, *path)
    deep = False
    for at, inner in _inside(value, path):
        deep = deep or len(at) - len(path) > DEEPEST_GRAPH
        if reason := _odd_number(inner):
            yield Mistake(json_path(*at), reason)
    if deep:
        yield Mistake(json_path(*path), f"This is nested deeper than {DEEPEST_GRAPH} levels.")


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


def _part_text(part: Part) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    return f".{part}" if _PLAIN_KEY.fullmatch(part) else f"[{json.dumps(part)}]"


def _typed(root: Json, path: Sequence[str]) -> Iterator[Part]:
    """The rules' paths are all text; which parts are indexes of lists shows on the way."""
    value = root
    for part in path:
        if isinstance(value, list):
            yield int(part)
            value = value[int(part)]
        else:
            yield part
            value = value.get(part) if isinstance(value, dict) else None


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
