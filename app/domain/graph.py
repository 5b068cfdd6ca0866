"""A graph as two things: its content, which copying never changes, and its bindings, which belong to a workspace.

`split` and `join` are inverse to each other for every graph, whatever it is bound to. Canonical JSON, whose SHA-256 is the content's
address, is written down here: UTF-8 without escapes but those that JSON demands; no white space; the keys of every
object in the order of their code points; integers as they are, other numbers in Python's shortest form that reads back
as the same double, so that `1` and `1.0` stay two things; lists in their own order.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from app.domain.component import LONGEST_STEP_NAME, Link, Step, make_steps
from app.domain.model import ReferenceKind

Json = Any
"""A JSON value: None, bool, int, float, str, a list or a dict of such. Graphs hold whatever the platform puts there."""

KEYS = {
    ReferenceKind.CREDENTIAL: "credentials_id",
    ReferenceKind.SECRET: "secret_id",
    ReferenceKind.AGENT: "vpn_agent_id",
    ReferenceKind.DATA_SAMPLES: "selected_data_samples",
}
"""The keys of a native step for its bindings; its topic stands in `fields`, under the key that the component declares."""
_BOUND_KEYS = frozenset(KEYS.values())


NOTHING: Mapping[Any, Any] = MappingProxyType({})
"""No bindings, choices or mappings."""


class NoFields(StrEnum):
    """The form of a native pub/sub step without fields, whose content has empty fields for a topic to be put into."""

    MISSING = "MISSING"
    NULL = "NULL"


class StepBindings(NamedTuple):
    """The bindings of one step. A kind that is missing has no key in the native step; None is a null there."""

    position: int
    """The step's position in `nodes`, since ids may repeat in an unfinished graph."""
    values: Mapping[ReferenceKind, Json] = NOTHING
    topic_field: str | None = None
    """The key in `fields` that holds the topic, where there is one, or would hold it in a step without fields."""
    no_fields: NoFields | None = None
    """Only of a pub/sub step without a topic."""

    @property
    def is_empty(self) -> bool:
        return not self.values and self.no_fields is None

    def reference(self, kind: ReferenceKind) -> str | None:
        """The id that the step names, if it names one."""
        value = self.values.get(kind)
        return value if isinstance(value, str) else None

    @property
    def credential(self) -> str | None:
        return self.reference(ReferenceKind.CREDENTIAL)

    @property
    def secret(self) -> str | None:
        return self.reference(ReferenceKind.SECRET)

    @property
    def agent(self) -> str | None:
        return self.reference(ReferenceKind.AGENT)

    @property
    def topic(self) -> str | None:
        return self.reference(ReferenceKind.TOPIC)


Bindings = tuple[StepBindings, ...]
"""The bindings of the steps that have any, in the order of the graph."""

TopicField = Callable[[str], str | None]
"""Finds the key of `fields` under which a step of a command names a topic; None for a step that is no pub/sub step."""


def split(native: Json, topic_field: TopicField) -> tuple[Json, Bindings]:
    """Part a native graph, whose form was checked, into content and bindings. The graph itself is left as it is."""
    parted = [_split_step(node, position, topic_field) for position, node in enumerate(native["nodes"])]
    bindings = tuple(step for _, step in parted if not step.is_empty)
    return {**native, "nodes": [node for node, _ in parted]}, bindings


def join(content: Json, bindings: Bindings) -> Json:
    """Put bindings back into content: the native graph."""
    if not bindings:
        return content
    nodes = list(content["nodes"])
    for step in bindings:
        nodes[step.position] = _join_step(nodes[step.position], step)
    return {**content, "nodes": nodes}


def canonical(value: Json) -> str:
    """The canonical JSON text of a value, as the head of this module defines it."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def content_hash(canonical_text: str) -> str:
    """The address of content: the SHA-256 of its canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical_text.encode()).hexdigest()


def steps_of(graph: Json) -> tuple[Step, ...]:
    """The steps of a graph, in its order."""
    return make_steps((node["id"], node["command"], _step_name(node.get("name"))) for node in graph["nodes"])


def links_of(graph: Json) -> tuple[Link, ...]:
    """The edges of a graph, in its order; an empty condition is none."""
    return tuple(Link(edge.get("source"), edge["target"], _is_conditional(edge)) for edge in graph["edges"])


def numbered(names: Iterable[str]) -> Iterator[str]:
    """The names, told apart where they repeat: `name`, `name#2` and so on, passing over what is a name already."""
    seen: Counter[str] = Counter()
    taken: set[str] = set()
    for name in names:
        seen[name] += 1
        one = name if seen[name] == 1 else f"{name}#{seen[name]}"
        while one in taken:
            seen[name] += 1
            one = f"{name}#{seen[name]}"
        taken.add(one)
        yield one


def link_ids(edges: Sequence[Json]) -> Iterator[str]:
    """The ids of edges: `source:target`, numbered where that repeats."""
    return numbered(f"{edge.get('source') or ''}:{edge['target']}" for edge in edges)


def commands(native: Json) -> Iterator[str]:
    """The commands in a graph, as far as it has any, whatever its form."""
    nodes = native.get("nodes") if isinstance(native, dict) else None
    for node in nodes if isinstance(nodes, list) else ():
        if isinstance(node, dict) and isinstance(node.get("command"), str):
            yield node["command"]


def bindings_to_json(bindings: Bindings) -> Json:
    """Bindings as JSON, for storing them."""
    stored = []
    for position, values, topic_field, no_fields in bindings:
        step: dict[str, Json] = {"position": position}
        if topic_field is not None:
            step["topicField"] = topic_field
        if no_fields is not None:
            step["noFields"] = no_fields.value
        for kind, value in values.items():
            step[NAMES[kind]] = value
        stored.append(step)
    return stored


NAMES = {kind: kind.value for kind in ReferenceKind}
"""Graphs have tens of thousands of steps, and values of an enumeration take long to ask for."""


def bindings_from_json(stored: Iterable[Mapping[str, Json]]) -> Bindings:
    """Read bindings that `bindings_to_json` made."""
    bindings = []
    for step in stored:
        values = {kind: step[name] for kind, name in NAMES.items() if name in step}
        no_fields = NoFields(step["noFields"]) if "noFields" in step else None
        bindings.append(StepBindings(step["position"], values, step.get("topicField"), no_fields))
    return tuple(bindings)


def _split_step(node: dict[str, Json], position: int, topic_field: TopicField) -> tuple[Json, StepBindings]:
    values = {kind: node[key] for kind, key in KEYS.items() if key in node}
    content = {key: value for key, value in node.items() if key not in _BOUND_KEYS}
    key = topic_field(node["command"])
    if key is None:
        return content, StepBindings(position, values)
    fields, no_fields = node.get("fields"), None
    if isinstance(fields, dict) and key in fields:
        values[ReferenceKind.TOPIC] = fields[key]
        content["fields"] = {name: value for name, value in fields.items() if name != key}
    elif fields is None:
        no_fields = NoFields.NULL if "fields" in node else NoFields.MISSING
        content["fields"] = {}
    place = key if no_fields or ReferenceKind.TOPIC in values else None
    return content, StepBindings(position, values, place, no_fields)


def _join_step(content: Json, step: StepBindings) -> Json:
    node = dict(content)
    for kind, value in step.values.items():
        if kind is ReferenceKind.TOPIC:
            node["fields"] = {**(node.get("fields") or {}), step.topic_field: value}
        else:
            node[KEYS[kind]] = value
    if step.no_fields is NoFields.MISSING:
        del node["fields"]
    elif step.no_fields is NoFields.NULL:
        node["fields"] = None
    return node


def _step_name(name: Json) -> str | None:
    """The name of a step, if it has one that can be read."""
    return (name.strip()[:LONGEST_STEP_NAME] or None) if isinstance(name, str) else None


def _is_conditional(edge: Json) -> bool:
    config = edge.get("config")
    return isinstance(config, dict) and config.get("condition") not in (None, "")
