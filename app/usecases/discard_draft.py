"""Discard a draft."""

from app.domain.access import FLOW_EDIT
from app.domain.draft import DiscardRefusal, DiscardWish, plan_discard
from app.domain.errors import Refused
from app.storage.facts.drafts import has_drafts_set_aside
from app.storage.store import Store
from app.storage.writes.lifecycle import discard_draft as remove_draft
from app.usecases.results import Discarded
from app.usecases.transaction import transaction


@transaction()
async def discard_draft(store: Store, wish: DiscardWish) -> Discarded | Refused[DiscardRefusal]:
    """Remove a draft, and the flow if nothing is left of it (H8). On a refusal nothing is removed."""
    flow = (await store.flows([wish.flow_id], permission=FLOW_EDIT)).get(wish.flow_id)
    aside = flow is not None and await has_drafts_set_aside(store.connection, flow.id)
    plan = plan_discard(flow, wish, has_drafts_set_aside=aside)
    if isinstance(plan, Refused):
        return plan
    await remove_draft(store, plan)
    return Discarded(plan.flow_id, plan.draft_id, plan.flow_id if plan.deletes_flow else None)
