"""Copy a flow inside its workspace."""

from app.domain.errors import Refused
from app.domain.export import CopyRefusal, plan_copy
from app.domain.export_facts import CopyWish
from app.domain.idempotency import KeyedCall
from app.domain.model import UserId
from app.storage.store import UnitOfWork
from app.usecases.do_once import once
from app.usecases.export_flow import carry_out
from app.usecases.results import Exported


async def copy_flow(work: UnitOfWork, actor: UserId, wish: CopyWish) -> Exported | Refused[CopyRefusal]:
    """Make an exact copy as a draft in the same workspace (X1). On a refusal nothing is written."""
    async with work.begin(actor) as store:
        return await once(work, store, KeyedCall.COPY_FLOW, wish, lambda: carry_out(plan_copy, work, store, wish))
