"""Copy a flow inside its workspace."""

from app.domain.errors import Refused
from app.domain.export import CopyRefusal, plan_copy
from app.domain.export_facts import CopyWish
from app.domain.idempotency import KeyedCall
from app.domain.model import UserId
from app.offload import offload
from app.storage.store import Store, UnitOfWork
from app.storage.writes import write_exports
from app.usecases.do_once import once
from app.usecases.results import Exported
from app.usecases.sizes import size_of_exports


async def copy_flow(work: UnitOfWork, actor: UserId, wish: CopyWish) -> Exported | Refused[CopyRefusal]:
    """Make an exact copy as a draft in the same workspace (X1). On a refusal nothing is written."""
    async with work.begin(actor) as store:
        return await once(work, store, KeyedCall.COPY_FLOW, wish, lambda: _copied(work, store, wish))


async def _copied(work: UnitOfWork, store: Store, wish: CopyWish) -> Exported | Refused[CopyRefusal]:
    facts = await store.gather([wish])
    plan = await offload(size_of_exports(facts), plan_copy, facts.of(wish), wish)
    if isinstance(plan, Refused):
        return plan
    [written] = await write_exports(store.context(at=work.now()), [plan])
    return Exported.of(plan, written)
