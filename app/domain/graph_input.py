"""Which JSON is accepted as a graph, before anything is made of it.

A graph may be unfinished (H6), but it has the platform's form: `nodes` with string ids and commands, and `edges`.
"""

import math
import re
from collections.abc import Iterator

from app.domain.graph import KEYS, Json
from app.domain.input import InvalidInput
from app.domain.nouns import ReferenceKind

DEEPEST_GRAPH = 200
"""Levels of lists and objects inside a graph, so that no reader of it runs out of stack."""

MOST_MISTAKES = 50

_HALF_CHARACTER = re.compile("[\ud800-\udfff]")

Path = tuple[str, ...]


def graph_mistakes(graph: Json, path: Path = ("graph",)) -> tuple[InvalidInput, ...]:
    """Every reason why this JSON can't be a graph, the first 50 of them, each with its path."""
    if not isinstance(graph, dict):
        return (InvalidInput(path, "A graph is an object with `nodes` and `edges`."),)
    mistakes = [*_value_mistakes(graph, path)]
    for key, part in (("nodes", _node_mistakes), ("edges", _edge_mistakes)):
        if not isinstance(graph.get(key), list):
            mistakes.append(InvalidInput((*path, key), f"A graph has a list of {key}."))
            continue
        for index, value in enumerate(graph[key]):
            mistakes.extend(part(value, (*path, key, str(index))))
    return tuple(mistakes[:MOST_MISTAKES])


def _node_mistakes(node: Json, path: Path) -> Iterator[InvalidInput]:
    if not isinstance(node, dict):
        yield InvalidInput(path, "A step is an object.")
        return
    for key in ("id", "command"):
        if not isinstance(node.get(key), str):
            yield InvalidInput((*path, key), f"A step has a string as its {key}.")
    if not isinstance(node.get("fields", {}), dict | None):
        yield InvalidInput((*path, "fields"), "The fields of a step are an object.")
    for kind, key in KEYS.items():
        if kind is not ReferenceKind.DATA_SAMPLES and not isinstance(node.get(key), str | None):
            yield InvalidInput((*path, key), f"The {kind.value.lower()} of a step is an id, or null.")


def _edge_mistakes(edge: Json, path: Path) -> Iterator[InvalidInput]:
    if not isinstance(edge, dict):
        yield InvalidInput(path, "An edge is an object.")
        return
    if not isinstance(edge.get("source"), str | None):
        yield InvalidInput((*path, "source"), "The source of an edge is the id of a step, or null.")
    if not isinstance(edge.get("target"), str):
        yield InvalidInput((*path, "target"), "An edge has the id of a step, or error_all, as its target.")


def _value_mistakes(graph: Json, path: Path) -> Iterator[InvalidInput]:
    """What can't be stored or handed out again, wherever it stands: found without recursion, whatever the depth."""
    pending: list[tuple[Path, Json]] = [(path, graph)]
    while pending:
        at, value = pending.pop()
        if isinstance(value, dict | list) and len(at) - len(path) >= DEEPEST_GRAPH:
            yield InvalidInput(at[: len(path) + 3], f"The graph is nested deeper than {DEEPEST_GRAPH} levels.")
        elif isinstance(value, dict):
            wrong = next(filter(None, map(_text_mistake, value)), None)
            if wrong is not None:
                yield InvalidInput(at, wrong.replace("The text", "A key"))
            pending.extend(((*at, key), inner) for key, inner in reversed(value.items()))
        elif isinstance(value, list):
            pending.extend(((*at, str(index)), inner) for index, inner in reversed(list(enumerate(value))))
        else:
            reason = _scalar_mistake(value)
            if reason is not None:
                yield InvalidInput(at, reason)


def _scalar_mistake(value: Json) -> str | None:
    if isinstance(value, str):
        return _text_mistake(value)
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return None if -(2**63) <= value < 2**64 else "The integer has more than 64 bits."
    return None if math.isfinite(value) else "The number is not finite."


def _text_mistake(text: str) -> str | None:
    if "\0" in text:
        return "The text holds a NUL character, which can't be stored."
    if _HALF_CHARACTER.search(text):
        return "The text holds half of a surrogate pair, which is no character."
    return None
