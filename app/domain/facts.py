"""The facts that decisions about flows rest on, read together for a call of any number of items (P8)."""

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, TypeVarTuple, cast

from app.domain.access import WorkspaceAccess
from app.domain.component import Catalogue
from app.domain.content import Content
from app.domain.flow import Flow, Graph, SavedState, size_of_graphs
from app.domain.graph_input import GraphMistakes
from app.domain.model import ContractId, Target
from app.domain.source import SourceWish

CHARACTERS_PER_EXPORT = 500
"""Deciding about an export takes a while, however small the flow."""
BY_VALUE = (str, tuple, SourceWish)
"""The subjects that wishes repeat."""

Answer = TypeVar("Answer")
Subjects = TypeVarTuple("Subjects")


class Once:
    """Asks each question once, so that items of one call share the answers about what they have in common.

    Objects are told apart by identity; texts, tuples and states of sources by value.
    """

    def __init__(self) -> None:
        self._answers: dict[Hashable, tuple[Any, object]] = {}

    def __call__(self, question: Callable[[*Subjects], Answer], *subjects: *Subjects) -> Answer:
        key = question, *[each if isinstance(each, BY_VALUE) else id(each) for each in subjects]
        answer = self._answers.get(key)
        if answer is None:
            # The subjects are kept as well, so that their ids stay theirs.
            answer = self._answers[key] = question(*subjects), subjects
        return cast("Answer", answer[0])


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts about a call, as its caller can see them: what it can't see is missing, like what doesn't exist (A5)."""

    flows: Mapping[str, Flow] = field(default_factory=dict)
    versions: Mapping[str, Mapping[str, SavedState]] = field(default_factory=dict)
    """The versions that wishes name, by their flow and their own id."""
    accesses: Mapping[str, WorkspaceAccess] = field(default_factory=dict)
    """The workspaces in which new flows are made."""
    flows_used: Mapping[ContractId, int] = field(default_factory=dict)
    """How many flows the contracts of these hold in their production workspaces, where that matters."""
    catalogue: Catalogue = field(default_factory=Catalogue)
    targets: Mapping[str, Target] = field(default_factory=dict)
    """The references of the flows at hand and of the wishes, where they exist and the caller can see them."""
    graph: Content | GraphMistakes | None = None
    """The graph that was sent, if one was."""
    dangling: Collection[str] | None = None
    """The references of the sources of all wishes that the caller can't see; None until a decision needs them."""
    number_of_wishes: int = 1
    once: Once = field(default_factory=Once, compare=False, repr=False)

    @property
    def names(self) -> Mapping[str, str]:
        """The names of the flows, by id."""
        return {flow_id: flow.name for flow_id, flow in self.flows.items()}

    @property
    def size(self) -> int:
        """How much there is to decide about, in characters."""
        sent = len(self.graph.canonical) if isinstance(self.graph, Content) else 0
        graphs = (graph for flow_id in self.flows for graph in self.graphs_of(flow_id))
        return sent + size_of_graphs(*graphs) + CHARACTERS_PER_EXPORT * self.number_of_wishes

    def version(self, flow_id: str, version_id: str | None) -> SavedState | None:
        """The version of a flow that a wish names."""
        return self.versions.get(flow_id, {}).get(version_id or "")

    def graphs_of(self, flow_id: str) -> Iterator[Graph]:
        """The graphs of the states of a flow that are at hand."""
        states = self.flows[flow_id].states if flow_id in self.flows else ()
        return (saved.state.graph for saved in (*states, *self.versions.get(flow_id, {}).values()))
