"""Keys of loaders, and the answers of some."""

from collections.abc import Hashable, Iterable
from typing import NamedTuple, TypeVar

import orjson

from app.domain import flow, graph, model
from app.storage.reads.rows import AgentView, CredentialView, GraphView, SecretView, TopicView

Group = TypeVar("Group", bound=Hashable)


class OfFlow(NamedTuple):
    """A state of a flow."""

    flow_id: str
    source: flow.SourceWish


BoundView = CredentialView | SecretView | AgentView | TopicView


class StoredGraph(NamedTuple):
    """The graph of a draft or version, as it is stored."""

    content: str
    view: GraphView


def topic_ids_of(stored: StoredGraph) -> list[str]:
    """The topics of its steps, each once."""
    bindings = graph.bindings_from_json(orjson.loads(stored.view.bindings))
    return list(dict.fromkeys(filter(None, (step.reference(model.ReferenceKind.TOPIC) for step in bindings))))


def commands_of(stored: StoredGraph) -> list[tuple[str, str]]:
    """The commands of its steps, each once, with the tenant that decides what it means."""
    nodes = orjson.loads(stored.content)["nodes"]
    return list(dict.fromkeys((stored.view.tenant_id, node["command"]) for node in nodes))


def grouped(keys: Iterable[tuple[Group, str]]) -> dict[Group, list[str]]:
    """The ids of keys by what is asked of them: one statement reads each group."""
    groups: dict[Group, list[str]] = {}
    for group, id_ in keys:
        groups.setdefault(group, []).append(id_)
    return groups
