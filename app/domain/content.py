"""A graph that a caller sent: its mistakes, the content and bindings that it is stored as, and references that its steps can't use.

A graph may be unfinished (H6), but it has the platform's form: `nodes` with string ids and commands, and `edges`.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from types import UnionType

from app.domain.component import Catalogue, Component, Step, named_component
from app.domain.errors import Path
from app.domain.flow import FlowState, Graph
from app.domain.graph import (
    KEYS,
    Bindings,
    Json,
    StepBindings,
    TopicField,
    canonical,
    content_hash,
    links_of,
    split,
    steps_of,
)
from app.domain.input import InvalidInput
from app.domain.model import ReferenceKind, TenantId
from app.domain.references import OWNED_KINDS, CredentialNotAccessible, Destination
from app.domain.source_graph import SourceGraph
from app.domain.topics import TopicNotAccessible, is_pub_sub

DEEPEST_GRAPH = 200
"""Levels of lists and objects inside a graph, so that no reader of it runs out of stack."""

MOST_MISTAKES = 50

LONGEST_KEY = 100
"""The most characters of a key in the path of a mistake; longer keys are cut."""

_MANY_DIGITS = re.compile(r"\d{19}", re.ASCII)
"""Every integer that may have more than 64 bits has so many."""

_HALF_CHARACTER = re.compile("[\ud800-\udfff]")

GraphMistakes = tuple[InvalidInput, ...]

JsonMistake = tuple[tuple[str | int, ...], str]
"""The place in a JSON value, and what is wrong there."""

_Part = tuple[type | UnionType, str]
"""The types that a part of a step or an edge may have, and what is wrong with others."""

_REFERENCES: Mapping[str, _Part] = {
    key: (str | None, f"The {kind.value.lower()} of a step is an id, or null.")
    for kind, key in KEYS.items()
    if kind is not ReferenceKind.DATA_SAMPLES
}
_FORM: Mapping[str, tuple[str, Mapping[str, _Part]]] = {
    "nodes": (
        "A step is an object.",
        {
            "id": (str, "A step has a string as its id."),
            "command": (str, "A step has a string as its command."),
            "fields": (dict | None, "The fields of a step are an object."),
            **_REFERENCES,
        },
    ),
    "edges": (
        "An edge is an object.",
        {
            "source": (str | None, "The source of an edge is the id of a step, or null."),
            "target": (str, "An edge has the id of a step, or error_all, as its target."),
        },
    ),
}
"""The lists of a graph: what is wrong with an element that is no object, and the parts of the others."""


def graph_mistakes(graph: Json) -> GraphMistakes:
    """Every reason why this JSON can't be a graph, the first 50 of them, each with its path."""
    return tuple(InvalidInput(("graph", *map(str, place)), reason) for place, reason in mistakes_in_graph(graph))


def mistakes_in_graph(graph: Json) -> Iterator[JsonMistake]:
    """The first 50 reasons why this JSON can't be a graph."""
    if not isinstance(graph, dict):
        return iter([((), "A graph is an object with `nodes` and `edges`.")])
    return islice(chain(mistakes_in_json(graph), _form_mistakes(graph)), MOST_MISTAKES)


def mistakes_in_json(value: Json) -> Iterable[JsonMistake]:
    """Every reason why JSON can't be stored or handed out again."""
    return () if _is_storable(value) else _value_mistakes(value)


def _form_mistakes(graph: dict[str, Json]) -> Iterator[JsonMistake]:
    for key, (mistake, parts) in _FORM.items():
        if not isinstance(graph.get(key), list):
            yield (key,), f"A graph has a list of {key}."
            continue
        for index, value in enumerate(graph[key]):
            if not isinstance(value, dict):
                yield (key, index), mistake
                continue
            for name, (types, reason) in parts.items():
                if not isinstance(value.get(name), types):
                    yield (key, index, name), reason


def _is_storable(root: Json) -> bool:
    """Whether every value is certainly fine: a quick check in little memory before the slow one."""
    level: list[dict[str, Json] | list[Json]] = [[root]]
    for _ in range(DEEPEST_GRAPH + 1):
        inside = (value.values() if isinstance(value, dict) else value for value in level)
        level = [inner for values in inside for inner in values if isinstance(inner, dict | list)]
        if not level:
            return _is_storable_text(root)
    return False


def _is_storable_text(root: Json) -> bool:
    try:
        text = json.dumps(root, ensure_ascii=False, allow_nan=False)
        text.encode()  # Fails where half of a surrogate pair stands.
    except ValueError:
        return False
    return "\\u0000" not in text and _MANY_DIGITS.search(text) is None


def _value_mistakes(value: Json, place: tuple[str | int, ...] = ()) -> Iterator[JsonMistake]:
    """Find values that can't be stored or handed out again, in their order; at most DEEPEST_GRAPH calls are in each other."""
    if len(place) >= DEEPEST_GRAPH and isinstance(value, dict | list):
        yield place[:3], f"This is nested deeper than {DEEPEST_GRAPH} levels."
        return
    reason = _mistake_in(value)
    if reason is not None:
        yield place, reason
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _value_mistakes(inner, (*place, _cut(key)))


def _cut(key: str | int) -> str | int:
    return f"{key[:LONGEST_KEY]}…" if isinstance(key, str) and len(key) > LONGEST_KEY else key


def _mistake_in(value: Json) -> str | None:
    if isinstance(value, dict):
        wrong = next(filter(None, map(_text_mistake, value)), None)
        return None if wrong is None else wrong.replace("The text", "A key")
    return None if isinstance(value, list) else _scalar_mistake(value)


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


@dataclass(frozen=True, slots=True)
class Content:
    """A graph as it is stored: its content once, under the hash of its canonical JSON, and its bindings apart."""

    hash: str
    canonical: str
    graph: Graph
    """The outline of the graph, with the bindings that it came with."""


def read_graph(graph: Json, topic_field: TopicField) -> Content | GraphMistakes:
    """Make a graph that a caller sent ready for storing, or find every reason why it is none."""
    return graph_mistakes(graph) or split_graph(graph, topic_field)


def split_graph(graph: Json, topic_field: TopicField) -> Content:
    content, bindings = split(graph, topic_field)
    text = canonical(content)
    return Content(content_hash(text), text, Graph(steps_of(content), bindings, links_of(content)))


def topic_fields(catalogue: Catalogue, tenant: TenantId, before: FlowState | None = None) -> TopicField:
    """Find the keys under which pub/sub steps of a flow of this tenant name their topic.

    Steps of a component that is unknown by now keep the key that the component had in the state `before`.
    """
    former_keys: dict[str, str] = {}
    if before is not None:
        places = {bound.position: bound.topic_field for bound in before.graph.bindings if bound.topic_field is not None}
        former_keys = {
            str(named_component(before.graph.steps[position].command)): place for position, place in places.items()
        }

    def topic_field(command: str) -> str | None:
        component = catalogue.resolve(command, tenant)
        if component is None:
            return former_keys.get(str(named_component(command)))
        return component.topic_field if is_pub_sub(component) else None

    return topic_field


def in_graph(bound: StepBindings, kind: ReferenceKind) -> Path:
    """The path of a step's binding in a graph that was sent."""
    keys = ("fields", bound.topic_field or "") if kind is ReferenceKind.TOPIC else (KEYS[kind],)
    return ("graph", "nodes", str(bound.position), *keys)


Misplaced = TopicNotAccessible | CredentialNotAccessible


def misplaced(
    graph: SourceGraph,
    bindings: Bindings,
    destination: Destination,
    path_of: Callable[[StepBindings, ReferenceKind], Path] = in_graph,
) -> Iterator[Misplaced]:
    """Refuse references that steps can't use in this workspace: topics first, each kind in the order of the steps.

    `path_of` finds the part of the input that names a step's binding.
    """
    for kinds in ((ReferenceKind.TOPIC,), OWNED_KINDS):
        for bound in bindings:
            step = graph.graph.steps[bound.position]
            component = graph.components[step.command]
            for kind in kinds:
                reference = bound.reference(kind)
                if reference is not None and not destination.fits(kind, reference, component):
                    yield not_accessible(kind, reference, destination, step, component, path=path_of(bound, kind))


def not_accessible(
    kind: ReferenceKind,
    reference: str,
    destination: Destination,
    step: Step | None,
    component: Component | None,
    *,
    path: Path,
    mapped_from: str | None = None,
) -> Misplaced:
    """The refusal of a reference that a step, or the steps that a mapping is about, can't use."""
    workspace, target, replaced = destination.workspace, destination.find(reference), destination.find(mapped_from)
    if kind is ReferenceKind.TOPIC:
        return TopicNotAccessible(reference, workspace, step, target, mapped_from, replaced, path=path)
    return CredentialNotAccessible(
        kind, reference, workspace, step, component, target, mapped_from, replaced, path=path
    )
