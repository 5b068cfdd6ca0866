"""Save a draft: its name, description, schedule, graph, or what its steps are bound to."""

from app.domain.edit import Unchanged, UpdateRefusal, UpdateWish, plan_update
from app.domain.errors import Refused
from app.storage.facts.flows import edited_state
from app.storage.store import Store
from app.storage.writes.lifecycle import save_draft
from app.usecases.results import Saved
from app.usecases.transaction import decide, transaction


@transaction()
async def update_draft(store: Store, wish: UpdateWish) -> Saved | Refused[UpdateRefusal]:
    """Save a draft, made from the published version if there is none (H1). On a refusal nothing is written."""
    bound = [choice for step in wish.bindings for choice in step.choices.values() if choice is not None]
    facts = await store.draft_facts({wish.flow_id: [edited_state]}, sent=wish.graph, bound=bound)
    plan = await decide(facts, lambda: plan_update(facts.flows.get(wish.flow_id), wish))
    if isinstance(plan, Refused):
        return plan
    if isinstance(plan, Unchanged):
        return Saved(plan.flow_id, plan.draft_id)
    return Saved(plan.flow_id, await save_draft(store, plan))
