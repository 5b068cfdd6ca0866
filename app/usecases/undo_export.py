"""Undo a copy or export."""

from app.domain.errors import Refused
from app.domain.undo import UndoRefusal, plan_undo
from app.storage.store import Store
from app.storage.writes.undo import undo_export as restore_what_was_there
from app.usecases.results import Undone
from app.usecases.transaction import transaction


@transaction()
async def undo_export(store: Store, export_id: str) -> Undone | Refused[UndoRefusal]:
    """Restore what was there before, unless somebody has built on the result (P6). On a refusal nothing is written."""
    plan = plan_undo(await store.undo_facts(export_id), export_id)
    if isinstance(plan, Refused):
        return plan
    await restore_what_was_there(store, plan)
    flow_id = plan.draft.flow_id
    return Undone(plan.export_id, flow_id, plan.draft.set_aside, flow_id if plan.deletes_flow else None)
