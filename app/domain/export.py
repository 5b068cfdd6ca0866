"""Decides copies and exports of flows: a plan of what is written, or every refusal (X1 to X11)."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from app.domain.access import (
    ContractSuspended,
    FlowNotFound,
    InsufficientPermission,
    QuotaExceeded,
    VisibleWorkspace,
    WorkspaceAccess,
    WorkspaceNotFound,
    new_flow_refused,
    permits_editing,
    rights_missing,
    writing_refused,
)
from app.domain.bindings import ExportWarning, Rebound, rebind
from app.domain.choices import (
    ChosenReferences,
    choose_references,
    mapping_mistakes,
    misplaced_references,
    unknown_mappings,
)
from app.domain.component import Catalogue
from app.domain.draft import CannotOverrideItself, DraftAlreadyExists, draft_in_the_way, overrides_itself
from app.domain.drift import DestinationChanges, DestinationWasChanged, destination_changed
from app.domain.errors import FLOW, INTO_WORKSPACE, ONTO_FLOW, Refused, in_order
from app.domain.facts import CopyWish, ExportFacts, ExportWish, NotCopied, OntoFlow
from app.domain.fingerprint import PlanIsStale, fingerprint_refused
from app.domain.flow import (
    CHARACTERS_PER_PART,
    CopiedFrom,
    CopiedState,
    DraftNotFound,
    Flow,
    FlowState,
    VersionNotFound,
)
from app.domain.input import LONGEST_NAME, IdempotencyKeyReused, InvalidInput, key_mistakes, name_mistakes
from app.domain.model import DraftId, ExportId, FlowId, VersionOrigin, Workspace, WorkspaceId
from app.domain.references import CredentialNotAccessible, Destination, ReferenceOutcome
from app.domain.source_graph import ComponentNotAccessible, SourceGraph, UsableWhere
from app.domain.topics import FlowHasNoTopic, MultipleTopicsNotCopied, TopicNotAccessible, topic_refused


class ExportPlan(NamedTuple):
    """The draft that is written, and the flow that it belongs to if that is new."""

    copied: CopiedState
    state: FlowState
    workspace_id: WorkspaceId
    overridden: Flow | None
    """The flow whose draft is overridden; None for a new flow."""
    references: tuple[ReferenceOutcome, ...]
    warnings: tuple[ExportWarning, ...]

    @property
    def size(self) -> int:
        """How much of it was read of its graph, in characters."""
        return CHARACTERS_PER_PART * (len(self.references) + len(self.state.graph.bindings))


@dataclass(frozen=True, slots=True)
class Exported:
    """The outcome of a copy or an export; of a repeated call, as the caller may see its record now (P5)."""

    export_id: ExportId
    """The record."""
    flow_id: FlowId
    draft_id: DraftId
    set_aside: DraftId | None = None
    copied_from: CopiedFrom | None = None
    warnings: tuple[ExportWarning, ...] = ()
    references: tuple[ReferenceOutcome, ...] = ()
    """Empty of a repeated call, whose record has them."""
    replayed: bool = False
    flow: object = field(default=None, compare=False, repr=False)
    """The row as it was written, for the answer; None of a repeated call, since which it may have changed."""
    draft: object = field(default=None, compare=False, repr=False)
    """The row as it was written; None of a repeated call."""


CopyRefusal = (
    FlowNotFound
    | VersionNotFound
    | DraftNotFound
    | InsufficientPermission
    | ContractSuspended
    | QuotaExceeded
    | InvalidInput
    | IdempotencyKeyReused
)


ExportRefusal = (
    CopyRefusal
    | WorkspaceNotFound
    | ComponentNotAccessible
    | MultipleTopicsNotCopied
    | TopicNotAccessible
    | FlowHasNoTopic
    | CredentialNotAccessible
    | DraftAlreadyExists
    | DestinationWasChanged
    | CannotOverrideItself
    | PlanIsStale
)


def plan_export(facts: ExportFacts, wish: ExportWish) -> ExportPlan | Refused[ExportRefusal]:
    """Decide an export (X2 to X11): the plan, or every refusal at once.

    Pure: the same facts and wish give the same answer.
    """
    copied, access, overridden = facts.copied_state(wish), facts.destination, facts.overridden
    changed = destination_changed(facts.source, overridden, copied)
    errors: tuple[ExportRefusal, ...] = (
        *source_refused(facts.source, copied),
        *destination_refused(facts, wish),
        *draft_in_the_way(overridden, wish.existing_draft, ONTO_FLOW),
        *(changed if wish.destination_changes is DestinationChanges.REFUSE else ()),
        *overrides_itself(facts.source, overridden),
        *name_mistakes(wish.name),
        *key_mistakes(wish.idempotency_key),
        *mapping_mistakes(wish.mappings),
        *fingerprint_refused(facts, wish, copied),
        *graph_refused(facts, wish, copied),
    )
    if errors or access is None or not isinstance(copied, CopiedState):
        return Refused(errors)
    graph = _source_graph(facts, copied)
    rebound = facts.memo(rebind, graph, _destination(facts, access), _chosen_references(facts, wish, graph))
    name = wish.name or (copied.state.name if overridden is None else overridden.name)
    plan = _plan(copied, rebound, access.workspace, overridden, origin=VersionOrigin.EXPORT, name=name)
    return plan._replace(warnings=(*plan.warnings, *changed)) if changed else plan


def plan_copy(facts: ExportFacts, wish: CopyWish) -> ExportPlan | Refused[CopyRefusal]:
    """Decide a copy inside the flow's workspace (X1): an exact copy, or every refusal at once.

    Components and topics are no reason to refuse it (C4, T2).
    """
    copied, source = facts.copied_state(wish), facts.source
    errors: tuple[CopyRefusal, ...] = (
        *source_refused(source, copied),
        *(() if source is None else new_flow_refused(source.access, facts.flows_used, FLOW)),
        *name_mistakes(wish.name),
        *key_mistakes(wish.idempotency_key),
    )
    if errors or not isinstance(copied, CopiedState):
        return Refused(errors)
    workspace = copied.flow.access.workspace
    destination = Destination(workspace, facts.targets, facts.catalogue)
    rebound = rebind(_source_graph(facts, copied), destination, ChosenReferences())
    name = wish.name or f"Copy of {copied.state.name}"[:LONGEST_NAME]
    return _plan(copied, rebound, workspace, None, origin=VersionOrigin.COPY, name=name)


def source_refused(
    source: Flow | None, copied: CopiedState | NotCopied
) -> tuple[NotCopied | InsufficientPermission, ...]:
    """Refuse a flow that the caller can't see or may not export, or that has no such state (A3, X4)."""
    missing = () if isinstance(copied, CopiedState) else (copied,)
    return (*missing, *(() if source is None else rights_missing(source.access, FLOW)))


def destination_refused(facts: ExportFacts, wish: ExportWish) -> tuple[ExportRefusal, ...]:
    """Refuse a destination that the caller can't see or may not write into, or whose quota is full (A3, A6, X10)."""
    access, overridden, into = facts.destination, facts.overridden, wish.destination
    if isinstance(into, OntoFlow):
        missing = FlowNotFound(into.flow_id, path=ONTO_FLOW)
        return (missing,) if overridden is None else writing_refused(overridden.access, ONTO_FLOW)
    if access is None:
        return (WorkspaceNotFound(into.workspace_id, path=INTO_WORKSPACE),)
    return new_flow_refused(access, facts.flows_used, INTO_WORKSPACE)


def graph_refused(facts: ExportFacts, wish: ExportWish, copied: CopiedState | NotCopied) -> Iterator[ExportRefusal]:
    """Refuse mappings, topics, components and references that don't fit the graph or the destination, where both are known."""
    if not isinstance(copied, CopiedState):
        return
    graph, access = _source_graph(facts, copied), facts.destination
    chosen, workspace = _chosen_references(facts, wish, graph), None if access is None else access.workspace
    yield from unknown_mappings(wish.mappings, facts.targets, facts.dangling)
    uses = {} if wish.topic_id is None else graph.topic_uses
    yield from topic_refused(wish.topic_id, copied.flow, uses, workspace, facts.targets)
    yield from chosen.mistakes
    if access is not None:
        yield from graph.refused_by(access.workspace, wish.path)
        yield from facts.memo(misplaced_references, graph, _destination(facts, access), chosen)


def _source_graph(facts: ExportFacts, copied: CopiedState) -> SourceGraph:
    return facts.memo(SourceGraph, copied.state.graph, facts.catalogue, copied.flow.access.workspace)


def _destination(facts: ExportFacts, access: WorkspaceAccess) -> Destination:
    return facts.memo(Destination, access.workspace, facts.targets, facts.catalogue, facts.overridden)


def _chosen_references(facts: ExportFacts, wish: ExportWish, graph: SourceGraph) -> ChosenReferences:
    return facts.memo(choose_references, graph, wish.topic_id, wish.bindings, wish.mappings, wish.shared_mappings)


def _plan(
    copied: CopiedState,
    rebound: Rebound,
    workspace: Workspace,
    overridden: Flow | None,
    *,
    origin: VersionOrigin,
    name: str,
) -> ExportPlan:
    state = replace(copied.state, name=name.strip(), graph=rebound.graph, origin=origin, revert_of=None)
    return ExportPlan(copied, state, workspace.id, overridden, rebound.references, rebound.warnings)


class Eligibility(NamedTuple):
    """Whether a flow may be exported to a workspace."""

    as_new_flow: bool
    over_a_flow: bool
    """Overrides need no quota (X10)."""


@dataclass(frozen=True, slots=True)
class NewExports:
    """Exports of one flow as a new one, without choices: what doesn't depend on the workspace is decided once."""

    source_refusals: tuple[ExportRefusal, ...]
    graph: SourceGraph | None
    """None for a flow without the state that would be copied."""
    usable: UsableWhere | None
    """The workspaces that can use all components; None: the flow can't be exported anywhere."""

    def eligibility(self, workspace: VisibleWorkspace, flows_used: int) -> Eligibility:
        """Whether `refusals` has any, and others than the quota: decided without making them, for many workspaces."""
        may_be_written = (
            self.usable is not None
            and self.graph is not None
            and permits_editing(workspace.permissions or (), workspace.contract_status)
            and (workspace.id == self.graph.workspace.id or self.usable.admits(workspace))
        )
        is_full = workspace.is_quota_judged and flows_used >= (workspace.flow_quota or 0)
        return Eligibility(may_be_written and not is_full, may_be_written)

    def refusals(self, access: WorkspaceAccess, flows_used: int) -> tuple[ExportRefusal, ...]:
        """Every refusal of `plan_export` for this workspace, whose contract holds so many flows (X11)."""
        components = () if self.graph is None else self.graph.refused_by(access.workspace, INTO_WORKSPACE)
        return in_order((*self.source_refusals, *new_flow_refused(access, flows_used, INTO_WORKSPACE), *components))


def new_exports(flow: Flow, copied: CopiedState | NotCopied, catalogue: Catalogue) -> NewExports:
    """Decide what may be decided before any destination is known."""
    refusals, home = source_refused(flow, copied), flow.access.workspace
    graph = SourceGraph(copied.state.graph, catalogue, home) if isinstance(copied, CopiedState) else None
    return NewExports(refusals, graph, None if refusals or graph is None else graph.usable_where())
