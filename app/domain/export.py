"""Copying and exporting a flow: what would be written, or every reason why nothing may be (X1 to X11)."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from app.domain.access import (
    ContractSuspended,
    FlowNotFound,
    InsufficientPermission,
    WorkspaceAccess,
    WorkspaceNotFound,
    contract_suspended,
    rights_missing,
)
from app.domain.bindings import ExportWarning
from app.domain.errors import Refused, at, in_order
from app.domain.export_facts import CopyWish, ExportFacts, ExportWish, IntoWorkspace, OntoFlow
from app.domain.exported_graph import ExportedGraph, FoundDestination
from app.domain.fingerprint import PlanIsStale, fingerprint_refused
from app.domain.flow import CHARACTERS_PER_PART, Flow, FlowState, ShownFlow
from app.domain.given import read_given
from app.domain.idempotency import IdempotencyKeyReused, key_mistakes
from app.domain.inaccessible import ComponentNotAccessible
from app.domain.input import LONGEST_NAME, InvalidInput, name_mistakes
from app.domain.mappings import mapping_mistakes, unknown_mappings
from app.domain.model import DraftId, FlowId, FlowType, VersionId, VersionOrigin, WorkspaceId
from app.domain.override import (
    CannotOverrideItself,
    DraftAlreadyExists,
    draft_in_the_way,
    overrides_itself,
)
from app.domain.paths import FLOW, INTO_WORKSPACE, ONTO_FLOW, TOPIC, Path
from app.domain.quota import QuotaExceeded, quota_exceeded
from app.domain.references import CredentialNotAccessible, Destination, ReferenceOutcome
from app.domain.source import Chosen, CopiedFrom, DraftNotFound, VersionNotFound, chosen_state
from app.domain.source_graph import SourceGraph
from app.domain.topics import (
    FlowHasNoTopic,
    MultipleTopicsNotCopied,
    TopicNotAccessible,
    topic_elsewhere,
    topic_refused,
)


class ExportPlan(NamedTuple):
    """What is written: a draft, and the flow that it belongs to if that is new."""

    source_workspace: WorkspaceId
    source_flow: FlowId
    source_version: VersionId | None
    copied_from: CopiedFrom
    state: FlowState
    workspace_id: WorkspaceId
    overrides: FlowId | None
    """The flow whose draft it becomes; None: a new flow is made."""
    sets_aside: DraftId | None
    renames_flow: bool
    """The overridden flow was never published, so that it shows what its draft says (X5)."""
    revision: int
    """Of the draft: one more than the last of its flow (H1)."""
    overridden_shows: ShownFlow | None
    """What the overridden flow shows before, for undoing (P6)."""
    type: FlowType
    references: tuple[ReferenceOutcome, ...]
    warnings: tuple[ExportWarning, ...]

    @property
    def size(self) -> int:
        """How much of it was read of its graph, in characters."""
        return CHARACTERS_PER_PART * (len(self.references) + len(self.state.bindings))


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
    | CannotOverrideItself
    | PlanIsStale
)


def plan_export(facts: ExportFacts, wish: ExportWish) -> ExportPlan | Refused[ExportRefusal]:
    """Decide an export (X2 to X11): the plan, or every refusal at once.

    Pure: the same facts and wish give the same answer.
    """
    accepted = _accepted(facts, wish)
    if isinstance(accepted, Refused):
        return accepted
    source, graph = accepted
    overridden = graph.there.overridden
    name = wish.name or (overridden.name if overridden else source.chosen.state.name)
    return _plan(source, graph, VersionOrigin.EXPORT, name)


def plan_copy(facts: ExportFacts, wish: CopyWish) -> ExportPlan | Refused[CopyRefusal]:
    """Decide a copy inside the flow's workspace (X1): an exact copy, or every refusal at once.

    Components and topics are no reason to refuse it (C4, T2).
    """
    source, mistakes = facts.source, (*name_mistakes(wish.name), *key_mistakes(wish.idempotency_key))
    if source is None:
        return Refused(in_order((FlowNotFound(wish.flow_id, path=FLOW), *mistakes)))
    access = source.access
    refusals: tuple[CopyRefusal, ...] = (
        *at(FLOW, rights_missing(access)),
        *at(FLOW, contract_suspended(access)),
        *at(FLOW, quota_exceeded(access, facts.flows_used)),
        *mistakes,
    )
    chosen = chosen_state(source, wish.source, facts.named_version)
    if not isinstance(chosen, Chosen):
        return Refused(in_order((chosen, *refusals)))
    if refusals:
        return Refused(in_order(refusals))
    name = wish.name or f"Copy of {chosen.state.name}"[:LONGEST_NAME]
    copied = _source(source, chosen, facts)
    graph = ExportedGraph(copied.graph, _destination(access, None, facts), facts)
    return _plan(copied, graph, VersionOrigin.COPY, name)


def refused_there(access: WorkspaceAccess, path: Path, flows_used: int | None) -> Iterator[ExportRefusal]:
    """What the destination alone is refused for: missing rights, a suspended contract, for a new flow a full quota (X10)."""
    yield from at(path, rights_missing(access))
    yield from at(path, contract_suspended(access))
    if flows_used is not None:
        yield from at(path, quota_exceeded(access, flows_used))


def path_of(wanted: IntoWorkspace | OntoFlow) -> Path:
    return INTO_WORKSPACE if isinstance(wanted, IntoWorkspace) else ONTO_FLOW


class FoundSource(NamedTuple):
    """The flow that is exported, and the state of it."""

    flow: Flow
    chosen: Chosen
    graph: SourceGraph


class Accepted(NamedTuple):
    """What is exported, where to and with what."""

    source: FoundSource
    graph: ExportedGraph


def _accepted(facts: ExportFacts, wish: ExportWish) -> Accepted | Refused[ExportRefusal]:
    """What is exported, or every refusal: decided without the plan, which takes time for each step."""
    source, there = _found_source(facts, wish), _found_destination(facts, wish.destination)
    refusals = tuple(_refusals(facts, wish))
    if not isinstance(source, FoundSource):
        missing = (source,) if isinstance(there, FoundDestination) else (source, there)
        return Refused(in_order((*missing, *refusals)))
    refusals = (*refusals, *unknown_mappings(wish.mappings, facts.knows), *_topic_refused(source, facts, wish))
    if not isinstance(there, FoundDestination):
        return Refused(in_order((there, *refusals, *read_given(wish, source.graph).mistakes)))
    shared = id(wish.shared_mappings) if wish.shared_mappings else None
    given = wish.topic_id, wish.mappings, wish.bindings, shared
    graph = facts.once((id(source.graph), id(there), given), lambda: ExportedGraph(source.graph, there, facts, wish))
    errors = (*refusals, *_topic_elsewhere(there, facts, wish, refusals), *graph.refusals)
    return Refused(in_order(errors)) if errors else Accepted(source, graph)


def _topic_refused(
    source: FoundSource, facts: ExportFacts, wish: ExportWish
) -> tuple[FlowHasNoTopic | MultipleTopicsNotCopied, ...]:
    if wish.topic_id is None:
        return ()
    key = id(source.graph), source.flow.id
    uses = source.graph.topic_uses
    return facts.once(key, lambda: at(TOPIC, topic_refused(source.flow, uses, facts.targets)), source.graph)


def _topic_elsewhere(
    there: FoundDestination, facts: ExportFacts, wish: ExportWish, refusals: Iterable[ExportRefusal]
) -> tuple[TopicNotAccessible, ...]:
    """Not asked of a flow that takes no topic, wherever it lives."""
    if any(isinstance(refusal, FlowHasNoTopic | MultipleTopicsNotCopied) for refusal in refusals):
        return ()
    return at(TOPIC, topic_elsewhere(wish.topic_id, there.access.workspace, facts.targets))


def _found_source(facts: ExportFacts, wish: ExportWish) -> FoundSource | FlowNotFound | VersionNotFound | DraftNotFound:
    if facts.source is None:
        return FlowNotFound(wish.flow_id, path=FLOW)
    chosen = chosen_state(facts.source, wish.source, facts.named_version)
    return _source(facts.source, chosen, facts) if isinstance(chosen, Chosen) else chosen


def _source(flow: Flow, chosen: Chosen, facts: ExportFacts) -> FoundSource:
    graph, workspace = chosen.state.graph, flow.access.workspace
    looked_at = facts.once((id(graph), workspace.id), lambda: SourceGraph(graph, facts.catalogue, workspace))
    return FoundSource(flow, chosen, looked_at)


def _found_destination(
    facts: ExportFacts, wanted: IntoWorkspace | OntoFlow
) -> FoundDestination | FlowNotFound | WorkspaceNotFound:
    if isinstance(wanted, OntoFlow):
        flow = facts.overridden
        return FlowNotFound(wanted.flow_id, path=ONTO_FLOW) if flow is None else _destination(flow.access, flow, facts)
    access = facts.destination
    if access is None:
        return WorkspaceNotFound(wanted.workspace_id, path=INTO_WORKSPACE)
    return _destination(access, None, facts)


def _destination(access: WorkspaceAccess, overridden: Flow | None, facts: ExportFacts) -> FoundDestination:
    def found() -> FoundDestination:
        targets, catalogue = facts.targets, facts.catalogue
        things = Destination(access.workspace, targets=targets, catalogue=catalogue, overridden=overridden)
        return FoundDestination(access, things, overridden)

    return facts.once((access.workspace.id, overridden and id(overridden)), found)


def _refusals(facts: ExportFacts, wish: ExportWish) -> Iterator[ExportRefusal]:
    """What is asked of each end by itself, whether or not the other is found."""
    there = path_of(wish.destination)
    if facts.source is not None:
        yield from at(FLOW, rights_missing(facts.source.access))
    if facts.destination is not None:
        is_new = isinstance(wish.destination, IntoWorkspace)
        yield from refused_there(facts.destination, there, facts.flows_used if is_new else None)
    if facts.overridden is not None:
        yield from at(there, draft_in_the_way(facts.overridden, wish.existing_draft))
        if facts.source is not None:
            yield from overrides_itself(facts.source, facts.overridden)
    yield from name_mistakes(wish.name)
    yield from key_mistakes(wish.idempotency_key)
    yield from mapping_mistakes(wish.mappings)
    yield from fingerprint_refused(facts, wish)


def _plan(source: FoundSource, graph: ExportedGraph, origin: VersionOrigin, name: str) -> ExportPlan:
    there, bound = graph.there, graph.bound
    chosen, overridden = source.chosen, there.overridden
    return ExportPlan(
        source_workspace=source.flow.access.workspace.id,
        source_flow=source.flow.id,
        source_version=chosen.version_id,
        copied_from=chosen.copied_from,
        state=chosen.state.taken_over(name.strip(), graph.result, origin),
        workspace_id=there.access.workspace.id,
        overrides=None if overridden is None else overridden.id,
        sets_aside=None if overridden is None or overridden.draft is None else DraftId(overridden.draft.id),
        renames_flow=overridden is not None and overridden.published is None,
        overridden_shows=None if overridden is None else overridden.shows,
        revision=1 if overridden is None else overridden.next_revision,
        type=source.flow.type if overridden is None else overridden.type,
        references=bound.references,
        warnings=bound.warnings,
    )
