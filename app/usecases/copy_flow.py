"""Copy a flow inside its workspace."""

from app.domain.errors import Refused
from app.domain.export import CopyRefusal, CopyWish, plan_copy
from app.domain.model import UserId
from app.offload import offload
from app.storage.store import UnitOfWork
from app.storage.writes import write_export
from app.usecases.results import Exported
from app.usecases.sizes import size_of_export


async def copy_flow(work: UnitOfWork, actor: UserId, wish: CopyWish) -> Exported | Refused[CopyRefusal]:
    """Make an exact copy as a draft in the same workspace (X1). On a refusal nothing is written."""
    async with work.begin(actor) as store:
        facts = await store.copy_facts(wish)
        plan = await offload(size_of_export(facts), plan_copy, facts, wish)
        if isinstance(plan, Refused):
            return plan
        written = await write_export(store.context(at=work.now()), plan)
        return Exported.of(plan, written)
