"""The facts that decisions about flows rest on, read together for a call of any number of items (P8), and the wishes for copies and exports."""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, TypeVarTuple, cast

from app.domain.access import FlowNotFound, WorkspaceAccess
from app.domain.choices import MappingsByReference, ReferenceMapping, StepChoice
from app.domain.component import Catalogue
from app.domain.content import Content, GraphMistakes
from app.domain.draft import ExistingDraft
from app.domain.drift import DestinationChanges
from app.domain.errors import FLOW, INTO_WORKSPACE, ONTO_FLOW, Path
from app.domain.flow import (
    BY_DEFAULT,
    CopiedState,
    DraftNotFound,
    Flow,
    Graph,
    SavedState,
    SourceWish,
    VersionNotFound,
    copied_state,
    size_of_graphs,
)
from app.domain.graph import NOTHING
from app.domain.model import ContractId, Target

CHARACTERS_PER_EXPORT = 500
"""Deciding about an export takes a while, however small the flow."""
BY_VALUE = (str, tuple, SourceWish)
"""The subjects that wishes repeat."""

Answer = TypeVar("Answer")
Subjects = TypeVarTuple("Subjects")


class Memo:
    """Remembers the answer to each question, so that items of one call share those about what they have in common.

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
    memo: Memo = field(default_factory=Memo, compare=False, repr=False)

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


@dataclass(frozen=True, slots=True)
class IntoWorkspace:
    """A new flow is made in this workspace."""

    workspace_id: str


@dataclass(frozen=True, slots=True)
class OntoFlow:
    """The draft of this flow is overridden."""

    flow_id: str


@dataclass(frozen=True, slots=True)
class ExportWish:
    flow_id: str
    destination: IntoWorkspace | OntoFlow
    name: str | None = None
    topic_id: str | None = None
    source: SourceWish = BY_DEFAULT
    existing_draft: ExistingDraft = ExistingDraft.SET_ASIDE
    mappings: tuple[ReferenceMapping, ...] = ()
    shared_mappings: MappingsByReference = field(default_factory=lambda: NOTHING, hash=False)
    """The mappings of the whole call, which come after those of the wish; one object for all of its exports."""
    bindings: tuple[StepChoice, ...] = ()
    fingerprint: str | None = None
    """The fingerprint of the plan that the caller has seen (P1)."""
    idempotency_key: str | None = None
    destination_changes: DestinationChanges = DestinationChanges.WARN

    @property
    def path(self) -> Path:
        """The part of the input that names the destination."""
        return INTO_WORKSPACE if isinstance(self.destination, IntoWorkspace) else ONTO_FLOW


@dataclass(frozen=True, slots=True)
class CopyWish:
    flow_id: str
    name: str | None = None
    source: SourceWish = BY_DEFAULT
    idempotency_key: str | None = None


NotCopied = FlowNotFound | VersionNotFound | DraftNotFound
"""The reasons why no state of a flow is copied."""


@dataclass(frozen=True, slots=True)
class ExportFacts:
    """The facts about one export, as its caller can see them: what it can't see is None, like what doesn't exist (A5)."""

    source: Flow | None
    destination: WorkspaceAccess | None
    """The workspace that is written into."""
    overridden: Flow | None = None
    named_version: SavedState | None = None
    """The version of the source that the wish names."""
    catalogue: Catalogue = field(default_factory=Catalogue)
    targets: Mapping[str, Target] = field(default_factory=dict)
    flows_used: int = 0
    """How many flows the destination's contract holds in its production workspaces."""
    dangling: Collection[str] = ()
    """The references of the call's sources that the caller can't see; they can be mapped all the same (P2)."""
    memo: Memo = field(default_factory=Memo, compare=False, repr=False)
    """Shared by the exports of a call."""

    @classmethod
    def of(cls, facts: Facts, wish: ExportWish | CopyWish) -> "ExportFacts":
        """The facts about one of the wishes of a call."""
        source = facts.flows.get(wish.flow_id)
        overridden: Flow | None = None
        if isinstance(wish, CopyWish):
            destination = None if source is None else source.access
        elif isinstance(wish.destination, OntoFlow):
            overridden = facts.flows.get(wish.destination.flow_id)
            destination = None if overridden is None else overridden.access
        else:
            destination = facts.accesses.get(wish.destination.workspace_id)
        return cls(
            source=source,
            destination=destination,
            overridden=overridden,
            named_version=facts.version(wish.flow_id, wish.source.version_id),
            catalogue=facts.catalogue,
            targets=facts.targets,
            flows_used=0 if destination is None else facts.flows_used.get(destination.workspace.contract.id, 0),
            dangling=dangling_references(facts, [wish]) if facts.dangling is None else facts.dangling,
            memo=facts.memo,
        )

    def copied_state(self, wish: ExportWish | CopyWish) -> CopiedState | NotCopied:
        """The state that the wish copies, or why there is none (X4)."""
        if self.source is None:
            return FlowNotFound(wish.flow_id, path=FLOW)
        return self.memo(copied_state, self.source, wish.source, self.named_version)


def dangling_references(facts: Facts, wishes: Iterable[ExportWish | CopyWish]) -> frozenset[str]:
    """The references of the copied states that the caller can't see: they are gone, or live elsewhere."""
    different = {(wish.flow_id, wish.source): wish for wish in wishes}
    states = [
        facts.memo(copied_state, source, wish.source, facts.version(wish.flow_id, wish.source.version_id))
        for wish in different.values()
        if (source := facts.flows.get(wish.flow_id)) is not None
    ]
    graphs = [copied.state.graph for copied in states if isinstance(copied, CopiedState)]
    return frozenset(each for graph in graphs for each in graph.references if each not in facts.targets)
