"""Restore a draft that was set aside."""

from app.domain.draft import RestoreRefusal, plan_restore
from app.domain.errors import Refused
from app.domain.model import DraftId
from app.storage.store import Store
from app.storage.writes.lifecycle import restore_draft as write_draft
from app.usecases.results import Restored
from app.usecases.transaction import transaction


@transaction()
async def restore_draft(store: Store, draft_id: str) -> Restored | Refused[RestoreRefusal]:
    """Make it the active draft; the present one is set aside in exchange (H8). On a refusal nothing is written."""
    plan = plan_restore(await store.restore_facts(draft_id), draft_id)
    if isinstance(plan, Refused):
        return plan
    await write_draft(store, plan)
    return Restored(plan.flow_id, DraftId(plan.draft.id), plan.sets_aside)
