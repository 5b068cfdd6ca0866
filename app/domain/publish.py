"""Publishing a draft as the next version of its flow (H2 to H4), and restoring an old version, as the new draft or published at once (H5)."""

from dataclasses import dataclass, replace

from app.domain.access import (
    ApprovalRequired,
    ContractSuspended,
    FlowNotFound,
    InsufficientPermission,
    approval_required,
    is_reviewed,
    writing_refused,
)
from app.domain.batch import Batch, BatchNotApplied, BatchWish, Metered, decide_items
from app.domain.bindings import rebind
from app.domain.choices import ChosenReferences
from app.domain.draft import DraftAlreadyExists, ExistingDraft, StaleDraft, draft_in_the_way, no_draft, stale
from app.domain.errors import FLOW, VERSION, Refused, Some, refused
from app.domain.facts import Facts
from app.domain.flow import DraftNotFound, Flow, FlowState, SavedState, VersionNotFound
from app.domain.input import IdempotencyKeyReused, InvalidInput, key_mistakes
from app.domain.model import DraftId, FlowId, FlowStatus, VersionId, VersionOrigin
from app.domain.readiness import DraftNotReady, not_ready
from app.domain.references import Destination, ReferenceOutcome
from app.domain.running import FlowIsSuspended, starting_refused
from app.domain.source_graph import SourceGraph

PublishRefusal = (
    FlowNotFound
    | DraftNotFound
    | InsufficientPermission
    | ApprovalRequired
    | ContractSuspended
    | StaleDraft
    | DraftNotReady
    | FlowIsSuspended
    | InvalidInput
    | IdempotencyKeyReused
    | BatchNotApplied
)


@dataclass(frozen=True, slots=True)
class PublishWish:
    flow_id: str
    expected_revision: int | None = None
    start: bool = False
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class PublishPlan:
    """The draft becomes the next version, whose name, description and schedule the flow shows."""

    flow: Flow
    draft: SavedState
    starts_flow: bool = False
    """Whether to start the flow; False for a flow that runs already (H4)."""
    without_review: bool = False
    """Whether the caller publishes into a reviewed workspace alone (R3)."""


@dataclass(frozen=True, slots=True)
class Published:
    flow_id: FlowId
    version_id: VersionId
    replayed: bool = False


def plan_publish(facts: Facts, wish: PublishWish) -> PublishPlan | Refused[PublishRefusal]:
    """Decide a publish, or give every reason against it, and against a start of the flow: both or neither (H3, H9)."""
    flow = facts.flows.get(wish.flow_id)
    if flow is None:
        return Refused((FlowNotFound(wish.flow_id, path=FLOW), *key_mistakes(wish.idempotency_key)))
    refusals: tuple[PublishRefusal, ...] = (
        *writing_refused(flow.access, FLOW),
        *approval_required(flow.access, FLOW),
        *(starting_refused(flow) if wish.start else ()),
        *key_mistakes(wish.idempotency_key),
    )
    plan = plan_publishable(facts, flow, wish, refusals)
    return plan if isinstance(plan, Refused) else replace(plan, without_review=is_reviewed(flow.access))


def plan_publishable(
    facts: Facts, flow: Flow, wish: PublishWish, refusals: tuple[Some, ...]
) -> PublishPlan | Refused[Some | DraftNotFound | StaleDraft | DraftNotReady]:
    """Decide whether a draft exists, has the expected revision, and is ready, after refusals of the caller or the flow."""
    draft = flow.draft
    if draft is None:
        advice = "What it had is published already: edit the flow first."
        return Refused((no_draft(flow, wish.expected_revision, advice), *refusals))
    errors: tuple[Some | DraftNotFound | StaleDraft | DraftNotReady, ...] = (
        *refusals,
        *stale(flow, wish.expected_revision),
        *not_ready(facts, flow, draft.state, FLOW),
    )
    return refused(*errors) or PublishPlan(flow, draft, wish.start and flow.status is not FlowStatus.ACTIVE)


def plan_publishes(
    facts: Facts, wish: BatchWish[PublishWish], metered: Metered[PublishWish]
) -> Batch[PublishPlan, PublishRefusal]:
    """Decide to publish several drafts, each by `plan_publish` (B1)."""
    return decide_items(wish, lambda item: plan_publish(facts, item), lambda item: item.flow_id, facts.names, metered)


RevertRefusal = (
    FlowNotFound
    | VersionNotFound
    | InsufficientPermission
    | ApprovalRequired
    | ContractSuspended
    | DraftAlreadyExists
    | DraftNotReady
    | InvalidInput
    | IdempotencyKeyReused
)


@dataclass(frozen=True, slots=True)
class RevertWish:
    flow_id: str
    version_id: str
    publish: bool = False
    existing_draft: ExistingDraft = ExistingDraft.SET_ASIDE
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class RevertPlan:
    flow: Flow
    state: FlowState
    """The state of the new draft."""
    references: tuple[ReferenceOutcome, ...]
    publish: bool
    without_review: bool = False
    """Whether the caller publishes into a reviewed workspace alone (R3)."""


@dataclass(frozen=True, slots=True)
class Reverted:
    """An old version is the new draft, or the next version."""

    flow_id: FlowId
    draft_id: DraftId | None
    version_id: VersionId | None
    set_aside: DraftId | None
    references: tuple[ReferenceOutcome, ...]
    replayed: bool = False


def plan_revert(facts: Facts, wish: RevertWish) -> RevertPlan | Refused[RevertRefusal]:
    """Decide a revert, or give every reason against it. A binding that has disappeared is cleared and reported (H5)."""
    flow, version = facts.flows.get(wish.flow_id), facts.version(wish.flow_id, wish.version_id)
    if flow is None:
        return Refused((FlowNotFound(wish.flow_id, path=FLOW), *key_mistakes(wish.idempotency_key)))
    refusals: tuple[RevertRefusal, ...] = (
        *writing_refused(flow.access, FLOW),
        *(approval_required(flow.access, FLOW) if wish.publish else ()),
        *draft_in_the_way(flow, wish.existing_draft, FLOW),
        *key_mistakes(wish.idempotency_key),
    )
    if version is None:
        return Refused((VersionNotFound(flow.id, flow.name, wish.version_id, path=VERSION), *refusals))
    state, references = restored_state(facts, flow, version)
    errors = (*refusals, *(not_ready(facts, flow, state, VERSION, is_restored=True) if wish.publish else ()))
    return refused(*errors) or RevertPlan(
        flow, state, references, wish.publish, wish.publish and is_reviewed(flow.access)
    )


def restored_state(facts: Facts, flow: Flow, version: SavedState) -> tuple[FlowState, tuple[ReferenceOutcome, ...]]:
    """The state of a version as it can be restored now, and the outcome of each of its references."""
    workspace, state = flow.access.workspace, version.state
    rebound = rebind(
        SourceGraph(state.graph, facts.catalogue, workspace),
        Destination(workspace, facts.targets, facts.catalogue),
        ChosenReferences(),
    )
    origin, revert_of = VersionOrigin.REVERT, VersionId(version.id)
    return replace(state, graph=rebound.graph, origin=origin, revert_of=revert_of), rebound.references
