"""Create a flow from a native graph."""

from app.domain.edit import CreateRefusal, CreateWish, plan_create
from app.domain.errors import Refused
from app.domain.input import KeyedCall
from app.storage.store import Store
from app.storage.writes.copies import write_flow
from app.usecases.results import Created
from app.usecases.transaction import decide, transaction


@transaction(key=KeyedCall.CREATE_FLOW)
async def create_flow(store: Store, wish: CreateWish) -> Created | Refused[CreateRefusal]:
    """Create a flow with a draft, however unfinished (C6). On a refusal nothing is written."""
    facts = await store.create_facts(wish)
    plan = await decide(facts, lambda: plan_create(facts, wish))
    if isinstance(plan, Refused):
        return plan
    return Created(*await write_flow(store, plan))
