"""What copies and exports rest on: what is wished for, and the facts that a decision needs."""

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from app.domain.access import WorkspaceAccess
from app.domain.component import Catalogue
from app.domain.flow import Flow, SavedState, size_of_flows
from app.domain.mappings import Mapped, ReferenceMapping
from app.domain.model import ContractId, Target
from app.domain.override import ExistingDraft
from app.domain.source import BY_DEFAULT, Chosen, SourceWish, chosen_state
from app.domain.step_choices import StepChoice

Found = TypeVar("Found")
CHARACTERS_PER_EXPORT = 500
"""Deciding about an export takes a while, however small the flow."""


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
    shared_mappings: Mapped = field(default_factory=dict, hash=False)
    """Those of the whole call, which come after its own; one object for all of its exports."""
    bindings: tuple[StepChoice, ...] = ()
    fingerprint: str | None = None
    """Of the plan that the caller has seen (P1)."""
    idempotency_key: str | None = None

    @property
    def gives_references(self) -> bool:
        """Whether it says itself what becomes of some reference (P2)."""
        return bool(self.mappings or self.shared_mappings or self.bindings)


@dataclass(frozen=True, slots=True)
class CopyWish:
    flow_id: str
    name: str | None = None
    source: SourceWish = BY_DEFAULT
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class ExportFacts:
    """What a decision rests on, as the caller can see it: what it can't see is None, like what doesn't exist (A5)."""

    source: Flow | None
    destination: WorkspaceAccess | None
    """The workspace that is written into."""
    overridden: Flow | None = None
    named_version: SavedState | None = None
    """The version of the source that the wish names."""
    catalogue: Catalogue = field(default_factory=Catalogue)
    targets: Mapping[str, Target] = field(default_factory=dict)
    """What the flows at hand are bound to and what is given or mapped, where it exists and the caller can see it."""
    flows_used: int = 0
    """How many flows the destination's contract holds in its production workspaces."""
    dangling: Collection[str] = ()
    """What sources of the call are bound to and the caller can't see."""
    memo: dict[Hashable, Any] = field(default_factory=dict, compare=False, repr=False)
    """What decisions about other exports of the call have found out already."""

    def knows(self, mapped: str) -> bool:
        """Whether something can be mapped: the caller can see it, or a source of the call is bound to it (P2)."""
        return mapped in self.targets or mapped in self.dangling

    def once(self, key: Hashable, find: Callable[[], Found], *named: object) -> Found:
        """What was found for this key before, or is now. What the key names by `id` is kept as long as that."""
        its = id(self.catalogue), id(self.targets), key
        if its not in self.memo:
            self.memo[its] = find(), (self.catalogue, self.targets, named)
        return cast("Found", self.memo[its][0])


@dataclass(frozen=True, slots=True)
class GatheredFacts:
    """What a call of any number of copies and exports rests on, read together (P8), as the caller can see it."""

    flows: Mapping[str, Flow] = field(default_factory=dict)
    versions: Mapping[tuple[str, str], SavedState] = field(default_factory=dict)
    """The versions that wishes name, by their flow and their own id."""
    accesses: Mapping[str, WorkspaceAccess] = field(default_factory=dict)
    """The workspaces in which new flows are made."""
    flows_used: Mapping[ContractId, int] = field(default_factory=dict)
    """How many flows the contracts of these hold in their production workspaces, where that matters."""
    catalogue: Catalogue = field(default_factory=Catalogue)
    targets: Mapping[str, Target] = field(default_factory=dict)
    dangling: Collection[str] = ()
    number_of_wishes: int = 1
    memo: dict[Hashable, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def size(self) -> int:
        """How much there is to decide about, in characters."""
        graphs = size_of_flows(*self.flows.values(), versions=self.versions.values())
        return graphs + CHARACTERS_PER_EXPORT * self.number_of_wishes

    def knows(self, mapped: str) -> bool:
        """As for each of the wishes."""
        return mapped in self.targets or mapped in self.dangling

    def of(self, wish: ExportWish | CopyWish) -> ExportFacts:
        """What one of the wishes rests on."""
        source = self.flows.get(wish.flow_id)
        overridden: Flow | None = None
        if isinstance(wish, CopyWish):
            destination = None if source is None else source.access
        elif isinstance(wish.destination, OntoFlow):
            overridden = self.flows.get(wish.destination.flow_id)
            destination = None if overridden is None else overridden.access
        else:
            destination = self.accesses.get(wish.destination.workspace_id)
        return ExportFacts(
            source=source,
            destination=destination,
            overridden=overridden,
            named_version=self.versions.get((wish.flow_id, wish.source.version_id or "")),
            catalogue=self.catalogue,
            targets=self.targets,
            flows_used=0 if destination is None else self.flows_used.get(destination.workspace.contract.id, 0),
            dangling=self.dangling,
            memo=self.memo,
        )


def dangling_references(facts: GatheredFacts, wishes: Iterable[ExportWish | CopyWish]) -> frozenset[str]:
    """What the states that the wishes copy are bound to and the caller can't see: gone, or living elsewhere."""
    wanted = dict.fromkeys((wish.flow_id, wish.source) for wish in wishes)
    found = (_chosen(facts, flow_id, source) for flow_id, source in wanted)
    return frozenset(
        reference
        for chosen in found
        if isinstance(chosen, Chosen)
        for reference in chosen.state.graph.references
        if reference not in facts.targets
    )


def _chosen(facts: GatheredFacts, flow_id: str, source: SourceWish) -> object:
    flow = facts.flows.get(flow_id)
    return flow and chosen_state(flow, source, facts.versions.get((flow_id, source.version_id or "")))
