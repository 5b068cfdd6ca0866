"""Restore an old version of a flow."""

from app.domain.errors import Refused
from app.domain.idempotency import KeyedCall
from app.domain.model import UserId
from app.domain.revert import RevertRefusal, RevertWish, plan_revert
from app.offload import offload
from app.storage.draft_writes import revert_and_publish, revert_to_draft
from app.storage.found_flows import named_states
from app.storage.store import Store, UnitOfWork
from app.usecases.do_once import once
from app.usecases.results import Reverted
from app.usecases.sizes import size_of_draft


async def revert_flow(work: UnitOfWork, actor: UserId, wish: RevertWish) -> Reverted | Refused[RevertRefusal]:
    """Make an old version the new draft, or the next version at once (H5). On a refusal nothing is written."""
    async with work.begin(actor) as store:
        return await once(work, store, KeyedCall.REVERT_FLOW, wish, lambda: _reverted(work, store, wish))


async def _reverted(work: UnitOfWork, store: Store, wish: RevertWish) -> Reverted | Refused[RevertRefusal]:
    facts = await store.draft_facts(wish.flow_id, named_states, version_id=wish.version_id)
    plan = await offload(size_of_draft(facts), plan_revert, facts, wish)
    if isinstance(plan, Refused):
        return plan
    context = store.context(at=work.now())
    if plan.publish:
        version_id = await revert_and_publish(context, plan)
        return Reverted(plan.flow_id, None, version_id, plan.sets_aside, plan.references)
    draft_id = await revert_to_draft(context, plan)
    return Reverted(plan.flow_id, draft_id, None, plan.sets_aside, plan.references)
