"""Keys of loaders, and the answers of some; and which loader has the objects of a kind."""

from collections.abc import Hashable, Iterable
from typing import NamedTuple, TypeVar

import orjson

from app.domain import flow, graph
from app.domain.model import Kind, ReferenceKind
from app.storage.reads.rows import GraphView

Group = TypeVar("Group", bound=Hashable)


class OfFlow(NamedTuple):
    """A state of a flow."""

    flow_id: str
    source: flow.SourceWish


KindAndId = tuple[Kind | ReferenceKind | None, str]

LOADER_OF_KIND: dict[Kind | ReferenceKind | None, str] = {
    Kind.USER: "visible_users",
    Kind.CONTRACT: "contracts",
    Kind.WORKSPACE: "workspaces",
    Kind.COMPONENT: "components",
    Kind.TOPIC: "topics",
    Kind.CREDENTIAL: "credentials",
    Kind.SECRET: "secrets",
    Kind.AGENT: "agents",
    Kind.FLOW: "flows",
    Kind.DRAFT: "drafts",
    Kind.VERSION: "versions",
    Kind.EXPORT: "exports",
    Kind.RELEASE: "releases",
    Kind.EVENT: "events",
    ReferenceKind.TOPIC: "topics",
    ReferenceKind.CREDENTIAL: "credentials",
    ReferenceKind.SECRET: "secrets",
    ReferenceKind.AGENT: "agents",
}
"""The loaders of objects by their ids, and of what a step is bound to, by its kind. Data samples have none."""


class StoredGraph(NamedTuple):
    """The graph of a draft or version, as it is stored."""

    content: str
    view: GraphView


def topic_ids_of(stored: StoredGraph) -> list[str]:
    """The topics of its steps, each once."""
    bindings = graph.bindings_from_json(orjson.loads(stored.view.bindings))
    return list(dict.fromkeys(filter(None, (step.reference(ReferenceKind.TOPIC) for step in bindings))))


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
