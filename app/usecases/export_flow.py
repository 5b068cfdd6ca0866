"""Export a flow to another workspace, or onto an existing flow."""

from app.domain.errors import Refused
from app.domain.export import Exported, ExportRefusal, plan_export
from app.domain.export_facts import ExportWish
from app.domain.input import KeyedCall
from app.storage.store import Store
from app.storage.writes.copies import write_exports
from app.usecases.transaction import decide, transaction


@transaction(key=KeyedCall.EXPORT_FLOW)
async def export_flow(store: Store, wish: ExportWish) -> Exported | Refused[ExportRefusal]:
    """Export a flow as a draft (X2 to X11). On a refusal nothing is written."""
    facts = await store.gather([wish])
    plan = await decide(facts, lambda: plan_export(facts.of(wish), wish))
    if isinstance(plan, Refused):
        return plan
    [exported] = await write_exports(store, [plan])
    return exported
