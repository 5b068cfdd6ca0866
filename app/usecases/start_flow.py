"""Start a flow, or up to a thousand in one call."""

from app.domain.access import FLOW_TOGGLE_STATUS
from app.domain.batch import FlowsWish
from app.domain.errors import Refused
from app.domain.running import StartRefusal, plan_start, plan_starts
from app.storage.store import Store
from app.storage.writes.lifecycle import set_status
from app.usecases.results import Batch, Toggled
from app.usecases.transaction import transaction


@transaction()
async def start_flow(store: Store, flow_id: str) -> Toggled | Refused[StartRefusal]:
    """Start the flow's published version, unless it runs already (H9). On a refusal nothing is written."""
    flows = await store.flows([flow_id], permission=FLOW_TOGGLE_STATUS)
    plan = plan_start(flows.get(flow_id), flow_id)
    if isinstance(plan, Refused):
        return plan
    await set_status(store, [plan])
    return Toggled(plan.flow_id)


@transaction()
async def start_flows(store: Store, wish: FlowsWish) -> Batch[Toggled, StartRefusal]:
    """Start flows, all or none unless the call is best effort (B3). A refused flow is left as it is."""
    flows = await store.flows(wish.remaining.values(), permission=FLOW_TOGGLE_STATUS)
    decided = plan_starts(flows, wish)
    await set_status(store, decided.plans)
    return Batch.of(decided, [Toggled(plan.flow_id) for plan in decided.plans])
