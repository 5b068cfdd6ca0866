"""Restoring an old version, as the new draft or published at once (H5)."""

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
from app.domain.bindings import rebind
from app.domain.choices import ChosenReferences
from app.domain.draft import DraftAlreadyExists, ExistingDraft, draft_in_the_way
from app.domain.errors import FLOW, VERSION, Refused, refused
from app.domain.facts import Facts
from app.domain.flow import Flow, FlowState, SavedState
from app.domain.input import IdempotencyKeyReused, InvalidInput, key_mistakes
from app.domain.model import DraftId, FlowId, VersionId, VersionOrigin
from app.domain.readiness import DraftNotReady, not_ready
from app.domain.references import Destination, ReferenceOutcome
from app.domain.source import VersionNotFound
from app.domain.source_graph import SourceGraph

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
    flow_id: FlowId
    state: FlowState
    """The state of the new draft."""
    sets_aside: DraftId | None
    references: tuple[ReferenceOutcome, ...]
    publish: bool
    revision: int
    """The revision of the new draft, also of one that is published at once (H1)."""
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
    state, references = reverted(facts, flow, version)
    errors = (*refusals, *(not_ready(facts, flow, state, VERSION, is_restored=True) if wish.publish else ()))
    sets_aside = None if flow.draft is None else DraftId(flow.draft.id)
    return refused(*errors) or RevertPlan(
        flow.id,
        state,
        sets_aside,
        references,
        wish.publish,
        flow.next_revision,
        wish.publish and is_reviewed(flow.access),
    )


def reverted(facts: Facts, flow: Flow, version: SavedState) -> tuple[FlowState, tuple[ReferenceOutcome, ...]]:
    workspace, state = flow.access.workspace, version.state
    rebound = rebind(
        SourceGraph(state.graph, facts.catalogue, workspace),
        Destination(workspace, facts.targets, facts.catalogue),
        ChosenReferences(),
    )
    origin, revert_of = VersionOrigin.REVERT, VersionId(version.id)
    return replace(state, graph=rebound.graph, origin=origin, revert_of=revert_of), rebound.references
