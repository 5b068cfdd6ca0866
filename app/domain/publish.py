"""Publishing a draft as the next version of its flow (H2 to H4)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from app.domain.access import (
    ApprovalRequired,
    ContractSuspended,
    FlowNotFound,
    InsufficientPermission,
    approval_required,
    is_reviewed,
    writing_refused,
)
from app.domain.batch import Batch, BatchNotApplied, BatchWish, decide_items
from app.domain.draft import StaleDraft, no_draft, stale
from app.domain.errors import FLOW, Refused, Some, refused
from app.domain.facts import Facts
from app.domain.flow import Flow, FlowState, SavedState
from app.domain.input import IdempotencyKeyReused, InvalidInput, key_mistakes
from app.domain.model import DraftId, FlowId, FlowStatus, VersionId, WorkspaceId
from app.domain.readiness import DraftNotReady, not_ready
from app.domain.running import FlowIsSuspended, starting_refused
from app.domain.source import DraftNotFound

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


class ReleasedDraft(NamedTuple):
    """A draft of a release at its revision, over the version that is published."""

    flow_id: FlowId
    flow_name: str
    draft_id: DraftId
    revision: int
    over_version_id: VersionId | None


@dataclass(frozen=True, slots=True)
class PublishPlan:
    """The draft becomes the next version, whose name, description and schedule the flow shows."""

    draft: ReleasedDraft
    workspace_id: WorkspaceId
    state: FlowState
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
    starts_flow = wish.start and flow.status is not FlowStatus.ACTIVE
    return refused(*errors) or plan_of(flow, draft, starts_flow=starts_flow)


def plan_of(flow: Flow, draft: SavedState, *, starts_flow: bool) -> PublishPlan:
    """The plan to publish a draft about which all is decided."""
    published = None if flow.published is None else VersionId(flow.published.id)
    released = ReleasedDraft(flow.id, flow.name, DraftId(draft.id), draft.revision, published)
    return PublishPlan(released, flow.access.workspace.id, draft.state, starts_flow)


def plan_publishes(
    facts: Facts, wish: BatchWish[PublishWish], count: Callable[[Iterable[PublishWish]], Iterator[PublishWish]]
) -> Batch[PublishPlan, PublishRefusal]:
    """Decide to publish several drafts, each by `plan_publish` (B1). `count` goes through them, and may end that."""
    return decide_items(wish, lambda item: plan_publish(facts, item), lambda item: item.flow_id, facts.names, count)
