"""Discard a draft."""

from app.domain.discard import DiscardRefusal, DiscardWish, plan_discard
from app.domain.errors import Refused
from app.domain.model import UserId
from app.storage.draft_writes import discard_draft as remove_draft
from app.storage.store import UnitOfWork
from app.usecases.results import Discarded


async def discard_draft(work: UnitOfWork, actor: UserId, wish: DiscardWish) -> Discarded | Refused[DiscardRefusal]:
    """Remove a draft, and the flow if nothing is left of it (H8). On a refusal nothing is removed."""
    async with work.begin(actor) as store:
        facts = await store.draft_facts(wish.flow_id)
        aside = facts is not None and await store.has_drafts_set_aside(facts.flow.id)
        plan = plan_discard(facts, wish, has_drafts_set_aside=aside)
        if isinstance(plan, Refused):
            return plan
        await remove_draft(store.context(at=work.now()), plan)
        return Discarded(plan.flow_id, plan.draft_id, plan.deletes_flow)
