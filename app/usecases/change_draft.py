"""Save, publish, discard or restore a draft, or make an old version the draft; publish up to a thousand in one call."""

from app.domain.access import FLOW_EDIT
from app.domain.batch import Batch, BatchWish
from app.domain.draft import (
    DiscardPlan,
    DiscardRefusal,
    DiscardWish,
    RestorePlan,
    RestoreRefusal,
    plan_discard,
    plan_restore,
)
from app.domain.edit import Saved, UpdatePlan, UpdateRefusal, UpdateWish, plan_update
from app.domain.errors import Refused
from app.domain.input import KeyedCall
from app.domain.publish import (
    Published,
    PublishRefusal,
    PublishWish,
    Reverted,
    RevertRefusal,
    RevertWish,
    plan_publish,
    plan_publishes,
    plan_revert,
)
from app.domain.release import applied_releases
from app.storage.facts.flows import draft_state, edited_state, named_states
from app.storage.facts.states import has_drafts_set_aside
from app.storage.store import Store
from app.storage.writes import lifecycle
from app.storage.writes.release_writes import publish_together
from app.usecases.transaction import decide, one_by_one, transaction


@transaction()
async def update_draft(store: Store, wish: UpdateWish) -> Saved | Refused[UpdateRefusal]:
    """Save a draft, made from the published version if there is none (H1). On a refusal nothing is written."""
    bound = [choice for step in wish.bindings for choice in step.choices.values() if choice is not None]
    facts = await store.draft_facts({wish.flow_id: [edited_state]}, sent=wish.graph, bound=bound)
    plan = await decide(facts, lambda: plan_update(facts, wish))
    return await lifecycle.save_draft(store, plan) if isinstance(plan, UpdatePlan) else plan


@transaction(key=KeyedCall.PUBLISH_FLOW_DRAFT)
async def publish_draft(store: Store, wish: PublishWish) -> Published | Refused[PublishRefusal]:
    """Publish a draft that is ready (H2 to H4). On a refusal nothing is written."""
    facts = await store.draft_facts({wish.flow_id: [draft_state]})
    plan = await decide(facts, lambda: plan_publish(facts, wish))
    if isinstance(plan, Refused):
        return plan
    [published] = await lifecycle.publish_drafts(store, [plan])
    return published


@transaction(key=KeyedCall.PUBLISH_FLOW_DRAFTS, resumes=True)
async def publish_drafts(store: Store, wish: BatchWish[PublishWish]) -> Batch[Published, PublishRefusal]:
    """Publish drafts, all or none unless the call is best effort (B1). A refused draft is left as it is."""
    facts = await store.draft_facts({item.flow_id: [draft_state] for item in wish.remaining.values()})
    decided = await decide(facts, lambda: plan_publishes(facts, wish, one_by_one(facts)))
    return decided.carried_out(await publish_together(store, decided.done, applied_releases(decided.done)))


@transaction(key=KeyedCall.REVERT_FLOW)
async def revert_flow(store: Store, wish: RevertWish) -> Reverted | Refused[RevertRefusal]:
    """Make an old version the new draft, or the next version at once (H5). On a refusal nothing is written."""
    facts = await store.draft_facts({wish.flow_id: [named_states]}, wish.version_id)
    plan = await decide(facts, lambda: plan_revert(facts, wish))
    return plan if isinstance(plan, Refused) else await lifecycle.revert_flow(store, plan)


@transaction()
async def discard_draft(store: Store, wish: DiscardWish) -> DiscardPlan | Refused[DiscardRefusal]:
    """Remove a draft, and the flow if nothing is left of it (H8). On a refusal nothing is removed."""
    flow = (await store.flows([wish.flow_id], permission=FLOW_EDIT)).get(wish.flow_id)
    aside = flow is not None and await has_drafts_set_aside(store.connection, flow.id)
    plan = plan_discard(flow, wish, has_drafts_set_aside=aside)
    if not isinstance(plan, Refused):
        await lifecycle.discard_draft(store, plan)
    return plan


@transaction()
async def restore_draft(store: Store, draft_id: str) -> RestorePlan | Refused[RestoreRefusal]:
    """Make it the active draft; the present one is set aside in exchange (H8). On a refusal nothing is written."""
    plan = plan_restore(*await store.flow_and_draft(draft_id), draft_id)
    if not isinstance(plan, Refused):
        await lifecycle.restore_draft(store, plan)
    return plan
