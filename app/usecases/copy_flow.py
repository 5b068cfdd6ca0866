"""Copy a flow inside its workspace."""

from app.domain.errors import Refused
from app.domain.export import CopyRefusal, Exported, plan_copy
from app.domain.export_facts import CopyWish
from app.domain.input import KeyedCall
from app.storage.store import Store
from app.storage.writes.copies import write_exports
from app.usecases.transaction import decide, transaction


@transaction(key=KeyedCall.COPY_FLOW)
async def copy_flow(store: Store, wish: CopyWish) -> Exported | Refused[CopyRefusal]:
    """Make an exact copy as a draft in the same workspace (X1). On a refusal nothing is written."""
    facts = await store.gather([wish])
    plan = await decide(facts, lambda: plan_copy(facts.of(wish), wish))
    if isinstance(plan, Refused):
        return plan
    [exported] = await write_exports(store, [plan])
    return exported
