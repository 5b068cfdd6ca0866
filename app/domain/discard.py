"""Discarding the draft of a flow (H8)."""

from dataclasses import dataclass

from app.domain.access import ContractSuspended, FlowNotFound, InsufficientPermission, writing_refused
from app.domain.draft import DraftFacts, StaleDraft, no_draft, stale
from app.domain.errors import Refused, refused
from app.domain.input import InvalidInput
from app.domain.model import DraftId, FlowId
from app.domain.paths import FLOW
from app.domain.source import DraftNotFound

DiscardRefusal = FlowNotFound | DraftNotFound | InsufficientPermission | ContractSuspended | StaleDraft | InvalidInput
"""No text of its input can be wrong yet; callers are prepared for one that can."""

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
    """The flow was never published and has no draft set aside, so that it would be empty."""


def plan_discard(
    facts: DraftFacts | None, wish: DiscardWish, *, has_drafts_set_aside: bool
) -> DiscardPlan | Refused[DiscardRefusal]:
    """Decide to discard a draft. The only one of a flow that was never published takes the flow with it (H8).

    Without facts the caller can't see the flow.
    """
    if facts is None:
        return Refused((FlowNotFound(wish.flow_id, path=FLOW),))
    flow, draft = facts.flow, facts.flow.draft
    refusals = writing_refused(flow.access, FLOW)
    if draft is None:
        return Refused((no_draft(flow, wish.expected_revision, NOTHING_TO_DISCARD), *refusals))
    deletes_flow = flow.published is None and not has_drafts_set_aside
    errors = (*refusals, *stale(flow, wish.expected_revision))
    return refused(*errors) or DiscardPlan(flow.id, DraftId(draft.id), deletes_flow)
