"""Publishing a draft as the next version of its flow (H2 to H4)."""

from dataclasses import dataclass

from app.domain.access import (
    ContractSuspended,
    FlowNotFound,
    InsufficientPermission,
    contract_suspended,
    rights_missing,
)
from app.domain.draft import DraftFacts, StaleDraft, draft_missing, flow_not_found, stale
from app.domain.errors import Refused, at, in_order
from app.domain.model import DraftId, FlowId
from app.domain.paths import FLOW
from app.domain.readiness import DraftNotReady, blockers
from app.domain.source import DraftNotFound, Flow, State

PublishRefusal = FlowNotFound | DraftNotFound | InsufficientPermission | ContractSuspended | StaleDraft | DraftNotReady


EDIT_FIRST = "What it had is published already: edit the flow first."


@dataclass(frozen=True, slots=True)
class PublishWish:
    flow_id: str
    expected_revision: int | None = None


@dataclass(frozen=True, slots=True)
class PublishPlan:
    """The draft becomes the next version, and what it says becomes the flow's; whether the flow runs stays (H4)."""

    flow_id: FlowId
    draft_id: DraftId
    state: State


def plan_publish(facts: DraftFacts, wish: PublishWish) -> PublishPlan | Refused[PublishRefusal]:
    """Decide a publish, or give every reason against it: no draft, one that has moved, or one that isn't ready (H3)."""
    errors: tuple[PublishRefusal, ...] = in_order(
        (
            *flow_not_found(facts.flow, wish.flow_id),
            *draft_missing(facts.flow, wish.expected_revision, EDIT_FIRST),
            *at(FLOW, rights_missing(facts.place)),
            *at(FLOW, contract_suspended(facts.place)),
            *stale(facts.flow, wish.expected_revision),
            *at(FLOW, _not_ready(facts)),
        )
    )
    if errors or facts.flow is None or facts.flow.draft is None:
        return Refused(errors)
    return PublishPlan(facts.flow.id, DraftId(facts.flow.draft.id), facts.flow.draft)


def not_ready(flow: Flow, state: State, facts: DraftFacts) -> tuple[DraftNotReady, ...]:
    """The refusal for a state that can't be published in the flow's workspace (H3)."""
    found = blockers(state, flow.place.workspace, facts.catalogue, facts.targets)
    return (DraftNotReady(flow.id, flow.name, found),) if found else ()


def _not_ready(facts: DraftFacts) -> tuple[DraftNotReady, ...]:
    if facts.flow is None or facts.flow.draft is None:
        return ()
    return not_ready(facts.flow, facts.flow.draft, facts)
