"""Publishing a draft as the next version of its flow (H2 to H4), and starting it as well (H9)."""

from dataclasses import dataclass

from app.domain.access import (
    FLOW_TOGGLE_STATUS,
    ContractSuspended,
    FlowNotFound,
    InsufficientPermission,
    rights_missing,
    writing_refused,
)
from app.domain.draft import DraftFacts, StaleDraft, no_draft, stale
from app.domain.errors import Refused, refused
from app.domain.flow import Flow, FlowState
from app.domain.input import IdempotencyKeyReused, InvalidInput, key_mistakes
from app.domain.model import DraftId, FlowId
from app.domain.paths import FLOW, Path
from app.domain.readiness import DraftNotReady, blockers
from app.domain.running import FlowIsSuspended, suspended_by_platform
from app.domain.source import DraftNotFound

PublishRefusal = (
    FlowNotFound
    | DraftNotFound
    | InsufficientPermission
    | ContractSuspended
    | StaleDraft
    | DraftNotReady
    | FlowIsSuspended
    | InvalidInput
    | IdempotencyKeyReused
)


EDIT_FIRST = "What it had is published already: edit the flow first."


@dataclass(frozen=True, slots=True)
class PublishWish:
    flow_id: str
    expected_revision: int | None = None
    start: bool = False
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class PublishPlan:
    """The draft becomes the next version, whose name, description and schedule the flow shows."""

    flow_id: FlowId
    draft_id: DraftId
    state: FlowState
    starts_flow: bool = False
    """Otherwise a running flow goes on running (H4)."""


def plan_publish(facts: DraftFacts | None, wish: PublishWish) -> PublishPlan | Refused[PublishRefusal]:
    """Decide a publish, or give every reason against it, and against a start of the flow: both or neither (H3, H9).

    Without facts the caller can't see the flow.
    """
    if facts is None:
        return Refused((FlowNotFound(wish.flow_id, path=FLOW), *key_mistakes(wish.idempotency_key)))
    flow, draft = facts.flow, facts.flow.draft
    refusals: tuple[PublishRefusal, ...] = (
        *writing_refused(flow.access, FLOW),
        *(_start_refused(flow) if wish.start else ()),
        *key_mistakes(wish.idempotency_key),
    )
    if draft is None:
        return Refused((no_draft(flow, wish.expected_revision, EDIT_FIRST), *refusals))
    errors = (*refusals, *stale(flow, wish.expected_revision), *not_ready(facts, draft.state, FLOW))
    return refused(*errors) or PublishPlan(flow.id, DraftId(draft.id), draft.state, wish.start)


def not_ready(facts: DraftFacts, state: FlowState, path: Path) -> tuple[DraftNotReady, ...]:
    """Refuse a state that can't be published in the flow's workspace (H3)."""
    flow = facts.flow
    reasons = blockers(state, flow.access.workspace, facts.catalogue, facts.targets)
    return (DraftNotReady(flow.id, flow.name, reasons, path=path),) if reasons else ()


def _start_refused(flow: Flow) -> tuple[InsufficientPermission | FlowIsSuspended, ...]:
    """Refuse to start the flow; publishing gives it the version that starting needs."""
    return (*rights_missing(flow.access, FLOW, permission=FLOW_TOGGLE_STATUS), *suspended_by_platform(flow))
