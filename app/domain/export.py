"""Copying and exporting a flow: what would be written, or every reason why nothing may be (X1 to X11)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.domain.access import (
    ContractSuspended,
    FlowNotFound,
    InsufficientPermission,
    Place,
    WorkspaceNotFound,
    contract_suspended,
    rights_missing,
)
from app.domain.bindings import ExportWarning, Rebinding, resolve_all, topic_uses
from app.domain.component import Catalogue
from app.domain.errors import Refused, at, in_order
from app.domain.graph import Bindings
from app.domain.inaccessible import ComponentNotAccessible
from app.domain.input import LONGEST_NAME, InvalidInput, name_mistakes
from app.domain.model import DraftId, FlowId, FlowType, Target, VersionId, VersionOrigin, WorkspaceId
from app.domain.override import (
    CannotOverrideItself,
    DraftAlreadyExists,
    ExistingDraft,
    draft_in_the_way,
    overrides_itself,
)
from app.domain.paths import FLOW, INTO_WORKSPACE, ONTO_FLOW, TOPIC, Path
from app.domain.quota import QuotaExceeded, quota_exceeded
from app.domain.references import CredentialNotAccessible, Destination, ReferenceOutcome
from app.domain.source import (
    BY_DEFAULT,
    Chosen,
    CopiedFrom,
    DraftNotFound,
    Flow,
    SourceWish,
    State,
    VersionNotFound,
    chosen_state,
)
from app.domain.topics import FlowHasNoTopic, MultipleTopicsNotCopied, TopicNotAccessible, topics_refused
from app.domain.used_components import UsedComponents


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


@dataclass(frozen=True, slots=True)
class CopyWish:
    flow_id: str
    name: str | None = None
    source: SourceWish = BY_DEFAULT


@dataclass(frozen=True, slots=True)
class ExportFacts:
    """What a decision rests on, as the caller can see it: what it can't see is None, like what doesn't exist (A5)."""

    source: Flow | None
    destination: Place | None
    """The workspace that is written into."""
    overridden: Flow | None = None
    named_version: State | None = None
    """The version of the source that the wish names."""
    catalogue: Catalogue = field(default_factory=Catalogue)
    targets: Mapping[str, Target] = field(default_factory=dict)
    """What the flows at hand are bound to and the given topic, where they exist and the caller can see them."""
    flows_used: int = 0
    """How many flows the destination's contract holds in its production workspaces."""
    used: UsedComponents | None = None
    """The components of the chosen state, where they are looked up once for many destinations."""


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """What is written: a draft, and the flow that it belongs to if that is new."""

    source_flow: FlowId
    source_version: VersionId | None
    copied_from: CopiedFrom
    origin: VersionOrigin
    workspace_id: WorkspaceId
    overrides: FlowId | None
    """The flow whose draft it becomes; None: a new flow is made."""
    sets_aside: DraftId | None
    renames_flow: bool
    """The overridden flow was never published, so that it shows what its draft says (X5)."""
    type: FlowType
    name: str
    description: str | None
    cron: str | None
    content_hash: str
    bindings: Bindings
    references: tuple[ReferenceOutcome, ...]
    warnings: tuple[ExportWarning, ...]


CopyRefusal = (
    FlowNotFound
    | VersionNotFound
    | DraftNotFound
    | InsufficientPermission
    | ContractSuspended
    | QuotaExceeded
    | InvalidInput
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
)


def plan_export(facts: ExportFacts, wish: ExportWish) -> ExportPlan | Refused[ExportRefusal]:
    """Decide an export (X2 to X11): the plan, or every refusal at once.

    Pure: the same facts and wish give the same answer.
    """
    errors, chosen = export_refusals(facts, wish), _chosen(facts, wish.source)
    if errors or facts.source is None or facts.destination is None or not isinstance(chosen, Chosen):
        return Refused(errors)
    name = wish.name or (facts.overridden.name if facts.overridden else chosen.state.name)
    origin, topic = VersionOrigin.EXPORT, wish.topic_id
    return _plan(facts, facts.source, facts.destination, chosen, origin=origin, name=name, topic_id=topic)


def plan_copy(facts: ExportFacts, wish: CopyWish) -> ExportPlan | Refused[CopyRefusal]:
    """Decide a copy inside the flow's workspace (X1): an exact copy, or every refusal at once.

    Components and topics are no reason to refuse it (C4, T2).
    """
    place = None if facts.source is None else facts.source.place
    chosen = _chosen(facts, wish.source)
    errors = in_order(
        (
            *_flow_not_found(facts, wish.flow_id),
            *_state_missing(chosen),
            *at(FLOW, rights_missing(place)),
            *at(FLOW, contract_suspended(place)),
            *at(FLOW, _quota_refused(place, facts)),
            *name_mistakes(wish.name),
        )
    )
    if errors or facts.source is None or place is None or not isinstance(chosen, Chosen):
        return Refused(errors)
    name = wish.name or f"Copy of {chosen.state.name}"[:LONGEST_NAME]
    return _plan(facts, facts.source, place, chosen, origin=VersionOrigin.COPY, name=name, topic_id=None)


def export_refusals(facts: ExportFacts, wish: ExportWish) -> tuple[ExportRefusal, ...]:
    """Every reason why this export may not be, in the order of `ErrorCode` (X11).

    Where something is not found, only what doesn't depend on it is asked.
    """
    chosen, there = _chosen(facts, wish.source), path_of(wish.destination)
    return in_order(
        (
            *_flow_not_found(facts, wish.flow_id),
            *_destination_not_found(facts, wish.destination),
            *_state_missing(chosen),
            *at(FLOW, rights_missing(None if facts.source is None else facts.source.place)),
            *at(there, rights_missing(facts.destination)),
            *at(there, contract_suspended(facts.destination)),
            *at(there, _components_refused(facts, chosen)),
            *at(TOPIC, _topic_refused(facts, chosen, wish.topic_id)),
            *at(there, draft_in_the_way(facts.overridden, wish.existing_draft)),
            *overrides_itself(facts.source, facts.overridden),
            *at(there, _quota_refused(None if isinstance(wish.destination, OntoFlow) else facts.destination, facts)),
            *name_mistakes(wish.name),
        )
    )


def stands_only_in_the_way_of_a_new_flow(refusals: Sequence[ExportRefusal]) -> bool:
    """Whether the destination could still be exported to over a flow that is there: overrides need no quota (X10)."""
    return all(isinstance(refusal, QuotaExceeded) for refusal in refusals)


def path_of(destination: IntoWorkspace | OntoFlow) -> Path:
    """Where the input of an export names its destination."""
    return INTO_WORKSPACE if isinstance(destination, IntoWorkspace) else ONTO_FLOW


def _chosen(facts: ExportFacts, wish: SourceWish) -> Chosen | VersionNotFound | DraftNotFound | None:
    return None if facts.source is None else chosen_state(facts.source, wish, facts.named_version)


def _flow_not_found(facts: ExportFacts, flow_id: str) -> tuple[FlowNotFound, ...]:
    return (FlowNotFound(flow_id, FLOW),) if facts.source is None else ()


def _destination_not_found(
    facts: ExportFacts, wanted: IntoWorkspace | OntoFlow
) -> tuple[FlowNotFound | WorkspaceNotFound, ...]:
    match wanted:
        case IntoWorkspace(workspace_id):
            return (WorkspaceNotFound(workspace_id, INTO_WORKSPACE),) if facts.destination is None else ()
        case OntoFlow(flow_id):
            return (FlowNotFound(flow_id, ONTO_FLOW),) if facts.overridden is None else ()


def _state_missing(
    chosen: Chosen | VersionNotFound | DraftNotFound | None,
) -> tuple[VersionNotFound | DraftNotFound, ...]:
    return () if chosen is None or isinstance(chosen, Chosen) else (chosen,)


def _components_refused(
    facts: ExportFacts, chosen: Chosen | VersionNotFound | DraftNotFound | None
) -> tuple[ComponentNotAccessible, ...]:
    if facts.source is None or facts.destination is None or not isinstance(chosen, Chosen):
        return ()
    used = facts.used or UsedComponents(chosen.state.steps, facts.catalogue, source=facts.source.place.workspace)
    return used.refused_by(facts.destination.workspace)


def _topic_refused(
    facts: ExportFacts, chosen: Chosen | VersionNotFound | DraftNotFound | None, given: str | None
) -> tuple[FlowHasNoTopic | MultipleTopicsNotCopied | TopicNotAccessible, ...]:
    if given is None or facts.source is None or not isinstance(chosen, Chosen):
        return ()
    components = resolve_all(chosen.state.steps, facts.catalogue, facts.source.place.workspace)
    uses = topic_uses(chosen.state, components)
    return topics_refused(facts.source, uses, given, facts.destination, facts.targets)


def _quota_refused(new_flow_in: Place | None, facts: ExportFacts) -> tuple[QuotaExceeded, ...]:
    return () if new_flow_in is None else quota_exceeded(new_flow_in, facts.flows_used)


def _plan(
    facts: ExportFacts,
    source: Flow,
    destination: Place,
    chosen: Chosen,
    *,
    origin: VersionOrigin,
    name: str,
    topic_id: str | None,
) -> ExportPlan:
    overridden, here, there = facts.overridden, source.place.workspace, destination.workspace
    at_destination = Destination(there, targets=facts.targets, catalogue=facts.catalogue, overridden=overridden)
    bound = Rebinding(
        components=resolve_all(chosen.state.steps, facts.catalogue, here),
        there=at_destination,
        inside=here.id == there.id,
        given_topic=topic_id,
        targets=facts.targets,
    ).bind(chosen.state)
    set_aside = None if overridden is None else overridden.draft
    return ExportPlan(
        source_flow=source.id,
        source_version=chosen.version_id,
        copied_from=chosen.copied_from,
        origin=origin,
        workspace_id=there.id,
        overrides=None if overridden is None else overridden.id,
        sets_aside=None if set_aside is None else DraftId(set_aside.id),
        renames_flow=overridden is not None and overridden.published is None,
        type=source.type if overridden is None else overridden.type,
        name=name.strip(),
        description=chosen.state.description,
        cron=chosen.state.cron,
        content_hash=chosen.state.content_hash,
        bindings=bound.bindings,
        references=bound.references,
        warnings=bound.warnings,
    )
