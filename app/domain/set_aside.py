"""Drafts that go: discarded by their owner's word, or restored from where they were set aside (H8)."""

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
from app.domain.input import InvalidInput
from app.domain.model import DraftId, FlowId
from app.domain.paths import DRAFT, FLOW
from app.domain.source import DraftNotFound, Flow, State
from app.domain.wording import named

DiscardRefusal = FlowNotFound | DraftNotFound | InsufficientPermission | ContractSuspended | StaleDraft
RestoreRefusal = DraftNotFound | InsufficientPermission | ContractSuspended | InvalidInput


NOTHING_TO_DISCARD = "There is nothing to discard."


@dataclass(frozen=True, slots=True)
class DiscardWish:
    flow_id: str
    expected_revision: int | None = None


@dataclass(frozen=True, slots=True)
class DiscardPlan:
    flow_id: FlowId
    draft_id: DraftId
    deletes_flow: bool
    """Nothing would be left of the flow: it was never published and has no draft set aside."""


@dataclass(frozen=True, slots=True)
class RestoreFacts:
    """A draft that somebody wants back, and its flow; None where the caller can't see it (A5)."""

    flow: Flow | None
    draft: State | None
    is_set_aside: bool = False


@dataclass(frozen=True, slots=True)
class RestorePlan:
    """The draft is the active one again; the present one is set aside in exchange."""

    flow_id: FlowId
    draft: State
    sets_aside: DraftId | None
    renames_flow: bool
    """The flow was never published, so that it shows what its draft says."""


def plan_discard(
    facts: DraftFacts, wish: DiscardWish, *, has_drafts_set_aside: bool
) -> DiscardPlan | Refused[DiscardRefusal]:
    """Decide to discard a draft. The only one of a flow that was never published takes the flow with it (H8)."""
    errors: tuple[DiscardRefusal, ...] = in_order(
        (
            *flow_not_found(facts.flow, wish.flow_id),
            *draft_missing(facts.flow, wish.expected_revision, NOTHING_TO_DISCARD),
            *at(FLOW, rights_missing(facts.place)),
            *at(FLOW, contract_suspended(facts.place)),
            *stale(facts.flow, wish.expected_revision),
        )
    )
    flow = facts.flow
    if errors or flow is None or flow.draft is None:
        return Refused(errors)
    return DiscardPlan(flow.id, DraftId(flow.draft.id), flow.published is None and not has_drafts_set_aside)


def plan_restore(facts: RestoreFacts, draft_id: str) -> RestorePlan | Refused[RestoreRefusal]:
    """Decide to restore a draft that was set aside; refuses the draft that is being edited already."""
    place = None if facts.flow is None else facts.flow.place
    missing = facts.flow is None or facts.draft is None
    errors: tuple[RestoreRefusal, ...] = in_order(
        (
            *((DraftNotFound(None, None, draft_id, path=DRAFT),) if missing else ()),
            *at(DRAFT, rights_missing(place)),
            *at(DRAFT, contract_suspended(place)),
            *(() if facts.flow is None or missing or facts.is_set_aside else (_not_set_aside(facts.flow),)),
        )
    )
    if errors or facts.flow is None or facts.draft is None:
        return Refused(errors)
    present = facts.flow.draft
    sets_aside = None if present is None else DraftId(present.id)
    return RestorePlan(facts.flow.id, facts.draft, sets_aside, facts.flow.published is None)


def _not_set_aside(flow: Flow) -> InvalidInput:
    what = f"This draft of the flow {named(flow)} was not set aside: it is the one that is being edited."
    return InvalidInput(DRAFT, f"{what} Choose a draft that was set aside.")
