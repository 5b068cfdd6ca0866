"""Delete a flow."""

from app.domain.access import FLOW_EDIT
from app.domain.errors import Refused
from app.domain.running import DeleteRefusal, plan_delete
from app.storage.store import Store
from app.storage.writes.lifecycle import remove_flow
from app.usecases.results import Deleted
from app.usecases.transaction import transaction


@transaction()
async def delete_flow(store: Store, flow_id: str) -> Deleted | Refused[DeleteRefusal]:
    """Delete a flow that doesn't run, with its drafts and versions (H9). On a refusal nothing is written."""
    flows = await store.flows([flow_id], permission=FLOW_EDIT)
    plan = plan_delete(flows.get(flow_id), flow_id)
    if isinstance(plan, Refused):
        return plan
    await remove_flow(store, plan.flow_id)
    return Deleted(plan.flow_id)
