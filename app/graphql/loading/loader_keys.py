"""Keys of loaders, and the answers of some."""

from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple, TypeVar

import orjson

from app.domain import graph, model
from app.domain.flow import SourceWish
from app.storage.pages.events import FeedRequest
from app.storage.pages.lists import WantedList
from app.storage.pages.paging import PageRequest
from app.storage.reads.rows import AgentView, CredentialView, GraphView, SecretView, TopicView

Key = TypeVar("Key")
Group = TypeVar("Group", bound=Hashable)


class PageBelow(NamedTuple):
    """A page of the list that a parent has."""

    listing: WantedList
    request: PageRequest
    parent: str


class CountBelow(NamedTuple):
    """The length of the list that a parent has."""

    listing: WantedList
    parent: str


class PageOfFeed(NamedTuple):
    """A page of the feed of a workspace or a tenant."""

    request: FeedRequest
    feed_id: str


class OfFlow(NamedTuple):
    """A state of a flow."""

    flow_id: str
    source: SourceWish


class ToWorkspace(NamedTuple):
    """A state of a flow that may go to a workspace."""

    of_flow: OfFlow
    workspace_id: str


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


def grouped(
    keys: Sequence[Key], group: Callable[[Key], Group], name: Callable[[Key], str]
) -> list[tuple[Group, list[str]]]:
    """The names of keys, by group: one statement reads each group."""
    groups: dict[Group, list[str]] = {}
    for key in keys:
        groups.setdefault(group(key), []).append(name(key))
    return list(groups.items())
