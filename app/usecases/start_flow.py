"""Start a flow."""

from app.domain.access import FLOW_TOGGLE_STATUS
from app.domain.errors import Refused
from app.domain.running import StartRefusal, plan_start
from app.storage.store import Store
from app.storage.writes.lifecycle import set_status
from app.usecases.results import Toggled
from app.usecases.transaction import transaction


@transaction()
async def start_flow(store: Store, flow_id: str) -> Toggled | Refused[StartRefusal]:
    """Start the flow's published version, unless it runs already (H9). On a refusal nothing is written."""
    facts = await store.draft_facts(flow_id, permission=FLOW_TOGGLE_STATUS)
    plan = plan_start(None if facts is None else facts.flow, flow_id)
    if isinstance(plan, Refused):
        return plan
    if plan.status is not None:
        await set_status(store, plan.flow_id, plan.status)
    return Toggled(plan.flow_id)
