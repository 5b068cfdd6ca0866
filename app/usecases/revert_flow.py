"""Restore an old version of a flow."""

from app.domain.errors import Refused
from app.domain.input import KeyedCall
from app.domain.revert import RevertRefusal, RevertWish, plan_revert
from app.storage.facts.flows import named_states
from app.storage.store import Store
from app.storage.writes.lifecycle import revert_and_publish, revert_to_draft
from app.usecases.results import Reverted
from app.usecases.transaction import decide, transaction


@transaction(key=KeyedCall.REVERT_FLOW)
async def revert_flow(store: Store, wish: RevertWish) -> Reverted | Refused[RevertRefusal]:
    """Make an old version the new draft, or the next version at once (H5). On a refusal nothing is written."""
    facts = await store.draft_facts({wish.flow_id: [named_states]}, wish.version_id)
    plan = await decide(facts, lambda: plan_revert(facts.flows.get(wish.flow_id), wish))
    if isinstance(plan, Refused):
        return plan
    if plan.publish:
        version_id = await revert_and_publish(store, plan)
        return Reverted(plan.flow_id, None, version_id, plan.sets_aside, plan.references)
    draft_id = await revert_to_draft(store, plan)
    return Reverted(plan.flow_id, draft_id, None, plan.sets_aside, plan.references)
