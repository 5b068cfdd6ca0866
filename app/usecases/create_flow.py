"""Create a flow from a native graph."""

from app.domain.create import CreateRefusal, CreateWish, plan_create
from app.domain.errors import Refused
from app.domain.idempotency import KeyedCall
from app.domain.model import UserId
from app.offload import LARGE, offload
from app.storage.store import Store, UnitOfWork
from app.storage.writes import write_flow
from app.usecases.do_once import once
from app.usecases.results import Created


async def create_flow(work: UnitOfWork, actor: UserId, wish: CreateWish) -> Created | Refused[CreateRefusal]:
    """Create a flow with a draft, however unfinished (C6). On a refusal nothing is written."""
    async with work.begin(actor) as store:
        return await once(work, store, KeyedCall.CREATE_FLOW, wish, lambda: _created(work, store, wish))


async def _created(work: UnitOfWork, store: Store, wish: CreateWish) -> Created | Refused[CreateRefusal]:
    facts = await store.create_facts(wish)
    plan = await offload(LARGE, plan_create, facts, wish)
    if isinstance(plan, Refused):
        return plan
    written = await write_flow(store.context(at=work.now()), plan)
    return Created(written.flow_id, written.draft_id)
