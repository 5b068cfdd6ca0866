"""Stop a flow, or up to a thousand in one call."""

from app.domain.access import FLOW_TOGGLE_STATUS
from app.domain.batch import FlowsWish
from app.domain.errors import Refused
from app.domain.running import StopRefusal, plan_stop, plan_stops
from app.storage.store import Store
from app.storage.writes.lifecycle import set_status
from app.usecases.results import Batch, Toggled
from app.usecases.transaction import transaction


@transaction()
async def stop_flow(store: Store, flow_id: str) -> Toggled | Refused[StopRefusal]:
    """Stop a flow if it runs, also one of a suspended contract (H9). On a refusal nothing is written."""
    flows = await store.flows([flow_id], permission=FLOW_TOGGLE_STATUS)
    plan = plan_stop(flows.get(flow_id), flow_id)
    if isinstance(plan, Refused):
        return plan
    await set_status(store, [plan])
    return Toggled(plan.flow_id)


@transaction()
async def stop_flows(store: Store, wish: FlowsWish) -> Batch[Toggled, StopRefusal]:
    """Stop flows, all or none unless the call is best effort (B3). A refused flow is left as it is."""
    flows = await store.flows(wish.remaining.values(), permission=FLOW_TOGGLE_STATUS)
    decided = plan_stops(flows, wish)
    await set_status(store, decided.plans)
    return Batch.of(decided, [Toggled(plan.flow_id) for plan in decided.plans])
