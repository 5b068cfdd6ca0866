"""What loaders are asked with, and what some of them answer."""

from typing import NamedTuple

from app.domain.source import SourceWish
from app.storage.paging import PageRequest
from app.storage.reads.lists import WantedList
from app.storage.reads.rows import AgentView, CredentialView, GraphView, SecretView, TopicView


class PageBelow(NamedTuple):
    """A page of the list that a parent has."""

    wanted: WantedList
    request: PageRequest
    parent: str


class CountBelow(NamedTuple):
    """The length of the list that a parent has."""

    wanted: WantedList
    parent: str


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
